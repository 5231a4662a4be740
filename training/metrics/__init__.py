"""Agreement between delineations: overlap, surfaces, distances (docs/reference/metrics.md)."""

from training.metrics.overlaps import Overlaps, overlaps_of
from training.metrics.scores import (
    METRIC_NAME,
    METRIC_NUMBER,
    METRIC_VERSION,
    StructureScore,
    score,
    score_layers,
    score_masks,
)
from training.metrics.surfaces import surface_areas

__all__ = [
    "METRIC_NAME",
    "METRIC_NUMBER",
    "METRIC_VERSION",
    "Overlaps",
    "StructureScore",
    "overlaps_of",
    "score",
    "score_layers",
    "score_masks",
    "surface_areas",
]
