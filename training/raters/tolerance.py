"""A project's own tolerance τ: what readers differ by, measured on their surfaces.

τ is the 95th percentile of the distances between readers' surfaces, by area (the idea of Nikolov et al. 2021,
JMIR 23:e26151). Surfaces and distances are those of `training.metrics`. Every pair of masks counts the same,
however large the structure.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from training.metrics.distances import Layout, nearest_mm
from training.metrics.surfaces import corner_codes, surface_areas
from training.raters.consensus import Mask, check, region_of
from training.raters.estimate import Counts, Estimate, Floats, undefined
from training.raters.reads import Reads
from training.raters.two_way import mean

SHARE = 0.95
_METHOD = "95th percentile of inter-reader surface distances, by area; Woodruff interval"
_ROUNDING = 1e-12


@dataclass(frozen=True)
class SurfacePair:
    """The pieces of two readers' surfaces of a structure in a case: distances (M,) in mm, areas (M,) in mm².

    Pieces of both surfaces, each with its distance to the other surface. Distances may be binned, with the
    areas of a bin added up: τ is then as exact as the bins.
    """

    case: Hashable
    readers: tuple[Hashable, Hashable]
    distances_mm: Floats
    areas_mm2: Floats


def surface_pieces(
    one: Mask, other: Mask, spacing_mm: tuple[float, float, float]
) -> tuple[Floats, Floats] | None:
    """Return distances (mm) and areas (mm²) of the pieces of both surfaces, bool masks (i, j, k).

    None where a mask is empty: there is no distance. Raises ValueError for masks that do not fit.
    """
    masks = one, other
    check(masks)
    region = region_of(masks, 0)
    if region is None or not (one.any() and other.any()):
        return None
    ni, nj, nk = (end - first + 1 for first, end in region.box)
    layout = Layout(spacing_mm, (ni, nj, nk))
    corner_codes(np.stack([mask[region.slices] for mask in masks]), layout.codes)
    areas = surface_areas(spacing_mm)
    sides = nearest_mm(layout)
    distances = np.concatenate([mm for _, mm in sides]).astype(np.float64)
    return distances, np.concatenate([areas[codes] for codes, _ in sides]).astype(np.float64)


def project_tolerance(pairs: Sequence[SurfacePair]) -> Estimate:
    """Return τ in mm, with its interval over cases and readers.

    Pairs without any piece of surface are dropped, and counted. The interval is Woodruff's (1952, J Am Stat
    Assoc 47:635): the share of surface within τ has an interval, by `two_way.mean` over all pairs, and the
    bounds are the distances that such shares lie within; where that is all of it, the greatest distance. Two
    cases are needed. Raises ValueError for distances or areas that are negative, not finite, or of
    different numbers.
    """
    areas = [_area(pair) for pair in pairs]
    used = [pair for pair, area in zip(pairs, areas, strict=True) if area > 0]
    cases, readers = [pair.case for pair in used], [pair.readers for pair in used]
    names = {name for both in readers for name in both}
    counts = Counts(len(set(cases)), len(names), len(used), len(pairs) - len(used))
    if not used:
        return undefined(_METHOD, counts, "No pair of readers has a surface to compare.")
    totals = [area for area in areas if area > 0]
    distances, shares = _pooled(used, totals)
    value = _within(distances, shares, SHARE)
    each = [
        float(pair.areas_mm2[pair.distances_mm <= value].sum()) / total
        for pair, total in zip(used, totals, strict=True)
    ]
    found = mean(Reads(each, cases, readers))
    if found.low is None or found.high is None:
        return Estimate(value, None, None, _METHOD, counts, found.reason)
    half = (found.high - found.low) / 2
    low, high = (_within(distances, shares, SHARE + side * half) for side in (-1, 1))
    return Estimate(value, min(low, value), max(high, value), _METHOD, counts)


def _area(pair: SurfacePair) -> float:
    both = pair.distances_mm, pair.areas_mm2
    if both[0].shape != both[1].shape or any(
        one.size and not 0 <= one.min() <= one.max() < np.inf for one in both
    ):
        raise ValueError("Distances and areas must be of one number, finite and not negative.")
    return float(pair.areas_mm2.sum())


def _pooled(pairs: Sequence[SurfacePair], totals: Sequence[float]) -> tuple[Floats, Floats]:
    """Return all distances in order, and the share of surface up to each; every pair counts the same."""
    distances = np.concatenate([pair.distances_mm for pair in pairs])
    shares = [pair.areas_mm2 / (total * len(pairs)) for pair, total in zip(pairs, totals, strict=True)]
    order = np.argsort(distances, kind="stable")
    return distances[order], np.cumsum(np.concatenate(shares)[order])


def _within(distances: Floats, shares: Floats, share: float) -> float:
    """Return the least distance within which at least such a share of the surface lies."""
    place = int(np.searchsorted(shares, share * (1 - _ROUNDING)))
    return float(distances[min(place, distances.size - 1)])
