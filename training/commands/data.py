"""The data set, time and output folder that the training commands are given."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.commands.arguments import number_from, whole_from
from training.dataset import Dataset, DatasetCase, convert, read_dataset
from training.experiments.folds import held_out
from training.experiments.trial import Recipe, samples_of
from training.manifest import Case
from training.plan import Plan, configurations, read_plan, read_plans, take_fingerprint
from training.progress import OnProgress, ShouldStop, TrainingError

LAYOUTS = (
    "DIR holds imagesTr, labelsTr and dataset.json (nnU-Net raw), or images, labels and labels.json. "
    "A test set lies in imagesTs and labelsTs, or in test/images and test/labels. dataset.json may say which "
    'structures each case has annotated: "annotated": {"case": ["liver"]}.'
)
AUTO = "auto"


@dataclass(frozen=True)
class Data:
    """A data set split into cases to train on and cases to score on, with both as training reads them."""

    dataset: Dataset
    cases: tuple[DatasetCase, ...]
    train: tuple[Case, ...]
    test: tuple[Case, ...]


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add DIR, --out and --cache."""
    parser.add_argument("dir", type=Path, metavar="DIR", help="the data set")
    parser.add_argument("--out", type=Path, required=True, help="folder for all results")
    parser.add_argument("--cache", type=Path, help="folder for converted scans (OUT/cases)")


def add_time(parser: argparse.ArgumentParser, budget_s: float | None) -> None:
    """Add --budget-s or --steps, one of which may be given."""
    time = parser.add_mutually_exclusive_group()
    default = "the plan's" if budget_s is None else "%(default)s"
    time.add_argument(
        "--budget-s",
        type=number_from(0),
        default=budget_s,
        metavar="SECONDS",
        help=f"time for the training of each run ({default})",
    )
    time.add_argument(
        "--steps", type=whole_from(1), help="train this many steps instead, however long they take"
    )


def add_seeds(parser: argparse.ArgumentParser, default: int) -> None:
    """Add --seeds."""
    parser.add_argument(
        "--seeds", type=whole_from(1), default=default, metavar="N", help="runs of each kind (%(default)s)"
    )


def add_held_out(parser: argparse.ArgumentParser) -> None:
    """Add --val for experiments, which need something to score on."""
    parser.add_argument(
        "--val",
        type=number_from(0),
        default=0.2,
        metavar="SHARE",
        help="share of the patients to score on where DIR has no test set with delineations (%(default)s)",
    )


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Add --plan."""
    parser.add_argument(
        "--plan",
        default=AUTO,
        metavar="PLAN",
        help="plan file for all runs, FILE:NAME of several plans, or auto: each run plans for its own cases",
    )


def add_memory(parser: argparse.ArgumentParser) -> None:
    """Add --memory-gb."""
    parser.add_argument(
        "--memory-gb",
        type=number_from(0),
        help="plan for a graphics card with this memory, not for a processor",
    )


def read_split(arguments: argparse.Namespace, *, on_progress: OnProgress, should_stop: ShouldStop) -> Data:
    """Read DIR; score on its test set, else hold out a share of the patients. Raises one sentence."""
    dataset = read_dataset(arguments.dir)
    cases, test = dataset.cases, dataset.scored_test
    if not test:
        cases, test = held_out(cases, arguments.val, seed=0)
    cache = cache_of(arguments)
    both = convert(dataset, (*cases, *test), cache, on_progress=on_progress, should_stop=should_stop)
    return Data(dataset, cases, both[: len(cases)], both[len(cases) :])


def cache_of(arguments: argparse.Namespace) -> Path:
    """Return the folder for converted scans."""
    folder: Path = arguments.cache or arguments.out / "cases"
    return folder


def recipe_of(arguments: argparse.Namespace, plan: str = AUTO) -> Recipe:
    """Return how runs are planned: by themselves ("auto"), or by a plan file, FILE or FILE:NAME."""
    given = read_named_plan(plan) if plan != AUTO else None
    budget_s = arguments.budget_s
    if budget_s is None:
        budget_s = given.budget_s if given else Recipe.budget_s
    return Recipe(
        budget_s=budget_s,
        steps=arguments.steps,
        plan=given,
        memory_gb=getattr(arguments, "memory_gb", None),
    )


def configurations_of(
    arguments: argparse.Namespace,
    dataset: Dataset,
    cases: Sequence[Case],
    on_progress: OnProgress,
) -> dict[str, Recipe]:
    """Return the recipe of every configuration that --plans and --networks ask for, by its name.

    Automatic plans are made once, from all cases, so that every fold trains by the same plan.
    """
    plans: dict[str, Plan] = {}
    for word in arguments.plans:
        if word != AUTO:
            found = read_plans(Path(word)) if Path(word).is_file() else {"": read_named_plan(word)}
            named = {(name or word.rpartition(":")[2]): plan for name, plan in found.items()}
        else:
            named = _automatic(arguments, dataset, cases, on_progress)
        for name, plan in named.items():
            plans[name if name not in plans else f"{Path(word.partition(':')[0]).stem}-{name}"] = plan
    return {name: _timed(plan, arguments) for name, plan in plans.items()}


def _automatic(
    arguments: argparse.Namespace,
    dataset: Dataset,
    cases: Sequence[Case],
    on_progress: OnProgress,
) -> dict[str, Plan]:
    samples = samples_of(cases, on_progress)
    fingerprint = take_fingerprint(samples, dataset.structures, modality=dataset.modality)
    plans: dict[str, Plan] = {}
    for word in arguments.networks:
        network, _, preset = word.partition(":")
        found = configurations(
            fingerprint,
            dataset.structures,
            budget_s=arguments.budget_s or Recipe.budget_s,
            network=network,
            preset=preset,
            memory_gb=arguments.memory_gb,
        )
        label = word.replace(":", "-")
        plans |= {label if name == "full" else f"{label}-{name}": plan for name, plan in found.items()}
    return plans


def _timed(plan: Plan, arguments: argparse.Namespace) -> Recipe:
    budget_s = plan.budget_s if arguments.budget_s is None else arguments.budget_s
    return Recipe(budget_s=budget_s, steps=arguments.steps, plan=plan)


def low_plan_of(word: str) -> Plan | None:
    """Return the plan low of a file that is named as a whole; None where there is none."""
    path = Path(word)
    return read_plans(path).get("low") if word != AUTO and path.is_file() else None


def read_named_plan(word: str) -> Plan:
    """Read FILE, or the plan called NAME of FILE:NAME. Raises TrainingError with one sentence."""
    path, colon, name = word.rpartition(":")
    if colon and not Path(word).exists():
        return read_plan(Path(path), name)
    if not Path(word).is_file():
        raise TrainingError(f"{word} is neither a plan file nor the word {AUTO}.")
    return read_plan(Path(word))
