"""A reader's work on a mask: saving strokes, going back, branches, handing in, and the time that it takes."""

from annotation.corrections.branches import MOST_BRANCHES, apply_branch, branches_of, keep, keep_proposal
from annotation.corrections.events import Event
from annotation.corrections.history import PAGE, revisions
from annotation.corrections.measurements import MOST_MEASUREMENTS, STRAIGHT, Measured, measure
from annotation.corrections.reads import is_editable
from annotation.corrections.saving import Saved, not_looked_at, restore, save, submit, undo
from annotation.corrections.sessions import look, looked, ping, start_session

__all__ = [
    "MOST_BRANCHES",
    "MOST_MEASUREMENTS",
    "PAGE",
    "STRAIGHT",
    "Event",
    "Measured",
    "Saved",
    "apply_branch",
    "branches_of",
    "is_editable",
    "keep",
    "keep_proposal",
    "look",
    "looked",
    "measure",
    "not_looked_at",
    "ping",
    "restore",
    "revisions",
    "save",
    "start_session",
    "submit",
    "undo",
]
