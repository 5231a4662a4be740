"""python -m training export MODEL OUT: one file that other programs run without this one."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.bars import say
from training.export import ABOUT, ENDINGS, TORCHSCRIPT, export
from training.progress import TrainingError


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "export",
        description="Write the network of a model folder as one file. It takes one patch, float32 of shape "
        "(1, 1, i, j, k) in the voxel size and normalisation that the file itself describes "
        f"({ABOUT}), and gives logits (1, channel, i, j, k). The file is read again and must give what the "
        "network gives. The members of an ensemble are averaged in it; the model of low resolution, "
        "MODEL/low, is a folder to be exported by itself.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder of a trained model")
    parser.add_argument("out", type=Path, metavar="OUT", help="the file, or a folder for it")
    parser.add_argument(
        "--to",
        choices=tuple(ENDINGS),
        default=TORCHSCRIPT,
        help="torchscript: for libtorch and every torch; pt2: torch.export's, for torch of this or a newer "
        "version; onnx: for ONNX runtimes, needs extra packages (%(default)s)",
    )
    parser.add_argument(
        "--softmax", action="store_true", help="give shares of each layer's structures instead of logits"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Write and say by how much the file's numbers differ. Raises TrainingError with one sentence."""
    done = export(
        arguments.model,
        _file(arguments.model, arguments.out, arguments.to),
        to=arguments.to,
        softmax=arguments.softmax,
    )
    for note in done.notes:
        say(note)
    megabytes = done.path.stat().st_size / 1e6
    say(
        f"{done.path} ({megabytes:.1f} MB) was read again: for a random patch it differs from the network by "
        f"at most {done.difference:.1g}."
    )


def _file(model: Path, out: Path, to: str) -> Path:
    """Return the file to write; in a folder it has the model's name. Raises TrainingError."""
    ending = ENDINGS[to]
    if out.is_dir() or not out.suffix:
        return out / f"{model.resolve().name}{ending}"
    if out.suffix != ending:
        raise TrainingError(f"A file of {to} ends in {ending}; {out.name} does not.")
    return out
