"""Cheap features of a scan, for the time before there is a network: what is in it, how large and how fine.

No encoder has to be downloaded. A patient's body is what lies above BODY_HU, and its box is looked at; for
scans other than CT, intensities are first brought between their 1st and 99th percentile.
"""

import numpy as np
from numpy.typing import NDArray

from training.acquire.maps import Floats

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
    seen = np.asarray(image[:: steps[0], :: steps[1], :: steps[2]], np.float32)
    if modality.casefold() != "ct":
        low, high = (float(v) for v in np.percentile(seen, (1, 99)))
        seen = (seen - low) / max(high - low, 1e-6) * 2000 - 1000
    body = seen > BODY_HU
    box = _box(body)
    inside = seen[box].ravel()
    below = np.searchsorted(np.sort(inside), EDGES_HU) / max(1, len(inside))
    width, depth = ((box[axis].stop - box[axis].start) * steps[axis] * spacing_mm[axis] for axis in (0, 1))
    length = image.shape[2] * spacing_mm[2]
    sizes = np.log([length, width, depth, spacing_mm[0], spacing_mm[2]])
    return np.concatenate([below, sizes]).astype(np.float64)


def _box(body: NDArray[np.bool_]) -> tuple[slice, ...]:
    sides = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        there = np.flatnonzero(body.any(axis=others))
        sides.append(slice(int(there[0]), int(there[-1]) + 1) if len(there) else slice(0, body.shape[axis]))
    return tuple(sides)
