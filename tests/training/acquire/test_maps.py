"""Cells, patches and what stands for a whole scan, against sums written out."""

from itertools import product

import numpy as np
import pytest

from tests.training.acquire.world import KEYS, maps_of, slow_means
from training.acquire.features import body_cells
from training.acquire.maps import (
    best_apart,
    cell_at,
    cells_of,
    first_voxel,
    patch_cells,
    patch_means,
    volume_scores,
)
from training.progress import TrainingError


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 3, 2), (5, 4, 6)])
def test_a_patch_has_the_mean_of_its_voxels(size: tuple[int, int, int]) -> None:
    maps = maps_of(1)
    found = patch_means(maps.weighted, maps.voxels, size)
    for structure, values in enumerate(maps.weighted):
        np.testing.assert_allclose(found[structure], slow_means(values, maps.voxels, size), rtol=1e-6)


def test_a_patch_without_any_voxel_has_the_mean_0() -> None:
    maps = maps_of(1)
    found = patch_means(maps.entropy, np.zeros_like(maps.voxels), (2, 2, 2))
    assert found.max() == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_best_patches_are_those_that_trying_all_in_order_gives(seed: int) -> None:
    size = (2, 2, 3)
    means = np.random.default_rng(seed).random((6, 4, 5))
    order = sorted(product(*map(range, means.shape)), key=lambda at: -means[at])
    kept: list[tuple[int, ...]] = []
    for at in order:
        if len(kept) < 4 and all(
            any(abs(a - b) >= w for a, b, w in zip(at, other, size, strict=True)) for other in kept
        ):
            kept.append(at)
    assert [at for _, at in best_apart(means, size, 4)] == kept


def test_no_more_patches_are_found_than_fit() -> None:
    assert len(best_apart(np.random.default_rng(0).random((3, 1, 1)), (2, 1, 1), 9)) <= 2
    assert best_apart(np.ones((1, 1, 1)), (1, 1, 1), 3) == [(1.0, (0, 0, 0))]


@pytest.mark.parametrize(("voxels", "cells"), [(1, 1), (7, 3), (24, 7), (60, 6), (5, 5), (31, 4)])
def test_every_voxel_lies_in_the_cell_whose_first_voxels_enclose_it(voxels: int, cells: int) -> None:
    edges = [first_voxel(cell, voxels, cells) for cell in range(cells + 1)]
    assert (edges[0], edges[-1]) == (0, voxels)
    at = cell_at(voxels, cells)
    for voxel in range(voxels):
        assert edges[at[voxel]] <= voxel < edges[at[voxel] + 1]


def test_cells_are_about_a_centimetre_and_never_smaller_than_voxels() -> None:
    assert cells_of((100, 200, 3), (1.0, 0.5, 5.0)) == (10, 10, 2)
    assert cells_of((4, 4, 2), (30.0, 30.0, 1.0)) == (4, 4, 1)


def test_a_slab_is_as_wide_as_the_scan() -> None:
    maps = maps_of(2)
    assert patch_cells(maps, (None, None, 20.0)) == (5, 4, 2)
    assert patch_cells(maps, (1000.0, 1.0, 40.0)) == (5, 1, 4)
    with pytest.raises(TrainingError, match="larger than 0 mm"):
        patch_cells(maps, (10.0, 0.0, 10.0))


def test_a_scan_stands_by_its_highest_patches() -> None:
    maps = maps_of(3)
    scores = volume_scores(maps, 20.0, 2)
    size = patch_cells(maps, (20.0, 20.0, 20.0))
    for row, key in enumerate(KEYS):
        means = slow_means(maps.weighted[row], maps.voxels, size)
        first = float(means.max())
        at = np.unravel_index(int(means.argmax()), means.shape)
        apart = [
            means[other]
            for other in product(*map(range, means.shape))
            if any(abs(int(a) - b) >= w for a, b, w in zip(at, other, size, strict=True))
        ]
        assert scores["weighted"][key] == pytest.approx((first + max(apart)) / 2)
        share = (maps.drawn[row] * maps.voxels).sum() / maps.voxels.sum()
        scan_ml = np.prod(maps.shape) * 125 / 1000
        assert scores["drawn_ml"][key] == pytest.approx(share * scan_ml, rel=1e-5)
        assert scores["border_cells"][key] == int((maps.drawn[row] == 0.5).sum())
    assert set(scores["entropy"]) == set(scores["bald"]) == {"all"}


def test_boxes_of_voxels_are_those_of_their_cells() -> None:
    maps = maps_of(4)
    assert maps.voxels_of((1, 0, 2), (2, 4, 3)) == (slice(2, 6), slice(0, 8), slice(4, 10))


@pytest.mark.parametrize("shape", [(1, 1, 1), (37, 22, 9), (60, 41, 3), (5, 4, 61)])
def test_the_body_of_a_cell_is_the_share_of_its_voxels_that_are_no_air(shape: tuple[int, int, int]) -> None:
    """Of cells two voxels wide all are looked at; of wide cells enough to be right where all are alike."""
    rng = np.random.default_rng(2)
    image = rng.choice(np.array([-1000, 30], np.int16), shape)
    i, j, k = (min(n, max(1, n // 2)) for n in shape)
    cells = (i, j, k)
    at = np.meshgrid(*(cell_at(n, c) for n, c in zip(shape, cells, strict=True)), indexing="ij")
    sums, counts = np.zeros(cells), np.zeros(cells)
    np.add.at(sums, tuple(at), image > -500)
    np.add.at(counts, tuple(at), 1)
    np.testing.assert_allclose(body_cells(image, cells), sums / counts, rtol=1e-6)
    few = (min(2, i), min(2, j), min(2, k))
    blocks = np.stack(
        np.meshgrid(*(cell_at(n, c) for n, c in zip(shape, few, strict=True)), indexing="ij")
    ).sum(0)
    even = np.where(blocks % 2 == 0, 30, -1000).astype(np.int16)
    where = np.stack(np.meshgrid(*map(np.arange, few), indexing="ij")).sum(0)
    np.testing.assert_array_equal(body_cells(even, few), where % 2 == 0)


def test_the_body_of_another_modality_is_what_is_bright_in_its_own_scale() -> None:
    image = np.zeros((20, 20, 20), np.int16)
    image[5:15, 5:15, 5:15] = 4000
    found = body_cells(image, (4, 4, 4), is_ct=False)
    assert found[1:3, 1:3, 1:3].min() == 1
    assert found.sum() == 8
