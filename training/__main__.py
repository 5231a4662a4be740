"""Training from a shell, without the web: python -m training phantom | fit | predict | score."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from training.labels import IGNORE, LabelError, StructureSpec, read_names
from training.manifest import Case, Manifest
from training.metrics import StructureScore, score
from training.phantom import STRUCTURES, make_phantom
from training.progress import OnProgress, Progress, TrainingError, never_stop
from training.run import Predictor, train
from training.volume import Volume, VolumeError, read_label_map, read_nifti, write_nifti

_TOLERANCE_MM = 3.0
_ENDINGS = (".nii.gz", ".nii")


def phantom_command(arguments: argparse.Namespace) -> None:
    """Write synthetic patients as OUT/images, OUT/labels and OUT/labels.json."""
    for folder in ("images", "labels"):
        (arguments.out / folder).mkdir(parents=True, exist_ok=True)
    for seed in range(arguments.first, arguments.first + arguments.cases):
        phantom = make_phantom(seed)
        write_nifti(arguments.out / "images" / f"phantom-{seed:03}.nii.gz", phantom.image)
        labels = Volume(phantom.labels, phantom.geometry)
        write_nifti(arguments.out / "labels" / f"phantom-{seed:03}.nii.gz", labels)
    names = {str(s.value): s.key for s in STRUCTURES}
    (arguments.out / "labels.json").write_text(json.dumps(names, indent=1))
    _say(f"{arguments.cases} synthetic patients are in {arguments.out}.")


def fit_command(arguments: argparse.Namespace) -> None:
    """Train on DIR/images and DIR/labels; test on DIR/test/images and DIR/test/labels if they are there."""
    structures = _structures(arguments.dir / "labels.json")
    with tempfile.TemporaryDirectory() as scratch, _Bars() as report:
        cases = _cases(arguments.dir, structures, Path(scratch) / "train")
        held_out = arguments.dir / "test"
        test = _cases(held_out, structures, Path(scratch) / "test") if held_out.is_dir() else ()
        manifest = Manifest(structures, cases, test, arguments.parent, arguments.budget_s, arguments.seed)
        done = train(manifest, arguments.out, on_progress=report, should_stop=never_stop)
    (arguments.out / "report.json").write_text(done.to_json())
    if done.scores:
        table = Table("case", "structure", "Dice", "surface Dice")
        for s in done.scores:
            table.add_row(s.case_id, s.structure, _number(s.dice), _number(s.surface_dice))
        Console().print(table)
    _say(f"The model is in {done.model_dir} ({done.steps} steps, {done.train_seconds:.0f} s).")


def predict_command(arguments: argparse.Namespace) -> None:
    """Delineate every image of IN and write label maps of the same names to OUT."""
    predictor = Predictor.load(arguments.model)
    images = [arguments.images] if arguments.images.is_file() else _images(arguments.images)
    arguments.out.mkdir(parents=True, exist_ok=True)
    layers = len(predictor.plan.layers)
    with _Bars() as report:
        for path in images:
            volume = read_nifti(path)
            result = predictor.predict(volume.voxels, volume.geometry.spacing_mm, on_progress=report)
            for layer, labels in enumerate(result.labels):
                ending = f"-layer{layer}.nii.gz" if layers > 1 else ".nii.gz"
                write_nifti(arguments.out / f"{_stem(path)}{ending}", Volume(labels, volume.geometry))
    names = {str(s.value): s.key for s in predictor.structures if s.layer == 0}
    (arguments.out / "labels.json").write_text(json.dumps(names, indent=1))
    _say(f"{len(images)} label maps are in {arguments.out}.")


def score_command(arguments: argparse.Namespace) -> None:
    """Compare label maps of the same name in two folders (or two files), structure by structure."""
    both = arguments.reference, arguments.prediction
    pairs = [both] if arguments.reference.is_file() else _pairs(*both)
    names = read_names(arguments.labels) if arguments.labels else None
    found: dict[str, dict[str, StructureScore]] = {}
    for reference, prediction in pairs:
        maps = read_label_map(reference), read_label_map(prediction)
        if not maps[0].geometry.is_close(maps[1].geometry):
            raise VolumeError(f"{reference.name} and {prediction.name} do not lie on the same grid.")
        values = names or {int(v): str(v) for v in np.unique(np.stack([m.voxels for m in maps]))}
        tolerances = {v: arguments.tolerance_mm for v in values if v not in (0, IGNORE)}
        scores = score(maps[0].voxels, maps[1].voxels, maps[0].geometry.spacing_mm, tolerances)
        found[_stem(reference)] = {values[v]: s for v, s in scores.items()}
    _show_scores(found, as_json=arguments.json)


def _show_scores(found: dict[str, dict[str, StructureScore]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({case: {k: asdict(s) for k, s in rows.items()} for case, rows in found.items()}))
        return
    table = Table("case", "structure", "Dice", "surface Dice", "reference ml", "prediction ml")
    for case, rows in found.items():
        for name, s in rows.items():
            volumes = f"{s.volume_ref_ml:.1f}", f"{s.volume_pred_ml:.1f}"
            table.add_row(case, name, _number(s.dice), _number(s.surface_dice), *volumes)
    Console().print(table)


def _say(sentence: str, *, error: bool = False) -> None:
    style = "red" if error else None
    Console(stderr=error).print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"


def _structures(path: Path) -> tuple[StructureSpec, ...]:
    """Return the structures that labels.json names; a side in the name forbids mirroring."""
    specs = []
    for value, name in read_names(path).items():
        words = name.lower().replace("_", " ").replace("-", " ").split()
        side = next((s for s in ("left", "right") if s in words), "")
        specs.append(StructureSpec(name, name, 0, value, _TOLERANCE_MM, side))
    return tuple(specs)


def _cases(folder: Path, structures: tuple[StructureSpec, ...], scratch: Path) -> tuple[Case, ...]:
    """Convert a folder of NIfTI pairs to what training reads."""
    scratch.mkdir(parents=True)
    keys = tuple(s.key for s in structures)
    cases = []
    for image_path, labels_path in _pairs(folder / "images", folder / "labels"):
        image, labels = read_nifti(image_path), read_label_map(labels_path)
        if not image.geometry.is_close(labels.geometry):
            raise VolumeError(f"Image and labels of {image_path.name} do not lie on the same grid.")
        name = _stem(image_path)
        np.save(scratch / f"{name}-image.npy", image.voxels)
        np.save(scratch / f"{name}-labels.npy", labels.voxels[None])
        files = scratch / f"{name}-image.npy", scratch / f"{name}-labels.npy"
        cases.append(Case(name, files[0], image.geometry.spacing_mm, files[1], keys))
    return tuple(cases)


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise VolumeError(f"{folder} is not a folder.")
    images = sorted(p for p in folder.iterdir() if p.name.endswith(_ENDINGS))
    if not images:
        raise VolumeError(f"{folder} holds no .nii or .nii.gz file.")
    return images


def _pairs(first: Path, second: Path) -> list[tuple[Path, Path]]:
    """Return the files of the first folder with those of the same name in the second."""
    there = {_stem(p): p for p in _images(second)}
    here = _images(first)
    missing = [p.name for p in here if _stem(p) not in there]
    if missing:
        raise VolumeError(f"{second} holds no file for {missing[0]} of {first}.")
    return [(p, there[_stem(p)]) for p in here]


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".nii")


class _Bars:
    """Show one rich bar per stage on standard error while work runs."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Bars(*columns, console=Console(stderr=True))
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> OnProgress:
        self._bars.start()
        return self._report

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def _report(self, progress: Progress) -> None:
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._bars.add_task(progress.message)
        task = self._bars.tasks[self._tasks[progress.stage]].id
        self._bars.update(task, completed=progress.done, total=progress.total, description=progress.message)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
        return added

    phantom = command("phantom", phantom_command)
    phantom.add_argument("out", type=Path)
    phantom.add_argument("--cases", type=int, default=5)
    phantom.add_argument("--first", type=int, default=0, help="seed of the first patient")

    fit = command("fit", fit_command)
    fit.add_argument("dir", type=Path)
    fit.add_argument("--out", type=Path, required=True)
    fit.add_argument("--budget-s", type=float, default=180.0, help="seconds of training")
    fit.add_argument("--parent", type=Path, help="model folder to start from")
    fit.add_argument("--seed", type=int, default=0)

    predict = command("predict", predict_command)
    predict.add_argument("model", type=Path)
    predict.add_argument("images", type=Path, metavar="IN", help="image or folder of images")
    predict.add_argument("out", type=Path)

    score_ = command("score", score_command)
    score_.add_argument("reference", type=Path)
    score_.add_argument("prediction", type=Path)
    score_.add_argument("--labels", type=Path, help="labels.json with the structures to score")
    score_.add_argument("--tolerance-mm", type=float, default=_TOLERANCE_MM)
    score_.add_argument("--json", action="store_true")
    return parser


def main(words: list[str] | None = None) -> int:
    """Run one command; bad input gives one sentence and 2."""
    arguments = _parser().parse_args(words)
    try:
        arguments.run(arguments)
    except (TrainingError, VolumeError, LabelError) as error:
        _say(str(error), error=True)
        return 2
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}.", error=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
