"""The frozen training set of a run, and what a run is asked to do."""

import hashlib
from collections.abc import Iterable, Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from annotation import jobs
from annotation.errors import Conflict, Refused
from annotation.learning.policy import policy_of
from annotation.models import (
    Case,
    CaseState,
    DatasetSnapshot,
    Job,
    JobKind,
    LearningPolicy,
    Model,
    ModelState,
    Project,
    Queue,
    SnapshotItem,
    SnapshotUse,
    Split,
    StartWeights,
    TrainingRun,
    Trigger,
)
from training.version import code_version

USE_OF_SPLIT = {
    Split.POOL: SnapshotUse.TRAIN,
    Split.VALIDATION: SnapshotUse.VALIDATION,
    Split.TEST: SnapshotUse.TEST,
}


def request_run(
    *, project: Project, requested_by: AbstractBaseUser | None, trigger: Trigger = Trigger.HAND
) -> TrainingRun:
    """Freeze what is accepted now and put a training of it in the queue, as the policy says.

    Raises Conflict while another training waits or runs, Refused when there is nothing to learn from.
    """
    with transaction.atomic():
        lock(project)
        job = unfinished_training(project)
        if job is not None:
            raise Conflict(_why_not_now(job), job=job.pk)
        return _insert_run(project, requested_by, freeze_accepted(project), trigger)


def accepted_since_last_run(project: Project) -> int:
    """Accepted pool cases that the newest training did not see, or saw at another revision."""
    accepted = _accepted(project).filter(split=Split.POOL)
    last = last_run(project)
    if last is None:
        return accepted.count()
    seen = SnapshotItem.objects.filter(snapshot=last.snapshot_id).values("revision")
    return accepted.exclude(accepted_revision__in=seen).count()


def last_run(project: Project) -> TrainingRun | None:
    """The newest training; those that compare networks take no part in the rounds."""
    return project.runs.exclude(trigger=Trigger.COMPARISON).order_by("-pk").first()


def digest(items: Iterable[SnapshotItem]) -> str:
    """Return the SHA-256 of a frozen set: one line `case sha256-of-its-revision use` per case, by case.

    Of a case that was read in part, the region's six numbers stand behind that, joined by commas.
    """
    lines = sorted((item.case_id, item.revision.sha256, item.use, _part(item.case)) for item in items)
    text = "".join(f"{case} {sha256} {use}{part}\n" for case, sha256, use, part in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def tests_digest(project: Project) -> str:
    """Return the SHA-256 that `freeze_tests` would freeze now; empty without an accepted test case."""
    cases = list(_accepted(project).filter(split=Split.TEST))
    return digest(_items(DatasetSnapshot(project=project), cases)) if cases else ""


def _part(case: Case) -> str:
    return "" if case.region is None else " " + ",".join(map(str, case.region))


def note_beginning(*, run: TrainingRun, volumes: Mapping[str, Mapping[str, float]]) -> None:
    """Keep which code trains, and how large the structures are in what it learns from.

    Its model's predictions are compared with these volumes. A resumed run names the code that goes on.
    """
    TrainingRun.objects.filter(pk=run.pk).update(volumes=volumes, code_version=code_version())


def serving_model(project: Project) -> Model | None:
    return Model.objects.filter(project=project, state=ModelState.SERVING).first()


def lock(project: Project) -> Project:
    """One at a time per project; rows that merely refer to the project can still be written."""
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def unfinished_training(project: Project) -> Job | None:
    return Job.objects.filter(project=project, kind=JobKind.TRAIN, state__in=jobs.UNFINISHED).first()


def freeze_tests(project: Project) -> DatasetSnapshot:
    """Freeze the accepted test cases alone: what a model from elsewhere is measured on."""
    return _freeze(project, list(_accepted(project).filter(split=Split.TEST)))


def freeze_accepted(project: Project) -> DatasetSnapshot:
    """Freeze every accepted case, each for what its split says. Raises Refused without one to learn from."""
    cases = list(_accepted(project).filter(split__in=USE_OF_SPLIT))
    if not any(case.split == Split.POOL for case in cases):
        raise Refused("Nothing to learn from yet: accept a first case of the pool, then retrain.")
    return _freeze(project, cases)


def _why_not_now(job: Job) -> str:
    if TrainingRun.objects.filter(job=job, trigger=Trigger.COMPARISON).exists():
        return (
            "Networks are compared in this project. Wait for the end, or stop the comparison; it can go on."
        )
    return "A training already waits or runs in this project. Wait for its end, or cancel it."


def _accepted(project: Project) -> QuerySet[Case]:
    return (
        Case.objects.filter(project=project, state=CaseState.ACCEPTED, volume__spacing_known=True)
        .select_related("accepted_revision")
        .order_by("number")
    )


def _insert_run(
    project: Project, requested_by: AbstractBaseUser | None, snapshot: DatasetSnapshot, trigger: Trigger
) -> TrainingRun:
    policy = policy_of(project)
    parent = _parent(project, policy)
    job = jobs.enqueue(kind=JobKind.TRAIN, queue=Queue.TRAIN, ids={"snapshot": snapshot.pk}, project=project)
    return TrainingRun.objects.create(
        project=project,
        snapshot=snapshot,
        job=job,
        parent=parent,
        requested_by_id=None if requested_by is None else requested_by.pk,
        trigger=trigger,
        seed=project.runs.count(),
        budget_s=project.training_budget_s,
        network=policy.network,
        frozen_encoder=policy.frozen_encoder and parent is not None,
        members=policy.members,
        fixed_steps=policy.fixed_steps,
    )


def _freeze(project: Project, cases: list[Case]) -> DatasetSnapshot:
    snapshot = DatasetSnapshot(project=project)
    items = _items(snapshot, cases)
    snapshot.sha256 = digest(items)
    snapshot.save()
    SnapshotItem.objects.bulk_create(items)
    return snapshot


def _items(snapshot: DatasetSnapshot, cases: list[Case]) -> list[SnapshotItem]:
    return [
        SnapshotItem(
            snapshot=snapshot, case=case, revision=case.accepted_revision, use=USE_OF_SPLIT[Split(case.split)]
        )
        for case in cases
    ]


def _parent(project: Project, policy: LearningPolicy) -> Model | None:
    """The model whose weights the training starts from; weights of another network fit nowhere."""
    serving = serving_model(project)
    if serving is None or policy.weights == StartWeights.SCRATCH:
        return None
    return serving if serving.plan.get("network", policy.network) == policy.network else None
