"""CT series in DICOM: found in a folder by Series Instance UID, checked, decoded to Hounsfield units.

Nothing that names a patient leaves this module but the Patient ID, which `patient_key` turns into a hash.
"""

import hashlib
import hmac
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    JPEG2000,
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    MediaStorageDirectoryStorage,
    RLELossless,
)

from annotation.errors import Refused
from annotation.imaging import checks
from annotation.imaging.grid import Slice, grid_of
from training.volume import Volume, VolumeError, to_canonical

# Which library decodes what: the first choice is the one that never crashed on damaged files.
_DECODERS = {
    JPEG2000Lossless: "pylibjpeg",
    JPEG2000: "pylibjpeg",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    RLELossless: "pydicom",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGBaseline8Bit: "gdcm",
    JPEGExtended12Bit: "gdcm",
}
_EXTENSIONS = {"", ".dcm", ".dicom", ".ima"}
_MAGIC_AT = 128
_MOST_FILES = 200_000
_SCANNED = ["SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "PatientID", "InstanceNumber"]


@dataclass(frozen=True)
class Series:
    """The files of one CT series, relative to the folder that was searched, and the Patient ID in them."""

    files: tuple[str, ...]
    patient_id: str


@dataclass(frozen=True)
class Found:
    """What lies in a folder: CT series, how many other DICOM objects of each kind, files that are damaged."""

    series: tuple[Series, ...]
    others: dict[str, int]
    damaged: tuple[str, ...]
    doubles: int


def patient_key(secret: str, patient: str) -> str:
    """Return what stands for a patient: HMAC-SHA-256 of the identifier under the installation's secret."""
    return hmac.new(secret.encode(), f"patient:{patient.strip()}".encode(), hashlib.sha256).hexdigest()


def find_series(folder: Path) -> Found:
    """Look through a folder tree for CT series. Files that are not DICOM are passed over in silence."""
    series: dict[str, dict[str, str]] = {}  # Series Instance UID → SOP Instance UID → file
    patients: dict[str, str] = {}
    others: Counter[str] = Counter()
    damaged: list[str] = []
    doubles = 0
    for path in _candidates(folder):
        name = path.relative_to(folder).as_posix()
        try:
            header = dcmread(path, stop_before_pixels=True, specific_tags=list(_SCANNED), force=True)
            kind, uid = UID(str(header.get("SOPClassUID", ""))), str(header.get("SeriesInstanceUID", ""))
            instance, patient = str(header.get("SOPInstanceUID", "")), str(header.get("PatientID", ""))
        except Exception:  # a damaged header raises errors of many types; all mean the same
            damaged.append(name)
            continue
        if not kind:
            damaged.extend([name] if _has_magic(path) else [])
        elif kind != CTImageStorage:
            others[_kind_name(kind)] += 1
        elif instance and instance in series.get(uid, {}):
            doubles += 1
        else:
            series.setdefault(uid, {})[instance or name] = name
            patients.setdefault(uid, patient)
    others.pop("", None)
    found = [Series(tuple(sorted(files.values())), patients[uid] or uid) for uid, files in series.items()]
    return Found(tuple(sorted(found, key=lambda s: s.files)), dict(others), tuple(damaged), doubles)


def read_series(paths: Sequence[Path]) -> Volume:
    """Decode one CT series to int16 HU (i, j, k), canonical LPS.

    All geometry is checked before the first pixel is decoded. Raises Refused with one sentence.
    """
    if not paths:
        raise Refused("The series holds no files.")
    headers = [_header(path) for path in paths]
    grid = grid_of([_slice(header, path.name) for header, path in zip(headers, paths, strict=True)])
    shape = (int(headers[0].Columns), int(headers[0].Rows), len(paths))
    checks.check_size(shape, 2, f"The series of {paths[0].name}")
    voxels = np.empty(shape, np.int16)
    for k, index in enumerate(grid.order):
        voxels[:, :, k] = _hounsfield(paths[index], shape[:2])
    try:
        volume = to_canonical(voxels, grid.affine_lps)
    except VolumeError as error:
        raise Refused(str(error)) from error
    checks.check_image(volume, f"The series of {paths[0].name}")
    return volume


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield files that may be DICOM, in a stable order; links out of the folder are not followed."""
    root, seen = folder.resolve(), 0
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            seen += 1
            if seen > _MOST_FILES:
                raise Refused(f"The folder holds more than {_MOST_FILES} files; import it in parts.")
            inside = path.is_file() and path.resolve().is_relative_to(root)
            if inside and not name.startswith(".") and _may_be_dicom(path):
                yield path


def _may_be_dicom(path: Path) -> bool:
    return path.suffix.lower() in _EXTENSIONS - {""} or _has_magic(path)


def _has_magic(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(_MAGIC_AT)
        return file.read(4) == b"DICM"


def _kind_name(kind: UID) -> str:
    """Return what to call an object that is not a CT slice; directories are nothing to report."""
    if kind == MediaStorageDirectoryStorage:
        return ""
    if kind == EnhancedCTImageStorage:
        return "enhanced (multi-frame) CT"
    return kind.name.removesuffix(" Storage") if kind.name != str(kind) else "unknown kind of object"


def _header(path: Path) -> Dataset:
    try:
        header = dcmread(path, stop_before_pixels=True, force=True)
        syntax = getattr(header, "file_meta", Dataset()).get("TransferSyntaxUID")
    except (InvalidDicomError, Exception) as error:
        raise Refused(f"{path.name} is damaged or not a DICOM file.") from error
    if syntax is not None and UID(syntax).is_encapsulated and UID(syntax) not in _DECODERS:
        raise Refused(
            f"{path.name} is compressed in a way that is not read here ({UID(syntax).name}). "
            "Send it uncompressed, or as JPEG lossless, JPEG-LS, JPEG 2000 or RLE."
        )
    return header


def _slice(header: Dataset, name: str) -> Slice:
    """Take a slice's place from its header. Raises Refused when something needed is missing or absurd."""
    try:
        if header.SOPClassUID != CTImageStorage:
            raise Refused(f"{name} is not a CT slice.")
        if int(header.get("SamplesPerPixel", 1)) != 1 or int(header.get("NumberOfFrames") or 1) != 1:
            raise Refused(f"{name} holds colours or several frames; single grey slices are needed.")
        if header.get("PhotometricInterpretation", "MONOCHROME2") != "MONOCHROME2":
            raise Refused(f"{name} is stored with inverted or coloured greys, which a CT slice never is.")
        orientation = [float(x) for x in header.ImageOrientationPatient]
        x, y, z = (float(v) for v in header.ImagePositionPatient)
        row_mm, column_mm = (float(v) for v in header.PixelSpacing)
        number = header.get("InstanceNumber")
        return Slice(
            position_lps=(x, y, z),
            along_row=(orientation[0], orientation[1], orientation[2]),
            along_column=(orientation[3], orientation[4], orientation[5]),
            rows=int(header.Rows),
            columns=int(header.Columns),
            spacing_mm=(row_mm, column_mm),
            number=None if number is None else int(number),
        )
    except Refused:
        raise
    except Exception as error:  # missing, empty or malformed: the attribute's name would help nobody
        raise Refused(
            f"{name} lacks position, orientation, pixel spacing or size: it cannot be placed in the patient."
        ) from error


def _hounsfield(path: Path, shape: tuple[int, ...]) -> NDArray[np.int16]:
    """Decode one slice to int16 HU, (column, row)."""
    try:
        data = dcmread(path, force=True)
        slope, intercept = float(data.RescaleSlope), float(data.RescaleIntercept)
    except Exception as error:
        raise Refused(f"{path.name} has no rescale slope and intercept: HU unknown.") from error
    try:
        syntax = getattr(data, "file_meta", Dataset()).get("TransferSyntaxUID")
        plugin = _DECODERS.get(UID(syntax), "") if syntax else ""
        stored: NDArray[Any] = pixel_array(data, decoding_plugin=plugin)
    except MemoryError:
        raise
    except Exception as error:
        raise Refused(f"{path.name} is damaged: its pixels could not be decoded.") from error
    values = np.rint(stored.astype(np.float64) * slope + intercept)
    if values.T.shape != shape:
        raise Refused(f"{path.name} holds {values.T.shape} pixels instead of {shape}.")
    limits = np.iinfo(np.int16)
    if not np.isfinite(values).all() or values.min() < limits.min or values.max() > limits.max:
        raise Refused(f"{path.name} holds values that are not Hounsfield units.")
    return values.T.astype(np.int16)
