"""What every decoded scan must satisfy. The decoding process checks, and its parent checks again."""

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused, TooLarge
from annotation.imaging.findings import Cause, Rejected
from training.volume import Geometry, Volume

# 512 × 512 × 2048 voxels of int16: four times the longest CT that readers meet.
MAX_BYTES = 1024**3
LARGEST_SPACING_MM = 50.0
HIGHEST_LABEL = 254
_LOWEST_HU, _HIGHEST_HU = -20_000, 32_767


def check_size(shape: Sequence[int], item_bytes: int, name: str) -> None:
    """Refuse an image that would take too much memory, from what its header claims alone.

    Raises TooLarge when `shape` × `item_bytes` is above MAX_BYTES, Refused when an axis is empty.
    """
    if not shape or min(shape) < 1:
        raise Refused(f"{name} holds no voxels.")
    if prod(int(n) for n in shape) * item_bytes > MAX_BYTES:
        size = " × ".join(str(n) for n in shape)
        raise TooLarge(
            f"{name} claims {size} voxels, which is more than {MAX_BYTES // 1024**2} MiB; "
            "crop it or resample it, then import it again."
        )


def check_image(volume: Volume, name: str) -> None:
    """Refuse what cannot be a CT in Hounsfield units: int16 (i, j, k), plausible values, usable geometry."""
    _check_grid(volume, np.dtype(np.int16), name)
    low, high = int(volume.voxels.min()), int(volume.voxels.max())
    if low == high:
        raise Rejected(Cause.NOT_HU, f"{name} is empty: every voxel is {low}.")
    if low < _LOWEST_HU or high > _HIGHEST_HU:
        raise Rejected(
            Cause.NOT_HU, f"{name} holds values from {low} to {high}, which are not Hounsfield units."
        )
    if low >= 0:
        raise Rejected(
            Cause.NOT_HU,
            f"{name} holds values from {low} to {high}; in a CT in Hounsfield units air is −1000. "
            "Convert the values (often: subtract 1024), then import it again.",
        )


def check_labels(volume: Volume, name: str) -> None:
    """Refuse a label map that is not uint8 (i, j, k) with values 0–254."""
    _check_grid(volume, np.dtype(np.uint8), name)
    if int(volume.voxels.max()) > HIGHEST_LABEL:
        raise Refused(
            f"{name} holds the label value 255, which stands for “not annotated here”; "
            "give the structure another value (1–254)."
        )


def check_bits(volume: Volume, name: str) -> None:
    """Refuse a map of bits that is not uint32 (i, j, k) with a usable geometry."""
    _check_grid(volume, np.dtype(np.uint32), name)


def present_values(labels: NDArray[np.uint8]) -> tuple[int, ...]:
    """Return the values of a label map in rising order, without the background 0."""
    found = np.flatnonzero(np.bincount(labels.ravel(), minlength=256))
    return tuple(int(value) for value in found if value)


def _check_grid(volume: Volume, dtype: np.dtype[np.integer], name: str) -> None:
    voxels, geometry = volume.voxels, volume.geometry
    if voxels.dtype != dtype or voxels.ndim != 3 or voxels.shape != geometry.shape:
        raise Refused(f"{name} could not be decoded into a 3-D image.")
    check_size(voxels.shape, voxels.dtype.itemsize, name)
    _check_geometry(geometry, name)


def _check_geometry(geometry: Geometry, name: str) -> None:
    numbers = np.array([*geometry.spacing_mm, *geometry.origin_lps, *np.ravel(geometry.direction)])
    if numbers.size != 15 or not np.isfinite(numbers).all():
        raise Rejected(
            Cause.NO_POSITION,
            f"{name} does not say where it lies: its geometry holds values that are not numbers.",
        )
    if min(geometry.spacing_mm) <= 0 or max(geometry.spacing_mm) > LARGEST_SPACING_MM:
        size = " × ".join(f"{s:g}" for s in geometry.spacing_mm)
        raise Rejected(
            Cause.NO_PIXEL_SPACING,
            f"{name} has voxels of {size} mm; up to {LARGEST_SPACING_MM:g} mm is possible. "
            "Check the spacing in its header.",
        )
    if abs(np.linalg.det(geometry.affine_lps()[:3, :3])) < 1e-9:
        raise Rejected(
            Cause.NO_POSITION, f"{name} has a singular affine: it does not say how large the voxels are."
        )
