"""Masks of one case, decoded as they are needed: only the box that holds any of them, few at a time.

Of a case of which readers were asked for a part, that part is all there is: as if the scan ended there.
"""

from collections import OrderedDict
from collections.abc import Iterable
from math import prod

import numpy as np

from annotation import chunks
from annotation.agreement.sides import Side
from annotation.chunks import SIDE, ChunkRow
from annotation.chunks.grid import Voxels
from annotation.models import Case
from annotation.regions import region_of

MOST_BYTES = 400 * 2**20  # decoded at a time; two masks are always kept, however large they are

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


class Stock:
    """The masks of `sides`. All boxes of a layer are the same, so that any two can be compared.

    Outside the box no mask has a chunk, so all of them are background there, as is what lies outside a scan.
    """

    def __init__(self, case: Case, sides: Iterable[Side]) -> None:
        self.grid = chunks.Grid.over(case.volume.shape)
        region = region_of(case)
        first, end = ((0, 0, 0), self.grid.shape) if region is None else (region.start, region.stop)
        self.whole: Box = ((first[0], end[0]), (first[1], end[1]), (first[2], end[2]))
        self.rows: dict[int, list[ChunkRow]] = {}
        for side in sides:
            if side.revision_id not in self.rows:
                side.mask.case = case
                self.rows[side.revision_id] = chunks.read_chunks(side.mask, side.number)
        self.decoded: OrderedDict[tuple[int, int], Voxels] = OrderedDict()
        self.boxes: dict[int, Box] = {}

    def labels(self, side: Side, layer: int) -> Voxels:
        """One layer of a mask, uint8 (i, j, k), i fastest; the box of the layer."""
        key = side.revision_id, layer
        if key in self.decoded:
            self.decoded.move_to_end(key)
            return self.decoded[key]
        found = self._decode(side.revision_id, layer)
        while len(self.decoded) > 1 and self._bytes() + found.nbytes > MOST_BYTES:
            self.decoded.popitem(last=False)
        self.decoded[key] = found
        return found

    def _bytes(self) -> int:
        return sum(array.nbytes for array in self.decoded.values())

    def _decode(self, revision_id: int, layer: int) -> Voxels:
        box = self.box(layer)
        labels = np.zeros([high - low for low, high in box], np.uint8, order="F")
        for row in self.rows[revision_id]:
            if row.layer == layer:
                corner = self._corner(row.index)
                both = [
                    (max(at, low), min(at + SIDE, high)) for at, (low, high) in zip(corner, box, strict=True)
                ]
                if all(low < high for low, high in both):
                    chunk = chunks.decompress(row.data).reshape((SIDE, SIDE, SIDE), order="F")
                    labels[_cut(both, [low for low, _ in box])] = chunk[_cut(both, corner)]
        return labels

    def _corner(self, index: int) -> tuple[int, int, int]:
        nci, ncj, _ = self.grid.counts
        rest, ci = divmod(index, nci)
        ck, cj = divmod(rest, ncj)
        return ci * SIDE, cj * SIDE, ck * SIDE

    def beyond(self, layer: int) -> int:
        """Voxels outside the box of a layer, where all masks are background."""
        return _size(self.whole) - _size(self.box(layer))

    def box(self, layer: int) -> Box:
        if layer not in self.boxes:
            self.boxes[layer] = self._measured(layer)
        return self.boxes[layer]

    def _measured(self, layer: int) -> Box:
        corners = {
            self._corner(row.index) for rows in self.rows.values() for row in rows if row.layer == layer
        }
        if not corners:
            return self._nothing()
        i, j, k = (
            (max(min(axis), low), min(max(axis) + SIDE, high))
            for axis, (low, high) in zip(zip(*corners, strict=True), self.whole, strict=True)
        )
        if any(low >= high for low, high in (i, j, k)):
            return self._nothing()
        return i, j, k

    def _nothing(self) -> Box:
        """One voxel, where no mask has anything."""
        i, j, k = ((low, low + 1) for low, _ in self.whole)
        return i, j, k


def _size(box: Box) -> int:
    return prod(high - low for low, high in box)


def _cut(box: Iterable[tuple[int, int]], origin: Iterable[int]) -> tuple[slice, slice, slice]:
    """The box in an array that begins at `origin`."""
    i, j, k = (slice(low - at, high - at) for (low, high), at in zip(box, origin, strict=True))
    return i, j, k
