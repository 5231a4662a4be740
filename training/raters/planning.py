"""What a reliability plan costs, and how sure it will make the project: before anyone has read anything.

Half-widths are of 95 % intervals, as the other modules of this package will find them on average.
"""

from dataclasses import dataclass
from math import ceil, exp, lgamma

from scipy import stats

from training.raters.bounds import FEWEST_CASES
from training.raters.estimate import TAIL, chi_square_bounds, t_factor

_Z = float(stats.norm.ppf(1 - TAIL))


@dataclass(frozen=True)
class Spread:
    """SDs of a score: between cases, between readers, and of what is left. No unit for Dice."""

    case: float
    reader: float
    residual: float


@dataclass(frozen=True)
class ReliabilityPlan:
    """What is read for reliability, on top of one read per case. Shares are of all `cases`, 0 to 1.

    `calibration` cases are read by every reader, the share `scratch` of them without a prediction; `double`:
    second reads by another reader; `repeat`: second reads by the same; `gold`: reads of cases with a known
    answer. `minutes` and `minutes_scratch`: per read from a prediction, and from nothing.
    """

    cases: int
    readers: int
    calibration: int = 15
    scratch: float = 0.5
    double: float = 0.10
    repeat: float = 0.05
    gold: float = 0.05
    minutes: float = 10.0
    minutes_scratch: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what cannot be planned."""
        if self.cases < 0 or self.readers < 1 or self.calibration < 0:
            raise ValueError("A plan needs a reader, and no negative number of cases.")
        if any(not 0 <= share <= 1 for share in (self.scratch, self.double, self.repeat, self.gold)):
            raise ValueError("Shares lie between 0 and 1.")
        if min(self.minutes, self.minutes_scratch) < 0:
            raise ValueError("Minutes must not be negative.")


@dataclass(frozen=True)
class Expected:
    """What a plan gives. Reads and pairs are numbers, hours those of all readers together.

    Half-widths of 95 % intervals; None = the plan does not measure it. `mean`: of a mean score over the
    calibration set, in the score's unit. `icc`: from calibration and double reads together.
    `within_reader`: of the SD within readers, all pooled, as a share of it; `within_each`: for one reader.
    """

    calibration_reads: int
    scratch_reads: int
    double_reads: int
    repeat_reads: int
    gold_reads: int
    hours: float
    pairs: int
    mean: float | None
    icc: float | None
    within_reader: float | None
    within_each: float | None


def expected(plan: ReliabilityPlan, spread: Spread, icc: float) -> Expected:
    """Say what the plan costs and gives, if scores spread so and the ICC is so (0 to below 1)."""
    scratch_cases = round(plan.calibration * plan.scratch)
    calibration, scratch = plan.calibration * plan.readers, scratch_cases * plan.readers
    double, repeat, gold = (ceil(share * plan.cases) for share in (plan.double, plan.repeat, plan.gold))
    double = double if plan.readers > 1 else 0
    quick = calibration - scratch + double + repeat + gold
    return Expected(
        calibration_reads=calibration,
        scratch_reads=scratch,
        double_reads=double,
        repeat_reads=repeat,
        gold_reads=gold,
        hours=(scratch * plan.minutes_scratch + quick * plan.minutes) / 60,
        pairs=plan.calibration * plan.readers * (plan.readers - 1) // 2 + double,
        mean=mean_half_width(plan.calibration, plan.readers, spread),
        icc=_together(icc_half_width(icc, plan.calibration, plan.readers), icc_half_width(icc, double, 2)),
        within_reader=within_sd_half_width(repeat),
        within_each=within_sd_half_width(repeat // plan.readers),
    )


def mean_half_width(cases: int, readers: int, spread: Spread) -> float | None:
    """Return the half-width for the mean of a complete table, as `two_way.mean` gives it.

    Normal theory: t with Satterthwaite's degrees of freedom of (MSR + MSC − MSE) / nk. One reader: over cases
    alone. None with fewer than three cases or no spread.
    """
    n, k = cases, readers
    if n < FEWEST_CASES or k < 1 or spread.case**2 + spread.reader**2 + spread.residual**2 <= 0:
        return None
    error = spread.residual**2
    squares = error + k * spread.case**2, error + n * spread.reader**2, error
    if k == 1:
        variance, freedom = (spread.case**2 + error) / n, float(n - 1)
    else:
        variance = (squares[0] + squares[1] - squares[2]) / (n * k)
        parts = zip(squares, (n - 1, k - 1, (n - 1) * (k - 1)), strict=True)
        freedom = (variance * n * k) ** 2 / sum(square**2 / free for square, free in parts)
    return t_factor(freedom) * float(variance**0.5) * _mean_of_sd(freedom)


def within_sd_half_width(repeats: int) -> float | None:
    """Return the half-width for the SD within readers, as a share of it, from so many second reads.

    Half the mean length of the χ² interval. None without repeats; inf is never returned, but few repeats
    give several hundred per cent.
    """
    if repeats < 1:
        return None
    low, high = chi_square_bounds(repeats)
    return float((repeats / low) ** 0.5 - (repeats / high) ** 0.5) / 2 * _mean_of_sd(repeats)


def icc_half_width(icc: float, cases: int, readers: int) -> float | None:
    """Return the half-width for an ICC from a complete table (Bonett 2002, Stat Med 21:1331).

    z (1 − ρ)(1 + (k − 1) ρ) √(2 / (k (k − 1)(n − 1))). It is that of the one-way ICC and of ICC(C,1); for
    ICC(A,1) with readers who differ it is a lower bound. None with fewer than two cases or readers. Raises
    ValueError for an ICC that is not from 0 to below 1.
    """
    if not 0 <= icc < 1:
        raise ValueError("The ICC to plan for lies between 0 and 1.")
    if cases < 2 or readers < 2:
        return None
    k = readers
    return _Z * (1 - icc) * (1 + (k - 1) * icc) * float((2 / (k * (k - 1) * (cases - 1))) ** 0.5)


def _together(*half_widths: float | None) -> float | None:
    """Combine independent half-widths by weighting with the inverse of their variances."""
    known = [one for one in half_widths if one is not None]
    weight = sum(1 / one**2 for one in known)
    return float(weight**-0.5) if known else None


def _mean_of_sd(freedom: float) -> float:
    """Return the mean of an SD with so many degrees of freedom, relative to the true one."""
    return float((2 / freedom) ** 0.5) * exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2))
