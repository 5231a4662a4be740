"""What every statistic of a reader study gives back: a number, its interval, and what it rests on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2


@dataclass(frozen=True)
class Counts:
    """What a statistic rests on: cases, readers, values used, and values left out.

    What is left out, and why, is said by each function.
    """

    cases: int = 0
    readers: int = 0
    values: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class Estimate:
    """A statistic with the bounds of its 95 % confidence interval.

    The estimate is None where the statistic is undefined, and then so are the bounds; bounds alone are None
    where the data say nothing about the spread. `reason` says why in one sentence; it is empty otherwise.
    `low` may be −inf and `high` inf: unbounded on that side. `method` names the statistic and its interval.
    """

    estimate: float | None
    low: float | None
    high: float | None
    method: str
    counts: Counts
    reason: str = ""

    def scaled(self, factor: float, method: str) -> "Estimate":
        """Return the same times a positive factor, under another name."""
        values = [None if one is None else one * factor for one in (self.estimate, self.low, self.high)]
        return Estimate(values[0], values[1], values[2], method, self.counts, self.reason)


def undefined(method: str, counts: Counts, reason: str) -> Estimate:
    """Return no number, and the sentence that says why."""
    return Estimate(None, None, None, method, counts, reason)


def as_floats(values: ArrayLike, dimensions: int, what: str) -> Floats:
    """Return an array of float64 of so many dimensions; infinite values are no measurements: ValueError."""
    array = np.asarray(values, np.float64)
    if array.ndim != dimensions:
        raise ValueError(f"{what} must have {dimensions} dimensions, not {array.ndim}.")
    if np.isinf(array).any():
        raise ValueError(f"{what} must be finite; write NaN for what is missing.")
    return array


def t_factor(freedom: float) -> float:
    """Return how many standard errors a t interval reaches to either side."""
    return float(stats.t.ppf(1 - TAIL, freedom))


def chi_square_bounds(freedom: float) -> tuple[float, float]:
    """Return the χ² between which 95 % lie."""
    return float(stats.chi2.ppf(TAIL, freedom)), float(stats.chi2.ppf(1 - TAIL, freedom))


def totals(groups: Integers, weights: ArrayLike, size: int) -> Floats:
    """Add up the weights of each group, numbered from 0, as (size,)."""
    return np.bincount(groups, weights, size).astype(np.float64)
