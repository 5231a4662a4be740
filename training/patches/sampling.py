"""Where crops are cut: samplers by name.

A sampler says, for one place in the sequence of all crops of a run, which scan and which voxel to centre on.
Some crops must show a structure (`share` of them); the others lie anywhere, or on an annotated voxel where
parts of the scan are unlabelled. All of it depends on (seed, place) alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.patches.prepared import Prepared
from training.plan import Plan
from training.progress import TrainingError

Voxel = NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """One crop of a run: its number among all crops, and its generator."""

    seed: int
    number: int
    forced: bool  # a structure must be shown
    rng: np.random.Generator


class Sampler(Protocol):
    """Chooses the scan, and the voxel in the middle of the crop."""

    def __call__(
        self, cases: Sequence[Prepared], place: Place, args: dict[str, Any]
    ) -> tuple[Prepared, Voxel]:
        """Return one of the cases and a voxel (3,) of it, which may lie outside by the jitter."""


def foreground(cases: Sequence[Prepared], place: Place, args: dict[str, Any]) -> tuple[Prepared, Voxel]:
    """Visit every scan once per round; a forced crop shows one of its structures, each as likely."""
    case = _of_round(cases, place)
    if place.forced and case.centres:
        voxels = case.centres[place.rng.integers(len(case.centres))]
        return case, _aimed(voxels, place.rng, args)
    return case, _anywhere(case, place.rng)


def class_balanced(cases: Sequence[Prepared], place: Place, args: dict[str, Any]) -> tuple[Prepared, Voxel]:
    """Choose a forced crop by structure first: a rare one, and scans that hold it, are as likely as others.

    All other crops visit every scan once per round.
    """
    channels = sorted({channel for case in cases for channel in case.present})
    if not place.forced or not channels:
        case = _of_round(cases, place)
        return case, _anywhere(case, place.rng)
    channel = channels[place.rng.integers(len(channels))]
    holding = [case for case in cases if channel in case.present]
    case = holding[place.rng.integers(len(holding))]
    return case, _aimed(case.centres[case.present.index(channel)], place.rng, args)


SAMPLERS: dict[str, Sampler] = {"foreground": foreground, "class_balanced": class_balanced}


def sampler_of(plan: Plan) -> Sampler:
    """Return the plan's sampler. Raises TrainingError when there is none of that name."""
    if plan.sampler not in SAMPLERS:
        raise TrainingError(f"There is no sampler called {plan.sampler}; known are {', '.join(SAMPLERS)}.")
    return SAMPLERS[plan.sampler]


def places(plan: Plan, seed: int, step: int) -> list[Place]:
    """Return the places of a step's batch.

    As in nnU-Net the last `share` of each batch must show a structure (rounded: one of two at a third); with
    single crops it is that share of the steps, evenly spread.
    """
    share = float(plan.sampler_args.get("share", 1 / 3))
    if not 0 <= share <= 1:
        raise TrainingError(f"The sampler's share is a part of the crops, 0 to 1, not {share}.")
    free = round(plan.batch_size * (1 - share))
    found = []
    for index in range(plan.batch_size):
        number = step * plan.batch_size + index
        forced = index >= free
        if plan.batch_size == 1:
            forced = math.floor((step + 1) * share + 1e-9) > math.floor(step * share + 1e-9)
        found.append(Place(seed, number, forced, np.random.default_rng([seed, 2, number])))
    return found


def _of_round(cases: Sequence[Prepared], place: Place) -> Prepared:
    """Every scan once per round, in an order that changes."""
    round_, turn = divmod(place.number, len(cases))
    order = np.random.default_rng([place.seed, 1, round_]).permutation(len(cases))
    return cases[int(order[turn])]


def _aimed(voxels: NDArray[np.int16], rng: np.random.Generator, args: dict[str, Any]) -> Voxel:
    """Return one of the voxels, moved by up to `jitter` voxels along each axis (0)."""
    jitter = int(args.get("jitter", 0))
    voxel = np.asarray(voxels[rng.integers(len(voxels))], np.int64)
    return np.asarray(voxel + rng.integers(-jitter, jitter + 1, 3), np.int64)


def _anywhere(case: Prepared, rng: np.random.Generator) -> Voxel:
    """Return any voxel, or one of those that were annotated where not all of them were."""
    if case.looked_at is not None and len(case.looked_at):
        return np.asarray(case.looked_at[rng.integers(len(case.looked_at))], np.int64)
    return np.asarray(rng.integers(0, case.image.shape), np.int64)
