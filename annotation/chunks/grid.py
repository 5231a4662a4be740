"""The 32³ grid over a volume: where a voxel lies, and arrays cut into chunks and put together again.

Arrays are (i, j, k); inside a chunk and among the chunks i runs fastest, then j, then k. Chunks at the far
edges are padded with 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import zstandard
from numpy.typing import NDArray

from annotation.errors import Refused

SIDE = 32
CHUNK_BYTES = SIDE**3
LEVEL = 3

Voxels: TypeAlias = NDArray[np.uint8]


def compress(voxels: Voxels) -> bytes:
    """One chunk as one zstd frame. A new compressor each time: they must not be shared between threads."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(voxels.tobytes())


def decompress(frame: bytes) -> Voxels:
    """The 32 768 voxels of a stored chunk, read-only."""
    plain = zstandard.ZstdDecompressor().decompress(frame, max_output_size=CHUNK_BYTES)
    return np.frombuffer(plain, np.uint8)


@dataclass(frozen=True)
class Grid:
    """The chunks of a volume of `shape` (ni, nj, nk)."""

    shape: tuple[int, int, int]

    @classmethod
    def over(cls, shape: Sequence[int]) -> "Grid":
        ni, nj, nk = shape
        return cls((ni, nj, nk))

    @property
    def counts(self) -> tuple[int, int, int]:
        """Chunks along i, j and k."""
        ni, nj, nk = (-(-n // SIDE) for n in self.shape)
        return ni, nj, nk

    @property
    def size(self) -> int:
        """Chunks of one layer."""
        nci, ncj, nck = self.counts
        return nci * ncj * nck

    @property
    def voxels(self) -> int:
        ni, nj, nk = self.shape
        return ni * nj * nk

    def address(
        self, position: NDArray[np.int64], k: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Chunk index, and offset in that chunk, of voxels at `position` = i + ni·j of slice `k`."""
        nci, ncj, _ = self.counts
        j, i = np.divmod(position, self.shape[0])
        chunk = (i >> 5) + nci * ((j >> 5) + ncj * (k >> 5))
        offset = (i & 31) | ((j & 31) << 5) | ((k & 31) << 10)
        return chunk, offset

    def cut(self, labels: Voxels) -> Voxels:
        """All chunks of one layer (i, j, k), as (chunk, 32 768)."""
        if labels.shape != self.shape:
            raise Refused(f"The labels have shape {labels.shape}, the scan has {self.shape}.")
        nci, ncj, nck = self.counts
        padded = np.zeros((nck * SIDE, ncj * SIDE, nci * SIDE), np.uint8)
        ni, nj, nk = self.shape
        padded[:nk, :nj, :ni] = labels.transpose(2, 1, 0)
        blocks = padded.reshape(nck, SIDE, ncj, SIDE, nci, SIDE).transpose(0, 2, 4, 1, 3, 5)
        return blocks.reshape(self.size, CHUNK_BYTES)

    def place(self, labels: Voxels, index: int, chunk: Voxels) -> None:
        """Write one chunk into one layer (i, j, k)."""
        nci, ncj, _ = self.counts
        row, ci = divmod(index, nci)
        ck, cj = divmod(row, ncj)
        i, j, k = ci * SIDE, cj * SIDE, ck * SIDE
        target = labels[i : i + SIDE, j : j + SIDE, k : k + SIDE]
        di, dj, dk = target.shape
        target[...] = chunk.reshape(SIDE, SIDE, SIDE).transpose(2, 1, 0)[:di, :dj, :dk]
