"""What follows from handing a read in: half a minute to think again, a review, a comparison, or nothing more.

Until that time is over every read looks the same to its reader, so that taking it back tells nothing.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from annotation import agreement, clock
from annotation.errors import Conflict
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    CaseState,
    Comparator,
    Part,
    Project,
    Purpose,
    ReliabilityPlan,
    Requirement,
    Review,
    Revision,
    StartFrom,
    Verdict,
)
from annotation.worklist import balance, blocks, parts
from annotation.worklist.reads import lease_end
from annotation.worklist.seconds import holds_part

UNDO_SECONDS = 30


def hand_in(*, assignment: Assignment) -> None:
    """The read was submitted: a reviewer may take it, if it is one of those that are reviewed."""
    if assignment.purpose == Purpose.ROUTINE and is_reviewed(assignment):
        parts.move(assignment.part_id, CaseState.IN_REVIEW)


def is_reviewed(read: Assignment) -> bool:
    """Drawn once for each read, by the share of its reader; what came back is always looked at again."""
    plan = balance.plan_of(read.case.project)
    if plan is None or Review.objects.filter(assignment__subject=read).exists():
        return True
    return blocks.draw(plan.seed, "review", read.pk) / 2**64 < review_share(read.reader_id, plan)


def review_share(reader: int, plan: ReliabilityPlan) -> float:
    """Falls from the first to the least share with the share of first verdicts that were plain accepts.

    Over the newest `review_window` reviewed reads; as long as there are fewer, the missing ones count as not
    accepted.
    """
    first = (
        Review.objects.filter(assignment__subject__reader=reader, assignment__case__project=plan.project_id)
        .order_by("assignment__subject_id", "created_at")
        .distinct("assignment__subject_id")
        .values_list("created_at", "verdict")
    )
    newest = sorted(first, reverse=True)[: plan.review_window]
    accepted = sum(verdict == Verdict.ACCEPT for _, verdict in newest) / plan.review_window
    return plan.review_share_first + (plan.review_share_least - plan.review_share_first) * accepted


@transaction.atomic
def unsubmit(*, assignment: Assignment) -> Assignment:
    """Take a submit back: within half a minute, and unless a reviewer has opened the read."""
    rows = Assignment.objects.select_for_update(of=("self", "mask"), no_key=True)
    read = rows.select_related("mask", "case").get(pk=assignment.pk)
    if read.state in (AssignmentState.OPEN, AssignmentState.RETURNED):
        return read
    if not _seconds_left(read):
        raise Conflict(f"A submit can be taken back for {UNDO_SECONDS} seconds; this one is final.")
    if _is_under_review(read):
        raise Conflict("A reviewer has opened this read meanwhile, so it cannot be taken back.")
    came_back = _returns(read).exists()
    read.state = AssignmentState.RETURNED if came_back else AssignmentState.OPEN
    read.submitted_at, read.lease_until = None, lease_end()
    read.save(update_fields=["state", "submitted_at", "lease_until", "updated_at"])
    read.mask.annotated = []
    read.mask.save(update_fields=["annotated"])
    agreement.reopened(read)
    if holds_part(read):
        parts.move(read.part_id, CaseState.RETURNED if came_back else CaseState.IN_PROGRESS)
    return read


def undo_seconds(read: Assignment) -> float:
    """How long the submit of a read can still be taken back; 0 when it cannot."""
    left = _seconds_left(read)
    return 0 if left == 0 or _is_under_review(read) else left


def _seconds_left(read: Assignment) -> float:
    if read.state != AssignmentState.SUBMITTED or read.submitted_at is None:
        return 0
    return max(0, UNDO_SECONDS - (clock.now() - read.submitted_at).total_seconds())


def _is_under_review(read: Assignment) -> bool:
    """Whether a reviewer has opened what lies there now; what was returned is behind it."""
    reviews = Assignment.objects.filter(subject=read).exclude(state=AssignmentState.RELEASED)
    return reviews.exclude(pk__in=_returns(read)).exists()


def _returns(read: Assignment) -> QuerySet[Assignment]:
    return Assignment.objects.filter(subject=read, verdicts__verdict=Verdict.RETURN)


def due_reads(rows: QuerySet[Assignment], undo_ended: datetime) -> QuerySet[Assignment]:
    """Those that were handed in by then, and that nobody reviews."""
    submitted = rows.filter(
        state=AssignmentState.SUBMITTED, role=AssignmentRole.ANNOTATE, submitted_at__lte=undo_ended
    )
    looked_at = (CaseState.IN_REVIEW, CaseState.COMPARING)
    return submitted.exclude(purpose=Purpose.ROUTINE, part__state__in=looked_at)


@transaction.atomic
def finish_due(*, project: Project | None = None) -> int:
    """End the reads that nobody reviews once they cannot be taken back any more; how many there were."""
    rows = Assignment.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    due = due_reads(rows, clock.now() - timedelta(seconds=UNDO_SECONDS))
    if project is not None:
        due = due.filter(case__project=project)
    ended = list(due.select_related("mask").order_by("pk"))
    for read in ended:
        _finish(read)
    return len(ended)


def _finish(read: Assignment) -> None:
    if read.purpose == Purpose.ROUTINE and _is_held_against_prediction(read):
        parts.move(read.part_id, CaseState.COMPARING)
        return
    read.state, read.final_at = AssignmentState.DONE, clock.now()
    read.save(update_fields=["state", "final_at", "updated_at"])
    if read.purpose == Purpose.ROUTINE:
        _accept(read)
    elif read.purpose == Purpose.OVERLAP:
        _compare_if_both(read)


def _is_held_against_prediction(read: Assignment) -> bool:
    """Nobody was drawn to look at the read, but it may differ too much from what it began from."""
    asked = Requirement.objects.filter(project=read.case.project_id, comparator=Comparator.PREDICTION)
    return read.start_from == StartFrom.PREDICTION and asked.exists()


def _compare_if_both(read: Assignment) -> None:
    parts.lock_case(read.case_id)
    done = Assignment.objects.filter(
        part=read.part_id, purpose=Purpose.OVERLAP, state=AssignmentState.DONE
    ).count()
    if done == Part.objects.get(pk=read.part_id).reads_wanted:
        parts.move(read.part_id, CaseState.COMPARING)


def pair_of(part: Part) -> list[Assignment]:
    """The two final reads of a part that is compared: the one of the higher level first, then the earlier."""
    reads = part.assignments.filter(purpose=Purpose.OVERLAP, state=AssignmentState.DONE)
    levels = {one.user_id: one.level for one in balance.readers(part.case.project)}
    return sorted(
        reads.select_related("mask"), key=lambda one: (-levels.get(one.reader_id, 0), one.final_at, one.pk)
    )


@transaction.atomic
def compared(*, part: Part, agree: bool) -> None:
    """Two reads that meet every requirement are accepted as the first of them; others are adjudicated."""
    parts.lock_case(part.case_id)
    if Part.objects.get(pk=part.pk).state != CaseState.COMPARING:
        return
    if not agree:
        parts.move(part.pk, CaseState.ADJUDICATION)
        return
    _accept(pair_of(part)[0])


def _accept(read: Assignment) -> None:
    newest = Revision.objects.get(mask=read.mask, number=read.mask.head)
    parts.move(read.part_id, CaseState.ACCEPTED, accepted=newest)


@transaction.atomic
def held_against_prediction(*, read: Assignment, close: bool) -> None:
    """A read that nobody was drawn to look at: accepted if it is close to its prediction, else reviewed."""
    parts.lock_case(read.case_id)
    if Part.objects.get(pk=read.part_id).state != CaseState.COMPARING:
        return
    if not close:
        parts.move(read.part_id, CaseState.IN_REVIEW)
        return
    read.state, read.final_at = AssignmentState.DONE, clock.now()
    read.save(update_fields=["state", "final_at", "updated_at"])
    _accept(read)
