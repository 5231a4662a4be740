"""What cases, partial labels and sparse labels are worth on real head-and-neck scans, as one command.

    python -m bench.learning OUT.jsonl [--only curve,partial,sparse,forgotten] [--budgets 300,900]

Every finished run is one line of OUT.jsonl and is not done again; a run that was stopped goes on from its
checkpoint. `--label` tells versions of a recipe apart, `--plan` trains all runs by a plan file, `--against`
compares every kind of run with one of them. `--fixed-steps N` trains N steps however long they take, by the
plan for the first of `--budgets`, so that a busy machine changes nothing but the time. The last thing printed
is the summary (`--summary`: that alone).

- curve: 6, 12, 24 and 48 cases, nested subsets, three seeds.
- partial: all 48 cases with the marginal loss (the 48-case runs of `curve`), the same cases with what was not
  drawn taken for absent, and only the cases in which everything was drawn.
- sparse: three annotated slices along each axis of each case, against the 48-case runs of `curve`.
- forgotten: partial labels made harder: only three of the seven organs of each case are known.
"""

import argparse
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from rich.table import Table

from bench.finished import Line, append_line, by_kind, difference, mean_scores, read_lines
from bench.openkbp import read_openkbp
from training.commands.arguments import sizes, whole_from, words
from training.commands.bars import Bars, interruptible, say, show, shown
from training.commands.data import AUTO, read_named_plan
from training.compare import compare
from training.curve import FEWEST_SIZES, CurveRun, learning_curves
from training.dataset import Dataset, convert
from training.experiments.figures import case_spread, spread, structure_means
from training.experiments.folds import nested_subsets
from training.experiments.partial_labels import BACKGROUND, COMPLETE, MARGINAL, forget, partial_arms
from training.experiments.sparse_labels import sparse_cases
from training.experiments.trial import Recipe, Result, Trial, run_trial
from training.manifest import Case, Manifest
from training.progress import Cancelled, OnProgress, Progress, ShouldStop, TrainingError
from training.volume import VolumeError

EXPERIMENTS = ("curve", "partial", "sparse", "forgotten")
BARS = {300: 0.705, 900: 0.724}
"""Mean Dice of an untuned MONAI DynUNet on all 48 cases after so many seconds on two such cores."""
SLICES_PER_AXIS, ORGANS_KEPT = 3, 3


@dataclass(frozen=True)
class Kind:
    """A kind of run: the same but for the seed."""

    experiment: str
    arm: str
    time: str

    @property
    def name(self) -> str:
        """How lines and tables call it: curve-48-300s."""
        return f"{self.experiment}-{self.arm}-{self.time}"


@dataclass(frozen=True)
class Bench:
    """The scans as training reads them, and where runs in progress lie."""

    dataset: Dataset
    train: tuple[Case, ...]
    test: tuple[Case, ...]
    folder: Path

    def cases_of(self, kind: Kind, seed: int) -> tuple[Case, ...]:
        """Return what a run is trained on."""
        structures = self.dataset.structures
        if kind.experiment == "curve":
            size = int(kind.arm)
            chosen = nested_subsets(self.dataset.cases, [size], seed)[size]
            by_id = {case.id: case for case in self.train}
            return tuple(by_id[case.id] for case in chosen)
        if kind.experiment == "sparse":
            return sparse_cases(self.train, SLICES_PER_AXIS, self.folder / "sparse")
        if kind.experiment == "partial":
            return partial_arms(self.train, structures)[kind.arm]
        known = forget(self.train, structures, ORGANS_KEPT, seed, self.folder / f"forgotten{seed}")
        return partial_arms(known, structures)[kind.arm]


def main(given: list[str] | None = None) -> int:
    """Run what is missing and print the summary; 2 for bad input, 130 when stopped."""
    arguments = _parser().parse_args(given)
    try:
        if not arguments.summary:
            _run(arguments)
        _summarise(read_lines(arguments.out), arguments.against)
    except (TrainingError, VolumeError) as error:
        say(str(error), error=True)
        return 2
    except Cancelled:
        say("Stopped. The same command goes on from here.", error=True)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.learning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, metavar="OUT.jsonl", help="one line for every finished run")
    parser.add_argument("--data", type=Path, help="folder of the scans")
    parser.add_argument("--only", type=words, default=EXPERIMENTS[:3], help="experiments, with commas")
    parser.add_argument("--sizes", type=sizes, default=(6, 12, 24, 48), help="cases of curve")
    parser.add_argument("--seeds", type=whole_from(1), default=3, metavar="N")
    parser.add_argument("--first-seed", type=whole_from(0), default=0, metavar="SEED")
    parser.add_argument("--budgets", type=sizes, default=(300, 900), help="seconds; curve runs all of them")
    parser.add_argument("--fixed-steps", type=whole_from(1), metavar="N", help="steps, not seconds")
    parser.add_argument("--plan", default=AUTO, help="plan file for every run (auto: each plans for itself)")
    parser.add_argument("--network", default="plain_unet", help="network of automatic plans")
    parser.add_argument("--label", default="", help="name of this version of the recipe")
    parser.add_argument("--against", default="", metavar="KIND", help="compare with it: label/curve-48-300s")
    parser.add_argument("--keep-models", action="store_true")
    parser.add_argument("--summary", action="store_true", help="run nothing, only print the summary")
    return parser


def _run(arguments: argparse.Namespace) -> None:
    unknown = [name for name in arguments.only if name not in EXPERIMENTS]
    if unknown:
        raise TrainingError(f"There is no experiment {unknown[0]}; known are {', '.join(EXPERIMENTS)}.")
    done = {line["key"]: line["recipe"] for line in read_lines(arguments.out)}
    wanted = [
        (kind, seed)
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds)
        for kind in _kinds(arguments)
    ]
    recipe = _recipe(arguments)
    with interruptible() as should_stop, Bars() as report:
        bench = _bench(arguments, report, should_stop)
        for index, (kind, seed) in enumerate(wanted):
            key = _key(arguments.label, kind, seed)
            report(Progress("runs", index, len(wanted), f"Run {index + 1} of {len(wanted)}: {key}"))
            if done.get(key, recipe) != recipe:
                raise TrainingError(f"{arguments.out} holds {key} by another recipe; give another --label.")
            if key not in done:
                _run_one(arguments, bench, kind, seed, report, should_stop)
        report(Progress("runs", len(wanted), len(wanted), f"All {len(wanted)} runs are finished"))


def _bench(arguments: argparse.Namespace, on_progress: OnProgress, should_stop: ShouldStop) -> Bench:
    dataset = read_openkbp(arguments.data)
    folder = arguments.out.parent / f"{arguments.out.stem}-runs"
    cases = convert(
        dataset,
        (*dataset.cases, *dataset.test),
        folder / "cases",
        on_progress=on_progress,
        should_stop=should_stop,
    )
    return Bench(dataset, cases[: len(dataset.cases)], cases[len(dataset.cases) :], folder)


def _kinds(arguments: argparse.Namespace) -> list[Kind]:
    """Return what to run, each once: the 48-case runs of curve serve the other experiments, too."""
    times = [f"{s}s" for s in arguments.budgets]
    if arguments.fixed_steps:
        times = [f"{arguments.fixed_steps}steps"]
    everything = Kind("curve", "48", times[0])
    makers: dict[str, Callable[[], list[Kind]]] = {
        "curve": lambda: [Kind("curve", str(n), time) for time in times for n in arguments.sizes],
        "partial": lambda: [everything, *(Kind("partial", a, times[0]) for a in (BACKGROUND, COMPLETE))],
        "sparse": lambda: [everything, Kind("sparse", str(SLICES_PER_AXIS), times[0])],
        "forgotten": lambda: [
            everything,
            *(Kind("forgotten", arm, times[0]) for arm in (MARGINAL, BACKGROUND)),
        ],
    }
    return list(dict.fromkeys(kind for name in arguments.only for kind in makers[name]()))


def _run_one(
    arguments: argparse.Namespace,
    bench: Bench,
    kind: Kind,
    seed: int,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> None:
    """Train, score, append the line, and remove what the run left behind."""
    steps = arguments.fixed_steps
    budget_s = float(kind.time.removesuffix("s") if steps is None else arguments.budgets[0])
    plan = None if arguments.plan == AUTO else read_named_plan(arguments.plan)
    recipe = Recipe(budget_s=budget_s, steps=steps, network=arguments.network, plan=plan)
    manifest = Manifest(
        bench.dataset.structures, bench.cases_of(kind, seed), bench.test, None, budget_s, seed
    )
    key = _key(arguments.label, kind, seed)
    trial = Trial(key.replace("/", "-"), {"kind": kind.name, "seed": seed}, manifest, recipe)
    load = os.getloadavg()[0]
    result = run_trial(trial, bench.folder, on_progress=on_progress, should_stop=should_stop)
    line = {
        "key": key,
        "label": arguments.label,
        "experiment": kind.experiment,
        "arm": kind.arm,
        "time": kind.time,
        "seed": seed,
        "recipe": _recipe(arguments),
        "cases": len(manifest.train),
        "load": [load, os.getloadavg()[0]],
    } | _figures(result)
    append_line(arguments.out, line)
    if not arguments.keep_models:
        shutil.rmtree(bench.folder / trial.name)


def _figures(result: Result) -> dict[str, Any]:
    return {
        "dice": case_spread(result.dice)["mean"],
        "surface_dice": case_spread(result.surface_dice)["mean"],
        "organs": structure_means(result.dice),
        "surface_organs": structure_means(result.surface_dice),
        "steps": result.steps,
        "seconds": result.train_seconds,
        "kvoxels_per_s": result.kvoxels_per_s,
        "metric_version": result.metric_version,
        "scores": [[s.case_id, s.structure, s.dice, s.surface_dice] for s in result.scores],
    }


def _recipe(arguments: argparse.Namespace) -> str:
    """Return what tells recipes apart: the network, or a digest of the plan."""
    if arguments.plan == AUTO:
        return f"auto {arguments.network}"
    return hashlib.sha256(read_named_plan(arguments.plan).to_json().encode()).hexdigest()[:16]


def _key(label: str, kind: Kind, seed: int) -> str:
    return "/".join(part for part in (label, kind.name, f"seed{seed}") if part)


def _summarise(lines: Sequence[Line], against: str) -> None:
    if not lines:
        say("No run is finished yet.")
        return
    groups = by_kind(lines)
    show(_overview(groups), _organs(groups))
    for first, second in _pairs(groups, against):
        say(_difference(groups, first, second))
    _curves(groups)


def _overview(groups: dict[str, list[Line]]) -> Table:
    table = Table(
        "runs of",
        "n",
        "Dice",
        "95 % (cases)",
        "surface Dice 3 mm",
        "steps",
        "s",
        "kvoxel/s",
        "bar",
        title=_TITLE,
    )
    for name, lines in groups.items():
        dice, surface = (spread([line[key] for line in lines]) for key in ("dice", "surface_dice"))
        own = mean_scores(lines)
        interval = compare(own, dict.fromkeys(own, 0.0)).overall
        bar = _bar(lines[0])
        table.add_row(
            name,
            str(len(lines)),
            shown(dice["mean"], dice["sd"]),
            "" if interval is None else f"{interval.low:.3f}-{interval.high:.3f}",
            shown(surface["mean"], surface["sd"]),
            *(f"{mean(line[key] for line in lines):.0f}" for key in ("steps", "seconds", "kvoxels_per_s")),
            "" if bar is None else f"{bar:.3f}",
        )
    return table


_TITLE = "12 validation cases, mean ± SD over seeds"


def _bar(line: Line) -> float | None:
    seconds = line["time"].removesuffix("s")
    if line["experiment"] != "curve" or line["arm"] != "48" or not seconds.isdigit():
        return None
    return BARS.get(int(seconds))


def _organs(groups: dict[str, list[Line]]) -> Table:
    names = sorted({organ for lines in groups.values() for line in lines for organ in line["organs"]})
    table = Table("runs of", *names, title="Dice per organ (surface Dice at 3 mm)")
    for name, lines in groups.items():
        cells = []
        for organ in names:
            dice = [line["organs"][organ] for line in lines if organ in line["organs"]]
            surface = [line["surface_organs"][organ] for line in lines if organ in line["surface_organs"]]
            cells.append(f"{mean(dice):.3f} ({mean(surface):.3f})" if dice and surface else "n/a")
        table.add_row(name, *cells)
    return table


def _pairs(groups: dict[str, list[Line]], against: str) -> list[tuple[str, str]]:
    """Return which groups to compare: with the one asked for, else what the experiments are about."""
    if against:
        if against not in groups:
            raise TrainingError(f"No finished run is called {against}; there are {', '.join(groups)}.")
        return [(name, against) for name in groups if name != against]
    pairs = []
    for name in groups:
        prefix, _, kind = name.rpartition("/")
        experiment, arm, time = kind.rsplit("-", 2)
        base = Kind("curve", "48", time).name
        if experiment == "forgotten" and arm == BACKGROUND:
            base = Kind("forgotten", MARGINAL, time).name
        other = f"{prefix}/{base}" if prefix else base
        if experiment != "curve" and other in groups and other != name:
            pairs.append((other, name))
    return pairs


def _difference(groups: dict[str, list[Line]], first: str, second: str) -> str:
    """Compare two kinds of runs, by the seeds that both have."""
    seeds = {line["seed"] for line in groups[first]} & {line["seed"] for line in groups[second]}
    ours, theirs = (
        [line for line in groups[name] if line["seed"] in seeds or not seeds] for name in (first, second)
    )
    return difference((first, second), (ours, theirs), f"mean of {len(seeds)} common seeds")


def _curves(groups: dict[str, list[Line]]) -> None:
    """Print the learning curve of every recipe and time that has enough sizes."""
    found: dict[tuple[str, str], list[CurveRun]] = {}
    for lines in groups.values():
        for line in lines:
            if line["experiment"] == "curve":
                scores = {(case, organ): dice for case, organ, dice, _ in line["scores"]}
                run = CurveRun(int(line["arm"]), line["seed"], scores)
                found.setdefault((line["label"], line["time"]), []).append(run)
    for (label, time), runs in found.items():
        if len({run.size for run in runs}) < FEWEST_SIZES:
            continue
        curves = learning_curves(runs)
        for name, curve in {"all organs": curves.overall, **curves.structures}.items():
            low, high = curve.band(96)
            say(
                f"{label} {time} {name}: Dice(n) = {curve.c:.3f} - {curve.a:.3f} n^-{curve.b:.2f}; "
                f"96 cases: {curve(96):.3f} ({low:.3f} to {high:.3f})".strip()
            )


if __name__ == "__main__":
    sys.exit(main())
