"""The whole loop with a real worker: correct, submit, accept; the next model trains, serves and predicts."""

import json
import signal
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from annotation import chunks, jobs, learning
from annotation.chunks.grid import Voxels
from annotation.models import (
    Assignment,
    Case,
    CaseState,
    GateVerdict,
    Job,
    JobKind,
    JobState,
    Model,
    ModelState,
    Project,
    Split,
    StartWeights,
    TrainingRun,
)
from tests.annotation.factories import pack
from tests.annotation.learning_loop import accept as accept_labels
from tests.phantom_cases import add_phantom
from tests.processes import Worker, wait_until
from training.networks import load_tensors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(900)]
LEASE_SECONDS = 4


@pytest.fixture(autouse=True)
def quick_leases(settings: Any) -> Iterator[None]:
    """A dead worker is noticed within seconds; the broker starts and ends empty."""
    settings.JOB_LEASE_SECONDS = LEASE_SECONDS
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    broker.flushdb()
    yield
    broker.flushdb()


@pytest.fixture
def loop(project: Project) -> Project:
    """Two delineated cases to learn from, two to test on, four that wait for a pre-annotation."""
    project.retrain_after = 1
    project.training_budget_s = 1
    project.save()
    for seed in (0, 1):
        add_phantom(project, seed, delineated=True)
    for seed in (2, 3):
        add_phantom(project, seed, delineated=True, split=Split.TEST)
    for seed in range(4, 8):
        add_phantom(project, seed, delineated=False)
    return project


def worker(log: Path, pool: str = "solo") -> Worker:
    return Worker(log, pool=pool, JOB_LEASE_SECONDS=str(LEASE_SECONDS))


def client(user: User) -> APIClient:
    signed_in = APIClient()
    signed_in.force_login(user)
    return signed_in


def next_case(reader: APIClient, project: Project, role: str = "annotate") -> int:
    answer = reader.post("/api/worklist/next/", {"project": project.pk, "role": role}, format="json")
    assert answer.status_code == 200, answer.content
    number = answer.json()["assignment"]
    assert isinstance(number, int), answer.json()
    return number


def stroke(reader: APIClient, assignment: int) -> int:
    """Fifty voxels of liver in slice 12, saved as the browser saves them."""
    meta = {"base_revision": 0, "key": str(uuid.uuid4()), "session": None, "events": []}
    answer = reader.post(
        f"/api/assignments/{assignment}/revisions/",
        {"meta": json.dumps(meta), "edits": _file(pack([(0, 12, [(200, 50, 1)])]))},
        format="multipart",
    )
    assert answer.status_code == 201, answer.content
    revision: int = answer.json()["revision"]
    return revision


def submit(reader: APIClient, assignment: int, revision: int) -> None:
    answer = reader.post(f"/api/assignments/{assignment}/submit/", {"revision": revision}, format="json")
    assert answer.status_code == 200, answer.content


def accept(reviewer: APIClient, project: Project) -> None:
    review = next_case(reviewer, project, "review")
    verdict = {"verdict": "accept", "comment": "", "revision": 0}
    answer = reviewer.post(f"/api/assignments/{review}/verdict/", verdict, format="json")
    assert answer.status_code == 200, answer.content


def is_over(kind: JobKind, count: int) -> bool:
    """Whether so many jobs of a kind have succeeded; the clock's sweep runs meanwhile, as beat would."""
    jobs.sweep()
    failed = Job.objects.filter(state__in=[JobState.FAILED, JobState.CANCELLED]).first()
    assert failed is None, f"{failed}: {failed.error}" if failed else ""
    return Job.objects.filter(kind=kind, state=JobState.SUCCEEDED).count() >= count


def test_an_accepted_correction_becomes_a_model_and_new_pre_annotations(
    loop: Project, ana: User, ben: User, rui: User, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with worker(log):
        learning.request_run(project=loop, requested_by=None)
        wait_until(lambda: is_over(JobKind.PREDICT, 1), "the first model's predictions", log)
        first = Model.objects.get()
        assert first.state == ModelState.SERVING
        waited = Case.objects.exclude(state=CaseState.ACCEPTED)
        assert {(case.state, case.predictions.get().model) for case in waited} == {(CaseState.READY, first)}

        opened = Assignment.objects.get(pk=next_case(client(ben), loop))
        stroke(client(ben), opened.pk)
        drawn = chunks.read_layers(opened.mask).copy()
        read = Assignment.objects.get(pk=next_case(client(ana), loop))
        submit(client(ana), read.pk, stroke(client(ana), read.pk))
        # Of two test cases every structure must gain: the second training gets far more time than the first.
        Project.objects.filter(pk=loop.pk).update(training_budget_s=12)
        accept(client(rui), loop)
        run = TrainingRun.objects.exclude(model=first).get()
        assert_learns_from(run, read)
        wait_until(lambda: is_over(JobKind.PREDICT, 2), "the second model's predictions", log)

    second = Model.objects.get(run=run)
    first.refresh_from_db()
    assert (second.state, first.state) == (ModelState.SERVING, ModelState.RETIRED), second.gate["sentence"]
    assert second.parent == first
    assert second.scores.count() == 2 * 3
    unopened = Case.objects.filter(state=CaseState.READY)
    versions = [set(case.predictions.values_list("model__version", flat=True)) for case in unopened]
    assert versions == [{1, 2}, {1, 2}]
    assert_next_starts_from(second, client(ana), loop)
    assert_untouched(opened, first, drawn)


def assert_learns_from(run: TrainingRun, read: Assignment) -> None:
    """The run's frozen revision of the read holds the stroke."""
    revision = run.snapshot.items.get(case=read.case_id).revision
    assert chunks.read_layers(revision.mask, revision.number)[0, 8:32, 6, 12].all()


def assert_next_starts_from(model: Model, reader: APIClient, project: Project) -> None:
    mask = Assignment.objects.get(pk=next_case(reader, project)).mask
    assert mask.base is not None
    assert mask.base.model == model


def assert_untouched(opened: Assignment, model: Model, drawn: Voxels) -> None:
    """A case that was open when a newer model came keeps its start and every voxel of its reader."""
    opened.refresh_from_db()
    prediction = opened.case.predictions.get()
    assert (prediction.model, opened.mask.base) == (model, prediction.mask)
    assert np.array_equal(chunks.read_layers(opened.mask), drawn)


@pytest.mark.torture
def test_a_model_that_was_taught_shuffled_labels_never_serves(loop: Project, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    Project.objects.filter(pk=loop.pk).update(training_budget_s=20, retrain_after=1000)
    loop.refresh_from_db()
    with worker(log):
        learning.request_run(project=loop, requested_by=None)
        wait_until(lambda: is_over(JobKind.PREDICT, 1), "the first model's predictions", log)
        first = Model.objects.get()
        shuffle_labels(loop)
        learning.change_policy(project=loop, changes={"weights": StartWeights.SCRATCH})
        run = learning.request_run(project=loop, requested_by=None)
        wait_until(lambda: is_over(JobKind.TRAIN, 2), "the second training", log)

    second = Model.objects.get(run=run)
    first.refresh_from_db()
    assert (first.state, second.state) == (ModelState.SERVING, ModelState.REJECTED), second.gate["sentence"]
    assert second.gate["worse"], second.gate
    assert mean_dice(first) > mean_dice(second) + 0.05
    (refusal, *_) = learning.decisions(loop)
    assert (refusal.model, refusal.verdict) == (second, GateVerdict.REFUSED)
    assert not second.predictions.exists(), "no reader starts from it"
    assert not Job.objects.filter(kind=JobKind.PREDICT, ids__model=second.pk).exists()


def shuffle_labels(project: Project) -> None:
    """Accept of every case to learn from that each organ is another one; the test cases stay as they are."""
    for case in project.cases.filter(state=CaseState.ACCEPTED, split=Split.POOL):
        revision = case.accepted_revision
        assert revision is not None
        drawn = chunks.read_layers(revision.mask, revision.number)
        accept_labels(case, np.array([0, 2, 3, 1], np.uint8)[drawn])


def mean_dice(model: Model) -> float:
    """What does not apply is nothing."""
    return float(np.mean([score.dice or 0.0 for score in model.scores.all()]))


def test_a_stopped_and_a_killed_worker_lose_nothing_and_one_model_results(
    loop: Project, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    loop.training_budget_s = 12
    loop.save()
    run = learning.request_run(project=loop, requested_by=None)
    checkpoint = learning.work_folder(run) / "out" / "checkpoint" / "checkpoint.safetensors"

    for attempt, pool in enumerate(("prefork", "solo"), start=1):
        with worker(log, pool) as stopped:
            wait_until(partial(_is_training, run, attempt), "a first step", log)
            assert stopped.stop(signal.SIGTERM, timeout_s=30) == 0
        job = Job.objects.get(pk=run.job_id)
        assert (job.state, job.attempts) == (JobState.QUEUED, 0), log.read_text()[-4000:]

    at_stop = _saved_step(checkpoint)
    with worker(log) as killed:
        wait_until(lambda: checkpoint.is_file() and _saved_step(checkpoint) > at_stop, "a checkpoint", log)
        killed.stop(signal.SIGKILL)
    job.refresh_from_db()
    assert (job.state, job.fence) == (JobState.RUNNING, 3), "nobody noticed yet"
    at_kill = _saved_step(checkpoint)

    with worker(log):
        wait_until(partial(_is_training, run, 4), "the next attempt", log)
        assert _step(run) > at_kill, "it went on from the checkpoint"
        wait_until(lambda: is_over(JobKind.PREDICT, 1), "the predictions", log)

    model = Model.objects.get()
    assert (model.run, model.state, model.version) == (run, ModelState.SERVING, 1)
    assert Job.objects.filter(kind=JobKind.PREDICT).count() == 1
    assert not learning.work_folder(run).exists()
    ready = Case.objects.filter(state=CaseState.READY)
    assert [case.predictions.count() for case in ready] == [1, 1, 1, 1]


def _step(run: TrainingRun) -> int:
    """Steps done in the attempt that runs now, as the browser sees it."""
    progress = Job.objects.get(pk=run.job_id).progress
    return int(progress["done"]) if progress.get("stage") == "train" else 0


def _is_training(run: TrainingRun, claim: int) -> bool:
    """Whether the holder of the n-th claim has reported a step."""
    jobs.sweep()
    return Job.objects.get(pk=run.job_id).fence == claim and _step(run) > 0


def _saved_step(checkpoint: Path) -> int:
    return int(load_tensors(checkpoint)[1]["step"])


def _file(content: bytes) -> Any:
    return SimpleUploadedFile("edits", content, content_type="application/octet-stream")
