"""Rows of the audit that no trigger writes: reads, refusals, and what somebody did beyond the tables.

A read costs no row of its own: the same thing, looked at by the same user, is noted once a minute by each
process. Rows of a request are written with one statement when its answer is made.
"""

import time
from collections.abc import Mapping
from threading import Lock

from annotation.audit.origin import Asking, asking
from annotation.models import Action, AuditEvent
from annotation.models.audit import LONGEST_NOUN, LONGEST_OBJECT

Detail = Mapping[str, str | int | bool | list[str] | list[int] | None]
Seen = tuple[int | None, str, str, int | None]

SUMMED_S = 60.0
MOST_REMEMBERED = 20_000

_remembered: dict[Seen, float] = {}
_lock = Lock()


def note(
    action: Action,
    *,
    noun: str,
    object_id: int | str = "",
    project: int | None = None,
    case: int | None = None,
    user: int | None = None,
    detail: Detail | None = None,
) -> None:
    """Write one row in the caller's transaction. `user`: an id; None: who asks now, if anybody does.

    `object_id`, `project` and `case` are ids, never names; `detail` holds counts, ids and words of fixed
    lists, never what a person typed.
    """
    _row(action, noun, object_id, project, case, user, detail).save(force_insert=True)


def seen(*, user: int | None, noun: str, object_id: int | str, project: int | None, case: int | None) -> None:
    """Note that a request may look at a thing; outside requests nobody looks."""
    one = asking()
    if one is None or _is_remembered((user, noun, str(object_id), case)):
        return
    row = _row(Action.READ, noun, object_id, project, case, user)
    if _key(row) not in map(_key, one.pending):
        one.pending.append(row)


def refused(
    *,
    user: int | None,
    noun: str,
    object_id: int | str = "",
    project: int | None = None,
    case: int | None = None,
) -> None:
    """Note that a request was not let through. Kept though the request changes nothing."""
    one = asking()
    if one is not None:
        one.pending.append(_row(Action.REFUSED, noun, object_id, project, case, user))


def write_pending(one: Asking) -> None:
    """Write what a request looked at. An answer whose rows cannot be written is not given."""
    if not one.pending:
        return
    AuditEvent.objects.bulk_create(one.pending)
    with _lock:
        if len(_remembered) > MOST_REMEMBERED:
            _remembered.clear()
        now = time.monotonic()
        for row in one.pending:
            if row.action == Action.READ:
                _remembered[_key(row)] = now
    one.pending.clear()


def forget() -> None:
    """Have the next read of everything noted, however recent the one before it."""
    with _lock:
        _remembered.clear()


def _key(row: AuditEvent) -> Seen:
    return row.actor, row.noun, row.object, row.case


def _is_remembered(key: Seen) -> bool:
    at = _remembered.get(key)
    return at is not None and time.monotonic() - at < SUMMED_S


def _row(
    action: Action,
    noun: str,
    object_id: int | str,
    project: int | None,
    case: int | None,
    user: int | None,
    detail: Detail | None = None,
) -> AuditEvent:
    one = asking()
    row = AuditEvent(
        action=action,
        noun=noun[:LONGEST_NOUN],
        object=str(object_id)[:LONGEST_OBJECT],
        project=project,
        case=case,
        actor=user,
        detail=dict(detail or {}),
    )
    if one is not None:
        row.actor = user if user is not None else one.user_id
        row.address, row.request, row.route = one.address, one.request_id, one.route[:LONGEST_NOUN]
    return row
