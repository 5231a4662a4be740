"""Intraclass correlation of single reads (McGraw and Wong 1996, Psychol Methods 1:30).

Which one: ICC(A,1), absolute agreement, when any reader may read any case: a reader who measures 10 % more
lowers it. ICC(C,1), consistency, when constant differences between readers do no harm. One-way, ICC(1,1),
when reads have no reader of their own, such as first and second read.

The F interval of ICC(A,1) is McGraw and Wong's approximation. It holds where readers hardly differ, and
covers less than 95 % where they do: 73 % with two readers whose SD is half that of the cases. So the
default is the generalised interval (Weerahandi 1993; for this ICC: Ionan et al. 2014, BMC Med Res Methodol
14:121), which holds in both.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from training.raters.estimate import TAIL, Estimate, undefined
from training.raters.table import MeanSquares, complete, mean_squares

_AGREEMENT = "ICC(A,1), two-way, absolute agreement"
_CONSISTENCY = "ICC(C,1), two-way, consistency; F interval"
_ONE_WAY = "ICC(1,1), one-way; F interval"
_CONSTANT = "All values are equal, so there is nothing to tell apart."
_ALIKE = "Every reader has one value for all cases, so there is nothing to tell apart."
_DRAWS = 4000


class Interval(StrEnum):
    """How the interval of ICC(A,1) is found."""

    GENERALISED = "generalised interval"
    F = "F interval"


def icc_agreement(table: ArrayLike, interval: Interval = Interval.GENERALISED) -> Estimate:
    """Return ICC(A,1): the share of a single value's variance that is between cases; readers are a sample.

    `table`: (cases, readers), any unit, NaN = not read. Cases that a reader lacks are dropped and their
    values counted; where few cases are read by all, see `variance_shares`. The generalised interval is
    bounded by 0 and 1, the F interval may begin below 0.
    """
    method = f"{_AGREEMENT}; {interval}"
    whole = complete(table)
    if whole.missing:
        return undefined(method, whole.counts, whole.missing)
    ms = mean_squares(whole.values)
    excess = ms.k * (ms.readers - ms.error) / ms.n
    below = ms.cases + (ms.k - 1) * ms.error + excess
    if _constant(ms) or below <= 0:
        return undefined(method, whole.counts, _CONSTANT)
    value = (ms.cases - ms.error) / below
    low, high = _agreement_f(ms, value) if interval is Interval.F else _agreement_generalised(ms)
    return Estimate(value, min(low, value), max(high, value), method, whole.counts)


def icc_consistency(table: ArrayLike) -> Estimate:
    """Return ICC(C,1): as `icc_agreement`, but differences between the readers' means do not count.

    The F interval is exact for normal values, whether readers are a sample or all there are.
    """
    whole = complete(table)
    if whole.missing:
        return undefined(_CONSISTENCY, whole.counts, whole.missing)
    ms = mean_squares(whole.values)
    if ms.cases <= 0 and ms.error <= 0:
        reason = _CONSTANT if _constant(ms) else _ALIKE
        return undefined(_CONSISTENCY, whole.counts, reason)
    low, value, high = _from_ratio(ms.cases, ms.error, ms.k, ms.n - 1, (ms.n - 1) * (ms.k - 1))
    return Estimate(value, low, high, _CONSISTENCY, whole.counts)


def icc_one_way(table: ArrayLike) -> Estimate:
    """Return ICC(1,1) of reads without order: `table` (cases, reads), NaN = missing, such cases dropped.

    The F interval is exact for normal values.
    """
    whole = complete(table)
    if whole.missing:
        return undefined(_ONE_WAY, whole.counts, whole.missing)
    ms = mean_squares(whole.values)
    if _constant(ms):
        return undefined(_ONE_WAY, whole.counts, _CONSTANT)
    low, value, high = _from_ratio(ms.cases, ms.within, ms.k, ms.n - 1, ms.n * (ms.k - 1))
    return Estimate(value, low, high, _ONE_WAY, whole.counts)


def _constant(ms: MeanSquares) -> bool:
    return ms.cases <= 0 and ms.within <= 0


def _from_ratio(between: float, within: float, k: int, free: int, free_within: int) -> tuple[float, ...]:
    """Return low, value, high of (F − 1) / (F + k − 1) with F = between / within."""
    bounds = (between / _f(free, free_within), between, between * _f(free_within, free))
    return tuple(float((one - within) / (one + (k - 1) * within)) for one in bounds)


def _agreement_f(ms: MeanSquares, value: float) -> tuple[float, float]:
    """Return McGraw and Wong's bounds (their table 7, case 2)."""
    n, k = ms.n, ms.k
    if value >= 1:
        return 1.0, 1.0
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    parts = a * ms.readers, b * ms.error
    free = (parts[0] + parts[1]) ** 2 / (parts[0] ** 2 / (k - 1) + parts[1] ** 2 / ((n - 1) * (k - 1)))
    below, above = _f(n - 1, free), _f(free, n - 1)
    rest = k * ms.readers + (k * n - k - n) * ms.error
    low = n * (ms.cases - below * ms.error) / (below * rest + n * ms.cases)
    high = n * (above * ms.cases - ms.error) / (rest + n * above * ms.cases)
    return low, high


def _f(above: float, below: float) -> float:
    return float(stats.f.ppf(1 - TAIL, above, below))


def _agreement_generalised(ms: MeanSquares) -> tuple[float, float]:
    """Return quantiles of what the mean squares say of the three variances; the draws are always the same."""
    random = np.random.default_rng(0)
    free = ms.n - 1, ms.k - 1, (ms.n - 1) * (ms.k - 1)
    cases, readers, error = (
        square * f / random.chisquare(f, _DRAWS)
        for square, f in zip((ms.cases, ms.readers, ms.error), free, strict=True)
    )
    case = np.maximum(cases - error, 0) / ms.k
    reader = np.maximum(readers - error, 0) / ms.n
    shares = case / np.maximum(case + reader + error, np.finfo(np.float64).tiny)
    low, high = np.quantile(shares, [TAIL, 1 - TAIL])
    return float(low), float(high)
