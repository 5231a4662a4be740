"""python -m training fingerprint DIR: what the scans of a data set are like."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from training.commands.bars import Bars, interruptible, say
from training.dataset import CT, Dataset, read_case, read_dataset
from training.plan import Fingerprint, Sample, take_fingerprint
from training.progress import Cancelled, OnProgress, Progress, ShouldStop, TrainingError


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "fingerprint",
        description="Look at every training scan of DIR once and write what a plan is made from: sizes "
        "without the empty border, voxel sizes, HU within structures, and how much is drawn of each. DIR is "
        "in nnU-Net's raw layout, or holds images, labels and labels.json.",
    )
    parser.add_argument("dir", type=Path, metavar="DIR", help="the data set")
    parser.add_argument(
        "--out", type=Path, default=Path("fingerprint.json"), metavar="FILE", help="(%(default)s)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Take the fingerprint, show it and write it."""
    dataset = read_dataset(arguments.dir, fewest=1)
    found = fingerprint_of(dataset)
    show(found, dataset)
    write(arguments.out, found.to_json())


def fingerprint_of(dataset: Dataset) -> Fingerprint:
    """Look at all training cases, with a bar. Raises TrainingError and its like with one sentence."""
    with interruptible() as should_stop, Bars() as report:
        return take_fingerprint(
            _samples(dataset, report, should_stop), dataset.structures, modality=dataset.modality
        )


def show(found: Fingerprint, dataset: Dataset) -> None:
    """Print a fingerprint for people."""
    hu = found.intensities
    about = Table(show_header=False, box=None)
    about.add_row("scans", str(len(found.shapes)))
    about.add_row("voxel, mm", _spread(found.spacings_mm, 3))
    about.add_row("shape", _spread(found.shapes, 0))
    about.add_row("kept by the box", f"{found.relative_size:.0%} of a scan (median)")
    about.add_row(
        f"{'HU' if found.modality == CT else found.modality} of structures",
        f"{hu.lower:g} to {hu.upper:g} (0.5 and 99.5 %), mean {hu.mean:.1f}, sd {hu.std:.1f}",
    )
    table = Table("structure", "value", "annotated in", "of its voxels")
    shares = dict(zip((s.value for s in dataset.structures), found.shares[0][1:], strict=True))
    for s in dataset.structures:
        cases = sum(s.key in case.annotated for case in dataset.cases)
        table.add_row(s.name, str(s.value), f"{cases} of {len(dataset.cases)}", f"{shares[s.value]:.3%}")
    Console().print(about, table)


def write(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all, and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.replace(path)
    say(f"Written to {path}.")


def _samples(dataset: Dataset, report: OnProgress, should_stop: ShouldStop) -> Iterator[Sample]:
    """Read the training cases one after the other; no more than one is held."""
    for done, case in enumerate(dataset.cases):
        if should_stop():
            raise Cancelled
        report(Progress("read", done, len(dataset.cases), "Looking at the scans"))
        image, labels = read_case(dataset, case)
        if labels is None:
            raise TrainingError(f"{case.image.name} has no label map; a fingerprint needs one.")
        yield Sample(image.voxels, labels, image.geometry.spacing_mm, frozenset(case.annotated))
    report(Progress("read", len(dataset.cases), len(dataset.cases), "Looking at the scans"))


def _spread(rows: Sequence[Sequence[float]], digits: int) -> str:
    """Return median, least and most along each axis."""
    values = np.asarray(rows, float)
    median, low, high = np.median(values, axis=0), values.min(axis=0), values.max(axis=0)

    def shown(numbers: Any) -> str:
        return " × ".join(f"{round(float(n), digits):g}" for n in numbers)

    return f"{shown(median)} (median; from {shown(low)} to {shown(high)})"
