"""The scans of an experiment with their truth: synthetic phantoms, or OpenKBP's heads and necks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.openkbp import read_openkbp
from training.dataset import Dataset, DatasetCase, read_case
from training.labels import StructureSpec
from training.phantom import STRUCTURES, make_phantom
from training.volume import Volume

PHANTOMS, FROZEN_PHANTOMS = 40, 8


@dataclass(frozen=True)
class Truth:
    """A scan, and what is true of it: `labels` uint8 (i, j, k); nobody knows of `undrawn` values."""

    image: Volume
    labels: NDArray[np.uint8]
    undrawn: frozenset[int]


@dataclass(frozen=True)
class Scans:
    """By name, how each scan is read: those that readers label, and those that models are tested on."""

    name: str
    structures: tuple[StructureSpec, ...]
    pool: Mapping[str, Callable[[], Truth]]
    test: Mapping[str, Callable[[], Truth]]


def scans_of(data: Path | None) -> Scans:
    """OpenKBP in the folder `data`; without one, phantoms."""
    return _phantoms() if data is None else _openkbp(data)


def _phantoms() -> Scans:
    seeds = {f"phantom {seed + 1:02d}": partial(_phantom, seed) for seed in range(PHANTOMS + FROZEN_PHANTOMS)}
    names = list(seeds)
    frozen = {name: seeds[name] for name in names[PHANTOMS:]}
    return Scans("phantom", STRUCTURES, {name: seeds[name] for name in names[:PHANTOMS]}, frozen)


def _phantom(seed: int) -> Truth:
    made = make_phantom(seed)
    return Truth(made.image, made.labels, frozenset())


def _openkbp(folder: Path) -> Scans:
    found = read_openkbp(folder)
    pool, test = (
        {case.id: partial(_drawn, found, case) for case in cases} for cases in (found.cases, found.test)
    )
    return Scans(found.name, found.structures, pool, test)


def _drawn(found: Dataset, case: DatasetCase) -> Truth:
    image, labels = read_case(found, case)
    if labels is None:
        raise ValueError(f"{case.id} has no delineation")
    undrawn = frozenset(s.value for s in found.structures if s.key not in case.annotated)
    return Truth(image, labels[0], undrawn)
