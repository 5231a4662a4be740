"""python -m training predict MODEL IN OUT: delineate images."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.commands.arguments import number_from
from training.commands.bars import Bars, interruptible, say
from training.dataset import image_files, stem
from training.labels import StructureSpec
from training.predict.locate import MARGIN_MM
from training.predict.predictor import own_coarse
from training.progress import TrainingError
from training.run import PredictionResult, PredictOptions, Predictor
from training.volume import Geometry, Volume, read_nifti, write_nifti

_ENTROPY, _UNCERTAINTY = "entropy", "uncertainty.json"


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "predict",
        description="Delineate every image of IN. Label maps of the same names go to OUT, with labels.json "
        "(which value is which structure) and uncertainty.json (0 sure, 1 at a loss).",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder of a trained model")
    parser.add_argument("images", type=Path, metavar="IN", help="image (.nii, .nii.gz) or folder of images")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the label maps")
    parser.add_argument(
        "--models", type=Path, nargs="+", default=[], metavar="MODEL", help="further members of an ensemble"
    )
    parser.add_argument("--tta", action="store_true", help="average over the mirrorings the plan allows")
    parser.add_argument(
        "--coarse",
        type=Path,
        nargs="?",
        const=Path(),
        metavar="MODEL",
        help="first find the structures with a coarse model, then look there only; "
        "without MODEL it is the low-resolution model inside the model's own folder",
    )
    parser.add_argument(
        "--margin-mm",
        type=number_from(0.0),
        default=MARGIN_MM,
        metavar="MM",
        help="kept about what --coarse finds (default: %(default)g)",
    )
    parser.add_argument("--entropy", action="store_true", help=f"write maps of entropy to OUT/{_ENTROPY}")
    parser.add_argument("--no-postprocessing", action="store_true", help="keep every component")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda or cuda:1 (default: the fastest)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Predict and write. Raises TrainingError and its like with one sentence."""
    images = [arguments.images] if arguments.images.is_file() else image_files(arguments.images)
    predictor = Predictor.load_many([arguments.model, *arguments.models], arguments.device)
    options = _options(arguments)
    if options.tta and not any(member.plan.mirror_axes for member in predictor.members):
        say("This model tells left from right, so there is no mirroring to average over.")
    for folder in (arguments.out, arguments.out / _ENTROPY if options.entropy else arguments.out):
        folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, Any]] = {}
    hu = any(member.plan.normalisation.reads_hu for member in predictor.members)
    with interruptible() as should_stop, Bars() as report:
        for path in images:
            volume = read_nifti(path, hu=hu)
            result = predictor.predict(
                volume.voxels,
                volume.geometry.spacing_mm,
                on_progress=report,
                should_stop=should_stop,
                options=options,
            )
            _write(arguments.out, stem(path), volume.geometry, result)
            found[stem(path)] = _uncertainty(result)
    _write_names(arguments.out, predictor.structures)
    (arguments.out / _UNCERTAINTY).write_text(json.dumps(found, indent=1))
    say(f"{len(images)} label maps are in {arguments.out}.")


def _options(arguments: argparse.Namespace) -> PredictOptions:
    coarse: Predictor | None = None
    if arguments.coarse is not None:
        folder = arguments.coarse if arguments.coarse != Path() else own_coarse(arguments.model)
        coarse = Predictor.load(folder, arguments.device)
    return PredictOptions(
        tta=arguments.tta,
        entropy=arguments.entropy,
        coarse=coarse,
        margin_mm=arguments.margin_mm,
        postprocess=not arguments.no_postprocessing,
    )


def _write(out: Path, name: str, geometry: Geometry, result: PredictionResult) -> None:
    """Write label maps, and maps of entropy where they were asked for: one file per layer."""
    _write_layers(out, name, geometry, result.labels)
    if result.entropy is not None:
        _write_layers(out / _ENTROPY, name, geometry, result.entropy)


def _write_layers(folder: Path, name: str, geometry: Geometry, layers: NDArray[np.uint8]) -> None:
    for number, voxels in enumerate(layers):
        ending = f"-layer{number}.nii.gz" if len(layers) > 1 else ".nii.gz"
        try:
            write_nifti(folder / f"{name}{ending}", Volume(voxels, geometry))
        except OSError as error:
            raise TrainingError(f"{folder / name}{ending} cannot be written: {error.strerror}.") from error


def _uncertainty(result: PredictionResult) -> dict[str, Any]:
    found: dict[str, Any] = {
        "uncertainty": round(result.uncertainty, 6),
        "structures": {key: round(value, 6) for key, value in result.structure_uncertainty.items()},
    }
    if result.disagreement:
        found["disagreement"] = {key: round(value, 6) for key, value in result.disagreement.items()}
    return found


def _write_names(out: Path, structures: Sequence[StructureSpec]) -> None:
    """Write which value is which structure, beside the label maps and with endings like theirs."""
    layers = sorted({s.layer for s in structures})
    for layer in layers:
        ending = f"-layer{layer}.json" if len(layers) > 1 else ".json"
        names = {str(s.value): s.key for s in structures if s.layer == layer}
        (out / f"labels{ending}").write_text(json.dumps(names, indent=1))
