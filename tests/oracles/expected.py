"""What scipy makes of a whole scan, by the definitions that the operations follow."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tests.oracles.scans import Labels, Mask, Triple, reach


def margin(mask: Mask, margin_mm: float, spacing_mm: Triple) -> Mask:
    if margin_mm > 0:
        squared = ndimage.distance_transform_edt(~mask, sampling=spacing_mm) ** 2
        return np.asarray(squared <= reach(margin_mm))
    squared = ndimage.distance_transform_edt(mask, sampling=spacing_mm) ** 2
    return np.asarray(squared > reach(margin_mm))


def components(mask: NDArray[np.bool_], connectivity: int) -> NDArray[np.int32]:
    """Numbered in the order in which they are met with i fastest, as in the browser."""
    kernel = ndimage.generate_binary_structure(3, 1 if connectivity == 6 else 3)
    found, _ = ndimage.label(mask.T, kernel)
    return np.asarray(found.T, np.int32)


def framed(mask: Mask, kernel: Mask) -> tuple[Mask, tuple[slice, ...]]:
    """Beyond the scan its border repeats; far enough for every kernel that reaches in. And the way back."""
    margin = [(side, side) for side in kernel.shape]
    return np.pad(mask, margin, mode="edge"), tuple(slice(low, -high) for low, high in margin)


def opened(mask: Mask, kernel: Mask) -> Mask:
    wide, scan = framed(mask, kernel)
    wide = ndimage.binary_dilation(ndimage.binary_erosion(wide, kernel, border_value=1), kernel)
    return np.asarray(wide[scan])


def closed(mask: Mask, kernel: Mask) -> Mask:
    wide, scan = framed(mask, kernel)
    wide = ndimage.binary_erosion(ndimage.binary_dilation(wide, kernel), kernel, border_value=1)
    return np.asarray(wide[scan])


def median(mask: Mask, kernel: Mask) -> Mask:
    return np.asarray(ndimage.median_filter(mask.astype(np.uint8), footprint=kernel, mode="nearest") == 1)


def together(labels: Labels, values: list[int], kernel: Mask) -> Labels:
    """Majority of the union; inside it the structure with most of the ball, ties as before or first named."""
    union = median(np.isin(labels, values), kernel)
    counts: list[NDArray[np.int64]] = [
        ndimage.correlate((labels == value).astype(np.int64), kernel.astype(np.int64), mode="nearest")
        for value in values
    ]
    # Doubled, so that one more decides a tie for what a voxel already is.
    scores = np.array([2 * count + (labels == value) for count, value in zip(counts, values, strict=True)])
    best = np.array(values, np.uint8)[scores.argmax(axis=0)]
    rest = np.where(np.isin(labels, values), 0, labels)
    return np.where(union, best, rest).astype(np.uint8)
