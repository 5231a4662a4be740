"""The learning curve: what more cases would buy, and how sure that is.

Dice grows with the number of training cases n as Dice(n) = c − a·n^(−b): no number of cases exceeds c, a is
the loss at one case, b how quickly more cases help (an inverse power law, as in Hestness et al. 2017, arXiv
1712.00409, and Mukherjee et al. 2003, J Comput Biol 10:119). It is fitted by least squares on the mean Dice
of each size, with 0 ≤ c ≤ 1, a ≥ 0 and b between 0.05 and 4: for a given b the rest is linear, so every b of
a fine grid is tried and the best one refined.

The band comes from the bootstrap: test cases are drawn with replacement (the same ones for all sizes, since
all sizes are tested on them), and the runs of each size. With few runs the plain bootstrap is too sure of
itself by the factor √((k−1)/k), which is undone. Of one run each, as a project's own models are, the band
covers other test cases alone: neither the luck of a training nor which cases happened to be learned from.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.progress import TrainingError

Array = NDArray[np.float64]

FEWEST_SIZES = 4
CONFIDENCE = 0.95
_EXPONENTS = np.geomspace(0.05, 4.0, 241)
_REFINEMENTS = 3
_STRIDE = 8  # draws look at every so many exponents first
_FLAT = 1e-9


@dataclass(frozen=True)
class CurveRun:
    """One training run: on how many cases, with which seed, and its Dice by (case, structure).

    None = not applicable (the structure is in neither mask): left out of every mean.
    """

    size: int
    seed: int
    scores: Mapping[tuple[str, str], float | None]


@dataclass(frozen=True)
class Forecast:
    """How many more cases reach `target`, from `now` on; the bounds are those of a 95 % interval.

    None = not reachable at any number of cases. `likelihood` is the share of bootstrap curves that reach it.
    """

    target: float
    now: int
    more: int | None
    low: int | None
    high: int | None
    likelihood: float

    def __str__(self) -> str:
        """Return the forecast as one sentence."""
        if self.more == 0:
            return f"Dice {self.target:.3f} is reached with the {self.now} cases there are."
        chance = f"{self.likelihood:.0%} of the curves that fit reach it"
        if self.more is None:
            return f"Dice {self.target:.3f} is not reachable by more cases alone ({chance})."
        if self.high is None:
            return (
                f"About {self.more} more cases reach Dice {self.target:.3f} "
                f"(at least {self.low}, no upper bound: {chance})."
            )
        interval = f"95 % interval {self.low} to {self.high}"
        return f"About {self.more} more cases reach Dice {self.target:.3f} ({interval})."


@dataclass(frozen=True)
class Curve:
    """Dice(n) = c − a·n^(−b), the mean Dice of each size behind it, and bootstrap draws of (c, a, b)."""

    c: float
    a: float
    b: float
    sizes: tuple[int, ...]
    means: tuple[float, ...]
    draws: Array = field(repr=False, compare=False)

    def __call__(self, n: float) -> float:
        """Return the mean Dice that the curve gives n cases."""
        return float(_value(np.array([[self.c, self.a, self.b]]), n)[0])

    def band(self, n: float) -> tuple[float, float]:
        """Return the 95 % interval of the mean Dice at n cases."""
        tail = (1 - CONFIDENCE) / 2
        low, high = np.quantile(_value(self.draws, n), [tail, 1 - tail])
        return float(low), float(high)

    def gain(self, more: int, now: int) -> tuple[float, float, float]:
        """Return by how much the mean Dice grows from `now` to `more` cases more, and its 95 % interval."""
        tail = (1 - CONFIDENCE) / 2
        grown = _value(self.draws, now + more) - _value(self.draws, now)
        low, high = np.quantile(grown, [tail, 1 - tail])
        return self(now + more) - self(now), float(low), float(high)

    def forecast(self, target: float, now: int | None = None) -> Forecast:
        """Say how many cases more than `now` (the largest size) reach a mean Dice of `target`.

        Raises TrainingError when `target` is not between 0 and 1.
        """
        check_target(target)
        have = max(self.sizes) if now is None else now
        needed = _needed(self.draws, target)
        tail = (1 - CONFIDENCE) / 2
        low, high = np.quantile(needed, [tail, 1 - tail], method="nearest")
        own = float(_needed(np.array([[self.c, self.a, self.b]]), target)[0])
        likelihood = float(np.isfinite(needed).mean())
        return Forecast(target, have, _more(own, have), _more(low, have), _more(high, have), likelihood)

    def to_dict(self, targets: Sequence[float] = ()) -> dict[str, Any]:
        """Return the curve, its band up to eight times the largest size, and forecasts, as JSON types."""
        largest = max(self.sizes)
        shown = sorted({*self.sizes, *(largest * factor for factor in (2, 4, 8))})
        band = [
            dict(zip(("n", "dice", "low", "high"), (n, self(n), *self.band(n)), strict=True)) for n in shown
        ]
        forecasts = [vars(self.forecast(target)) for target in targets]
        points = [{"n": n, "dice": dice} for n, dice in zip(self.sizes, self.means, strict=True)]
        return {
            "c": self.c,
            "a": self.a,
            "b": self.b,
            "points": points,
            "band": band,
            "confidence": CONFIDENCE,
            "forecasts": forecasts,
        }


@dataclass(frozen=True)
class LearningCurves:
    """The curve over all structures (each weighs the same) and one per structure.

    `refused` says why a structure has none.
    """

    overall: Curve
    structures: Mapping[str, Curve]
    refused: Mapping[str, str]


@dataclass(frozen=True)
class StructureCurves:
    """One curve per structure, and the one over those that were scored at every size; None = none was."""

    overall: Curve | None
    structures: Mapping[str, Curve]
    refused: Mapping[str, str]


def check_target(target: float) -> None:
    """Raise TrainingError for a target that no mean Dice can have."""
    if not 0 < target < 1:
        raise TrainingError(f"A target Dice lies between 0 and 1, not at {target:g}.")


def learning_curves(runs: Sequence[CurveRun], *, draws: int = 2000, seed: int = 0) -> LearningCurves:
    """Fit the curves of an experiment, overall and per structure, with `draws` bootstrap draws.

    Raises TrainingError when fewer than 4 sizes were run: three parameters need more points than that.
    """
    found = structure_curves(runs, draws=draws, seed=seed)
    if found.overall is None:
        raise TrainingError("No structure was scored at every size; a learning curve needs one that was.")
    return LearningCurves(found.overall, found.structures, found.refused)


def structure_curves(runs: Sequence[CurveRun], *, draws: int = 2000, seed: int = 0) -> StructureCurves:
    """The same curves, also where no structure was scored at every size: one may have joined later.

    Raises TrainingError when fewer than 4 sizes were run.
    """
    sizes = sorted({run.size for run in runs})
    _refuse_few(len(sizes), "the experiment")
    values, names = _table(runs, sizes)
    means, drawn = _bootstrap(values, draws, np.random.default_rng(seed))
    seen = [column for column in range(len(names)) if np.isfinite(means[:, column]).sum() >= FEWEST_SIZES]
    refused = {
        name: f"{name} was scored at fewer than {FEWEST_SIZES} sizes; no curve is drawn through that."
        for column, name in enumerate(names)
        if column not in seen
    }
    complete = [column for column in seen if np.isfinite(means[:, column]).all()]
    overall = (
        _curve(sizes, means[:, complete].mean(axis=1), drawn[:, :, complete].mean(axis=2))
        if complete
        else None
    )
    structures = {names[column]: _curve(sizes, means[:, column], drawn[:, :, column]) for column in seen}
    return StructureCurves(overall, structures, refused)


def fit_curve(sizes: Sequence[int], dice: Sequence[float]) -> tuple[float, float, float]:
    """Return (c, a, b) of the curve through mean Dice scores. Raises TrainingError for fewer than 4 sizes."""
    _refuse_few(len(set(sizes)), "the curve")
    c, a, b = _fitted(np.asarray(sizes, float), np.asarray(dice, float)[None])[0]
    return float(c), float(a), float(b)


def _refuse_few(sizes: int, what: str) -> None:
    if sizes < FEWEST_SIZES:
        raise TrainingError(
            f"A learning curve needs at least {FEWEST_SIZES} different sizes, {what} has {sizes}; "
            "nothing is extrapolated from fewer."
        )


def _curve(sizes: Sequence[int], means: Array, drawn: Array) -> Curve:
    there = np.isfinite(means)
    n = np.asarray(sizes, float)[there]
    c, a, b = _fitted(n, means[None, there])[0]
    return Curve(
        c=float(c),
        a=float(a),
        b=float(b),
        sizes=tuple(int(size) for size in n),
        means=tuple(float(mean) for mean in means[there]),
        draws=_fitted_quickly(n, drawn[:, there]),
    )


def _fitted(n: Array, dice: Array) -> Array:
    """Return (c, a, b) for every row of `dice` (rows, sizes), as (rows, 3)."""
    dice = dice.clip(0.0, 1.0)
    rows = np.arange(len(dice))
    best = _coarse_errors(n, dice, _EXPONENTS).argmin(axis=1)
    exponents = np.broadcast_to(_EXPONENTS, (len(dice), len(_EXPONENTS)))
    for _ in range(_REFINEMENTS):
        low = exponents[rows, np.maximum(best - 1, 0)]
        high = exponents[rows, np.minimum(best + 1, exponents.shape[1] - 1)]
        exponents = np.geomspace(low, high, 21, axis=1)
        error, c, a = _linear(n, dice, exponents)
        best = error.argmin(axis=1)
    return np.stack([c[rows, best], a[rows, best], exponents[rows, best]], axis=1)


def _fitted_quickly(n: Array, dice: Array) -> Array:
    """Return the same for bootstrap draws, with b from the grid: its steps of 1.8 % are nothing beside
    what draws differ by, and the error has one valley, so that a part of the grid finds it."""
    dice = dice.clip(0.0, 1.0)
    rows = np.arange(len(dice))
    valley = _STRIDE * _coarse_errors(n, dice, _EXPONENTS[::_STRIDE]).argmin(axis=1)
    around = valley[:, None] + np.arange(1 - _STRIDE, _STRIDE)
    exponents = _EXPONENTS[around.clip(0, len(_EXPONENTS) - 1)]
    error, c, a = _linear(n, dice, exponents)
    best = error.argmin(axis=1)
    return np.stack([c[rows, best], a[rows, best], exponents[rows, best]], axis=1)


def _coarse_errors(n: Array, dice: Array, exponents: Array) -> Array:
    """Return the squared error of every row and exponent, (rows, exponents), by its moments.

    Quicker than `_linear`, but sums that cancel out leave an error of about 1e-15.
    """
    x = np.exp(-exponents[:, None] * np.log(n))
    sum_x, sum_xx = x.sum(axis=1), (x**2).sum(axis=1)
    sum_y, sum_yy, sum_xy = dice.sum(axis=1)[:, None], (dice**2).sum(axis=1)[:, None], dice @ x.T
    c, a = _bounded(len(n), sum_x, sum_xx, sum_y, sum_xy)
    return np.asarray(
        sum_yy - 2 * c * sum_y + 2 * a * sum_xy + len(n) * c**2 - 2 * a * c * sum_x + a**2 * sum_xx
    )


def _linear(n: Array, dice: Array, exponents: Array) -> tuple[Array, Array, Array]:
    """Return squared error, c and a of the best curve for every row and exponent, each (rows, exponents)."""
    x = np.exp(-exponents[:, :, None] * np.log(n))
    y = dice[:, None, :]
    moments = x.sum(axis=2), (x**2).sum(axis=2), y.sum(axis=2), (x * y).sum(axis=2)
    c, a = _bounded(len(n), *moments)
    return ((c[..., None] - a[..., None] * x - y) ** 2).sum(axis=2), c, a


def _bounded(count: int, sum_x: Array, sum_xx: Array, sum_y: Array, sum_xy: Array) -> tuple[Array, Array]:
    """Return c and a of the best curve for a given b, from the sums over its `count` sizes.

    That is a line in x = n^(−b) with 0 ≤ c ≤ 1 and a ≥ 0. Where the free line breaks a bound, the optimum
    lies on that bound, because the problem is convex.
    """
    spread = np.maximum(sum_xx - sum_x**2 / count, 1e-300)
    a = np.maximum((sum_x * sum_y / count - sum_xy) / spread, 0.0)  # at 0, c is the mean: no bound forbids it
    c = (sum_y + a * sum_x) / count
    over = c > 1
    a = np.where(over, np.maximum((sum_x - sum_xy) / sum_xx, 0.0), a)
    return np.where(over, 1.0, c), a


def _value(parameters: Array, n: float) -> Array:
    c, a, b = parameters.T
    return np.asarray((c - a * np.power(float(n), -b)).clip(0.0, 1.0))


def _needed(parameters: Array, target: float) -> Array:
    """Return how many cases every curve needs; infinite where it stays below the target."""
    c, a, b = parameters.T
    room = c - target
    with np.errstate(over="ignore"):
        cases = np.power(np.maximum(a, _FLAT) / np.maximum(room, 1e-12), 1 / b)
    return np.where(room > 0, np.where(a <= _FLAT, 1.0, cases), np.inf)


def _more(needed: float, have: int) -> int | None:
    return max(0, math.ceil(needed - 1e-6) - have) if needed < 1e9 else None


def _table(runs: Sequence[CurveRun], sizes: Sequence[int]) -> tuple[Array, list[str]]:
    """Return Dice as (size, run, case, structure), NaN where there is none, and the structures' names."""
    keys = sorted({key for run in runs for key in run.scores})
    cases = {case: index for index, case in enumerate(sorted({case for case, _ in keys}))}
    names = {name: index for index, name in enumerate(sorted({name for _, name in keys}))}
    by_size = [[run for run in runs if run.size == size] for size in sizes]
    table = np.full((len(sizes), max(map(len, by_size)), len(cases), len(names)), np.nan)
    for row, group in enumerate(by_size):
        for column, run in enumerate(group):
            for (case, name), dice in run.scores.items():
                if dice is not None:
                    table[row, column, cases[case], names[name]] = dice
    return table, list(names)


def _bootstrap(values: Array, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the means (size, structure) and draws of them (draw, size, structure)."""
    means = _mean(values, (1, 2))
    drawn = np.broadcast_to(means, (draws, *means.shape)).copy()
    by_case = _mean(values, (1,))
    weights = _weights(rng, draws, by_case.shape[1])
    drawn += _deviation(by_case, np.repeat(weights[:, None], len(by_case), axis=1), means)
    by_run = _mean(values, (2,))
    runs = np.zeros((draws, *by_run.shape[:2]))
    scored_runs: NDArray[np.bool_] = np.asarray(np.isfinite(by_run).any(axis=2))
    for size, scored in enumerate(scored_runs):
        runs[:, size, scored] = _weights(rng, draws, int(scored.sum()))
    drawn += _deviation(by_run, runs, _mean(by_run, (1,)))
    return means, drawn


def _weights(rng: np.random.Generator, draws: int, count: int) -> Array:
    """How often each of `count` units is in each draw, as (draw, unit)."""
    if count == 0:
        return np.zeros((draws, 0))
    return rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(float)


def _deviation(values: Array, weights: Array, means: Array) -> Array:
    """Return how far the weighted means (draw, size, structure) of values (size, unit, structure) stray."""
    there = np.isfinite(values)
    sums = np.einsum("dsu,suk->dsk", weights, np.where(there, values, 0.0))
    totals = np.einsum("dsu,suk->dsk", weights, there.astype(float))
    strayed = np.divide(sums, totals, out=np.broadcast_to(means, sums.shape).copy(), where=totals > 0) - means
    units = there.sum(axis=1)
    wider = np.sqrt(units / np.maximum(units - 1, 1))
    return np.asarray(np.where(np.isfinite(strayed), strayed, 0.0) * wider)


def _mean(values: Array, axes: tuple[int, ...]) -> Array:
    """Return the mean over axes of what is not NaN; NaN where nothing is left."""
    there = np.isfinite(values)
    count = there.sum(axis=axes)
    total = np.where(there, values, 0.0).sum(axis=axes)
    mean = np.full(total.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean
