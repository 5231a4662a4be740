"""What a line of the log says: text for a terminal, JSON for a collector; with the request that led to it.

`request_id` goes with everything that is done for a request, in workers too (`backend.workers`). Lines hold
ids, names of routes and durations: no addresses with what somebody searched for, no names of people.
"""

import logging
import re
import uuid
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS

TEXT, JSON = "text", "json"
KNOWN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[int | None] = ContextVar("job_id", default=None)


def given_or_new(given: str) -> str:
    """An id that came with a request, if it is one that a log can bear; else one of our own."""
    return given if KNOWN_ID.fullmatch(given) else uuid.uuid4().hex


class Origin(logging.Filter):
    """Adds to every line what it was done for: the request, and in a worker the job."""

    def filter(self, record: logging.LogRecord) -> bool:
        if request := request_id.get():
            record.request_id = request
        if (job := job_id.get()) is not None:
            record.job_id = job
        record.origin = " ".join(
            f"[{name} {value}]" for name, value in (("request", request), ("job", job)) if value
        )
        return True


# Django's and Celery's own lines bring objects: their texts hold addresses and arguments.
_LEFT_OUT = (*RESERVED_ATTRS, "request", "server_time", "data", "origin")


def configuration(form: str, level: str) -> dict[str, Any]:
    """LOGGING for Django, Celery and gunicorn. `form`: text or json; `level`: of everything."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"origin": {"()": "backend.logs.Origin"}},
        "formatters": {
            TEXT: {"format": "{asctime} {levelname} {name} {message} {origin}", "style": "{"},
            JSON: {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": ["levelname", "name", "message"],
                "rename_fields": {"levelname": "level", "name": "logger"},
                "timestamp": "time",
                "reserved_attrs": _LEFT_OUT,
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": JSON if form == JSON else TEXT,
                "filters": ["origin"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Said by our own lines, once per request and per task.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            # It would hold addresses; `backend.request_log` says the same without them.
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }
