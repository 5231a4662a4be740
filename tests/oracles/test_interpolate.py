"""Fill between slices against scipy's signed distances.

3D Slicer fills by ITK's morphological contour interpolation (Zukić et al., 2016): parts that overlap in the
two slices are matched and moved onto each other, and the shape half way is the median of a sequence of
dilations, halving again until every slice is filled. Signed distances give nearly the same for parts that
overlap well, need no matching and have no step in the middle of a gap. They lose parts that hardly overlap:
these are followed along a line here, and are left out of the exact comparison.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from tests.oracles.scans import SPACINGS, Labels, Mask, Triple, ball, blobs
from tests.oracles.workbench import Refused, Workbench, structure
from training.volume import read_label_map

AXES = {"sagittal": 0, "coronal": 1, "axial": 2}
LEVEL_MM = 1e-3
"""Blends that close to zero count as zero, which is inside."""


def signed_distance(mask: Mask, spacing_mm: tuple[float, ...]) -> NDArray[np.float64]:
    inside = ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    return np.asarray(inside - outside)


def depths(mask: Mask, axis: int, spacing_mm: Triple) -> NDArray[np.float64]:
    """How deep every voxel of the slices between lies inside, in mm; minus infinity elsewhere."""
    slices = np.moveaxis(mask, axis, 0)
    in_plane = tuple(s for n, s in enumerate(spacing_mm) if n != axis)
    found = np.full(slices.shape, -np.inf)
    annotated = np.flatnonzero(slices.any(axis=(1, 2)))
    for before, after in pairwise(annotated):
        first = signed_distance(slices[before], in_plane)
        second = signed_distance(slices[after], in_plane)
        for n in range(before + 1, after):
            share = (n - before) / (after - before)
            found[n] = (1 - share) * first + share * second
    return np.moveaxis(found, 0, axis)


def thinned(labels: Labels, axis: int, every: int) -> Labels:
    """Every so many slices of the labels; the others are empty."""
    kept = np.zeros_like(labels)
    here: list[slice] = [slice(None)] * 3
    here[axis] = slice(1, None, every)
    kept[tuple(here)] = labels[tuple(here)]
    return kept


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("plane", AXES)
@pytest.mark.parametrize("every", [2, 5])
def test_one_structure_equals_scipys_distances(
    workbench: Workbench, spacing_mm: Triple, plane: str, every: int
) -> None:
    """An organ with branches and holes, cut by the border of the scan."""
    axis = AXES[plane]
    organ = (blobs(6, (41, 39, 37), smooth=6.0) == 1) & ball(
        (41, 39, 37), (16, 18, 17), 19.0, (1.0, 1.0, 1.0)
    )
    drawn = thinned(organ.astype(np.uint8), axis, every)
    params = {"targets": [structure(1)], "plane": plane}
    ours = workbench.operate("interpolate", params, drawn, spacing_mm).layers[0]
    depth = depths(drawn == 1, axis, spacing_mm)
    certain = np.abs(depth + LEVEL_MM) > 1e-4
    followed = lost_parts(drawn == 1, axis)
    assert followed.mean() < 0.5
    compared = certain & ~followed
    wanted = (depth >= -LEVEL_MM) | (drawn == 1)
    assert np.array_equal((ours == 1)[compared], wanted[compared])


def lost_parts(mask: Mask, axis: int) -> Mask:
    """Slices in gaps where some part overlaps its like in the next annotated slice by less than half."""
    slices = np.moveaxis(mask, axis, 0)
    found = np.zeros(slices.shape, np.bool_)
    annotated = np.flatnonzero(slices.any(axis=(1, 2)))
    for before, after in pairwise(annotated):
        found[before + 1 : after] = not (
            overlaps_enough(slices[before], slices[after]) and overlaps_enough(slices[after], slices[before])
        )
    return np.moveaxis(found, 0, axis)


def overlaps_enough(mask: Mask, other: Mask) -> bool:
    parts, count = ndimage.label(mask, np.ones((3, 3)))
    return all((other & (parts == n)).sum() >= 0.5 * (parts == n).sum() for n in range(1, count + 1))


@pytest.mark.parametrize("spacing_mm", SPACINGS)
def test_several_structures_share_by_depth(workbench: Workbench, spacing_mm: Triple) -> None:
    shape = (40, 36, 26)
    body = ball(shape, (20, 18, 13), 15.0, (1.0, 1.0, 1.0))
    column = np.arange(shape[0])[:, None, None]
    truth = np.where(body, np.where(column < 17, 1, np.where(column < 26, 2, 4)), 0).astype(np.uint8)
    drawn = thinned(truth, 2, 4)
    values = [1, 2, 4]
    params = {"targets": [structure(v) for v in values], "plane": "axial"}
    ours = workbench.operate("interpolate", params, drawn, spacing_mm).layers[0]
    depth = np.stack([depths(drawn == v, 2, spacing_mm) for v in values])
    deepest = np.sort(depth.clip(-1e6), axis=0)
    certain = (np.abs(depth + LEVEL_MM) > 1e-4).all(axis=0)
    # Where two have a voxel as deep inside, either may get it.
    certain &= (deepest[-1] - deepest[-2] > 1e-4) | (deepest[-1] < -LEVEL_MM)
    wanted = np.where(depth.max(axis=0) >= -LEVEL_MM, np.array(values)[depth.argmax(axis=0)], drawn)
    assert np.array_equal(ours[certain], wanted[certain])
    assert certain.mean() > 0.9


def test_an_oblique_vessel_stays_whole(workbench: Workbench) -> None:
    """It moves by more than its width from one annotated slice to the next: distances alone leave gaps."""
    shape, spacing_mm = (60, 40, 33), (1.0, 1.0, 1.0)
    truth = np.zeros(shape, np.uint8)
    for k in range(shape[2]):
        truth[:, :, k] = ball((*shape[:2], 1), (12 + 1.1 * k, 20, 0), 4.0, spacing_mm)[:, :, 0]
    drawn = thinned(truth, 2, 10)
    alone = depths(drawn == 1, 2, spacing_mm) >= -LEVEL_MM
    params = {"targets": [structure(1)], "plane": "auto"}
    ours = workbench.operate("interpolate", params, drawn, spacing_mm).layers[0][:, :, 1:32] == 1
    assert dice(ours, truth[:, :, 1:32] == 1) > 0.94
    assert dice(alone[:, :, 1:32] | (drawn == 1)[:, :, 1:32], truth[:, :, 1:32] == 1) < 0.6


def dice(a: Mask, b: Mask) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_nothing_to_fill_is_said(workbench: Workbench) -> None:
    labels = np.zeros((6, 6, 6), np.uint8)
    labels[2:4, 2:4, 2:4] = 1
    params = {"targets": [structure(1)], "plane": "auto"}
    with pytest.raises(Refused, match="nothing to fill"):
        workbench.operate("interpolate", params, labels)


@pytest.mark.shared_data
@pytest.mark.parametrize(("key", "least"), [("liver", 0.94), ("spleen", 0.92), ("aorta", 0.9)])
def test_organs_of_a_real_scan_come_back(
    workbench: Workbench, shared_data: Path, key: str, least: float
) -> None:
    """From every fourth slice of 3 mm."""
    found = read_label_map(shared_data / "ts_abdomen" / "seg_model_full.nii.gz")
    value = {"spleen": 1, "liver": 5, "aorta": 52}[key]
    organ = found.voxels == value
    assert found.geometry.spacing_mm is not None
    drawn = thinned(organ.astype(np.uint8), 2, 4)
    params = {"targets": [structure(1)], "plane": "auto"}
    ours = workbench.operate("interpolate", params, drawn, found.geometry.spacing_mm).layers[0] == 1
    between = np.zeros_like(organ)
    annotated = np.flatnonzero(drawn.any(axis=(0, 1)))
    between[:, :, annotated[0] : annotated[-1] + 1] = True
    between &= ~drawn.any(axis=(0, 1))
    assert dice(ours & between, organ & between) > least
