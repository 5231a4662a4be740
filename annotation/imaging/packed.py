"""Many masks of one grid in little memory: the box that each fills, one bit for each voxel of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Packed:
    """A mask: its box (i, j, k), None where it is empty, and the bits of the box's voxels."""

    box: Box | None
    bits: NDArray[np.uint8]

    def voxels(self) -> NDArray[np.bool_]:
        """Return the voxels of the box."""
        shape = tuple(along.stop - along.start for along in self.box or ())
        return np.unpackbits(self.bits, count=int(np.prod(shape))).reshape(shape).astype(bool)

    def part(self, box: Box) -> NDArray[np.bool_]:
        """Return the voxels of a box that lies within this one's."""
        own = self.box or box
        i, j, k = (slice(b.start - a.start, b.stop - a.start) for a, b in zip(own, box, strict=True))
        return self.voxels()[i, j, k]


def pack(inside: NDArray[np.integer] | NDArray[np.bool_]) -> Packed:
    """Pack a mask (i, j, k): anything but 0 is inside."""
    mask = inside != 0
    planes = mask.any(axis=2)
    shadows = (planes.any(axis=1), planes.any(axis=0), mask.any(axis=(0, 1)))
    ends = [np.flatnonzero(shadow)[[0, -1]] for shadow in shadows if shadow.any()]
    if len(ends) < len(shadows):
        return Packed(None, np.zeros(0, np.uint8))
    i, j, k = (slice(int(first), int(last) + 1) for first, last in ends)
    return Packed((i, j, k), np.packbits(mask[i, j, k]))


def shared_voxels(masks: Mapping[str, Packed]) -> Iterator[frozenset[str]]:
    """Yield the pairs of names whose masks have voxels in common."""
    for (name, mask), (other_name, other) in combinations(masks.items(), 2):
        both = _intersection(mask.box, other.box)
        if both is not None and (mask.part(both) & other.part(both)).any():
            yield frozenset((name, other_name))


def _intersection(a: Box | None, b: Box | None) -> Box | None:
    if a is None or b is None:
        return None
    i, j, k = (slice(max(x.start, y.start), min(x.stop, y.stop)) for x, y in zip(a, b, strict=True))
    return (i, j, k) if all(along.start < along.stop for along in (i, j, k)) else None
