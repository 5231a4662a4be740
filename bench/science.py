"""Metrics against DeepMind's package: same pair, same machine, same run."""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from surface_distance import metrics as deepmind

from bench.table import Row, hand_over, seconds
from training.metrics import score

SHAPE, SPACING = (512, 512, 200), (0.8, 0.8, 2.0)
CLASSES = 104
TOLERANCE_MM = 2.0


def main() -> None:
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    reference, prediction = _pair()
    tolerances = {value: TOLERANCE_MM for value in range(1, CLASSES + 1)}
    ours = min(seconds(lambda: score(reference, prediction, SPACING, tolerances)) for _ in range(2))
    scores = score(reference, prediction, SPACING, tolerances)
    theirs: dict[int, tuple[float, float]] = {}
    taken = seconds(lambda: theirs.update(_deepmind(reference, prediction)))
    apart = max(
        max(abs((scores[v].dice or 0) - dice), abs((scores[v].surface_dice or 0) - surface))
        for v, (dice, surface) in theirs.items()
    )
    yield Row(
        "Dice and surface Dice of a 512×512×200 pair, 104 classes",
        f"× {taken / ours:.1f} faster than DeepMind's package ({ours:.2f} s against {taken:.1f} s)",
        "≥ × 20",
        bool(taken / ours >= 20),
    )
    yield Row("… largest difference to it", f"{apart:.1e}", "≤ 1e-9", bool(apart <= 1e-9))


def _pair() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return wobbly ellipsoids of many sizes, and what a network makes of them.

    5–6 % of the voxels are foreground. The second map's structures are moved, wobble otherwise, and some have
    an island elsewhere, whose distances are long.
    """
    rng = np.random.default_rng(0)
    pair = np.zeros((2, *SHAPE), np.uint8)
    for value in range(1, CLASSES + 1):
        centre = rng.uniform(0.1, 0.9, 3) * SHAPE
        radii = np.exp(rng.normal(np.log(16.5), 0.35)) * rng.uniform(0.7, 1.3, 3) / SPACING
        phases = rng.uniform(0, 2 * np.pi, 3)
        _blob(pair[0], centre, radii, phases, value)
        _blob(pair[1], centre + rng.normal(0, 1.2, 3) / SPACING, radii, phases + rng.normal(0, 0.4, 3), value)
        if value % 8 == 0:
            _blob(pair[1], centre + 1.5 * radii, radii / 8, phases, value)
    return pair[0], pair[1]


def _blob(
    labels: NDArray[np.uint8],
    centre: NDArray[np.float64],
    radii: NDArray[np.float64],
    phases: NDArray[np.float64],
    value: int,
) -> None:
    low = np.clip(np.floor(centre - 1.2 * radii), 0, SHAPE).astype(int)
    high = np.clip(np.ceil(centre + 1.2 * radii) + 1, 0, SHAPE).astype(int)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    axes = [(axis - c) / r for axis, c, r in zip(np.ogrid[box], centre, radii, strict=True)]
    wobble = sum(np.sin(4 * axis + phase) for axis, phase in zip(axes, phases, strict=True))
    labels[box][sum(axis**2 for axis in axes) < 1 + 0.12 * wobble] = value


def _deepmind(reference: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> dict[int, tuple[float, float]]:
    """The package as it is used: one structure at a time, on the whole volume."""
    result = {}
    for value in range(1, CLASSES + 1):
        truth, guess = reference == value, prediction == value
        if not truth.any() or not guess.any():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            distances = deepmind.compute_surface_distances(truth, guess, SPACING)
        surface = deepmind.compute_surface_dice_at_tolerance(distances, TOLERANCE_MM)
        result[value] = (deepmind.compute_dice_coefficient(truth, guess), surface)
    return result


if __name__ == "__main__":
    main()
