"""A worker is killed at five points of a training: one whole model comes of it, and nothing twice."""

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from annotation import jobs, learning, store
from annotation.models import Job, JobState, Model, ModelState, Project, SnapshotUse, Split, TrainingRun
from tests.phantom_cases import KEYS, add_phantom
from tests.processes import ROOT, environment
from tests.trust.figures import record

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.trust,
    pytest.mark.timeout(900),
]


@pytest.fixture(autouse=True)
def empty_broker(settings: Any) -> None:
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()


def request(project: Project) -> TrainingRun:
    Project.objects.filter(pk=project.pk).update(training_budget_s=1)
    add_phantom(project, 0, delineated=True)
    add_phantom(project, 1, delineated=True, split=Split.TEST)
    return learning.request_run(project=Project.objects.get(pk=project.pk), requested_by=None)


def trained(run: TrainingRun, *points: str) -> list[dict[str, Any]]:
    """What is there after each process that worked on the run, each killed at its point."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.annotation.dying_trainer", str(run.pk), *points],
        cwd=ROOT,
        env=environment(OMP_NUM_THREADS="1", DELINEATE_THREADS="1"),
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.torture
def test_a_training_that_gets_on_is_not_given_up(project: Project) -> None:
    *killed, last = trained(request(project), *["after a checkpoint"] * 5, "")
    assert [(one["killed"], one["models"], one["attempts"]) for one in killed] == [(True, 0, 0)] * 5, killed
    assert [one["kept"] for one in killed] == [{"train": step} for step in range(1, 6)], "a step each"
    assert (last["killed"], last["models"], last["job"]) == (False, 1, "succeeded")


@pytest.mark.torture
def test_a_training_that_does_not_get_on_fails_at_its_third_death(project: Project) -> None:
    run = request(project)
    *_, last = trained(run, *["in the middle of an epoch"] * jobs.MAX_ATTEMPTS)
    assert (last["killed"], last["attempts"], last["kept"]) == (True, jobs.MAX_ATTEMPTS, {})
    Job.objects.filter(pk=run.job_id).update(lease_until=timezone.now() - timedelta(seconds=1))
    jobs.sweep()
    job = Job.objects.get(pk=run.job_id)
    assert (job.state, job.error) == (JobState.FAILED, jobs.GAVE_UP)
    assert not Model.objects.exists()


def test_a_training_killed_at_five_points_ends_with_one_whole_model(project: Project) -> None:
    run = request(project)
    *killed, last = trained(run)
    assert [(one["killed"], one["models"], one["job"]) for one in killed] == [(True, 0, "running")] * 5, (
        killed
    )
    assert (last["killed"], last["models"], last["job"]) == (False, 1, "succeeded")
    assert_resumed(killed)

    model = Model.objects.get()
    assert model.state == ModelState.SERVING
    test = run.snapshot.items.get(use=SnapshotUse.TEST).case_id
    assert set(model.scores.values_list("case", "structure")) == {(test, key) for key in KEYS}
    folder = model.store_key.removeprefix("models/")
    kept = [f"{folder}/{name}" for name in ("model.json", "model.safetensors", "network.pt")]
    assert last["files"] == kept, "nothing else is left"
    assert store.read(f"{model.store_key}/model.safetensors")
    assert len(last["epochs"]) == len({(member, epoch) for member, epoch, _ in last["epochs"]}) >= 1
    assert len(last["notes"]) == len(set(last["notes"]))
    attempts = [note for note in last["notes"] if note.startswith("Attempt")]
    record(
        "R4",
        f"a worker of train is killed: {', '.join(one['point'] for one in killed)}",
        f"{len(killed)} kills, {len(attempts)} times gone on from what was kept, then {last['models']} model "
        f"of {len(last['files'])} files, nothing else left",
        met=len(attempts) == len(killed) == 5,
    )


def assert_resumed(killed: list[dict[str, Any]]) -> None:
    """What one attempt kept, the next one went on with."""
    by_point = {one["point"]: one for one in killed}
    before = by_point["after a checkpoint"]
    assert any(name.endswith("checkpoint/checkpoint.safetensors") for name in before["files"])
    scoring, stored = by_point["scoring"], by_point["after storing the weights"]
    assert stored["epochs"] == scoring["epochs"], "a finished training is not trained again"
