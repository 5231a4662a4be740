"""The scans and label maps of a data set, checked, and converted to what training reads."""

import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.dataset.folder import CT, Dataset, DatasetCase
from training.labels import IGNORE, LabelError
from training.manifest import Case
from training.progress import (
    Cancelled,
    OnProgress,
    Progress,
    ShouldStop,
    TrainingError,
    ignore_progress,
    never_stop,
)
from training.volume import Volume, VolumeError, read_label_map, read_nifti

_CACHE_VERSION = 1


def read_case(dataset: Dataset, case: DatasetCase) -> tuple[Volume, NDArray[np.uint8] | None]:
    """Read one case: the image (int16, HU of a CT) and its labels uint8 (layer, i, j, k) or None.

    Labels hold the values of the schema, 0 and 255. Raises VolumeError or LabelError with one sentence.
    """
    image = _readable(case.image, partial(read_nifti, hu=dataset.modality == CT))
    if case.labels is None:
        return image, None
    labels = _readable(case.labels, read_label_map)
    where = _shown(case.labels)
    if labels.voxels.shape != image.voxels.shape:
        raise VolumeError(
            f"{where} has the shape {_by(labels.voxels.shape)}, its image {_by(image.voxels.shape)}; "
            "put the label map on the image's grid or take the case out."
        )
    if not labels.geometry.is_close(image.geometry):
        raise VolumeError(
            f"{where} lies elsewhere in space than its image (another affine); "
            "put the label map on the image's grid or take the case out."
        )
    return image, _known_values(labels.voxels, dataset, where)[None]


def convert(
    dataset: Dataset,
    cases: Sequence[DatasetCase],
    cache: Path,
    *,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
) -> tuple[Case, ...]:
    """Return cases as training reads them, converted into `cache` unless they lie there already.

    A case is converted again when its files or the table of labels changed. Cases without a delineation are
    refused. Raises TrainingError, VolumeError or LabelError with one sentence, Cancelled when asked to stop.
    """
    done = []
    anything = False
    for index, case in enumerate(cases):
        if should_stop():
            raise Cancelled
        on_progress(Progress("convert", index, len(cases), "Reading the cases"))
        converted, drawn = _converted(dataset, case, cache / case.id)
        done.append(converted)
        anything = anything or drawn
    on_progress(Progress("convert", len(cases), len(cases), "Reading the cases"))
    if cases and not anything:
        raise TrainingError(
            f"Nothing is drawn in any of the {len(cases)} label maps of {dataset.name}: "
            "all are background; check that these are the right files."
        )
    return tuple(done)


def _readable(path: Path, read: Callable[[Path], Volume]) -> Volume:
    """Read a file; what is wrong with it is said with the folder it lies in and what to do."""
    try:
        return read(path)
    except VolumeError as error:
        sentence = str(error).removesuffix(".").replace(path.name, _shown(path), 1)
        raise VolumeError(f"{sentence}; correct the file or take the case out.") from error


def _known_values(voxels: NDArray[np.uint8], dataset: Dataset, where: str) -> NDArray[np.uint8]:
    """Return the labels with every ignored value as 255. Raises LabelError for a value without a name."""
    known = {0, *dataset.ignore_values, *(s.value for s in dataset.structures)}
    held = np.flatnonzero(np.bincount(voxels.ravel(), minlength=256))
    unknown = [int(value) for value in held if int(value) not in known]
    if unknown:
        raise LabelError(
            f"{where} holds the value {unknown[0]}, which the table of labels does not name; "
            "name it there or remove it from the label map."
        )
    if dataset.ignore_values == (IGNORE,):
        return voxels
    table = np.arange(256, dtype=np.uint8)
    table[list(dataset.ignore_values)] = IGNORE
    return table[voxels]


def _converted(dataset: Dataset, case: DatasetCase, folder: Path) -> tuple[Case, bool]:
    """Return the case with its files in `folder`, and whether anything is drawn in it."""
    if case.labels is None:
        raise TrainingError(f"{case.image.name} has no label map; it cannot be trained on or scored.")
    files = folder / "image.npy", folder / "labels.npy"
    signature = _signature(dataset, case.image, case.labels)
    kept = _kept(folder / "case.json", signature)
    if kept is None or not all(file.is_file() for file in files):
        image, labels = read_case(dataset, case)
        assert labels is not None  # noqa: S101 - case.labels is not None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "case.json").unlink(missing_ok=True)
        for path, array in zip(files, (image.voxels, labels), strict=True):
            _save(path, array)
        drawn = bool(((labels > 0) & (labels != IGNORE)).any())
        kept = {"signature": signature, "spacing_mm": image.geometry.spacing_mm, "drawn": drawn}
        unfinished = folder / f"case.{os.getpid()}.part"
        unfinished.write_text(json.dumps(kept))
        unfinished.replace(folder / "case.json")
    x, y, z = kept["spacing_mm"]
    return Case(case.id, files[0], (x, y, z), files[1], case.annotated), bool(kept["drawn"])


def _save(path: Path, array: NDArray[Any]) -> None:
    """Write an array so that another process that converts the same case never maps half of it."""
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    np.save(unfinished, array)
    unfinished.replace(path)


def _signature(dataset: Dataset, *files: Path) -> list[Any]:
    """Return what a converted case depends on."""
    stats = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    values = [s.value for s in dataset.structures]
    read_as = [] if dataset.modality == CT else ["not CT"]
    what = [_CACHE_VERSION, stats, values, dataset.ignore_values, *read_as]
    content: list[Any] = json.loads(json.dumps(what))
    return content


def _kept(path: Path, signature: list[Any]) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        return content if content["signature"] == signature else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in shape)
