"""A patient deleted everywhere: looked at first, then rows, bytes and exports; that it was done stays."""

from annotation.retention.deleting import delete_patient, finish_removals
from annotation.retention.looking import Found, LearnedModel, look, projects_of

__all__ = ["Found", "LearnedModel", "delete_patient", "finish_removals", "look", "projects_of"]
