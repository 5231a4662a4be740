"""Level tracing against SimpleITK's connected components and scipy's filled holes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from scipy import ndimage

from tests.oracles.scans import Mask
from tests.oracles.workbench import Workbench
from training.volume import read_nifti

Image = NDArray[np.int16]
ITK: Any = SimpleITK  # half of its functions have types, half have none
FACES = ndimage.generate_binary_structure(2, 1)


def organ(seed: int, columns: int, rows: int) -> Image:
    """A bright disc with a dark hole, noise, and a few spots."""
    rng = np.random.default_rng(seed)
    column, row = np.ogrid[:columns, :rows]
    radius = np.hypot(column - columns / 2, (row - rows / 2) * 1.2)
    hu = np.where(radius < columns / 3, 60.0, -100.0)
    hu = np.where(radius < columns / 9, -20.0, hu) + rng.normal(0, 10, (columns, rows))
    return np.asarray(np.round(ndimage.gaussian_filter(hu, 0.8)), dtype=np.int16)


def encircled(hu: Image, point: tuple[int, int]) -> list[Mask]:
    """All that boundaries past a point beside a darker one encircle, the largest first."""
    reached = np.pad(hu >= hu[point], 1)
    components = ITK.ConnectedComponent(ITK.GetImageFromArray(reached.astype(np.uint8)), True)
    parts = ITK.GetArrayFromImage(components)
    column, row = point[0] + 1, point[1] + 1
    rest, _ = ndimage.label(parts != parts[column, row], FACES)
    beside = {int(rest[column + c, row + r]) for c, r in ((-1, 0), (1, 0), (0, -1), (0, 1))} - {0}
    masks = [rest != part if part == rest[0, 0] else rest == part for part in beside]
    return sorted((mask[1:-1, 1:-1] for mask in masks), key=lambda mask: -int(mask.sum()))


def traced(workbench: Workbench, hu: Image, point: tuple[int, int]) -> Mask:
    columns, rows = hu.shape
    trace = workbench.call("levelTracing", "levelTrace", hu, columns, rows, list(point))
    mask = np.zeros(hu.shape, np.bool_)
    for row, first, count in trace["rows"].reshape(-1, 3):
        assert not mask[first : first + count, row].any()
        mask[first : first + count, row] = True
    assert trace["level"] == hu[point]
    assert trace["voxels"] == mask.sum()
    corners = trace["polygon"].reshape(-1, 2)
    assert twice_area(corners) == 2 * mask.sum()
    return mask


def twice_area(corners: NDArray[np.float32]) -> float:
    x, y = corners.astype(float).T
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()))


def points_on_boundaries(hu: Image, count: int, seed: int) -> list[tuple[int, int]]:
    rng = np.random.default_rng(seed)
    found: list[tuple[int, int]] = []
    while len(found) < count:
        point = (int(rng.integers(hu.shape[0])), int(rng.integers(hu.shape[1])))
        around = np.pad(hu, 1, constant_values=-3000)[point[0] : point[0] + 3, point[1] : point[1] + 3]
        if (around[FACES] < hu[point]).any():
            found.append(point)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_it_encircles_what_flooding_finds(workbench: Workbench, seed: int) -> None:
    hu = organ(seed, 60, 47)
    for point in points_on_boundaries(hu, 60, seed):
        wanted = encircled(hu, point)
        ours = traced(workbench, hu, point)
        assert any(np.array_equal(ours, mask) for mask in wanted if mask.sum() == wanted[0].sum())


def test_an_outline_from_outside_has_no_holes(workbench: Workbench) -> None:
    """As Slicer, which fills the outline that it draws."""
    hu = organ(1, 80, 80)
    column = int(np.flatnonzero(hu[:, 40] >= 0)[0])
    reached, _ = ndimage.label(hu >= hu[column, 40], np.ones((3, 3)))
    wanted = ndimage.binary_fill_holes(reached == reached[column, 40])
    assert np.array_equal(traced(workbench, hu, (column, 40)), wanted)


@pytest.mark.shared_data
def test_slices_of_a_real_scan(workbench: Workbench, shared_data: Path) -> None:
    scan = read_nifti(shared_data / "ts_abdomen" / "ct_full.nii.gz").voxels.astype(np.int16)
    for axis in range(3):
        hu = np.ascontiguousarray(scan.take(scan.shape[axis] // 2, axis))
        for point in points_on_boundaries(hu, 15, axis):
            wanted = encircled(hu, point)
            ours = traced(workbench, hu, point)
            assert any(np.array_equal(ours, mask) for mask in wanted if mask.sum() == wanted[0].sum())
