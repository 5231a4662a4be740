"""A project's own tolerance τ: what readers differ by, measured on their surfaces.

τ is the 95th percentile of the distances between readers' surfaces, by area (the idea of Nikolov et al. 2021,
JMIR 23:e26151). Surfaces and distances are those of `training.metrics`. Every pair of masks counts the same,
however large the structure.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.metrics.distances import Layout, nearest_mm
from training.metrics.surfaces import corner_codes, surface_areas
from training.raters.consensus import Mask, check, region_of
from training.raters.estimate import Counts, Estimate, Floats, undefined
from training.raters.reads import Reads
from training.raters.two_way import mean

SHARE = 0.95
_METHOD = "95th percentile of inter-reader surface distances, by area; test inversion, two-way jackknife"
_HALVINGS = 24


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

    Pairs without any piece of surface are dropped, and counted. The interval holds every τ at which the share
    of surface within τ, by `two_way.mean` over all pairs, may be 95 %. Two cases are needed. Raises
    ValueError for distances or areas that are negative, not finite, or of different numbers.
    """
    used = [pair for pair in pairs if _area(pair) > 0]
    cases = [pair.case for pair in used]
    readers = [pair.readers for pair in used]
    names = {name for both in readers for name in both}
    counts = Counts(len(set(cases)), len(names), len(used), len(pairs) - len(used))
    if not used:
        return undefined(_METHOD, counts, "No pair of readers has a surface to compare.")
    sorted_pairs = [_sorted(pair) for pair in used]

    def share_within(tau: float) -> Estimate:
        values = [_share(pair, tau) for pair in sorted_pairs]
        return mean(Reads(values, cases, readers), within=(0, 1))

    top = max(float(distances[-1]) for distances, _ in sorted_pairs)
    value = _first(lambda tau: (share_within(tau).estimate or 0.0) >= SHARE, 0.0, top)
    if counts.cases < 2:
        return Estimate(value, None, None, _METHOD, counts, "An interval needs two cases.")
    low = _first(lambda tau: (share_within(tau).high or 0.0) >= SHARE, 0.0, value)
    high = _first(lambda tau: (share_within(tau).low or 0.0) >= SHARE, value, top)
    return Estimate(value, low, high, _METHOD, counts)


def _area(pair: SurfacePair) -> float:
    both = pair.distances_mm, pair.areas_mm2
    if both[0].shape != both[1].shape or any(not np.isfinite(one).all() or (one < 0).any() for one in both):
        raise ValueError("Distances and areas must be of one number, finite and not negative.")
    return float(pair.areas_mm2.sum())


def _sorted(pair: SurfacePair) -> tuple[Floats, Floats]:
    """Return the distances in order and the share of area up to each."""
    order = np.argsort(pair.distances_mm)
    shares: NDArray[np.float64] = np.cumsum(pair.areas_mm2[order])
    return pair.distances_mm[order], shares / shares[-1]


def _share(pair: tuple[Floats, Floats], tau: float) -> float:
    place = int(np.searchsorted(pair[0], tau, side="right"))
    return float(pair[1][place - 1]) if place else 0.0


def _first(reached: Callable[[float], bool], low: float, high: float) -> float:
    """Return the least number between low and high for which it is reached; it stays so above."""
    if reached(low):
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
