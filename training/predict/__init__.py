"""Prediction: sliding windows over a scan, labels and uncertainty on the scan's own grid."""

from training.predict.components import Validated, choose_postprocessing, keep_largest
from training.predict.ensemble import Manner, Member, PredictionResult, delineate
from training.predict.locate import locate
from training.predict.predictor import PredictOptions, Predictor, own_coarse

__all__ = [
    "Manner",
    "Member",
    "PredictOptions",
    "PredictionResult",
    "Predictor",
    "Validated",
    "choose_postprocessing",
    "delineate",
    "keep_largest",
    "locate",
    "own_coarse",
]
