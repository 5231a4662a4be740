"""What a folder of scans and label maps holds, read without opening an image."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.labels import IGNORE, LabelError, StructureSpec, parse_names
from training.progress import TrainingError
from training.volume import VolumeError

DEFAULT_TOLERANCE_MM = 3.0
ENDINGS = (".nii.gz", ".nii")
CT = "CT"
_UNTOUCHED = ("nonorm", "rescale_to_0_1", "rescale_0_1", "rgb_to_0_1")  # nnU-Net's words for other scalings
_SIDES = {"left": "left", "lt": "left", "l": "left", "right": "right", "rt": "right", "r": "right"}


@dataclass(frozen=True)
class DatasetCase:
    """One scan of a data set. `labels` is None for a test case that nobody delineated."""

    id: str
    image: Path
    labels: Path | None
    annotated: tuple[str, ...]
    patient: str


@dataclass(frozen=True)
class Dataset:
    """What a folder holds. `ignore_values` are the label values that mean *nobody looked here*.

    `modality` is "CT", whose values are HU, or the name of anything else, whose values have no unit.
    """

    name: str
    structures: tuple[StructureSpec, ...]
    cases: tuple[DatasetCase, ...]
    test: tuple[DatasetCase, ...] = ()
    ignore_values: tuple[int, ...] = (IGNORE,)
    modality: str = CT

    @property
    def scored_test(self) -> tuple[DatasetCase, ...]:
        """The test cases that have a delineation."""
        return tuple(case for case in self.test if case.labels is not None)


@dataclass(frozen=True)
class _Layout:
    images: str
    labels: str
    test_images: str
    test_labels: str


_LAYOUTS = (
    _Layout("imagesTr", "labelsTr", "imagesTs", "labelsTs"),
    _Layout("images", "labels", "test/images", "test/labels"),
)


def read_dataset(folder: Path, *, fewest: int = 2) -> Dataset:
    """Read what a folder holds, without opening an image.

    Raises TrainingError, LabelError or VolumeError with one sentence: no known layout, no table of labels, a
    second channel, an image without a label map or the reverse, fewer than `fewest` cases, a patient both in
    training and in test.
    """
    layout = _layout(folder)
    content, source = _description(folder)
    modality = _modality(content, source)
    structures, ignored = _structures(content, source)
    read = _Reader(folder, content, source, tuple(s.key for s in structures))
    cases = read.cases(layout.images, layout.labels, labelled=True)
    test = read.cases(layout.test_images, layout.test_labels, labelled=False)
    read.refuse_unknown(cases, test)
    if len(cases) < fewest:
        held = "only one case" if len(cases) == 1 else f"only {len(cases)} cases"
        raise TrainingError(f"{folder} holds {held}; at least {fewest} delineated cases are needed here.")
    _refuse_leaks(cases, test)
    ignored_values = tuple(sorted({IGNORE, *ignored}))
    return Dataset(folder.resolve().name, structures, cases, test, ignored_values, modality)


def side_of(name: str) -> str:
    """Return "left", "right" or "" from a structure's name: kidney_left, LeftParotid, Parotid-Lt, eye (R)."""
    parts = re.split(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])", name)
    found = {_SIDES[part.lower()] for part in parts if part.lower() in _SIDES}
    return found.pop() if len(found) == 1 else ""


def structures_of(
    names: Mapping[int, str], tolerances_mm: Mapping[str, float] | None = None
) -> tuple[StructureSpec, ...]:
    """Return the structures of a table of labels, all in one layer, in the order of their values."""
    given = tolerances_mm or {}
    return tuple(
        StructureSpec(name, name, 0, value, given.get(name, DEFAULT_TOLERANCE_MM), side_of(name))
        for value, name in sorted(names.items())
    )


def image_files(folder: Path) -> list[Path]:
    """Return the NIfTI files of a folder by name. Raises VolumeError when there is none."""
    if not folder.is_dir():
        raise VolumeError(f"{folder} is not a folder.")
    found = sorted(p for p in folder.iterdir() if p.name.endswith(ENDINGS) and not p.name.startswith("."))
    if not found:
        raise VolumeError(f"{folder} holds no .nii or .nii.gz file.")
    return found


def stem(path: Path) -> str:
    """Return a NIfTI file's name without its ending."""
    return path.name.removesuffix(".gz").removesuffix(".nii")


def _layout(folder: Path) -> _Layout:
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder.")
    for layout in _LAYOUTS:
        if (folder / layout.images).is_dir():
            if not (folder / layout.labels).is_dir():
                raise TrainingError(f"{folder} has {layout.images} but no {layout.labels} beside it.")
            return layout
    raise TrainingError(
        f"{folder} holds no data set: neither imagesTr and labelsTr (nnU-Net) nor images and labels there."
    )


def _description(folder: Path) -> tuple[dict[str, Any], str]:
    """Return what dataset.json says; the table of labels may lie in labels.json instead."""
    content: dict[str, Any] = {}
    if (folder / "dataset.json").is_file():
        content = _json_table(folder / "dataset.json")
    if "labels" in content or not (folder / "labels.json").is_file():
        if "labels" not in content:
            raise LabelError(
                f'No labels.json or dataset.json in {folder} names the labels; write {{"1": "liver"}}.'
            )
        return content, "dataset.json"
    table = _json_table(folder / "labels.json")
    return {**content, "labels": table.get("labels", table)}, "labels.json"


def _json_table(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise LabelError(f"{path} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise LabelError(f"{path} must hold a table ({{…}}), not {type(content).__name__}.")
    return content


def _modality(content: dict[str, Any], source: str) -> str:
    """Return the modality by nnU-Net's `channel_names` or the Decathlon's `modality`; CT where neither is."""
    channels = content.get("channel_names", content.get("modality", CT))
    names = [str(n) for n in (channels.values() if isinstance(channels, dict) else [channels])]
    if len(names) != 1:
        raise TrainingError(
            f"{source} names {len(names)} channels ({', '.join(names)}); scans of exactly one can be used: "
            "keep one, as channel 0 with its _0000 files."
        )
    if names[0].casefold() in _UNTOUCHED:
        raise TrainingError(
            f"{source} asks for the intensities {names[0]}; name the modality instead: CT, or another "
            "such as MRI, whose scans are each brought to mean 0 and sd 1."
        )
    ending = content.get("file_ending", ENDINGS[0])
    if ending not in ENDINGS:
        raise TrainingError(f"{source} says that files end in {ending}; convert them to .nii.gz first.")
    return CT if names[0].casefold() == "ct" else names[0]


def _structures(content: dict[str, Any], source: str) -> tuple[tuple[StructureSpec, ...], tuple[int, ...]]:
    """Return the structures, and the values of a label called ignore."""
    table = content["labels"]
    if isinstance(table, dict):  # value 255 means "ignore" whatever it is called, and needs no entry
        table = {k: v for k, v in table.items() if IGNORE not in (v, k) and str(IGNORE) not in (v, k)}
    names = parse_names({"labels": table}, source)
    ignored = tuple(value for value, name in names.items() if name.lower() == "ignore")
    kept = {value: name for value, name in names.items() if value not in ignored}
    if not kept:
        raise LabelError(f"{source} names no structure besides the background.")
    return structures_of(kept, _tolerances(content, kept, source)), ignored


def _tolerances(content: dict[str, Any], names: Mapping[int, str], source: str) -> dict[str, float]:
    given = content.get("tolerances_mm", {})
    if not isinstance(given, dict):
        raise LabelError(f'{source}: "tolerances_mm" must be a table from structure to millimetres.')
    for name, value in given.items():
        if name not in names.values():
            raise LabelError(f'{source}: "tolerances_mm" names {name}, which is not among the labels.')
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1000:
            raise LabelError(f"{source}: the tolerance of {name} must be a number of millimetres above 0.")
    return {name: float(value) for name, value in given.items()}


class _Reader:
    """Finds the cases of one folder and what dataset.json says of them."""

    def __init__(self, folder: Path, content: dict[str, Any], source: str, keys: tuple[str, ...]) -> None:
        self._folder, self._source, self._keys = folder, source, keys
        self._annotated = self._table(content, "annotated")
        self._patients = self._table(content, "patients")

    def cases(self, images: str, labels: str, *, labelled: bool) -> tuple[DatasetCase, ...]:
        """Pair the files of two folders; without `labelled`, label maps may be absent."""
        if not labelled and not (self._folder / images).is_dir():
            return ()
        scans = dict(self._scans(self._folder / images))
        drawn: dict[str, Path] = {}
        if labelled or (self._folder / labels).is_dir():
            drawn = {stem(path): path for path in image_files(self._folder / labels)}
        alone = [name for name in drawn if name not in scans]
        if alone:
            raise VolumeError(f"{labels}/{drawn[alone[0]].name} has no image in {images}; add or remove it.")
        bare = [name for name in scans if name not in drawn]
        if labelled and bare:
            raise VolumeError(
                f"{images}/{scans[bare[0]].name} has no label map in {labels}; delineate it or take it out."
            )
        return tuple(
            DatasetCase(name, path, drawn.get(name), self._keys_of(name), str(self._patients.get(name, name)))
            for name, path in scans.items()
        )

    def refuse_unknown(self, *cases: Sequence[DatasetCase]) -> None:
        """Refuse a table that speaks of a case that is not there: most likely a misspelt name."""
        there = {case.id for group in cases for case in group}
        for what, table in (("annotated", self._annotated), ("patients", self._patients)):
            unknown = sorted(set(table) - there)
            if unknown:
                raise LabelError(f'{self._source}: "{what}" names the case {unknown[0]}, which has no image.')

    def _scans(self, folder: Path) -> Iterator[tuple[str, Path]]:
        files = image_files(folder)
        channels = [re.fullmatch(r"(.+)_(\d{4})", stem(path)) for path in files]
        numbered = folder.name in ("imagesTr", "imagesTs") and all(channels)
        for path, channel in zip(files, channels, strict=True):
            if not numbered or channel is None:
                yield stem(path), path
            elif int(channel[2]) == 0:
                yield channel[1], path
            else:
                raise TrainingError(
                    f"{folder.name}/{path.name} is a second channel; only one, _0000, can be used."
                )

    def _keys_of(self, name: str) -> tuple[str, ...]:
        listed = self._annotated.get(name, list(self._keys))
        if not isinstance(listed, list) or not all(isinstance(key, str) for key in listed):
            raise LabelError(f'{self._source}: "annotated" must give {name} a list of structures.')
        unknown = [key for key in listed if key not in self._keys]
        if unknown:
            raise LabelError(
                f'{self._source}: "annotated" of {name} names {unknown[0]}, which is not among the labels.'
            )
        return tuple(key for key in self._keys if key in listed)

    def _table(self, content: dict[str, Any], what: str) -> dict[str, Any]:
        table = content.get(what, {})
        if not isinstance(table, dict):
            raise LabelError(f'{self._source}: "{what}" must be a table by case.')
        return table


def _refuse_leaks(cases: Sequence[DatasetCase], test: Sequence[DatasetCase]) -> None:
    both = sorted({c.patient for c in cases} & {c.patient for c in test})
    if both:
        raise TrainingError(
            f"{both[0]} is both in training and in test; keep all scans of one patient on one side."
        )
