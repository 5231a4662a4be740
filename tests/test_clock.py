"""The clock is a light process, and what it starts does not wait behind imports and predictions."""

import json
import subprocess
import sys
from typing import Any

from django.conf import settings

from backend.processes import ROOT, workers

SCRIPT = """
import json, sys
sys.argv = ["celery", "-A", "backend", "beat"]
from backend.celery import app
app.loader.init_worker()
from django_celery_beat.schedulers import DatabaseScheduler
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
