"""The database's clock: leases, undo times and wash-outs of all machines go by the one that they share.

Web servers and workers may stand on machines whose clocks differ, or are set while they run. The database's
time is read now and then; in between a clock counts on that nobody can set.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, models
from django.utils import timezone

READ_EVERY_S = 60.0
READINGS = 3
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the first goes on while a machine sleeps


@dataclass(frozen=True)
class _Anchor:
    """One reading: the database's time, what the unsettable clock said then, and how long the answer took."""

    time: datetime
    at: float
    took_s: float

    def now(self) -> datetime:
        return self.time + timedelta(seconds=_seconds() - self.at)

    @property
    def is_old(self) -> bool:
        return _seconds() - self.at > READ_EVERY_S


_anchor: _Anchor | None = None


def now() -> datetime:
    """The time by the database's clock, UTC. While the database does not answer: by the last reading."""
    global _anchor
    if _anchor is None or _anchor.is_old:
        try:
            # The quickest answer is the surest: on a busy machine one may have waited.
            _anchor = min((_read() for _ in range(READINGS)), key=lambda reading: reading.took_s)
        except DatabaseError:
            if _anchor is None:
                raise
    return _anchor.now()


def forget() -> None:
    """Read the database's clock anew when the time is asked for next."""
    global _anchor
    _anchor = None


def _read() -> _Anchor:
    asked = _seconds()
    found = _asked_database()
    answered = _seconds()
    return _Anchor(found, (asked + answered) / 2, answered - asked)  # the time is of somewhere in between


def _seconds() -> float:
    return time.clock_gettime(_BOOT)


def _asked_database() -> datetime:
    """Past Django's cursor: whoever counts or wraps the statements of a use case is not concerned."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [found] = cursor.fetchone()
    moment: datetime = found
    return moment.astimezone(timezone.get_default_timezone())


class DateTimeField(models.DateTimeField):  # type: ignore[type-arg]  # as its parent: of datetimes
    """A date and time whose `auto_now` and `auto_now_add` are the database's time."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if self.auto_now or (self.auto_now_add and add):
            value = now()
            setattr(model_instance, self.attname, value)
            return value
        return super().pre_save(model_instance, add)

    def deconstruct(self) -> Any:
        """Its column is that of the plain field, so migrations know the plain field."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs
