"""Voxel arrays with their place in the patient, NIfTI in and out, resampling.

Arrays are indexed (i, j, k) and canonical: +i runs towards the patient's Left, +j Posterior, +k Superior
(the closest such axes of an oblique scan). Points are LPS millimetres, as in DICOM. NIfTI's RAS is converted
here and nowhere else.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_FLIP_XY = np.diag([-1.0, -1.0, 1.0, 1.0])  # RAS <-> LPS, its own inverse
_SINGLE = 4e-7  # a few roundings of single precision, in which affines are stored
_LPS = axcodes2ornt(("L", "P", "S"))
_INT16 = np.iinfo(np.int16)
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
    own = _axes_of(affine_ras)
    moved = np.asarray(apply_orientation(voxels, ornt_transform(own, _LPS)), order=order)
    affine = _FLIP_XY @ affine_ras @ inv_ornt_aff(ornt_transform(own, _LPS), voxels.shape)
    shape = (int(moved.shape[0]), int(moved.shape[1]), int(moved.shape[2]))
    return Volume(moved, geometry_from_affine(shape, affine))


def _axes_of(affine_ras: Matrix) -> NDArray[np.float64]:
    """Return the orientation of an affine's axes. Raises VolumeError where it has none."""
    if not np.isfinite(affine_ras).all() or abs(np.linalg.det(affine_ras[:3, :3])) < 1e-9:
        raise VolumeError("The image's affine is singular: it does not say how large the voxels are.")
    return np.asarray(io_orientation(affine_ras))


def _room_for(image: Any, name: str, dtype: type[np.generic], order: Literal["C", "F"]) -> NDArray[Any]:
    """Return room for a file's voxels in its own order of axes, such that `to_canonical` copies nothing."""
    own = _axes_of(np.asarray(image.affine, float))
    shape = apply_orientation(
        np.broadcast_to(0, _one_volume(image.shape, name)), ornt_transform(own, _LPS)
    ).shape
    return np.asarray(apply_orientation(np.empty(shape, dtype, order), ornt_transform(_LPS, own)))


def read_nifti(path: Path, *, hu: bool = True, unset: bool = False, order: Literal["C", "F"] = "C") -> Volume:
    """Read a CT image (.nii, .nii.gz) as int16 HU, canonical LPS. Raises VolumeError with one sentence.

    Without `hu` the values have no unit, as those of MR: what does not fit whole numbers of 16 bits is
    multiplied by one factor so that it does. Zeros stay zeros, and each scan's z-score stays what it is.
    `unset` takes a file whose header says nothing of where it lies (see `says_nothing`) at 1 mm. `order` as
    for `to_canonical`.
    """
    taken = partial(_hounsfield, order=order) if hu else _fitted
    values, affine_lps = _read(path, unset=unset, taken=taken)
    return to_canonical(values, affine_lps, order=order)


def _hounsfield(image: Any, name: str, order: Literal["C", "F"]) -> NDArray[np.int16]:
    """Return a file's voxels as whole HU."""
    whole = _room_for(image, name, np.int16, order)
    lowest, highest = np.inf, -np.inf
    for part, values in _slabs(image):
        low, high = _range(values, name)
        lowest, highest = min(low, lowest), max(high, highest)
        if low >= _INT16.min and high <= _INT16.max:
            whole[part] = np.rint(values)
    if lowest < _INT16.min or highest > _INT16.max:
        raise VolumeError(
            f"{name} holds values from {lowest:g} to {highest:g}, which are not Hounsfield units."
        )
    return whole


def _label_values(image: Any, name: str) -> NDArray[np.uint8]:
    """Return a file's voxels as whole numbers of 8 bits."""
    whole = _room_for(image, name, np.uint8, "C")
    for part, values in _slabs(image):
        if not np.isfinite(values).all() or (values != np.rint(values)).any():
            raise VolumeError(f"{name} is not a label map: it holds values that are not whole numbers.")
        if values.min() < 0 or values.max() > 255:
            raise VolumeError(f"{name} holds label values outside 0 to 255.")
        whole[part] = values
    return whole


def _slabs(image: Any) -> Iterator[tuple[tuple[slice, slice, slice], NDArray[Any]]]:
    """Yield a file's scaled values, a few slices at a time, and where they belong.

    Whole, stored values may take four times the memory of what is made of them; scaled ones do.
    """
    beyond = (0,) * (len(image.shape) - 3)
    for first in range(0, image.shape[2], _SLICES):
        part = (slice(None), slice(None), slice(first, first + _SLICES))
        yield part, np.asarray(image.dataobj[(*part, *beyond)])


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
    values, affine_lps = _read(path, unset=unset, taken=_label_values)
    return to_canonical(values, affine_lps)


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
    return values.reshape(_one_volume(values.shape, name), order="A")


def _one_volume(shape: Sequence[int], name: str) -> tuple[int, int, int]:
    """Return the three numbers of a shape, without ones behind them. Raises VolumeError: it is not 3-D."""
    if len(shape) < 3 or 0 in shape or set(shape[3:]) - {1}:
        raise VolumeError(f"{name} has shape {tuple(shape)}; one 3-D image is needed.")
    return shape[0], shape[1], shape[2]


def _read(
    path: Path, *, unset: bool = False, taken: Callable[[Any, str], NDArray[Any]] = _scaled
) -> tuple[NDArray[Any], Matrix]:
    """Return the values of a 3-D NIfTI file, scaled or as `taken` makes them, and its LPS affine."""
    if not path.is_file():
        raise VolumeError(f"{path.name} does not exist.")
    try:
        image: Any = nib.load(path, keep_file_open=True)  # slices of a packed file come one after another
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


def _triple(values: Matrix) -> str:
    return " × ".join(f"{v:g}" for v in values)


def _three(row: tuple[float, ...]) -> tuple[float, float, float]:
    return row[0], row[1], row[2]
