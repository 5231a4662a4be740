"""What to tell nnU-Net of an organ that was not drawn: it lies somewhere here, so do not look here.

nnU-Net has no marginal loss: a case either has every label or an *ignore* label says which voxels do not
count. Calling the organ background would teach nnU-Net that it is absent; leaving the case out would take a
third of the training data away. So the background voxels among which the organ can lie become *ignore*: the
box, about the middle of the two parotids (drawn in every case), that holds the organ in every case where it
was drawn, and `MARGIN_MM` more. All other voxels of the case keep their labels.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

MARGIN_MM = 5.0
Triple = tuple[float, float, float]
Box = tuple[NDArray[np.float64], NDArray[np.float64]]


def middle_mm(
    labels: NDArray[np.uint8], spacing_mm: Triple, landmarks: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the point, in millimetres from voxel (0, 0, 0), between the centres of two structures."""
    centres = [np.argwhere(labels == value).mean(axis=0) for value in landmarks]
    return np.asarray(np.mean(centres, axis=0) * spacing_mm)


def boxes(
    drawn: Iterable[tuple[NDArray[np.uint8], Triple]], values: Iterable[int], landmarks: tuple[int, int]
) -> dict[int, Box]:
    """Return where each structure lies, about the landmarks, in all label maps (i, j, k) that hold it."""
    found: dict[int, list[NDArray[np.float64]]] = {value: [] for value in values}
    for labels, spacing_mm in drawn:
        middle = middle_mm(labels, spacing_mm, landmarks)
        for value, places in found.items():
            voxels = np.argwhere(labels == value)
            if len(voxels):
                ends = np.stack([voxels.min(axis=0), voxels.max(axis=0)])
                places.append(ends * spacing_mm - middle)
    return {
        value: (
            np.min([p[0] for p in places], axis=0) - MARGIN_MM,
            np.max([p[1] for p in places], axis=0) + MARGIN_MM,
        )
        for value, places in found.items()
        if places
    }


def hide(
    labels: NDArray[np.uint8],
    spacing_mm: Triple,
    missing: Iterable[int],
    known: Mapping[int, Box],
    landmarks: tuple[int, int],
    ignore: int,
) -> NDArray[np.uint8]:
    """Return the label map with the background as `ignore` wherever a missing structure can lie."""
    middle = middle_mm(labels, spacing_mm, landmarks)
    hidden = labels.copy()
    for value in missing:
        low, high = known[value]
        first = np.maximum(np.ceil((low + middle) / spacing_mm), 0).astype(int)
        last = np.maximum(np.floor((high + middle) / spacing_mm) + 1, 0).astype(int)
        view = hidden[tuple(slice(a, b) for a, b in zip(first, last, strict=True))]
        view[view == 0] = ignore
    return hidden
