"""When the goal will be reached, and how sure that is, from what the last weeks brought.

A future stretch of T weeks brings m T cases, m and s being mean and SD of the n weeks that are over. Its 95 %
prediction interval is m T ± t s √(T + T² / n): the weeks vary, and m is known from n of them only. The goal R
is reached between the T where the upper bound meets R and the T where the lower one does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy import stats

FEWEST = 3
WEEKS = 8


@dataclass(frozen=True)
class Ahead:
    """Weeks, or hours, until the goal. `high` None = no upper bound; `reason`: why there is no estimate."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""


def weeks_left(remaining: int, per_week: Sequence[int]) -> Ahead:
    """How many weeks `remaining` cases take; `per_week` = the whole weeks before now, the newest last."""
    recent = list(per_week)[-WEEKS:]
    if remaining == 0:
        return Ahead(0.0, 0.0, 0.0, len(recent))
    if len(recent) < FEWEST:
        return Ahead(None, None, None, len(recent), f"A forecast needs {FEWEST} whole weeks of work.")
    mean = fmean(recent)
    if mean == 0:
        return Ahead(None, None, None, len(recent), f"Nothing was accepted in the last {len(recent)} weeks.")
    margin = float(stats.t.ppf(0.975, len(recent) - 1)) * stdev(recent)
    soonest = _meets(remaining, mean, margin, len(recent), 1)
    latest = _meets(remaining, mean, margin, len(recent), -1)
    return Ahead(remaining / mean, soonest, latest, len(recent))


def hours_left(remaining: int, per_case: Sequence[float]) -> Ahead:
    """Working hours for `remaining` cases, with a 95 % prediction interval; `per_case`: of finished ones."""
    n = len(per_case)
    if remaining == 0:
        return Ahead(0.0, 0.0, 0.0, n)
    if n < FEWEST:
        return Ahead(None, None, None, n, f"An estimate needs {FEWEST} accepted cases with their times.")
    mean = fmean(per_case)
    half = float(stats.t.ppf(0.975, n - 1)) * stdev(per_case) * (remaining + remaining**2 / n) ** 0.5
    return Ahead(mean * remaining, max(0.0, mean * remaining - half), mean * remaining + half, n)


def _meets(goal: float, mean: float, margin: float, n: int, sign: int) -> float | None:
    """The T at which mean T + sign margin √(T + T² / n) is `goal`; None = never."""
    if sign < 0 and mean <= margin / n**0.5:
        return None
    low, high = 0.0, 1.0
    while mean * high + sign * margin * (high + high**2 / n) ** 0.5 < goal:
        low, high = high, 2 * high
        if high > 1e6:
            return None
    for _ in range(60):
        middle = (low + high) / 2
        below = mean * middle + sign * margin * (middle + middle**2 / n) ** 0.5 < goal
        low, high = (middle, high) if below else (low, middle)
    return high
