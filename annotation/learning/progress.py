"""What a training leaves behind while it goes on: its epochs and the lines of its log, each kept once.

Everything is written under the job's lease: a worker that was thought dead writes nothing any more.
"""

import logging
from collections import deque
from collections.abc import Callable
from functools import partial

from django.db import InterfaceError, OperationalError, connection, transaction

from annotation import jobs
from annotation.models import RunEpoch, RunNote, TrainingRun
from training.progress import EpochReport

LONGEST_NOTE = 1000

logger = logging.getLogger(__name__)


class RunLog:
    """Keeps what a training tells; while the database is away it remembers, for training goes on."""

    def __init__(self, run: TrainingRun, lease: jobs.Lease) -> None:
        self.run, self.lease = run, lease
        self.unwritten: deque[Callable[[], None]] = deque()

    def on_epoch(self, epoch: EpochReport) -> None:
        self.unwritten.append(partial(keep_epoch, run=self.run, epoch=epoch, lease=self.lease))
        self._try()

    def on_note(self, text: str) -> None:
        self.unwritten.append(partial(keep_note, run=self.run, text=text, lease=self.lease))
        self._try()

    def close(self) -> None:
        """Write what is left. Raises LeaseLost, and what the database raises."""
        while self.unwritten:
            self.unwritten[0]()
            self.unwritten.popleft()

    def _try(self) -> None:
        try:
            self.close()
        except (OperationalError, InterfaceError) as error:
            logger.warning("Run %d: an epoch or note waits for the database: %s", self.run.pk, error)
            connection.close()


def keep_epoch(*, run: TrainingRun, epoch: EpochReport, lease: jobs.Lease) -> None:
    """Keep an epoch; what a resumed run tells again changes nothing. Raises LeaseLost."""
    with transaction.atomic():
        jobs.hold(lease)
        RunEpoch.objects.bulk_create(
            [
                RunEpoch(
                    run=run,
                    member=epoch.member,
                    epoch=epoch.epoch,
                    step=epoch.step,
                    loss=epoch.loss,
                    dice=dict(epoch.dice),
                    seconds=epoch.seconds,
                )
            ],
            ignore_conflicts=True,
        )


def keep_note(*, run: TrainingRun, text: str, lease: jobs.Lease) -> None:
    """Add a line to the run's log unless it stands there. Raises LeaseLost."""
    with transaction.atomic():
        jobs.hold(lease)
        line = text[:LONGEST_NOTE]
        if not RunNote.objects.filter(run=run, text=line).exists():
            RunNote.objects.create(run=run, text=line)
