"""Readers whose errors are known: phantoms of three ellipsoids, and what each reader draws of them.

A delineation is (3 structures, 6): centre and radii in mm, or what is added to them. A reader's own view of
a case is the truth, the reader's bias on all radii, and noise; a read is that view with the error of the day,
pulled towards the prediction where it began from one. All are linear: one line says what anchoring is.

Noise of radii goes through the same five quantiles in every five reads, in an order drawn by lot: a reader
who does not change then has no runs of bad luck, and a chart that raises an alarm for one is wrong. Readers
who are not `steady` have plain normal noise, bad luck and all.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]

SHAPE = (48, 40, 32)
SPACING_MM = (1.0, 1.0, 2.0)
STRUCTURES = ("liver", "spleen", "kidney_left")
CENTRES = np.array([[13.0, 13.0, 20.0], [34.0, 26.0, 22.0], [24.0, 20.0, 46.0]])
RADIUS_MM = np.array([8.5, 8.0, 7.5])

BIASES_MM = {"ada": 0.0, "bo": 0.4, "cleo": -0.1, "dan": 0.0, "eve": 0.1}
DRIFTING = "dan"  # the fourth reader
DRIFT_MM = 2.0  # added to all radii
PULL = 0.6  # of the way to the prediction
RADIAL_MM, SHIFT_MM = 0.55, 1.1  # noise of a reader's view: SD of radii, length of the shift
AGAIN_RADIAL_MM, AGAIN_SHIFT_MM = 0.15, 0.2  # error of the day
MODEL_RADIAL_MM, MODEL_SHIFT_MM = 0.1, 0.4  # error of predictions

_QUANTILES = np.array([-1.4, -0.6, 0.0, 0.6, 1.4])
_QUANTILES /= _QUANTILES.std()


@dataclass
class Simulation:
    """Cases and reads, drawn one after the other from one generator."""

    rng: np.random.Generator
    steady: bool = True
    decks: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def truth(self) -> Floats:
        """A new case."""
        centres = CENTRES + self.rng.uniform(-1, 1, (3, 3))
        radii = (RADIUS_MM * np.exp(self.rng.uniform(-0.17, 0.17, 3)))[:, None] * np.ones(3)
        return np.hstack([centres, radii])

    def prediction(self, truth: Floats) -> Floats:
        signs = self.rng.choice([-1.0, 1.0], 3)
        return truth + self._error(MODEL_RADIAL_MM * signs, MODEL_SHIFT_MM)

    def view(self, reader: str, truth: Floats, deck: str, *, drifted: bool = False) -> Floats:
        """What a reader takes a case for; `deck` names the sequence of reads that share their quantiles."""
        radial = BIASES_MM[reader] + DRIFT_MM * drifted + RADIAL_MM * self._card(reader, deck)
        return truth + self._error(np.full(3, radial), SHIFT_MM)

    def read(self, view: Floats, prediction: Floats | None) -> Floats:
        """What is drawn of it today."""
        today = view + self._error(AGAIN_RADIAL_MM * self.rng.normal(size=3), AGAIN_SHIFT_MM)
        return today if prediction is None else (1 - PULL) * today + PULL * prediction

    def _card(self, reader: str, deck: str) -> float:
        if not self.steady:
            return float(self.rng.normal())
        cards = self.decks[reader, deck]
        if not cards:
            cards += self.rng.permutation(_QUANTILES).tolist()
        return cards.pop()

    def _error(self, radial: Floats, length: float) -> Floats:
        ways = self.rng.normal(size=(3, 3))
        ways *= length / np.linalg.norm(ways, axis=1, keepdims=True)
        return np.hstack([ways, radial[:, None] * np.ones(3)])


def inside(one: Floats) -> Bits:
    """The voxels of one structure, (i, j, k)."""
    axes = np.ogrid[tuple(slice(0, n) for n in SHAPE)]
    terms = (
        ((axis * step - at) / radius) ** 2
        for axis, step, at, radius in zip(axes, SPACING_MM, one[:3], one[3:], strict=True)
    )
    found: Bits = sum(terms) < 1
    return found


def labels(delineation: Floats) -> NDArray[np.uint8]:
    """One layer, (1, i, j, k), with the values 1, 2, 3."""
    found = np.zeros(SHAPE, np.uint8)
    for value, one in enumerate(delineation, start=1):
        found[inside(one)] = value
    return found[None]


# ── What is true of these readers ────────────────────────────────────────────


@dataclass(frozen=True)
class Truth:
    """Of reads from one starting point, by structure (the last axis): `dice` of (reader, reader) and with the
    fourth reader drifted, volumes (ml) of all cases, and of two reads of one case by one reader.
    """

    dice: Floats
    drifted_dice: Floats
    volumes_ml: Floats
    repeats_ml: Floats

    def of_reader(self, reader: int, structure: int, drifted: float = 0.0) -> float:
        """Mean Dice of a reader with the others; `drifted` is the share of cases read after the drift."""
        mixed = (1 - drifted) * self.dice + drifted * self.drifted_dice
        return float(np.delete(mixed[reader, :, structure], reader).mean())

    def of_all(self, structure: int, drifted: float = 0.0) -> float:
        return float(
            np.mean([self.of_reader(reader, structure, drifted) for reader in range(len(BIASES_MM))])
        )

    def difference_ml(self, one: int, other: int, structure: int) -> float:
        """Mean volume of one reader less that of another."""
        volumes = self.volumes_ml[:, :, structure]
        return float((volumes[:, one] - volumes[:, other]).mean())

    def within_sd_ml(self, structure: int) -> float:
        """SD of volumes of one case by one reader."""
        gaps = self.repeats_ml[:, 0, :, structure] - self.repeats_ml[:, 1, :, structure]
        return float(np.sqrt((gaps**2).mean() / 2))

    def icc(self, structure: int) -> float:
        """Share of the cases in the variance of volumes, by the mean squares of a two-way table."""
        table = self.volumes_ml[:, :, structure]
        n, k = table.shape
        rows, columns = table.mean(axis=1), table.mean(axis=0)
        of_cases, of_readers = k * rows.var(ddof=1), n * columns.var(ddof=1)
        rest = ((table - rows[:, None] - columns + table.mean()) ** 2).sum() / ((n - 1) * (k - 1))
        case, reader = (of_cases - rest) / k, (of_readers - rest) / n
        return float(case / (case + reader + rest))


def truth_of(seed: int, *, cases: int, from_prediction: bool, steady: bool = True) -> Truth:
    """What the study would find with so many cases, without the product."""
    world = Simulation(np.random.default_rng(seed), steady)
    dice, drifted_dice, volumes, repeats = [], [], [], []
    for _ in range(cases):
        truth = world.truth()
        prediction = world.prediction(truth) if from_prediction else None
        views = [world.view(reader, truth, "truth") for reader in BIASES_MM]
        masks = _masks([world.read(view, prediction) for view in views])
        late = world.read(world.view(DRIFTING, truth, "late", drifted=True), prediction)
        place = list(BIASES_MM).index(DRIFTING)
        drifted = np.concatenate([masks[:place], _masks([late]), masks[place + 1 :]])
        dice.append(_dice(masks))
        drifted_dice.append(_dice(drifted))
        volumes.append(_volumes(masks))
        again = _volumes(_masks([world.read(view, prediction) for view in views]))
        repeats.append(np.stack([volumes[-1], again]))
    return Truth(np.mean(dice, axis=0), np.mean(drifted_dice, axis=0), np.array(volumes), np.array(repeats))


def _masks(reads: Sequence[Floats]) -> Bits:
    """(reads, structures, voxels)."""
    return np.array([[inside(one).ravel() for one in read] for read in reads])


def _volumes(masks: Bits) -> Floats:
    """ml, (reads, structures)."""
    found: Floats = masks.sum(axis=2) * float(np.prod(SPACING_MM)) / 1000
    return found


def _dice(masks: Bits) -> Floats:
    """(reads, reads, structures)."""
    sizes = masks.sum(axis=2)
    found = np.ones((len(masks), len(masks), len(STRUCTURES)))
    for a, b in combinations(range(len(masks)), 2):
        both = (masks[a] & masks[b]).sum(axis=1)
        found[a, b] = found[b, a] = 2 * both / (sizes[a] + sizes[b])
    return found
