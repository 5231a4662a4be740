"""What is compared, and what comes out: one score per structure.

Every number goes with the name and version of its definition (docs/reference/metrics.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.metrics.agreement import NO_AGREEMENT, Surface, SurfaceAgreement, agreement
from training.metrics.distances import Layout, nearest_mm
from training.metrics.surfaces import Areas, corner_codes, surface_areas
from training.metrics.survey import Bounds, Extent, Survey, survey

METRIC_NAME = "overlap and area-weighted surface distances"
METRIC_NUMBER = "2"
METRIC_VERSION = f"{METRIC_NAME}, version {METRIC_NUMBER}"

LabelMap = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]


@dataclass(frozen=True)
class StructureScore:
    """Agreement on one structure. Shares have no unit, 0 to 1; names say the unit of all else.

    Absent from both maps: everything is None (not applicable) but the volumes, which are 0. Absent from one:
    Dice, Jaccard, volume similarity and surface Dice are 0, distances None (undefined); precision and recall
    are 0 or, where they would divide by nothing, None.
    """

    dice: float | None
    surface_dice: float | None
    volume_ref_ml: float
    volume_pred_ml: float
    jaccard: float | None = None
    precision: float | None = None
    recall: float | None = None
    specificity: float | None = None
    volume_similarity: float | None = None
    hd_mm: float | None = None
    hd95_mm: float | None = None
    asd_ref_to_pred_mm: float | None = None
    asd_pred_to_ref_mm: float | None = None
    assd_mm: float | None = None
    centre_distance_mm: float | None = None


def score(
    reference: LabelMap,
    prediction: LabelMap,
    spacing_mm: Spacing,
    tolerances_mm: Mapping[int, float],
    ignore: int = 255,
    beyond: int = 0,
) -> dict[int, StructureScore]:
    """Compare two label maps of one layer, uint8 (i, j, k), on the same grid of voxels of `spacing_mm`.

    Every value in `tolerances_mm` is scored, the tolerance (mm) being that of its surface Dice. Voxels that
    hold `ignore` in either map are left out, and so are the pieces of surface that touch them. `beyond`:
    voxels of the scan outside the maps, where both are background; specificity alone depends on them. Raises
    ValueError when the maps do not fit together.
    """
    if reference.shape != prediction.shape or reference.ndim != 3:
        raise ValueError(f"The label maps do not fit: {reference.shape} against {prediction.shape}.")
    if reference.dtype != np.uint8 or prediction.dtype != np.uint8:
        raise ValueError("Label maps must be uint8.")
    if 0 in reference.shape or not all(np.isfinite(s) and s > 0 for s in spacing_mm):
        raise ValueError(f"Nothing can be compared at shape {reference.shape} and spacing {spacing_mm} mm.")
    spacing_mm = (float(spacing_mm[0]), float(spacing_mm[1]), float(spacing_mm[2]))
    pair = _Pair(reference, prediction, spacing_mm, ignore, beyond)
    return {value: pair.score(value, tolerance) for value, tolerance in tolerances_mm.items()}


def score_layers(
    reference: LabelMap,
    prediction: LabelMap,
    spacing_mm: Spacing,
    tolerances_mm: Mapping[tuple[int, int], float],
    ignore: int = 255,
) -> dict[tuple[int, int], StructureScore]:
    """Compare label maps of several layers, uint8 (layer, i, j, k); structures of different ones may overlap.

    `tolerances_mm` and the result are keyed by (layer, value). Otherwise as `score`.
    """
    if reference.shape != prediction.shape or reference.ndim != 4:
        raise ValueError(f"The layers do not fit: {reference.shape} against {prediction.shape}.")
    result: dict[tuple[int, int], StructureScore] = {}
    for layer in sorted({layer for layer, _ in tolerances_mm}):
        wanted = {value: mm for (at, value), mm in tolerances_mm.items() if at == layer}
        found = score(reference[layer], prediction[layer], spacing_mm, wanted, ignore)
        result |= {(layer, value): one for value, one in found.items()}
    return {key: result[key] for key in tolerances_mm}


def score_masks(
    reference: Mask, prediction: Mask, spacing_mm: Spacing, tolerance_mm: float, looked_at: Mask | None = None
) -> StructureScore:
    """Compare two masks of one structure, bool (i, j, k), which may overlap any other structure's.

    Voxels that are False in `looked_at` are left out. Otherwise as `score`.
    """
    maps = [np.asarray(mask, np.bool_).view(np.uint8) for mask in (reference, prediction)]
    if looked_at is not None:
        maps[0] = np.where(looked_at, maps[0], np.uint8(255))
    return score(maps[0], maps[1], spacing_mm, {1: tolerance_mm})[1]


class _Pair:
    """Two label maps on one grid, and what was learnt from looking at all voxels once."""

    def __init__(
        self, reference: LabelMap, prediction: LabelMap, spacing_mm: Spacing, ignore: int, beyond: int
    ) -> None:
        self.maps = reference, prediction
        self.spacing_mm = spacing_mm
        self.ignore = ignore
        self.survey: Survey = survey(reference, prediction, ignore)
        self.counts = self.survey.joint.sum(axis=1), self.survey.joint.sum(axis=0)
        self.voxels = int(self.survey.joint.sum()) + beyond
        self.areas: Areas = surface_areas(spacing_mm)

    def score(self, value: int, tolerance_mm: float) -> StructureScore:
        both = int(self.survey.joint[value, value])
        a, b = int(self.counts[0][value]), int(self.counts[1][value])
        voxel_ml = float(np.prod(self.spacing_mm)) / 1000
        volumes = a * voxel_ml, b * voxel_ml
        if not a + b:
            return StructureScore(None, None, *volumes)
        surfaces, centres = NO_AGREEMENT, None
        if a and b:
            extents = self.survey.reference[value], self.survey.prediction[value]
            surfaces = self._surfaces(value, _union(extents[0].bounds, extents[1].bounds), tolerance_mm)
            centres = self._apart(*extents)
        return StructureScore(
            dice=2 * both / (a + b),
            surface_dice=surfaces.surface_dice,
            volume_ref_ml=volumes[0],
            volume_pred_ml=volumes[1],
            jaccard=both / (a + b - both),
            precision=both / b if b else None,
            recall=both / a if a else None,
            specificity=(self.voxels - a - b + both) / (self.voxels - a) if self.voxels > a else None,
            volume_similarity=1 - abs(a - b) / (a + b),
            hd_mm=surfaces.hd_mm,
            hd95_mm=surfaces.hd95_mm,
            asd_ref_to_pred_mm=surfaces.asd_ref_to_pred_mm,
            asd_pred_to_ref_mm=surfaces.asd_pred_to_ref_mm,
            assd_mm=surfaces.assd_mm,
            centre_distance_mm=centres,
        )

    def _apart(self, one: Extent, other: Extent) -> float:
        steps = np.subtract(one.centre, other.centre) * self.spacing_mm
        return float(np.sqrt((steps * steps).sum()))

    def _surfaces(self, value: int, bounds: Bounds, tolerance_mm: float) -> SurfaceAgreement:
        """Compare the surfaces of one structure that lies within the bounds in both maps."""
        ni, nj, nk = (high - low + 1 for low, high in bounds)
        layout = Layout(self.spacing_mm, (ni, nj, nk))
        corner_codes(self._masks(value, bounds), layout.codes)
        if self.survey.ignored:
            layout.codes *= self._untouched(bounds)
        reference, prediction = (Surface(self.areas[codes], mm) for codes, mm in nearest_mm(layout))
        return agreement(reference, prediction, tolerance_mm)

    def _masks(self, value: int, bounds: Bounds) -> Mask:
        """Return where both maps hold the value, as (which, i, j, k)."""
        box = tuple(slice(low, high) for low, high in bounds)
        masks = np.empty((2, *(high - low for low, high in bounds)), np.bool_)
        for mask, labels in zip(masks, self.maps, strict=True):
            np.equal(labels[box], value, out=mask)
        if self.survey.ignored:
            masks &= self._looked_at(bounds)
        return masks

    def _looked_at(self, bounds: Bounds) -> Mask:
        reference, prediction = (
            labels[tuple(slice(low, high) for low, high in bounds)] for labels in self.maps
        )
        return np.asarray((reference != self.ignore) & (prediction != self.ignore))

    def _untouched(self, bounds: Bounds) -> Mask:
        """Return for each corner of the bounds whether all of its voxels in the maps were looked at."""
        wide = tuple(
            (max(0, low - 1), min(n, high + 1))
            for (low, high), n in zip(bounds, self.maps[0].shape, strict=True)
        )
        looked_at = self._looked_at((wide[0], wide[1], wide[2]))
        missing = [
            (int(low == outer), int(high == end))
            for (low, high), (outer, end) in zip(bounds, wide, strict=True)
        ]
        kept = np.pad(looked_at, missing, constant_values=True)
        for axis in range(3):
            kept = np.logical_and(
                *(np.moveaxis(kept, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
            )
            kept = np.moveaxis(kept, 0, axis)
        return kept


def _union(one: Bounds, other: Bounds) -> Bounds:
    a, b, c = ((min(p[0], q[0]), max(p[1], q[1])) for p, q in zip(one, other, strict=True))
    return a, b, c
