"""A real worker trains while its broker dies, comes back and says everything twice."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from annotation import jobs, learning
from annotation.models import Job, JobKind, JobState, Model, Project, RunEpoch, RunNote
from backend.services import free_port, valkey_binary
from tests.phantom_cases import add_phantom
from tests.processes import Worker, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(900)]

BUDGET_S = 5


class Broker:
    """A Valkey of the test's own, which it may kill."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        process = subprocess.Popen([valkey_binary(), *options], stdout=subprocess.DEVNULL)
        client = redis.Redis.from_url(self.url)
        for _ in range(100):
            with suppress(redis.ConnectionError):
                if client.ping():
                    return process
            time.sleep(0.1)
        raise AssertionError("the broker did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def back(self) -> None:
        """The same address, and nothing of what was in it."""
        self.process = self._started()

    def say(self, job: Job) -> None:
        with Celery(broker=f"{self.url}/0", set_as_current=False) as client:
            name = f"annotation.tasks.{job.kind}"
            client.send_task(name, kwargs={"job_id": job.pk}, queue=job.queue)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    own = Broker(tmp_path)
    yield own
    own.kill()


def test_a_training_outlives_its_broker_and_two_messages_make_one_model(
    project: Project, tmp_path: Path, broker: Broker
) -> None:
    Project.objects.filter(pk=project.pk).update(training_budget_s=BUDGET_S)
    add_phantom(project, 0, delineated=True)
    waiting = add_phantom(project, 1, delineated=False)
    run = learning.request_run(project=Project.objects.get(pk=project.pk), requested_by=None)
    log = tmp_path / "worker.log"
    broker.say(run.job)
    broker.say(run.job)
    with Worker(log, REDIS_URL=broker.url):
        wait_until(lambda: stage(run.job_id) == "train", "a first step", log)
        broker.kill()
        told = list[dict[str, Any]]()
        wait_until(lambda: is_over(run.job_id, told), "the end of the training", log)
        broker.back()
        broker.say(run.job)  # as the sweeper would if it had not ended
        predict = Job.objects.get(kind=JobKind.PREDICT)
        broker.say(predict)
        wait_until(lambda: state(predict.pk) == JobState.SUCCEEDED, "the predictions", log)

    model = Model.objects.get()
    assert (model.run, waiting.predictions.get().model) == (run, model)
    assert Job.objects.get(pk=run.job_id).fence == 1, "claimed once"
    epochs = RunEpoch.objects.filter(run=run)
    assert epochs.exists()
    assert RunNote.objects.filter(run=run).first() is not None
    assert jobs.claim(run.job_id) is None
    assert_says_what_it_takes([progress for progress in told if progress.get("stage") == "train"])


def is_over(job: int, told: list[dict[str, Any]]) -> bool:
    """Whether it succeeded; what a page that is looked at meanwhile would show is kept."""
    row = Job.objects.get(pk=job)
    told.append(row.progress)
    return row.state == JobState.SUCCEEDED


def assert_says_what_it_takes(told: list[dict[str, Any]]) -> None:
    """Memory, processors and the time that is left, as they stood in the row of the job while it trained."""
    assert len(told) >= 3, told
    for figures in (progress["values"] for progress in told):
        assert 0.05 < figures["memory_gb"] < 64, figures
        assert figures["cpus"] >= 1
        assert 0 <= figures["cores"] <= figures["cpus"] + 0.5
    assert max(progress["values"]["cores"] for progress in told) > 0, "it worked"
    left = [progress["seconds_left"] for progress in told]
    assert 0 <= left[-1] < left[0] < 3600, left


def stage(job: int) -> Any:
    return Job.objects.get(pk=job).progress.get("stage")


def state(job: int) -> str:
    return Job.objects.get(pk=job).state
