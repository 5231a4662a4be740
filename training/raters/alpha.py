"""Krippendorff's α: agreement of any number of readers, at any level of measurement, with missing ratings.

Krippendorff, Content Analysis (2004), chapter 11. His bootstrap draws pairs of ratings as if they were
independent; here whole cases vary (see `chance`), because the ratings of one case belong together.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from training.raters.chance import shared_influence, with_interval
from training.raters.estimate import Counts, Estimate, Flags, Floats, as_floats, undefined

_INTERVAL = "interval over cases, t on the scale of log(1 − α)"


class Level(StrEnum):
    """What differences between two values mean."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"


def krippendorff_alpha(ratings: ArrayLike, level: Level) -> Estimate:
    """Return Krippendorff's α with its interval over cases, for these readers.

    `ratings`: (cases, readers), NaN = not rated; categories as numbers. Cases with a single rating say
    nothing: dropped, and counted. Memory grows with the square of the number of different values. Raises
    ValueError for negative values at level ratio. Two cases are needed.
    """
    method = f"Krippendorff's α, {level}; {_INTERVAL}"
    table = as_floats(ratings, 2, "Ratings")
    numbers = (~np.isnan(table)).sum(axis=1)
    used = table[numbers >= 2]
    counts = _counts(used, int(numbers[numbers < 2].sum()))
    if counts.cases < 2:
        return undefined(method, counts, "Two cases with two ratings each are needed.")
    values, units = _tally(used)
    if level is Level.RATIO and values[0] < 0:
        raise ValueError("Values at level ratio must not be negative.")
    sizes, totals = units.sum(axis=1), units.sum(axis=0)
    apart = _apart(values, totals, level)
    within = ((units @ apart) * units).sum(axis=1) / (sizes * (sizes - 1))
    number = float(totals.sum())
    expected = float(totals @ apart @ totals) / (number * (number - 1))
    if expected <= 0:
        return undefined(method, counts, "All ratings are equal, so agreement beyond chance is not defined.")
    value = 1 - float(within @ sizes) / number / expected
    influence = shared_influence(within, units / sizes[:, None], sizes, apart)
    return with_interval(value, influence, counts, method)


def _counts(used: Floats, dropped: int) -> Counts:
    rated: Flags = ~np.isnan(used)
    return Counts(len(used), int(rated.any(axis=0).sum()), int(rated.sum()), dropped)


def _tally(used: Floats) -> tuple[Floats, Floats]:
    """Return the different values, sorted (V,), and how often each occurs in each case (n, V)."""
    rows, _ = np.nonzero(~np.isnan(used))
    values, places = np.unique(used[~np.isnan(used)], return_inverse=True)
    flat = np.bincount(rows * values.size + places.ravel(), minlength=len(used) * values.size)
    return values, flat.reshape(len(used), values.size).astype(np.float64)


def _apart(values: Floats, totals: Floats, level: Level) -> Floats:
    """Return the squared difference of any two values, (V, V)."""
    if level is Level.NOMINAL:
        return 1.0 - np.eye(values.size)
    if level is Level.ORDINAL:
        values = np.cumsum(totals) - totals / 2
    apart: Floats = np.subtract.outer(values, values) ** 2
    if level is Level.RATIO:
        sums = np.add.outer(values, values) ** 2
        apart = np.divide(apart, sums, out=np.zeros_like(apart), where=sums > 0)
    return apart
