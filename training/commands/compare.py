"""python -m training compare DIR --networks a,b,c --out OUT: which network is better, and is that chance."""

import argparse
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from training.commands.arguments import words
from training.commands.bars import Bars, interruptible, say, show, shown
from training.commands.data import (
    LAYOUTS,
    add_data,
    add_held_out,
    add_memory,
    add_seeds,
    add_time,
    read_split,
    recipe_of,
)
from training.experiments.compare_networks import comparison, network_recipe, network_trials
from training.experiments.trial import run_trials, write_json


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compare",
        description="Train several networks on the same cases for the same time (or --steps), score them on "
        "the same test cases: mean ± SD per structure, mean ranks, and paired tests (Wilcoxon, corrected by "
        "Holm, and the paired bootstrap). Finished runs lie in OUT and are not repeated. " + LAYOUTS,
    )
    add_data(parser)
    parser.add_argument(
        "--networks", type=words, required=True, metavar="A,B,…", help="names, or name:preset (resenc_unet:m)"
    )
    add_seeds(parser, 1)
    add_time(parser, 300.0)
    add_memory(parser)
    add_held_out(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing; print and keep the comparison."""
    common = recipe_of(arguments)
    recipes = {word: network_recipe(word, common) for word in arguments.networks}
    with interruptible() as should_stop, Bars() as report:
        data = read_split(arguments, on_progress=report, should_stop=should_stop)
        trials = network_trials(
            recipes, arguments.seeds, data.dataset.structures, data.train, data.test, data.dataset.modality
        )
        results = run_trials(trials, arguments.out / "runs", on_progress=report, should_stop=should_stop)
    found = comparison(results)
    write_json(
        arguments.out / "compare.json",
        found
        | {
            "metric_version": results[0].metric_version,
            "train": [case.id for case in data.train],
            "test": [case.id for case in data.test],
        },
    )
    show(_networks(found["networks"]), _structures(found["networks"]), _pairs(found["pairs"]))
    if len(data.test) < 6:
        say(f"With {len(data.test)} test cases no Wilcoxon test can reach p < 0.05.")
    say(f"All figures are in {arguments.out / 'compare.json'}.")


def _networks(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(
        "network", "Dice", "surface Dice", "mean rank", "steps", "s", "kvoxel/s", title="mean ± SD over cases"
    )
    for row in rows:
        table.add_row(
            row["network"],
            shown(row["dice"]["mean"], row["dice"]["sd"]),
            shown(row["surface_dice"]["mean"], row["surface_dice"]["sd"]),
            "n/a" if row["rank"] is None else f"{row['rank']:.2f}",
            f"{row['steps']:.0f}",
            f"{row['train_seconds']:.0f}",
            f"{row['kvoxels_per_s']:.0f}",
        )
    return table


def _structures(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table("structure", *(row["network"] for row in rows), title="Dice, mean ± SD over cases")
    for name in dict.fromkeys(name for row in rows for name in row["structures"]):
        cells = [row["structures"].get(name, {"mean": None, "sd": None}) for row in rows]
        table.add_row(name, *(shown(cell["mean"], cell["sd"]) for cell in cells))
    return table


def _pairs(pairs: Sequence[dict[str, Any]]) -> Table:
    table = Table(
        "pair", "difference", "95 % interval", "p (Wilcoxon)", "p (Holm)", title="paired over cases"
    )
    for pair in pairs:
        difference = pair["difference"]
        table.add_row(
            f"{pair['first']} - {pair['second']}",
            "n/a" if difference is None else f"{difference['mean']:+.3f}",
            "n/a" if difference is None else f"{difference['low']:+.3f} to {difference['high']:+.3f}",
            *("n/a" if pair[key] is None else f"{pair[key]:.3g}" for key in ("p", "p_holm")),
        )
    return table
