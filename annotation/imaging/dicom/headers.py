"""Headers of DICOM files, one record per slice, whether a file holds one slice or all of them.

Identifiers are compared and never shown: what leaves this module in words are kinds and numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    MediaStorageDirectoryStorage,
)

from annotation.imaging.grid import Slice

EXTENSIONS = frozenset({".dcm", ".dicom", ".ima"})
CLASSIC = frozenset({CTImageStorage})
ENHANCED = frozenset({EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage})
MOST_FRAMES = 20_000

_MAGIC_AT, _MAGIC = 128, b"DICM"
# A file without a preamble begins with an element of group 0002 or 0008, whose value representation is two
# capitals (explicit) or whose length is short (implicit).
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00")
_LONGEST_FIRST_VALUE = 256

_SERIES = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SeriesNumber")
_DATES = ("AcquisitionDate", "SeriesDate", "StudyDate")
_TELLING = (
    *("AcquisitionNumber", "TemporalPositionIdentifier", "AcquisitionTime", "ConvolutionKernel"),
    *("ImageType", "StackID", "SliceThickness", "KVP", "ContrastBolusAgent", "SeriesDescription"),
    *("TemporalPositionIndex", "FrameAcquisitionNumber"),
)
_KIND = ("SOPClassUID", "SOPInstanceUID", "Modality", "ImageType", "ConversionType")
_PLACE = (
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns"),
    *("InstanceNumber", "NumberOfFrames"),
)
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
SCANNED = [*dict.fromkeys([*_SERIES, *_DATES, *_TELLING, *_KIND, *_PLACE, *_GROUPS])]


@dataclass(frozen=True)
class Frame:
    """One slice as its header tells: which file and frame, and where it lies (None: it does not say).

    `words` are the image type's; `telling` are values that differ between reconstructions, phases or passes
    of one series.
    """

    file: str
    number: int
    place: Slice | None
    words: frozenset[str] = frozenset()
    telling: dict[str, str] = field(default_factory=dict)
    orientation: tuple[float, ...] | None = None


@dataclass(frozen=True)
class File:
    """What one file is: its kind, the series it belongs to, and its slices."""

    name: str
    kind: str
    modality: str
    series: tuple[str, ...]
    patient_id: str
    frames: tuple[Frame, ...]
    acquired_on: str = ""

    @property
    def is_ct(self) -> bool:
        """Whether its slices are a CT's. Where the class is missing, the modality says so."""
        if self.kind in CLASSIC | ENHANCED:
            return self.modality in ("CT", "")
        return not self.kind and self.modality == "CT"


def may_be_dicom(path: Path) -> bool:
    """Tell by name or first bytes whether a file may be DICOM."""
    if path.suffix.lower() in EXTENSIONS:
        return True
    with path.open("rb") as file:
        head = file.read(_MAGIC_AT + len(_MAGIC))
    if head[_MAGIC_AT:] == _MAGIC:
        return True
    if len(head) < 8 or head[:2] not in _FIRST_GROUPS:
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    return explicit or int.from_bytes(head[4:8], "little") <= _LONGEST_FIRST_VALUE


def read_file(path: Path, name: str) -> File | None:
    """Read what a file is; None where it is a directory of media, or no DICOM at all.

    Raises whatever a damaged header makes pydicom raise.
    """
    header = dcmread(path, stop_before_pixels=True, specific_tags=list(SCANNED), force=True)
    kind = str(header.get("SOPClassUID") or "")
    if kind == MediaStorageDirectoryStorage:
        return None
    modality = str(header.get("Modality") or "").strip().upper()
    if not kind and not modality and "Rows" not in header:
        return None
    series = tuple(str(header.get(key) or "").strip() for key in _SERIES)
    if not series[2]:
        series = (*series, str(Path(name).parent))
    frames = frames_of(header, name)
    acquired_on = str(value_in([header], *_DATES) or "").strip()
    return File(name, kind, modality, series, series[0], frames, acquired_on)


def frames_of(header: Dataset, name: str) -> tuple[Frame, ...]:
    """Return the slices of a file by its header."""
    if "PerFrameFunctionalGroupsSequence" not in header:
        return (_frame(header, [header], name, 0),)
    shared = list(header.get("SharedFunctionalGroupsSequence") or [])[:1]
    per_frame = header.PerFrameFunctionalGroupsSequence
    if len(per_frame) > MOST_FRAMES:
        raise ValueError("too many frames")
    return tuple(
        _frame(header, [*_inner(one), *(part for group in shared for part in _inner(group)), header], name, n)
        for n, one in enumerate(per_frame)
    )


def value_in(parts: Sequence[Dataset], *keywords: str) -> Any:
    """Return the first value that one of the parts has for a keyword, the first keyword first; or None."""
    for keyword in keywords:
        for part in parts:
            value = part.get(keyword)
            if value is not None and value != "":
                return value
    return None


def functional_parts(header: Dataset, number: int) -> list[Dataset]:
    """Return where the values of a frame may stand, the most particular first."""
    if "PerFrameFunctionalGroupsSequence" not in header:
        return [header]
    shared = list(header.get("SharedFunctionalGroupsSequence") or [])[:1]
    groups = [header.PerFrameFunctionalGroupsSequence[number], *shared]
    return [*(part for group in groups for part in _inner(group)), header]


def _inner(group: Dataset) -> Iterator[Dataset]:
    """Yield the single item of each functional group's sequence."""
    for element in group:
        if element.VR == "SQ" and element.value:
            yield element.value[0]


def _frame(header: Dataset, parts: Sequence[Dataset], name: str, number: int) -> Frame:
    words = [str(word).strip().upper() for word in _many(header.get("ImageType"))]
    words += [str(word).strip().upper() for word in _many(value_in(parts, "FrameType"))]
    telling = {key: str(value) for key in _TELLING if (value := value_in(parts, key)) is not None}
    # As fine as a second: scanners count on while they reconstruct.
    if "AcquisitionTime" in telling:
        telling["AcquisitionTime"] = telling["AcquisitionTime"].split(".")[0]
    return Frame(
        file=name,
        number=number,
        place=place_of(parts),
        words=frozenset(words),
        telling=telling,
        orientation=_numbers(value_in(parts, "ImageOrientationPatient"), 6),
    )


def place_of(parts: Sequence[Dataset]) -> Slice | None:
    """Take a slice's place from its header; None where something needed is missing or no number."""
    orientation = _numbers(value_in(parts, "ImageOrientationPatient"), 6)
    position = _numbers(value_in(parts, "ImagePositionPatient"), 3)
    columns, rows = _whole(value_in(parts, "Columns")), _whole(value_in(parts, "Rows"))
    if orientation is None or position is None or not columns or not rows:
        return None
    spacing = _numbers(value_in(parts, "PixelSpacing"), 2) or (0.0, 0.0)
    return Slice(
        position_lps=(position[0], position[1], position[2]),
        along_row=(orientation[0], orientation[1], orientation[2]),
        along_column=(orientation[3], orientation[4], orientation[5]),
        rows=rows,
        columns=columns,
        spacing_mm=(spacing[0], spacing[1]),
        number=_whole(value_in(parts, "InstanceNumber") or value_in(parts, "InStackPositionNumber")),
    )


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(one) for one in _many(value))
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(isfinite(one) for one in numbers) else None


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return [value] if isinstance(value, str | bytes | int | float) else list(value)


def kind_name(kind: str) -> str:
    """Return what to call an object that is not a CT slice."""
    uid = UID(kind)
    return uid.name.removesuffix(" Storage") if uid.name != kind and kind else "unknown kind of object"
