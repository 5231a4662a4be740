"""Means over cases and readers, when both are samples of more cases and more readers to come.

Values of one case are alike, and so are values of one reader. A mean therefore varies with both, and an
interval that counts values as independent is far too narrow. The variance comes from the jackknife in both
directions (Efron and Stein 1981; put together as in Cameron, Gelbach and Miller 2011): leave out each case,
each reader, and each reader of each case,

    V = V_case + V_reader − V_both,

and the interval is t with Satterthwaite's degrees of freedom. For a complete table V is
(MSR + MSC − MSE) / nk, which is unbiased. Designs with holes, repeats and values of *pairs* of readers need
no other formula. docs/reference/reliability.md says why this and not the bootstrap.
"""

from dataclasses import dataclass

import numpy as np

from training.raters.bounds import (
    FEWEST_CASES,
    NO_SPREAD,
    TOO_FEW,
    Limits,
    interval_within,
    is_without_spread,
)
from training.raters.estimate import Counts, Estimate, Floats, t_factor, totals, undefined
from training.raters.reads import Design, Reads, designs

_INTERVALS = (
    "over cases and readers; two-way jackknife, t interval",
    "over cases, for these readers alone; jackknife, t interval",
)


def mean(reads: Reads, *, within: Limits | None = None) -> Estimate:
    """Return the mean of all values with its interval over cases and readers.

    `within` are limits that values cannot exceed, such as (0, 1) of Dice or (0, inf) of distances: the
    interval is then one on a scale without them (`bounds`), which holds better near a limit, where values are
    skew. NaN is dropped, and counted. Where leaving out one reader leaves nothing (one reader; two, in values
    of pairs), nothing can be said of other readers: the interval then holds for these alone, as `method`
    says. Fewer than three cases, or equal values: no interval.
    """
    design = designs([reads])[0]
    counts, methods = _counts(design), _methods("mean")
    if not design.values.size:
        return undefined(methods[0], counts, "There are no values.")
    if design.shape[0] < FEWEST_CASES:
        value = float(design.values.mean())
        return Estimate(value, None, None, methods[0], counts, TOO_FEW)
    return _estimate(_changes(design), counts, methods, within)


def difference(reads: Reads, baseline: Reads, *, within: Limits | None = None) -> Estimate:
    """Return mean(reads) − mean(baseline) with its interval over cases and readers.

    Cases and readers may be the same on both sides, as when each case is read in both ways, or partly, or
    not at all: what is shared is recognised by its name, and counts as paired. Otherwise as `mean`, `within`
    being the limits of the difference; three cases are needed on both sides.
    """
    one, other = designs([reads, baseline])
    counts, methods = _counts(one, other), _methods("difference of means")
    if not (one.values.size and other.values.size):
        return undefined(methods[0], counts, "One of the two sides has no values.")
    if min(np.unique(side.cases).size for side in (one, other)) < FEWEST_CASES:
        value = float(one.values.mean() - other.values.mean())
        return Estimate(value, None, None, methods[0], counts, f"{TOO_FEW[:-1]} on both sides.")
    return _estimate(_changes(one).minus(_changes(other)), counts, methods, within)


@dataclass(frozen=True)
class _Changes:
    """How the mean changes when cases (n, 1), readers (1, k) or both (n, k) are left out, and the mean.

    `shares`: the shares of values that each case and each reader has; a reader's are all 0 where leaving
    one out leaves nothing.
    """

    mean: float
    case: Floats
    reader: Floats
    both: Floats
    shares: tuple[Floats, Floats]

    def minus(self, other: "_Changes") -> "_Changes":
        """Return the changes of the difference of two means."""
        known = bool(self.shares[1].any() and other.shares[1].any())
        return _Changes(
            self.mean - other.mean,
            self.case - other.case,
            (self.reader - other.reader) * known,
            (self.both - other.both) * known,
            (
                np.maximum(self.shares[0], other.shares[0]),
                np.maximum(self.shares[1], other.shares[1]) * known,
            ),
        )


def _methods(what: str) -> tuple[str, str]:
    return f"{what} {_INTERVALS[0]}", f"{what} {_INTERVALS[1]}"


def _counts(*sides: Design) -> Counts:
    n, k = sides[0].shape
    return Counts(n, k, sum(side.values.size for side in sides), sum(side.dropped for side in sides))


def _sums(design: Design, weights: Floats) -> tuple[float, Floats, Floats, Floats]:
    """Add up weights (N,): over all, by case (n, 1), by reader (1, k), and by both (n, k)."""
    n, k = design.shape
    cells = np.zeros(n * k)
    for readers in design.readers.T:
        cells += totals(design.cases * k + readers, weights, n * k)
    table = cells.reshape(n, k)
    by_case = totals(design.cases, weights, n)
    return float(weights.sum()), by_case[:, None], table.sum(axis=0)[None, :], table


def _changes(design: Design) -> _Changes:
    """Leave out every case, every reader and every reader of every case, once each.

    A change is scaled by √(1 − share): what is left out of a mean pulls the mean towards itself. A value of
    a pair is half of each reader's.
    """
    centre = float(design.values.mean())
    total, by_case, by_reader, table = _sums(design, design.values - centre)
    number, cases, readers, cells = _sums(design, np.ones(design.values.size))
    shares = cases / number, readers / (number * design.readers.shape[1])
    case = _without(total - by_case, number - cases)
    if not (readers < number).all():
        nothing = np.zeros_like(shares[1])
        return _Changes(centre, case * np.sqrt(1 - shares[0]), nothing, table * 0, (shares[0], nothing))
    reader = _without(total - by_reader, number - readers)
    rest = _without(total - by_case - by_reader + table, number - cases - readers + cells)
    scales = np.sqrt(1 - shares[0]), np.sqrt(1 - shares[1])
    both = (rest - case - reader) * scales[0] * scales[1] * (cells > 0)
    return _Changes(centre, case * scales[0], reader * scales[1], both, shares)


def _without(sums: Floats, numbers: Floats) -> Floats:
    """Return the mean that is left, 0 (no change) where nothing is."""
    return np.divide(sums, numbers, out=np.zeros_like(sums), where=numbers > 0.5)


def _estimate(changes: _Changes, counts: Counts, methods: tuple[str, str], within: Limits | None) -> Estimate:
    case, reader, both = (float((one * one).sum()) for one in (changes.case, changes.reader, changes.both))
    variance = max(case + reader - both, case, reader)
    half = t_factor(_freedom(changes, case, reader, both)) * variance**0.5
    method = methods[0 if changes.shares[1].any() else 1]
    if is_without_spread(half, changes.mean):
        return Estimate(changes.mean, None, None, method, counts, NO_SPREAD)
    low, high = interval_within(changes.mean, half, within)
    return Estimate(changes.mean, low, high, method, counts)


def _freedom(changes: _Changes, case: float, reader: float, both: float) -> float:
    """Return Satterthwaite's degrees of freedom of the variance that is used."""
    cases, readers = (_effective(share) - 1 for share in changes.shares)
    variance = case + reader - both
    if variance <= max(case, reader):
        return max(cases if case >= reader else readers, 1.0)
    spread = case**2 / cases + reader**2 / readers + both**2 / (cases * readers)
    return max(variance**2 / spread, 1.0)


def _effective(share: Floats) -> float:
    """Return how many equal shares are worth as much as these; 2 where there are none."""
    squares = float((share**2).sum())
    return max(float(share.sum()) ** 2 / squares, 1 + 1e-9) if squares > 0 else 2.0
