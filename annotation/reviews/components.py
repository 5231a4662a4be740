"""Where two delineations of one structure differ: connected pieces, the worst first."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Spacing = tuple[float, float, float]
Triple = tuple[int, int, int]

FACES, CORNERS = 6, 26
_STRUCTURE = {
    FACES: ndimage.generate_binary_structure(3, 1),
    CORNERS: ndimage.generate_binary_structure(3, 3),
}


@dataclass(frozen=True)
class Component:
    """A piece of what only one of two masks has.

    `voxels`: i + ni·(j + nj·k) of each, ascending. `distance_mm`: of its farthest voxel from the other mask,
    centre to nearest centre; where the other mask is empty, the longest edge of the piece's box. `rest`: all
    that lies within the tolerance, and near nothing that does not; it is one piece, connected or not.
    """

    voxels: Ints
    low: Triple
    high: Triple
    centre: Triple
    only_a: int
    only_b: int
    distance_mm: float
    beyond_mm: float
    rest: bool

    def rank(self, voxel_ml: float) -> float:
        """Volume × distance beyond the tolerance."""
        return (self.only_a + self.only_b) * voxel_ml * self.beyond_mm


def components(
    a: Mask, b: Mask, spacing_mm: Spacing, tolerance_mm: float, connectivity: int = CORNERS
) -> list[Component]:
    """Take apart where two masks (i, j, k) of one structure differ, worst first, the rest last.

    Two outlines that nearly agree differ all around by a voxel, which would join everything that they really
    differ in. So the pieces are the connected ones (by faces: 6, by corners: 26) of what lies beyond the
    tolerance of the other mask; a voxel that differs within the tolerance goes with the nearest piece, where
    that lies within the tolerance of it, else with the rest. Every differing voxel is in exactly one piece.

    Raises ValueError where the shapes differ or for another connectivity.
    """
    if a.shape != b.shape or connectivity not in _STRUCTURE:
        raise ValueError("Compare masks of one shape, by 6 or 26 neighbours.")
    box = _box(a | b)
    if box is None or not (a[box] != b[box]).any():
        return []
    distance = _distance(a[box], b[box], spacing_mm)
    pieces, count = ndimage.label(distance > tolerance_mm, _STRUCTURE[connectivity])
    labels = _joined(pieces.astype(np.int32, copy=False), distance >= 0, spacing_mm, tolerance_mm, count)
    origin = (box[0].start, box[1].start, box[2].start)
    placed = [
        _placed(piece, origin, a.shape, spacing_mm, tolerance_mm)
        for piece in _pieces(labels, count, a[box], distance)
    ]
    return sorted(placed, key=lambda one: (one.rest, -one.rank(prod(spacing_mm)), int(one.voxels[0])))


def _box(mask: Mask) -> tuple[slice, slice, slice] | None:
    found = ndimage.find_objects(mask.astype(np.uint8))
    if not found:
        return None
    i, j, k = found[0]
    return i, j, k


def _distance(a: Mask, b: Mask, spacing_mm: Spacing) -> NDArray[np.float64]:
    """Of each differing voxel from the mask that lacks it; inf where that is empty; -1 elsewhere."""
    distance = np.full(a.shape, -1.0)
    for mine, other in ((a, b), (b, a)):
        only = mine & ~other
        if only.any():
            away = ndimage.distance_transform_edt(~other, sampling=spacing_mm) if other.any() else None
            distance[only] = np.inf if away is None else away[only]
    return distance


def _joined(
    labels: NDArray[np.int32], differs: Mask, spacing_mm: Spacing, tolerance_mm: float, count: int
) -> NDArray[np.int32]:
    """Give the differing voxels near a piece to it; the others are the rest, which is number count + 1."""
    loose = differs & (labels == 0)
    if not loose.any():
        return labels
    joined = labels.copy()
    joined[loose] = count + 1
    if count:
        near, nearest = ndimage.distance_transform_edt(labels == 0, sampling=spacing_mm, return_indices=True)
        close = loose & (near <= tolerance_mm)
        joined[close] = labels[tuple(axis[close] for axis in nearest)]
    return joined


@dataclass(frozen=True)
class _Piece:
    at: NDArray[np.intp]
    in_a: Mask
    distance: NDArray[np.float64]
    rest: bool


def _pieces(
    labels: NDArray[np.int32], count: int, a: Mask, distance: NDArray[np.float64]
) -> Iterator[_Piece]:
    for number, window in enumerate(ndimage.find_objects(labels), start=1):
        if window is not None:
            mine = labels[window] == number
            at = np.argwhere(mine) + [one.start for one in window]
            yield _Piece(at, a[window][mine], distance[window][mine], number > count)


def _placed(
    piece: _Piece, origin: Triple, shape: tuple[int, ...], spacing_mm: Spacing, tolerance_mm: float
) -> Component:
    at = piece.at + np.array(origin)
    low, high = at.min(axis=0), at.max(axis=0)
    middle = at.mean(axis=0)
    # The mean of a ring is its hole: the voxel of the piece that is next to it.
    off = (np.asarray(spacing_mm) * (at - middle)) ** 2
    farthest = float(piece.distance.max())
    if np.isinf(farthest):
        farthest = float(((high - low + 1) * np.asarray(spacing_mm)).max())
    return Component(
        voxels=np.sort(at[:, 0] + shape[0] * (at[:, 1] + shape[1] * at[:, 2])),
        low=_triple(low),
        high=_triple(high),
        centre=_triple(at[int(off.sum(axis=1).argmin())]),
        only_a=int(piece.in_a.sum()),
        only_b=int((~piece.in_a).sum()),
        distance_mm=farthest,
        beyond_mm=max(0.0, farthest - tolerance_mm),
        rest=piece.rest,
    )


def _triple(of: NDArray[np.intp]) -> Triple:
    i, j, k = of.tolist()
    return i, j, k
