"""The signs of life of one piece of work: carried to its job's row, and back comes when it is to stop."""

import logging
import time
from multiprocessing.sharedctypes import RawValue
from typing import Any

from celery.signals import worker_shutting_down
from django.db import InterfaceError, OperationalError, connection

from annotation import jobs
from training.progress import Cancelled, Progress

BEAT_SECONDS = 1.0

logger = logging.getLogger(__name__)

# Whether this worker was told to stop. A solo worker hears that while it works; the children of a pool do
# not, so the flag lies in memory that they share with their parent.
_shutdown = RawValue("b", 0)


@worker_shutting_down.connect
def _note_shutdown(**_: Any) -> None:
    _shutdown.value = 1


class Pulse:
    """Carries a use case's progress to its job row, at most once a second, and says when to stop."""

    def __init__(self, lease: jobs.Lease, beside: "Pulse | None" = None) -> None:
        self.lease = lease
        self.beside = beside  # a job that waits meanwhile in the same process, and must not seem dead
        self.progress = Progress("starting", 0, 1)
        self.holds = True
        self.last_beat = -BEAT_SECONDS

    def on_progress(self, progress: Progress) -> None:
        """Remember where the work is; a new stage and a new checkpoint are published at once."""
        turned = progress.stage != self.progress.stage or progress.kept > self.progress.kept
        self.progress = progress
        self._beat(now=turned)

    def should_stop(self) -> bool:
        """Asked by the work between its steps."""
        self._beat()
        return bool(_shutdown.value) or not self.holds

    def stop_if_asked(self, progress: Progress) -> None:
        """For work that reports but does not ask."""
        self.on_progress(progress)
        if self.should_stop():
            raise Cancelled

    def _beat(self, *, now: bool = False) -> None:
        clock = time.monotonic()
        if not now and clock - self.last_beat < BEAT_SECONDS:
            return
        self.last_beat = clock
        if self.beside is not None:
            self.beside._beat()
        try:
            self.holds = self.lease.heartbeat(self.progress)
        except (OperationalError, InterfaceError) as error:
            # A database that restarts must not cost an hour of training; the lease outlives a short gap.
            logger.warning("No heartbeat for job %d: %s", self.lease.job_id, error)
            connection.close()
