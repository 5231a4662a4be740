"""Several networks on the same snapshot with the same budget: scores, ranks and paired tests.

Scores of a network are averaged over its seeds before anything is compared, so the unit of every test is a
test case. Ranks and tests are those of `training.ranking`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import mean
from typing import Any

from training.experiments.figures import case_spread, seed_mean, spread, values_by_structure
from training.experiments.trial import Recipe, Result, Trial
from training.labels import StructureSpec
from training.manifest import Case, Manifest
from training.progress import TrainingError
from training.ranking import mean_ranks, paired_tests


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
