"""Which files are compared with which: label maps, folders of them, and folders of one mask per structure.

A folder holds label maps when each file is a case (`patient-1.nii.gz` in both folders), or masks of one case
when each file is a structure (`liver.nii.gz`), 1 inside and 0 outside; masks may overlap. A folder of folders
holds masks of one case each.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.labels import IGNORE, LabelError, renumber
from training.volume import Geometry, VolumeError, read_label_map

LabelMap = NDArray[np.uint8]

_ENDINGS = (".nii.gz", ".nii")
_SHOWN = 3  # how many files are looked into before a folder is taken for one of masks


class Holds(StrEnum):
    """What the files of a folder are."""

    LABEL_MAPS = "label-maps"
    MASKS = "masks"


@dataclass(frozen=True)
class FilePair:
    """Two files on one grid. `structure` names what a mask shows; empty = they are label maps."""

    reference: Path
    prediction: Path
    structure: str = ""


@dataclass(frozen=True)
class CasePair:
    """All files that belong to one case."""

    case: str
    files: tuple[FilePair, ...]


@dataclass(frozen=True)
class Maps:
    """Two label maps on one grid, uint8 (i, j, k), 255 = not looked at, and what their values stand for."""

    reference: LabelMap
    prediction: LabelMap
    spacing_mm: tuple[float, float, float]
    names: Mapping[int, str]


def find_cases(
    reference: Path,
    prediction: Path,
    *,
    structures: Collection[str] = (),
    hints: Collection[str] = (),
    holds: Holds | None = None,
) -> tuple[CasePair, ...]:
    """Pair the files below two paths; both are files, or both are folders.

    `structures` are the ones to compare; empty = all. What the files of a folder are is guessed where `holds`
    does not say it: masks if one is named like one of `structures` or of `hints`, which may name others, too.
    Raises VolumeError when something has no counterpart.
    """
    for path in (reference, prediction):
        if not path.exists():
            raise VolumeError(f"{path} is not there: it is not a file and not a folder.")
    if reference.is_file() != prediction.is_file():
        raise VolumeError(f"{reference} and {prediction} must both be files or both be folders.")
    if reference.is_file():
        return (CasePair(stem(reference), (FilePair(reference, prediction),)),)
    files = _files(reference)
    folders = [] if files else _folders(reference)
    if folders:
        return tuple(_masks(folder, prediction / folder.name, structures) for folder in folders)
    if holds is None and files:
        holds = _guess(files, structures, hints)
    if holds is Holds.MASKS:
        return (_masks(reference, prediction, structures),)
    both = _with_counterparts(reference, prediction)
    return tuple(CasePair(name, (FilePair(a, b),)) for name, a, b in both)


def read_maps(pair: FilePair, names: Mapping[int, str] | None = None) -> Maps:
    """Read two files and say which structures they show.

    For label maps `names` are the structures to compare ("ignore" stands for voxels not looked at); without
    it every value is a structure named by its number. Raises VolumeError when the files cannot be read, do
    not lie on one grid or are no masks where masks are due, and LabelError for a value that has no name.
    """
    volumes = read_label_map(pair.reference), read_label_map(pair.prediction)
    _check_grid(pair, volumes[0].geometry, volumes[1].geometry)
    maps = volumes[0].voxels, volumes[1].voxels
    spacing_mm = volumes[0].geometry.spacing_mm
    if pair.structure:
        for path, labels in zip((pair.reference, pair.prediction), maps, strict=True):
            _check_mask(path, labels)
        return Maps(*maps, spacing_mm, {1: pair.structure})
    if names is None:
        values = sorted((_values(maps[0]) | _values(maps[1])) - {0, IGNORE})
        return Maps(*maps, spacing_mm, {value: str(value) for value in values})
    mapping = {value: IGNORE if name.lower() == "ignore" else value for value, name in names.items()}
    named = [
        _renumber(path, labels, mapping)
        for path, labels in zip((pair.reference, pair.prediction), maps, strict=True)
    ]
    kept = {value: name for value, name in names.items() if mapping[value] != IGNORE}
    return Maps(named[0], named[1], spacing_mm, kept)


def stem(path: Path) -> str:
    """Return a NIfTI file's name without its ending."""
    return path.name.removesuffix(".gz").removesuffix(".nii")


def _guess(files: list[Path], structures: Collection[str], hints: Collection[str]) -> Holds:
    """Tell masks from label maps by names, and, when no name helps, by what the first files hold."""
    stems = {stem(path) for path in files}
    if stems & {*structures, *hints}:
        return Holds.MASKS
    numbered = all(name[-1:].isdigit() for name in stems) and len({_without_digits(n) for n in stems}) == 1
    if structures or numbered:  # case-001, case-002
        return Holds.LABEL_MAPS
    looked_at = [read_label_map(path) for path in files[:_SHOWN]]
    one_grid = all(volume.geometry.is_close(looked_at[0].geometry) for volume in looked_at)
    binary = sum(_values(volume.voxels) <= {0, 1} for volume in looked_at)
    return Holds.MASKS if one_grid and 2 * binary > len(looked_at) else Holds.LABEL_MAPS


def _without_digits(name: str) -> str:
    return re.sub(r"\d+", "", name)


def _masks(reference: Path, prediction: Path, structures: Collection[str]) -> CasePair:
    """Pair the masks of one case."""
    if not prediction.is_dir():
        raise VolumeError(f"{prediction.parent} holds no folder for the case {reference.name}.")
    both = _with_counterparts(reference, prediction, structures)
    return CasePair(reference.resolve().name, tuple(FilePair(a, b, name) for name, a, b in both))


def _with_counterparts(
    reference: Path, prediction: Path, only: Collection[str] = ()
) -> list[tuple[str, Path, Path]]:
    """Return name, file and counterpart of the reference's files, or only of those with certain names."""
    here, there = ({stem(path): path for path in _files(folder)} for folder in (reference, prediction))
    for folder, files in ((reference, here), (prediction, there)):
        if not files:
            raise VolumeError(f"{folder} holds no .nii or .nii.gz file.")
    wanted = [name for name in here if not only or name in only]
    if not wanted:
        raise VolumeError(f"{reference} holds no mask of a structure that the labels name.")
    for name in wanted:
        if name not in there:
            raise VolumeError(f"{prediction} holds no file for {here[name].name} of {reference}.")
    return [(name, here[name], there[name]) for name in wanted]


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.name.endswith(_ENDINGS) and not p.name.startswith("."))


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _check_grid(pair: FilePair, reference: Geometry, prediction: Geometry) -> None:
    if reference.is_close(prediction):
        return
    files = f"{pair.reference} and {pair.prediction} do not lie on the same grid"
    if reference.shape != prediction.shape:
        raise VolumeError(f"{files}: their shapes are {reference.shape} and {prediction.shape}.")
    raise VolumeError(
        f"{files}: their shapes agree, their affines do not; resample one of them to the other."
    )


def _check_mask(path: Path, mask: LabelMap) -> None:
    values = _values(mask)
    if extra := values - {0, 1, IGNORE}:
        raise VolumeError(f"{path} is not a mask: it holds the value {min(extra)} besides 0 and 1.")
    if values == {0, IGNORE}:
        raise VolumeError(f"{path} holds 0 and {IGNORE} ({IGNORE} = not looked at); write 1 inside a mask.")


def _renumber(path: Path, labels: LabelMap, mapping: Mapping[int, int]) -> LabelMap:
    try:
        return renumber(labels, mapping)
    except LabelError as error:
        raise LabelError(f"{path}: {error}") from error


def _values(labels: LabelMap) -> set[int]:
    return {int(v) for v in np.flatnonzero(np.bincount(labels.reshape(-1), minlength=256))}
