"""What a training tells is kept once, under the fence, and waits while the database is away."""

import os
import time

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

from annotation import jobs, learning, store
from annotation.models import Job, Project, RunEpoch, RunNote, TrainingRun
from tests.annotation.factories import make_run
from tests.processes import environment
from training.progress import EpochReport

pytestmark = pytest.mark.django_db

FIRST = EpochReport(0, 0, 100, 0.9, 12.0, {"liver": 0.4, "spleen": None})


@pytest.fixture
def run(project: Project) -> TrainingRun:
    made = make_run(project)
    Job.objects.filter(pk=made.job_id).update(state="queued")
    return made


def claimed(run: TrainingRun) -> jobs.Lease:
    Job.objects.filter(pk=run.job_id, state="running").update(lease_until=timezone.now())
    lease = jobs.claim(run.job_id)
    assert lease is not None
    return lease


def test_what_a_resumed_run_tells_again_is_kept_once(run: TrainingRun) -> None:
    for _ in range(2):
        log = learning.RunLog(run, claimed(run))
        log.on_epoch(FIRST)
        log.on_note("Trained on a single case.")
    log.on_epoch(EpochReport(1, 0, 100, 0.8, 12.0))
    assert list(RunEpoch.objects.values_list("member", "epoch", "loss", "dice")) == [
        (0, 0, 0.9, {"liver": 0.4, "spleen": None}),
        (1, 0, 0.8, {}),
    ]
    assert RunNote.objects.get().text == "Trained on a single case."


def test_a_worker_thought_dead_writes_nothing(run: TrainingRun) -> None:
    late = learning.RunLog(run, claimed(run))
    claimed(run)
    with pytest.raises(jobs.LeaseLost):
        late.on_epoch(FIRST)
    with pytest.raises(jobs.LeaseLost):
        learning.RunLog(run, late.lease).on_note("Still here.")
    assert not RunEpoch.objects.exists()
    assert not RunNote.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_epochs_wait_for_a_database_that_restarts(run: TrainingRun) -> None:
    log = learning.RunLog(run, claimed(run))
    cut_off()
    log.on_note("Meanwhile.")
    assert len(log.unwritten) == 1, "the training goes on"
    log.on_epoch(FIRST)
    assert (RunEpoch.objects.count(), RunNote.objects.get().text) == (1, "Meanwhile.")


def cut_off() -> None:
    """The server closes this process's connection, as when it restarts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ours = cursor.fetchone()[0]
    other = psycopg2.connect(environment()["DATABASE_URL"])
    other.cursor().execute("SELECT pg_terminate_backend(%s)", [ours])
    other.close()


def test_a_long_note_is_cut(run: TrainingRun) -> None:
    learning.RunLog(run, claimed(run)).on_note("x" * 2000)
    assert len(RunNote.objects.get().text) == 1000


def test_half_a_model_is_removed_once_nobody_can_still_write_it(run: TrainingRun) -> None:
    store.put("models/whole/model.json", b"{}")
    for name, age_s in (("old", 7200), ("new", 0)):
        store.put(f"models/.unfinished-{name}/model.json", b"{}")
        with store.local_path(f"models/.unfinished-{name}") as path:
            os.utime(path, (time.time() - age_s,) * 2)
    learning.tidy_work_folders()
    assert store.exists("models/.unfinished-new")
    assert store.exists("models/whole")
    assert not store.exists("models/.unfinished-old")
