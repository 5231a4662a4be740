"""Processes of the product beside the test, on the test's own database and broker."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


def environment(**changes: str) -> dict[str, str]:
    """What another process needs to work on the test's database, store and broker."""
    address = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**address)
    own = {
        "DJANGO_SETTINGS_MODULE": "backend.settings",
        "DATABASE_URL": url,
        "DELINEATE_STORE": str(settings.STORE_ROOT),
        "DELINEATE_WORK": str(settings.WORK_ROOT),
        "PYTHONPATH": str(ROOT),
    }
    return os.environ | own | changes


def served(commands: Iterable[list[str]]) -> set[frozenset[str]]:
    """Queues that each worker among the commands takes from."""
    return {frozenset(command[command.index("-Q") + 1].split(",")) for command in commands if "-Q" in command}


# The checkpoint's interval is shortened so that a test need not wait for it.
WORKER = """
from training.fit import loop
loop.CHECKPOINT_EVERY_S = 1.0
from backend.celery import app
app.worker_main(["worker", "--pool={pool}", "--concurrency=1", "--queues=io,score,infer,train",
                 "--loglevel=INFO", "--without-gossip", "--without-mingle", "--hostname=test@%h"])
"""


class Worker:
    """A real Celery worker on the test's database and broker, in a process of its own."""

    def __init__(self, log: Path, *, pool: str = "solo", **changes: str) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", WORKER.format(pool=pool)],
                cwd=ROOT,
                env=environment(OMP_NUM_THREADS="1", **changes),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def stop(self, number: int, timeout_s: float = 60.0) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def wait_until(done: Callable[[], bool], what: str, log: Path, timeout_s: float = 300.0) -> None:
    """Look twice a second; the message of the failure ends with what the worker said last."""
    deadline = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {timeout_s:.0f} s\n{log.read_text()[-4000:]}")
        time.sleep(0.5)
