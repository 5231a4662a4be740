"""How far readers agree: scores of every pair of delineations, their sums, and what follows from them."""

from annotation.agreement.figures import refresh
from annotation.agreement.work import gold_changed, reopened, request, request_all, run, settled

__all__ = ["gold_changed", "refresh", "reopened", "request", "request_all", "run", "settled"]
