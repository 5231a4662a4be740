"""What workers do beside their tasks: carry on a request's id, say what they have in hand, log each task.

Connected by importing it (backend.celery). A broker that does not answer must not cost a task anything.
"""

import logging
import logging.config
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery import signals
from django.conf import settings
from redis.exceptions import RedisError

from annotation import signs
from backend import logs
from training.version import VERSION

ALIVE_EVERY_S = 10.0
WORKER_SIGN, CLOCK_SIGN = "WORKER_SIGN", "CLOCK_SIGN"
"""Environment variables that name a file for the health check of a container. A worker writes there whether
it is busy, when a task begins and ends; the clock whenever it sends one."""
HEADER = "request_id"
HEARTBEAT = "annotation.tasks.worker_heartbeat"

logger = logging.getLogger(__name__)
_began: dict[str, float] = {}
_last_alive = 0.0


@signals.setup_logging.connect
def _use_our_lines(**_: Any) -> None:
    logging.config.dictConfig(settings.LOGGING)


@signals.before_task_publish.connect
def _send_along(headers: dict[str, Any], **_: Any) -> None:
    if request := logs.request_id.get():
        headers[HEADER] = request
    _write(CLOCK_SIGN, "sent")


@signals.worker_ready.connect
def _worker_begins(sender: Any, **_: Any) -> None:
    """The sender is Celery's consumer."""
    queues = tuple(sorted(queue.name for queue in sender.task_consumer.queues))
    with suppress(RedisError):
        signs.note_worker(sender.hostname, queues, VERSION)


@signals.heartbeat_sent.connect
def _worker_lives(sender: Any, **_: Any) -> None:
    """Every two seconds; the sender is Celery's heart."""
    global _last_alive  # one worker per process
    if time.monotonic() - _last_alive < ALIVE_EVERY_S:
        return
    _last_alive = time.monotonic()
    with suppress(RedisError):
        signs.note_alive(sender.eventer.hostname)


@signals.worker_shutdown.connect
def _worker_ends(sender: Any, **_: Any) -> None:
    with suppress(RedisError):
        signs.forget_worker(sender.hostname)


@signals.task_prerun.connect
def _task_begins(task_id: str, task: Any, kwargs: dict[str, Any], **_: Any) -> None:
    told = task.request.get(HEADER) or (task.request.headers or {}).get(HEADER, "")
    logs.request_id.set(logs.given_or_new(str(told)) if told else "")
    logs.job_id.set(kwargs.get("job_id"))
    _began[task_id] = time.perf_counter()
    _write(WORKER_SIGN, "busy")
    if task.name != HEARTBEAT and task.request.hostname:
        with suppress(RedisError):
            signs.note_busy(task.request.hostname, os.getpid(), task.name, kwargs.get("job_id"))


@signals.task_postrun.connect
def _task_ends(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    began = _began.pop(task_id, None)
    seconds = 0.0 if began is None else time.perf_counter() - began
    if task.name != HEARTBEAT:
        ms, name = round(seconds * 1000, 1), task.name
        logger.info("%s %s in %.1f ms", name, state, ms, extra={"task": name, "state": state, "ms": ms})
        if task.request.hostname:
            with suppress(RedisError):
                signs.note_idle(task.request.hostname, os.getpid())
    _write(WORKER_SIGN, "idle")
    logs.request_id.set("")
    logs.job_id.set(None)


def _write(variable: str, what: str) -> None:
    if path := os.environ.get(variable):
        with suppress(OSError):
            Path(path).write_text(what)
