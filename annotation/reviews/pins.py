"""Pins: places in a read with an error code and a thread. The reader sees them once the review has ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from annotation.errors import Conflict, Refused
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    ErrorCode,
    Pin,
    PinNote,
    PinState,
    Project,
    Review,
    Volume,
)
from annotation.reviews.locks import lock, require_open
from annotation.reviews.structures import read_structures

MOST_PINS = 200  # in one review
MOST_NOTES = 200  # at one pin
SLACK = 0.5  # voxels: the scan ends at the outer faces of its voxels


def pins_on(assignment: Assignment) -> list[Pin]:
    """The pins of a read, or of the read under review, that who has it open may see; with their threads.

    Those of ended reviews, and a reviewer's own. A review that was given back takes its pins with it.
    """
    read = assignment.subject_id if assignment.role == AssignmentRole.REVIEW else assignment.pk
    ended = Q(review__state=AssignmentState.DONE)
    seen = Pin.objects.filter(assignment=read).filter(ended | Q(review=assignment.pk))
    return list(seen.select_related("assignment", "review").prefetch_related("notes__author").order_by("pk"))


def open_pins(read: Assignment) -> QuerySet[Pin]:
    """What is still to be done in a read: the open pins of reviews that have ended, the oldest first."""
    return read.pins.filter(review__state=AssignmentState.DONE, state=PinState.OPEN).order_by("pk")


@transaction.atomic
def drop_pin(
    *,
    assignment: Assignment,
    structure: str,
    point_lps: Sequence[float],
    error_code: ErrorCode,
    text: str = "",
) -> Pin:
    """Mark a place in the read under review. Raises Refused for a place outside the scan."""
    review, read = lock(assignment)
    require_open(review)
    if structure not in read_structures(review):
        raise Refused(f"This read has no structure called {structure}.")
    if not _lies_in(review.mask.case.volume, point_lps):
        raise Refused("The pin lies outside the scan. Drop it where the image is.")
    if review.dropped_pins.count() >= MOST_PINS:
        raise Refused(f"A review has at most {MOST_PINS} pins. Say the rest in the comment.")
    pin = Pin.objects.create(
        assignment=read,
        review=review,
        structure=structure,
        point_lps=[float(value) for value in point_lps],
        error_code=error_code,
        created_by=review.reader,
    )
    if text.strip():
        PinNote.objects.create(pin=pin, author=review.reader, text=text.strip())
    return pin


@transaction.atomic
def delete_pin(*, pin: Pin, by: AbstractBaseUser) -> None:
    """Take back a pin that nobody else has seen."""
    held = _hold(pin)
    if held.created_by_id != by.pk or held.review.state != AssignmentState.OPEN:
        raise Conflict("Only who dropped a pin can delete it, and only while the review is open. Resolve it.")
    held.delete()


@transaction.atomic
def reply(*, pin: Pin, by: AbstractBaseUser, text: str) -> PinNote:
    """Write at a pin."""
    if not text.strip():
        raise Refused("The note is empty. Write what you want to say.")
    held = _hold(pin)
    if held.notes.count() >= MOST_NOTES:
        raise Refused(f"A pin has at most {MOST_NOTES} notes.")
    return PinNote.objects.create(pin=held, author_id=by.pk, text=text.strip())


@transaction.atomic
def set_state(*, pin: Pin, state: PinState) -> Pin:
    """Resolve a pin, or open it again; who did, the history of the row says."""
    held = _hold(pin)
    if held.state != state:
        held.state = state
        held.save(update_fields=["state", "updated_at"])
    return held


def _hold(pin: Pin) -> Pin:
    rows = Pin.objects.select_for_update(of=("self",)).select_related("review", "assignment")
    return rows.get(pk=pin.pk)


def _lies_in(volume: Volume, point_lps: Sequence[float]) -> bool:
    """Whether the point (mm, LPS) is in the scan."""
    index = volume.geometry.lps_to_index(np.asarray(point_lps))
    return bool(((index >= -SLACK) & (index <= np.asarray(volume.shape) - 1 + SLACK)).all())


# ── Counted ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ErrorCount:
    """How many pins with one error code one structure got, and in how many reads."""

    structure: str
    error_code: ErrorCode
    pins: int
    reads: int


def error_counts(
    *, project: Project, reader: AbstractBaseUser | None = None, since: datetime | None = None
) -> tuple[list[ErrorCount], int]:
    """Pins of ended reviews by structure and code, most first; and how many reviews there were."""
    ended = Review.objects.filter(assignment__case__project=project, assignment__role=AssignmentRole.REVIEW)
    pins = Pin.objects.filter(assignment__case__project=project, review__state=AssignmentState.DONE)
    if reader is not None:
        ended = ended.filter(assignment__subject__reader=reader.pk)
        pins = pins.filter(assignment__reader=reader.pk)
    if since is not None:
        ended = ended.filter(created_at__gte=since)
        pins = pins.filter(created_at__gte=since)
    return _counted(pins), ended.count()


def _counted(pins: QuerySet[Pin]) -> list[ErrorCount]:
    rows = (
        pins.order_by()
        .values_list("structure", "error_code")
        .annotate(n=Count("pk"), reads=Count("assignment", distinct=True))
        .order_by("-n", "structure", "error_code")
    )
    return [ErrorCount(structure, ErrorCode(code), n, reads) for structure, code, n, reads in rows]
