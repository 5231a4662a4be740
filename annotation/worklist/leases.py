"""Giving back: by the reader, when a lease runs out, or when a lead takes a read over."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from annotation import clock
from annotation.errors import Conflict, Refused
from annotation.models import (
    Assignment,
    AssignmentState,
    Branch,
    Level,
    Part,
    Project,
    Purpose,
)
from annotation.worklist import parts
from annotation.worklist.seconds import given_up, holds_part

BEGUN = (AssignmentState.OPEN, AssignmentState.RETURNED)


@transaction.atomic
def release(*, assignment: Assignment) -> Assignment:
    """Give a case back on which nothing was drawn."""
    assignment = lock(assignment)
    if assignment.state == AssignmentState.RELEASED:
        return assignment
    if assignment.state != AssignmentState.OPEN:
        raise Conflict("This case was handed in already, so it cannot be given back.")
    if assignment.mask.head:
        raise Conflict("You have drawn on this case, so it stays with you. Submit it when it is done.")
    _give_back([assignment])
    assignment.refresh_from_db()
    return assignment


def expired_reads(rows: QuerySet[Assignment], now: datetime) -> QuerySet[Assignment]:
    """Those on which nothing is drawn and whose lease ran out."""
    return rows.filter(state=AssignmentState.OPEN, lease_until__lt=now, mask__head=0)


@transaction.atomic
def release_expired(*, project: Project | None = None) -> int:
    """Give back what nobody drew on before its lease ran out; drawn work stays with its reader."""
    rows = Assignment.objects.select_for_update(of=("self", "mask"), skip_locked=True)
    expired = expired_reads(rows.select_related("mask"), clock.now())
    if project is not None:
        expired = expired.filter(case__project=project)
    left = list(expired)
    _give_back(left)
    return len(left)


@transaction.atomic
def skip(*, assignment: Assignment, reason: str) -> Assignment:
    """The reader will not read this case. It goes back, never to this reader again; strokes are kept."""
    if not reason.strip():
        raise Refused("Say why you skip this case; the project lead reads it.")
    read = lock(assignment)
    if read.state == AssignmentState.SKIPPED:
        return read
    _require_begun(read)
    read.skip_reason = reason.strip()[:500]
    _end(read, AssignmentState.SKIPPED)
    return read


@transaction.atomic
def send_to_expert(*, assignment: Assignment, reason: str) -> Assignment:
    """Skip a case that needs an expert: from now on only experts get it."""
    read = skip(assignment=assignment, reason=reason)
    parts.lock_case(read.case_id)
    Part.objects.filter(pk=read.part_id).update(needs_level=Level.EXPERT)
    return read


@transaction.atomic
def take_over(*, assignment: Assignment) -> Assignment:
    """A lead takes a read from its reader. The strokes stay as a branch; the part goes back to the pool."""
    read = lock(assignment)
    if read.state == AssignmentState.WITHDRAWN:
        return read
    if read.state != AssignmentState.PLANNED:
        _require_begun(read)
    _end(read, AssignmentState.WITHDRAWN)
    return read


def lock(assignment: Assignment) -> Assignment:
    rows = Assignment.objects.select_for_update(of=("self", "mask"), no_key=True)
    return rows.select_related("mask", "case", "part").get(pk=assignment.pk)


def _require_begun(read: Assignment) -> None:
    if read.state not in BEGUN:
        raise Conflict("This read is not open any more: it was handed in, given back or taken over.")


def _end(read: Assignment, state: AssignmentState) -> None:
    read.state = state
    read.save(update_fields=["state", "skip_reason", "updated_at"])
    if read.mask.head and not Branch.objects.filter(mask=read.mask).exists():
        Branch.objects.create(mask=read.mask, assignment=read, base_revision=0)
    _free([read])


def _give_back(assignments: Sequence[Assignment]) -> None:
    if not assignments:
        return
    ids = [assignment.pk for assignment in assignments]
    Assignment.objects.filter(pk__in=ids).update(state=AssignmentState.RELEASED, updated_at=clock.now())
    _free(assignments)


def _free(reads: Sequence[Assignment]) -> None:
    """What these reads held is others' again."""
    free = [read.part_id for read in reads if not _stands_beside(read) and holds_part(read)]
    parts.back_to_pool(free)


def _stands_beside(read: Assignment) -> bool:
    """Whether another read of the same part goes on."""
    return read.purpose == Purpose.OVERLAP and given_up(read)
