"""What a read begins from: the serving model's prediction, nothing, or just what another read began from."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from annotation import clock
from annotation.models import (
    Acquisition,
    Arm,
    Assignment,
    Case,
    CaseState,
    Job,
    JobKind,
    JobState,
    LearningPolicy,
    Mask,
    Model,
    ModelState,
    Offer,
    Project,
    Revision,
    Split,
    StartFrom,
)
from annotation.prepared import Prepared

IDLE_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Start:
    """A mask at a revision, or nothing."""

    kind: StartFrom
    base: Mask | None = None
    at: int = 0

    def revision(self) -> Revision | None:
        return None if self.base is None else Revision.objects.get(mask=self.base, number=self.at)


SCRATCH = Start(StartFrom.SCRATCH)


def fresh(case_id: int) -> Start:
    base = _PRE_ANNOTATION.first(case=case_id)
    return SCRATCH if base is None else Start(StartFrom.PREDICTION, base, base.head)


def same_as(read: Assignment) -> Start:
    """Two reads that are compared began alike."""
    mask = read.mask
    return Start(StartFrom(read.start_from), mask.base, mask.base_revision)


def _pre_annotation(case: int) -> QuerySet[Mask]:
    """The serving model's prediction, else the newest model's, else what labelled cases say."""
    predicted = Mask.objects.filter(prediction__case=case, head__gte=1)
    usable = predicted.exclude(prediction__model__state=ModelState.REJECTED)
    serves = usable.annotate(serves=Q(prediction__model__state=ModelState.SERVING))
    version = F("prediction__model__version").desc(nulls_last=True)
    return serves.order_by(F("serves").desc(nulls_last=True), version, "-pk")[:1]


_PRE_ANNOTATION = Prepared(Mask, _pre_annotation, case=int)


def serving(project: int) -> QuerySet[Model]:
    """The serving model of a project."""
    return Model.objects.filter(project=project, state=ModelState.SERVING)


def being_trained(project: int) -> QuerySet[Job]:
    """Trainings of a project that have not ended."""
    unfinished = (JobState.QUEUED, JobState.RUNNING)
    return Job.objects.filter(project=project, kind=JobKind.TRAIN, state__in=unfinished)


def from_scratch(project: Project) -> QuerySet[Case]:
    """Cases that wait for a pre-annotation and are worth reading without one; none once a model serves.

    Those that were chosen for the cold start are. The others wait while the first model is on its way: being
    trained, or as good as labelled with what is in hand.
    """
    waiting = Case.objects.filter(project=project, offer=Offer.WAITING)
    if serving(project.pk).exists():
        return waiting.none()
    return waiting.filter(chosen_first()) if waits_for_first_model(project) else waiting


def chosen_first() -> Q:
    """Cases that were chosen to be read before there is a model."""
    return Q(Exists(Acquisition.objects.filter(case=OuterRef("pk"), arm=Arm.COLD_START, model=None)))


def waits_for_first_model(project: Project) -> bool:
    """Whether the cases in hand suffice for the first training, so that the others had better wait for it.

    Only where cases were chosen for the cold start; what nobody has touched for a day counts for nothing, so
    that nobody waits for a read that lies idle.
    """
    if being_trained(project.pk).exists():
        return True
    chosen = Acquisition.objects.filter(case__project=project, arm=Arm.COLD_START, model=None)
    policy = LearningPolicy.objects.filter(project=project).first() or LearningPolicy()
    if not policy.automatic or not chosen.exists():
        return False
    opened = Case.objects.filter(project=project, split=Split.POOL).exclude(
        state__in=(CaseState.WAITING, CaseState.READY, CaseState.HELD)
    )
    touched = Q(state=CaseState.ACCEPTED) | Q(updated_at__gt=clock.now() - IDLE_AFTER)
    return opened.filter(touched).count() >= max(policy.cold_cases, project.retrain_after)
