"""How far readers agree: scores of every pair of delineations, their sums, and what follows from them."""

from annotation.agreement.backlogs import Backlog, Failure, backlog, score_again
from annotation.agreement.charts import alarms, drift
from annotation.agreement.efforts import effort
from annotation.agreement.figures import refresh
from annotation.agreement.questions import anchoring, by_month, by_structure, cases, matrix, people
from annotation.agreement.scale import UNITS
from annotation.agreement.shapes import plainly
from annotation.agreement.sizes import calibration, volumes
from annotation.agreement.summaries import recount
from annotation.agreement.work import (
    ALL,
    awaited,
    gold_changed,
    predicted,
    reopened,
    request,
    request_all,
    run,
    settled,
)

__all__ = [
    "ALL",
    "UNITS",
    "Backlog",
    "Failure",
    "alarms",
    "anchoring",
    "awaited",
    "backlog",
    "by_month",
    "by_structure",
    "calibration",
    "cases",
    "drift",
    "effort",
    "gold_changed",
    "matrix",
    "people",
    "plainly",
    "predicted",
    "recount",
    "refresh",
    "reopened",
    "request",
    "request_all",
    "run",
    "score_again",
    "settled",
    "volumes",
]
