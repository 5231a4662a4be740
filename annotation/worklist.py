"""Who reads what next: claiming, leases, giving back, and a reader's home page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
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
    Prediction,
    Project,
    Purpose,
    Review,
    Revision,
    SchemaStructure,
    Split,
    StartFrom,
)

RECENT = 10  # finished reads on the home page, and those whose times make the median


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
    case = _lock_case(project, CaseState.READY)
    if case is None and may_start_from_scratch(project):
        case = _lock_case(project, CaseState.WAITING)
    return _assign(case, reader) if case is not None else None


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
        case=subject.case,
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
    return (
        Assignment.objects.select_related("mask", "case")
        .filter(
            reader=reader.pk,
            state=AssignmentState.OPEN,
            role=role,
            purpose=Purpose.ROUTINE,
            case__project=project,
            mask__head=0,
        )
        .order_by("pk")
        .first()
    )


def _renewed(assignment: Assignment) -> Assignment:
    assignment.lease_until = lease_end()
    assignment.save(update_fields=["lease_until", "updated_at"])
    return assignment


def _lock_case(project: Project, state: CaseState) -> Case | None:
    return (
        Case.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(project=project, state=state, split=Split.POOL)
        .order_by("number")
        .first()
    )


def _lock_subject(reviewer: AbstractBaseUser, project: Project) -> Assignment | None:
    """A submitted read that nobody reviews; its case is locked for the caller's transaction."""
    reviewed = _active(AssignmentRole.REVIEW).filter(case=OuterRef("case"))
    waiting = _submitted(project).exclude(reader=reviewer.pk).filter(~Exists(reviewed))
    candidates = waiting.select_related("case", "mask").order_by("submitted_at", "pk")
    passed_over: list[int] = []
    while True:
        subject = (
            candidates.exclude(pk__in=passed_over)
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .first()
        )
        # A review that was committed after our statement began is seen only by a new one.
        if subject is None or not _active(AssignmentRole.REVIEW).filter(case=subject.case_id).exists():
            return subject
        passed_over.append(subject.pk)


def _active(role: AssignmentRole) -> QuerySet[Assignment]:
    return Assignment.objects.filter(role=role, state__in=ACTIVE_STATES, purpose=Purpose.ROUTINE)


def _submitted(project: Project) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        case__project=project,
        case__state=CaseState.IN_REVIEW,
        role=AssignmentRole.ANNOTATE,
        purpose=Purpose.ROUTINE,
        state=AssignmentState.SUBMITTED,
    )


def _assign(case: Case, reader: AbstractBaseUser) -> Assignment:
    base = _pre_annotation(case)
    start = (StartFrom.PREDICTION, base) if base is not None else (StartFrom.SCRATCH, None)
    assignment = _claimed(case=case, reader=reader, role=AssignmentRole.ANNOTATE, start=start)
    _move(case.pk, CaseState.IN_PROGRESS)
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
    case: Case,
    reader: AbstractBaseUser,
    role: AssignmentRole,
    start: tuple[StartFrom, Mask | None],
    subject: Assignment | None = None,
) -> Assignment:
    start_from, base = start
    mask = Mask.objects.create(
        case=case,
        kind=MaskKind.READER,
        author_id=reader.pk,
        base=base,
        base_revision=base.head if base is not None else 0,
    )
    return Assignment.objects.create(
        case=case,
        reader_id=reader.pk,
        role=role,
        sequence_no=1 + Assignment.objects.filter(case=case, role=role).count(),
        start_from=start_from,
        start_revision=Revision.objects.get(mask=base, number=base.head) if base is not None else None,
        mask=mask,
        subject=subject,
        lease_until=lease_end(),
    )


def _move(case_id: int, state: CaseState) -> None:
    Case.objects.filter(pk=case_id).update(state=state, updated_at=timezone.now())


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
    reads = [one.case_id for one in assignments if one.role == AssignmentRole.ANNOTATE]
    cases = Case.objects.filter(pk__in=reads, state=CaseState.IN_PROGRESS)
    predicted = Exists(Prediction.objects.filter(case=OuterRef("pk")))
    cases.filter(predicted).update(state=CaseState.READY, updated_at=now)
    cases.update(state=CaseState.WAITING, updated_at=now)


def open_review(*, assignment: Assignment) -> None:
    """A submitted read's case waits for a reviewer from now on."""
    _move(assignment.case_id, CaseState.IN_REVIEW)


def back_to_reader(*, assignment: Assignment) -> None:
    """A returned read's case is its reader's again."""
    _move(assignment.case_id, CaseState.RETURNED)


# ── Home ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Home:
    """What the worklist page shows to one reader in one project."""

    available: bool
    waiting: int
    model_version: int | None
    median_seconds: int | None
    returned: list[Assignment]
    in_progress: list[Assignment]
    recent: list[Assignment]
    reviews_waiting: int
    reviews_in_progress: list[Assignment]


def home(*, reader: AbstractBaseUser, project: Project) -> Home:
    """What the reader has open, what came back, what was done lately, and whether there is a next case."""
    own = _with_story(Assignment.objects.filter(reader=reader.pk, case__project=project))
    reads = own.filter(role=AssignmentRole.ANNOTATE)
    pool = Case.objects.filter(project=project, split=Split.POOL)
    ready = pool.filter(state=CaseState.READY).count()
    without_prediction = pool.filter(state=CaseState.WAITING).count()
    open_reads = list(reads.filter(state=AssignmentState.OPEN))
    undrawn = any(read.mask.head == 0 for read in open_reads)
    from_scratch = without_prediction > 0 and may_start_from_scratch(project)
    serving = Model.objects.filter(project=project, state=ModelState.SERVING).values_list(
        "version", flat=True
    )
    finished = (AssignmentState.SUBMITTED, AssignmentState.DONE)
    recent = list(reads.filter(state__in=finished).order_by("-submitted_at", "-pk")[:RECENT])
    seconds = [read.active_seconds for read in recent if read.active_seconds > 0]
    return Home(
        available=bool(undrawn or ready or from_scratch),
        waiting=ready + (without_prediction if from_scratch else 0),
        model_version=serving.first(),
        median_seconds=round(median(seconds)) if seconds else None,
        returned=list(reads.filter(state=AssignmentState.RETURNED)),
        in_progress=open_reads,
        recent=recent,
        reviews_waiting=reviews_waiting(reader=reader, project=project),
        reviews_in_progress=list(own.filter(role=AssignmentRole.REVIEW, state=AssignmentState.OPEN)),
    )


def structures(project: Project) -> QuerySet[SchemaStructure]:
    """The project's schema, layer by layer."""
    return SchemaStructure.objects.filter(schema__project=project).select_related("structure")


def cases(*, project: Project, state: str | None = None) -> QuerySet[Case]:
    """The project's cases by number, each with `reader_name` and `prediction_version`.

    `state` is a case state, which stands for the pool alone, or "test" for the frozen cases.
    """
    reads = Assignment.objects.filter(case=OuterRef("pk"), role=AssignmentRole.ANNOTATE)
    newest_read = reads.exclude(state=AssignmentState.RELEASED).order_by("-pk")
    predictions = Prediction.objects.filter(case=OuterRef("pk")).order_by("-model__version")
    found = Case.objects.filter(project=project).order_by("number")
    if state == Split.TEST:
        found = found.filter(split=Split.TEST)
    elif state is not None:
        found = found.filter(split=Split.POOL, state=state)
    return found.annotate(
        reader_name=Subquery(newest_read.values("reader__username")[:1]),
        prediction_version=Subquery(predictions.values("model__version")[:1]),
    )


def reviews_waiting(*, reader: AbstractBaseUser, project: Project) -> int:
    """Submitted reads of others that no reviewer has taken yet."""
    reviewed = _active(AssignmentRole.REVIEW).filter(case=OuterRef("case"))
    return _submitted(project).exclude(reader=reader.pk).filter(~Exists(reviewed)).count()


def _with_story(assignments: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """With everything that a summary names: case, starting model, and the verdicts on the read."""
    verdicts = Prefetch(
        "reviews_of", Assignment.objects.filter(verdicts__isnull=False).prefetch_related("verdicts")
    )
    return assignments.select_related(
        "case", "mask", "start_revision__mask__model", "subject__start_revision__mask__model"
    ).prefetch_related(verdicts)


def model_version(assignment: Assignment) -> int | None:
    """The model whose prediction the read began from; for a review, the read under review."""
    read = assignment.subject or assignment
    start = read.start_revision
    model = start.mask.model if start is not None else None
    return model.version if model is not None else None


def verdicts_on(assignment: Assignment) -> list[Review]:
    """What reviewers said about this read, oldest first; for a review, about the read under review."""
    read = assignment.subject or assignment
    reviews = [review for one in read.reviews_of.all() for review in one.verdicts.all()]
    return sorted(reviews, key=lambda review: review.created_at)
