"""When to train, and on what: the frozen training set of a run."""

from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from annotation import jobs
from annotation.errors import Conflict, Refused
from annotation.models import (
    Case,
    CaseState,
    DatasetSnapshot,
    Job,
    JobKind,
    Model,
    ModelState,
    Project,
    Queue,
    SnapshotItem,
    SnapshotUse,
    Split,
    TrainingRun,
)

USE_OF_SPLIT = {Split.POOL: SnapshotUse.TRAIN, Split.TEST: SnapshotUse.TEST}


def request_run(*, project: Project, requested_by: AbstractBaseUser | None) -> TrainingRun:
    """Freeze what is accepted now and put a training of it in the queue.

    Raises Conflict while another training waits or runs, Refused when there is nothing to learn from.
    """
    with transaction.atomic():
        lock(project)
        job = _unfinished_training(project)
        if job is not None:
            raise Conflict(
                "A training already waits or runs in this project. Wait for its end, or cancel it.",
                job=job.pk,
            )
        cases = list(_accepted(project).filter(split__in=USE_OF_SPLIT))
        if not any(case.split == Split.POOL for case in cases):
            raise Refused("Nothing to learn from yet: accept a first case of the pool, then retrain.")
        return _insert_run(project, requested_by, cases)


def request_run_if_due(project: Project) -> TrainingRun | None:
    """Request a run once enough cases were accepted after the last run was frozen. Safe at any time."""
    with transaction.atomic():
        locked = lock(project)
        if _unfinished_training(locked) or accepted_since_last_run(locked) < locked.retrain_after:
            return None
        return request_run(project=locked, requested_by=None)


def accepted_since_last_run(project: Project) -> int:
    """Accepted pool cases that the newest run did not see, or saw at another revision."""
    accepted = _accepted(project).filter(split=Split.POOL)
    last = project.runs.order_by("-pk").first()
    if last is None:
        return accepted.count()
    seen = SnapshotItem.objects.filter(snapshot=last.snapshot_id).values("revision")
    return accepted.exclude(accepted_revision__in=seen).count()


def note_volumes(*, run: TrainingRun, volumes: Mapping[str, Mapping[str, float]]) -> None:
    """Keep how large the structures are in what the run learns from; its model's predictions are compared."""
    TrainingRun.objects.filter(pk=run.pk).update(volumes=volumes)


def serving_model(project: Project) -> Model | None:
    return Model.objects.filter(project=project, state=ModelState.SERVING).first()


def lock(project: Project) -> Project:
    """One at a time per project; rows that merely refer to the project can still be written."""
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _unfinished_training(project: Project) -> Job | None:
    return Job.objects.filter(project=project, kind=JobKind.TRAIN, state__in=jobs.UNFINISHED).first()


def _accepted(project: Project) -> QuerySet[Case]:
    return (
        Case.objects.filter(project=project, state=CaseState.ACCEPTED)
        .select_related("accepted_revision")
        .order_by("number")
    )


def _insert_run(project: Project, requested_by: AbstractBaseUser | None, cases: list[Case]) -> TrainingRun:
    snapshot = DatasetSnapshot.objects.create(project=project)
    SnapshotItem.objects.bulk_create(
        SnapshotItem(
            snapshot=snapshot, case=case, revision=case.accepted_revision, use=USE_OF_SPLIT[Split(case.split)]
        )
        for case in cases
    )
    job = jobs.enqueue(kind=JobKind.TRAIN, queue=Queue.TRAIN, ids={"snapshot": snapshot.pk}, project=project)
    return TrainingRun.objects.create(
        project=project,
        snapshot=snapshot,
        job=job,
        parent=serving_model(project),
        requested_by_id=None if requested_by is None else requested_by.pk,
        seed=project.runs.count(),
        budget_s=project.training_budget_s,
    )
