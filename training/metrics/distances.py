"""The distance from every piece of one surface to the nearest piece of the other, exact.

Delineations that are compared mostly lie close together, so a tree or a distance transform of the whole box
does far more than needed. Here the distance along one axis (the finest) is spread over a few voxels for all
corners at once; then each piece looks at the neighbouring rows, nearest rows first, until no farther row can
hold anything nearer. The few pieces that find nothing within reach ask a k-d tree, many a distance transform.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import pi, prod, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

Codes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Spacing = tuple[float, float, float]
Shape = tuple[int, int, int]

_ROWS = (64, 256, 1024)
"""About how many neighbouring rows are looked at before the tree is asked; more in larger boxes."""

_SHARE = 20
"""How many times larger across than what is looked at a box is, where that is more than the least."""

_LONGEST = 126
"""Steps along the row that the byte in which they are counted can tell from _NOTHING after spreading."""

_NOTHING = 128
_VOXELS_PER_QUERY = 150
"""A query of the tree takes as long as this many voxels of a distance transform, so few queries beat it."""

_SPARSER = 0.8
"""Pieces that are done are dropped from the search when no more than this share is left."""


@dataclass(frozen=True)
class _Ring:
    """Rows at one distance: steps (row, axis) to them, and squared distances (mm²) by steps along them."""

    nearest: float
    steps: Integers
    squared: Floats


@dataclass(frozen=True)
class Search:
    """How to search at one voxel size: along `axis` up to `reach` steps, then the `rings`, nearest first.

    Squared distances up to `limit` (mm²) are certain. `margins` (voxels per axis) is how far rows are away.
    """

    spacing_mm: Spacing
    axis: int
    reach: int
    rings: tuple[_Ring, ...]
    limit: float
    margins: Shape


def search_for(spacing_mm: Spacing, shape: Shape) -> Search:
    """Plan the search in a box of one voxel size and shape."""
    axis = int(np.argmin(spacing_mm))
    across = prod(n for a, n in enumerate(shape) if a != axis)
    return _search(spacing_mm, axis, max((n for n in _ROWS if n * _SHARE <= across), default=_ROWS[0]))


@lru_cache(maxsize=32)
def _search(spacing_mm: Spacing, axis: int, rows: int) -> Search:
    across = [a for a in range(3) if a != axis]
    radius = sqrt(rows * spacing_mm[across[0]] * spacing_mm[across[1]] / pi)
    reach = min(_LONGEST, int(radius / spacing_mm[axis]))
    margins = [0 if a == axis else int(radius / spacing_mm[a]) for a in range(3)]
    rings = sorted(
        (
            _ring(spacing_mm, axis, reach, place)
            for place in product(*(range(m + 1) for m in margins))
            if sum((n * s) ** 2 for n, s in zip(place, spacing_mm, strict=True)) <= radius**2
        ),
        key=lambda ring: ring.nearest,
    )
    limit = min(radius, (reach + 1) * spacing_mm[axis]) ** 2
    return Search(spacing_mm, axis, reach, tuple(rings), limit, (margins[0], margins[1], margins[2]))


def _ring(spacing_mm: Spacing, axis: int, reach: int, place: tuple[int, ...]) -> _Ring:
    signs = product(*((1, -1) if n else (1,) for n in place))
    steps = [[n * sign for n, sign in zip(place, chosen, strict=True)] for chosen in signs]
    along = np.arange(256.0)
    sides = [(along if a == axis else np.full(256, float(place[a]))) * spacing_mm[a] for a in range(3)]
    # Squares are added in this order wherever distances are made: equal ones are equal to the last bit.
    squared: Floats = sides[0] ** 2 + sides[1] ** 2 + sides[2] ** 2
    squared[reach + 1 :] = np.inf
    return _Ring(float(squared[0]), np.array(steps), squared)


class Layout:
    """Room for the corner codes of two masks, so that steps to other rows are steps in one flat array.

    `codes` is (which, i, j, k). There is background behind the end of every axis that rows are sought along;
    a step before the beginning of an axis ends there, too, on the row or mask before.
    """

    def __init__(self, spacing_mm: Spacing, shape: Shape) -> None:
        search = search_for(spacing_mm, shape)
        ni, nj, nk = (n + m for n, m in zip(shape, search.margins, strict=True))
        self.search = search
        self.roomy = (2, ni, nj, nk)
        self.strides = np.array([nj * nk, nk, 1])
        self.lead = int(np.dot(search.margins, self.strides))
        self.flat = np.zeros(self.lead + 2 * ni * nj * nk, np.uint8)
        self.codes = self.flat[self.lead :].reshape(self.roomy)[:, : shape[0], : shape[1], : shape[2]]

    def pieces(self) -> tuple[Integers, int]:
        """Return the flat places of both surfaces, and how many of them are of the first."""
        places = np.flatnonzero((self.flat - np.uint8(1)) < 254)
        return places, int(np.searchsorted(places, self.lead + self.flat[self.lead :].size // 2))

    def along(self, places: Integers) -> Codes:
        """Return for each flat place how many steps along the search's axis the nearest of `places` is."""
        flat = np.full_like(self.flat, _NOTHING)
        flat[places] = 0
        steps = np.moveaxis(flat[self.lead :].reshape(self.roomy), self.search.axis + 1, 0)
        step = 1
        while step <= self.search.reach:
            before, after = steps[:-step], steps[step:]
            np.minimum(after, before + np.uint8(step), out=after)
            np.minimum(before, after + np.uint8(step), out=before)
            step *= 2
        return flat


def nearest_mm(layout: Layout) -> tuple[tuple[Codes, Floats], tuple[Codes, Floats]]:
    """Return for both surfaces the corner code of each piece and its distance to the other surface.

    Distances are infinite when the other surface is empty.
    """
    places, split = layout.pieces()
    half = (layout.flat.size - layout.lead) // 2
    across = places.copy()  # the same corner in the other mask
    across[:split] += half
    across[split:] -= half
    squared = _near(layout, layout.along(places), across)
    for own, other in ((slice(split), slice(split, None)), (slice(split, None), slice(split))):
        far = np.flatnonzero(squared[own] > layout.search.limit)
        if far.size and places[other].size:
            squared[own][far] = _far(layout, places[own][far], places[other])
    distances, codes = np.sqrt(squared), layout.flat[places]
    return (codes[:split], distances[:split]), (codes[split:], distances[split:])


def _near(layout: Layout, along: Codes, places: Integers) -> Floats:
    """Return the squared distance from each place to the nearest piece within the search's reach, or more."""
    rings = layout.search.rings
    found = rings[0].squared[along[places]]
    live, best = np.arange(places.size), found
    for ring in rings[1:]:
        unsure = best > ring.nearest
        count = np.count_nonzero(unsure)
        if count <= _SPARSER * unsure.size:
            found[live] = best
            if count == 0:
                return found
            live, best, places = live[unsure], best[unsure], places[unsure]
        offsets = ring.steps @ layout.strides
        steps = along[places + offsets[0]]
        for offset in offsets[1:]:
            np.minimum(steps, along[places + offset], out=steps)
        best = np.minimum(best, ring.squared[steps])
    found[live] = best
    return found


def _far(layout: Layout, places: Integers, targets: Integers) -> Floats:
    """Return the squared distance from each place to the nearest target, however far."""
    own, others = _corners(layout, places), _corners(layout, targets)
    if places.size * _VOXELS_PER_QUERY > layout.codes[0].size:
        empty = np.ones(layout.codes.shape[1:], np.bool_)
        empty[tuple(others)] = False
        features = ndimage.distance_transform_edt(
            empty, layout.search.spacing_mm, return_distances=False, return_indices=True
        )
        nearest = np.asarray(features[:, *own], np.int64)
    else:
        spacing = np.asarray(layout.search.spacing_mm)
        tree = KDTree(others.T * spacing, balanced_tree=False, compact_nodes=False)
        _, hits = tree.query(own.T * spacing)
        nearest = others[:, hits]
    i, j, k = ((a - b) * mm for a, b, mm in zip(own, nearest, layout.search.spacing_mm, strict=True))
    return np.asarray(i**2 + j**2 + k**2)


def _corners(layout: Layout, places: Integers) -> Integers:
    _, *corners = np.unravel_index(places - layout.lead, layout.roomy)
    return np.stack(corners)
