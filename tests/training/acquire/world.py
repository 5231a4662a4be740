"""Maps and candidates to choose from, and the slow way to say what is right."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from training.acquire import Candidate, ScoreMaps

KEYS = ("aorta", "liver", "spleen")


def maps_of(seed: int, cells: tuple[int, int, int] = (5, 4, 6), voxels_per_cell: int = 2) -> ScoreMaps:
    rng = np.random.default_rng(seed)
    shape = tuple(n * voxels_per_cell for n in cells)
    drawn = rng.choice([0.0, 0.5, 1.0], (len(KEYS), *cells), p=[0.8, 0.1, 0.1])
    return ScoreMaps(
        structures=KEYS,
        weighted=rng.random((len(KEYS), *cells), np.float32),
        entropy=rng.random(cells, np.float32),
        mutual=rng.random(cells, np.float32),
        drawn=drawn.astype(np.float32),
        voxels=rng.integers(1, 9, cells).astype(np.float64),
        shape=(shape[0], shape[1], shape[2]),
        spacing_mm=(5.0, 5.0, 5.0),
    )


def slow_means(
    values: NDArray[np.float32], voxels: NDArray[np.float64], size: tuple[int, int, int]
) -> NDArray[np.float64]:
    shape = [n - w + 1 for n, w in zip(voxels.shape, size, strict=True)]
    found = np.zeros(shape)
    for i, j, k in product(*map(range, shape)):
        box = np.s_[i : i + size[0], j : j + size[1], k : k + size[2]]
        found[i, j, k] = np.average(values[box].astype(float), weights=voxels[box])
    return found


def candidates_of(seed: int, count: int) -> list[Candidate]:
    rng = np.random.default_rng(seed)
    return [
        Candidate(
            f"case-{n:03}",
            {
                "weighted": {key: float(rng.random()) for key in KEYS},
                "entropy": {"all": float(rng.random())},
                "bald": {"all": float(rng.random())},
                "drawn_ml": {key: float(rng.integers(0, 3)) for key in KEYS},
                "border_cells": {key: float(rng.integers(0, 3)) for key in KEYS},
            },
            tuple(rng.normal(size=4).tolist()),
            float(rng.uniform(1, 20)),
        )
        for n in range(count)
    ]
