"""Distances and components themselves against scipy and SimpleITK."""

from typing import Any

import numpy as np
import pytest
import SimpleITK
from scipy import ndimage

from tests.oracles.scans import SPACINGS, Triple, blobs, noise
from tests.oracles.workbench import Workbench

ITK: Any = SimpleITK  # has no types
SHAPES = [(33, 29, 21), (1, 40, 3), (70, 1, 1), (5, 2, 60)]


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.002, 0.1, 0.9])
def test_distances_equal_scipy(
    workbench: Workbench, spacing_mm: Triple, shape: tuple[int, int, int], share: float
) -> None:
    mask = noise(7, shape, share)
    mask[0, 0, 0] = 1
    grid = {"size": shape, "spacing_mm": spacing_mm}
    ours = workbench.call("distance", "squaredDistances", mask, grid)
    wanted = ndimage.distance_transform_edt(mask == 0, sampling=spacing_mm) ** 2
    # Single precision: each of the three passes rounds once.
    np.testing.assert_allclose(ours.reshape(shape, order="F"), wanted, rtol=4 * 2**-24, atol=0)


def test_distances_to_zeros_and_up_to_a_limit(workbench: Workbench) -> None:
    mask = blobs(3, (31, 26, 19))
    spacing_mm = (0.7, 0.7, 2.5)
    grid = {"size": mask.shape, "spacing_mm": spacing_mm}
    options = {"toZero": True, "limit_mm": 2.1}
    ours = workbench.call("distance", "squaredDistances", mask, grid, options).reshape(mask.shape, order="F")
    wanted = ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    near = wanted <= 2.1 * (1 + 5e-7)
    np.testing.assert_allclose(ours[near], wanted[near] ** 2, rtol=4 * 2**-24, atol=0)
    assert np.isinf(ours[~near]).all()


def test_no_distance_where_nothing_is_set(workbench: Workbench) -> None:
    grid = {"size": (4, 5, 6), "spacing_mm": (1, 1, 1)}
    assert np.isinf(workbench.call("distance", "squaredDistances", np.zeros((4, 5, 6), np.uint8), grid)).all()


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_islands_are_simpleitks_components(
    workbench: Workbench, connectivity: int, seed: int, share: float
) -> None:
    labels = noise(seed, (23, 19, 17), share, structures=2)
    image = ITK.GetImageFromArray(np.ascontiguousarray(labels.T)) == 1
    found = ITK.RelabelComponent(ITK.ConnectedComponent(image, connectivity == 26))
    islands = ITK.GetArrayFromImage(found).T
    sizes = np.bincount(islands.ravel())[1:]
    for least in {min(2, sizes[0]), min(5, sizes[0]), sizes[0]}:
        params = {
            "target": {"layer": 0, "value": 1},
            "action": "remove_small",
            "min_voxels": int(least),
            "connectivity": connectivity,
        }
        outcome = workbench.operate("islands", params, labels)
        small = np.isin(islands, np.flatnonzero(sizes < least) + 1)
        wanted = np.where(small, 0, labels)
        assert np.array_equal(outcome.layers.get(0, labels), wanted)
