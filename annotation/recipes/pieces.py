"""Masks cut to their bounding box, so that a hundred structures of one scan fit into memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Ijk = tuple[int, int, int]


@dataclass(frozen=True)
class Piece:
    """A mask (i, j, k) of `shape`, kept as its box from voxel `start` on. Empty: a box of size 0."""

    shape: Ijk
    start: Ijk
    mask: Mask

    @property
    def box(self) -> tuple[slice, slice, slice]:
        i, j, k = (slice(a, a + n) for a, n in zip(self.start, self.mask.shape, strict=True))
        return i, j, k

    @property
    def voxels(self) -> int:
        return int(np.count_nonzero(self.mask))

    def full(self) -> Mask:
        """Return the whole mask."""
        whole = np.zeros(self.shape, bool)
        whole[self.box] = self.mask
        return whole

    def ijk(self) -> NDArray[np.intp]:
        """Return the indices of all its voxels, (n, 3)."""
        return np.asarray(np.argwhere(self.mask) + np.asarray(self.start), np.intp)


def empty(shape: Ijk) -> Piece:
    return Piece(shape, (0, 0, 0), np.zeros((0, 0, 0), bool))


def piece_of(mask: NDArray[Any]) -> Piece:
    """Cut a mask (i, j, k), whatever is not 0 inside, to its box."""
    shape: Ijk = (int(mask.shape[0]), int(mask.shape[1]), int(mask.shape[2]))
    spans = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(mask.any(axis=others))
        if not len(found):
            return empty(shape)
        spans.append(slice(int(found[0]), int(found[-1]) + 1))
    box = (spans[0], spans[1], spans[2])
    start = (box[0].start, box[1].start, box[2].start)
    return Piece(shape, start, np.ascontiguousarray(mask[box] != 0))


def pieces_by_value(labels: NDArray[Any]) -> dict[int, Piece]:
    """Cut every value but 0 out of a label map of whole numbers ≥ 0."""
    shape: Ijk = (int(labels.shape[0]), int(labels.shape[1]), int(labels.shape[2]))
    found: dict[int, Piece] = {}
    for value, box in enumerate(ndimage.find_objects(labels), start=1):
        if box:  # None: no voxel has this value
            start = (box[0].start, box[1].start, box[2].start)
            found[value] = Piece(shape, start, labels[box] == value)
    return found


def union(pieces: list[Piece]) -> Piece:
    """Return what any of them covers. At least one is needed."""
    filled = [piece for piece in pieces if piece.mask.size]
    if not filled:
        return pieces[0]
    starts = np.min([piece.start for piece in filled], axis=0)
    ends = np.max([np.add(piece.start, piece.mask.shape) for piece in filled], axis=0)
    mask = np.zeros(ends - starts, bool)
    for piece in filled:
        first = np.subtract(piece.start, starts)
        mask[tuple(slice(a, a + n) for a, n in zip(first, piece.mask.shape, strict=True))] |= piece.mask
    return Piece(pieces[0].shape, (int(starts[0]), int(starts[1]), int(starts[2])), mask)


def minus(piece: Piece, other: Piece) -> Piece:
    """Return what `piece` covers and `other` does not."""
    shared = _shared(piece, other)
    if shared is None:
        return piece
    mine, theirs = shared
    mask = piece.mask.copy()
    mask[mine] &= ~other.mask[theirs]
    return Piece(piece.shape, piece.start, mask)


def overlap(piece: Piece, other: Piece) -> int:
    """Return how many voxels both cover."""
    shared = _shared(piece, other)
    return int(np.count_nonzero(piece.mask[shared[0]] & other.mask[shared[1]])) if shared else 0


Slices = tuple[slice, ...]


def _shared(piece: Piece, other: Piece) -> tuple[Slices, Slices] | None:
    """Return the common part of two boxes, in the indices of each."""
    if not piece.mask.size or not other.mask.size:
        return None
    first = np.maximum(piece.start, other.start)
    last = np.minimum(np.add(piece.start, piece.mask.shape), np.add(other.start, other.mask.shape))
    if (first >= last).any():
        return None

    def within(one: Piece) -> Slices:
        return tuple(slice(int(a - s), int(b - s)) for a, b, s in zip(first, last, one.start, strict=True))

    return within(piece), within(other)
