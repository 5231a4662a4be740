"""Prediction: sliding windows over a scan, labels and uncertainty on the scan's own grid."""

from training.predict.window import PredictionResult, predict

__all__ = ["PredictionResult", "predict"]
