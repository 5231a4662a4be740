"""RTSTRUCT in: holes, several contours on a slice, empty ROIs, references to other series, lost slices."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from annotation.errors import Refused
from annotation.imaging.segmentations.layers import Reference
from annotation.imaging.segmentations.reading import read
from tests.annotation.imaging.segmentations.files import SHAPE, grid, oblique, series, write_rtstruct
from training.volume import Geometry

Points = NDArray[np.float64]


def box(geometry: Geometry, i: tuple[float, float], j: tuple[float, float], k: float) -> Points:
    corners = [[i[0], j[0], k], [i[1], j[0], k], [i[1], j[1], k], [i[0], j[1], k]]
    return geometry.index_to_lps(np.array(corners))


@pytest.mark.parametrize("geometry", [grid(), grid(direction=oblique())], ids=["axial", "oblique"])
def test_every_roi_becomes_a_structure(tmp_path: Path, geometry: Geometry) -> None:
    _files, images, reference = series(tmp_path / "ct", geometry)
    rois = {
        "Liver": [
            box(geometry, (2.5, 9.5), (3.5, 10.5), 2),
            box(geometry, (4.5, 6.5), (5.5, 7.5), 2),  # a hole
            box(geometry, (12.5, 15.5), (1.5, 3.5), 2),  # a second part
            box(geometry, (2.5, 9.5), (3.5, 10.5), 3),
        ],
        "Nothing": [],
        "Tumour": [box(geometry, (4.5, 8.5), (4.5, 9.5), 3)],
    }
    found = read([write_rtstruct(tmp_path / "rs.dcm", rois, images[0])], reference)
    assert [(one.name, one.number, one.colour) for one in found.segments] == [
        ("Liver", 1, "#ff0033"),
        ("Nothing", 2, "#ff0033"),
        ("Tumour", 3, "#ff0033"),
    ]
    liver, nothing, tumour = (found.mask(one) for one in found.segments)
    expected = np.zeros(SHAPE, np.bool_)
    expected[3:10, 4:11, 2:4] = True
    expected[5:7, 6:8, 2] = False
    expected[13:16, 2:4, 2] = True
    assert np.array_equal(liver, expected)
    assert not nothing.any()
    assert tumour.sum() == 4 * 5
    assert found.segments[2].layer == 1  # it lies in the liver
    assert found.notes == ()


def test_contours_on_sagittal_slices(tmp_path: Path) -> None:
    geometry = grid()
    points = [geometry.index_to_lps(np.array([[4, 2.5, 1.5], [4, 8.5, 1.5], [4, 8.5, 5.5], [4, 2.5, 5.5]]))]
    found = read([write_rtstruct(tmp_path / "rs.dcm", {"A": points}, None)], Reference(geometry))
    mask = found.mask(found.segments[0])
    assert mask.sum() == 6 * 4
    assert mask[4, 3:9, 2:6].all()


def test_contours_on_slices_that_are_missing_are_counted(tmp_path: Path) -> None:
    _, images, reference = series(tmp_path / "ct", grid())
    heights = [1.0, 4.5, 9.0, -1.0]
    rois = {"Liver": [box(grid(), (2, 8), (2, 8), k) for k in heights]}
    with pytest.raises(
        Refused, match=r"3 of 4 contours of rs\.dcm lie on slices that this scan does not have"
    ):
        read([write_rtstruct(tmp_path / "rs.dcm", rois, images[0])], reference)


def test_positions_rounded_to_a_tenth_of_a_millimetre_are_the_slices(tmp_path: Path) -> None:
    points = [np.round(box(grid(), (2.5, 8.5), (2.5, 8.5), k), 1) for k in range(9)]
    found = read([write_rtstruct(tmp_path / "rs.dcm", {"A": points}, None)], Reference(grid()))
    assert found.mask(found.segments[0]).any(axis=(0, 1)).all()


def test_another_series_or_frame_is_refused_and_this_series_beats_its_frame(tmp_path: Path) -> None:
    _, images, reference = series(tmp_path / "ct", grid())
    rois = {"A": [box(grid(), (2.5, 8.5), (2.5, 8.5), 3)]}
    with pytest.raises(Refused, match="drawn on another series"):
        read([write_rtstruct(tmp_path / "a.dcm", rois, images[0], series="1.2.3")], reference)
    with pytest.raises(Refused, match="another frame of reference"):
        read([write_rtstruct(tmp_path / "b.dcm", rois, images[0], series="", frame="1.2.3")], reference)
    found = read([write_rtstruct(tmp_path / "c.dcm", rois, images[0], frame="1.2.3")], reference)
    assert found.notes == ("c.dcm names this series but another frame of reference; the series decided.",)
    found = read([write_rtstruct(tmp_path / "d.dcm", rois, images[0], frame="")], reference)
    assert found.notes == ("d.dcm was matched to the scan by position alone.",)


def test_points_and_open_lines_are_left_out_and_said(tmp_path: Path) -> None:
    rois = {"A": [box(grid(), (2.5, 8.5), (2.5, 8.5), 3)]}
    found = read([write_rtstruct(tmp_path / "a.dcm", rois, None, kind="OPEN_PLANAR")], Reference(grid()))
    assert not found.mask(found.segments[0]).any()
    assert found.notes[-1] == "1 contours left out: of the type OPEN_PLANAR."


def test_a_file_without_structures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="holds no structure"):
        read([write_rtstruct(tmp_path / "a.dcm", {}, None)], Reference(grid()))
