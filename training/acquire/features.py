"""Cheap features of a scan, for the time before there is a network: what is in it, how large and how fine.

No encoder has to be downloaded. A patient's body is what lies above BODY_HU, and its box is looked at; for
scans other than CT, intensities are first brought between their 1st and 99th percentile.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.acquire.maps import Cells, Floats, cell_at

BODY_HU = -500.0
EDGES_HU = (-900.0, -700.0, -300.0, -130.0, -70.0, -20.0, 20.0, 50.0, 80.0, 120.0, 200.0, 400.0, 1000.0)
NAMES = (
    *(f"share of the body below {int(edge)} HU" for edge in EDGES_HU),
    "length along k, mm (log)",
    "body's width, mm (log)",
    "body's depth, mm (log)",
    "spacing of i, mm (log)",
    "spacing of k, mm (log)",
)
_MOST = 96  # voxels along an axis that are looked at


def scan_features(
    image: NDArray[np.int16], spacing_mm: tuple[float, float, float], modality: str = "CT"
) -> Floats:
    """Return the features of a scan (i, j, k), float64 (len(NAMES),): every so many voxels are looked at.

    An image without any body (all air, or nothing at all) has that of its whole box.
    """
    steps = [max(1, -(-n // _MOST)) for n in image.shape]
    seen = _like_hu(image[:: steps[0], :: steps[1], :: steps[2]], is_ct=modality.casefold() == "ct")
    body = seen > BODY_HU
    box = _box(body)
    inside = seen[box].ravel()
    below = np.searchsorted(np.sort(inside), EDGES_HU) / max(1, len(inside))
    width, depth = ((box[axis].stop - box[axis].start) * steps[axis] * spacing_mm[axis] for axis in (0, 1))
    length = image.shape[2] * spacing_mm[2]
    sizes = np.log([length, width, depth, spacing_mm[0], spacing_mm[2]])
    return np.concatenate([below, sizes]).astype(np.float64)


def body_cells(image: NDArray[Any], cells: Cells, *, is_ct: bool = True) -> NDArray[np.float32]:
    """Return the share of the body in each cell of a scan (i, j, k), float32 (i, j, k) in cells, 0 to 1.

    Of a cell's voxels two or more along each axis are looked at, where it has so many.
    """
    steps = [max(1, n // (2 * c)) for n, c in zip(image.shape, cells, strict=True)]
    seen = _like_hu(image[:: steps[0], :: steps[1], :: steps[2]], is_ct=is_ct)
    found = (seen > BODY_HU).astype(np.float64)
    for axis, (n, c, step) in enumerate(zip(image.shape, cells, steps, strict=True)):
        at = cell_at(n, c)[::step]
        counts = np.bincount(at, minlength=c).reshape([-1 if other == axis else 1 for other in range(3)])
        found = np.add.reduceat(found, np.searchsorted(at, np.arange(c)), axis=axis) / counts
    return found.astype(np.float32)


def _like_hu(seen: NDArray[Any], *, is_ct: bool) -> NDArray[np.float32]:
    values = np.asarray(seen, np.float32)
    if is_ct:
        return values
    low, high = (float(v) for v in np.percentile(values, (1, 99)))
    return (values - low) / max(high - low, 1e-6) * 2000 - 1000


def _box(body: NDArray[np.bool_]) -> tuple[slice, ...]:
    sides = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        there = np.flatnonzero(body.any(axis=others))
        sides.append(slice(int(there[0]), int(there[-1]) + 1) if len(there) else slice(0, body.shape[axis]))
    return tuple(sides)
