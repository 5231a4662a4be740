"""Grow from seeds against scipy's Dijkstra on the same graph.

A voxel that two seeds reach at the same cost may go to either, so what is compared is the cost at which its
owner reaches it: it must be the least of all, to the last sixteenth of an HU.
"""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from tests.oracles.scans import SPACINGS, Labels, Mask, Triple, blobs
from tests.oracles.workbench import Refused, Workbench, structure
from training.volume import read_label_map, read_nifti

COST_PER_HU = 16
Image = NDArray[np.int16]


def ct(seed: int, shape: tuple[int, int, int], noise_hu: float) -> Image:
    """Three tissues with noise."""
    rng = np.random.default_rng(seed)
    tissue = np.array([-100.0, 45.0, 120.0])[blobs(seed, shape, structures=2)]
    return np.asarray(np.round(tissue + rng.normal(0, noise_hu, shape)), dtype=np.int16)


def graph(hu: Image, wall: Mask, spacing_mm: Triple, locality: float) -> sparse.csr_array:
    """Steps to the 26 neighbours of every voxel that is no wall, with their costs."""
    index = np.arange(hu.size).reshape(hu.shape)
    clipped = np.clip(hu.astype(np.int64), -1024, 3071)
    rows, columns, costs = [], [], []
    for step in product((-1, 0, 1), repeat=3):
        if step == (0, 0, 0):
            continue
        here = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, hu.shape, strict=True))
        there = tuple(slice(max(0, s), n - max(0, -s)) for s, n in zip(step, hu.shape, strict=True))
        mm = float(np.linalg.norm(np.multiply(step, spacing_mm)))
        # As Math.round: halves go up.
        penalty = max(1, int(np.floor(locality * mm * COST_PER_HU + 0.5)))
        cost = np.abs(clipped[there] - clipped[here]) * COST_PER_HU + penalty
        free = ~wall[here] & ~wall[there]
        rows.append(index[here][free])
        columns.append(index[there][free])
        costs.append(cost[free])
    flat = (np.concatenate(costs).astype(float), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_array(flat, shape=(hu.size, hu.size))


def reach(steps: sparse.csr_array, seeds: Mask) -> NDArray[np.float64]:
    starts = np.flatnonzero(seeds.ravel())
    found = csgraph.dijkstra(steps, indices=starts, min_only=True)
    return np.asarray(found).reshape(seeds.shape)


def drops(shape: tuple[int, int, int], seed: int, values: list[int]) -> Labels:
    """A few small seeds of every structure."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.uint8)
    for value in values * 3:
        i, j, k = (int(rng.integers(2, n - 2)) for n in shape)
        labels[i - 1 : i + 1, j - 1 : j + 1, k] = value
    return labels


def parameters(values: list[int], *, background: bool, locality: float) -> dict[str, Any]:
    return {
        "seeds": [structure(value) for value in values],
        "background": background,
        "box": None,
        "margin_mm": 1000,
        "locality": locality,
        "islands_below_voxels": 0,
    }


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("locality", [0.0, 0.37, 6.0])
def test_every_voxel_goes_to_a_nearest_seed(
    workbench: Workbench, spacing_mm: Triple, locality: float
) -> None:
    shape = (23, 19, 14)
    hu = ct(11, shape, noise_hu=25)
    labels = drops(shape, 3, [1, 2, 3, 9])
    params = parameters([1, 2, 3], background=False, locality=locality)
    ours = workbench.operate("grow", params, labels, spacing_mm, hu).layers[0]
    steps = graph(hu, labels == 9, spacing_mm, locality)
    costs = np.stack([reach(steps, labels == value) for value in (1, 2, 3)])
    free = labels == 0
    assert np.array_equal(ours[~free], labels[~free])
    assert set(np.unique(ours[free])) <= {1, 2, 3}
    own = np.take_along_axis(costs, (ours - 1).clip(0, 2)[None].astype(np.intp), axis=0)[0]
    assert np.array_equal(own[free], costs.min(axis=0)[free])
    # The comparison means something: costs seldom tie.
    assert ((costs == costs.min(axis=0)).sum(axis=0) == 1)[free].mean() > 0.9


@pytest.mark.parametrize("locality", [0.0, 1.0])
def test_background_grows_from_sides_and_from_other_structures(workbench: Workbench, locality: float) -> None:
    shape, spacing_mm = (22, 21, 13), (0.9, 0.9, 3.0)
    hu = ct(5, shape, noise_hu=15)
    labels = np.zeros(shape, np.uint8)
    labels[8:12, 8:12, 5:8] = 4
    labels[15, 15, 6] = 200
    ours = workbench.operate(
        "grow", parameters([4], background=True, locality=locality), labels, spacing_mm, hu
    ).layers[0]
    others = labels == 200
    others[[0, -1]] = others[:, [0, -1]] = others[:, :, [0, -1]] = True
    steps = graph(hu, np.zeros(shape, np.bool_), spacing_mm, locality)
    to_structure, to_others = reach(steps, labels == 4), reach(steps, others)
    assert (ours == 4)[to_structure < to_others].all()
    assert not (ours == 4)[to_structure > to_others].any()
    assert (ours == 200).sum() == 1
    assert 48 < (ours == 4).sum() < ours.size / 2


def test_it_finds_the_tissues_that_the_seeds_lie_in(workbench: Workbench) -> None:
    """Seeds of one voxel in a thousand are enough on a scan with the noise of a CT."""
    shape, spacing_mm = (60, 60, 40), (0.8, 0.8, 2.0)
    truth = blobs(21, shape, structures=2, smooth=6.0) + 1
    rng = np.random.default_rng(2)
    hu = np.round(np.array([0, -80, 40, 110])[truth] + rng.normal(0, 12, shape)).astype(np.int16)
    labels = np.where(rng.random(shape) < 0.001, truth, 0).astype(np.uint8)
    params = parameters([1, 2, 3], background=False, locality=0.5)
    outcome = workbench.operate("grow", params, labels, spacing_mm, hu)
    assert (outcome.layers[0] == truth).mean() > 0.97
    assert outcome.shares == sorted(outcome.shares)
    assert outcome.shares[-1] == 1


def test_only_the_box_around_the_seeds_changes(workbench: Workbench) -> None:
    shape, spacing_mm = (40, 30, 20), (1.0, 2.0, 3.0)
    labels = np.zeros(shape, np.uint8)
    labels[18:20, 14, 10] = 1
    labels[24, 14, 10] = 2
    params = parameters([1, 2], background=False, locality=0.0) | {"margin_mm": 4.0}
    outcome = workbench.operate("grow", params, labels, spacing_mm, np.zeros(shape, np.int16))
    assert outcome.box == ((14, 12, 8), (15, 5, 5))
    changed = np.argwhere(outcome.layers[0] != 0)
    assert changed.min(axis=0).tolist() == [14, 12, 8]
    assert changed.max(axis=0).tolist() == [28, 16, 12]


def test_it_refuses_seeds_that_would_fill_the_box(workbench: Workbench) -> None:
    labels = np.zeros((5, 5, 5), np.uint8)
    labels[2, 2, 2] = 1
    params = parameters([1], background=False, locality=0.0)
    with pytest.raises(Refused, match="seeds of two structures"):
        workbench.operate("grow", params, labels, hu=np.zeros((5, 5, 5), np.int16))


@pytest.mark.shared_data
def test_organs_of_a_real_scan_grow_back(workbench: Workbench, shared_data: Path) -> None:
    """From the middle of each of five organs, with the middle of everything else as background."""
    folder = shared_data / "ts_abdomen"
    scan = read_nifti(folder / "ct.nii.gz")
    truth = read_label_map(folder / "seg_model_full.nii.gz").voxels.astype(np.uint8)
    spacing_mm = scan.geometry.spacing_mm
    assert spacing_mm is not None
    organs = {"spleen": 1, "kidney_right": 2, "kidney_left": 3, "liver": 5, "aorta": 52}
    labels = np.zeros_like(truth)
    for value in organs.values():
        labels[ndimage.distance_transform_edt(truth == value, sampling=spacing_mm) > 6] = value
    rest = ~np.isin(truth, list(organs.values()))
    labels[ndimage.distance_transform_edt(rest, sampling=spacing_mm) > 7] = 254
    params = parameters(list(organs.values()), background=True, locality=1.0)
    hu = scan.voxels.astype(np.int16)
    ours = workbench.operate("grow", params, labels, spacing_mm, hu).layers[0]
    for name, value in organs.items():
        assert dice(labels == value, truth == value) < 0.85, name
        assert dice(ours == value, truth == value) > 0.85, name


def dice(a: Mask, b: Mask) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))
