"""Voxel arrays with their place in the patient, NIfTI in and out, resampling.

Arrays are indexed (i, j, k) and canonical: +i runs towards the patient's Left, +j Posterior, +k Superior
(the closest such axes of an oblique scan). Points are LPS millimetres, as in DICOM. NIfTI's RAS is converted
here and nowhere else.
"""

import functools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform
from nibabel.spatialimages import HeaderDataError
from nibabel.volumeutils import apply_read_scaling
from numpy.typing import NDArray
from scipy import ndimage

Matrix = NDArray[np.float64]

_FLIP_XY = np.diag([-1.0, -1.0, 1.0, 1.0])  # RAS <-> LPS, its own inverse
_SINGLE = 4e-7  # a few roundings of single precision, in which affines are stored
_INT16 = np.iinfo(np.int16)
_TIE = 1e-4  # shares closer than this are alike: rounding must not choose between two labels
_ROWS = 64  # of an interpolation matrix computed at once
_SLICES = 4  # scaled at once


class VolumeError(Exception):
    """An image cannot be used; the message is one sentence."""


@dataclass(frozen=True)
class Geometry:
    """Where a grid of voxels lies in the patient.

    `direction` is 3x3, row-major; its columns are the unit vectors of i, j and k in LPS (ITK's convention),
    so point_lps = origin_lps + direction @ (spacing_mm * ijk). `origin_lps` is the centre of voxel (0, 0, 0).
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_lps: tuple[float, float, float]
    direction: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]

    def affine_lps(self) -> Matrix:
        """Return the 4x4 matrix that takes (i, j, k, 1) to LPS millimetres."""
        affine = np.eye(4)
        affine[:3, :3] = np.asarray(self.direction) * np.asarray(self.spacing_mm)
        affine[:3, 3] = self.origin_lps
        return affine

    def index_to_lps(self, ijk: NDArray[Any] | tuple[float, float, float]) -> Matrix:
        """Return the LPS points (…, 3) of voxel indices (…, 3)."""
        affine = self.affine_lps()
        return np.asarray(np.asarray(ijk, float) @ affine[:3, :3].T + affine[:3, 3])

    def lps_to_index(self, point_lps: NDArray[Any] | tuple[float, float, float]) -> Matrix:
        """Return the (fractional) voxel indices (…, 3) of LPS points (…, 3)."""
        inverse = np.linalg.inv(self.affine_lps())
        return np.asarray(np.asarray(point_lps, float) @ inverse[:3, :3].T + inverse[:3, 3])

    def is_close(self, other: "Geometry", tolerance: float = 0.1) -> bool:
        """Tell whether both grids have one shape and no corner is apart by `tolerance` of a voxel."""
        if self.shape != other.shape:
            return False
        corners = np.stack(np.meshgrid(*((0, n - 1) for n in self.shape)), axis=-1).reshape(-1, 3)
        apart = np.linalg.norm(self.index_to_lps(corners) - other.index_to_lps(corners), axis=1)
        return bool(apart.max() <= tolerance * min(self.spacing_mm))


@dataclass(frozen=True)
class Volume:
    """Voxels (i, j, k) and their geometry."""

    voxels: NDArray[Any]
    geometry: Geometry


def geometry_from_affine(shape: tuple[int, int, int], affine_lps: Matrix) -> Geometry:
    """Split a 4x4 voxel-to-LPS matrix into spacing, origin and direction.

    Raises VolumeError when the matrix is singular, not finite or sheared.
    """
    if not np.isfinite(affine_lps).all():
        raise VolumeError(
            "The image does not say where it lies: its affine holds values that are not numbers."
        )
    spacing = np.linalg.norm(affine_lps[:3, :3], axis=0)
    if spacing.min() < 1e-4 or spacing.max() > 1e3:
        raise VolumeError(f"The voxel size {_triple(spacing)} mm is impossible; check the image's header.")
    direction = affine_lps[:3, :3] / spacing
    if np.abs(direction.T @ direction - np.eye(3)).max() > 1e-3:
        raise VolumeError("The image's axes are not at right angles; resample it to a straight grid first.")
    rows = [tuple(float(x) for x in row) for row in direction]
    return Geometry(
        shape=shape,
        spacing_mm=_as_meant((float(spacing[0]), float(spacing[1]), float(spacing[2]))),
        origin_lps=(float(affine_lps[0, 3]), float(affine_lps[1, 3]), float(affine_lps[2, 3])),
        direction=(_three(rows[0]), _three(rows[1]), _three(rows[2])),
    )


def _as_meant(spacing_mm: tuple[float, float, float]) -> tuple[float, float, float]:
    """Take back what single precision and turning did to a spacing of up to four decimals.

    Otherwise voxels of 1.5 mm become 1.5000001 mm in an oblique scan, and a distance that equals a surface
    Dice's tolerance lies outside it.
    """
    i, j, k = (round(mm, 4) if abs(round(mm, 4) - mm) <= _SINGLE * mm else mm for mm in spacing_mm)
    return i, j, k


def to_canonical(voxels: NDArray[Any], affine_lps: Matrix, *, order: Literal["C", "F"] = "C") -> Volume:
    """Flip and permute an array (no resampling) so that its axes run Left, Posterior, Superior.

    `order` is how the result lies in memory: "F", slice after slice, is much faster to make of slices, and
    to cut into slices.
    """
    affine_ras = _FLIP_XY @ affine_lps
    if not np.isfinite(affine_ras).all() or abs(np.linalg.det(affine_ras[:3, :3])) < 1e-9:
        raise VolumeError("The image's affine is singular: it does not say how large the voxels are.")
    step = ornt_transform(io_orientation(affine_ras), axcodes2ornt(("L", "P", "S")))
    moved = np.asarray(apply_orientation(voxels, step), order=order)
    affine = _FLIP_XY @ affine_ras @ inv_ornt_aff(step, voxels.shape)
    shape = (int(moved.shape[0]), int(moved.shape[1]), int(moved.shape[2]))
    return Volume(moved, geometry_from_affine(shape, affine))


def read_nifti(path: Path, *, hu: bool = True, unset: bool = False, order: Literal["C", "F"] = "C") -> Volume:
    """Read a CT image (.nii, .nii.gz) as int16 HU, canonical LPS. Raises VolumeError with one sentence.

    Without `hu` the values have no unit, as those of MR: what does not fit whole numbers of 16 bits is
    multiplied by one factor so that it does. Zeros stay zeros, and each scan's z-score stays what it is.
    `unset` takes a file whose header says nothing of where it lies (see `says_nothing`) at 1 mm. `order` as
    for `to_canonical`.
    """
    values, affine_lps = _read(path, unset=unset, taken=_hounsfield if hu else _fitted)
    return to_canonical(values, affine_lps, order=order)


def _hounsfield(image: Any, name: str) -> NDArray[np.int16]:
    """Return a file's voxels as whole HU, made of its stored ones a few slices at a time.

    Scaled values take eight bytes each: of a whole scan they would be four times as large as it.
    """
    stored = _three_axes(np.asarray(image.dataobj.get_unscaled()), name)
    slope, inter = np.float64(image.dataobj.slope), np.float64(image.dataobj.inter)
    whole = np.empty(stored.shape, np.int16, order="F")
    lowest, highest = np.inf, -np.inf
    for first in range(0, stored.shape[-1], _SLICES):
        part = (..., slice(first, first + _SLICES))
        values = apply_read_scaling(stored[part], slope, inter)
        low, high = _range(values, name)
        lowest, highest = min(low, lowest), max(high, highest)
        if low >= _INT16.min and high <= _INT16.max:
            whole[part] = np.rint(values)
    if lowest < _INT16.min or highest > _INT16.max:
        raise VolumeError(
            f"{name} holds values from {lowest:g} to {highest:g}, which are not Hounsfield units."
        )
    return whole


def _fitted(image: Any, name: str) -> NDArray[np.int16]:
    """Return a file's voxels, in their own unit, as numbers that 16 bits hold without loss worth the name."""
    values = _scaled(image, name)
    largest = max(abs(bound) for bound in _range(values, name))
    if largest > _INT16.max or (values != np.rint(values)).any():
        values = np.asarray(values * (_INT16.max / largest), np.float32)
    return np.asarray(np.rint(values), np.int16)


def _range(values: NDArray[Any], name: str) -> tuple[float, float]:
    """Return the lowest and the highest value. Raises VolumeError where some are no numbers."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise VolumeError(f"{name} holds voxels that are not numbers.")
    return float(values.min()), float(values.max())


def read_label_map(path: Path, *, unset: bool = False) -> Volume:
    """Read a label map (whole numbers 0-255) as uint8, canonical LPS; `unset` as for images.

    Raises VolumeError.
    """
    values, affine_lps = _read(path, unset=unset)
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        raise VolumeError(f"{path.name} is not a label map: it holds values that are not whole numbers.")
    if values.min() < 0 or values.max() > 255:
        raise VolumeError(f"{path.name} holds label values outside 0 to 255.")
    return to_canonical(values.astype(np.uint8), affine_lps)


def read_values(path: Path, made: Callable[[NDArray[Any]], NDArray[Any]]) -> Volume:
    """Read what `made` makes of the values of a file, canonical LPS. Raises VolumeError."""
    values, affine_lps = _read(path)
    return to_canonical(made(values), affine_lps)


def read_bits(path: Path) -> Volume:
    """Read a map of bits (whole numbers below 2**32: one structure per bit) as uint32, canonical LPS."""
    values, affine_lps = _read(path)
    is_whole = values.dtype.kind in "iu" or (np.isfinite(values).all() and (values == np.rint(values)).all())
    if not is_whole or values.min() < 0 or values.max() >= 2**32:
        raise VolumeError(f"{path.name} does not hold bits: whole numbers from 0 to 4294967295 are needed.")
    return to_canonical(values.astype(np.uint32), affine_lps)


def write_nifti(path: Path, volume: Volume, description: str = "") -> None:
    """Write a canonical volume as NIfTI (RAS affine, millimetres); the dtype is kept.

    `description` (ASCII, at most 79 characters) goes into the header.
    """
    affine_ras = _FLIP_XY @ volume.geometry.affine_lps()
    image = nib.Nifti1Image(volume.voxels, affine_ras)
    image.set_qform(affine_ras, code=1)
    image.set_sform(affine_ras, code=1)
    image.header.set_xyzt_units("mm", "sec")
    image.header["descrip"] = description.encode("ascii")
    nib.save(image, path)


def says_nothing(header: Any) -> bool:
    """Tell whether a NIfTI header says nothing of where an image lies, nor of how large its voxels are.

    Either there are no codes and sizes were never set, or the affine is the identity: no scanner puts the
    first voxel of 1 × 1 × 1 mm at the origin with axes to Right and Anterior, but writers that lost the
    header do, whatever code they write (LiTS 28–47).
    """
    if _is_placed(header):
        return bool(np.abs(header.get_best_affine() - np.eye(4)).max() <= _SINGLE)
    return all(float(size) == 1 for size in header["pixdim"][1:4])


def _is_placed(header: Any) -> bool:
    return bool(header["qform_code"] or header["sform_code"])


def _scaled(image: Any, name: str) -> NDArray[Any]:
    """Return a file's values; without a scale factor the stored type is kept, which saves memory."""
    if image.dataobj.slope == 1 and image.dataobj.inter == 0:
        return _three_axes(np.asarray(image.dataobj.get_unscaled()), name)
    return _three_axes(np.asarray(image.dataobj, dtype=np.float32), name)


def _three_axes(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Return values without what further axes of one voxel a file has. Raises VolumeError: it is not 3-D."""
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3 or 0 in values.shape:
        raise VolumeError(f"{name} has shape {values.shape}; one 3-D image is needed.")
    return values


def _read(
    path: Path, *, unset: bool = False, taken: Callable[[Any, str], NDArray[Any]] = _scaled
) -> tuple[NDArray[Any], Matrix]:
    """Return the values of a 3-D NIfTI file, scaled or as `taken` makes them, and its LPS affine."""
    if not path.is_file():
        raise VolumeError(f"{path.name} does not exist.")
    try:
        image: Any = nib.load(path)
        if not isinstance(image, nib.Nifti1Image):  # Nifti2Image is a subclass
            raise VolumeError(f"{path.name} is not a NIfTI file.")
        if not (_is_placed(image.header) or (unset and says_nothing(image.header))):
            raise VolumeError(f"{path.name} does not say how the patient lies (no qform, no sform).")
        if image.header.get_data_dtype().kind not in "iuf":
            raise VolumeError(f"{path.name} holds colours or complex numbers instead of one value per voxel.")
        values = taken(image, path.name)
    except (ImageFileError, HeaderDataError, OSError, EOFError, ValueError, zlib.error) as error:
        raise VolumeError(f"{path.name} is damaged or not a NIfTI file.") from error
    return values, _FLIP_XY @ np.asarray(image.affine, float)


def resampled_shape(
    shape: tuple[int, int, int], from_mm: tuple[float, ...], to_mm: tuple[float, ...]
) -> tuple[int, int, int]:
    """Return how many voxels of `to_mm` cover what `shape` voxels of `from_mm` cover (at least 1 each)."""
    sizes = [max(1, round(n * a / b)) for n, a, b in zip(shape, from_mm, to_mm, strict=True)]
    return sizes[0], sizes[1], sizes[2]


def resample(
    array: NDArray[Any], shape: tuple[int, int, int], *, order: Literal[0, 1, 3] = 1
) -> NDArray[Any]:
    """Resample (i, j, k) to `shape` over the same field of view by splines of `order`; the dtype is kept.

    The outer faces of the grids coincide (not the centres of the corner voxels), so nothing shifts; beyond
    them the border voxels go on. Cubic splines are kept within the range of the array, as in nnU-Net. As
    splines of a grid are separable, each axis is one product with a banded matrix, the most shrunk first.
    """
    if array.shape == shape:
        return array
    if order == 0:
        for axis, size in enumerate(shape):
            array = array.take(_nearest(array.shape[axis], size), axis=axis)
        return array
    moved = array.astype(np.float64 if array.dtype == np.float64 else np.float32)
    for axis in sorted(range(3), key=lambda a: shape[a] / array.shape[a]):
        if shape[axis] != moved.shape[axis]:
            moved = _along(moved, axis, _spline(moved.shape[axis], shape[axis], order))
    if order == 3:
        moved = moved.clip(array.min(), array.max())
    return np.rint(moved).astype(array.dtype) if array.dtype.kind in "iu" else moved.astype(array.dtype)


def resample_labels(labels: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Resample a label map by linear interpolation of each value's indicator; the strongest value wins.

    Of values as strong as each other the lowest wins. Only the box around each value is computed; what the
    values leave over is the share of 0.
    """
    if labels.shape == shape:
        return labels
    best, total = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    result = np.zeros(shape, np.uint8)
    matrices = [_spline(n, m, 1) for n, m in zip(labels.shape, shape, strict=True)]
    for value, box in enumerate(ndimage.find_objects(labels), start=1):
        if not box:  # None: no voxel has this value
            continue
        share = (labels[box] == value).astype(np.float32)
        reached = []
        for axis, (matrix, along) in enumerate(zip(matrices, box, strict=True)):
            rows = np.flatnonzero(matrix[:, along].any(axis=1))
            reached.append(slice(rows[0], rows[-1] + 1) if len(rows) else slice(0, 0))
            share = _along(share, axis, matrix[reached[-1], along])
        there = reached[0], reached[1], reached[2]
        total[there] += share
        wins = share > best[there] + _TIE
        result[there][wins] = value
        best[there][wins] = share[wins]
    result[best <= 1 - total + _TIE] = 0
    return result


def _nearest(size: int, wanted: int) -> NDArray[np.intp]:
    """Return for each of the wanted voxels the voxel that lies nearest, of two the upper one."""
    return (2 * np.arange(wanted) + 1) * size // (2 * wanted)


@functools.lru_cache(maxsize=16)
def _spline(size: int, wanted: int, order: Literal[1, 3]) -> NDArray[np.float32]:
    """Return the matrix (wanted, size) that interpolates along an axis: what becomes of unit vectors."""
    scale = size / wanted
    matrix = ndimage.affine_transform(
        np.eye(size), (scale, 1.0), (0.5 * scale - 0.5, 0.0), (wanted, size), order=order, mode="nearest"
    )
    matrix[np.abs(matrix) < 1e-7] = 0  # a cubic spline's weights die out within a dozen voxels
    weights: NDArray[np.float32] = (matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32)
    weights.flags.writeable = False
    return weights


def _along(array: NDArray[Any], axis: int, matrix: NDArray[np.float32]) -> NDArray[Any]:
    """Multiply one axis by a banded matrix, a block of rows at a time, so that only its band is computed."""
    size = list(array.shape)
    size[axis] = len(matrix)
    result = np.zeros(size, array.dtype)
    for first in range(0, len(matrix), _ROWS):
        rows = slice(first, first + _ROWS)
        band = np.flatnonzero(matrix[rows].any(axis=0))
        if not len(band):
            continue
        used = slice(band[0], band[-1] + 1)
        weights = matrix[rows, used].astype(array.dtype, copy=False)
        if axis == 0:
            flat = array[used].reshape(weights.shape[1], -1)
            result[rows] = (weights @ flat).reshape(-1, *size[1:])
        elif axis == 1:
            np.matmul(weights, array[:, used], out=result[:, rows])
        else:
            np.matmul(array[..., used], weights.T, out=result[..., rows])
    return result


def _triple(values: Matrix) -> str:
    return " × ".join(f"{v:g}" for v in values)


def _three(row: tuple[float, ...]) -> tuple[float, float, float]:
    return row[0], row[1], row[2]
