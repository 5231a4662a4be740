"""The schedule of the clock (Celery's beat). It loads no task: everything is sent by name."""

from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler
from redis.exceptions import RedisError

from annotation import signs
from backend.workers import HEARTBEAT


class Schedule(DatabaseScheduler):  # type: ignore[misc]  # it comes without types
    """Heartbeats do not pile up in a queue that nobody works on, or that one job fills for hours."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send what is due, unless it is a heartbeat and the last one of its queue was not carried out."""
        if entry.task != HEARTBEAT or _is_wanted(entry.options["queue"]):
            super().apply_entry(entry, producer=producer)


def _is_wanted(queue: str) -> bool:
    """Where the broker does not answer, it is the sending that says so."""
    try:
        return signs.wants_heartbeat(queue)
    except RedisError:
        return True
