"""The difference of two means of reads or cases, with its interval where both sides say how they spread."""

from collections.abc import Sequence

from scipy import stats

from training.raters import FEWEST_CASES, Counts, Estimate, Group

METHOD = "difference of means; Welch's t interval"
_TOO_FEW = "An interval needs three values on each side, and two of one reader."
_NO_SPREAD = "All values are equal, so nothing is known of their spread."
_TAIL = 0.975


def difference_of(one: Sequence[Group], other: Sequence[Group]) -> Estimate:
    """The mean of `one` less that of `other`; the variance of each side is that within its groups, pooled.

    Welch 1947 (Biometrika 34:28) with Satterthwaite's degrees of freedom. Neither side may be empty.
    """
    sides = [_side(groups) for groups in (one, other)]
    (n, mean, variance, freedom), (n_2, mean_2, variance_2, freedom_2) = sides
    counts = Counts(cases=n + n_2, values=n + n_2)
    if min(n, n_2) < FEWEST_CASES or min(freedom, freedom_2) < 1:
        return Estimate(mean - mean_2, None, None, METHOD, counts, _TOO_FEW)
    error, error_2 = variance / n, variance_2 / n_2
    if error + error_2 <= 0:
        return Estimate(mean - mean_2, None, None, METHOD, counts, _NO_SPREAD)
    degrees = (error + error_2) ** 2 / (error**2 / freedom + error_2**2 / freedom_2)
    half = float(stats.t.ppf(_TAIL, degrees)) * (error + error_2) ** 0.5
    return Estimate(mean - mean_2, mean - mean_2 - half, mean - mean_2 + half, METHOD, counts)


def _side(groups: Sequence[Group]) -> tuple[int, float, float, int]:
    """Values, mean, variance within groups, and its degrees of freedom."""
    n = sum(group.n for group in groups)
    freedom = n - len(groups)
    mean = sum(group.n * group.mean for group in groups) / n
    variance = sum((group.n - 1) * group.variance for group in groups) / max(freedom, 1)
    return n, mean, variance, freedom
