"""NIfTI files (.nii, .nii.gz): the header is judged before any voxel is read."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from annotation.imaging import checks
from annotation.imaging.findings import SPACING_UNKNOWN, Cause, Mark, Rejected
from training import volume
from training.volume import Volume, VolumeError

SUFFIXES = (".nii", ".nii.gz")
MOST_LABELS = 130  # more different values than any label map at hand (117): an 8-bit picture
_MILLIMETRE_OR_UNKNOWN = (0, 2)
_SPATIAL_UNITS = 7  # the lower three bits of xyzt_units


@dataclass(frozen=True)
class Inspection:
    """What a file holds, without its voxels.

    `affine` is 4×4, row by row, in the file's own space (RAS mm) and for its own order of axes. `values`
    are the label values present; None when the file is no label map or was not looked into.
    `spacing_known`: the header says how large a voxel is. `structures` is how many a file holds that has more
    than one label map's worth (4-D, .seg.nrrd); 0: it is none of these.
    """

    shape: tuple[int, int, int]
    affine: tuple[float, ...]
    values: tuple[int, ...] | None = None
    spacing_known: bool = True
    structures: int = 0

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What to remember of a scan with this grid."""
        return () if self.spacing_known else (SPACING_UNKNOWN,)

    def same_grid(self, other: "Inspection") -> bool:
        """Tell whether both grids cover the same voxels, in whatever order their axes are stored."""
        if sorted(self.shape) != sorted(other.shape):
            return False
        own, others = self._corners(), other._corners()
        apart = np.linalg.norm(own[:, None] - others[None], axis=-1).min(axis=1)
        voxel_mm = np.linalg.norm(np.reshape(self.affine, (4, 4))[:3, :3], axis=0).min()
        return bool(apart.max() <= 0.1 * voxel_mm)

    def _corners(self) -> Any:
        ends = np.array([[*corner, 1] for corner in product(*((0, n - 1) for n in self.shape))], float)
        return ends @ np.reshape(self.affine, (4, 4))[:3].T


def is_nifti(path: Path) -> bool:
    """Tell by the name whether a file is NIfTI."""
    return path.name.lower().endswith(SUFFIXES)


def read_image(path: Path) -> Volume:
    """Read a CT as int16 HU (i, j, k), canonical LPS; fractions of a HU are rounded, scale factors applied.

    Raises Refused with one sentence: not 3-D, colours, not numbers, not HU, damaged, too large.
    """
    _check_header(path)
    try:
        image = volume.read_nifti(path, unset=True, order="F")
    except VolumeError as error:
        raise _unusable(error) from error
    checks.check_image(image, path.name)
    return image


def read_labels(path: Path) -> Volume:
    """Read a label map as uint8 (i, j, k) with values 0–254, canonical LPS. Raises Refused."""
    _check_header(path)
    try:
        labels = volume.read_label_map(path, unset=True)
    except VolumeError as error:
        raise _unusable(error) from error
    checks.check_labels(labels, path.name)
    return labels


def read_bits(path: Path) -> Volume:
    """Read a map with one structure per bit as uint32 (i, j, k), canonical LPS. Raises Refused."""
    _check_header(path)
    try:
        bits = volume.read_bits(path)
    except VolumeError as error:
        raise _unusable(error) from error
    checks.check_bits(bits, path.name)
    return bits


def read_mask(path: Path, inside_of: Callable[[Any, str], Any]) -> Volume:
    """Read what `inside_of` makes of the values of a file, canonical LPS. Raises Refused."""
    _check_header(path)
    try:
        return volume.read_values(path, lambda values: inside_of(values, path.name))
    except VolumeError as error:
        raise _unusable(error) from error


def inspect(path: Path, *, with_values: bool) -> Inspection:
    """Return a file's grid, and with `with_values` the label values in it (None: it is no label map).

    Raises Refused when the file cannot be an image at all.
    """
    grid = _check_header(path)
    if not with_values:
        return grid
    try:
        values = checks.present_values(volume.read_label_map(path, unset=True).voxels)
    except VolumeError:
        return grid
    return replace(grid, values=values if len(values) <= MOST_LABELS else None)


def inspect_several(path: Path) -> Inspection | None:
    """Return the grid of a 4-D file whose last axis counts structures, and how many; None: it has none."""
    image = _open(path)
    shape = tuple(int(n) for n in image.shape)
    if len(shape) != 4 or shape[3] < 2:
        return None
    checks.check_size(shape, int(image.get_data_dtype().itemsize), path.name)
    affine = tuple(float(x) for x in np.asarray(image.affine, float).ravel())
    return Inspection((shape[0], shape[1], shape[2]), affine, structures=shape[3])


def _unusable(error: VolumeError) -> Rejected:
    """Return the refusal; what a reader's own error caused is damage."""
    return Rejected(Cause.UNUSABLE if error.__cause__ is None else Cause.DAMAGED, str(error))


def _check_header(path: Path) -> Inspection:
    """Judge axes, size, units and length of a file by its header alone; return its grid as stored."""
    image = _open(path)
    shape = tuple(int(n) for n in image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3:
        raise Rejected(Cause.NOT_GREY, f"{path.name} has {len(shape)} axes; one 3-D image is needed.")
    item_bytes = int(image.get_data_dtype().itemsize)
    checks.check_size(shape, item_bytes, path.name)
    if int(image.header["xyzt_units"]) & _SPATIAL_UNITS not in _MILLIMETRE_OR_UNKNOWN:
        raise Rejected(
            Cause.NO_PIXEL_SPACING,
            f"{path.name} gives its voxel size in metres or micrometres; millimetres are needed.",
        )
    needed = int(image.dataobj.offset) + prod(shape) * item_bytes
    if path.suffix.lower() == ".nii" and path.stat().st_size < needed:
        raise Rejected(Cause.DAMAGED, f"{path.name} ends too early: the file is incomplete.")
    affine = np.asarray(image.affine, float)
    if not np.isfinite(affine).all():
        raise Rejected(
            Cause.NO_POSITION, f"{path.name} does not say where it lies: its affine holds no numbers."
        )
    return Inspection(
        (shape[0], shape[1], shape[2]),
        tuple(float(x) for x in affine.ravel()),
        spacing_known=not volume.says_nothing(image.header),
    )


def _open(path: Path) -> Any:
    try:
        image = nib.load(path)
    except Exception as error:  # a damaged header raises errors of many types; all mean the same
        raise Rejected(Cause.DAMAGED, f"{path.name} is damaged or not a NIfTI file.") from error
    if not isinstance(image, nib.Nifti1Image):  # Nifti2Image is a subclass
        raise Rejected(Cause.DAMAGED, f"{path.name} is not a NIfTI file.")
    return image
