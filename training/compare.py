"""Is a candidate model better than the one that serves? Paired over the same cases, bootstrapped over cases.

Two measures are compared, each by itself: Dice and surface Dice. `judge` puts them together.

The structures of one case stand or fall together (one scan, one reference), so whole cases are drawn, never
single scores. A score of `None` is *not applicable* (the structure is in neither mask): such a pair is
counted and left out, never averaged as 1 or 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Scores = Mapping[tuple[str, str], float | None]
CONFIDENCE = 0.95
ROUNDING = 1e-9  # sums of floats that cancel out do not always reach 0


class Decision(StrEnum):
    """What the comparison says about the candidate."""

    BETTER = "better"
    NOT_BETTER = "not_better"
    WORSE = "worse"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class Difference:
    """Candidate minus serving: mean of Dice (no unit, −1 to 1) with the bounds of its 95 % interval.

    `cases` counts the pairs behind the mean; `not_applicable` those left out because a score was `None`.
    """

    mean: float
    low: float
    high: float
    cases: int
    not_applicable: int


@dataclass(frozen=True)
class Comparison:
    """The decision and what it rests on. `worse` names the structures that forbid promotion."""

    decision: Decision
    overall: Difference | None
    structures: Mapping[str, Difference]
    worse: tuple[str, ...]
    margin: float
    doubtful: tuple[str, ...] = ()


def compare(
    candidate: Scores, serving: Scores, *, margin: float = 0.01, samples: int = 2000, seed: int = 0
) -> Comparison:
    """Compare two models' Dice scores, keyed by (case, structure).

    A structure is *worse* when its mean difference lies below −`margin` and no part of the 95 % interval
    (percentile bootstrap, `samples` draws of cases from the generator `seed`) lies above 0; it is *doubtful*
    when the mean lies below −`margin` and the interval reaches above 0, so that chance may explain it. The
    candidate is *better* when no structure is worse and the mean over structures of the mean differences is
    above 0. Keys that only one side has are ignored; without any applicable pair the decision is
    `NOT_COMPARABLE`.
    Raises ValueError for a negative `margin` or no `samples`.
    """
    if margin < 0 or samples < 1:
        raise ValueError(f"margin must be at least 0 and samples at least 1, got {margin} and {samples}")
    shared = sorted(candidate.keys() & serving.keys())
    names = sorted({structure for _, structure in shared})
    differences = _paired(candidate, serving, shared, names)
    if not np.isfinite(differences).any():
        return Comparison(Decision.NOT_COMPARABLE, None, {}, (), margin)
    draws = _draws(len(differences), samples, seed)
    means = _column_means(draws, differences)
    seen = {
        name: _difference(differences[:, column], means[:, column], _pairs(shared, name))
        for column, name in enumerate(names)
        if np.isfinite(differences[:, column]).any()
    }
    overall = _overall(differences, means, seen)
    lost = [name for name, d in seen.items() if d.mean < -margin - ROUNDING]
    worse = tuple(name for name in lost if seen[name].high <= ROUNDING)
    doubtful = tuple(name for name in lost if name not in worse)
    gained = overall.mean > ROUNDING
    decision = Decision.WORSE if worse else Decision.BETTER if gained else Decision.NOT_BETTER
    return Comparison(decision, overall, seen, worse, margin, doubtful)


def judge(dice: Comparison, surface_dice: Comparison) -> Decision:
    """Put two comparisons of the same pair of models together.

    Either measure forbids promotion where it finds a structure worse; whether there is a gain, and whether
    the models can be compared at all, the Dice says.
    """
    return Decision.WORSE if surface_dice.worse and dice.overall is not None else dice.decision


def _paired(
    candidate: Scores, serving: Scores, shared: list[tuple[str, str]], names: list[str]
) -> NDArray[np.float64]:
    """Differences as (cases, structures); NaN where a pair is missing or not applicable."""
    rows = {case: row for row, case in enumerate(sorted({case for case, _ in shared}))}
    columns = {name: column for column, name in enumerate(names)}
    result = np.full((len(rows), len(columns)), np.nan)
    for key in shared:
        ours, theirs = candidate[key], serving[key]
        if ours is not None and theirs is not None:
            result[rows[key[0]], columns[key[1]]] = ours - theirs
    return result


def _draws(cases: int, samples: int, seed: int) -> NDArray[np.float64]:
    """How often each case is in each bootstrap sample, as (samples, cases)."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(cases, np.full(cases, 1 / cases), size=samples).astype(np.float64)


def _column_means(draws: NDArray[np.float64], differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean per sample and structure, as (samples, structures); NaN where a sample drew no applicable pair."""
    applicable = np.isfinite(differences)
    weights = draws @ applicable.astype(np.float64)
    sums = draws @ np.where(applicable, differences, 0.0)
    return np.divide(sums, weights, out=np.full_like(sums, np.nan), where=weights > 0)


def _difference(column: NDArray[np.float64], means: NDArray[np.float64], pairs: int) -> Difference:
    applicable = np.isfinite(column)
    low, high = _interval(means)
    count = int(applicable.sum())
    return Difference(float(column[applicable].mean()), low, high, count, pairs - count)


def _overall(
    differences: NDArray[np.float64], means: NDArray[np.float64], seen: Mapping[str, Difference]
) -> Difference:
    """Every structure weighs the same, however many cases show it."""
    applicable = np.isfinite(means)
    counts = applicable.sum(axis=1)
    sums = np.where(applicable, means, 0.0).sum(axis=1)
    low, high = _interval(np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0))
    mean = float(np.mean([difference.mean for difference in seen.values()]))
    cases = int(np.isfinite(differences).any(axis=1).sum())
    return Difference(mean, low, high, cases, sum(d.not_applicable for d in seen.values()))


def _interval(means: NDArray[np.float64]) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means[np.isfinite(means)], [tail, 1 - tail])
    return float(low), float(high)


def _pairs(shared: list[tuple[str, str]], name: str) -> int:
    return sum(1 for _, structure in shared if structure == name)
