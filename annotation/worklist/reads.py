"""A read as it begins: its number, its empty mask, its lease."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

from annotation import clock
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Mask,
    MaskKind,
    Part,
    Purpose,
)
from annotation.prepared import Prepared
from annotation.worklist import starts


def lease_end(now: datetime | None = None) -> datetime:
    return (now or clock.now()) + timedelta(seconds=settings.LEASE_SECONDS)


def next_number(case_id: int, reader: int) -> int:
    """How many-th read of the case the next one of this reader is."""
    return 1 + len(_EARLIER.columns(case=case_id, reader=reader))


_EARLIER = Prepared(
    Assignment,
    lambda case, reader: Assignment.objects.filter(case=case, reader=reader).order_by().values_list("pk"),
    case=int,
    reader=int,
)


def create(
    *,
    part: Part,
    reader: int,
    role: AssignmentRole,
    start: starts.Start,
    purpose: Purpose = Purpose.ROUTINE,
    state: AssignmentState = AssignmentState.OPEN,
    subject: Assignment | None = None,
    rival: Assignment | None = None,
    assigned_by: AbstractBaseUser | None = None,
    due_at: datetime | None = None,
) -> Assignment:
    """A read with its own empty mask; the caller has seen to it that it may begin."""
    mask = Mask.objects.create(
        case=part.case, kind=MaskKind.READER, author_id=reader, base=start.base, base_revision=start.at
    )
    return Assignment.objects.create(
        case=part.case,
        part=part,
        structures=part.group.structures if part.group is not None else [],
        reader_id=reader,
        role=role,
        purpose=purpose,
        sequence_no=next_number(part.case_id, reader),
        start_from=start.kind,
        start_revision=start.revision(),
        mask=mask,
        subject=subject,
        rival=rival,
        state=state,
        assigned_by_id=assigned_by.pk if assigned_by is not None else None,
        due_at=due_at,
        lease_until=lease_end(),
    )


def begin_planned(planned: Assignment, start: starts.Start) -> Assignment:
    """A planned read begins, as a new row: a number from the day it was planned would tell its reader that
    it had been, and so that somebody else reads the case."""
    rival, assigned_by, mask = planned.rival, planned.assigned_by, planned.mask
    planned.delete()
    mask.delete()
    return create(
        part=planned.part,
        reader=planned.reader_id,
        role=AssignmentRole(planned.role),
        purpose=Purpose(planned.purpose),
        start=start,
        rival=rival,
        assigned_by=assigned_by,
        due_at=planned.due_at,
    )


def plan_second(first: Assignment, partner: int) -> Assignment:
    """The blind second read of a part: another reader begins as the first one did."""
    Part.objects.filter(pk=first.part_id).update(reads_wanted=2)
    return create(
        part=first.part,
        reader=partner,
        role=AssignmentRole.ANNOTATE,
        start=starts.same_as(first),
        purpose=Purpose.OVERLAP,
        state=AssignmentState.PLANNED,
        rival=first,
    )
