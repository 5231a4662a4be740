"""Intervals of means that cannot lie anywhere: overlaps between 0 and 1, distances from 0 up.

A t interval knows no limits: of three Dice near 1 it ends beyond 1 in every fourth study, of two in three of
four. So it is laid on a scale where the limits are infinitely far away, the logit between two limits and the
logarithm above one, with the standard error carried there by its slope at the mean (delta method). Fewer
than three cases: no interval, as nearly everything between the limits would lie in it.
docs/reference/reliability.md holds how often these and others cover the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf

from training.raters.estimate import Counts, Estimate, t_factor, undefined

Limits = tuple[float, float]
"""What values cannot fall below, and cannot exceed (inf = nothing)."""

FEWEST_CASES = 3
TOO_FEW = "An interval needs three cases."
NO_SPREAD = "All values are equal, so nothing is known of their spread."
_TOO_SPARSE = "Too few readers have read more than once for an interval."
_METHOD = "mean over cases, for these readers alone; t interval"
_LARGE = 100.0
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Group:
    """What is known of some values: how many, their mean, and their variance (0 of a single one)."""

    n: int
    mean: float
    variance: float

    @classmethod
    def of_sums(cls, n: int, total: float, squares: float) -> "Group":
        """Return the group of n values (at least one) from their sum and that of their squares."""
        mean = total / n
        return cls(n, mean, max(0.0, squares - n * mean**2) / (n - 1) if n > 1 else 0.0)


def interval_within(value: float, half: float, within: Limits | None) -> Limits:
    """Return the ends of value ± half on the scale of the limits; `half` in the unit of the value.

    A value on a limit has no such scale: its interval is cut off there.
    """
    if within is None:
        return value - half, value + half
    low, high = within
    if not low < value < high:
        return max(value - half, low), min(value + half, high)
    if high == inf:
        factor = exp(min(half / (value - low), _LARGE))
        return low + (value - low) / factor, low + (value - low) * factor
    span, odds = high - low, (value - low) / (high - value)
    factor = exp(min(half * span / ((value - low) * (high - value)), _LARGE))
    return low + span * odds / (odds + factor), low + span * odds * factor / (1 + odds * factor)


def is_without_spread(half: float, value: float) -> bool:
    """Say whether a half-width is 0 but for rounding."""
    return half <= _ROUNDING * max(1.0, abs(value))


def mean_of_groups(groups: Sequence[Group], within: Limits | None) -> Estimate:
    """Return the mean of all values with its 95 % t interval, from what is known of each group of them.

    The interval is for other values of the same groups: the variance is that within them, pooled. With one
    group it is the usual t interval. Too few values (fewer than two degrees of freedom), or equal ones: no
    interval.
    """
    n = sum(group.n for group in groups)
    counts, freedom = Counts(cases=n, values=n), n - len(groups)
    if n == 0:
        return undefined(_METHOD, counts, "There are no values.")
    mean = sum(group.n * group.mean for group in groups) / n
    if freedom < FEWEST_CASES - 1:
        return Estimate(mean, None, None, _METHOD, counts, TOO_FEW if n < FEWEST_CASES else _TOO_SPARSE)
    variance = sum((group.n - 1) * group.variance for group in groups) / freedom
    # Of equal values rounding leaves a difference of squares, not of values.
    if variance <= _ROUNDING * max(1.0, mean**2):
        return Estimate(mean, None, None, _METHOD, counts, NO_SPREAD)
    half = t_factor(freedom) * (variance / n) ** 0.5
    return Estimate(mean, *interval_within(mean, half, within), _METHOD, counts)
