"""The part of a scan that readers are asked for: a box of voxels, outside of which nobody looked.

It belongs to the case, so that all reads of it, their reviews and what is learned from them are of one box.
It stays from the moment somebody opens the case (a trigger of the database).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from annotation.models import Case
from training.labels import IGNORE

AXES = "ijk"


class Cut(StrEnum):
    """How a region is cut out of a scan; the value stands with the starting points of its reads."""

    SLAB = "part"  # whole axial slices
    CUBE = "cube"  # cut within the axial plane


@dataclass(frozen=True)
class Region:
    """Voxels (i, j, k) from `start` up to, but without, `stop`."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @classmethod
    def of(cls, kept: Sequence[int] | None) -> "Region | None":
        """Read a region as rows keep it: first voxel, then behind the last one; None = the whole scan."""
        if kept is None:
            return None
        i, j, k, after_i, after_j, after_k = kept
        return cls((i, j, k), (after_i, after_j, after_k))

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """What cuts it out of an array (i, j, k)."""
        i, j, k = (slice(low, high) for low, high in zip(self.start, self.stop, strict=True))
        return i, j, k

    def kept(self) -> list[int]:
        """As rows keep it."""
        return [*self.start, *self.stop]

    def cut(self, shape: Sequence[int]) -> Cut:
        """How it is cut out of a scan of this shape (i, j, k)."""
        is_whole_slices = self.start[:2] == (0, 0) and self.stop[:2] == tuple(shape[:2])
        return Cut.SLAB if is_whole_slices else Cut.CUBE

    def size_mm(self, spacing_mm: Sequence[float]) -> tuple[float, float, float]:
        """Its extent along i, j, k."""
        sides = zip(self.start, self.stop, spacing_mm, strict=True)
        i, j, k = ((stop - start) * mm for start, stop, mm in sides)
        return i, j, k

    def words(self, shape: Sequence[int]) -> str:
        """Its first and last voxels along the axes that it does not fill, counted as the page does."""
        sides = zip(AXES, self.start, self.stop, shape, strict=True)
        cut = [(axis, low, high - 1) for axis, low, high, n in sides if (low, high) != (0, n)]
        return ", ".join(f"{'slices' if axis == 'k' else axis} {low}–{high}" for axis, low, high in cut)


def region_of(case: Case) -> Region | None:
    """What is asked of the case's readers; None = the whole scan."""
    return Region.of(case.region)


def ignored_outside(labels: NDArray[np.uint8], region: Region | None) -> NDArray[np.uint8]:
    """Return labels (layer, i, j, k) with 255, not annotated, in all layers outside the region."""
    if region is None:
        return labels
    found = np.full_like(labels, IGNORE)
    found[:, *region.slices] = labels[:, *region.slices]
    return found
