"""python -m training predict MODEL IN OUT: delineate images."""

import argparse
import json
from pathlib import Path
from typing import Any

from training.commands.bars import Bars, interruptible, say
from training.dataset import image_files, stem
from training.run import Predictor
from training.volume import Volume, read_nifti, write_nifti


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "predict", description="Delineate every image of IN; label maps go to OUT."
    )
    parser.add_argument("model", type=Path, metavar="MODEL")
    parser.add_argument("images", type=Path, metavar="IN", help="image or folder of images")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Predict and write."""
    predictor = Predictor.load(arguments.model)
    images = [arguments.images] if arguments.images.is_file() else image_files(arguments.images)
    arguments.out.mkdir(parents=True, exist_ok=True)
    layers = len(predictor.plan.layers)
    with interruptible() as should_stop, Bars() as report:
        for path in images:
            volume = read_nifti(path)
            result = predictor.predict(
                volume.voxels, volume.geometry.spacing_mm, on_progress=report, should_stop=should_stop
            )
            for layer, labels in enumerate(result.labels):
                ending = f"-layer{layer}.nii.gz" if layers > 1 else ".nii.gz"
                write_nifti(arguments.out / f"{stem(path)}{ending}", Volume(labels, volume.geometry))
    names = {str(s.value): s.key for s in predictor.structures if s.layer == 0}
    (arguments.out / "labels.json").write_text(json.dumps(names, indent=1))
    say(f"{len(images)} label maps are in {arguments.out}.")
