"""A lead watches a training: from the list to its curves, its log and its end."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from annotation.models import (
    DatasetSnapshot,
    Job,
    JobKind,
    JobState,
    Project,
    Queue,
    Role,
    RunEpoch,
    RunNote,
    TrainingRun,
)
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.own_project import begin, leave
from training.phantom import STRUCTURES

pytestmark = pytest.mark.e2e
EPOCHS = 12


def a_run(project: Project, **job: object) -> TrainingRun:
    """A training as a worker leaves it: no worker takes a job whose lease somebody holds."""
    row = Job.objects.create(project=project, kind=JobKind.TRAIN, queue=Queue.TRAIN, **job)
    snapshot = DatasetSnapshot.objects.create(project=project, sha256="ab" * 32)
    return TrainingRun.objects.create(project=project, snapshot=snapshot, job=row, budget_s=3600, seed=4)


def going_on(project: Project) -> TrainingRun:
    now = timezone.now()
    progress = {
        "stage": "train",
        "done": 1260,
        "total": 4000,
        "message": "Training, step 1260 of 4000, validation Dice 0.712",
        "seconds_left": 2100.0,
        "values": {
            "loss": 0.412,
            "epoch": EPOCHS,
            "dice": 0.712,
            "memory_gb": 2.31,
            "cores": 1.94,
            "cpus": 2,
        },
    }
    run = a_run(
        project,
        state=JobState.RUNNING,
        attempts=1,
        fence=1,
        started_at=now - timedelta(minutes=18),
        heartbeat_at=now,
        lease_until=now + timedelta(hours=1),
        progress=progress,
    )
    for epoch in range(EPOCHS):
        add_epoch(run, epoch)
    RunNote.objects.create(run=run, text="Began with 8 training, 2 validation and 3 test cases.")
    return run


def add_epoch(run: TrainingRun, epoch: int) -> None:
    learned = 1 - 0.85**epoch
    RunEpoch.objects.create(
        run=run,
        epoch=epoch,
        step=100 * (epoch + 1),
        loss=1.6 - 1.2 * learned,
        dice={spec.key: round((0.95 - 0.05 * n) * learned, 3) for n, spec in enumerate(STRUCTURES)},
        seconds=60.0 * (epoch + 1),
    )


def finish(run: TrainingRun) -> None:
    add_epoch(run, EPOCHS)
    RunNote.objects.create(run=run, text="Stopped after 1300 of 4000 steps: validation no longer gained.")
    Job.objects.filter(pk=run.job_id).update(
        state=JobState.FAILED, error="The disk is full.", lease_until=None, finished_at=timezone.now()
    )
    connection.close()


@pytest.fixture
def run(stack: Stack) -> Iterator[TrainingRun]:
    def make() -> TrainingRun:
        return going_on(begin("Watched trainings", {"lea": Role.LEAD}))

    made: TrainingRun = stack.in_database(make)
    yield made
    stack.in_database(lambda: leave(made.project_id))


def test_a_lead_watches_a_training_and_sees_it_end(stack: Stack, sign_in: SignIn, run: TrainingRun) -> None:
    page = sign_in("lea")
    page.goto(f"/projects/{run.project_id}?tab=learning")
    row = page.get_by_role("table", name="Trainings").get_by_role("row").filter(has_text="Training 1")
    expect(row).to_contain_text("running")
    row.get_by_role("link", name="Training 1").click()

    where = page.get_by_role("region", name="Where it is")
    expect(where).to_contain_text("1260 of 4000")
    expect(where).to_contain_text("0.712")
    expect(where).to_contain_text("35 min")
    expect(page.get_by_role("region", name="Resources")).to_contain_text("1.9 of 2 cores busy")
    expect(page.get_by_role("region", name="Frozen training set")).to_contain_text("ab" * 32)
    expect(page.get_by_role("region", name="Options")).to_contain_text("plain_unet")
    expect(page.get_by_role("img", name="Does the loss still fall?")).to_be_visible()
    learned = page.get_by_role("region", name="Which structures are learned?")
    expect(learned.get_by_role("table").get_by_role("row")).to_have_count(1 + EPOCHS * len(STRUCTURES))

    stack.in_database(lambda: finish(run))
    expect(page.get_by_role("alert")).to_contain_text("The disk is full.")
    expect(page.get_by_role("region", name="Log")).to_contain_text("validation no longer gained")
    expect(learned.get_by_role("table").get_by_role("row")).to_have_count(1 + (EPOCHS + 1) * len(STRUCTURES))
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
