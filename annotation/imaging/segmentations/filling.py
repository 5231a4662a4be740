"""Polygons to pixels: even-odd fill at pixel centres, and back: closed contours around pixels."""

from collections.abc import Sequence

import contourpy
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Plane = NDArray[np.bool_]

_DECIMALS = 5  # of a pixel: coordinates are decimal strings, and a tie must not hang on their last digit


def fill(contours: Sequence[Points], shape: tuple[int, int]) -> Plane:
    """Return the pixels (a, b) whose centres lie in an odd number of the closed contours.

    Contours are (n, 2) in pixel coordinates, whole numbers at centres; a centre on a contour is inside where
    the polygon lies on its upper side (half-open, so that neighbours share no pixel). What is a hole within
    another contour comes out as one (DICOM PS3.3 C.8.8.6.3, CLOSEDPLANAR_XOR).
    """
    toggles = np.zeros((shape[0] + 1, shape[1]), np.int64)
    for contour in contours:
        points = np.round(contour, _DECIMALS)
        _toggle(toggles, points, np.roll(points, -1, axis=0))
    inside: Plane = (np.cumsum(toggles[:-1], axis=0) % 2).astype(bool)
    return inside


def outlines(plane: Plane) -> list[Points]:
    """Return closed contours (n, 2) around the pixels of a plane (a, b), halfway to the pixels outside.

    Marching squares at 0.5: filled by even-odd they give exactly these pixels again. Holes are contours too.
    """
    lines = contourpy.contour_generator(z=np.pad(plane, 1).astype(np.float64)).lines(0.5)
    # contourpy gives (x, y) = (second, first axis), the first point once more at the end, and we padded by 1.
    return [np.asarray(line, np.float64)[:-1, ::-1] - 1.0 for line in lines]


def _toggle(toggles: NDArray[np.int64], ends: Points, others: Points) -> None:
    """Count for every row (b) where edges cross it: from the first centre behind each crossing on."""
    low, high = np.minimum(ends[:, 1], others[:, 1]), np.maximum(ends[:, 1], others[:, 1])
    first = np.clip(np.ceil(low), 0, toggles.shape[1]).astype(np.int64)
    rows = np.clip(np.ceil(high), 0, toggles.shape[1]).astype(np.int64) - first
    edge = np.repeat(np.arange(len(ends)), rows)
    if not edge.size:
        return
    row = np.arange(edge.size) - np.repeat(np.cumsum(rows) - rows, rows) + first[edge]
    share = (row - ends[edge, 1]) / (others[edge, 1] - ends[edge, 1])
    crossing = ends[edge, 0] + share * (others[edge, 0] - ends[edge, 0])
    behind = np.clip(np.ceil(np.round(crossing, _DECIMALS)), 0, len(toggles) - 1).astype(np.int64)
    np.add.at(toggles, (behind, row), 1)
