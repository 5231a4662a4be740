"""Delineations of real scans, against the label maps that were published with them."""

from collections.abc import Sequence
from pathlib import Path

import nrrd
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread

from annotation.errors import Refused
from annotation.imaging import masks, sandbox
from annotation.imaging.segmentations.layers import Segmentation
from tests.annotation.imaging.decoding import decode_dicom_series
from training.volume import Geometry, Volume

pytestmark = pytest.mark.shared_data


def read(file: Path, series: Sequence[Path]) -> tuple[Segmentation, Volume]:
    """A delineation on the scan that its DICOM series gives, both through the child process."""
    image = decode_dicom_series(series)
    with sandbox.Decoder() as decoder:
        return decoder.segmentation([file], image.geometry, series), image


@pytest.mark.parametrize(("case", "voxels"), [("STS_042", 11175), ("STS_002", 17090)])
def test_contours_fill_to_the_published_mask(shared_data: Path, case: str, voxels: int) -> None:
    folder = shared_data / "ct_rtstruct" / case
    series = sorted((folder / "CT" / "image").glob("*.dcm"))
    found, _ = read(folder / "CT" / "mask" / "RS.dcm", series)
    truth = masks.read_mask(folder / "nifti" / "CT_mask.nii.gz")
    (only,) = found.segments
    assert (only.name, found.notes) == ("GTV_Mass_CT", ())
    assert np.array_equal(found.mask(only), truth.voxels != 0)
    assert found.mask(only).sum() == voxels


def test_good_and_bad_structure_sets(shared_data: Path) -> None:
    folder = shared_data / "rtstruct_small" / "rt-utils"
    series = sorted(folder.glob("ct_*.dcm"))
    found, _ = read(folder / "rt.dcm", series)
    assert found.mask(found.segments[0]).any()
    for name in ("invalid_reference_rt.dcm", "non_existent_reference_rt.dcm"):
        with pytest.raises(
            Refused, match=r"4 of 12 contours of .* lie on slices that this scan does not have"
        ):
            read(folder / name, series)


def truth_of(path: Path) -> NDArray[np.int16]:
    values: NDArray[np.int16] = nrrd.read(str(path))[0]
    return values


def test_segments_are_the_published_label_maps(shared_data: Path) -> None:
    folder = shared_data / "dicom_seg" / "dcmqi"
    series = sorted((folder / "ct-3slice").glob("*.dcm"))
    found, image = read(folder / "liver.dcm", series)
    assert image.geometry.spacing_mm[2] == pytest.approx(1.0)  # its headers claim a thickness of 1.25
    liver = truth_of(folder / "liver_seg.nrrd") == 1
    assert np.array_equal(found.mask(found.segments[0]), liver)
    assert liver.sum() == 107_098


def test_overlapping_segments_are_the_published_label_maps(shared_data: Path) -> None:
    folder = shared_data / "dicom_seg" / "dcmqi"
    series = sorted((folder / "ct-3slice").glob("*.dcm"))
    found, _ = read(folder / "partial_overlaps.dcm", series)
    assert len(found.labels) == 3
    compared = 0
    for path in sorted(folder.glob("partial_overlaps-*.nrrd")):
        truth = truth_of(path)
        for one in found.segments:
            if (truth == one.number).any():
                assert np.array_equal(found.mask(one), truth == one.number), one.name
                compared += 1
    assert compared == len(found.segments) == 5


@pytest.mark.parametrize("name", ["liver_seg", "heart_seg", "spine_seg", "liver_spine_seg"])
def test_label_maps_in_nrrd(shared_data: Path, name: str) -> None:
    folder = shared_data / "dicom_seg" / "dcmqi"
    series = sorted((folder / "ct-3slice").glob("*.dcm"))
    found, _ = read(folder / f"{name}.nrrd", series)
    truth = truth_of(folder / f"{name}.nrrd")
    for one in found.segments:
        assert np.array_equal(found.mask(one), truth == one.number)
    assert sum(int(found.mask(one).sum()) for one in found.segments) == np.count_nonzero(truth)


@pytest.mark.parametrize(
    ("name", "voxels"),
    [
        ("binary", [638]),
        ("binary_fractional", [638]),
        ("true_fractional", None),
        ("binary_overlap", None),
        ("binary_single_frame", [1832]),
    ],
)
def test_frames_lie_where_they_say(shared_data: Path, name: str, voxels: list[int] | None) -> None:
    """Against pydicom's own decoding; the slices of one of them leave a gap of 161 that are empty."""
    file = shared_data / "dicom_seg" / "highdicom" / f"seg_image_ct_{name}.dcm"
    data = dcmread(file)
    frames = np.reshape(data.pixel_array, (-1, data.Rows, data.Columns))
    groups = data.PerFrameFunctionalGroupsSequence
    places = np.array([group.PlanePositionSequence[0].ImagePositionPatient for group in groups], np.float64)
    numbers = [group.SegmentIdentificationSequence[0].ReferencedSegmentNumber for group in groups]
    measures = data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    step, pixel = float(measures.SliceThickness), float(measures.PixelSpacing[0])
    at = np.rint((places[:, 2] - places[:, 2].min()) / step).astype(int)
    shape = (int(data.Columns), int(data.Rows), int(at.max()) + 1)
    origin = (float(places[0, 0]), float(places[0, 1]), float(places[:, 2].min()))
    grid = Geometry(shape, (pixel, pixel, step), origin, ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    with sandbox.Decoder() as decoder:
        found = decoder.segmentation([file], grid)
    assert [one.number for one in found.segments] == sorted(set(numbers))
    cut = data.get("MaximumFractionalValue", 1) / 2
    for one in found.segments:
        truth = np.zeros(shape, bool)
        for frame, k, number in zip(frames, at, numbers, strict=True):
            truth[:, :, k] |= (cut <= frame.T) & (number == one.number)
        assert truth.any()
        assert np.array_equal(found.mask(one), truth), one.name
    if voxels is not None:
        assert [int(found.mask(one).sum()) for one in found.segments] == voxels


def test_a_segmentation_of_another_scan_is_refused(shared_data: Path) -> None:
    series = sorted((shared_data / "dicom_seg" / "dcmqi" / "ct-3slice").glob("*.dcm"))
    files = sorted((shared_data / "dicom_seg" / "highdicom").glob("seg_*.dcm"))
    assert len(files) == 5
    for file in files:
        with pytest.raises(Refused, match="was drawn on another series than this scan"):
            read(file, series)
