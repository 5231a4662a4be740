"""Who reads what next: claiming, and looking ahead without claiming."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotation.errors import NotFound
from annotation.models import (
    ACTIVE_STATES,
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    CaseState,
    Membership,
    Pin,
    PinState,
    Project,
    Purpose,
    Role,
    StartFrom,
)
from annotation.prepared import Prepared
from annotation.worklist import parts, starts
from annotation.worklist.choosing import Choice, Chooser
from annotation.worklist.handing_in import finish_due
from annotation.worklist.leases import release_expired
from annotation.worklist.reads import begin_planned, create, lease_end, plan_second
from annotation.worklist.standing import standing


@transaction.atomic
def next_case(*, reader: AbstractBaseUser, project: Project) -> Assignment | None:
    """Reserve the next read for this reader, or None. Asking twice does not pile up cases."""
    membership = _one_claim_at_a_time(reader, project)
    there = standing(membership.user_id, project)
    if there.due or there.expired:
        finish_due(project=project)
        release_expired(project=project)
        there = standing(membership.user_id, project)
    if there.undrawn:
        open_read = _undrawn_reads(reader, project, AssignmentRole.ANNOTATE).first()
        if open_read is not None:
            return _renewed(open_read)
    choice = Chooser(membership, lock=True, there=there).choice()
    return _begin(choice, reader.pk) if choice is not None else None


@dataclass(frozen=True)
class Upcoming:
    """A read that nobody has reserved: its case, what it will start from, and its number for this reader."""

    case: Case
    start: starts.Start
    sequence_no: int


def upcoming(*, reader: AbstractBaseUser, project: Project, after: int | None = None) -> Upcoming | None:
    """What `next_case` would give once the read `after` is handed in. Reserves nothing, changes nothing."""
    undrawn = _undrawn_reads(reader, project, AssignmentRole.ANNOTATE)
    if after is not None:
        undrawn = undrawn.exclude(pk=after)
    again = undrawn.select_related("case__volume", "mask__base").first()
    if again is not None:
        return Upcoming(again.case, starts.same_as(again), again.sequence_no)
    membership = Membership.objects.select_related("project").get(user=reader.pk, project=project)
    # A claim from here on is of the read that is looked ahead to: it does not count as an earlier one.
    mine = Assignment.objects.filter(reader=reader.pk)
    newest = mine.order_by("-pk").values_list("pk", flat=True).first() or 0
    choice = Chooser(membership, lock=False).choice()
    if choice is None:
        return None
    planned = choice.planned
    earlier = mine.filter(case=choice.part.case_id, pk__lte=newest)
    number = planned.sequence_no if planned is not None else 1 + earlier.count()
    return Upcoming(choice.part.case, choice.start, number)


@transaction.atomic
def claim_review(*, reviewer: AbstractBaseUser, project: Project) -> Assignment | None:
    """Reserve the read that waits longest for a review, never one's own, or None."""
    _one_claim_at_a_time(reviewer, project)
    release_expired(project=project)
    open_review_ = _undrawn_reads(reviewer, project, AssignmentRole.REVIEW).first()
    if open_review_ is not None:
        return _renewed(open_review_)
    subject = _lock_subject(reviewer, project)
    if subject is None:
        return None
    return create(
        part=subject.part,
        reader=reviewer.pk,
        role=AssignmentRole.REVIEW,
        start=starts.Start(StartFrom.REVISION, subject.mask, subject.mask.head),
        subject=subject,
    )


def _begin(choice: Choice, reader: int) -> Assignment:
    planned = choice.planned
    if planned is not None:
        return begin_planned(planned, choice.start)
    role = AssignmentRole.ANNOTATE
    read = create(part=choice.part, reader=reader, role=role, start=choice.start, purpose=choice.purpose)
    if choice.partner is not None:
        plan_second(read, choice.partner)
    if choice.takes_part:
        parts.begin(choice.part)
    return read


def _one_claim_at_a_time(reader: AbstractBaseUser, project: Project) -> Membership:
    """The reader's place, with the project and its plan. Two clicks of one reader queue up here; different
    readers never wait for each other.

    Who was deactivated a moment ago is told as a stranger is, and takes nothing.
    """
    membership = _HELD_PLACE.first(user=reader.pk, project=project.pk)
    if membership is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    return membership


_HELD_PLACE = Prepared(
    Membership,
    lambda **asked: (
        Membership.objects.select_for_update(of=("self",), no_key=True)
        .select_related("project__plan")
        .filter(**asked, active=True)
    ),
    user=int,
    project=int,
)


def _undrawn_reads(reader: AbstractBaseUser, project: Project, role: AssignmentRole) -> QuerySet[Assignment]:
    return (
        Assignment.objects.filter(
            reader=reader.pk, state=AssignmentState.OPEN, role=role, case__project=project, mask__head=0
        )
        .select_related("mask", "case")
        .order_by("pk")
    )


def _renewed(assignment: Assignment) -> Assignment:
    assignment.lease_until = lease_end()
    assignment.save(update_fields=["lease_until", "updated_at"])
    return assignment


# ── Reviews ──────────────────────────────────────────────────────────────────


def _lock_subject(reviewer: AbstractBaseUser, project: Project) -> Assignment | None:
    """A submitted read that nobody reviews, first one that the reviewer has not given back.

    It is locked for the caller's transaction.
    """
    candidates = (
        waiting_for(reviewer, project)
        .select_related("mask", "part__case", "part__group")
        .order_by("submitted_at", "pk")
    )
    own = Assignment.objects.filter(reader=reviewer.pk, role=AssignmentRole.REVIEW)
    again = own.filter(state=AssignmentState.RELEASED, branches__isnull=True).values("subject")
    return _lock_first(candidates.exclude(pk__in=again)) or _lock_first(candidates)


def waiting_for(reviewer: AbstractBaseUser, project: Project) -> QuerySet[Assignment]:
    """Submitted reads of others that no reviewer has taken.

    One that came back with pins still open is a disagreement: somebody else than who dropped them decides, as
    long as there is somebody.
    """
    reviewed = active(AssignmentRole.REVIEW).filter(part=OuterRef("part"))
    waiting = submitted(project).exclude(reader=reviewer.pk).filter(~Exists(reviewed))
    judges = Membership.objects.filter(project=project, active=True).exclude(role=Role.ANNOTATOR)
    if not judges.exclude(user=reviewer.pk).exists():
        return waiting
    open_pins = Pin.objects.filter(assignment=OuterRef("pk"), state=PinState.OPEN)
    own = open_pins.filter(review__reader=reviewer.pk, review__state=AssignmentState.DONE)
    return waiting.exclude(Exists(own))


def _lock_first(candidates: QuerySet[Assignment]) -> Assignment | None:
    """The first that is free; where all are held, the first that is let go and still waits.

    Whoever stores what two reads agree in holds them for a moment: a reviewer must not be told then that
    there is nothing.
    """
    passed_over: list[int] = []
    for skip in (True, False):
        locked = candidates.select_for_update(skip_locked=skip, no_key=True, of=("self",))
        while subject := locked.exclude(pk__in=passed_over).first():
            # A review that was committed after our statement began is seen only by a new one.
            if not active(AssignmentRole.REVIEW).filter(part=subject.part_id).exists():
                return subject
            passed_over.append(subject.pk)
    return None


def active(role: AssignmentRole) -> QuerySet[Assignment]:
    return Assignment.objects.filter(role=role, state__in=ACTIVE_STATES, purpose=Purpose.ROUTINE)


def submitted(project: Project) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        case__project=project,
        part__state=CaseState.IN_REVIEW,
        role=AssignmentRole.ANNOTATE,
        purpose=Purpose.ROUTINE,
        state=AssignmentState.SUBMITTED,
    )
