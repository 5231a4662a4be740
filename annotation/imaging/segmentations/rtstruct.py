"""RTSTRUCT: closed contours in millimetres become masks on the image's grid."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from annotation.errors import Refused
from annotation.imaging.segmentations.filling import Points, fill
from annotation.imaging.segmentations.layers import (
    Code,
    Reference,
    Segmentation,
    Stack,
    exported_layer,
    hex_colour,
)
from training.volume import Geometry

# Planning systems round positions to 0.1 mm, which is a fifteenth of a thin gap.
_OFF_SLICE = 0.1
_CLOSED = {"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"}


@dataclass
class _Seen:
    """What contours of a file were left out, by kind, and how many there were."""

    contours: int = 0
    missing: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def read(data: Dataset, reference: Reference, name: str) -> Segmentation:
    """Fill every ROI: even-odd at pixel centres, contours of one slice together, an ROI without any is empty.

    Raises Refused when the file names another series or frame of reference, or has contours on slices that
    the image does not have (their number is said).
    """
    notes = reference.check(series=series_of(data), frames=frames_of(data), name=name)
    contours = {int(item.ReferencedROINumber): item for item in data.get("ROIContourSequence") or []}
    rois = list(data.get("StructureSetROISequence") or [])
    if not rois:
        raise Refused(f"{name} holds no structure.")
    seen, stack = _Seen(), Stack(reference.geometry)
    codes = _codes(data)
    axis = _slice_axis(reference.geometry, contours.values())
    for roi in rois:
        number = int(roi.ROINumber)
        planes = _planes(contours.get(number), reference.geometry, axis, seen)
        mask, first = _mask(planes, reference.geometry, axis)
        corner = [0, 0, 0]
        corner[axis] = first
        stack.add(
            mask,
            (corner[0], corner[1], corner[2]),
            name=str(roi.get("ROIName", "")),
            number=number,
            colour=_colour(contours.get(number)),
            code=codes.get(number),
            exported_layer=exported_layer(str(roi.get("ROIDescription", ""))),
        )
    if seen.missing:
        raise Refused(
            f"{seen.missing} of {seen.contours} contours of {name} lie on slices that this scan does not "
            "have; import it beside the whole series that it was drawn on."
        )
    return stack.finished(
        *notes, *(f"{n} contours left out: {kind}." for kind, n in sorted(seen.left_out.items()))
    )


def _planes(contour: Dataset | None, geometry: Geometry, axis: int, seen: _Seen) -> dict[int, list[Points]]:
    """Return the contours of an ROI by slice, (n, 2) in pixels of the two other axes."""
    planes: dict[int, list[Points]] = {}
    for kind, points in _points(contour):
        seen.contours += 1
        if kind not in _CLOSED or len(points) < 3:
            what = "fewer than three points" if kind in _CLOSED else f"of the type {kind}"
            seen.left_out[what] += 1
            continue
        ijk = geometry.lps_to_index(points)
        along = ijk[:, axis]
        k = int(np.rint(along.mean()))
        if np.abs(along - k).max() > _OFF_SLICE or not 0 <= k < geometry.shape[axis]:
            seen.missing += 1
            continue
        planes.setdefault(k, []).append(np.delete(ijk, axis, axis=1))
    return planes


def _mask(planes: dict[int, list[Points]], geometry: Geometry, axis: int) -> tuple[NDArray[np.bool_], int]:
    """Return the mask from the first to the last slice that has contours, and the first one's index."""
    shape = [n for at, n in enumerate(geometry.shape) if at != axis]
    first, last = (min(planes), max(planes)) if planes else (0, -1)
    filled = np.zeros((last - first + 1, shape[0], shape[1]), np.bool_)
    for k, contours in planes.items():
        filled[k - first] = fill(contours, (shape[0], shape[1]))
    return np.moveaxis(filled, 0, axis), first


def _points(contour: Dataset | None) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield type and points (n, 3) in LPS millimetres. Raises Refused for numbers that are none."""
    for item in (contour.get("ContourSequence") or []) if contour is not None else []:
        values = _numbers(item)
        if values.size % 3 or not np.isfinite(values).all():
            raise Refused("The file has a contour whose points are not numbers, three each.")
        yield str(item.get("ContourGeometricType", "")).strip(), values.reshape(-1, 3)


def _numbers(item: Dataset) -> NDArray[np.float64]:
    """Return the contour data of an item, straight from its bytes where pydicom has not parsed them."""
    element: Any = item.get_item("ContourData")
    value = None if element is None else element.value
    if isinstance(value, bytes):
        text = value.decode("ascii").strip(" \0")
        return np.array(text.split("\\") if text else [], np.float64)
    return np.asarray([] if value is None else value, np.float64).ravel()


def _slice_axis(geometry: Geometry, contours: Any) -> int:
    """Return the axis of the grid along which most contours are flat; of a file without any, the last."""
    votes: Counter[int] = Counter()
    for contour in contours:
        for kind, points in _points(contour):
            if kind in _CLOSED and len(points) >= 3:
                extent = np.ptp(geometry.lps_to_index(points), axis=0)
                votes[int(2 - extent[::-1].argmin())] += 1
    return votes.most_common(1)[0][0] if votes else 2


def series_of(data: Dataset) -> set[str]:
    """Return the UIDs of the series that the contours were drawn on."""
    found: set[str] = set()
    for frame in data.get("ReferencedFrameOfReferenceSequence") or []:
        for study in frame.get("RTReferencedStudySequence") or []:
            for series in study.get("RTReferencedSeriesSequence") or []:
                found.add(str(series.get("SeriesInstanceUID", "")))
    return found - {""}


def frames_of(data: Dataset) -> set[str]:
    """Return the UIDs of the frames of reference that the contours lie in."""
    frames = {
        str(f.get("FrameOfReferenceUID", "")) for f in data.get("ReferencedFrameOfReferenceSequence") or []
    }
    rois = data.get("StructureSetROISequence") or []
    return (frames | {str(roi.get("ReferencedFrameOfReferenceUID", "")) for roi in rois}) - {""}


def _colour(contour: Dataset | None) -> str:
    given: Any = contour.get("ROIDisplayColor") if contour is not None else None
    if given is None or len(given) != 3:
        return ""
    red, green, blue = (float(x) / 255 for x in given)
    return hex_colour(red, green, blue)


def _codes(data: Dataset) -> dict[int, Code]:
    codes: dict[int, Code] = {}
    for observation in data.get("RTROIObservationsSequence") or []:
        for item in observation.get("RTROIIdentificationCodeSequence") or []:
            codes[int(observation.ReferencedROINumber)] = code_of(item)
    return codes


def code_of(item: Dataset) -> Code:
    """Return a coded concept of a DICOM code sequence."""
    return Code(
        str(item.get("CodeValue", "") or item.get("LongCodeValue", "")),
        str(item.get("CodingSchemeDesignator", "")),
        str(item.get("CodeMeaning", "")),
    )
