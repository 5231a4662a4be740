"""Parts that two readers read, blind to each other; what becomes of one read when the other is given up."""

from annotation.models import (
    ENDED_STATES,
    Assignment,
    AssignmentRole,
    AssignmentState,
    CaseState,
    Part,
    Purpose,
)
from annotation.worklist import balance, parts
from annotation.worklist.reads import plan_second


def holds_part(read: Assignment) -> bool:
    """Whether the part is this read's; second, repeated, gold and calibration reads go on beside it."""
    routine = read.purpose == Purpose.ROUTINE
    first = read.purpose == Purpose.OVERLAP and read.rival_id is None
    return read.role == AssignmentRole.ANNOTATE and (routine or first)


def others_of(read: Assignment) -> list[Assignment]:
    """The other reads of the pair that still stand."""
    pair = Assignment.objects.filter(part=read.part_id, purpose=Purpose.OVERLAP).exclude(pk=read.pk)
    return list(pair.exclude(state__in=ENDED_STATES).select_related("part", "mask__base", "case"))


def given_up(read: Assignment) -> bool:
    """One read of a pair ended without a result. Answers whether the other one goes on.

    Then somebody else takes the place; but who gave a second read back undrawn is asked again, at the end of
    what there is to do.
    """
    pair = others_of(read)
    if not pair:
        return False
    other = pair[0]
    if read.rival_id is None and other.state == AssignmentState.PLANNED:
        Assignment.objects.filter(pk=other.pk).update(state=AssignmentState.WITHDRAWN)
        Part.objects.filter(pk=read.part_id).update(reads_wanted=1)
        return False
    if read.rival_id is not None and read.state == AssignmentState.RELEASED:
        plan_second(other, read.reader_id)
    else:
        _replace(other)
    return True


def _replace(other: Assignment) -> None:
    """The read that stands becomes the first one, and gets another second one or goes on alone."""
    other.rival = None
    other.save(update_fields=["rival", "updated_at"])
    project = other.case.project
    plan = balance.plan_of(project)
    if plan is not None:
        balance.lock_plan(plan)
    met = Assignment.objects.filter(case=other.case_id).values_list("reader", flat=True)
    partner = balance.nearest_partner(
        other.reader_id,
        among=balance.readers(project),
        counts=balance.pair_counts(project),
        needs_level=other.part.needs_level,
        without=set(met),
    )
    if partner is not None:
        plan_second(other, partner)
    else:
        _alone(other)


def _alone(read: Assignment) -> None:
    """Nobody else can read it: an ordinary read, which a reviewer looks at."""
    Part.objects.filter(pk=read.part_id).update(reads_wanted=1)
    read.purpose = Purpose.ROUTINE
    if read.state == AssignmentState.DONE:
        read.state, read.final_at = AssignmentState.SUBMITTED, None
    read.save(update_fields=["purpose", "state", "final_at", "updated_at"])
    if read.state == AssignmentState.SUBMITTED:
        parts.move(read.part_id, CaseState.IN_REVIEW)
