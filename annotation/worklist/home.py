"""What readers see of their work, and leads of their cases."""

from dataclasses import dataclass
from statistics import median

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, Subquery

from annotation import access, clock
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    Mask,
    MaskKind,
    Membership,
    Model,
    ModelState,
    Offer,
    Prediction,
    Project,
    Review,
    Role,
    SchemaStructure,
    Split,
)
from annotation.worklist.choosing import Chooser
from annotation.worklist.claims import waiting_for
from annotation.worklist.starts import from_scratch

JUDGING = (AssignmentRole.REVIEW, AssignmentRole.ADJUDICATE)
RECENT = 10  # finished reads on the home page, and those whose times make the median


@dataclass(frozen=True)
class Home:
    """What the worklist page shows to one reader in one project."""

    available: bool
    waiting: int | None  # for leads; to a reader the number would tell whether a claim took a fresh case
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
    membership = Membership.objects.select_related("project").get(user=reader.pk, project=project)
    open_reads = list(reads.filter(state=AssignmentState.OPEN))
    undrawn = any(read.mask.head == 0 for read in open_reads)
    serving = Model.objects.filter(project=project, state=ModelState.SERVING).values_list(
        "version", flat=True
    )
    finished = (AssignmentState.SUBMITTED, AssignmentState.DONE)
    recent = list(reads.filter(state__in=finished).order_by("-submitted_at", "-pk")[:RECENT])
    seconds = [read.active_seconds for read in recent if read.active_seconds > 0]
    return Home(
        available=undrawn or Chooser(membership, lock=False).choice() is not None,
        waiting=_offered(project) if membership.role == Role.LEAD else None,
        model_version=serving.first(),
        median_seconds=round(median(seconds)) if seconds else None,
        returned=list(reads.filter(state=AssignmentState.RETURNED)),
        in_progress=open_reads,
        recent=[read for read in recent if not access.is_closed(read)],
        reviews_waiting=reviews_waiting(reader=reader, project=project),
        reviews_in_progress=list(own.filter(role__in=JUDGING, state=AssignmentState.OPEN)),
    )


def _offered(project: Project) -> int:
    ready = Case.objects.filter(project=project, offer=Offer.READY)
    return ready.count() + from_scratch(project).count()


def note_seen(read: Assignment) -> None:
    """The reader has looked at a finished read again, so that what was seen counts from today."""
    if read.final_at is not None:
        Assignment.objects.filter(pk=read.pk).update(seen_at=clock.now())


def structures(project: Project) -> QuerySet[SchemaStructure]:
    """The project's schema, layer by layer."""
    return SchemaStructure.objects.filter(schema__project=project).select_related("structure")


def cases(*, project: Project, state: str | None = None) -> QuerySet[Case]:
    """The project's cases by number, each with `reader_name` and who pre-annotated it.

    That is `prediction_version` and `prediction_id` of the newest model's pre-annotation, else of the newest
    one, and whether the case `is_imported` with labels. `state` is a case state, which stands for the pool
    alone, or "test" for the frozen cases.
    """
    reads = Assignment.objects.filter(case=OuterRef("pk"), role=AssignmentRole.ANNOTATE)
    newest_read = reads.exclude(state=AssignmentState.RELEASED).order_by("-pk")
    newest = F("model__version").desc(nulls_last=True)
    predictions = Prediction.objects.filter(case=OuterRef("pk")).order_by(newest, "-pk")
    imported = Mask.objects.filter(case=OuterRef("pk"), kind=MaskKind.IMPORTED)
    found = Case.objects.filter(project=project).select_related("volume")
    found = found.prefetch_related("parts__group").order_by("number")
    if state == Split.TEST:
        found = found.filter(split=Split.TEST)
    elif state is not None:
        found = found.filter(split=Split.POOL, state=state)
    return found.annotate(
        reader_name=Subquery(newest_read.values("reader__username")[:1]),
        prediction_version=Subquery(predictions.values("model__version")[:1]),
        prediction_id=Subquery(predictions.values("pk")[:1]),
        is_imported=Exists(imported),
    )


def reviews_waiting(*, reader: AbstractBaseUser, project: Project) -> int:
    """Submitted reads of others that no reviewer has taken yet."""
    return waiting_for(reader, project).count()


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
