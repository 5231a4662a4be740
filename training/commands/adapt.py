"""python -m training adapt MODEL DIR --out OUT: fine-tune a model to a new site, measured on both."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from training.commands.arguments import whole_from, words
from training.commands.bars import Bars, interruptible, say, show, shown
from training.commands.data import LAYOUTS, add_data, add_held_out, add_memory, add_time, cache_of, recipe_of
from training.dataset import Dataset, DatasetCase, convert, read_dataset
from training.experiments.adapt import (
    FIRST,
    NEW,
    Options,
    Site,
    Words,
    adaptation,
    as_the_model_draws,
    before_and_after,
    notes_of,
    of_the_first,
    scores_before,
    translated,
    unseen,
)
from training.experiments.folds import held_out, nested_subsets
from training.experiments.trial import run_trial, write_json
from training.labels import layer_values
from training.manifest import Case
from training.model import open_model, read_description
from training.progress import OnProgress, ShouldStop, TrainingError

BUDGET_S = 300.0
_TITLES = {NEW: "New site", FIRST: "First site"}


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "adapt",
        description="Fine-tune MODEL on the cases of another site, and measure it before and after on that "
        "site's test cases and, with --first, on those of the site that it came from: Dice and surface Dice "
        "per structure with paired differences and 95 % intervals. The model keeps its structures. Finished "
        "work lies in OUT and is not repeated. " + LAYOUTS,
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="model folder to start from")
    add_data(parser)
    parser.add_argument(
        "--first", type=Path, metavar="DIR", help="data of the model's own site, to see what it forgets"
    )
    parser.add_argument(
        "--rehearse",
        type=whole_from(1),
        metavar="N",
        help="train on so many cases of the first site as well (none)",
    )
    parser.add_argument(
        "--frozen-encoder", action="store_true", help="leave the weights of the encoder as they are"
    )
    parser.add_argument(
        "--names", type=_pairs, default={}, metavar="A=B,…", help="A of DIR is what the model calls B"
    )
    parser.add_argument(
        "--leave-out", type=words, default=(), metavar="A,B,…", help="structures of DIR to do without"
    )
    add_time(parser, BUDGET_S)
    add_memory(parser)
    add_held_out(parser)
    parser.add_argument("--seed", type=whole_from(0), default=0)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Measure, fine-tune, measure again; print and keep both. Raises TrainingError with one sentence."""
    if arguments.rehearse and arguments.first is None:
        raise TrainingError("--rehearse takes cases of the first site; name its data with --first.")
    out = arguments.out
    with interruptible() as should_stop, Bars() as report:
        sites, modality = _sites(arguments, report, should_stop)
        options = Options(recipe_of(arguments), arguments.seed, arguments.frozen_encoder, modality)
        trial = adaptation(arguments.model, sites, options)
        before = scores_before(
            arguments.model, trial, out / "before.json", on_progress=report, should_stop=should_stop
        )
        done = run_trial(trial, out, on_progress=report, should_stop=should_stop)
    found = before_and_after(sites, before, done.scores)
    notes = notes_of(found, arguments.model)
    content = {
        "model": {"weights_sha256": read_description(arguments.model)["weights_sha256"]},
        "adapted": {"weights_sha256": read_description(done.model_dir)["weights_sha256"], **done.about},
        "steps": done.steps,
        "train_seconds": done.train_seconds,
        "metric_version": done.metric_version,
        "sites": found,
        "notes": notes,
    }
    write_json(out / "adapt.json", content)
    show(*(_table(_TITLES[name], site) for name, site in found.items()))
    for note in notes:
        say(note)
    say(f"The model is in {done.model_dir}; all figures are in {out / 'adapt.json'}.")


def _sites(
    arguments: argparse.Namespace, report: OnProgress, should_stop: ShouldStop
) -> tuple[dict[str, Site], str]:
    """Return both sites with the model's labels, and what the new site's scans are."""
    place = cache_of(arguments)
    dataset = read_dataset(arguments.dir)
    cases, test = dataset.cases, dataset.scored_test
    if not test:
        cases, test = held_out(cases, arguments.val, seed=0)
    own = Words(arguments.names, arguments.leave_out)
    new = [
        _drawn(arguments.model, dataset, group, own, place, report, should_stop) for group in (cases, test)
    ]
    sites = {NEW: Site(*new)}
    if arguments.first is not None:
        sites[FIRST] = _first(arguments, place / FIRST, report, should_stop)
    return sites, dataset.modality


def _first(arguments: argparse.Namespace, place: Path, report: OnProgress, should_stop: ShouldStop) -> Site:
    """Return the cases of the first site to rehearse, and those to measure on: never trained on."""
    dataset = read_dataset(arguments.first)
    test = unseen(dataset.scored_test or dataset.cases, arguments.model)
    if not test:
        raise TrainingError(
            f"The model was trained on every case of {dataset.name} that could be measured on; what it "
            "forgets is seen on others alone."
        )
    ids = {case.id for case in test}
    pool = [case for case in dataset.cases if case.id not in ids]
    wanted = arguments.rehearse or 0
    if wanted > len(pool):
        raise TrainingError(f"{dataset.name} has {len(pool)} cases to rehearse, not {wanted}.")
    rehearsed = nested_subsets(pool, (wanted,), arguments.seed)[wanted] if wanted else ()
    groups = [
        _drawn(arguments.model, dataset, group, Words(), place, report, should_stop)
        for group in (rehearsed, test)
    ]
    return Site(*(tuple(of_the_first(case) for case in group) for group in groups))


def _drawn(
    model: Path,
    dataset: Dataset,
    cases: Any,
    own: Words,
    place: Path,
    report: OnProgress,
    should_stop: ShouldStop,
) -> tuple[Case, ...]:
    """Return cases as training reads them, with the model's structures."""
    group: tuple[DatasetCase, ...] = tuple(cases)
    structures = open_model(model)[1]
    to = translated(dataset.structures, structures, own, dataset.name)
    read = convert(dataset, group, place, on_progress=report, should_stop=should_stop)
    layers = len(layer_values(structures))
    return tuple(as_the_model_draws(case, dataset.structures, to, layers, place / "labels") for case in read)


def _pairs(text: str) -> Mapping[str, str]:
    """Read names written as A=B with commas in between."""
    pairs = [word.partition("=") for word in words(text)]
    if not all(sign and theirs.strip() and ours.strip() for theirs, sign, ours in pairs):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as SpinalCord=spinal_cord")
    return {theirs.strip(): ours.strip() for theirs, _, ours in pairs}


def _table(title: str, site: Mapping[str, Any]) -> Table:
    columns = ("structure", "before", "after", "difference", "95 % interval", "cases", "surface Dice")
    table = Table(*columns, title=f"{title}: Dice on {len(site['test'])} test cases")
    for key, row in site["dice"]["structures"].items():
        table.add_row(key, *_cells(row), _change(site["surface_dice"]["structures"].get(key)))
    overall, surface = site["dice"]["overall"], site["surface_dice"]["overall"]
    table.add_row("mean over structures", *_cells(overall), _change(surface), style="bold")
    return table


def _cells(row: Mapping[str, Any]) -> list[str]:
    if row.get("difference") is None:
        return [shown(row["before"]), shown(row["after"]), "n/a", "n/a", "0"]
    interval = f"{row['low']:+.3f} to {row['high']:+.3f}"
    return [
        shown(row["before"]),
        shown(row["after"]),
        f"{row['difference']:+.3f}",
        interval,
        str(row["cases"]),
    ]


def _change(row: Mapping[str, Any] | None) -> str:
    return "n/a" if row is None else f"{shown(row['before'])} → {shown(row['after'])}"
