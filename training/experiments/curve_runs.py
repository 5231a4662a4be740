"""The learning-curve experiment: growing subsets of the training cases, several seeds, one test set.

Each seed draws its own order of the patients; its subsets are nested, so that a larger one only adds cases.
With a model to start from, every subset is trained from scratch and from that model. Every run plans for
itself from its own cases, as someone with only these cases would, unless a plan is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from training.compare import Difference, compare
from training.curve import FEWEST_SIZES, CurveRun, LearningCurves, learning_curves
from training.dataset import DatasetCase
from training.experiments.figures import seed_mean, spread, structure_means
from training.experiments.folds import nested_subsets
from training.experiments.trial import About, Recipe, Result, Trial
from training.labels import StructureSpec
from training.manifest import Case, Manifest
from training.progress import TrainingError

SCRATCH, PRETRAINED = "scratch", "pretrained"


@dataclass(frozen=True)
class Gain:
    """What starting from a model gave over starting from scratch, at one size, paired over test cases."""

    size: int
    difference: Difference

    def __str__(self) -> str:
        """Return the gain as one sentence."""
        d = self.difference
        return (
            f"With {self.size} cases the model to start from changes Dice by {d.mean:+.3f} "
            f"(95 % interval {d.low:+.3f} to {d.high:+.3f})."
        )


@dataclass(frozen=True)
class CurveOrder:
    """What to run. `init` is the model folder for the second arm; without `scratch` it is the only one."""

    sizes: tuple[int, ...]
    seeds: int
    recipe: Recipe
    init: Path | None = None
    scratch: bool = True

    def arms(self) -> dict[str, Path | None]:
        """Return what each arm starts from."""
        arms: dict[str, Path | None] = {SCRATCH: None} if self.scratch or self.init is None else {}
        return arms | ({PRETRAINED: self.init} if self.init else {})


def curve_trials(
    order: CurveOrder,
    structures: Sequence[StructureSpec],
    cases: Sequence[DatasetCase],
    converted: Sequence[Case],
    test: Sequence[Case],
    modality: str = "CT",
) -> list[Trial]:
    """Return the runs, one whole curve after the other; `converted` are `cases` as training reads them.

    Raises TrainingError when a size is not possible, or there is no seed or no test case.
    """
    if order.seeds < 1:
        raise TrainingError(f"At least one seed is needed, not {order.seeds}.")
    if not test:
        raise TrainingError("There is no test case with a delineation to score the runs on.")
    by_id = {case.id: case for case in converted}
    trials = []
    for seed in range(order.seeds):
        subsets = nested_subsets(cases, order.sizes, seed)
        for arm, parent in order.arms().items():
            for size, subset in subsets.items():
                train = tuple(by_id[case.id] for case in subset)
                manifest = Manifest(
                    tuple(structures),
                    train,
                    tuple(test),
                    parent,
                    order.recipe.budget_s,
                    seed,
                    modality=modality,
                )
                about: About = {"arm": arm, "size": size, "seed": seed}
                trials.append(Trial(f"{arm}-{size:04}-seed{seed}", about, manifest, order.recipe))
    return trials


def curves_of(results: Sequence[Result]) -> dict[str, LearningCurves]:
    """Return the learning curves of each arm; an arm with fewer than 4 sizes has none."""
    curves = {}
    for arm in sorted({str(result.about["arm"]) for result in results}):
        runs = [
            CurveRun(int(result.about["size"]), int(result.about["seed"]), result.dice)
            for result in results
            if result.about["arm"] == arm
        ]
        if len({run.size for run in runs}) >= FEWEST_SIZES:
            curves[arm] = learning_curves(runs)
    return curves


def gains_of(results: Sequence[Result]) -> list[Gain]:
    """Return the gain of the model to start from at every size, of scores averaged over seeds."""
    gains = []
    for size in sorted({int(result.about["size"]) for result in results}):
        own = [result for result in results if result.about["size"] == size]
        arms = [seed_mean([r.dice for r in own if r.about["arm"] == arm]) for arm in (PRETRAINED, SCRATCH)]
        overall = compare(*arms).overall
        if overall is not None:
            gains.append(Gain(size, overall))
    return gains


def curve_rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return per arm and size the mean Dice of each structure and overall, with the SD over seeds.

    The mean of a run over structures gives each structure the same weight; None where nothing was applicable.
    """
    rows = []
    for arm, size in sorted({(str(r.about["arm"]), int(r.about["size"])) for r in results}):
        runs = [r for r in results if (r.about["arm"], r.about["size"]) == (arm, size)]
        tables = [structure_means(r.dice) for r in runs]
        names = sorted({name for table in tables for name in table})
        structures = {name: spread([t[name] for t in tables if name in t]) for name in names}
        overall = spread([mean(t.values()) for t in tables if t])
        surface = spread([mean(s.values()) for s in (structure_means(r.surface_dice) for r in runs) if s])
        rows.append(
            {"arm": arm, "size": size, "runs": len(runs), "dice": overall, "surface_dice": surface}
            | {"structures": structures, "steps": mean(r.steps for r in runs)}
        )
    return rows
