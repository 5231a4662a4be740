from typing import Any

import pytest
from django.db.models.functions import Now

from annotation import signs
from annotation.models import Job, JobState, Project, Queue
from annotation.operations import disks
from tests.annotation.api.conftest import Browser
from tests.annotation.factories import make_job

PARTS = ("database", "broker", "store", "worker", "disk")
NOWHERE = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
    }
}


@pytest.fixture
def beating() -> None:
    for queue in Queue:
        signs.note_heartbeat(queue, "worker@here")


def test_everything_is_there(as_nobody: Browser, beating: None) -> None:
    answer = as_nobody.get("/healthz")
    body = answer.json()
    assert answer.status_code == 200, body
    assert all(body[part] for part in PARTS)
    assert {one["queue"] for one in body["queues"]} == set(Queue)
    assert all(0 <= one["seen_s"] < 30 for one in body["queues"])
    assert body["disk_free_bytes"] > 0


def test_no_worker_is_503(as_nobody: Browser) -> None:
    answer = as_nobody.get("/healthz")
    assert (answer.status_code, answer.json()["worker"], answer.json()["broker"]) == (503, False, True)


def test_one_queue_that_nobody_serves_is_503_and_is_named(as_nobody: Browser) -> None:
    for queue in set(Queue) - {Queue.TRAIN}:
        signs.note_heartbeat(queue, "worker@here")
    answer = as_nobody.get("/healthz")
    unserved = [one["queue"] for one in answer.json()["queues"] if not one["is_served"]]
    assert (answer.status_code, unserved) == (503, ["train"])


def test_a_worker_that_trains_for_hours_serves_its_queue(as_nobody: Browser, project: Project) -> None:
    for queue in set(Queue) - {Queue.TRAIN}:
        signs.note_heartbeat(queue, "worker@here")
    make_job(project, state=JobState.RUNNING)
    Job.objects.update(heartbeat_at=Now())
    assert as_nobody.get("/healthz").status_code == 200


def test_no_broker_is_503(as_nobody: Browser, settings: Any) -> None:
    settings.CACHES = NOWHERE
    answer = as_nobody.get("/healthz")
    body = answer.json()
    assert answer.status_code == 503
    assert (body["broker"], body["worker"], body["database"]) == (False, False, True)


def test_a_full_disk_is_503(as_nobody: Browser, beating: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "LEAST_FREE_BYTES", 2**80)
    answer = as_nobody.get("/healthz")
    assert (answer.status_code, answer.json()["disk"]) == (503, False)


def test_a_store_that_takes_nothing_is_503(as_nobody: Browser, beating: None, settings: Any) -> None:
    settings.STORE_ROOT.parent.mkdir(parents=True, exist_ok=True)
    settings.STORE_ROOT.write_text("a file where a folder should be")
    answer = as_nobody.get("/healthz")
    assert (answer.status_code, answer.json()["store"]) == (503, False)
