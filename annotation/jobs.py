"""Jobs are rows. A worker claims a row by one conditional UPDATE; the queue message is only a nudge.

A claim raises the row's `fence`. Whoever reports progress or a result must hold the current fence, so a
message that comes twice, late or never, and a worker that was thought dead, change nothing. All times are the
database's: workers' clocks may differ.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Greatest, Now
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from annotation import signs
from annotation.errors import Conflict
from annotation.models import Job, JobKind, JobState, Project, Queue
from training.progress import Progress

MAX_ATTEMPTS = 3
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
GAVE_UP = (
    f"This was tried {MAX_ATTEMPTS} times and the worker stopped each time. "
    "Look at the worker's log, then start it again."
)

TRYING_AGAIN = "Something unexpected went wrong; it is tried again by itself. The worker's log says more."
FAILED_UNEXPECTEDLY = f"Something unexpected went wrong {MAX_ATTEMPTS} times. The worker's log says what."

LOST_AFTER = timedelta(minutes=30)
"""A message that was not taken for so long is sent again, whatever else waits in its queue."""
# What worked on the job since the last nudge has taken that message: nothing in the broker speaks of the job.
_TAKEN = Q(state=JobState.QUEUED, heartbeat_at__gte=F("nudged_at")) | Q(
    state=JobState.RUNNING, lease_until__gt=F("nudged_at")
)

logger = logging.getLogger(__name__)


class LeaseLost(Exception):  # noqa: N818 - an outcome, not an error
    """Somebody else claimed the job, or it is over: nothing may be stored on its behalf any more."""


@dataclass(frozen=True)
class Lease:
    """The right to work on a job, until another claim raises the fence."""

    job_id: int
    fence: int

    def heartbeat(self, progress: Progress) -> bool:
        """Renew the lease and publish where the work is. False: stop (cancelled, or claimed by another)."""
        told = asdict(progress)
        kept = told.pop("kept")
        renewed = _held(self).filter(cancel_requested=False)
        holds = bool(renewed.update(heartbeat_at=Now(), lease_until=_lease_end(), progress=told))
        if holds and kept:
            _note_kept(self, progress.part, kept)
        return holds


def enqueue(
    *, kind: JobKind, queue: Queue, ids: Mapping[str, Any], project: Project, asked_by: int | None = None
) -> Job:
    """Insert the row now; tell a worker once the transaction is committed. `asked_by` is a user's id."""
    job = Job.objects.create(project=project, kind=kind, queue=queue, ids=dict(ids), asked_by_id=asked_by)
    transaction.on_commit(lambda: _nudge([job]), robust=True)
    return job


@transaction.atomic
def begin(*, kind: JobKind, queue: Queue, ids: Mapping[str, Any], project: Project) -> tuple[Job, Lease]:
    """Insert the row of work that its caller does itself, and claim it: no worker is told."""
    job = Job.objects.create(project=project, kind=kind, queue=queue, ids=dict(ids))
    lease = claim(job.pk)
    if lease is None:
        raise LeaseLost
    job.refresh_from_db()
    return job, lease


def claim(job_id: int) -> Lease | None:
    """Take a job that waits, or whose holder fell silent. None: there is nothing to do here."""
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=Now())
    with transaction.atomic():
        claimed = Job.objects.filter(
            free, pk=job_id, cancel_requested=False, attempts__lt=MAX_ATTEMPTS
        ).update(
            state=JobState.RUNNING,
            attempts=F("attempts") + 1,
            fence=F("fence") + 1,
            progress={},
            lease_until=_lease_end(),
            heartbeat_at=Now(),
            started_at=Coalesce(F("started_at"), Now()),
        )
        if not claimed:
            return None
        return Lease(job_id, Job.objects.values_list("fence", flat=True).get(pk=job_id))


def hold(lease: Lease) -> Job:
    """Lock the job's row in the caller's transaction, so that it stores under this lease or nothing."""
    job = _held(lease).select_for_update(no_key=True).first()
    if job is None:
        raise LeaseLost
    return job


def finish(lease: Lease, result: Mapping[str, Any]) -> None:
    """Close the job with its result; in the transaction that stores the work, both appear together."""
    done = {"state": JobState.SUCCEEDED, "result": dict(result), "error": "", **_over()}
    if not _held(lease).update(**done):
        raise LeaseLost


def fail(lease: Lease, sentence: str) -> None:
    """Close the job for good: trying again would end the same way."""
    _held(lease).update(state=JobState.FAILED, error=sentence, **_over())


def retry(lease: Lease, sentence: str = "") -> None:
    """After an unexpected error: the sweeper hands the job out again, until the attempts are used up.

    `sentence` says what stood in the way, where that is known.
    """
    if _cancelled(lease):
        return
    again = _held(lease).filter(attempts__lt=MAX_ATTEMPTS)
    waiting = {"state": JobState.QUEUED, "lease_until": None, "heartbeat_at": Now(), "nudged_at": Now()}
    if not again.update(error=sentence or TRYING_AGAIN, **waiting):
        fail(lease, sentence or FAILED_UNEXPECTEDLY)


def stand_down(lease: Lease) -> None:
    """The holder stops halfway: it was told to cancel, or its process ends and another may go on."""
    if _cancelled(lease):
        return
    # An attempt that ended in good order does not count as one that failed.
    held = _held(lease)
    before = Greatest(F("attempts") - 1, 0)
    if held.update(state=JobState.QUEUED, lease_until=None, attempts=before, nudged_at=Now()):
        _nudge([Job.objects.get(pk=lease.job_id)])


def cancel(job: Job) -> Job:
    """A job that waits is over at once; a running one stops at its next step."""
    mine = Job.objects.filter(pk=job.pk)
    if not mine.filter(state=JobState.QUEUED).update(
        state=JobState.CANCELLED, cancel_requested=True, finished_at=Now()
    ) and not mine.filter(state=JobState.RUNNING).update(cancel_requested=True):
        raise Conflict("This job is already over, so it cannot be cancelled.")
    job.refresh_from_db()
    return job


def start_again(job: Job) -> Job:
    """Let a job that failed or was cancelled wait anew, with all its attempts; asking twice starts it once.

    One that waits or runs stays as it is. Raises Conflict where it succeeded, or another took its place.
    """
    over = Job.objects.filter(pk=job.pk, state__in=(JobState.FAILED, JobState.CANCELLED))
    anew = {"attempts": 0, "kept": {}, "fence": F("fence") + 1, "progress": {}, "error": ""}
    anew |= {"cancel_requested": False, "finished_at": None}
    try:
        with transaction.atomic():
            if over.update(state=JobState.QUEUED, heartbeat_at=Now(), nudged_at=Now(), **anew):
                transaction.on_commit(lambda: _nudge([job]), robust=True)
    except IntegrityError as error:
        raise Conflict(
            "Another job of this kind is under way in its project. Wait until it is over."
        ) from error
    job.refresh_from_db()
    if job.state == JobState.SUCCEEDED:
        raise Conflict("This job succeeded, so there is nothing to start again.")
    return job


def sweep() -> int:
    """Close what nobody will finish, nudge workers about what waits unheld. Returns the number of nudges.

    A message that waits in its queue is enough: where nobody takes any, they must not pile up.
    """
    unheld = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=Now())
    over = _over() | {"fence": F("fence") + 1}
    unheld.filter(cancel_requested=True).update(state=JobState.CANCELLED, **over)
    unheld.filter(attempts__gte=MAX_ATTEMPTS).update(state=JobState.FAILED, error=GAVE_UP, **over)
    long_ago = Now() - timedelta(seconds=settings.JOB_LEASE_SECONDS / 2)
    waiting = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=Now())
    may_be_lost = Q(nudged_at__lt=Now() - LOST_AFTER) | Q(queue__in=_empty_queues())
    jobs = list(Job.objects.filter(waiting, _TAKEN | may_be_lost, nudged_at__lt=long_ago))
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(nudged_at=Now())
    _nudge(jobs)
    return len(jobs)


def _held(lease: Lease) -> QuerySet[Job]:
    return Job.objects.filter(pk=lease.job_id, fence=lease.fence, state=JobState.RUNNING)


@transaction.atomic
def _note_kept(lease: Lease, part: str, kept: int) -> None:
    """What goes further than any attempt before it gives all attempts back: what gets on is not given up."""
    job = _held(lease).select_for_update(no_key=True).first()
    if job is not None and kept > job.kept.get(part, 0):
        Job.objects.filter(pk=job.pk).update(kept=job.kept | {part: kept}, attempts=0)


def _lease_end() -> CombinedExpression:
    return Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def _over() -> dict[str, Any]:
    return {"lease_until": None, "finished_at": Now()}


def _cancelled(lease: Lease) -> bool:
    """Close the job if somebody asked for that while it ran."""
    asked = _held(lease).filter(cancel_requested=True)
    return bool(asked.update(state=JobState.CANCELLED, **_over()))


def _empty_queues() -> list[str]:
    """Queues in which no message waits; all of them where the broker does not say."""
    try:
        return [queue for queue, count in signs.messages(tuple(Queue.values)).items() if not count]
    except RedisError:
        return list(Queue.values)


def _nudge(jobs: Iterable[Job]) -> None:
    """Send one message per job. A broker that is down costs nothing but time: the sweeper sends again."""
    unsent = list(jobs)
    try:
        while unsent:
            _send(unsent[0])
            unsent.pop(0)
    except (BrokerError, OSError) as error:
        logger.warning("The broker did not take a nudge, the sweeper will repeat it: %s", error)
        lost = Job.objects.filter(pk__in=[job.pk for job in unsent])
        lost.update(nudged_at=Now() - LOST_AFTER)


def _send(job: Job) -> None:
    task = current_app.signature(f"annotation.tasks.{job.kind}", kwargs={"job_id": job.pk}, immutable=True)
    task.apply_async(queue=job.queue, retry=False)
