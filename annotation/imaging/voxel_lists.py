"""Scans and masks written as lists of voxels: CSV with flat indices into a grid, as OpenKBP publishes them.

After a header, the first column holds indices that count the last axis fastest, the second a value.
Axes of the grid are row (to the patient's back), column (to the left) and slice (to the head; believed, since
the lists do not say). Spacing lies in `voxel_dimensions.csv` beside them. To be called in the child process.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused, TooLarge
from annotation.imaging import checks
from annotation.imaging.findings import Cause, Rejected
from training.volume import Geometry, Volume

MOST_BYTES = 256 * 1024**2
SUFFIX = ".csv"
SHAPE = (128, 128, 128)  # row, column, slice
SPACINGS = "voxel_dimensions.csv"
OFFSET_HU = -1000  # of stored values (believed); what no list names is air
_HIGHEST = 8192


def read_image(path: Path) -> Volume:
    """Read a CT as int16 HU (i, j, k), canonical LPS. Raises Refused."""
    indices, values = _columns(path)
    if len(values) != len(indices) or (len(values) and not 0 <= values.min() <= values.max() <= _HIGHEST):
        raise Rejected(Cause.NOT_HU, f"{path.name} holds values that are no stored CT values.")
    stored = np.zeros(int(np.prod(SHAPE)), np.int16)
    stored[_within(indices, stored, path.name)] = np.rint(values).astype(np.int16)
    image = Volume(_turned(stored + np.int16(OFFSET_HU)), _geometry(path))
    checks.check_image(image, path.name)
    return image


def read_mask(path: Path) -> Volume:
    """Read one structure's mask as uint8 (i, j, k), 1 inside, canonical LPS. Raises Refused."""
    return Volume(_turned(mask_of_list(_text(path), SHAPE, path.name)), _geometry(path))


def mask_of_list(text: str, shape: tuple[int, int, int], name: str) -> NDArray[np.uint8]:
    """Return the mask (uint8, axes in the order of `shape`) of a list whose first column holds flat indices.

    Raises Refused for what is no such list.
    """
    mask = np.zeros(int(np.prod(shape)), np.uint8)
    mask[_within(_indices(_lines(text), name), mask, name)] = 1
    return mask.reshape(shape)


def _columns(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    lines = _lines(_text(path))
    second = [line.split(",")[1:2] for line in lines]
    try:
        values = np.array([float(one[0]) for one in second], np.float64)
    except (IndexError, ValueError) as error:
        raise Refused(
            f"{path.name} is no scan as a list of voxels: its second column needs values."
        ) from error
    return _indices(lines, path.name), values


def _text(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise TooLarge(f"{path.name} is larger than {MOST_BYTES // 1024**2} MiB.")
    return path.read_text(encoding="ascii", errors="replace")


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines()[1:] if line.strip()]


def _indices(lines: list[str], name: str) -> NDArray[np.int64]:
    first = [line.split(",", 1)[0] for line in lines]
    if not all(one.isascii() and one.isdecimal() and len(one) < 12 for one in first):
        raise Refused(f"{name} is not a list of voxels: its first column needs whole numbers.")
    return np.array(first, np.int64) if first else np.zeros(0, np.int64)


def _within(indices: NDArray[np.int64], grid: NDArray[np.integer], name: str) -> NDArray[np.int64]:
    if len(indices) and int(indices.max()) >= grid.size:
        raise Refused(f"{name} names voxel {int(indices.max())}; its grid has {grid.size}.")
    return indices


def _turned(flat: NDArray[np.integer]) -> NDArray[np.integer]:
    """Put (row, column, slice) into (i, j, k): left, back, head."""
    return np.ascontiguousarray(np.swapaxes(flat.reshape(SHAPE), 0, 1))


def _geometry(path: Path) -> Geometry:
    """Return the grid; the lists give no origin, so that the first voxel's centre is 0."""
    beside = path.with_name(SPACINGS)
    if not beside.is_file() or beside.is_symlink() or beside.stat().st_size > 1024:
        raise Rejected(Cause.NO_PIXEL_SPACING, f"{path.name} needs {SPACINGS} beside it, with three numbers.")
    try:
        sizes = [float(word) for word in beside.read_text(encoding="ascii").replace(",", " ").split()]
        i, j, k = sizes
    except ValueError as error:
        raise Rejected(Cause.NO_PIXEL_SPACING, f"{SPACINGS} does not hold three numbers.") from error
    shape = (SHAPE[1], SHAPE[0], SHAPE[2])
    return Geometry(shape, (i, j, k), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
