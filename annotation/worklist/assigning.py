"""Reads that a lead gives to a reader by name, and hands on to another one."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from annotation.errors import Conflict, Refused
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    CaseState,
    Membership,
    Part,
    Project,
    Purpose,
    Split,
)
from annotation.worklist import parts, starts
from annotation.worklist.leases import BEGUN, take_over
from annotation.worklist.reads import create

MOST_AT_ONCE = 200
MOST_HELD = 1000
UNFINISHED = (*BEGUN, AssignmentState.PLANNED)


@transaction.atomic
def assign(
    *,
    project: Project,
    cases: Sequence[int],
    to: str,
    by: AbstractBaseUser,
    due_at: datetime | None = None,
) -> list[Assignment]:
    """Plan routine reads of the cases (by number) for one reader; what another one only planned moves on.

    All of them or none. Raises Refused for cases and readers that are not there, Conflict for a case that
    somebody has begun.
    """
    if len(cases) > MOST_AT_ONCE:
        raise Refused(f"At most {MOST_AT_ONCE} cases can be assigned at once.")
    member = Membership.objects.filter(project=project, user__username=to, active=True).first()
    if member is None:
        raise Refused(f"{to} is not an active member of this project.")
    planned: list[Assignment] = []
    for case in _found(project, cases):
        planned += _assign(case, member, by, due_at)
    return planned


@transaction.atomic
def set_due(*, project: Project, cases: Sequence[int], due_at: datetime | None) -> int:
    """By when the cases (by number) are to be read; None = no date. How many there are.

    The date orders the queue. It is also that of reads which a lead gave to somebody by name and which are
    not handed in; other reads get none, because a date would tell their reader that they are ordinary ones.
    """
    chosen = [case.pk for case in _found(project, cases)]
    reads = Assignment.objects.filter(
        case__in=chosen, state__in=UNFINISHED, purpose=Purpose.ROUTINE, assigned_by__isnull=False
    )
    for read in reads.select_for_update(no_key=True).order_by("pk"):
        read.due_at = due_at
        read.save(update_fields=["due_at"])
    for case in Case.objects.select_for_update(no_key=True).filter(pk__in=chosen).order_by("pk"):
        case.due_at = due_at
        case.save(update_fields=["due_at"])
    return len(chosen)


@transaction.atomic
def set_priority(*, project: Project, cases: Sequence[int], priority: float) -> int:
    """Which cases (by number) come first among those that are due alike; the higher one does. How many."""
    chosen = [case.pk for case in _found(project, cases)]
    for case in Case.objects.select_for_update(no_key=True).filter(pk__in=chosen).order_by("pk"):
        case.priority = priority
        case.save(update_fields=["priority"])
    return len(chosen)


def _found(project: Project, numbers: Sequence[int]) -> list[Case]:
    cases = Case.objects.filter(project=project, number__in=numbers).order_by("number")
    missing = sorted(set(numbers) - {case.number for case in cases})
    if missing:
        raise Refused(f"This project has no case {missing[0]}.")
    return list(cases)


def held(project: Project) -> QuerySet[Assignment]:
    """Reads that are planned, open or returned, and those that were skipped, the newest first."""
    states = (*UNFINISHED, AssignmentState.SKIPPED)
    rows = Assignment.objects.filter(case__project=project, state__in=states)
    return rows.select_related("case", "reader", "mask", "part__group").order_by("-pk")[:MOST_HELD]


def _assign(
    case: Case, member: Membership, by: AbstractBaseUser, due_at: datetime | None
) -> list[Assignment]:
    if case.split != Split.POOL:
        raise Refused(f"Case {case.number} is a {case.split} case, which nobody reads as routine.")
    if case.state == CaseState.HELD:
        raise Conflict(f"Case {case.number} is held until a lead has looked at it. Release it first.")
    for waiting in _planned(case):
        take_over(assignment=waiting)
    parts.lock_case(case.pk)
    free = case.parts.filter(state__in=parts.UNOPENED).select_related("group", "case__volume")
    if not free:
        raise Conflict(f"Case {case.number} is being read or was accepted. Take the read over first.")
    return [_plan(part, member, by, due_at) for part in free]


def _planned(case: Case) -> list[Assignment]:
    """Reads of the case that nobody has begun; a blind second read is not a lead's to move."""
    rows = Assignment.objects.filter(case=case, state=AssignmentState.PLANNED, purpose=Purpose.ROUTINE)
    return list(rows)


def _plan(part: Part, member: Membership, by: AbstractBaseUser, due_at: datetime | None) -> Assignment:
    if member.level < part.needs_level:
        raise Refused(f"{part} needs a reader of level {part.needs_level}.")
    own = Assignment.objects.filter(part=part, reader=member.user_id)
    if own.exclude(state__in=(AssignmentState.RELEASED, AssignmentState.WITHDRAWN)).exists():
        raise Refused(f"{member.user} has read or skipped case {part.case.number} before.")
    read = create(
        part=part,
        reader=member.user_id,
        role=AssignmentRole.ANNOTATE,
        start=starts.fresh(part.case_id),
        state=AssignmentState.PLANNED,
        assigned_by=by,
        due_at=due_at,
    )
    parts.move(part.pk, CaseState.IN_PROGRESS)
    return read
