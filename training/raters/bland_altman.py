"""Bias and limits of agreement between two readers, or two ways of reading (Bland, Altman 1986, 1999, 2007).

`one` minus `other`, in the unit of the values; or, on the scale of ratios, `one` / `other` by logarithms, for
sizes whose error grows with them. The interval of the bias is t. Those of the limits are exact for single
differences (noncentral t; Carkeet 2015, Optom Vis Sci 92:e71), and generalised (Weerahandi 1993) for repeated
ones, from the mean squares of Zou 2013 (Stat Methods Med Res 22:630), whose own is wider than need be.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from training.raters.estimate import (
    TAIL,
    Counts,
    Estimate,
    Flags,
    Floats,
    as_floats,
    t_factor,
    totals,
    undefined,
)

_Z = float(stats.norm.ppf(0.975))
_EXACT = "exact interval, noncentral t (Carkeet)"
_GENERALISED = "generalised interval"
_LARGE = 3000
_DRAWS = 4000
_TOO_FEW = "Two cases with both values are needed."


class Scale(StrEnum):
    """What is compared: the difference, or the ratio by logarithms (values must be above 0)."""

    DIFFERENCE = "difference"
    RATIO = "ratio"


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Bias and the limits between which 95 % of differences (or ratios) of single values lie.

    `sd` is that of the differences, on the scale of ratios that of their logarithms.
    """

    bias: Estimate
    lower: Estimate
    upper: Estimate
    sd: float | None
    scale: Scale


@dataclass(frozen=True)
class _Part:
    """One mean square of the variance of a difference: its factor, value and degrees of freedom."""

    factor: float
    square: float
    free: int

    def draw(self, random: np.random.Generator) -> Floats:
        """Return variances that could have given the mean square."""
        return self.factor * self.square * self.free / random.chisquare(self.free, _DRAWS)


def limits_of_agreement(
    one: ArrayLike, other: ArrayLike, scale: Scale = Scale.DIFFERENCE
) -> LimitsOfAgreement:
    """Return bias and limits from one pair of values per case.

    `one`, `other`: (cases,), NaN = missing; a case that either lacks is dropped, and its values counted; on
    the scale of ratios, so are values of 0 or less.
    """
    a, b = _scaled(one, scale), _scaled(other, scale)
    _same_length(a, b)
    used: Flags = ~(np.isnan(a) | np.isnan(b))
    differences = a[used] - b[used]
    counts = Counts(differences.size, 2, 2 * differences.size, 2 * a.size - 2 * differences.size)
    if differences.size < 2:
        return _undefined(counts, scale, _EXACT)
    bias, sd = float(differences.mean()), float(differences.std(ddof=1))
    error = sd / differences.size**0.5
    inner, outer = _noncentral(differences.size)
    lower = (bias - _Z * sd, bias - outer * error, bias - inner * error)
    upper = (bias + _Z * sd, bias + inner * error, bias + outer * error)
    return _result((bias, error), lower, upper, sd, counts, scale, _EXACT)


def limits_varying(
    one: ArrayLike, other: ArrayLike, cases: Sequence[Hashable], scale: Scale = Scale.DIFFERENCE
) -> LimitsOfAgreement:
    """Return bias and limits from several pairs per case, where the true value varies within a case.

    As when both readers read every time point, or every lesion, of a patient. `one`, `other`: (N,), NaN =
    missing; `cases`: the case of each pair. Pairs that are not whole are dropped, and their values counted.
    Without any case of two pairs the same as `limits_of_agreement`.
    """
    a, b = _scaled(one, scale), _scaled(other, scale)
    _same_length(a, b)
    difference = _Groups.of(a - b, cases)
    counts = Counts(difference.sizes.size, 2, 2 * difference.values, 2 * (a.size - difference.values))
    if difference.sizes.size < 2:
        return _undefined(counts, scale, _GENERALISED)
    if difference.free == 0:
        return limits_of_agreement(one, other, scale)
    parts = (_Part(1 - difference.inverse_size, difference.within, difference.free),)
    return _repeated(difference.means, parts, counts, scale)


def limits_constant(
    one: tuple[ArrayLike, Sequence[Hashable]],
    other: tuple[ArrayLike, Sequence[Hashable]],
    scale: Scale = Scale.DIFFERENCE,
) -> LimitsOfAgreement:
    """Return bias and limits from several reads per case on each side, where the true value is one.

    As when both readers read each case several times. `one`, `other`: values (N,), NaN = missing, and the
    case of each; the numbers of reads may differ. Cases that a side lacks are dropped, and their values
    counted. Each side needs some case with two reads, or the limits would be too narrow: then give one pair
    per case to `limits_of_agreement`.
    """
    arrays = _scaled(one[0], scale), _scaled(other[0], scale)
    shared = _there(arrays[0], one[1]) & _there(arrays[1], other[1])
    sides = [
        _Groups.of(array, names, shared) for array, names in zip(arrays, (one[1], other[1]), strict=True)
    ]
    used = sum(side.values for side in sides)
    counts = Counts(len(shared), 2, used, sum(array.size for array in arrays) - used)
    if len(shared) < 2:
        return _undefined(counts, scale, _GENERALISED)
    if not all(side.free for side in sides):
        return _undefined(counts, scale, _GENERALISED, "Each side needs a case that was read twice.")
    parts = tuple(_Part(1 - side.inverse_size, side.within, side.free) for side in sides)
    return _repeated(sides[0].means - sides[1].means, parts, counts, scale)


@dataclass(frozen=True)
class _Groups:
    """Values by case, in the order of the cases' names: means, sizes, and the variance within."""

    means: Floats
    sizes: Floats
    within: float

    @classmethod
    def of(cls, values: Floats, names: Sequence[Hashable], only: set[Hashable] | None = None) -> "_Groups":
        if values.size != len(names):
            raise ValueError("Every value needs a case.")
        chosen = _there(values, names) if only is None else only
        numbers = {name: number for number, name in enumerate(sorted(chosen, key=repr))}
        used: Flags = ~np.isnan(values) & np.array([name in numbers for name in names], np.bool_)
        groups = np.array([numbers[name] for name, keep in zip(names, used, strict=True) if keep], np.int64)
        sizes = np.bincount(groups, minlength=len(numbers)).astype(np.float64)
        means = totals(groups, values[used], len(numbers)) / np.maximum(sizes, 1)
        free = int(sizes.sum()) - sizes.size
        squares = float(((values[used] - means[groups]) ** 2).sum())
        return cls(means, sizes, squares / free if free else 0.0)

    @property
    def values(self) -> int:
        return int(self.sizes.sum())

    @property
    def free(self) -> int:
        return self.values - self.sizes.size

    @property
    def inverse_size(self) -> float:
        return float((1 / self.sizes).mean())


def _there(values: Floats, names: Sequence[Hashable]) -> set[Hashable]:
    return {name for name, value in zip(names, values, strict=True) if not np.isnan(value)}


def _same_length(a: Floats, b: Floats) -> None:
    if a.size != b.size:
        raise ValueError("Both sides need a value, or NaN, for every pair.")


def _scaled(values: ArrayLike, scale: Scale) -> Floats:
    array = as_floats(values, 1, "Values")
    if scale is Scale.DIFFERENCE:
        return array
    logs: Floats = np.log(array, out=np.full_like(array, np.nan), where=array > 0)
    return logs


@lru_cache(maxsize=256)
def _noncentral(n: int) -> tuple[float, float]:
    """Return what a limit's inner and outer bound lie from the bias, in standard errors of the bias."""
    if n > _LARGE:  # the quantiles of the noncentral t are no longer computed reliably; this is their limit
        spread = (1 + _Z**2 / 2) ** 0.5 * _Z
        return _Z * n**0.5 - spread, _Z * n**0.5 + spread
    inner, outer = (float(stats.nct.ppf(tail, n - 1, _Z * n**0.5)) for tail in (TAIL, 1 - TAIL))
    return inner, outer


def _repeated(means: Floats, within: tuple[_Part, ...], counts: Counts, scale: Scale) -> LimitsOfAgreement:
    """Put the variance of a single difference together from its parts; the draws are always the same.

    Each draw is a bias and a variance that could have given these means and mean squares.
    """
    n = means.size
    between = _Part(1.0, float(means.var(ddof=1)), n - 1)
    sd = (between.square + sum(part.factor * part.square for part in within)) ** 0.5
    bias, error = float(means.mean()), (between.square / n) ** 0.5
    random = np.random.default_rng(0)
    of_means = between.draw(random)
    biases = bias + random.normal(size=_DRAWS) * np.sqrt(of_means / n)
    sds = np.sqrt(of_means + sum(part.draw(random) for part in within))
    lower, upper = (
        (bias + z * sd, *(float(bound) for bound in np.quantile(biases + z * sds, [TAIL, 1 - TAIL])))
        for z in (-_Z, _Z)
    )
    return _result((bias, error), lower, upper, sd, counts, scale, _GENERALISED)


def _result(
    centre: tuple[float, float],
    lower: tuple[float, float, float],
    upper: tuple[float, float, float],
    sd: float,
    counts: Counts,
    scale: Scale,
    interval: str,
) -> LimitsOfAgreement:
    half = t_factor(counts.cases - 1) * centre[1]
    bias = (centre[0], centre[0] - half, centre[0] + half)
    methods = _methods(scale, interval)
    found = [
        Estimate(_back(value, scale), _back(low, scale), _back(high, scale), method, counts)
        for (value, low, high), method in zip((bias, lower, upper), methods, strict=True)
    ]
    return LimitsOfAgreement(found[0], found[1], found[2], sd, scale)


def _methods(scale: Scale, interval: str) -> tuple[str, str, str]:
    what = "Bland–Altman" if scale is Scale.DIFFERENCE else "Bland–Altman of ratios"
    return f"{what}: bias; t interval", f"{what}: lower limit; {interval}", f"{what}: upper limit; {interval}"


def _back(value: float, scale: Scale) -> float:
    return value if scale is Scale.DIFFERENCE else float(np.exp(value))


def _undefined(counts: Counts, scale: Scale, interval: str, reason: str = _TOO_FEW) -> LimitsOfAgreement:
    counts = replace(counts, values=0, dropped=counts.values + counts.dropped)
    found = [undefined(method, counts, reason) for method in _methods(scale, interval)]
    return LimitsOfAgreement(found[0], found[1], found[2], None, scale)
