"""Does a job again and again, each time in a process that is killed somewhere else; the last one lives.

Started by test_r4_workers as a process of its own: it forks, which must not happen in the test's process.
Run as `python -m tests.trust.dying_worker die JOB …`; prints one JSON line per job and attempt. With `live`
in place of `die` nothing is killed.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotation import jobs, learning  # noqa: E402
from annotation.agreement import scoring  # noqa: E402
from annotation.ingest import importing  # noqa: E402
from annotation.models import Job, JobKind  # noqa: E402
from annotation.pulse import Pulse  # noqa: E402
from tests.trust.waiting import TASKS  # noqa: E402


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str) -> None:
    """The return from a function is the last thing that is done."""
    whole = getattr(owner, name)

    @wraps(whole)
    def last(*args: Any, **named: Any) -> Any:
        made = whole(*args, **named)
        die()
        return made

    setattr(owner, name, last)


def before(owner: Any, name: str) -> None:
    """A function is called, and never begins."""
    setattr(owner, name, lambda *args, **named: die())


STORED: dict[str, tuple[Any, str]] = {
    JobKind.PREDICT: (learning, "store_prediction"),
    JobKind.SCORE: (scoring, "store"),
    JobKind.IMPORT: (importing, "add_case"),
    JobKind.EXPORT: (Path, "rename"),
}
"""By kind: what keeps a piece of the result."""
UNNAMED = (Path, "rename")
"""What goes into the store is written, and does not get its name any more."""
POINTS: dict[str, Callable[[str], None]] = {
    "claimed": lambda kind: after(jobs, "claim"),
    "at its first word": lambda kind: after(Pulse, "on_progress"),
    "amid a file, or a row": lambda kind: before(*(STORED[kind] if kind == JobKind.SCORE else UNNAMED)),
    "after a piece of the result": lambda kind: after(*STORED[kind]),
    "before its end": lambda kind: before(jobs, "finish"),
    "at its end": lambda kind: after(jobs, "finish"),
    "": lambda kind: None,
}


def main(numbers: list[int], points: list[str]) -> None:
    for number in numbers:
        kind = Job.objects.values_list("kind", flat=True).get(pk=number)
        for point in points:
            free(number)
            child = os.fork()
            if child == 0:
                POINTS[point](kind)
                TASKS[JobKind(kind)](number)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            line = {"kind": kind, "point": point, "killed": killed, "state": state(number)}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


def free(number: int) -> None:
    """The lease of the dead worker runs out; that it was tried so often does not count here."""
    ended = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=number, state="running").update(lease_until=ended, attempts=0)
    connection.close()


def state(number: int) -> str:
    found = Job.objects.values_list("state", flat=True).get(pk=number)
    connection.close()
    return str(found)


if __name__ == "__main__":
    main([int(number) for number in sys.argv[2:]], list(POINTS) if sys.argv[1] == "die" else [""])
