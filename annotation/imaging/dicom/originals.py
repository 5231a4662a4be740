"""What the files of a series were called where they came from, so that a drawing can be sent back there.

Names a study, a series and its slices, never a patient. Only a series whose voxels were kept as they are has
it: where slices were resampled, or lie in one file together, a drawing here is on no slice of theirs.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from annotation.imaging.dicom.headers import CLASSIC
from annotation.imaging.grid import Grid, Slice

_UID = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")
_LONGEST_UID = 64
_MATRIX = 16


@dataclass(frozen=True)
class Original:
    """UIDs of a series, and the grid in which its files hold the voxels; `frame_uid` may be blank.

    `affine_lps` takes (column, row, slice) to LPS mm: 4 × 4, row by row; `shape` is (columns, rows, slices).
    `slice_uids` are SOP Instance UIDs and `positions_lps` centres of first pixels, slice by slice.
    """

    study_uid: str
    series_uid: str
    frame_uid: str
    class_uid: str
    affine_lps: tuple[float, ...]
    shape: tuple[int, int, int]
    slice_uids: tuple[str, ...]
    positions_lps: tuple[tuple[float, float, float], ...]

    def __post_init__(self) -> None:
        uids = [self.study_uid, self.series_uid, self.class_uid, *self.slice_uids]
        uids += [self.frame_uid] if self.frame_uid else []
        if not all(len(uid) <= _LONGEST_UID and _UID.match(uid) for uid in uids):
            raise ValueError("A UID is missing or none.")
        if len(set(self.slice_uids)) < len(self.slice_uids):
            raise ValueError("Two slices have one UID.")
        if not len(self.slice_uids) == len(self.positions_lps) == self.shape[2]:
            raise ValueError("There is not one UID and position for each slice.")
        numbers = [*self.affine_lps, *(x for position in self.positions_lps for x in position)]
        if len(self.affine_lps) != _MATRIX or not all(isfinite(number) for number in numbers):
            raise ValueError("The grid is none.")

    def affine(self) -> NDArray[np.float64]:
        """Return what takes (column, row, slice, 1) to LPS mm: 4 × 4."""
        return np.reshape(np.asarray(self.affine_lps, float), (4, 4))

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, words: Any) -> "Original":
        """Raise ValueError, KeyError or TypeError for what `as_json` never wrote."""
        columns, rows, slices = (int(n) for n in words["shape"])
        return cls(
            study_uid=str(words["study_uid"]),
            series_uid=str(words["series_uid"]),
            frame_uid=str(words["frame_uid"]),
            class_uid=str(words["class_uid"]),
            affine_lps=tuple(float(x) for x in words["affine_lps"]),
            shape=(columns, rows, slices),
            slice_uids=tuple(str(uid) for uid in words["slice_uids"]),
            positions_lps=tuple(_three(one) for one in words["positions_lps"]),
        )


def original_of(headers: Sequence[Dataset], places: Sequence[Slice], grid: Grid) -> Original | None:
    """Return the names of a series, given header and place of each slice; None where drawings cannot go back.

    `grid.order` says in which order the slices lie.
    """
    is_as_it_was = grid.planes is None and grid.shifts_px is None
    if not is_as_it_was or any(str(one.get("SOPClassUID") or "") not in CLASSIC for one in headers):
        return None
    first = headers[0]
    try:
        return Original(
            study_uid=_uid(first, "StudyInstanceUID"),
            series_uid=_uid(first, "SeriesInstanceUID"),
            frame_uid=_uid(first, "FrameOfReferenceUID"),
            class_uid=_uid(first, "SOPClassUID"),
            affine_lps=tuple(float(x) for x in grid.affine_lps.ravel()),
            shape=(places[0].columns, places[0].rows, len(places)),
            slice_uids=tuple(_uid(headers[index], "SOPInstanceUID") for index in grid.order),
            positions_lps=tuple(places[index].position_lps for index in grid.order),
        )
    except ValueError:
        return None


def _uid(header: Dataset, keyword: str) -> str:
    return str(header.get(keyword) or "").strip()


def _three(numbers: Any) -> tuple[float, float, float]:
    x, y, z = (float(number) for number in numbers)
    return x, y, z
