"""python -m training crossval DIR --out OUT: which configuration is best, judged on cases it never saw."""

import argparse
from typing import Any

from rich.table import Table

from training.commands.arguments import whole_from, words
from training.commands.bars import Bars, interruptible, say, show, shown
from training.commands.data import (
    AUTO,
    LAYOUTS,
    add_data,
    add_memory,
    add_time,
    cache_of,
    configurations_of,
)
from training.dataset import convert, read_dataset
from training.experiments.crossval import PREDICTIONS, CrossvalOrder, cross_validate


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "crossval",
        description="Train every configuration once per fold (grouped by patient, stratified), predict every "
        "case with the models that did not see it, choose the best configuration or pair of them by mean "
        "Dice, and its post-processing. Finished folds lie in OUT and are not repeated. " + LAYOUTS,
    )
    add_data(parser)
    parser.add_argument(
        "--plans",
        type=words,
        default=(AUTO,),
        metavar="FILE,…",
        help="plan files (all plans of each) or FILE:NAME, or auto: made from all cases (%(default)s)",
    )
    parser.add_argument(
        "--networks",
        type=words,
        default=("plain_unet",),
        metavar="A,B,…",
        help="networks of the automatic plans, name or name:preset (plain_unet)",
    )
    parser.add_argument(
        "--folds", type=whole_from(2), default=5, metavar="N", help="number of folds (%(default)s)"
    )
    parser.add_argument("--seed", type=whole_from(0), default=0)
    parser.add_argument("--no-ensembles", action="store_true", help="leave out pairs of configurations")
    add_time(parser, None)
    add_memory(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing; print and keep the summary."""
    dataset = read_dataset(arguments.dir)
    with interruptible() as should_stop, Bars() as report:
        cases = convert(
            dataset, dataset.cases, cache_of(arguments), on_progress=report, should_stop=should_stop
        )
        recipes = configurations_of(arguments, dataset, cases, report)
        order = CrossvalOrder(recipes, arguments.folds, arguments.seed, not arguments.no_ensembles)
        found = cross_validate(
            dataset, cases, order, arguments.out, on_progress=report, should_stop=should_stop
        )
    _show(found)
    say(f"The best is {found['best']}; its predictions of all cases are in {arguments.out / PREDICTIONS}.")
    kept = ", ".join(found["postprocessing"]) or "nothing"
    say(f"Post-processing keeps the largest component of: {kept}.")
    first, *others = found["models"]
    ensemble = f"{first} IN OUT --models {' '.join(others)}"
    say(f"All its models at once: python -m training predict {ensemble}")


def _show(found: dict[str, Any]) -> None:
    rows = found["configurations"] | {f"{found['best']}, post-processed": found["after_postprocessing"]}
    table = Table("structure", *rows, title="Dice on unseen cases, mean ± SD over cases")
    names = dict.fromkeys(name for row in rows.values() for name in row["structures"])
    for name in names:
        cells = [row["structures"].get(name, {"mean": None, "sd": None}) for row in rows.values()]
        table.add_row(name, *(shown(cell["mean"], cell["sd"]) for cell in cells))
    for title, key in (("all", "dice"), ("all, surface Dice", "surface_dice")):
        table.add_row(title, *(shown(row[key]["mean"], row[key]["sd"]) for row in rows.values()))
    show(table)
