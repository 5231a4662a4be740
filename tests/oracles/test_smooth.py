"""Smoothing against scipy with the same ball as a kernel, and against SimpleITK's own ball."""

from typing import Any

import numpy as np
import pytest
import SimpleITK

from tests.oracles.expected import closed, median, opened, together
from tests.oracles.scans import SPACINGS, Labels, Triple, blobs, footprint, noise
from tests.oracles.workbench import Refused, Workbench, structure

ITK: Any = SimpleITK  # has no types
SHAPE = (34, 29, 19)


def scan(kind: str) -> Labels:
    if kind == "organs":
        return blobs(21, SHAPE, structures=2)
    return noise(22, SHAPE, 0.6, structures=1)


METHODS = {"opening": opened, "closing": closed, "median": median}


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("radius_mm", [1.4, 3.0, 5.2])
@pytest.mark.parametrize("kind", ["organs", "specks"])
def test_smoothing_equals_scipy(
    workbench: Workbench, spacing_mm: Triple, method: str, radius_mm: float, kind: str
) -> None:
    labels = scan(kind)
    wanted = METHODS[method](labels == 1, footprint(radius_mm, spacing_mm))
    params = {"target": [structure(1)], "method": method, "radius_mm": radius_mm}
    if not wanted.any():
        with pytest.raises(Refused, match="thinner than the ball"):
            workbench.operate("smooth", params, labels, spacing_mm)
        return
    ours = workbench.operate("smooth", params, labels, spacing_mm).layers[0]
    assert np.array_equal(ours == 1, wanted)
    assert np.array_equal(ours[~wanted & (labels != 1)], labels[~wanted & (labels != 1)])


@pytest.mark.parametrize(
    ("spacing_mm", "kernel", "radius_mm"),
    [((1.0, 1.0, 1.0), (3, 3, 3), 3.5), ((1.0, 1.0, 3.0), (4, 4, 1), 4.5), ((1.0, 3.0, 1.0), (1, 0, 1), 1.5)],
)
def test_opening_and_closing_equal_simpleitk(
    workbench: Workbench, spacing_mm: Triple, kernel: tuple[int, int, int], radius_mm: float
) -> None:
    # ITK's ball of r voxels reaches half a voxel farther, to the outer face of the last one. Beyond the scan
    # ITK sees nothing when it closes and everything when it opens; here the border repeats: that comes first.
    labels = blobs(23, SHAPE)
    margin = [(2 * side + 2, 2 * side + 2) for side in kernel]
    image = ITK.GetImageFromArray(np.ascontiguousarray(np.pad(labels, margin, mode="edge").T))
    theirs = {
        "closing": ITK.BinaryMorphologicalClosing(image, kernel, ITK.sitkBall, 1, True),
        "opening": ITK.GrayscaleMorphologicalOpening(image, kernel, ITK.sitkBall, True),
    }
    scan = tuple(slice(low, -high) for low, high in margin)
    for method, result in theirs.items():
        params = {"target": [structure(1)], "method": method, "radius_mm": radius_mm}
        ours = workbench.operate("smooth", params, labels, spacing_mm).layers[0]
        assert np.array_equal(ours, ITK.GetArrayFromImage(result).T[scan]), method


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("radius_mm", [1.4, 3.5])
@pytest.mark.parametrize("values", [[1, 2], [3, 1, 2], [4]])
def test_joint_smoothing_equals_its_definition(
    workbench: Workbench, spacing_mm: Triple, radius_mm: float, values: list[int]
) -> None:
    labels = blobs(24, SHAPE, structures=4, smooth=1.5)
    params = {"target": [structure(v) for v in values], "method": "joint", "radius_mm": radius_mm}
    ours = workbench.operate("smooth", params, labels, spacing_mm).layers[0]
    assert np.array_equal(ours, together(labels, values, footprint(radius_mm, spacing_mm)))


def test_joint_smoothing_leaves_no_gap(workbench: Workbench) -> None:
    labels = blobs(25, SHAPE, structures=5, smooth=1.2)
    labels[labels == 0] = 5
    params = {"target": [structure(v) for v in range(1, 6)], "method": "joint", "radius_mm": 3.0}
    ours = workbench.operate("smooth", params, labels).layers[0]
    assert ours.all()
    assert (ours != labels).any()
