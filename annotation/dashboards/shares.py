"""How many of a number, with an interval that stays between none and all."""

from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval (Wilson 1927, J Am Stat Assoc 22:209)."""

    share: float
    low: float
    high: float


def share_of(some: int, n: int) -> Share:
    """`some` of `n`, at least one."""
    interval = stats.binomtest(some, n).proportion_ci(method="wilson")
    return Share(some / n, float(interval.low), float(interval.high))
