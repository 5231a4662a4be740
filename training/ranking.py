"""Several networks scored on the same cases: their ranks, and tests of every pair of them.

A pair is tested by Wilcoxon's signed-rank test on the mean score of each case (over the structures applicable
to both), corrected by Holm for the number of pairs, and by the paired bootstrap over cases of
`training.compare`. A score of `None` is *not applicable*; it is left out, never averaged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from statistics import mean
from typing import Any

import numpy as np
from scipy import stats

from training.compare import Difference, Scores, compare


def mean_over_structures(scores: Scores) -> Difference | None:
    """Return the mean over structures of their means over cases; every structure weighs the same.

    The 95 % interval is for other cases: the percentile bootstrap of `training.compare`, which draws whole
    cases. `None` where no score applies.
    """
    return compare(scores, dict.fromkeys(scores, 0.0)).overall


def mean_ranks(dice: Mapping[str, Scores]) -> dict[str, float]:
    """Return each network's mean rank over all (case, structure) applicable to every network; 1 is best.

    Equal scores share the mean of their ranks.
    """
    names = list(dice)
    shared = set.intersection(*(set(table) for table in dice.values())) if dice else set()
    rows = [[dice[name][key] for name in names] for key in sorted(shared)]
    scored = [[-value for value in row if value is not None] for row in rows if None not in row]
    if not scored:
        return {}
    ranks = stats.rankdata(np.array(scored), axis=1).mean(axis=0)
    return {name: float(rank) for name, rank in zip(names, ranks, strict=True)}


def paired_tests(dice: Mapping[str, Scores]) -> list[dict[str, Any]]:
    """Return for every pair the difference with its interval, and Wilcoxon's p, raw and by Holm."""
    pairs = [_tested(first, second, dice[first], dice[second]) for first, second in combinations(dice, 2)]
    corrected = holm([pair["p"] for pair in pairs if pair["p"] is not None])
    tested = iter(corrected)
    return [pair | {"p_holm": None if pair["p"] is None else next(tested)} for pair in pairs]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected by Holm's step-down procedure, in the given order."""
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


def _tested(first: str, second: str, ours: Scores, theirs: Scores) -> dict[str, Any]:
    by_case: dict[str, list[float]] = {}
    for key in ours.keys() & theirs.keys():
        a, b = ours[key], theirs[key]
        if a is not None and b is not None:
            by_case.setdefault(key[0], []).append(a - b)
    differences = np.array([mean(by_case[case]) for case in sorted(by_case)])
    overall = compare(ours, theirs).overall
    p = None
    if len(differences):
        p = float(stats.wilcoxon(differences).pvalue) if np.any(differences != 0) else 1.0
    return {
        "first": first,
        "second": second,
        "cases": len(differences),
        "difference": asdict(overall) if overall else None,
        "p": p,
    }
