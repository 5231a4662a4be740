"""What a read begins from: the serving model's prediction, nothing, or just what another read began from."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from annotation.models import (
    Assignment,
    Case,
    Job,
    JobKind,
    JobState,
    Mask,
    Model,
    ModelState,
    Prediction,
    Project,
    Revision,
    StartFrom,
)


@dataclass(frozen=True)
class Start:
    """A mask at a revision, or nothing."""

    kind: StartFrom
    base: Mask | None = None
    at: int = 0

    def revision(self) -> Revision | None:
        return None if self.base is None else Revision.objects.get(mask=self.base, number=self.at)


SCRATCH = Start(StartFrom.SCRATCH)


def fresh(case: Case) -> Start:
    base = pre_annotation(case)
    return SCRATCH if base is None else Start(StartFrom.PREDICTION, base, base.head)


def same_as(read: Assignment) -> Start:
    """Two reads that are compared began alike."""
    mask = read.mask
    return Start(StartFrom(read.start_from), mask.base, mask.base_revision)


def pre_annotation(case: Case) -> Mask | None:
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


def serving(project: int) -> QuerySet[Model]:
    """The serving model of a project."""
    return Model.objects.filter(project=project, state=ModelState.SERVING)


def being_trained(project: int) -> QuerySet[Job]:
    """Trainings of a project that have not ended."""
    unfinished = (JobState.QUEUED, JobState.RUNNING)
    return Job.objects.filter(project=project, kind=JobKind.TRAIN, state__in=unfinished)


def may_start_from_scratch(project: Project) -> bool:
    """While a model serves or is being trained, a case without a prediction is worth waiting for."""
    return not (serving(project.pk).exists() or being_trained(project.pk).exists())
