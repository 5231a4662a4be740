"""Intervals of chance-corrected agreement: leave out each case once."""

import numpy as np

from training.raters.estimate import TAIL, Counts, Estimate, Floats, t_factor

_ROUNDING = 1e-12


def chance_corrected(
    left_out: Floats, times: Floats, observed: float, expected: float, counts: Counts, method: str
) -> Estimate:
    """Return 1 − observed / expected disagreement with its interval over cases.

    `left_out`: the statistic without one case, NaN = undefined without it; `times`: how many cases that is
    true of. The interval is t with cases − 1 degrees of freedom on the scale of log(1 − statistic), where
    the spread hardly depends on the statistic: the plain one, and the bootstrap, cover too little near 1.
    `observed` and `expected` are in units of the greatest disagreement. Without any observed one there is
    no spread: `low` then takes the greatest share of disagreeing cases that so many cases do not exclude.
    """
    value = 1 - observed / expected
    n = float(times.sum())
    if observed <= _ROUNDING:
        low = 1 - (1 - TAIL ** (1 / n)) / expected
        return Estimate(1.0, max(low, -1.0), 1.0, method, counts)
    usable = np.isfinite(left_out)
    if not usable.all():
        reason = "One case decides whether the statistic is defined, so it has no interval."
        return Estimate(value, None, None, method, counts, reason)
    centre = float((times * left_out).sum()) / n
    variance = (n - 1) / n * float((times * (left_out - centre) ** 2).sum())
    half = t_factor(n - 1) * variance**0.5 / (1 - value)
    low, high = 1 - (1 - value) * np.exp([half, -half])
    return Estimate(value, max(float(low), -1.0), float(high), method, counts)
