"""What a replay says of strategies: areas under the budget curve, efficiency, and who beats whom.

- AUBC: the area under mean Dice over the budget, by the trapezoid rule, the budget brought to 0 … 1 (Zhan et
  al. 2021, IJCAI). Its interval is the 95 % percentile bootstrap over test cases and seeds, the same draws
  for all strategies, so that differences are paired.
- FG-Eff: b of Dice(x) = c − a · exp(−b (x − x0)), x the annotated foreground voxels, c the Dice of a training
  on everything where there was one (Lüth et al. 2025, arXiv 2511.19183).
- Penalty matrix: in how large a share of the loops the row beats the column, by a paired t-test over seeds
  with Holm's correction over all pairs of the loop (the matrix: Ash et al. 2020, arXiv 1906.03671).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from training.experiments.figures import spread, structure_means
from training.experiments.simulate import FULL, Point
from training.ranking import holm

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
SAMPLES = 2000
SIGNIFICANT = 0.05
MILLION = 1e6


@dataclass(frozen=True)
class Estimate:
    """A figure and the bounds of its 95 % interval."""

    mean: float
    low: float
    high: float


def figures_of(points: Sequence[Point]) -> dict[str, Any]:
    """Return everything as plain JSON types: rows of each loop, figures of each strategy, penalties."""
    strategies = list(dict.fromkeys(p.strategy for p in points if p.strategy != FULL))
    full = [value for p in points if p.strategy == FULL and (value := mean_dice(p)) is not None]
    areas = aubc({name: _own(points, name) for name in strategies})
    best = mean(full) if full else None
    return {
        "rows": [row for name in strategies for row in _rows(_own(points, name))],
        "strategies": [
            {"strategy": name, "aubc": _plain(areas[name])}
            | {"final": spread(_finals(_own(points, name)))}
            | {"fg_efficiency": fg_efficiency(*_efforts(_own(points, name)), best)}
            for name in strategies
        ],
        "against": {
            name: _plain(difference(_own(points, name), _own(points, strategies[0])))
            for name in strategies[1:]
        },
        "penalties": penalties({name: _own(points, name) for name in strategies}),
        "full": spread(full),
        "metric_version": points[0].result.metric_version if points else "",
    }


def mean_dice(point: Point) -> float | None:
    """Return the mean over structures of the mean over cases; None where nothing was applicable."""
    means = structure_means(point.result.dice)
    return mean(means.values()) if means else None


# ── Area under the budget curve ──────────────────────────────────────────────


def area(items: Sequence[float], dice: Floats) -> Floats:
    """Return the area under dice (…, loop) over items, brought to 0 … 1; NaN for fewer than two loops."""
    at = np.asarray(items, np.float64)
    if len(at) < 2 or at[-1] <= at[0]:
        return np.full(dice.shape[:-1], np.nan)
    found: Floats = np.trapezoid(dice, (at - at[0]) / (at[-1] - at[0]), axis=-1)
    return found


def aubc(points: Mapping[str, Sequence[Point]], samples: int = SAMPLES) -> dict[str, Estimate | None]:
    """Return each strategy's AUBC with its interval; None where there is no curve."""
    return {name: _estimate(_areas(own, samples)) for name, own in points.items()}


def difference(own: Sequence[Point], other: Sequence[Point], samples: int = SAMPLES) -> Estimate | None:
    """Return how much more AUBC the first has, paired over seeds and test cases."""
    seeds = {p.seed for p in own} & {p.seed for p in other}
    first, second = (_areas([p for p in points if p.seed in seeds], samples) for points in (own, other))
    return _estimate(first - second)


def _areas(points: Sequence[Point], samples: int) -> Floats:
    """Return the area of all seeds and cases, then of bootstrap draws: (1 + samples,)."""
    items, dice = _table(points)
    if not dice.size:
        return np.full(1, np.nan)
    rng = np.random.default_rng(0)
    seeds, cases = dice.shape[0], dice.shape[2]
    seed_draws, case_draws = (
        np.vstack([np.ones((1, n)), rng.multinomial(n, np.full(n, 1 / n), samples)]) for n in (seeds, cases)
    )
    there = np.isfinite(dice)
    sums = np.einsum("bn,slnk->bslk", case_draws, np.where(there, dice, 0.0), optimize=True)
    counts = np.einsum("bn,slnk->bslk", case_draws, there.astype(np.float64), optimize=True)
    means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    known = np.isfinite(means)
    totals, number = np.where(known, means, 0.0).sum(-1), known.sum(-1)
    curves = np.divide(totals, number, out=np.full_like(totals, np.nan), where=number > 0)
    own = area(items, curves)
    found: Floats = (own * seed_draws).sum(axis=1) / seed_draws.sum(axis=1)
    return found


def _table(points: Sequence[Point]) -> tuple[list[float], Floats]:
    """Return items of each loop and Dice (seed, loop, case, structure), of seeds that have every loop."""
    loops = sorted({p.loop for p in points})
    by_place = {(p.seed, p.loop): p for p in points}
    seeds = [s for s in sorted({p.seed for p in points}) if all((s, loop) in by_place for loop in loops)]
    keys = sorted({key for p in points for key in p.result.dice})
    cases, names = ({one: row for row, one in enumerate(sorted({key[n] for key in keys}))} for n in (0, 1))
    dice = np.full((len(seeds), len(loops), len(cases), len(names)), np.nan)
    for s, seed in enumerate(seeds):
        for n, loop in enumerate(loops):
            for (case, name), value in by_place[seed, loop].result.dice.items():
                dice[s, n, cases[case], names[name]] = np.nan if value is None else value
    items = [float(by_place[seeds[0], loop].items) for loop in loops] if seeds else []
    return items, dice


def _estimate(areas: Floats) -> Estimate | None:
    if not np.isfinite(areas[0]):
        return None
    tail = (1 - CONFIDENCE) / 2
    drawn = areas[np.isfinite(areas)]
    low, high = np.quantile(drawn[1:] if len(drawn) > 1 else drawn, [tail, 1 - tail])
    return Estimate(float(areas[0]), float(low), float(high))


# ── Efficiency ───────────────────────────────────────────────────────────────


def fg_efficiency(
    foreground: Sequence[float], dice: Sequence[float], best: float | None = None
) -> dict[str, float] | None:
    """Fit Dice = c − a · exp(−b (x − x0)) by least squares and return a, b per million voxels, c and x0.

    `best` fixes c; without it c is fitted, at most 1. x0 is the smallest amount. For a given b the rest is
    linear, so every b of a fine grid is tried. None where fewer than three amounts differ or Dice never
    grows.
    """
    x, y = np.asarray(foreground, np.float64) / MILLION, np.asarray(dice, np.float64)
    if len(np.unique(x)) < 3:
        return None
    first, reach = float(x.min()), float(np.ptp(x))
    fits = [_fitted(x - first, y, b / reach, best) for b in np.geomspace(0.05, 50, 400)]
    rest, a, b, c = min(fits)
    if a <= 1e-9:
        return None
    return {"a": a, "b_per_million": b, "c": c, "x0": first * MILLION, "rest": rest}


def _fitted(x: Floats, y: Floats, b: float, best: float | None) -> tuple[float, float, float, float]:
    """Return the sum of squares left, a, b and c."""
    decay = np.exp(-b * x)
    if best is None:
        c, a = np.linalg.lstsq(np.stack([np.ones_like(x), -decay], axis=1), y)[0]
        best = float(np.clip(c, 0.0, 1.0))
    a = max(0.0, float(((best - y) * decay).sum() / (decay**2).sum()))
    return float(((best - a * decay - y) ** 2).sum()), a, b, best


# ── Who beats whom ───────────────────────────────────────────────────────────


def penalties(points: Mapping[str, Sequence[Point]]) -> dict[str, dict[str, float]] | None:
    """Return for row and column in what share of the loops the row is significantly better.

    The common start is left out. None where nothing can be tested: fewer than two seeds or strategies.
    """
    names = list(points)
    dice = {name: {(p.loop, p.seed): mean_dice(p) for p in own} for name, own in points.items()}
    loops = sorted({loop for table in dice.values() for loop, _ in table if loop > 0})
    wins = {one: dict.fromkeys((other for other in names if other != one), 0.0) for one in names}
    tested = 0
    for loop in loops:
        pairs = list(combinations(names, 2))
        results = [_paired(dice[one], dice[other], loop) for one, other in pairs]
        if not pairs or any(result is None for result in results):
            continue
        tested += 1
        known = [result for result in results if result is not None]
        corrected = holm([p for _, p in known])
        for (one, other), (gain, _), p in zip(pairs, known, corrected, strict=True):
            if p < SIGNIFICANT:
                better, worse = (one, other) if gain > 0 else (other, one)
                wins[better][worse] += 1
    return {one: {k: v / tested for k, v in row.items()} for one, row in wins.items()} if tested else None


def _paired(
    one: Mapping[tuple[int, int], float | None], other: Mapping[tuple[int, int], float | None], loop: int
) -> tuple[float, float] | None:
    """Return the mean difference over seeds and the p of the paired t-test; None for fewer than two."""
    found = []
    for key, value in one.items():
        against = other.get(key)
        if key[0] == loop and value is not None and against is not None:
            found.append(value - against)
    if len(found) < 2:
        return None
    gain, sd = float(np.mean(found)), float(np.std(found, ddof=1))
    if sd < 1e-12:  # exactly the same difference every time
        return gain, 1.0 if abs(gain) < 1e-12 else 0.0
    t = gain / (sd / np.sqrt(len(found)))
    return gain, float(2 * stats.t.sf(abs(t), len(found) - 1))


# ── Rows ─────────────────────────────────────────────────────────────────────


def _rows(points: Sequence[Point]) -> list[dict[str, Any]]:
    rows = []
    for loop in sorted({p.loop for p in points}):
        own = [p for p in points if p.loop == loop]
        tables = [structure_means(p.result.dice) for p in own]
        surface = [structure_means(p.result.surface_dice) for p in own]
        names = sorted({name for table in tables for name in table})
        rows.append(
            {"strategy": own[0].strategy, "loop": loop, "items": own[0].items, "seeds": len(own)}
            | {"foreground": mean(p.foreground for p in own)}
            | {"dice": spread([mean(t.values()) for t in tables if t])}
            | {"surface_dice": spread([mean(t.values()) for t in surface if t])}
            | {"structures": {name: spread([t[name] for t in tables if name in t]) for name in names}}
        )
    return rows


def _own(points: Sequence[Point], strategy: str) -> list[Point]:
    return [p for p in points if p.strategy == strategy]


def _finals(points: Sequence[Point]) -> list[float]:
    last = max((p.loop for p in points), default=0)
    return [value for p in points if p.loop == last and (value := mean_dice(p)) is not None]


def _efforts(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    known = [(float(p.foreground), value) for p in points if (value := mean_dice(p)) is not None]
    return [x for x, _ in known], [y for _, y in known]


def _plain(one: Estimate | None) -> dict[str, float] | None:
    return None if one is None else {"mean": one.mean, "low": one.low, "high": one.high}
