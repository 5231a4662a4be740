"""Coarse to fine: a model that sees the whole scan coarsely says where the full one has to look."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.plan import Plan, Shape, Triple
from training.predict.components import places_of
from training.predict.ensemble import Manner, Member, delineate
from training.progress import OnProgress, ShouldStop

MARGIN_MM = 20.0

Box = tuple[slice, slice, slice]


def locate(
    coarse: Sequence[Member],
    image: NDArray[Any],
    spacing_mm: Triple,
    manner: Manner,
    *,
    wanted: Collection[str],
    at_least_mm: Triple,
    margin_mm: float = MARGIN_MM,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> Box:
    """Return the part of a scan, HU (i, j, k), that holds the wanted structures and a margin about them.

    The coarse model looks for those of the `wanted` structures (keys) that it knows, or for all of its own
    where it knows none; its labels stay on its own grid. The box is at least `at_least_mm` wide, as far as
    the scan goes: the full model's window should see the scan and not what pads a crop. Where nothing is
    found, the box is the whole scan.
    """
    plan = coarse[0].plan
    manner = replace(manner, on_plans_grid=True, entropy=False, disagreement=False, tta=False)
    found = delineate(coarse, image, spacing_mm, manner, on_progress=on_progress, should_stop=should_stop)
    shape = int(image.shape[0]), int(image.shape[1]), int(image.shape[2])
    mask = _mask(found.labels, plan, wanted)
    return box_about(mask, shape, spacing_mm, margin_mm=margin_mm, at_least_mm=at_least_mm)


def box_about(
    mask: NDArray[np.bool_],
    shape: Shape,
    spacing_mm: Triple,
    *,
    margin_mm: float,
    at_least_mm: Triple,
) -> Box:
    """Return the box of a scan that holds a mask which covers the same field of view on a coarser grid."""
    sides = []
    for axis in range(3):
        size = shape[axis]
        places = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        if len(places) == 0:
            return slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2])
        ratio, margin = size / mask.shape[axis], margin_mm / spacing_mm[axis]
        low = int(np.floor(places[0] * ratio - margin))
        high = int(np.ceil((places[-1] + 1) * ratio + margin))
        missing = max(0, int(np.ceil(at_least_mm[axis] / spacing_mm[axis])) - (high - low))
        low, high = low - missing // 2, high + missing - missing // 2
        low, high = low - max(0, high - size), high - min(0, low)  # what one end lacks goes to the other
        sides.append(slice(max(0, low), min(size, high)))
    return sides[0], sides[1], sides[2]


def _mask(labels: NDArray[np.uint8], plan: Plan, wanted: Collection[str]) -> NDArray[np.bool_]:
    """Return where any of the wanted structures was found, bool (i, j, k)."""
    places = places_of(plan)
    keys = [key for key in places if key in wanted] or list(places)
    found = np.zeros(labels.shape[1:], bool)
    for layer in range(len(labels)):
        values = [places[key][1] for key in keys if places[key][0] == layer]
        found |= np.isin(labels[layer], values)
    return found
