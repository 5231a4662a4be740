"""The clock is a light process, and what it starts does not wait behind imports and predictions."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings

from annotation import signs
from backend.celery import app
from backend.processes import ROOT, workers
from backend.schedule import Schedule

SCRIPT = """
import json, sys
sys.argv = ["celery", "-A", "backend", "beat"]
from backend.celery import app
app.loader.init_worker()
from backend.schedule import Schedule
tasks = [name for name in app.tasks if name.startswith("annotation")]
print(json.dumps({"torch": "torch" in sys.modules, "tasks": tasks}))
"""


def queues_of(command: list[str]) -> set[str]:
    return set(command[command.index("-Q") + 1].split(",")) if "-Q" in command else set()


def test_it_loads_neither_tasks_nor_torch() -> None:
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"torch": False, "tasks": []}


def test_short_work_has_a_process_of_its_own() -> None:
    """Two long imports, or an import and a prediction, fill every other one."""
    consumers = {name: queues_of(command) for name, command in workers().items()}
    assert {"score"} in consumers.values()
    assert set.union(*consumers.values()) == {"io", "score", "infer", "train"}
    assert sum(len(one) for one in consumers.values()) == 4, "no queue has two kinds of consumers"
    schedule: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE
    for name in ("sweep_jobs", "release_leases", "refresh_agreement", "retrain_if_due"):
        assert schedule[name]["options"]["queue"] == "score"


@pytest.fixture
def schedule(transactional_db: None) -> Schedule:
    """As the clock holds it, from the database."""
    return Schedule(app=app)


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """Empty, and no heartbeat was sent."""
    server = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    server.flushdb()
    signs.note_heartbeat("train", "worker@test")
    yield server
    server.flushdb()


def test_what_waited_too_long_is_not_carried_out(schedule: Schedule) -> None:
    """Else a worker that comes back in the morning does the sweeps of a night."""
    entries = {
        name: entry for name, entry in schedule.schedule.items() if name in settings.CELERY_BEAT_SCHEDULE
    }
    assert entries.keys() == settings.CELERY_BEAT_SCHEDULE.keys()
    expires = {name: entry.options.get("expires") for name, entry in entries.items()}
    assert {name for name, seconds in expires.items() if seconds is None} == {
        name for name in expires if name.startswith("worker_heartbeat")
    }
    assert expires["sweep_jobs"] == 40


def test_heartbeats_do_not_pile_up(schedule: Schedule, broker: redis.Redis) -> None:
    """Nobody takes from the queue; then a worker does; then its messages are lost."""
    entry = schedule.schedule["worker_heartbeat_train"]
    for _ in range(5):
        schedule.apply_entry(entry, producer=schedule.producer)
    assert broker.llen("train") == 1
    signs.note_heartbeat("train", "worker@test")
    schedule.apply_entry(entry, producer=schedule.producer)
    assert broker.llen("train") == 2, "the last one was carried out, so another is wanted"
    broker.delete("train")
    schedule.apply_entry(entry, producer=schedule.producer)
    assert broker.llen("train") == 1, "nothing waits, so another is wanted"


def test_other_work_is_sent_all_the_same(schedule: Schedule, broker: redis.Redis) -> None:
    for _ in range(3):
        schedule.apply_entry(schedule.schedule["sweep_jobs"], producer=schedule.producer)
    assert broker.llen("score") == 3
