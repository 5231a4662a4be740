"""python -m training curve DIR --sizes 6,12,24,48 --seeds 3 --out OUT: what more cases would buy."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from training.commands.arguments import number_from, sizes
from training.commands.bars import Bars, interruptible, say, show, shown
from training.commands.data import (
    LAYOUTS,
    add_data,
    add_held_out,
    add_memory,
    add_plan,
    add_seeds,
    add_time,
    read_split,
    recipe_of,
)
from training.curve import FEWEST_SIZES, LearningCurves, check_target
from training.experiments.curve_runs import CurveOrder, curve_rows, curve_trials, curves_of, gains_of
from training.experiments.trial import Result, run_trials, write_json


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "curve",
        description="Train on nested subsets of the cases, several times each, score all on one test set, "
        "fit Dice = c - a n^-b and forecast. With --init every subset is trained from scratch and from "
        "that model. "
        "Finished runs lie in OUT and are not repeated. " + LAYOUTS,
    )
    add_data(parser)
    parser.add_argument(
        "--sizes", type=sizes, required=True, metavar="N,N,…", help="numbers of training cases"
    )
    add_seeds(parser, 3)
    parser.add_argument("--init", type=Path, metavar="MODEL", help="model folder for a second arm")
    parser.add_argument("--only-init", action="store_true", help="leave out the runs from scratch")
    parser.add_argument(
        "--target",
        type=number_from(0),
        action="append",
        default=[],
        metavar="DICE",
        help="forecast how many cases reach this mean Dice; may be given several times",
    )
    add_plan(parser)
    add_time(parser, 300.0)
    add_memory(parser)
    add_held_out(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing; print and keep rows, curves and forecasts."""
    for target in arguments.target:
        check_target(target)
    recipe = recipe_of(arguments, arguments.plan)
    order = CurveOrder(
        arguments.sizes, arguments.seeds, recipe, arguments.init, scratch=not arguments.only_init
    )
    with interruptible() as should_stop, Bars() as report:
        data = read_split(arguments, on_progress=report, should_stop=should_stop)
        trials = curve_trials(
            order, data.dataset.structures, data.cases, data.train, data.test, data.dataset.modality
        )
        results = run_trials(trials, arguments.out / "runs", on_progress=report, should_stop=should_stop)
    curves = curves_of(results)
    rows = curve_rows(results)
    targets = arguments.target or _next_targets(rows)
    write_json(arguments.out / "curve.json", _content(results, rows, curves, targets))
    show(_size_table(rows), _structure_table(rows))
    for arm in dict.fromkeys(row["arm"] for row in rows):
        _show_curve(arm, curves.get(arm), targets)
    for gain in gains_of(results):
        say(str(gain))
    say(f"All figures are in {arguments.out / 'curve.json'}.")


def _content(
    results: Sequence[Result],
    rows: list[dict[str, Any]],
    curves: dict[str, LearningCurves],
    targets: Sequence[float],
) -> dict[str, Any]:
    return {
        "metric_version": results[0].metric_version,
        "rows": rows,
        "gains": [asdict(gain) for gain in gains_of(results)],
        "curves": {
            arm: {
                "overall": found.overall.to_dict(targets),
                "structures": {name: curve.to_dict(targets) for name, curve in found.structures.items()},
                "refused": dict(found.refused),
            }
            for arm, found in curves.items()
        },
        "runs": [
            {
                **result.about,
                "steps": result.steps,
                "train_seconds": result.train_seconds,
                "kvoxels_per_s": result.kvoxels_per_s,
                "scores": [vars(score) for score in result.scores],
            }
            for result in results
        ],
    }


def _next_targets(rows: Sequence[dict[str, Any]]) -> list[float]:
    """Return the next two multiples of 0.05 above the best mean, short of 1."""
    best = max((row["dice"]["mean"] or 0.0 for row in rows), default=0.0)
    first = math.floor(best / 0.05 + 1e-9) + 1
    return [round(0.05 * step, 2) for step in (first, first + 1) if step < 20]


def _size_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table("start", "cases", "runs", "Dice", "surface Dice", "steps", title="mean ± SD over runs")
    for row in rows:
        dice, surface = row["dice"], row["surface_dice"]
        table.add_row(
            row["arm"],
            str(row["size"]),
            str(row["runs"]),
            shown(dice["mean"], dice["sd"]),
            shown(surface["mean"], surface["sd"]),
            f"{row['steps']:.0f}",
        )
    return table


def _structure_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(
        "structure", *(f"{row['arm']} {row['size']}" for row in rows), title="Dice by number of cases"
    )
    for name in dict.fromkeys(name for row in rows for name in row["structures"]):
        cells = [row["structures"].get(name, {"mean": None, "sd": None}) for row in rows]
        table.add_row(name, *(shown(cell["mean"], cell["sd"]) for cell in cells))
    return table


def _show_curve(arm: str, curves: LearningCurves | None, targets: Sequence[float]) -> None:
    if curves is None:
        say(f"No curve is drawn through fewer than {FEWEST_SIZES} sizes, so nothing is forecast ({arm}).")
        return
    curve = curves.overall
    largest = max(curve.sizes)
    if curve.a < 1e-9:
        say(f"{arm}: Dice does not grow with the number of cases; it stays at {curve.c:.3f}.")
        return
    low, high = curve.band(2 * largest)
    say(
        f"{arm}: Dice(n) = {curve.c:.3f} - {curve.a:.3f} n^-{curve.b:.2f}; with {2 * largest} cases "
        f"{curve(2 * largest):.3f} (95 % interval {low:.3f} to {high:.3f})."
    )
    for target in targets:
        say(f"{arm}: {curve.forecast(target)}")
