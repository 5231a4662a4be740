"""Dice and surface Dice of label maps, exact and fast.

One joint histogram gives every volume and overlap. Surfaces are compared by the definition of Nikolov et al.
(arXiv:1809.04430): the surface is made of the 2x2x2 neighbourhoods that hold both inside and outside, each
weighted by the area of its marching-cubes surface, so that the result does not depend on voxel size or
orientation. Definition and version go with every number (`METRIC_VERSION`, docs/reference/metrics.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

METRIC_VERSION = "dice + surface dice (area-weighted), version 1"

Spacing = tuple[float, float, float]
LabelMap = NDArray[np.uint8]
Areas = NDArray[np.float64]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class StructureScore:
    """Agreement on one structure; None = not applicable because it is absent from both maps."""

    dice: float | None
    surface_dice: float | None
    volume_ref_ml: float
    volume_pred_ml: float


def score(
    reference: LabelMap,
    prediction: LabelMap,
    spacing_mm: Spacing,
    tolerances_mm: Mapping[int, float],
    ignore: int = 255,
) -> dict[int, StructureScore]:
    """Compare two label maps of one layer, uint8 (i, j, k), on the same grid.

    Every value in `tolerances_mm` is scored, the tolerance (mm) being that of its surface Dice. Voxels that
    hold `ignore` in either map are left out, and so are the pieces of surface that touch them. Absent from
    both maps: None, None. Absent from one: 0, 0. Raises ValueError when the maps do not fit together.
    """
    if reference.shape != prediction.shape or reference.ndim != 3:
        raise ValueError(f"The label maps do not fit: {reference.shape} against {prediction.shape}.")
    if reference.dtype != np.uint8 or prediction.dtype != np.uint8:
        raise ValueError("Label maps must be uint8.")
    left_out = (reference == ignore) | (prediction == ignore)
    kept = None
    if left_out.any():
        kept = ~left_out
        reference, prediction = reference * kept, prediction * kept
    joint = _joint_histogram(reference, prediction)
    boxes = _common_boxes(reference, prediction)
    areas = surface_areas(spacing_mm)
    voxel_ml = float(np.prod(spacing_mm)) / 1000
    result = {}
    for value, tolerance_mm in tolerances_mm.items():
        in_reference, in_prediction = int(joint[value].sum()), int(joint[:, value].sum())
        dice: float | None = None
        surface_dice: float | None = None
        if in_reference and in_prediction:
            dice = 2 * int(joint[value, value]) / (in_reference + in_prediction)
            box = boxes[value]
            surfaces = _surfaces(reference[box], prediction[box], value, None if kept is None else kept[box])
            surface_dice = _surface_dice(*surfaces, spacing_mm, tolerance_mm, areas)
        elif in_reference or in_prediction:
            dice, surface_dice = 0.0, 0.0
        result[value] = StructureScore(dice, surface_dice, in_reference * voxel_ml, in_prediction * voxel_ml)
    return result


def _joint_histogram(reference: LabelMap, prediction: LabelMap) -> NDArray[np.int64]:
    """Return counts[a, b] of voxels with reference a and prediction b; (0, 0) is left out: it is most."""
    r, p = reference.ravel(order="K"), prediction.ravel(order="K")
    if reference.strides != prediction.strides:
        r, p = reference.ravel(), prediction.ravel()
    anything = np.flatnonzero(r | p)
    pairs = r[anything].astype(np.uint16) << 8 | p[anything]
    return np.bincount(pairs, minlength=65536).reshape(256, 256)


def _common_boxes(reference: LabelMap, prediction: LabelMap) -> dict[int, Box]:
    """Return for each value in both maps the box that holds it in either, with a margin of one voxel."""
    boxes: dict[int, Box] = {}
    pairs = zip(ndimage.find_objects(reference), ndimage.find_objects(prediction), strict=False)
    for value, (a, b) in enumerate(pairs, start=1):
        if a is not None and b is not None:
            first, second, third = (
                slice(max(0, min(x.start, y.start) - 1), max(x.stop, y.stop) + 1)
                for x, y in zip(a, b, strict=True)
            )
            boxes[value] = (first, second, third)
    return boxes


def _surfaces(
    reference: LabelMap, prediction: LabelMap, value: int, kept: NDArray[np.bool_] | None
) -> tuple[LabelMap, LabelMap]:
    """Return the corner codes of both masks, 0 where one of the eight voxels was left out."""
    codes = _corner_codes(reference == value), _corner_codes(prediction == value)
    if kept is None:
        return codes
    untouched = _corner_codes(kept, outside=True) == 255
    return codes[0] * untouched, codes[1] * untouched


def _surface_dice(
    reference: LabelMap, prediction: LabelMap, spacing_mm: Spacing, tolerance_mm: float, areas: Areas
) -> float | None:
    """Return the share of both surfaces (by area) that lies within the tolerance of the other surface.

    The surfaces are given by their corner codes. None when all of both surfaces was left out.
    """
    total = float(areas[reference].sum() + areas[prediction].sum())
    if total == 0:
        return None
    within = _area_within(reference, prediction, spacing_mm, tolerance_mm, areas)
    within += _area_within(prediction, reference, spacing_mm, tolerance_mm, areas)
    return min(1.0, within / total)  # the two sums are rounded differently


def _corner_codes(mask: NDArray[np.bool_], *, outside: bool = False) -> LabelMap:
    """Return for each corner of voxels (one more per axis) which of its eight voxels are inside, as bits."""
    padded = np.pad(mask, 1, constant_values=outside).astype(np.uint8)
    ni, nj, nk = (n + 1 for n in mask.shape)
    codes = np.zeros((ni, nj, nk), np.uint8)
    for bit, (i, j, k) in enumerate(product((0, 1), repeat=3)):
        codes |= padded[i : i + ni, j : j + nj, k : k + nk] << np.uint8(bit)
    return codes


def _area_within(
    own: LabelMap, other: LabelMap, spacing_mm: Spacing, tolerance_mm: float, areas: Areas
) -> float:
    """Return the area (mm²) of the own surface that is not farther than the tolerance from the other one."""
    own_surface, other_surface = _on_surface(own), _on_surface(other)
    shared = own_surface & other_surface
    total = float(areas[own[shared]].sum())
    apart = np.argwhere(own_surface & ~shared)
    targets = np.argwhere(other_surface)
    if len(apart) == 0 or len(targets) == 0:
        return total
    spacing = np.asarray(spacing_mm, float)
    tree = KDTree(targets * spacing, balanced_tree=False, compact_nodes=False)
    # The bound is a little generous: the decision below is made on exact differences of indices, so that a
    # distance of exactly the tolerance counts as within, however 3 * 0.7 is rounded.
    _, hits = tree.query(apart * spacing, distance_upper_bound=tolerance_mm * (1 + 1e-6) + 1e-6)
    nearest = np.asarray(hits)
    found = nearest < len(targets)
    steps = (apart[found] - targets[nearest[found]]) * spacing
    near = apart[found][np.sqrt((steps * steps).sum(axis=1)) <= tolerance_mm]
    return total + float(areas[own[tuple(near.T)]].sum())


def _on_surface(codes: LabelMap) -> NDArray[np.bool_]:
    return np.asarray((codes != 0) & (codes != 255))


# One representative of each way to colour the corners of a cube (up to turning, mirroring and swapping inside
# and outside), as the set of inside corners (i, j, k), with the marching-cubes surface that separates them:
# area vectors of its planar parts, in units of one voxel face. (1/8, 1/8, 1/8) cuts off one corner.
_CORNER = (1 / 8, 1 / 8, 1 / 8)
_SURFACES: tuple[tuple[str, tuple[Spacing, ...]], ...] = (
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
    faces_mm2 = np.array([y * z, x * z, x * y])
    areas = np.zeros(256)
    for corners, parts in _SURFACES:
        inside = [(int(c[0]), int(c[1]), int(c[2])) for c in corners.split()]
        for code, axes in _symmetric(inside):
            vectors = np.asarray(parts)[:, axes] * faces_mm2
            areas[code] = areas[255 - code] = np.sqrt((vectors * vectors).sum(axis=1)).sum()
    return areas


def _symmetric(inside: list[tuple[int, int, int]]) -> Iterator[tuple[int, list[int]]]:
    """Yield the codes of all turned and mirrored versions, with the axis that each new axis came from."""
    for axes in permutations(range(3)):
        for flips in product((0, 1), repeat=3):
            code = 0
            for corner in inside:
                i, j, k = (corner[axis] ^ flip for axis, flip in zip(axes, flips, strict=True))
                code |= 1 << (4 * i + 2 * j + k)
            yield code, list(axes)
