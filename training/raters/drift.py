"""Drift of a reader: exponentially weighted moving average (EWMA; Roberts 1959, Technometrics 1:239).

    z_t = (value_t − mean) / SD of the reader's calibration reads
    w_t = λ z_t + (1 − λ) w_(t−1),  w_0 = 0;  alarm where w_t < −limit · √(λ / (2 − λ))

One-sided: only getting worse is an alarm. With λ = 0.2 and limit 2.6 a reader who does not change gives one
false alarm in about 370 reads, *if mean and SD are known*; with those of 15 reads false alarms are several
times as frequent, which `widened` undoes at the price of later alarms (docs/reference/reliability.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from training.raters.estimate import as_floats

WEIGHT = 0.2
LIMIT = 2.6


@dataclass(frozen=True)
class Baseline:
    """What a reader's values are like before any drift: mean and SD (unit of the values) of so many reads."""

    mean: float
    sd: float
    reads: int


@dataclass(frozen=True)
class DriftPoint:
    """One read: its place in the sequence from 0, value, and standardised EWMA with the limit below it."""

    place: int
    value: float
    ewma: float
    limit: float
    alarm: bool


@dataclass(frozen=True)
class DriftChart:
    """The chart of one reader: points in the order of reading, and the places of the alarms.

    `missing` counts values left out. `reason` says why there is no chart; it is empty otherwise.
    """

    points: tuple[DriftPoint, ...]
    alarms: tuple[int, ...]
    baseline: Baseline | None
    missing: int
    reason: str = ""


def baseline(calibration: ArrayLike) -> Baseline | None:
    """Return mean and SD of calibration reads (N,), NaN left out; None with fewer than 3 or all equal."""
    values = as_floats(calibration, 1, "Calibration values")
    values = values[~np.isnan(values)]
    if values.size < 3 or np.ptp(values) == 0:
        return None
    return Baseline(float(values.mean()), float(values.std(ddof=1)), values.size)


def drift_chart(
    values: ArrayLike,
    start: Baseline | None,
    *,
    weight: float = WEIGHT,
    limit: float = LIMIT,
    widened: bool = False,
) -> DriftChart:
    """Follow a reader's values, (N,) in the order of reading, such as Dice against gold or against peers.

    Higher is better; give the negative of a distance. NaN is left out, and counted. After an alarm the
    average starts again at 0, so every further alarm rests on new reads. `widened` allows for mean and SD
    being estimates. Raises ValueError for a weight outside ]0, 1] or a limit not above 0.
    """
    if not 0 < weight <= 1 or limit <= 0:
        raise ValueError("The weight must be above 0 and up to 1, the limit above 0.")
    array = as_floats(values, 1, "Values")
    places = np.flatnonzero(~np.isnan(array))
    missing = array.size - places.size
    if start is None:
        reason = "A baseline needs 3 calibration reads that are not all equal."
        return DriftChart((), (), None, missing, reason)
    bound = _bound(start, weight, limit, widened)
    points: list[DriftPoint] = []
    average = 0.0
    for place in places.tolist():
        average += weight * ((float(array[place]) - start.mean) / start.sd - average)
        points.append(DriftPoint(place, float(array[place]), average, -bound, average < -bound))
        average = 0.0 if points[-1].alarm else average
    alarms = tuple(point.place for point in points if point.alarm)
    return DriftChart(tuple(points), alarms, start, missing)


def first_alarms(standardised: ArrayLike, *, weight: float = WEIGHT, limit: float = LIMIT) -> Sequence[int]:
    """Return the place of each sequence's first alarm, −1 for none: standardised values (sequences, N).

    For planning by simulation: how soon a drift is found, and how often none is.
    """
    values = as_floats(standardised, 2, "Standardised values")
    bound = -limit * (weight / (2 - weight)) ** 0.5
    average = np.zeros(len(values))
    first = np.full(len(values), -1, np.int64)
    for place in range(values.shape[1]):
        average += weight * (values[:, place] - average)
        first[(first < 0) & (average < bound)] = place
    return [int(place) for place in first]


def _bound(start: Baseline, weight: float, limit: float, widened: bool) -> float:
    spread = weight / (2 - weight)
    if not widened:
        return float(limit * spread**0.5)
    quantile = stats.t.isf(stats.norm.sf(limit), start.reads - 1)
    return float(quantile * (spread + 1 / start.reads) ** 0.5)
