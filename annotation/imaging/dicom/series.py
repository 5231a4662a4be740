"""One CT series to a volume: all geometry is checked before the first pixel is decoded."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from annotation.imaging import checks
from annotation.imaging.dicom.decode import (
    AIR_HU,
    TISSUE_HU,
    Scale,
    check_compression,
    hounsfield,
    rim_is_air,
    scale_of,
    stored_frames,
)
from annotation.imaging.dicom.headers import CLASSIC, ENHANCED, functional_parts, place_of, value_in
from annotation.imaging.dicom.originals import Original, original_of
from annotation.imaging.dicom.regular import size_of, straightened
from annotation.imaging.dicom.summary import Value, summary_of
from annotation.imaging.findings import Cause, Mark, Outcome, Rejected
from annotation.imaging.grid import Grid, Slice, grid_of, same_places
from training.volume import Volume, VolumeError, to_canonical

_MOST_LOOKED_AT = 5  # inverted slices, to tell whether they have to be turned round
_GREYS = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True)
class Allowed:
    """What the project allows: gaps to be bridged, and scans with text burned into their pixels."""

    resample: bool = False
    burned_in: bool = False


@dataclass(frozen=True)
class Reading:
    """A decoded series (int16 HU (i, j, k), canonical LPS), what was noticed, what is kept of its header.

    `original` is how the files name it, where that was asked for and drawings can go back there.
    """

    volume: Volume
    marks: tuple[Mark, ...]
    header: dict[str, Value]
    original: Original | None = None


@dataclass(frozen=True)
class _Place:
    """One slice: its file and what to call it, the frame in it, where it lies, how its values become HU."""

    path: Path
    name: str
    frame: int
    is_multi: bool
    slice_: Slice
    scale: Scale
    header: Dataset


@dataclass
class _Stack:
    """The slices of a series while it is read."""

    name: str
    places: list[_Place]
    marks: list[Mark] = field(default_factory=list)
    inverted: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.places[0].slice_.columns, self.places[0].slice_.rows

    def warn(self, cause: Cause, sentence: str) -> None:
        """Remember something."""
        self.marks.append(Mark(Outcome.WARNED, cause, sentence))


def read_series(
    paths: Sequence[Path],
    slices: Sequence[tuple[int, int]] | None = None,
    allowed: Allowed | None = None,
    *,
    keeps_uids: bool = False,
) -> Reading:
    """Decode one CT series. Raises Rejected (with a cause) or TooLarge, with one sentence.

    `slices` are (index into paths, frame) of every slice; None: every frame of every file. Without
    `keeps_uids` nothing is said of how the files name it. Sentences count the files: their names may be a
    patient's.
    """
    allowed = allowed or Allowed()
    if not paths:
        raise Rejected(Cause.TOO_FEW_SLICES, "The series holds no files.")
    names = _names(len(paths))
    headers = [_header(path, name) for path, name in zip(paths, names, strict=True)]
    chosen = [*_all_slices(headers)] if slices is None else list(slices)
    places = [_place(headers[index], paths[index], names[index], frame) for index, frame in chosen]
    stack = _Stack("The series", places)
    if not stack.places:
        raise Rejected(Cause.TOO_FEW_SLICES, "The series holds no slices.")
    _judge_burned_in(headers, stack, allowed)
    checks.check_size((*stack.shape, len(stack.places)), 2, stack.name)
    _judge_greys(stack)
    _judge_padding(stack)
    _drop_duplicates(stack)
    grid = grid_of([place.slice_ for place in stack.places], resample=allowed.resample)
    checks.check_size(size_of(stack.shape, grid), 2, stack.name)
    volume = _volume(stack, grid)
    summary = summary_of(headers[chosen[0][0]], chosen[0][1])
    original = _original(stack, grid) if keeps_uids else None
    return Reading(volume, (*stack.marks, *grid.marks), summary, original)


def _original(stack: _Stack, grid: Grid) -> Original | None:
    places = stack.places
    return original_of([place.header for place in places], [place.slice_ for place in places], grid)


def _volume(stack: _Stack, grid: Grid) -> Volume:
    voxels = np.empty((*stack.shape, len(stack.places)), np.int16, order="F")
    at = {index: k for k, index in enumerate(grid.order)}
    for index, hu in _decoded(stack, range(len(stack.places))):
        voxels[:, :, at[index]] = hu
    voxels, affine = straightened(voxels, grid, stack.name)
    try:
        volume = to_canonical(voxels, affine, order="F")
    except VolumeError as error:
        raise Rejected(Cause.NO_POSITION, str(error)) from error
    checks.check_image(volume, stack.name)
    return volume


def _names(count: int) -> list[str]:
    """Return what to call the files of a series, in their order."""
    return ["The file"] if count == 1 else [f"File {number} of {count}" for number in range(1, count + 1)]


def _header(path: Path, name: str) -> Dataset:
    try:
        header = dcmread(path, stop_before_pixels=True, force=True)
        if not len(header):
            raise ValueError("empty")
    except MemoryError:
        raise
    except Exception as error:
        raise Rejected(Cause.DAMAGED, f"{name} is damaged or not a DICOM file.") from error
    check_compression(header, name)
    return header


def _all_slices(headers: Sequence[Dataset]) -> Iterator[tuple[int, int]]:
    for index, header in enumerate(headers):
        frames = header.get("PerFrameFunctionalGroupsSequence")
        for frame in range(len(frames) if frames else 1):
            yield index, frame


def _place(header: Dataset, path: Path, name: str, frame: int) -> _Place:
    """Take a slice's place from its header. Raises Rejected when something needed is missing or absurd."""
    try:
        _check_kind(header, name)
        parts = functional_parts(header, frame)
        slice_ = place_of(parts)
        spacing = value_in(parts, "PixelSpacing")
    except Rejected:
        raise
    except Exception as error:  # malformed values raise errors of many types
        raise Rejected(Cause.DAMAGED, f"{name} is damaged: its header could not be read.") from error
    if slice_ is None:
        raise Rejected(
            Cause.NO_POSITION,
            f"{name} lacks position, orientation or size: it cannot be placed in the patient.",
        )
    if spacing is None or min(slice_.spacing_mm) <= 0:
        raise Rejected(
            Cause.NO_PIXEL_SPACING,
            f"{name} lacks a usable pixel spacing: it cannot be placed in the patient.",
        )
    is_multi = int(header.get("NumberOfFrames") or 1) > 1
    return _Place(path, name, frame, is_multi, slice_, scale_of(header, frame, name), header)


def _check_kind(header: Dataset, name: str) -> None:
    kind, modality = str(header.get("SOPClassUID") or ""), str(header.get("Modality") or "").strip()
    if kind not in CLASSIC | ENHANCED and (kind or modality != "CT"):
        raise Rejected(Cause.NOT_CT, f"{name} is not a CT slice.")
    frames = int(header.get("NumberOfFrames") or 1)
    groups = len(header.get("PerFrameFunctionalGroupsSequence") or [])
    colours = int(header.get("SamplesPerPixel") or 1) != 1
    if colours or (frames != groups if groups else frames != 1):
        raise Rejected(
            Cause.NOT_GREY,
            f"{name} holds colours, or several frames without a place for each; grey slices are needed.",
        )
    if str(header.get("PhotometricInterpretation") or "MONOCHROME2") not in _GREYS:
        raise Rejected(
            Cause.NOT_GREY, f"{name} is stored in colours, which a CT slice never is; grey slices are needed."
        )


def _judge_burned_in(headers: Sequence[Dataset], stack: _Stack, allowed: Allowed) -> None:
    burned = [h for h in headers if str(h.get("BurnedInAnnotation") or "").strip().upper() == "YES"]
    if not burned:
        return
    if allowed.burned_in:
        stack.warn(Cause.BURNED_IN, "The header says that text is burned into the pixels; this was allowed.")
        return
    sentence = (
        "The header says that text is burned into the pixels, which may name the patient: the case is held "
        "until a lead has looked at it."
    )
    stack.marks.append(Mark(Outcome.WARNED, Cause.BURNED_IN, sentence, holds=True))


def _judge_greys(stack: _Stack) -> None:
    """Decide whether slices marked MONOCHROME1 hold greys turned round.

    By the standard that word is about display alone and HU stand as stored (PS3.3 C.7.6.3.1.2); some writers
    turn the stored values round as well. The rim of a CT slice is air, which tells the two apart.
    """
    marked = [index for index, place in enumerate(stack.places) if place.scale.greys_inverted]
    if not marked:
        return
    looked_at = marked[:: -(-len(marked) // _MOST_LOOKED_AT)]
    as_stored = _rims_are_air(stack, looked_at)
    if all(as_stored):
        return
    stack.inverted = True
    turned = [] if any(as_stored) else _rims_are_air(stack, looked_at)
    if not turned or not all(turned):
        raise Rejected(
            Cause.INVERTED_GREYS,
            f"{stack.name} is stored with inverted greys (MONOCHROME1), and neither as stored nor turned "
            "round is there air at its rim: HU unknown. Export it as MONOCHROME2.",
        )
    stack.warn(Cause.INVERTED_GREYS, "Greys were stored inverted (MONOCHROME1) and were turned round.")


def _rims_are_air(stack: _Stack, indices: Sequence[int]) -> list[bool]:
    try:
        return [rim_is_air(hu) for _, hu in _decoded(stack, indices)]
    except Rejected as refused:
        if refused.cause is not Cause.NOT_HU:
            raise
        return [False]


def _judge_padding(stack: _Stack) -> None:
    values = {place.scale.padding_hu() for place in stack.places} - {None}
    odd = [hu for hu in values if hu is not None and TISSUE_HU[0] < hu < TISSUE_HU[1]]
    if odd:
        stack.warn(
            Cause.PADDING_IN_TISSUE,
            f"The header calls {odd[0]:g} HU padding, which tissue may have, too; it was made {AIR_HU} HU.",
        )


def _drop_duplicates(stack: _Stack) -> None:
    """Keep one of several slices at one place if all are alike. Raises Rejected where they differ."""
    dropped: set[int] = set()
    for group in same_places([place.slice_ for place in stack.places]):
        first, *others = (hu for _, hu in _decoded(stack, group))
        if any(not np.array_equal(first, other) for other in others):
            raise Rejected(Cause.DUPLICATES_DIFFER, _differing(*(stack.places[at].name for at in group[:2])))
        dropped.update(group[1:])
    if dropped:
        count = "1 slice was" if len(dropped) == 1 else f"{len(dropped)} slices were"
        stack.warn(Cause.DUPLICATES_DROPPED, f"{count} there twice, with equal pixels, and dropped.")
        stack.places = [place for index, place in enumerate(stack.places) if index not in dropped]


def _differing(one: str, other: str) -> str:
    where = "" if one == other else f" ({one} and {other})"
    return (
        f"Two slices lie at the same position and differ{where}. "
        "Import each phase or reconstruction by itself."
    )


def _decoded(stack: _Stack, indices: Sequence[int]) -> Iterator[tuple[int, NDArray[np.int16]]]:
    """Yield index and HU (column, row) of slices; each file is opened once, frames come in their order."""
    by_file: dict[Path, list[int]] = defaultdict(list)
    for index in indices:
        by_file[stack.places[index].path].append(index)
    for path, wanted in by_file.items():
        wanted.sort(key=lambda index: stack.places[index].frame)
        first = stack.places[wanted[0]]
        frames = [stack.places[index].frame for index in wanted]
        found: Iterator[NDArray[Any]] = stored_frames(path, frames, first.name, is_multi=first.is_multi)
        for index, stored in zip(wanted, found, strict=True):
            place = stack.places[index]
            invert = stack.inverted and place.scale.greys_inverted
            shape = (place.slice_.columns, place.slice_.rows)
            yield index, hounsfield(stored, place.scale, shape, place.name, invert=invert)
