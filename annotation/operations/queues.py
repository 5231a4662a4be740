"""Queues: how much waits in each, for how long, and when it was last worked on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Coalesce, Now
from redis.exceptions import RedisError

from annotation import jobs, signs
from annotation.models import Job, JobState, Queue

OLDEST_SIGN_S = 120.0
"""A queue that nobody worked on for so long has no worker, or one that hangs. Seconds."""

_WAITS, _RUNS = Q(state=JobState.QUEUED), Q(state=JobState.RUNNING)


@dataclass(frozen=True)
class QueueState:
    """One queue. Ages in seconds; null: there is nothing, or (`messages`) the broker does not answer.

    `seen_s`: since a heartbeat was carried out, or since a running job said how far it is. A worker that
    trains for hours carries out no heartbeat, yet its job does.
    """

    queue: str
    messages: int | None
    waiting: int
    running: int
    oldest_wait_s: float | None
    seen_s: float | None

    @property
    def is_served(self) -> bool:
        return self.seen_s is not None and self.seen_s < OLDEST_SIGN_S


def look(heartbeats_s: Mapping[str, float]) -> list[QueueState]:
    """Every queue, by its name; `heartbeats_s`: ages of heartbeats (`signs.read`)."""
    rows = _rows()
    messages = _messages()
    return [
        _state(queue, rows.get(queue, {}), heartbeats_s.get(queue), messages.get(queue))
        for queue in Queue.values
    ]


def _rows() -> dict[str, dict[str, Any]]:
    """Since nobody holds a job: since it was last held, or asked for. By the database's clock."""
    unheld_since = Coalesce("heartbeat_at", "created_at")
    unfinished = Job.objects.filter(state__in=jobs.UNFINISHED).order_by()
    rows = unfinished.values("queue").annotate(
        waiting=Count("pk", filter=_WAITS),
        running=Count("pk", filter=_RUNS),
        oldest=Min(unheld_since, filter=_WAITS),
        beat=Max("heartbeat_at", filter=_RUNS),
        now=Max(Now()),
    )
    return {row["queue"]: dict(row) for row in rows}


def _messages() -> Mapping[str, int]:
    try:
        return signs.messages(tuple(Queue.values))
    except RedisError:
        return {}


def _state(queue: str, row: Mapping[str, Any], heartbeat_s: float | None, messages: int | None) -> QueueState:
    now = row.get("now")
    ages = [age for age in (heartbeat_s, _age(row.get("beat"), now)) if age is not None]
    return QueueState(
        queue,
        messages,
        row.get("waiting", 0),
        row.get("running", 0),
        _age(row.get("oldest"), now),
        min(ages, default=None),
    )


def _age(at: datetime | None, now: datetime | None) -> float | None:
    return None if at is None or now is None else round(max(0.0, (now - at).total_seconds()), 1)
