"""Flood fill against SimpleITK's connected threshold and scipy's labelling."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from scipy import ndimage

from tests.oracles.scans import SPACINGS, Mask, Triple
from tests.oracles.workbench import Refused, Workbench, structure
from training.volume import read_nifti

PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}
Image = NDArray[np.int16]
ITK: Any = SimpleITK  # half of its functions have types, half have none


def ct(seed: int, shape: tuple[int, int, int]) -> Image:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=shape), 1.5)
    return np.asarray(np.round(60 + field / field.std() * 40 + rng.normal(0, 8, shape)), dtype=np.int16)


def parameters(at: tuple[int, ...], **change: Any) -> dict[str, Any]:
    return {
        "target": structure(5),
        "at": list(at),
        "accept": {"tolerance_hu": 30},
        "sample_voxels": 0,
        "plane": None,
        "max_mm": 1e4,
    } | change


def connected_threshold(hu: Image, at: tuple[int, ...], low: float, high: float) -> Mask:
    image = ITK.GetImageFromArray(np.ascontiguousarray(hu.transpose(2, 1, 0)))
    seeds = [tuple(int(v) for v in at)]
    found = ITK.ConnectedThreshold(image, seedList=seeds, lower=low, upper=high, replaceValue=1)
    return np.asarray(ITK.GetArrayFromImage(found).transpose(2, 1, 0) == 1)


def within(shape: tuple[int, ...], at: tuple[int, ...], max_mm: float, spacing_mm: Triple) -> Mask:
    grids = np.ogrid[tuple(slice(0, n) for n in shape)]
    squared = sum(((g - c) * s) ** 2 for g, c, s in zip(grids, at, spacing_mm, strict=True))
    return np.asarray(squared <= max_mm**2 * (1 + 1e-9))


@pytest.mark.parametrize("seed", range(6))
def test_in_space_it_equals_simpleitk(workbench: Workbench, seed: int) -> None:
    hu = ct(seed, (40, 33, 21))
    rng = np.random.default_rng(seed)
    at = tuple(int(rng.integers(0, n)) for n in hu.shape)
    ours = workbench.operate("flood_fill", parameters(at), np.zeros(hu.shape, np.uint8), hu=hu)
    value = float(hu[at])
    assert np.array_equal(ours.layers[0] == 5, connected_threshold(hu, at, value - 30, value + 30))
    assert ours.note is None


@pytest.mark.parametrize("plane", PLANES)
def test_in_a_slice_it_equals_simpleitk(workbench: Workbench, plane: str) -> None:
    hu = ct(8, (40, 33, 21))
    at, axis = (20, 16, 10), PLANES[plane]
    ours = workbench.operate(
        "flood_fill", parameters(at, plane=plane), np.zeros(hu.shape, np.uint8), hu=hu
    ).layers[0]
    only = np.full(hu.shape, -3000, np.int16)
    here: list[Any] = [slice(None)] * 3
    here[axis] = at[axis]
    only[tuple(here)] = hu[tuple(here)]
    value = float(hu[at])
    assert np.array_equal(ours == 5, connected_threshold(only, at, value - 30, value + 30))


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("max_mm", [3.0, 9.5])
def test_the_limit_is_a_ball_in_mm(workbench: Workbench, spacing_mm: Triple, max_mm: float) -> None:
    hu = ct(3, (40, 33, 21))
    at = (18, 17, 9)
    outcome = workbench.operate(
        "flood_fill", parameters(at, max_mm=max_mm), np.zeros(hu.shape, np.uint8), spacing_mm, hu
    )
    accepted = (np.abs(hu.astype(int) - int(hu[at])) <= 30) & within(hu.shape, at, max_mm, spacing_mm)
    parts, _ = ndimage.label(accepted)
    assert np.array_equal(outcome.layers[0] == 5, parts == parts[at])


def test_the_middle_of_the_range_is_the_mean_around_the_click(workbench: Workbench) -> None:
    hu = ct(4, (30, 30, 20))
    at = (14, 15, 9)
    ours = workbench.operate(
        "flood_fill", parameters(at, sample_voxels=2), np.zeros(hu.shape, np.uint8), hu=hu
    ).layers[0]
    mean = float(hu[12:17, 13:18, 7:12].mean())
    accepted = (hu >= min(mean - 30, hu[at])) & (hu <= max(mean + 30, hu[at]))
    parts, _ = ndimage.label(accepted)
    assert np.array_equal(ours == 5, parts == parts[at])


def test_a_click_outside_the_range_is_refused(workbench: Workbench) -> None:
    hu = np.full((4, 4, 4), 20, np.int16)
    params = parameters((1, 1, 1), accept={"range": [100, 200]})
    with pytest.raises(Refused, match="has 20 HU"):
        workbench.operate("flood_fill", params, np.zeros(hu.shape, np.uint8), hu=hu)


@pytest.mark.shared_data
def test_soft_tissue_of_a_real_scan(workbench: Workbench, shared_data: Path) -> None:
    scan = read_nifti(shared_data / "ts_abdomen" / "ct_full.nii.gz")
    hu = scan.voxels.astype(np.int16)
    assert scan.geometry.spacing_mm is not None
    smooth = ndimage.gaussian_filter(hu.astype(np.float32), 2)
    soft = np.argwhere((smooth > 50) & (smooth < 150))
    at = tuple(int(v) for v in soft[len(soft) // 2])
    low, high = float(hu[at]) - 40, float(hu[at]) + 40
    outcome = workbench.operate(
        "flood_fill",
        parameters(at, accept={"range": [low, high]}),
        np.zeros(hu.shape, np.uint8),
        scan.geometry.spacing_mm,
        hu,
    )
    assert np.array_equal(outcome.layers[0] == 5, connected_threshold(hu, at, low, high))
