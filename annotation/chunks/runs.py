"""Runs of voxels that get a value, and varints: unsigned LEB128 of at most five bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

VARINT_BYTES = 5
BATCH_VOXELS = 4 * 2**20  # keeps the index arrays of a large edit near 100 MiB

Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Edits:
    """Runs in the order in which they apply: one entry per run in every array."""

    layer: Ints
    k: Ints
    start: Ints
    length: Ints
    value: NDArray[np.uint8]

    @property
    def voxels(self) -> int:
        return int(self.length.sum())

    def batches(self) -> Iterator[tuple[Ints, Ints, Ints, NDArray[np.uint8]]]:
        """Layer, slice, position and new value of every voxel, in order, a few million at a time."""
        ends = np.cumsum(self.length)
        first = 0
        while first < len(ends):
            done = int(ends[first - 1]) if first else 0
            last = max(int(np.searchsorted(ends, done + BATCH_VOXELS, "right")), first + 1)
            runs = slice(first, last)
            length = self.length[runs]
            into_run = np.arange(int(length.sum())) - np.repeat(ends[runs] - length - done, length)
            position = np.repeat(self.start[runs], length) + into_run
            yield (
                np.repeat(self.layer[runs], length),
                np.repeat(self.k[runs], length),
                position,
                np.repeat(self.value[runs], length),
            )
            first = last


def varints(stream: NDArray[np.uint8], at: Ints, end: Ints) -> Ints:
    """The numbers that begin at `at` and whose last bytes are at `end`; those too long are cut off."""
    numbers = np.zeros(len(at), np.int64)
    for byte in range(VARINT_BYTES):
        here = np.minimum(at + byte, end)
        numbers |= np.where(at + byte <= end, (stream[here] & 0x7F).astype(np.int64) << (7 * byte), 0)
    return numbers
