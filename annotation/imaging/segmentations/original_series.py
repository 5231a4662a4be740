"""The series that a scan came from, as drawings that go back there name it: its UIDs, on its own grid."""

from dataclasses import replace

import numpy as np
from pydicom import Dataset
from pydicom.uid import UID

from annotation.errors import Refused
from annotation.imaging.dicom.originals import Original
from annotation.imaging.dicom.pseudonyms import Pseudonyms
from annotation.imaging.segmentations import ct_series
from annotation.imaging.segmentations.layers import Segmentation
from training.volume import geometry_from_affine

_DEIDENTIFIED = "Written anew from voxels and geometry; UIDs retained"  # PS3.15 E.3.9, Retain UIDs Option
_TOLERANCE = 0.05  # of a voxel, over the whole scan


def headers_of(original: Original, *, patient: str) -> list[Dataset]:
    """Return a header for each slice, by the files' own UIDs, positions and orientation; no voxels, no dates.

    `patient` is a pseudonym: who the patient is was never kept.
    """
    geometry = geometry_from_affine(original.shape, original.affine())
    known = Pseudonyms(original.study_uid, original.series_uid)
    shared = ct_series.series_header(geometry, patient=patient, name="", known=known)
    shared.SOPClassUID = UID(original.class_uid)
    if original.frame_uid:
        shared.FrameOfReferenceUID = UID(original.frame_uid)
    shared.DeidentificationMethod = _DEIDENTIFIED
    headers = []
    for k, (uid, position) in enumerate(zip(original.slice_uids, original.positions_lps, strict=True)):
        header = ct_series.slice_header(shared, geometry, k, UID(uid))
        header.ImagePositionPatient = ct_series.decimals(position)
        headers.append(header)
    return headers


def turned_back(found: Segmentation, original: Original) -> Segmentation:
    """Return a segmentation on the grid of the files: (layer, column, row, slice), no voxel changed.

    Raises Refused where its grid is not that of the files, turned.
    """
    to_files = np.linalg.inv(original.affine()) @ found.geometry.affine_lps()
    turn = np.rint(to_files[:3, :3])
    ends = np.array(found.geometry.shape) - 1
    first = np.where(turn.sum(axis=1) < 0, np.abs(turn) @ ends, 0)
    drift = np.abs(to_files[:3, :3] - turn) @ ends + np.abs(to_files[:3, 3] - first)
    if (np.abs(turn).sum(axis=0) != 1).any() or (np.abs(turn).sum(axis=1) != 1).any():
        raise _other_grid()
    if drift.max() > _TOLERANCE:
        raise _other_grid()
    axes = [int(axis) for axis in np.abs(turn).argmax(axis=1)]
    labels = found.labels.transpose(0, *(1 + axis for axis in axes))
    labels = np.flip(labels, tuple(1 + axis for axis in range(3) if turn[axis].sum() < 0))
    if labels.shape[1:] != original.shape:
        raise _other_grid()
    geometry = geometry_from_affine(original.shape, original.affine())
    return replace(found, labels=np.ascontiguousarray(labels), geometry=geometry)


def _other_grid() -> Refused:
    return Refused(
        "The grid of a case is not that of the series it came from, so that a drawing cannot go back there; "
        "export without original UIDs."
    )
