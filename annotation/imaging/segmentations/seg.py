"""DICOM SEG: frames become masks on the image's grid, each where its own position says, never by index."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import UID, JPEG2000Lossless, JPEGLSLossless, RLELossless

from annotation.errors import Refused
from annotation.imaging import checks
from annotation.imaging.segmentations.layers import (
    IGNORED,
    Code,
    Reference,
    Segmentation,
    Stack,
    exported_layer,
    hex_colour,
)
from annotation.imaging.segmentations.placing import place
from annotation.imaging.segmentations.rtstruct import code_of
from training.volume import Geometry

THRESHOLD = 0.5
"""Share of a FRACTIONAL segment from which on a voxel is inside."""
KINDS = ("BINARY", "FRACTIONAL", "LABELMAP")
_PLUGINS = {RLELossless: "pydicom", JPEG2000Lossless: "pylibjpeg", JPEGLSLossless: "pyjpegls"}
_MOST_FRAMES = 200_000

Mask = NDArray[Any]


def read(data: Dataset, reference: Reference, name: str) -> Segmentation:
    """Read a BINARY, FRACTIONAL (inside from half of the largest value on) or LABELMAP segmentation.

    Frames that were left out are empty. Raises Refused when the file names another series or frame of
    reference, or when a frame lies off the image's slices (more than 1 % of their spacing) or voxels.
    """
    kind = str(data.get("SegmentationType", "")).strip()
    if kind not in KINDS:
        raise Refused(f"{name} is a segmentation of the type {kind or 'nothing'}, which is not read here.")
    notes = reference.check(series=series_of(data), frames=frames_of(data), name=name)
    frames = _Frames(data, reference.geometry, name)
    stack = Stack(reference.geometry)
    described = [item for item in data.get("SegmentSequence") or [] if int(item.SegmentNumber)]
    if not described:
        raise Refused(f"{name} describes no segment.")
    about = [_about(item) for item in described]
    if kind == "LABELMAP":
        numbers = frames.numbers()
        _check_described(numbers, {one["number"] for one in about}, _background(data), name)
        for one in about:
            stack.add(numbers == one["number"], **one)
        return stack.finished(*notes)
    cut = THRESHOLD * float(data.MaximumFractionalValue) if kind == "FRACTIONAL" else 0.5
    for one in about:
        stack.add(frames.inside(one["number"], cut), **one)
    if kind == "FRACTIONAL":
        notes += (f"{name} holds fractions; a voxel is inside from {THRESHOLD:g} on.",)
    return stack.finished(*notes)


class _Frames:
    """The frames of a segmentation and where each lies on the grid."""

    def __init__(self, data: Dataset, grid: Geometry, name: str) -> None:
        self._data, self._grid, self._name = data, grid, name
        self._shape = (int(data.Columns), int(data.Rows), 1)
        self._items = list(data.get("PerFrameFunctionalGroupsSequence") or [])
        count = int(data.get("NumberOfFrames") or 1)
        if len(self._items) != count or count > _MOST_FRAMES:
            raise Refused(f"{name} does not say of each of its frames where it lies.")
        checks.check_size(self._shape, 8, name)
        syntax = UID(data.file_meta.TransferSyntaxUID)
        if syntax.is_encapsulated and syntax not in _PLUGINS:
            raise Refused(f"{name} is compressed in a way that is not read here ({syntax.name}).")
        self._plugin = _PLUGINS.get(syntax, "")

    def inside(self, number: int, cut: float) -> NDArray[np.bool_]:
        """Return the voxels (i, j, k) where the frames of a segment reach `cut`."""
        mask = np.zeros(self._grid.shape, np.bool_)
        mine = [at for at in range(len(self._items)) if self._segment(at) == number]
        for at, frame in zip(mine, self._pixels(mine), strict=True):
            self._put(mask, at, frame >= cut)
        return mask

    def numbers(self) -> NDArray[np.uint16]:
        """Return the segment numbers (i, j, k) of a label map."""
        numbers = np.zeros(self._grid.shape, np.uint16)
        everything = range(len(self._items))
        for at, frame in zip(everything, self._pixels(everything), strict=True):
            self._put(numbers, at, frame)
        return numbers

    def _put(self, target: Mask, at: int, frame: Mask) -> None:
        if frame.shape != (self._shape[1], self._shape[0]):
            raise Refused(f"{self._name} holds frames of another size than it says.")
        if not frame.any():
            return
        placed = place(self._grid, self._affine(at), self._shape, self._name, slice_axis=2)
        part, corner = placed.onto(frame.T[..., None], self._name)
        box = tuple(slice(start, start + n) for start, n in zip(corner, part.shape, strict=True))
        np.maximum(target[box], part, out=target[box])

    def _pixels(self, which: Iterable[int]) -> Iterator[Mask]:
        wanted = list(which)
        if wanted:
            yield from iter_pixels(self._data, indices=wanted, raw=True, decoding_plugin=self._plugin)

    def _segment(self, at: int) -> int:
        return int(self._group(at, "SegmentIdentificationSequence").ReferencedSegmentNumber)

    def _affine(self, at: int) -> NDArray[np.float64]:
        """Return the frame's affine (column, row, slice) in LPS mm; its slice step is the grid's own."""
        measures = self._group(at, "PixelMeasuresSequence")
        turned = self._group(at, "PlaneOrientationSequence").ImageOrientationPatient
        row, column = np.asarray(turned, np.float64).reshape(2, 3)
        affine = np.eye(4)
        affine[:3, 0] = row * float(measures.PixelSpacing[1])
        affine[:3, 1] = column * float(measures.PixelSpacing[0])
        affine[:3, 3] = np.asarray(self._group(at, "PlanePositionSequence").ImagePositionPatient, np.float64)
        steps = self._grid.affine_lps()[:3, :3]
        affine[:3, 2] = steps[
            :, int(np.abs(np.cross(row, column) @ (steps / self._grid.spacing_mm)).argmax())
        ]
        return affine

    def _group(self, at: int, keyword: str) -> Dataset:
        """Return a functional group of a frame, its own before the shared one."""
        shared = self._data.get("SharedFunctionalGroupsSequence") or [Dataset()]
        for groups in (self._items[at], shared[0]):
            found = groups.get(keyword)
            if found:
                first: Dataset = found[0]
                return first
        raise Refused(f"{self._name} does not say of each of its frames where it lies.")


def _about(item: Dataset) -> dict[str, Any]:
    """Return the fields of Segment that a file gives."""
    types = item.get("SegmentedPropertyTypeCodeSequence") or []
    code: Code | None = code_of(types[0]) if types else None
    name = str(item.get("SegmentLabel", "")) or (code.meaning if code else "")
    is_ignored = code is not None and code.value == IGNORED.upper()
    return {
        "name": IGNORED if is_ignored and name.lower() == IGNORED else name,
        "number": int(item.SegmentNumber),
        "colour": _colour(item),
        "code": None if is_ignored else code,
        "exported_layer": exported_layer(str(item.get("SegmentDescription", ""))),
    }


def _colour(item: Dataset) -> str:
    given = item.get("RecommendedDisplayCIELabValue")
    if given is None or len(given) != 3:
        return ""
    colour: Any = import_module("highdicom.color")  # slow to load, and few files are DICOM SEG
    red, green, blue = colour.CIELabColor.from_dicom_value(tuple(int(x) for x in given)).to_rgb(clip=True)
    return hex_colour(red / 255, green / 255, blue / 255)


def series_of(data: Dataset) -> set[str]:
    """Return the UIDs of the series that the segments were drawn on."""
    found = data.get("ReferencedSeriesSequence") or []
    return {str(series.get("SeriesInstanceUID", "")) for series in found} - {""}


def frames_of(data: Dataset) -> set[str]:
    """Return the UID of the frame of reference that the segments lie in."""
    return {str(data.get("FrameOfReferenceUID", ""))} - {""}


def _background(data: Dataset) -> set[int]:
    padding = data.get("PixelPaddingValue")
    return {0} | ({int(padding)} if padding is not None else set())


def _check_described(numbers: NDArray[np.uint16], known: set[int], background: set[int], name: str) -> None:
    unknown = {int(n) for n in np.unique(numbers)} - known - background
    if unknown:
        raise Refused(f"{name} holds the segment number {min(unknown)}, which it does not describe.")
