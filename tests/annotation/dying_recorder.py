"""Records a run's result again and again, each time in a process that is killed one line later.

Started by test_dying_recorder as a process of its own: it forks, which must not happen in the test's process.
Prints one JSON line per attempt with what the database and the store hold after it.
"""

import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 - the models need a configured Django
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotation import jobs, learning, store  # noqa: E402
from annotation.learning import results  # noqa: E402
from annotation.models import Job, JobKind, Model, TrainingRun  # noqa: E402
from annotation.store import keeping  # noqa: E402
from tests.annotation.learning_loop import report  # noqa: E402

FATAL_FILES = {results.__file__, keeping.__file__}
MOST_ATTEMPTS = 1000


def main(run_id: int, folder: Path) -> None:
    for last_line in range(1, MOST_ATTEMPTS):
        free(run_id)
        child = os.fork()
        if child == 0:
            record_and_die(run_id, folder, last_line)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        attempt = state(run_id) | {"killed": os.WIFSIGNALED(status), "line": last_line}
        sys.stdout.write(json.dumps(attempt) + "\n")
        sys.stdout.flush()
        if not os.WIFSIGNALED(status):
            return


def free(run_id: int) -> None:
    """The lease of the dead worker runs out; that it was tried a hundred times does not count here."""
    Job.objects.filter(run=run_id, state="running").update(
        lease_until=timezone.now() - timedelta(seconds=1), attempts=0, fence=0
    )
    connection.close()


def record_and_die(run_id: int, folder: Path, last_line: int) -> None:
    run = TrainingRun.objects.get(pk=run_id)
    lease = jobs.claim(run.job_id)
    if lease is None:
        return
    finished = report(folder, {}, content=f"weights of attempt {last_line}".encode())
    lines = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal lines
        if frame.f_code.co_filename not in FATAL_FILES:
            return None
        if event == "line":
            lines += 1
            if lines == last_line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    learning.record(run=run, report=finished, lease=lease)
    sys.settrace(None)


def state(run_id: int) -> dict[str, Any]:
    model = Model.objects.filter(run=run_id).first()
    key = "" if model is None else f"{model.store_key}/model.safetensors"
    weights = store.read(key).decode() if key else None
    held = {
        "models": Model.objects.filter(run=run_id).count(),
        "job": Job.objects.get(run=run_id).state,
        "predict_jobs": Job.objects.filter(kind=JobKind.PREDICT).count(),
        "weights": weights,
        "trees": sorted(path.name for path in Path(settings.STORE_ROOT, "models").glob("run-*")),
    }
    connection.close()
    return held


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
