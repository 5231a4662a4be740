"""Trains a run again and again, each time in a process that is killed at a point of its own.

Started by test_dying_trainer as a process of its own: it forks, which must not happen in the test's process.
Arguments: the run, and the points in turn, "" for a process that lives; without any all of them.
Prints one JSON line per attempt with what the database, the store and the work folder hold after it.
"""

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 - the models need a configured Django
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotation import jobs, store, tasks  # noqa: E402
from annotation.models import Job, Model, RunEpoch, RunNote, TrainingRun  # noqa: E402
from training.fit import loop  # noqa: E402
from training.progress import Progress  # noqa: E402

# What an optimiser loads at its first step takes seconds: once here, not in every process that is killed.
importlib.import_module("torch._dynamo")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at_heartbeat(when: Callable[[Progress], bool]) -> None:
    """The heartbeat that tells of it is the last thing that is done."""
    publish = jobs.Lease.heartbeat

    @wraps(publish)
    def last(self: jobs.Lease, progress: Progress) -> bool:
        held = publish(self, progress)
        if when(progress):
            die()
        return held

    jobs.Lease.heartbeat = last  # type: ignore[method-assign]  # this process dies of it


def at_stage(stage: str) -> None:
    at_heartbeat(lambda progress: progress.stage == stage)


def after(owner: Any, name: str) -> None:
    """The return from a function is the last thing that is done."""
    whole = getattr(owner, name)

    @wraps(whole)
    def last(*args: Any, **named: Any) -> None:
        whole(*args, **named)
        die()

    setattr(owner, name, last)


def after_a_checkpoint() -> None:
    """One is written after every step; the job has heard of it."""
    loop.CHECKPOINT_EVERY_S = 0.0
    at_heartbeat(lambda progress: progress.kept > 0)


POINTS: dict[str, Callable[[], None]] = {
    "preparing": lambda: at_stage("preparing"),
    "in the middle of an epoch": lambda: at_stage("train"),
    "after a checkpoint": after_a_checkpoint,
    "scoring": lambda: at_stage("score"),
    "after storing the weights": lambda: after(store, "put_tree"),
    "": lambda: None,
}


def main(run_id: int, points: Sequence[str]) -> None:
    for point in points or POINTS:
        free(run_id)
        child = os.fork()
        if child == 0:
            POINTS[point]()
            tasks.train(TrainingRun.objects.get(pk=run_id).job_id)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        sys.stdout.write(json.dumps({"point": point, "killed": killed} | state(run_id)) + "\n")
        sys.stdout.flush()


def free(run_id: int) -> None:
    """The lease of the dead worker runs out."""
    ended = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(run=run_id, state="running").update(lease_until=ended)
    connection.close()


def state(run_id: int) -> dict[str, Any]:
    roots = (Path(settings.STORE_ROOT, "models"), Path(settings.WORK_ROOT))
    files = [str(path.relative_to(root)) for root in roots for path in root.rglob("*") if path.is_file()]
    job = Job.objects.get(run=run_id)
    held = {
        "models": Model.objects.filter(run=run_id).count(),
        "job": job.state,
        "attempts": job.attempts,
        "kept": job.kept,
        "files": sorted(files),
        "epochs": list(RunEpoch.objects.filter(run=run_id).values_list("member", "epoch", "step")),
        "notes": list(RunNote.objects.filter(run=run_id).values_list("text", flat=True)),
    }
    connection.close()
    return held


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
