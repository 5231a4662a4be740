"""How a project wants its structures drawn: versions that a lead writes and every member reads."""

from annotation.guidelines.changes import Change, Span, changes_between
from annotation.guidelines.pictures import add_image, image_of, sweep_pictures
from annotation.guidelines.reading import (
    PAGE,
    Chapter,
    Guideline,
    Listed,
    guideline_of,
    text_of,
    version_at,
    version_of,
    versions,
)
from annotation.guidelines.writing import Entry, write_guideline

__all__ = [
    "PAGE",
    "Change",
    "Chapter",
    "Entry",
    "Guideline",
    "Listed",
    "Span",
    "add_image",
    "changes_between",
    "guideline_of",
    "image_of",
    "sweep_pictures",
    "text_of",
    "version_at",
    "version_of",
    "versions",
    "write_guideline",
]
