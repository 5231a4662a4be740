"""Images and label maps in NRRD (.nrrd) and MetaImage (.mha, .mhd beside its raw file).

Headers are judged before any voxel is read: one 3-D grid of single numbers that says where it lies, its
voxels in the file itself or, for .mhd, in a plain file beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused, TooLarge
from annotation.imaging import checks
from annotation.imaging.findings import Cause, Rejected
from training.volume import Matrix, Volume, VolumeError, to_canonical

NRRD = (".nrrd", ".nhdr")
META = (".mha", ".mhd")
SUFFIXES = (*NRRD, *META)

_INT16 = np.iinfo(np.int16)
_LONGEST_HEADER = 256 * 1024
# NRRD's words for the axes' directions, and what turns them into LPS.
_TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}
_NRRD_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(("longlong", "long long", "long long int", "int64", "int64_t"), "i8"),
    **dict.fromkeys(("ulonglong", "unsigned long long", "uint64", "uint64_t"), "u8"),
    **{"float": "f4", "double": "f8"},
}
_META_TYPES = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4"},
    **{"MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8"},
    **{"MET_FLOAT": "f4", "MET_DOUBLE": "f8"},
}


@dataclass(frozen=True)
class _Grid:
    """Shape, affine (4×4, LPS mm) and type of the voxels, as a header tells them."""

    shape: tuple[int, int, int]
    affine_lps: Matrix
    dtype: np.dtype[Any]


def is_raster(path: Path) -> bool:
    """Tell by the name whether a file is NRRD or MetaImage."""
    return path.name.lower().endswith(SUFFIXES)


def stored_grid(path: Path) -> tuple[tuple[int, int, int], Matrix]:
    """Return shape and affine (4×4, LPS mm) by the header alone. Raises Rejected, TooLarge."""
    grid = _grid(path)
    return grid.shape, grid.affine_lps


def read_image(path: Path) -> Volume:
    """Read a CT as int16 HU (i, j, k), canonical LPS; fractions of a HU are rounded. Raises Rejected."""

    def to_hu(values: NDArray[Any]) -> NDArray[np.int16]:
        if not np.isfinite(values).all():
            raise Rejected(Cause.NOT_HU, f"{path.name} holds voxels that are not numbers.")
        low, high = float(values.min()), float(values.max())
        if low < _INT16.min or high > _INT16.max:
            raise Rejected(
                Cause.NOT_HU,
                f"{path.name} holds values from {low:g} to {high:g}, which are not Hounsfield units.",
            )
        return np.asarray(np.rint(values), np.int16)

    image = read_values(path, to_hu)
    checks.check_image(image, path.name)
    return image


def read_labels(path: Path) -> Volume:
    """Read a label map as uint8 (i, j, k) with values 0–254, canonical LPS. Raises Refused."""

    def to_labels(values: NDArray[Any]) -> NDArray[np.uint8]:
        is_whole = values.dtype.kind in "iu" or (
            np.isfinite(values).all() and (values == np.rint(values)).all()
        )
        if not is_whole or values.min() < 0 or values.max() > 255:
            raise Rejected(
                Cause.LABELS,
                f"{path.name} is not a label map: it holds other than whole numbers from 0 to 254.",
            )
        return values.astype(np.uint8)

    labels = read_values(path, to_labels)
    checks.check_labels(labels, path.name)
    return labels


def read_values(path: Path, made: Callable[[NDArray[Any]], NDArray[Any]]) -> Volume:
    """Read what `made` makes of the values of a file, canonical LPS. Raises Refused."""
    grid = _grid(path)
    try:
        values = _nrrd_values(path) if _is_nrrd(path) else _meta_values(path)
    except (MemoryError, Refused):
        raise
    except Exception as error:  # readers raise errors of many types on damaged files
        raise _damaged(path) from error
    if values.shape != grid.shape:
        raise _damaged(path)
    try:
        return to_canonical(made(values), grid.affine_lps)
    except VolumeError as error:
        raise Rejected(Cause.NO_POSITION, str(error)) from error


def _is_nrrd(path: Path) -> bool:
    return path.name.lower().endswith(NRRD)


def _damaged(path: Path) -> Rejected:
    return Rejected(
        Cause.DAMAGED, f"{path.name} is damaged or not {'an NRRD' if _is_nrrd(path) else 'a MetaImage'} file."
    )


def _grid(path: Path) -> _Grid:
    try:
        grid = _nrrd_grid(path) if _is_nrrd(path) else _meta_grid(path)
    except (MemoryError, Refused):
        raise
    except Exception as error:
        raise _damaged(path) from error
    if not np.isfinite(grid.affine_lps).all() or abs(np.linalg.det(grid.affine_lps[:3, :3])) < 1e-9:
        raise Rejected(
            Cause.NO_POSITION, f"{path.name} does not say where it lies: its affine is singular or no number."
        )
    checks.check_size(grid.shape, grid.dtype.itemsize, path.name)
    return grid


# ── NRRD ─────────────────────────────────────────────────────────────────────


def _nrrd_header(path: Path) -> dict[str, Any]:
    nrrd: Any = import_module("nrrd")  # few files are NRRD
    with path.open("rb") as file:
        if not file.read(4) == b"NRRD":
            raise _damaged(path)
    header: dict[str, Any] = nrrd.read_header(str(path))
    if "data file" in header or "datafile" in header:
        raise Rejected(
            Cause.DETACHED,
            f"{path.name} keeps its voxels in another file; write it as one .nrrd file with its data inside.",
        )
    return header


def _nrrd_grid(path: Path) -> _Grid:
    header = _nrrd_header(path)
    sizes = [int(n) for n in header["sizes"]]
    if len(sizes) != 3:
        raise Rejected(Cause.NOT_GREY, f"{path.name} has {len(sizes)} axes; one 3-D image is needed.")
    flips = _TO_LPS.get(str(header.get("space", "")).strip().lower())
    if flips is None or header.get("space directions") is None or header.get("space origin") is None:
        raise Rejected(
            Cause.NO_POSITION,
            f"{path.name} does not say how the patient lies: its header needs a space such as "
            "left-posterior-superior, with directions and an origin.",
        )
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(header["space directions"], float).T
    affine[:3, 3] = np.asarray(header["space origin"], float)
    affine = np.diag([*flips, 1.0]) @ affine
    if header["type"] not in _NRRD_TYPES:
        raise Rejected(Cause.NOT_GREY, f"{path.name} holds something else than one number per voxel.")
    return _Grid((sizes[0], sizes[1], sizes[2]), affine, np.dtype(_NRRD_TYPES[header["type"]]))


def _nrrd_values(path: Path) -> NDArray[Any]:
    nrrd: Any = import_module("nrrd")
    header = _nrrd_header(path)
    with path.open("rb") as file:
        nrrd.read_header(file)
        values: NDArray[Any] = nrrd.read_data(header, file, None, index_order="F")
    return values


# ── MetaImage ────────────────────────────────────────────────────────────────


def _meta_header(path: Path) -> dict[str, str]:
    """Return the lines of the header; its last one says where the voxels are."""
    found: dict[str, str] = {}
    with path.open("rb") as file:
        while file.tell() < _LONGEST_HEADER:
            key, equals, value = file.readline(4096).decode("ascii").partition("=")
            if not equals:
                break
            found[key.strip()] = value.strip()
            if key.strip() == "ElementDataFile":
                return found
    raise _damaged(path)


def _meta_grid(path: Path) -> _Grid:
    header = _meta_header(path)
    shape = [int(n) for n in header["DimSize"].split()]
    channels = int(header.get("ElementNumberOfChannels", "1"))
    if len(shape) != 3 or int(header["NDims"]) != len(shape) or channels != 1:
        raise Rejected(
            Cause.NOT_GREY,
            f"{path.name} has {len(shape)} axes and {channels} channels; one 3-D image is needed.",
        )
    if header["ElementType"] not in _META_TYPES:
        raise Rejected(Cause.NOT_GREY, f"{path.name} holds something else than one number per voxel.")
    dtype = np.dtype(_META_TYPES[header["ElementType"]])
    _check_beside(path, header, prod(shape) * dtype.itemsize)
    turned = next(
        (header[key] for key in ("TransformMatrix", "Rotation", "Orientation") if key in header), None
    )
    begins = next((header[key] for key in ("Offset", "Position", "Origin") if key in header), None)
    sizes = header.get("ElementSpacing", header.get("ElementSize"))
    if turned is None or begins is None or sizes is None:
        raise Rejected(
            Cause.NO_POSITION,
            f"{path.name} does not say how the patient lies: its header needs ElementSpacing, Offset and "
            "TransformMatrix.",
        )
    affine = np.eye(4)
    # The matrix is written one axis after the other: row n is the direction of axis n (LPS).
    affine[:3, :3] = np.array(turned.split(), float).reshape(3, 3).T * np.array(sizes.split(), float)
    affine[:3, 3] = np.array(begins.split(), float)
    return _Grid((shape[0], shape[1], shape[2]), affine, dtype)


def _check_beside(path: Path, header: dict[str, str], needed: int) -> None:
    """Raise Rejected unless the voxels lie in the file itself or in one plain file beside it."""
    name = header["ElementDataFile"]
    if name.upper() == "LOCAL":
        return
    other = path.parent / name
    is_plain = Path(name).name == name and "%" not in name and " " not in name and name != path.name
    if not is_plain or not other.is_file() or other.is_symlink():
        raise Rejected(
            Cause.DETACHED,
            f"{path.name} keeps its voxels in another file that is not beside it; write it as one .mha file.",
        )
    is_compressed = header.get("CompressedData", "False").upper() == "TRUE"
    if not is_compressed and other.stat().st_size < needed:
        raise Rejected(Cause.DAMAGED, f"{path.name} is incomplete: the file of its voxels ends too early.")
    if other.stat().st_size > 2 * checks.MAX_BYTES:
        raise TooLarge(f"{path.name} has more than {2 * checks.MAX_BYTES // 1024**2} MiB of voxels.")


def _meta_values(path: Path) -> NDArray[Any]:
    sitk: Any = import_module("SimpleITK")  # slow to load, and few files are MetaImage
    reader = sitk.ImageFileReader()
    reader.SetImageIO("MetaImageIO")
    reader.SetFileName(str(path))
    values: NDArray[Any] = np.transpose(sitk.GetArrayFromImage(reader.Execute()))
    return values
