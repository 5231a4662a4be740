"""Tasks as a worker runs them, with a real network: outcomes of jobs, cancellation, resumption, the clock."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2
import pytest
import redis
import zstandard
from django.db import connection

from annotation import jobs, learning, signs, store, tasks
from annotation.models import (
    Case,
    CaseState,
    Job,
    JobKind,
    JobState,
    Model,
    Prediction,
    Project,
    Queue,
    Split,
    TrainingRun,
)
from annotation.pulse import Pulse
from tests.annotation.factories import make_case, make_model
from tests.phantom_cases import KEYS, SPACING_MM, add_phantom, phantom
from tests.processes import environment
from training.labels import StructureSpec
from training.manifest import Case as ManifestCase
from training.manifest import Manifest
from training.progress import Cancelled, Progress, ignore_progress, never_stop
from training.run import train
from training.volume import write_nifti

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def empty_broker(settings: Any) -> None:
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network trained for a moment on one phantom."""
    folder = tmp_path_factory.mktemp("trained")
    scan, labels = phantom(0)
    np.save(folder / "image.npy", scan.voxels)
    np.save(folder / "labels.npy", labels)
    structures = tuple(StructureSpec(key, key, 0, value, 3.0) for value, key in enumerate(KEYS, start=1))
    case = ManifestCase("1", folder / "image.npy", SPACING_MM, folder / "labels.npy", KEYS)
    manifest = Manifest(structures, (case,), (), None, 1.0, 0)
    return train(manifest, folder / "out", on_progress=ignore_progress, should_stop=never_stop).model_dir


@pytest.fixture
def model(project: Project, model_dir: Path) -> Model:
    model = make_model(project)
    store.put_tree(model.store_key, model_dir)
    return model


def started(task: Callable[[int], None], job: Job) -> threading.Thread:
    """A task in a thread of its own: the niceness it takes on stays there."""

    def run() -> None:
        try:
            task(job.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def work(task: Callable[[int], None], job: Job) -> None:
    started(task, job).join()
    job.refresh_from_db()


def training(project: Project) -> tuple[TrainingRun, Job]:
    run = learning.request_run(project=project, requested_by=None)
    return run, run.job


# ── Training ─────────────────────────────────────────────────────────────────
def test_a_training_ends_with_a_scored_model_that_predicts(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(training_budget_s=1)
    project.refresh_from_db()
    add_phantom(project, 0, delineated=True)
    test = add_phantom(project, 1, delineated=True, split=Split.TEST)
    waiting = add_phantom(project, 2, delineated=False)
    run, job = training(project)
    work(tasks.train, job)
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    model = Model.objects.get(run=run)
    assert job.result["sentence"] == model.gate["sentence"]
    assert set(model.scores.values_list("case", "structure")) == {(test.pk, key) for key in KEYS}
    assert job.progress["stage"] == "done"
    assert not learning.work_folder(run).exists()
    work(tasks.train, job)
    assert Model.objects.count() == 1, "the message came twice"

    predict = Job.objects.get(kind=JobKind.PREDICT)
    work(tasks.predict, predict)
    assert predict.result == {"model": model.pk, "predicted": 1, "refused": []}
    waiting.refresh_from_db()
    assert waiting.state == CaseState.READY
    prediction = waiting.predictions.get()
    assert prediction.mask.annotated == list(KEYS)
    regions, sentence = learning.regions_of(prediction.mask)
    assert all(region["reason"] for region in regions)
    assert bool(regions) != bool(sentence)
    found = learning.map_of(prediction.mask)
    assert found.shape == waiting.volume.shape
    assert len(zstandard.decompress(found.frame)) == np.prod(found.shape)
    assert set(TrainingRun.objects.get(pk=run.pk).volumes) == set(KEYS)


def test_what_cannot_be_trained_on_fails_with_a_sentence_and_is_not_tried_again(project: Project) -> None:
    case = add_phantom(project, 0, delineated=True)
    store.delete_tree(case.volume.store_key)
    run, job = training(project)
    work(tasks.train, job)
    assert (job.state, job.attempts) == (JobState.FAILED, 1)
    assert job.error == "These bytes are not in the store."
    assert not learning.work_folder(run).exists()


def test_a_cancelled_training_stops_and_leaves_nothing(project: Project) -> None:
    add_phantom(project, 0, delineated=True)
    run, job = training(project)
    thread = started(tasks.train, job)
    while not Job.objects.get(pk=job.pk).progress:
        time.sleep(0.05)
    jobs.cancel(job)
    thread.join()
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert not Model.objects.exists()
    assert not learning.work_folder(run).exists()


# ── Prediction ───────────────────────────────────────────────────────────────
def test_a_case_that_cannot_be_predicted_is_offered_without_and_the_others_go_on(
    project: Project, model: Model
) -> None:
    broken = make_case(project, state=CaseState.WAITING)
    whole = add_phantom(project, 1, delineated=False)
    job = learning.enqueue_predictions(model)
    work(tasks.predict, job)
    refusal = f"Case {broken.number}: These bytes are not in the store."
    assert job.result == {"model": model.pk, "predicted": 1, "refused": [refusal]}
    assert set(Case.objects.values_list("state", flat=True)) == {CaseState.READY}
    assert [prediction.case for prediction in Prediction.objects.all()] == [whole]


def test_a_second_attempt_predicts_what_the_first_left(project: Project, model: Model) -> None:
    cases = [add_phantom(project, seed, delineated=False) for seed in (1, 2)]
    job = learning.enqueue_predictions(model)
    work(tasks.predict, job)
    first = {prediction.pk for prediction in Prediction.objects.all()}
    Prediction.objects.filter(case=cases[1]).delete()
    cases[1].masks.all().delete()
    again = learning.enqueue_predictions(model)
    work(tasks.predict, again)
    assert again.result["predicted"] == 1
    assert (job.kept, again.kept) == ({"predict": 1}, {"predict": 1}), "each case gives attempts back"
    assert len(first & set(Prediction.objects.values_list("pk", flat=True))) == 1


def test_an_error_nobody_foresaw_is_logged_and_tried_again(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    job = jobs.enqueue(kind=JobKind.PREDICT, queue=Queue.INFER, ids={}, project=project)
    for attempt in (1, 2, 3):
        work(tasks.predict, job)
        assert job.attempts == attempt
    assert (job.state, job.error) == (JobState.FAILED, jobs.FAILED_UNEXPECTEDLY)
    assert "KeyError" in caplog.text


def test_heavy_work_is_nice(project: Project, model: Model) -> None:
    job, seen = learning.enqueue_predictions(model), list[int]()

    def predict_and_look(job_id: int) -> None:
        tasks.predict(job_id)
        seen.append(os.nice(0))

    before = os.nice(0)
    work(predict_and_look, job)
    assert seen == [max(before, tasks.BACKGROUND_NICENESS)]


# ── Import ───────────────────────────────────────────────────────────────────
def test_an_import_reports_what_came_in_and_what_was_refused(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    write_nifti(folder / "one.nii.gz", phantom(1)[0])
    (folder / "two.nii.gz").write_bytes(b"not a scan")
    job = jobs.enqueue(kind=JobKind.IMPORT, queue=Queue.IO, ids={"folder": str(folder)}, project=project)
    work(tasks.import_folder, job)
    assert job.state == JobState.SUCCEEDED, job.error
    assert job.result["imported"] == 1
    (refusal,) = job.result["refused"]
    assert "two.nii.gz" in refusal["file"]
    assert refusal["sentence"]
    assert project.cases.count() == 1


# ── The pulse ────────────────────────────────────────────────────────────────
@pytest.fixture
def lease(project: Project) -> jobs.Lease:
    job = jobs.enqueue(kind=JobKind.PREDICT, queue=Queue.INFER, ids={}, project=project)
    claimed = jobs.claim(job.pk)
    assert claimed is not None
    return claimed


def test_progress_is_written_at_most_once_a_second_but_a_new_stage_at_once(lease: jobs.Lease) -> None:
    pulse = Pulse(lease)
    for done in range(50):
        pulse.on_progress(Progress("fit", done, 100))
    assert Job.objects.get().progress["done"] == 0
    pulse.on_progress(Progress("score", 0, 2))
    assert Job.objects.get().progress["stage"] == "score"
    assert not pulse.should_stop()


def test_whoever_is_cancelled_or_lost_the_lease_is_told_to_stop(lease: jobs.Lease) -> None:
    pulse = Pulse(lease)
    jobs.cancel(Job.objects.get())
    with pytest.raises(Cancelled):
        pulse.stop_if_asked(Progress("fit", 1, 2))


def test_a_database_that_restarts_does_not_end_the_work(lease: jobs.Lease) -> None:
    pulse = Pulse(lease)
    pulse.on_progress(Progress("fit", 1, 9))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ours = cursor.fetchone()[0]
    other = psycopg2.connect(environment()["DATABASE_URL"])
    other.cursor().execute("SELECT pg_terminate_backend(%s)", [ours])
    other.close()
    pulse.on_progress(Progress("score", 1, 9))
    assert not pulse.should_stop()
    pulse.on_progress(Progress("done", 1, 1))
    assert Job.objects.get().progress["stage"] == "done"


# ── The clock ────────────────────────────────────────────────────────────────
def test_the_clock_trains_where_enough_was_accepted(project: Project, other_project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(retrain_after=1)
    add_phantom(project, 0, delineated=True)
    tasks.retrain_if_due()
    tasks.retrain_if_due()
    assert [run.project for run in TrainingRun.objects.all()] == [project]


def test_the_clock_predicts_what_came_in_after_the_promotion(project: Project) -> None:
    make_model(project)
    make_case(project, state=CaseState.WAITING)
    tasks.retrain_if_due()
    tasks.retrain_if_due()
    assert Job.objects.filter(kind=JobKind.PREDICT).count() == 1


def test_a_heartbeat_says_when_a_worker_last_consumed() -> None:
    tasks.worker_heartbeat(queue="score")
    heartbeats_s = signs.read().heartbeats_s
    assert list(heartbeats_s) == ["score"]
    assert 0 <= heartbeats_s["score"] < 30


def test_the_clock_sweeps(project: Project, lease: jobs.Lease) -> None:
    jobs.cancel(Job.objects.get())
    Job.objects.update(lease_until=Job.objects.get().created_at)
    tasks.sweep_jobs()
    assert Job.objects.get().state == JobState.CANCELLED
    tasks.release_leases()
