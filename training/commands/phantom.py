"""python -m training phantom OUT: synthetic patients to try everything on."""

import argparse
import json
from pathlib import Path
from typing import Any

from training.commands.arguments import whole_from
from training.commands.bars import Bars, say
from training.phantom import STRUCTURES, make_phantom
from training.progress import Progress
from training.volume import Volume, write_nifti


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "phantom",
        description="Write synthetic patients as OUT/images, OUT/labels and OUT/labels.json, and with --test "
        "some more as OUT/test/images and OUT/test/labels.",
    )
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--cases", type=whole_from(1), default=5, metavar="N", help="how many (%(default)s)")
    parser.add_argument("--test", type=whole_from(0), default=0, metavar="N", help="test patients (none)")
    parser.add_argument(
        "--first", type=whole_from(0), default=0, metavar="SEED", help="seed of the first (%(default)s)"
    )
    parser.add_argument(
        "--voxel-mm", type=float, choices=(3.0, 6.0, 12.0), default=3.0, help="size of a voxel (%(default)s)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Write the patients."""
    count = arguments.cases + arguments.test
    edge = arguments.voxel_mm
    shape = round(288 / edge), round(288 / edge), round(192 / edge)
    with Bars() as report:
        for done in range(count):
            report(Progress("phantom", done, count, "Making patients"))
            folder = arguments.out if done < arguments.cases else arguments.out / "test"
            phantom = make_phantom(arguments.first + done, shape=shape, spacing_mm=(edge, edge, edge))
            name = f"phantom-{arguments.first + done:03}.nii.gz"
            for kind, volume in (
                ("images", phantom.image),
                ("labels", Volume(phantom.labels, phantom.geometry)),
            ):
                (folder / kind).mkdir(parents=True, exist_ok=True)
                write_nifti(folder / kind / name, volume)
        report(Progress("phantom", count, count, "Making patients"))
    names = {str(s.value): s.key for s in STRUCTURES}
    (arguments.out / "labels.json").write_text(json.dumps(names, indent=1))
    say(f"{count} synthetic patients are in {arguments.out}.")
