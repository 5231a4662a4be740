"""How well two surfaces agree, from the distance and the area of each of their pieces."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PERCENT = 95
_TAIL = 8
"""The percentile is sought among this fraction of the pieces, the farthest ones, and only then among all."""

_TIE = 1e-9


@dataclass(frozen=True)
class SurfaceAgreement:
    """Figures of two surfaces, in mm but for `surface_dice`; None = a surface is missing."""

    surface_dice: float | None
    hd_mm: float | None
    hd95_mm: float | None
    asd_ref_to_pred_mm: float | None
    asd_pred_to_ref_mm: float | None
    assd_mm: float | None


NO_AGREEMENT = SurfaceAgreement(0.0, None, None, None, None, None)


@dataclass(frozen=True)
class Surface:
    """The pieces of one surface: area of each (mm²) and distance to the other surface (mm)."""

    areas: Floats
    distances: Floats

    @property
    def total(self) -> float:
        """Area of the whole surface in mm²."""
        return float(self.areas.sum())

    def beyond(self, tolerance_mm: float) -> float:
        """Return the area (mm²) of the pieces that lie farther than the tolerance from the other surface."""
        return float(self.areas[self.distances > tolerance_mm].sum())

    def moment(self) -> float:
        """Return the sum of distance times area (mm³)."""
        return float((self.areas * self.distances).sum())


def agreement(reference: Surface, prediction: Surface, tolerance_mm: float) -> SurfaceAgreement:
    """Compare two surfaces. Everything is undefined when all of both is missing."""
    areas = reference.total, prediction.total
    if not sum(areas):
        return SurfaceAgreement(None, None, None, None, None, None)
    if not all(areas):
        return NO_AGREEMENT
    beyond = reference.beyond(tolerance_mm) + prediction.beyond(tolerance_mm)
    moments = reference.moment(), prediction.moment()
    return SurfaceAgreement(
        surface_dice=1 - beyond / sum(areas),
        hd_mm=float(max(reference.distances.max(), prediction.distances.max())),
        hd95_mm=max(percentile(reference), percentile(prediction)),
        asd_ref_to_pred_mm=moments[0] / areas[0],
        asd_pred_to_ref_mm=moments[1] / areas[1],
        assd_mm=sum(moments) / sum(areas),
    )


def percentile(surface: Surface) -> float:
    """Return the smallest distance (mm) within which 95 % of the surface, by area, lies."""
    allowed = surface.total * (100 - _PERCENT) / 100
    count = surface.distances.size
    tail = max(1, count // _TAIL)
    if tail < count:
        far = np.argpartition(surface.distances, count - tail)[count - tail :]
        found = _tail_percentile(surface.distances[far], surface.areas[far], allowed)
        if found is not None:
            return found
    return _exact_percentile(surface)


def _tail_percentile(distances: Floats, areas: Floats, allowed: float) -> float | None:
    """Return the first distance, from far to near, at which the area seen exceeds what is allowed beyond.

    None when that takes more pieces, or when the area seen before equals what is allowed but for rounding.
    """
    order = np.argsort(-distances)
    seen = np.cumsum(areas[order])
    at = int(np.searchsorted(seen, allowed * (1 - _TIE)))
    if at == seen.size or seen[at] <= allowed * (1 + _TIE):
        return None
    return float(distances[order[at]])


def _exact_percentile(surface: Surface) -> float:
    """Find it as the definition's authors do: all pieces sorted by distance, then area, and added up."""
    order = np.lexsort((surface.areas, surface.distances))
    share = np.cumsum(surface.areas[order]) / surface.total
    at = min(int(np.searchsorted(share, _PERCENT / 100)), order.size - 1)
    return float(surface.distances[order[at]])
