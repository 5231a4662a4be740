"""What readers send, of real sizes: brush strokes of some hundred bytes, and now and then much of a scan.

An edit says which value voxels get, so that it is the same bytes whatever was there before; it is made once
and used by all readers. Slices are 512×512, flat, position i + 512 j (docs/reference/api.md).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tests.annotation.factories import Run, pack

SHAPE = (512, 512, 40)
STRUCTURES = 15
SIDE = 32  # of a chunk, along each axis
RADIUS = 12
LARGE_SLICES, LARGE_SIDE, LARGE_SHARE = 12, 224, 0.35
BRUSHES, LARGES = 120, 4

Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Stroke:
    """The body of a save, and what it makes of each slice: voxels by k, and the value that they get."""

    edits: bytes
    drawn: dict[int, Positions]
    value: int


@cache
def brushes() -> list[Stroke]:
    """Stamps of a round brush, each in one slice."""
    rng = np.random.default_rng(1)
    return [
        _stroke({int(rng.integers(SHAPE[2])): _disc(rng.integers(20, 490, 2))}, 1 + number % STRUCTURES)
        for number in range(BRUSHES)
    ]


@cache
def larges() -> list[Stroke]:
    """What a threshold paints within a box: speckles in many slices, about 150 kB."""
    rng = np.random.default_rng(2)
    return [_stroke(_speckles(rng), 1 + number) for number in range(LARGES)]


def _disc(centre: NDArray[np.int64]) -> Positions:
    i, j = np.ogrid[: SHAPE[0], : SHAPE[1]]
    inside = (i - centre[0]) ** 2 + (j - centre[1]) ** 2 <= RADIUS**2
    return np.flatnonzero(inside.ravel(order="F"))


def _speckles(rng: np.random.Generator) -> dict[int, Positions]:
    first = int(rng.integers(SHAPE[2] - LARGE_SLICES))
    drawn = {}
    for k in range(first, first + LARGE_SLICES):
        plane = np.zeros(SHAPE[:2], bool)
        plane[100 : 100 + LARGE_SIDE, 100 : 100 + LARGE_SIDE] = rng.random((LARGE_SIDE,) * 2) < LARGE_SHARE
        drawn[k] = np.flatnonzero(plane.ravel(order="F"))
    return drawn


def _stroke(drawn: dict[int, Positions], value: int) -> Stroke:
    blocks = [(0, k, _runs(positions, value)) for k, positions in sorted(drawn.items())]
    return Stroke(pack(blocks), drawn, value)


def _runs(positions: Positions, value: int) -> list[Run]:
    breaks = np.flatnonzero(np.diff(positions) > 1) + 1
    pieces = np.split(positions, breaks)
    return [(int(piece[0]), len(piece), value) for piece in pieces]


class Drawing:
    """What a mask has to hold: the slices that were drawn on; all others are empty."""

    def __init__(self) -> None:
        self.slices: dict[int, NDArray[np.uint8]] = {}

    def add(self, stroke: Stroke) -> None:
        for k, positions in stroke.drawn.items():
            flat = self.slices.setdefault(k, np.zeros(SHAPE[0] * SHAPE[1], np.uint8))
            flat[positions] = stroke.value

    def equals(self, chunks: bytes) -> bool:
        """Whether the answer of `GET /api/masks/<id>/` holds the same, byte for byte."""
        size = 8 + SIDE**3
        if len(chunks) % size:
            return False
        padded = tuple(SIDE * -(-n // SIDE) for n in SHAPE)
        across = tuple(n // SIDE for n in padded)
        found = np.zeros(padded, np.uint8, order="F")
        for start in range(0, len(chunks), size):
            layer, index = np.frombuffer(chunks, "<u4", 2, start)
            if layer:
                return False
            corner = [int(at) * SIDE for at in np.unravel_index(int(index), across, order="F")]
            voxels = np.frombuffer(chunks, np.uint8, SIDE**3, start + 8).reshape((SIDE,) * 3, order="F")
            found[tuple(slice(at, at + SIDE) for at in corner)] = voxels
        wanted = np.zeros(padded, np.uint8, order="F")
        for k, flat in self.slices.items():
            wanted[: SHAPE[0], : SHAPE[1], k] = flat.reshape(SHAPE[:2], order="F")
        return bool(np.array_equal(found, wanted))
