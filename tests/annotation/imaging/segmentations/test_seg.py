"""DICOM SEG in: every type, overlapping segments, frames left out, positions that decide."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from annotation.errors import Refused
from annotation.imaging.segmentations.layers import Reference
from annotation.imaging.segmentations.reading import read
from tests.annotation.imaging.segmentations.files import grid, masks, oblique, series, write_seg
from training.volume import Geometry

NAMES = ["liver", "tumour", "spleen", "nothing"]


@pytest.mark.parametrize("geometry", [grid(), grid(direction=oblique())], ids=["axial", "oblique"])
@pytest.mark.parametrize("omitted", [True, False])
def test_binary_with_overlap(tmp_path: Path, geometry: Geometry, omitted: bool) -> None:
    _, images, reference = series(tmp_path / "ct", geometry)
    truth = masks()
    pixels = np.stack([truth[name] for name in NAMES], axis=-1)
    path = write_seg(tmp_path / "seg.dcm", images, pixels, NAMES, omit_empty_frames=omitted)
    found = read([path], reference)
    assert [(one.name, one.number) for one in found.segments] == [
        (n, i) for i, n in enumerate(NAMES, start=1)
    ]
    for one in found.segments:
        assert np.array_equal(found.mask(one), truth[one.name]), one.name
        assert one.code is not None
        assert (one.code.value, one.code.scheme) == ("10200004", "SCT")
    assert len(found.labels) > 1
    assert found.notes == ()


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_numbers_that_exclude_each_other(tmp_path: Path, kind: str) -> None:
    _, images, reference = series(tmp_path / "ct", grid())
    truth = masks()
    numbers = np.where(truth["spleen"], 3, np.where(truth["liver"], 1, 0)).astype(np.uint8)
    path = write_seg(tmp_path / "seg.dcm", images, numbers, NAMES, kind=kind)
    found = read([path], reference)
    assert len(found.labels) == 1
    for one in found.segments:
        assert np.array_equal(found.mask(one), numbers == one.number), one.name


def test_fractions_are_inside_from_a_half_on(tmp_path: Path) -> None:
    _, images, reference = series(tmp_path / "ct", grid())
    shares = np.random.default_rng(5).integers(0, 201, grid().shape)
    path = write_seg(
        tmp_path / "seg.dcm",
        images,
        (shares / 200)[..., None],
        ["a"],
        kind="FRACTIONAL",
        max_fractional_value=200,
    )
    found = read([path], reference)
    assert np.array_equal(found.mask(found.segments[0]), shares >= 100)
    assert found.notes == ("seg.dcm holds fractions; a voxel is inside from 0.5 on.",)


def test_the_order_of_frames_and_slices_does_not_matter(tmp_path: Path) -> None:
    _files, images, _ = series(tmp_path / "ct", grid())
    truth = masks()["spleen"]
    path = write_seg(tmp_path / "seg.dcm", images[::-1], truth[:, :, ::-1, None], ["spleen"])
    found = read([path], Reference(grid()))
    assert np.array_equal(found.mask(found.segments[0]), truth)


def test_a_grid_that_is_turned_and_only_a_part_is_put_where_it_lies(tmp_path: Path) -> None:
    """The image runs the other way along two axes, and the segmentation covers some of its slices."""
    _, images, _ = series(tmp_path / "ct", grid())
    truth = masks()["spleen"]
    path = write_seg(tmp_path / "seg.dcm", images[2:7], truth[:, :, 2:7, None], ["spleen"])
    whole = grid()
    corner = whole.index_to_lps((19.0, 17.0, 0.0))
    flipped = Geometry(
        whole.shape,
        whole.spacing_mm,
        (float(corner[0]), float(corner[1]), float(corner[2])),
        ((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    )
    found = read([path], Reference(flipped))
    expected = truth.copy()
    expected[:, :, [0, 1, 7, 8]] = False
    assert np.array_equal(found.mask(found.segments[0])[::-1, ::-1], expected)


@pytest.mark.parametrize(("shift_mm", "is_read"), [(0.02, True), (0.03, False), (1.25, False)])
def test_a_slice_is_met_within_one_percent_of_the_spacing(
    tmp_path: Path, shift_mm: float, is_read: bool
) -> None:
    _, images, _ = series(tmp_path / "ct", grid())
    path = write_seg(tmp_path / "seg.dcm", images, masks()["liver"][..., None], ["liver"])
    x, y, z = grid().origin_lps
    moved = Geometry(grid().shape, grid().spacing_mm, (x, y, z + shift_mm), grid().direction)
    if is_read:
        found = read([path], Reference(moved))
        assert np.array_equal(found.mask(found.segments[0]), masks()["liver"])
        return
    with pytest.raises(Refused, match="does not lie on the voxels of its scan"):
        read([path], Reference(moved))


def test_what_reaches_out_of_the_scan_is_refused(tmp_path: Path) -> None:
    _, images, _ = series(tmp_path / "ct", grid())
    path = write_seg(tmp_path / "seg.dcm", images, masks()["liver"][..., None], ["liver"])
    with pytest.raises(Refused, match="reaches out of its scan"):
        read([path], Reference(grid((20, 18, 5))))


def test_another_series_or_frame_is_refused(tmp_path: Path) -> None:
    _, images, reference = series(tmp_path / "ct", grid())
    path = write_seg(tmp_path / "seg.dcm", images, masks()["liver"][..., None], ["liver"])
    with pytest.raises(Refused, match="drawn on another series"):
        read([path], Reference(grid(), "1.2.3", reference.frame_uid))
    data = dcmread(path)
    del data.ReferencedSeriesSequence
    data.FrameOfReferenceUID = "1.2.3"
    data.save_as(path)
    with pytest.raises(Refused, match="another frame of reference"):
        read([path], reference)


def test_frames_without_a_place_are_refused(tmp_path: Path) -> None:
    _, images, reference = series(tmp_path / "ct", grid())
    path = write_seg(tmp_path / "seg.dcm", images, masks()["liver"][..., None], ["liver"])
    data = dcmread(path)
    del data.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence
    data.save_as(path)
    with pytest.raises(Refused, match="does not say of each of its frames where it lies"):
        read([path], reference)
