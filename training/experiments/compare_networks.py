"""Several networks on the same snapshot with the same budget: scores, ranks and paired tests.

Scores of a network are averaged over its seeds before anything is compared, so the unit of every test is a
test case. A pair of networks is tested by Wilcoxon's signed-rank test on the mean Dice of each case (over the
structures applicable to both), corrected by Holm for the number of pairs, and by the paired bootstrap over
cases of `training.compare`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import combinations
from statistics import mean
from typing import Any

import numpy as np
from scipy import stats

from training.compare import compare
from training.experiments.figures import Scores, case_spread, seed_mean, spread, values_by_structure
from training.experiments.trial import Recipe, Result, Trial
from training.labels import StructureSpec
from training.manifest import Case, Manifest
from training.progress import TrainingError


def network_recipe(word: str, common: Recipe) -> Recipe:
    """Return the common recipe for a network written as name or name:preset (resenc_unet:m)."""
    name, _, preset = word.partition(":")
    return replace(common, network=name, preset=preset)


def network_trials(
    recipes: Mapping[str, Recipe],
    seeds: int,
    structures: Sequence[StructureSpec],
    train: Sequence[Case],
    test: Sequence[Case],
    modality: str = "CT",
) -> list[Trial]:
    """Return the runs, every network once before the next seed. Raises TrainingError with one sentence."""
    if len(recipes) < 2:
        raise TrainingError("A comparison needs at least two different networks.")
    if seeds < 1:
        raise TrainingError(f"At least one seed is needed, not {seeds}.")
    if not test:
        raise TrainingError("There is no test case with a delineation to score the networks on.")
    return [
        Trial(
            f"{name.replace(':', '-')}-seed{seed}",
            {"arm": name, "seed": seed},
            Manifest(
                tuple(structures), tuple(train), tuple(test), None, recipe.budget_s, seed, modality=modality
            ),
            recipe,
        )
        for seed in range(seeds)
        for name, recipe in recipes.items()
    ]


def comparison(results: Sequence[Result]) -> dict[str, Any]:
    """Return all figures of the comparison as plain JSON types, the networks from best to worst."""
    names = list(dict.fromkeys(str(result.about["arm"]) for result in results))
    dice = {name: seed_mean([r.dice for r in results if r.about["arm"] == name]) for name in names}
    surface = {name: seed_mean([r.surface_dice for r in results if r.about["arm"] == name]) for name in names}
    rank = mean_ranks(dice)
    rows: list[dict[str, Any]] = []
    for name in names:
        own = [result for result in results if result.about["arm"] == name]
        rows.append(
            {"network": name, "rank": rank.get(name), "seeds": len(own)}
            | {"dice": case_spread(dice[name]), "surface_dice": case_spread(surface[name])}
            | {"structures": {s: spread(v) for s, v in values_by_structure(dice[name]).items()}}
            | {"surface_structures": {s: spread(v) for s, v in values_by_structure(surface[name]).items()}}
            | {"steps": mean(r.steps for r in own), "train_seconds": mean(r.train_seconds for r in own)}
            | {"kvoxels_per_s": mean(r.kvoxels_per_s for r in own)}
        )
    rows.sort(key=lambda row: -(row["dice"]["mean"] or 0.0))
    return {"networks": rows, "pairs": paired_tests({row["network"]: dice[row["network"]] for row in rows})}


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
