"""All metrics of one pair of label maps against DeepMind's package and MONAI: same pair, machine and run."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from time import process_time

import numpy as np
import torch
from monai.metrics.hausdorff_distance import compute_hausdorff_distance
from monai.metrics.meandice import compute_dice
from monai.metrics.surface_dice import compute_surface_dice
from numpy.typing import NDArray
from scipy import ndimage
from surface_distance import metrics as deepmind

from bench.table import Row, hand_over, seconds
from training.metrics import StructureScore, score

SHAPE, SPACING = (512, 512, 200), (0.8, 0.8, 2.0)
CLASSES = 104
TOLERANCE_MM = 2.0
SAMPLE = range(7, CLASSES + 1, 13)
"""MONAI takes minutes for all structures; these 8 are timed and scaled."""

LabelMap = NDArray[np.uint8]
Box = tuple[slice, ...]
Figures = tuple[float, ...]


@dataclass(frozen=True)
class Time:
    """What a piece of work took. A busy machine stretches some works more than others."""

    wall_s: float
    processor_s: float

    def __mul__(self, factor: float) -> "Time":
        return Time(self.wall_s * factor, self.processor_s * factor)

    def __truediv__(self, other: "Time") -> float:
        """Return how many times longer it took, by the clock that says less."""
        return min(self.wall_s / other.wall_s, self.processor_s / other.processor_s)


def main() -> None:
    warnings.simplefilter("ignore")  # both packages call what others announced for removal
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    reference, prediction = _pair()
    tolerances = dict.fromkeys(range(1, CLASSES + 1), TOLERANCE_MM)
    ours = _typical(lambda: score(reference, prediction, SPACING, tolerances))
    scores = score(reference, prediction, SPACING, tolerances)
    yield from _against_deepmind(reference, prediction, scores, ours)
    monai = _time(lambda: [_monai(reference, prediction, value) for value in SAMPLE]) * (
        CLASSES / len(SAMPLE)
    )
    yield Row(
        "… against MONAI: Dice, HD95 and surface Dice of each class on full volumes",
        f"× {monai / ours:.0f} faster ({monai.wall_s:.0f} s, scaled from {len(SAMPLE)} classes)",
        "≥ × 25",
        bool(monai / ours >= 25),
    )
    scratch = np.empty_like(reference)
    read = _typical(lambda: np.bitwise_or(reference, prediction, out=scratch))
    factor, read_ms = ours.wall_s / read.wall_s, 1000 * read.wall_s
    yield Row(
        "… against reading both maps once (bitwise or)", f"× {factor:.0f} of {read_ms:.1f} ms", "—", None
    )


def _against_deepmind(
    reference: LabelMap, prediction: LabelMap, scores: dict[int, StructureScore], ours: Time
) -> Iterator[Row]:
    theirs: dict[int, Figures] = {}
    whole = _time(lambda: theirs.update(_all_of_deepmind(reference, prediction, _whole)))
    cut = _time(lambda: _all_of_deepmind(reference, prediction, _boxes(reference, prediction)))
    apart = max(
        abs(a - b)
        for value, figures in theirs.items()
        for a, b in zip(_figures(scores[value]), figures, strict=True)
    )
    foreground = 100 * np.count_nonzero(reference) / reference.size
    yield Row(
        f"all metrics of a 512×512×200 pair, {CLASSES} classes, {foreground:.0f} % foreground",
        f"× {whole / ours:.0f} faster than DeepMind's package ({ours.wall_s:.2f}, {whole.wall_s:.1f} s)",
        "≥ × 20",
        bool(whole / ours >= 20),
    )
    yield Row(
        "… against the same on boxes cut out beforehand",
        f"× {cut / ours:.1f} faster ({cut.wall_s:.1f} s)",
        "—",
        None,
    )
    yield Row(
        "… largest difference in Dice, surface Dice, HD95, HD, ASD both ways",
        f"{apart:.1e}",
        "≤ 1e-9",
        bool(apart <= 1e-9),
    )


def _time(work: Callable[[], object]) -> Time:
    processor_s = process_time()
    wall_s = seconds(work)
    return Time(wall_s, process_time() - processor_s)


def _typical(work: Callable[[], object]) -> Time:
    times = [_time(work) for _ in range(5)]
    return Time(median(t.wall_s for t in times), median(t.processor_s for t in times))


def _figures(one: StructureScore) -> Figures:
    found = one.dice, one.surface_dice, one.hd95_mm, one.hd_mm, one.asd_ref_to_pred_mm, one.asd_pred_to_ref_mm
    return tuple(np.nan if figure is None else figure for figure in found)


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


def _whole(_: int) -> Box:
    return (slice(None),) * 3


def _boxes(reference: LabelMap, prediction: LabelMap) -> Callable[[int], Box]:
    """Return what finds the box around a structure in both maps."""
    found = ndimage.find_objects(reference, CLASSES), ndimage.find_objects(prediction, CLASSES)

    def box(value: int) -> Box:
        one, other = found[0][value - 1], found[1][value - 1]
        return tuple(
            slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
        )

    return box


def _all_of_deepmind(
    reference: LabelMap, prediction: LabelMap, box: Callable[[int], Box]
) -> dict[int, Figures]:
    """Everything the package computes, one structure at a time."""
    result = {}
    for value in range(1, CLASSES + 1):
        where = box(value)
        truth, guess = reference[where] == value, prediction[where] == value
        distances = deepmind.compute_surface_distances(truth, guess, SPACING)
        result[value] = (
            float(deepmind.compute_dice_coefficient(truth, guess)),
            float(deepmind.compute_surface_dice_at_tolerance(distances, TOLERANCE_MM)),
            float(deepmind.compute_robust_hausdorff(distances, 95)),
            float(deepmind.compute_robust_hausdorff(distances, 100)),
            *(float(mm) for mm in deepmind.compute_average_surface_distance(distances)),
        )
    return result


def _monai(reference: LabelMap, prediction: LabelMap, value: int) -> Figures:
    """Dice, HD95 and surface Dice of one structure as MONAI is used: on a batch of one full volume."""
    truth, guess = (
        torch.from_numpy(labels == value)[None, None].float() for labels in (reference, prediction)
    )
    found = (
        compute_dice(guess, truth),
        compute_hausdorff_distance(guess, truth, include_background=True, percentile=95, spacing=SPACING),
        compute_surface_dice(guess, truth, [TOLERANCE_MM], include_background=True, spacing=SPACING),
    )
    return tuple(float(figure.item()) for figure in found)


if __name__ == "__main__":
    main()
