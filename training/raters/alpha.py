"""Krippendorff's α: agreement of any number of readers, at any level of measurement, with missing ratings.

Krippendorff, Content Analysis (2004), chapter 11. His bootstrap draws pairs of ratings as if they were
independent; here whole cases are left out (see `jackknife`), because the ratings of one case belong together.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from training.raters.estimate import Counts, Estimate, Flags, Floats, as_floats, undefined
from training.raters.jackknife import chance_corrected

_INTERVAL = "jackknife over cases on the scale of log(1 − α), t"


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
    whole = _disagreements(units, units.sum(axis=0), values, level)
    observed, expected = (float(one[0]) for one in whole)
    if expected <= 0:
        return undefined(method, counts, "All ratings are equal, so agreement beyond chance is not defined.")
    left_out = _left_out(units, values, level)
    greatest = max(float(_apart(values, units.sum(axis=0), level).max()), expected)
    ones = np.ones(len(units))
    return chance_corrected(left_out, ones, observed / greatest, expected / greatest, counts, method)


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


def _disagreements(units: Floats, totals: Floats, values: Floats, level: Level) -> tuple[Floats, Floats]:
    """Return observed and expected disagreement, each (1,)."""
    apart = _apart(values, totals, level)
    within = ((units @ apart) * units).sum(axis=1) / (units.sum(axis=1) - 1)
    number = totals.sum()
    return within.sum()[None] / number, (totals @ apart @ totals)[None] / (number * (number - 1))


def _left_out(units: Floats, values: Floats, level: Level) -> Floats:
    """Return α without each case, (n,), NaN where what is left holds one value only."""
    totals = units.sum(axis=0)
    if level is Level.ORDINAL:  # distances depend on how often values occur, so each is a case of its own
        parts = [
            _disagreements(np.delete(units, case, axis=0), totals - units[case], values, level)
            for case in range(len(units))
        ]
        observed, expected = (np.concatenate(side) for side in zip(*parts, strict=True))
    else:
        observed, expected = _all_left_out(units, totals, _apart(values, totals, level))
    ratio = np.divide(observed, expected, out=np.full(len(units), np.nan), where=expected > 1e-15)
    return np.asarray(1 - ratio)


def _all_left_out(units: Floats, totals: Floats, apart: Floats) -> tuple[Floats, Floats]:
    rows = units @ apart
    own = (rows * units).sum(axis=1)
    sizes = units.sum(axis=1)
    number = totals.sum() - sizes
    within = own / (sizes - 1)
    among = totals @ apart @ totals - 2 * (rows @ totals) + own
    return (within.sum() - within) / number, among / (number * (number - 1))
