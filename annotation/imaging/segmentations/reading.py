"""Which reader a delineation needs, by its name and what it says of itself. Run in the child process."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.uid import UID, RTStructureSetStorage, SegmentationStorage

from annotation.errors import Refused
from annotation.imaging import nifti
from annotation.imaging.segmentations import label_files, picture_stack, rtstruct, seg, seg_nrrd
from annotation.imaging.segmentations.layers import Reference, Segmentation
from annotation.imaging.segmentations.transport import geometry_of
from training.volume import Geometry

LABEL_MAP_SEGMENTATION = UID("1.2.840.10008.5.1.4.1.1.66.7")
_NAMING = [
    *("SOPClassUID", "FrameOfReferenceUID", "ReferencedSeriesSequence"),
    *("ReferencedFrameOfReferenceSequence", "StructureSetROISequence"),
]


def read(paths: Sequence[Path], reference: Reference, *, each: bool = False) -> Segmentation:
    """Read a delineation onto an image's grid; several paths, or one of `each`, are one file per structure.

    Raises Refused with one sentence that says what is wrong and what to do.
    """
    if not paths:
        raise Refused("There is no file of a delineation.")
    path = paths[0]
    if each or len(paths) > 1:
        return label_files.read_each(paths, reference)
    if nifti.is_nifti(path):
        return label_files.read(path, reference)
    if path.suffix.lower() == ".nrrd":
        return seg_nrrd.read(path, reference)
    data = _dataset(path)
    kind = data.get("SOPClassUID", "")
    if kind == RTStructureSetStorage:
        return rtstruct.read(data, reference, path.name)
    if kind in (SegmentationStorage, LABEL_MAP_SEGMENTATION):
        return seg.read(data, reference, path.name)
    raise Refused(f"{path.name} holds no delineation that is read here: SEG, RTSTRUCT, NIfTI or NRRD.")


def answer(paths: list[Path], request: dict[str, Any], file: Path) -> dict[str, Any]:
    """Read a delineation for the sandbox: `paths` are its files, then those of the image's series.

    `request` has `files`, how many of the paths are the delineation's, `geometry`, the image's grid, `each`
    (see `read`) and `pictured`: the files are pictures, one for each file of the series.
    """
    count = int(request["files"])
    reference = reference_of(geometry_of(request["geometry"]), paths[count:])
    if request.get("pictured"):
        found = picture_stack.read(paths[:count], paths[count:], reference.geometry)
    else:
        found = read(paths[:count], reference, each=bool(request.get("each")))
    np.save(file, found.labels, allow_pickle=False)
    return {"segments": [asdict(segment) for segment in found.segments], "notes": list(found.notes)}


def drawn_on(path: Path) -> dict[str, list[str]]:
    """Return the UIDs of series and frames of reference that a SEG or RTSTRUCT says it was drawn on."""
    try:
        data = dcmread(path, stop_before_pixels=True, specific_tags=list(_NAMING), force=True)
        kind = rtstruct if data.get("SOPClassUID", "") == RTStructureSetStorage else seg
        return {"series": sorted(kind.series_of(data)), "frames": sorted(kind.frames_of(data))}
    except MemoryError:
        raise
    except Exception as error:  # a damaged header raises errors of many types; all mean the same
        raise Refused(f"{path.name} is damaged or not a DICOM file.") from error


def names_in(path: Path) -> list[str]:
    """Return the names of the structures that a SEG, RTSTRUCT or .seg.nrrd describes; no voxel is read."""
    if path.suffix.lower() == ".nrrd":
        described = seg_nrrd.described(path)
        return [] if described is None else list(described.names)
    try:
        tags = ["StructureSetROISequence", "SegmentSequence"]
        data = dcmread(path, stop_before_pixels=True, specific_tags=list(tags), force=True)
        rois = [str(one.get("ROIName", "")) for one in data.get("StructureSetROISequence") or []]
        return rois or [str(one.get("SegmentLabel", "")) for one in data.get("SegmentSequence") or []]
    except MemoryError:
        raise
    except Exception as error:  # a damaged header raises errors of many types; all mean the same
        raise Refused(f"{path.name} is damaged or not a DICOM file.") from error


def reference_of(geometry: Geometry, series: Sequence[Path]) -> Reference:
    """Return what a delineation is held against; `series` are the image's DICOM files, if any."""
    if not series:
        return Reference(geometry)
    tags = ["SeriesInstanceUID", "FrameOfReferenceUID"]
    header = dcmread(series[0], stop_before_pixels=True, specific_tags=list(tags), force=True)
    return Reference(geometry, *(str(header.get(tag, "")) for tag in tags))


def _dataset(path: Path) -> Dataset:
    try:
        return dcmread(path, force=True)
    except Exception as error:  # a damaged header raises errors of many types; all mean the same
        raise Refused(f"{path.name} is damaged or not a DICOM file.") from error
