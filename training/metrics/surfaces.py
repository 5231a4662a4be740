"""The surface of a mask in pieces: where they lie, which corner pattern they have, and their area.

Definition of Nikolov et al. (arXiv:1809.04430): the surface passes through every 2x2x2 neighbourhood that
holds voxels inside and outside; each such piece lies at the common corner of its eight voxels and counts with
the area of its marching-cubes surface, so that results depend neither on voxel size nor on orientation.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

Areas = NDArray[np.float64]
Codes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
Vector = tuple[float, float, float]

# One representative of each way to colour the corners of a cube (up to turning, mirroring and swapping inside
# and outside), as the set of inside corners (i, j, k), with the marching-cubes surface that separates them:
# area vectors of its planar parts, in units of one voxel face. (1/8, 1/8, 1/8) cuts off one corner.
_CORNER = (1 / 8, 1 / 8, 1 / 8)
_SURFACES: tuple[tuple[str, tuple[Vector, ...]], ...] = (
    ("111", (_CORNER,)),
    ("110 111", ((1 / 2, 1 / 2, 0),)),
    ("101 110", (_CORNER, _CORNER)),
    ("011 100", (_CORNER, _CORNER)),
    ("101 110 111", ((1 / 2, 0, 0), (3 / 8, 3 / 8, 3 / 8))),
    ("011 101 110", (_CORNER, _CORNER, _CORNER)),
    ("011 100 111", ((0, 1 / 2, 1 / 2), _CORNER)),
    ("100 101 110 111", ((1, 0, 0),)),
    ("011 101 110 111", ((3 / 4, 3 / 4, 3 / 4),)),
    ("011 100 110 111", ((1 / 2, 1 / 2, 1 / 2), (0, 1 / 4, 1 / 4), (1 / 4, 0, 1 / 4))),
    ("011 100 101 110", ((1 / 2, 0, 0), (3 / 8, 3 / 8, 3 / 8), _CORNER)),
    ("010 011 100 101", ((1 / 2, 1 / 2, 0), (1 / 2, 1 / 2, 0))),
    ("001 010 100 111", (_CORNER, _CORNER, _CORNER, _CORNER)),
)


def surface_areas(spacing_mm: Spacing) -> Areas:
    """Return the surface area in mm² of each of the 256 corner codes, for the given voxel size."""
    x, y, z = (float(s) for s in spacing_mm)
    turned = _area_vectors() * (y * z, x * z, x * y)
    areas: Areas = np.sqrt((turned * turned).sum(axis=2)).sum(axis=1)
    return np.maximum(areas, areas[::-1])  # the same surface inside out


def corner_codes(masks: Mask, out: Codes) -> None:
    """Write for each corner of voxels which of its eight voxels are inside, as bits 4i + 2j + k.

    `masks` is (which, i, j, k) and `out` one longer along i, j and k; beyond the masks nothing is inside.
    Corner (i, j, k) lies between voxels i - 1 and i, j - 1 and j, k - 1 and k. Code 0 is all outside and 255
    all inside; every other code is a piece of surface.
    """
    out[...] = 0
    inside = masks.view(np.uint8)
    out[:, 1:, 1:, :-1] = inside << np.uint8(1)
    out[:, 1:, 1:, 1:] |= inside
    _pair_up(out, 2, 2)
    _pair_up(out, 1, 4)


def _pair_up(codes: Codes, axis: int, shift: int) -> None:
    """Join each corner's bits with those of the next one along `axis`, which become the higher ones."""
    here: list[slice] = [slice(None)] * 4
    there = list(here)
    here[axis], there[axis] = slice(None, -1), slice(1, None)
    higher = codes[tuple(there)] << np.uint8(shift)
    codes[tuple(here)] |= higher


@lru_cache(maxsize=1)
def _area_vectors() -> NDArray[np.float64]:
    """Return the area vectors (code, part, axis) of all turned and mirrored versions, in voxel faces."""
    vectors = np.zeros((256, 4, 3))
    for corners, parts in _SURFACES:
        inside = [(int(c[0]), int(c[1]), int(c[2])) for c in corners.split()]
        for code, axes in _symmetric(inside):
            vectors[code, : len(parts)] = np.asarray(parts)[:, axes]
    return vectors


def _symmetric(inside: list[tuple[int, int, int]]) -> Iterator[tuple[int, list[int]]]:
    """Yield the codes of all turned and mirrored versions, with the axis that each new axis came from."""
    for axes in permutations(range(3)):
        for flips in product((0, 1), repeat=3):
            code = 0
            for corner in inside:
                i, j, k = (corner[axis] ^ flip for axis, flip in zip(axes, flips, strict=True))
                code |= 1 << (4 * i + 2 * j + k)
            yield code, list(axes)
