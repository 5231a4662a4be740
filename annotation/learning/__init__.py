"""The learning loop: freeze a training set, record what the run made of it, gate, promote, pre-annotate."""

from annotation.learning.guidance import Guidance, StoredMap, map_of, regions_of
from annotation.learning.manifests import manifest_for, spacing_of, tidy_work_folders, work_folder
from annotation.learning.overview import ModelSummary, Overview, StructureMean, overview
from annotation.learning.predictions import (
    Due,
    enqueue_predictions,
    enqueue_predictions_if_due,
    next_to_predict,
    offer_without_prediction,
    predictions_due,
    store_prediction,
)
from annotation.learning.results import add_scores, record, unscored
from annotation.learning.runs import (
    accepted_since_last_run,
    note_volumes,
    request_run,
    request_run_if_due,
    serving_model,
)

__all__ = [
    "Due",
    "Guidance",
    "ModelSummary",
    "Overview",
    "StoredMap",
    "StructureMean",
    "accepted_since_last_run",
    "add_scores",
    "enqueue_predictions",
    "enqueue_predictions_if_due",
    "manifest_for",
    "map_of",
    "next_to_predict",
    "note_volumes",
    "offer_without_prediction",
    "overview",
    "predictions_due",
    "record",
    "regions_of",
    "request_run",
    "request_run_if_due",
    "serving_model",
    "spacing_of",
    "store_prediction",
    "tidy_work_folders",
    "unscored",
    "work_folder",
]
