"""Prediction: sliding windows over a scan, labels and uncertainty on the scan's own grid."""

from training.predict.components import Validated, choose_postprocessing, keep_largest
from training.predict.ensemble import Manner, Member, PredictionResult, delineate
from training.predict.locate import locate
from training.predict.oddities import Region
from training.predict.predictor import OWN_COARSE, PredictOptions, Predictor, own_coarse
from training.predict.regions import UncertaintyMap, guide
from training.predict.usual import Usual, usual_volumes

__all__ = [
    "OWN_COARSE",
    "Manner",
    "Member",
    "PredictOptions",
    "PredictionResult",
    "Predictor",
    "Region",
    "UncertaintyMap",
    "Usual",
    "Validated",
    "choose_postprocessing",
    "delineate",
    "guide",
    "keep_largest",
    "locate",
    "own_coarse",
    "usual_volumes",
]
