"""python -m training simulate DIR --strategy a,b --budget N --out OUT: who learns from fewer cases."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from training.acquire import STRATEGIES
from training.commands.arguments import number_from, whole_from, words
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
from training.experiments.simulate import Point, simulate
from training.experiments.simulate_order import CUBE, SLAB, VOLUME, Scene, SimulateOrder
from training.experiments.simulated import figures_of
from training.experiments.trial import write_json


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "simulate",
        description="Replay active learning with the delineations of DIR as the reader: train on a few "
        "cases, let each strategy choose which are read next, train anew, until the budget is read. Compares "
        "strategies by the area under the budget curve. What is finished lies in OUT and is not repeated. "
        + LAYOUTS,
    )
    add_data(parser)
    parser.add_argument(
        "--strategy",
        type=words,
        default=("clasp_pe", "fg_random", "random"),
        metavar="A,B,…",
        help=f"of {', '.join(STRATEGIES)}; the first is what the others are compared with (%(default)s)",
    )
    parser.add_argument(
        "--budget", type=whole_from(2), required=True, metavar="N", help="cases (or parts) read in the end"
    )
    add_seeds(parser, 4)
    parser.add_argument("--start", type=whole_from(1), default=6, metavar="N", help="cases read at first (6)")
    parser.add_argument("--query", type=whole_from(1), default=6, metavar="N", help="read in every loop (6)")
    add_choosing(parser)
    parser.add_argument(
        "--init", type=Path, metavar="MODEL", help="model folder that every training starts from"
    )
    parser.add_argument("--full", action="store_true", help="also train on all cases, for reference")
    parser.add_argument("--keep-models", action="store_true", help="keep the models of finished seeds")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    add_plan(parser)
    add_time(parser, 300.0)
    add_memory(parser)
    add_held_out(parser)
    parser.set_defaults(run=run)


def add_choosing(parser: argparse.ArgumentParser) -> None:
    """Add how items are chosen."""
    parser.add_argument("--cold", default="random", metavar="NAME", help="chooses the first cases (random)")
    parser.add_argument(
        "--control", type=number_from(0), default=0.0, metavar="SHARE", help="of each query, by fg_random (0)"
    )
    parser.add_argument(
        "--unit", choices=(VOLUME, SLAB, CUBE), default=VOLUME, help="what is read of a case (%(default)s)"
    )
    parser.add_argument("--size-mm", type=number_from(1), default=40.0, help="of slabs and cubes (40)")
    parser.add_argument(
        "--members", type=whole_from(1), default=1, metavar="N", help="networks that are asked (1)"
    )
    parser.add_argument(
        "--diversity",
        type=number_from(0),
        default=0.0,
        metavar="SD",
        help="score that a case loses for being like one chosen in the same query (0)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing; print and keep all figures."""
    order = SimulateOrder(
        arguments.strategy,
        arguments.start,
        arguments.query,
        arguments.budget,
        arguments.seeds,
        recipe_of(arguments, arguments.plan),
        cold=arguments.cold,
        control=arguments.control,
        unit=arguments.unit,
        size_mm=arguments.size_mm,
        members=arguments.members,
        diversity=arguments.diversity,
        init=arguments.init,
        full=arguments.full,
    )
    with interruptible() as should_stop, Bars() as report:
        data = read_split(arguments, on_progress=report, should_stop=should_stop)
        scene = Scene(data.dataset.structures, data.train, data.test, data.dataset.modality)
        points = simulate(
            order,
            scene,
            arguments.out,
            on_progress=report,
            should_stop=should_stop,
            keep_models=arguments.keep_models,
        )
    content = content_of(points)
    write_json(arguments.out / "simulate.json", content)
    if arguments.json:
        sys.stdout.write(json.dumps(content, indent=1, default=str) + "\n")
        return
    show_figures(content)
    say(f"All figures are in {arguments.out / 'simulate.json'}.")


def content_of(points: Sequence[Point]) -> dict[str, Any]:
    """Return figures and what they rest on as plain JSON types."""
    return figures_of(points) | {
        "points": [
            {
                "strategy": p.strategy,
                "seed": p.seed,
                "loop": p.loop,
                "items": p.items,
                "foreground": p.foreground,
                "steps": p.result.steps,
                "train_seconds": p.result.train_seconds,
                "picks": [_picked(asdict(pick)) for pick in p.picks],
                "scores": [vars(score) for score in p.result.scores],
            }
            for p in points
        ]
    }


def show_figures(content: dict[str, Any]) -> None:
    """Print the tables."""
    show(_loops(content["rows"]), _strategies(content))
    penalties = content["penalties"]
    if penalties is None:
        say("Who beats whom cannot be tested with a single seed or strategy; ask for more --seeds.")
    else:
        show(_penalties(penalties))
    if content["full"]["mean"] is not None:
        say(f"Trained on all cases, Dice is {shown(content['full']['mean'], content['full']['sd'])}.")


def _picked(pick: dict[str, Any]) -> dict[str, Any]:
    box = pick["box"]
    return pick | {"box": None if box is None else [[side.start, side.stop] for side in box]}


def _loops(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(
        "strategy", "read", "foreground voxels", "Dice", "surface Dice", title="mean ± SD over seeds"
    )
    for row in rows:
        dice, surface = row["dice"], row["surface_dice"]
        table.add_row(
            row["strategy"],
            str(row["items"]),
            f"{row['foreground']:,.0f}",
            shown(dice["mean"], dice["sd"]),
            shown(surface["mean"], surface["sd"]),
        )
    return table


def _strategies(content: dict[str, Any]) -> Table:
    first = content["strategies"][0]["strategy"]
    table = Table(
        "strategy",
        "AUBC (95 %)",
        f"against {first} (95 %)",
        "final Dice",
        "FG-Eff per million voxels",
        title="over the whole budget",
    )
    for row in content["strategies"]:
        fit = row["fg_efficiency"]
        table.add_row(
            row["strategy"],
            _interval(row["aubc"]),
            _interval(content["against"].get(row["strategy"]), signed=True),
            shown(row["final"]["mean"], row["final"]["sd"]),
            "n/a" if fit is None else f"{fit['b_per_million']:.3g}",
        )
    return table


def _penalties(penalties: dict[str, dict[str, float]]) -> Table:
    names = list(penalties)
    table = Table("beats →", *names, title="share of the loops in which the row is significantly better")
    for name in names:
        cells = ["" if other == name else f"{penalties[name][other]:.2f}" for other in names]
        table.add_row(name, *cells)
    return table


def _interval(found: dict[str, float] | None, *, signed: bool = False) -> str:
    if found is None:
        return "" if signed else "n/a"
    sign = "+" if signed else ""
    return f"{found['mean']:{sign}.3f} ({found['low']:{sign}.3f} to {found['high']:{sign}.3f})"
