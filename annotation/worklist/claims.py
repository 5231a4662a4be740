"""Who reads what next: claiming, leases, giving back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.errors import Conflict
from annotation.models import (
    ACTIVE_STATES,
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    CaseState,
    Job,
    JobKind,
    JobState,
    Mask,
    MaskKind,
    Membership,
    Model,
    ModelState,
    Offer,
    Part,
    Prediction,
    Project,
    Purpose,
    Revision,
    StartFrom,
)
from annotation.worklist import parts


def lease_end(now: datetime | None = None) -> datetime:
    return (now or timezone.now()) + timedelta(minutes=settings.LEASE_MINUTES)


# ── Claiming ─────────────────────────────────────────────────────────────────


@transaction.atomic
def next_case(*, reader: AbstractBaseUser, project: Project) -> Assignment | None:
    """Reserve the next case for this reader, or None. Asking twice does not pile up cases."""
    _one_claim_at_a_time(reader, project)
    release_expired(project=project)
    open_read = _undrawn(reader, project, AssignmentRole.ANNOTATE)
    if open_read is not None:
        return _renewed(open_read)
    case = _chosen(reader, project, Case.objects.select_for_update(skip_locked=True, no_key=True))
    return _assign(case, reader) if case is not None else None


@dataclass(frozen=True)
class Upcoming:
    """A case that nobody has reserved, and the mask that its reader will start from."""

    case: Case
    prediction: Mask | None


def upcoming(*, reader: AbstractBaseUser, project: Project, after: int | None = None) -> Upcoming | None:
    """What `next_case` would give once the read `after` is handed in. Reserves nothing, changes nothing."""
    undrawn = _undrawn_reads(reader, project, AssignmentRole.ANNOTATE)
    if after is not None:
        undrawn = undrawn.exclude(pk=after)
    again = undrawn.select_related("case__volume", "mask__base").first()
    if again is not None:
        return Upcoming(again.case, again.mask.base)
    case = _chosen(reader, project, Case.objects.select_related("volume"))
    return Upcoming(case, _pre_annotation(case)) if case is not None else None


@transaction.atomic
def claim_review(*, reviewer: AbstractBaseUser, project: Project) -> Assignment | None:
    """Reserve the read that waits longest for a review, never one's own, or None."""
    _one_claim_at_a_time(reviewer, project)
    release_expired(project=project)
    open_review_ = _undrawn(reviewer, project, AssignmentRole.REVIEW)
    if open_review_ is not None:
        return _renewed(open_review_)
    subject = _lock_subject(reviewer, project)
    if subject is None:
        return None
    return _claimed(
        part=subject.part,
        reader=reviewer,
        role=AssignmentRole.REVIEW,
        start=(StartFrom.REVISION, subject.mask),
        subject=subject,
    )


def may_start_from_scratch(project: Project) -> bool:
    """While a model serves or is being trained, a case without a prediction is worth waiting for."""
    if Model.objects.filter(project=project, state=ModelState.SERVING).exists():
        return False
    unfinished = (JobState.QUEUED, JobState.RUNNING)
    return not Job.objects.filter(project=project, kind=JobKind.TRAIN, state__in=unfinished).exists()


def _one_claim_at_a_time(reader: AbstractBaseUser, project: Project) -> None:
    """Two clicks of one reader queue up here; different readers never wait for each other."""
    Membership.objects.select_for_update(no_key=True).get(user=reader.pk, project=project)


def _undrawn(reader: AbstractBaseUser, project: Project, role: AssignmentRole) -> Assignment | None:
    return _undrawn_reads(reader, project, role).select_related("mask", "case").first()


def _undrawn_reads(reader: AbstractBaseUser, project: Project, role: AssignmentRole) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        reader=reader.pk,
        state=AssignmentState.OPEN,
        role=role,
        purpose=Purpose.ROUTINE,
        case__project=project,
        mask__head=0,
    ).order_by("pk")


def _renewed(assignment: Assignment) -> Assignment:
    assignment.lease_until = lease_end()
    assignment.save(update_fields=["lease_until", "updated_at"])
    return assignment


def _chosen(reader: AbstractBaseUser, project: Project, cases: QuerySet[Case]) -> Case | None:
    """The one choice of the next case, among `cases`, which say whether it is locked or only looked at.

    What the reader has given back comes only when there is nothing else.
    """
    pool = cases.filter(project=project).order_by("number")
    offers = [Offer.READY, *([Offer.WAITING] if may_start_from_scratch(project) else [])]
    again = _given_back(reader, project, AssignmentRole.ANNOTATE).values("case")
    for part in (pool.exclude(pk__in=again), pool):
        for offer in offers:
            case = part.filter(offer=offer).first()
            if case is not None:
                return case
    return None


def _given_back(reader: AbstractBaseUser, project: Project, role: AssignmentRole) -> QuerySet[Assignment]:
    """Reads that went back undrawn. Those of which strokes were kept may be wanted again."""
    own = Assignment.objects.filter(reader=reader.pk, role=role, case__project=project)
    return own.filter(state=AssignmentState.RELEASED, branches__isnull=True)


def _lock_subject(reviewer: AbstractBaseUser, project: Project) -> Assignment | None:
    """A submitted read that nobody reviews, first one that the reviewer has not given back.

    Its case is locked for the caller's transaction.
    """
    reviewed = active(AssignmentRole.REVIEW).filter(part=OuterRef("part"))
    waiting = submitted(project).exclude(reader=reviewer.pk).filter(~Exists(reviewed))
    candidates = waiting.select_related("mask", "part__case", "part__group").order_by("submitted_at", "pk")
    again = _given_back(reviewer, project, AssignmentRole.REVIEW).values("subject")
    return _lock_first(candidates.exclude(pk__in=again)) or _lock_first(candidates)


def _lock_first(candidates: QuerySet[Assignment]) -> Assignment | None:
    passed_over: list[int] = []
    while True:
        subject = (
            candidates.exclude(pk__in=passed_over)
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .first()
        )
        # A review that was committed after our statement began is seen only by a new one.
        if subject is None or not active(AssignmentRole.REVIEW).filter(part=subject.part_id).exists():
            return subject
        passed_over.append(subject.pk)


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


def _assign(case: Case, reader: AbstractBaseUser) -> Assignment:
    base = _pre_annotation(case)
    start = (StartFrom.PREDICTION, base) if base is not None else (StartFrom.SCRATCH, None)
    part = case.parts.filter(state__in=parts.UNOPENED).select_related("group").order_by("-state", "pk")[0]
    part.case = case
    assignment = _claimed(part=part, reader=reader, role=AssignmentRole.ANNOTATE, start=start)
    parts.move(part.pk, CaseState.IN_PROGRESS)
    return assignment


def _pre_annotation(case: Case) -> Mask | None:
    """The serving model's prediction, else the newest one."""
    prediction = (
        Prediction.objects.select_related("mask")
        .filter(case=case, mask__head__gte=1)
        .exclude(model__state=ModelState.REJECTED)
        .annotate(serves=Q(model__state=ModelState.SERVING))
        .order_by("-serves", "-model__version")
        .first()
    )
    return prediction.mask if prediction is not None else None


def _claimed(
    *,
    part: Part,
    reader: AbstractBaseUser,
    role: AssignmentRole,
    start: tuple[StartFrom, Mask | None],
    subject: Assignment | None = None,
) -> Assignment:
    case, (start_from, base) = part.case, start
    mask = Mask.objects.create(
        case=case,
        kind=MaskKind.READER,
        author_id=reader.pk,
        base=base,
        base_revision=base.head if base is not None else 0,
    )
    return Assignment.objects.create(
        case=case,
        part=part,
        structures=part.group.structures if part.group is not None else [],
        reader_id=reader.pk,
        role=role,
        sequence_no=1 + Assignment.objects.filter(case=case, reader=reader.pk).count(),
        start_from=start_from,
        start_revision=Revision.objects.get(mask=base, number=base.head) if base is not None else None,
        mask=mask,
        subject=subject,
        lease_until=lease_end(),
    )


# ── Giving back ──────────────────────────────────────────────────────────────


@transaction.atomic
def release(*, assignment: Assignment) -> Assignment:
    """Give a case back on which nothing was drawn."""
    locked = Assignment.objects.select_for_update(of=("self", "mask")).select_related("mask")
    assignment = locked.get(pk=assignment.pk)
    if assignment.state == AssignmentState.RELEASED:
        return assignment
    if assignment.state != AssignmentState.OPEN:
        raise Conflict("This case was handed in already, so it cannot be given back.")
    if assignment.mask.head:
        raise Conflict("You have drawn on this case, so it stays with you. Submit it when it is done.")
    _give_back([assignment])
    assignment.refresh_from_db()
    return assignment


@transaction.atomic
def release_expired(*, project: Project | None = None) -> int:
    """Give back what nobody drew on before its lease ran out; drawn work stays with its reader."""
    rows = Assignment.objects.select_for_update(of=("self", "mask"), skip_locked=True)
    expired = rows.select_related("mask").filter(
        state=AssignmentState.OPEN, lease_until__lt=timezone.now(), mask__head=0, purpose=Purpose.ROUTINE
    )
    if project is not None:
        expired = expired.filter(case__project=project)
    left = list(expired)
    _give_back(left)
    return len(left)


def _give_back(assignments: Sequence[Assignment]) -> None:
    if not assignments:
        return
    now = timezone.now()
    ids = [assignment.pk for assignment in assignments]
    Assignment.objects.filter(pk__in=ids).update(state=AssignmentState.RELEASED, updated_at=now)
    parts.back_to_pool([one.part_id for one in assignments if one.role == AssignmentRole.ANNOTATE])


def open_review(*, assignment: Assignment) -> None:
    """A submitted read's part waits for a reviewer from now on."""
    parts.move(assignment.part_id, CaseState.IN_REVIEW)


def back_to_reader(*, assignment: Assignment) -> None:
    """A returned read's part is its reader's again."""
    parts.move(assignment.part_id, CaseState.RETURNED)
