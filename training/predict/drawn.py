"""What was drawn, measured in one pass: size, place, pieces, and area slice by slice of every structure."""

from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray

Triple = tuple[int, int, int]

MOST_PIECES = 4  # looked at one by one; the others are only counted


@dataclass(frozen=True)
class Piece:
    """A connected part (26 neighbours): its size, its box (inclusive) and its voxel nearest the middle."""

    voxels: int
    low: Triple
    high: Triple
    centre: Triple


@dataclass(frozen=True)
class Drawn:
    """A structure of one layer: `pieces` largest first, of `count` in all, `areas` voxels per slice k."""

    voxels: int
    low: Triple
    high: Triple
    middle: tuple[float, float, float]
    pieces: tuple[Piece, ...]
    count: int
    areas: NDArray[np.int64]


def measure(labels: NDArray[np.uint8]) -> dict[int, Drawn]:
    """Return what is drawn on one layer, uint8 (i, j, k), by value."""
    box = _box(labels)
    if box is None:
        return {}
    inside = np.ascontiguousarray(labels[box])
    first = np.array([side.start for side in box])
    parts = cc3d.connected_components(inside, connectivity=26)
    found = cc3d.statistics(parts, no_slice_conversion=True)
    sizes = found["voxel_counts"].astype(np.int64)
    bounds = found["bounding_boxes"].astype(np.int64)  # low and high of i, j, k by turns, inclusive
    values = np.array([0, *(_value(inside, parts, n, bounds[n]) for n in range(1, len(sizes)))])
    drawn = {}
    for value in np.unique(values[1:]).tolist():
        own = np.flatnonzero(values == value)
        own = own[np.argsort(-sizes[own], kind="stable")]
        middle = (found["centroids"][own] * sizes[own, None]).sum(0) / sizes[own].sum() + first
        low, high = bounds[own, ::2].min(0), bounds[own, 1::2].max(0)
        drawn[value] = Drawn(
            voxels=int(sizes[own].sum()),
            low=_triple(low + first),
            high=_triple(high + first),
            middle=(float(middle[0]), float(middle[1]), float(middle[2])),
            pieces=tuple(_piece(parts, int(n), bounds[n], first) for n in own[:MOST_PIECES]),
            count=len(own),
            areas=_areas(inside, value, low, high, int(first[2]), labels.shape[2]),
        )
    return drawn


def _value(
    inside: NDArray[np.uint8], parts: NDArray[np.unsignedinteger], n: int, box: NDArray[np.int64]
) -> int:
    """Return the value of a part, read where it touches its box."""
    i, _, j, j_end, k, k_end = box
    side = (i, slice(j, j_end + 1), slice(k, k_end + 1))
    return int(inside[side].ravel()[(parts[side] == n).argmax()])


def _areas(
    inside: NDArray[np.uint8],
    value: int,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    first: int,
    slices: int,
) -> NDArray[np.int64]:
    """Return how many voxels have the value on each of the scan's slices."""
    crop = inside[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] == value
    areas = np.zeros(slices, np.int64)
    counts = crop.reshape(-1, crop.shape[2]).view(np.uint8).sum(axis=0, dtype=np.int64)
    areas[first + low[2] : first + high[2] + 1] = counts
    return areas


def _piece(
    parts: NDArray[np.unsignedinteger], n: int, box: NDArray[np.int64], first: NDArray[np.int64]
) -> Piece:
    low, high = box[::2], box[1::2]
    crop = parts[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] == n
    # Projections give the middle without listing the voxels; the nearest voxel is looked for about it.
    voxels = int(np.count_nonzero(crop))
    centre = _nearest(crop, [_mean_along(crop, axis, voxels) for axis in range(3)])
    return Piece(voxels, _triple(low + first), _triple(high + first), _triple(centre + low + first))


def _mean_along(crop: NDArray[np.bool_], axis: int, voxels: int) -> float:
    others = tuple(a for a in range(3) if a != axis)
    return float((np.count_nonzero(crop, axis=others) * np.arange(crop.shape[axis])).sum() / voxels)


def _nearest(crop: NDArray[np.bool_], middle: list[float]) -> NDArray[np.int64]:
    """Return the voxel of the part nearest its middle, looking in growing boxes."""
    reach = 2
    while True:
        low = [max(0, round(m) - reach) for m in middle]
        about = crop[tuple(slice(a, round(m) + reach + 1) for a, m in zip(low, middle, strict=True))]
        voxels = np.argwhere(about) + low
        if len(voxels):
            return np.asarray(voxels[((voxels - middle) ** 2).sum(1).argmin()])
        reach *= 2


def _box(labels: NDArray[np.uint8]) -> tuple[slice, slice, slice] | None:
    sides = []
    for axis in range(3):
        drawn = np.flatnonzero(labels.any(axis=tuple(a for a in range(3) if a != axis)))
        if len(drawn) == 0:
            return None
        sides.append(slice(int(drawn[0]), int(drawn[-1]) + 1))
    return sides[0], sides[1], sides[2]


def _triple(values: NDArray[np.int64]) -> Triple:
    return int(values[0]), int(values[1]), int(values[2])
