"""python -m training work MANIFEST --out OUT: train for a worker, which reads how it goes as JSON lines."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.commands.together import is_first
from training.manifest import Manifest
from training.progress import AbandonedError, EpochReport, Progress, ShouldStop, TrainingError
from training.run import train


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "work",
        description="Train by a manifest that a worker wrote, alone or as one of the processes that torchrun "
        "started. What happens is told on standard output, one JSON object a line.",
    )
    parser.add_argument("manifest", type=Path, metavar="MANIFEST", help="the order, as JSON")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint and model")
    parser.add_argument("--stop", type=Path, metavar="FILE", help="stop as soon as this file is there")
    parser.add_argument("--parent", type=int, metavar="PID", help="stop when this process is gone")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Train and tell. Raises TrainingError and its like with one sentence."""
    try:
        manifest = Manifest.from_json(arguments.manifest.read_text())
        report = train(
            manifest,
            arguments.out,
            on_progress=_tell_progress,
            should_stop=_stopping(arguments.stop, arguments.parent),
            on_epoch=_tell_epoch,
            on_note=lambda note: _tell("note", note),
        )
    except TrainingError as error:
        if not isinstance(error, AbandonedError):
            _tell("refused", str(error))
        raise
    except ValueError as error:
        raise TrainingError(str(error)) from error
    if is_first():
        _tell("report", json.loads(report.to_json()))


def _stopping(stop: Path | None, parent: int | None) -> ShouldStop:
    return lambda: (stop is not None and stop.exists()) or (parent is not None and not _lives(parent))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _tell_progress(progress: Progress) -> None:
    _tell("progress", {**asdict(progress), "values": dict(progress.values)})


def _tell_epoch(epoch: EpochReport) -> None:
    _tell("epoch", {**asdict(epoch), "dice": dict(epoch.dice)})


def _tell(kind: str, content: object) -> None:
    sys.stdout.write(json.dumps({kind: content}) + "\n")
    sys.stdout.flush()
