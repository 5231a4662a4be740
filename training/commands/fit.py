"""python -m training fit PLAN DIR --out OUT: train a network."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.table import Table

from training.commands.arguments import number_from, whole_from
from training.commands.bars import Bars, interruptible, say, show, shown
from training.commands.data import (
    AUTO,
    LAYOUTS,
    add_data,
    add_memory,
    add_time,
    cache_of,
    low_plan_of,
    recipe_of,
)
from training.commands.together import is_first, is_one_of_many, run_together
from training.dataset import Dataset, DatasetCase, convert, read_dataset
from training.experiments.folds import held_out
from training.experiments.trial import Recipe, samples_of
from training.fit import joined
from training.manifest import Case, Manifest, Report
from training.model import open_model
from training.plan import Fingerprint, Plan, coarse_plan_for, take_fingerprint
from training.predict import OWN_COARSE
from training.progress import OnProgress, TrainingError
from training.run import train

TEST = "test"
COARSE_SHARE = 0.15  # of the time, for a model that only has to find the structures
_CHECKPOINTS = ("checkpoint", "previous-checkpoint")


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "fit",
        description="Train by a plan (see plan --help), or by one made from the cases themselves (auto). "
        "Interrupted, the same command goes on from the last checkpoint. " + LAYOUTS,
    )
    parser.add_argument("plan", metavar="PLAN", help=f"plan file, FILE:NAME of several plans, or {AUTO}")
    add_data(parser)
    parser.add_argument("--init", type=Path, metavar="MODEL", help="model folder to start from")
    parser.add_argument("--seed", type=whole_from(0), default=0)
    add_time(parser, None)
    add_memory(parser)
    parser.add_argument(
        "--processes",
        type=whole_from(1),
        default=1,
        metavar="N",
        help="processes that train together, one for each graphics card (%(default)s); each takes the plan's "
        "batch, so N times as much is learned from in a step",
    )
    parser.add_argument(
        "--coarse",
        type=number_from(0),
        nargs="?",
        const=COARSE_SHARE,
        metavar="SHARE",
        help="also train a model of low resolution, MODEL/low, for predict --coarse, in this share of the "
        "time (%(const)g); done without asking where PLAN holds a plan called low, unless SHARE is 0",
    )
    parser.add_argument(
        "--val",
        metavar="SHARE|test",
        help="share of the patients to validate on after each epoch; or test: score the test set only",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Train, score and say where the model is. Raises TrainingError and its like with one sentence."""
    if arguments.processes > 1 and not is_one_of_many():
        ended = run_together(arguments.words, arguments.processes)
        if ended:
            raise SystemExit(ended)
        return
    dataset = read_dataset(arguments.dir)
    groups = _split(dataset, arguments.val)
    recipe = recipe_of(arguments, arguments.plan)
    with interruptible() as should_stop, Bars() as report, joined() as world:
        if not world.first:
            world.wait()  # the first converts the scans for all
        cases = convert(
            dataset, _all_of(groups), cache_of(arguments), on_progress=report, should_stop=should_stop
        )
        if world.first:
            world.wait()
        manifest = _manifest(arguments, dataset, groups, cases, recipe.budget_s)
        plan, low = plans_of(arguments, recipe, manifest, report)
        _refuse_other_length(arguments.out, plan)
        manifest = replace(manifest, budget_s=plan.budget_s)
        done = train(manifest, arguments.out, on_progress=report, should_stop=should_stop, plan=plan, low=low)
    if is_first():  # of several processes one speaks
        (arguments.out / "report.json").write_text(done.to_json())
        _show(done)


def _all_of(groups: Sequence[Sequence[DatasetCase]]) -> tuple[DatasetCase, ...]:
    """Return the cases of all groups, each once."""
    return tuple({case.id: case for group in groups for case in group}.values())


def _manifest(
    arguments: argparse.Namespace,
    dataset: Dataset,
    groups: Sequence[Sequence[DatasetCase]],
    cases: Sequence[Case],
    budget_s: float,
) -> Manifest:
    by_id = {case.id: case for case in cases}
    train_on, validation, test = (tuple(by_id[case.id] for case in group) for group in groups)
    return Manifest(
        structures=dataset.structures,
        train=train_on,
        test=test,
        parent=arguments.init,
        budget_s=budget_s,
        seed=arguments.seed,
        validation=validation,
        modality=dataset.modality,
    )


def plans_of(
    arguments: argparse.Namespace, recipe: Recipe, manifest: Manifest, on_progress: OnProgress
) -> tuple[Plan, Plan | None]:
    """Return the plan to train by and, where one is wanted, that of the model of low resolution.

    The two share the time; with a number of steps the second is given its share of as many besides.
    """
    share = COARSE_SHARE if arguments.coarse is None else arguments.coarse
    if share >= 1:
        raise TrainingError(f"--coarse takes a share of the time below 1, not {share:g}.")
    plans = {"full": recipe.plan, "low": low_plan_of(arguments.plan)}
    fingerprint: Fingerprint | None = None
    if recipe.plan is None or (arguments.coarse and plans["low"] is None):
        samples = samples_of(manifest.train, on_progress)
        fingerprint = take_fingerprint(samples, manifest.structures, modality=manifest.modality)
    if recipe.plan is None and fingerprint is not None:
        plans = {"low": None, **recipe.planned(fingerprint, manifest.structures, manifest.parent)}
    full, low = plans["full"], plans["low"]
    assert full is not None  # noqa: S101 - it was given or planned
    if low is None and arguments.coarse and fingerprint is not None:
        parent = own_low_plan(manifest.parent)
        low = coarse_plan_for(fingerprint, manifest.structures, full, budget_s=recipe.budget_s, parent=parent)
    if low is None or share == 0:
        return recipe.timed(full), None
    return _shared(recipe, full, low, share)


def own_low_plan(model: Path | None) -> Plan | None:
    """Return the plan of a model's own low resolution, if it has one."""
    if model is None or not (model / OWN_COARSE).is_dir():
        return None
    return open_model(model / OWN_COARSE)[0]


def _shared(recipe: Recipe, full: Plan, low: Plan, share: float) -> tuple[Plan, Plan]:
    """Return both plans with their times."""
    if recipe.steps is not None:
        steps = max(1, round(share * recipe.steps))
        return recipe.timed(full), replace(recipe, steps=steps, budget_s=share * recipe.budget_s).timed(low)
    times = [replace(recipe, budget_s=part * recipe.budget_s) for part in (1 - share, share)]
    return times[0].timed(full), times[1].timed(low)


def _refuse_other_length(out: Path, plan: Plan) -> None:
    """A run goes on with the number of steps it began with, so another time would silently change nothing."""
    try:
        kept = Plan.from_dict(json.loads((out / "plan.json").read_text())["plan"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    lengths = [(p.min_steps, p.max_steps, p.budget_s) for p in (kept, plan)]
    begun = any((out / "checkpoint" / f"{name}.safetensors").is_file() for name in _CHECKPOINTS)
    if begun and lengths[0] != lengths[1]:
        fixed = kept.min_steps == kept.max_steps
        length = f"{kept.max_steps} steps" if fixed else f"{kept.budget_s:g} s"
        raise TrainingError(
            f"{out} holds a run of {length}; ask for the same to go on with it, or choose another folder."
        )


def _split(
    dataset: Dataset, val: str | None
) -> tuple[tuple[DatasetCase, ...], tuple[DatasetCase, ...], tuple[DatasetCase, ...]]:
    """Return the cases to train on, to validate on while training, and to score at the end."""
    if val is None or val == TEST:
        if val == TEST and not dataset.scored_test:
            raise TrainingError(f"{dataset.name} has no test set with delineations to score on.")
        return dataset.cases, (), dataset.scored_test
    try:
        share = float(val)
    except ValueError as error:
        raise TrainingError(
            f"--val is a share of the patients such as 0.2, or the word {TEST}, not {val}."
        ) from error
    cases, validation = held_out(dataset.cases, share, seed=0)
    return cases, validation, dataset.scored_test or validation


def _show(done: Report) -> None:
    if done.scores:
        table = Table("case", "structure", "Dice", "surface Dice")
        for s in done.scores:
            table.add_row(s.case_id, s.structure, shown(s.dice), shown(s.surface_dice))
        show(table)
    for note in done.notes:
        say(note)
    say(f"The model is in {done.model_dir} ({done.steps} steps, {done.train_seconds:.0f} s).")
