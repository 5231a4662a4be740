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
    """Ellipsoids in a truth, and the same ones moved a little."""
    rng = np.random.default_rng(0)
    pair = np.zeros((2, *SHAPE), np.uint8)
    for value in range(1, CLASSES + 1):
        centre = rng.uniform(0.12, 0.88, 3) * SHAPE
        radii = rng.uniform(10, 26, 3) * (1, 1, 0.5)
        for which in range(2):
            _ellipsoid(pair[which], centre + which * rng.normal(0, 1.5, 3), radii, value)
    return pair[0], pair[1]


def _ellipsoid(
    labels: NDArray[np.uint8], centre: NDArray[np.float64], radii: NDArray[np.float64], value: int
) -> None:
    low = np.maximum(0, np.floor(centre - radii)).astype(int)
    high = np.minimum(SHAPE, np.ceil(centre + radii) + 1).astype(int)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    axes = np.ogrid[box]
    inside = sum(((axis - c) / r) ** 2 for axis, c, r in zip(axes, centre, radii, strict=True)) < 1
    labels[box][inside] = value


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
