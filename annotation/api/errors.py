"""Every refusal as JSON: `{"detail": one sentence}` and whatever the use case adds."""

import logging
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, OperationalError
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotation import audit
from annotation.errors import Refused, StoreFailed, StoreFull
from annotation.store import faults

TOO_BIG = "The request is larger than this address takes."
MALFORMED = "The request could not be read. Check its form and send it again."
DATABASE_DOWN = "The database does not answer, so nothing of this was kept. Try again in a moment."
_NO_ROOM = ("53100", "53200", "58030")  # SQLSTATE: disk full, out of memory, input or output error
_AWAY = ("08", "53", "57")
"""Classes of SQLSTATE (PostgreSQL's appendix A): connection lost, no resources, stopped by its operator."""

_REFUSED: dict[type[Exception], str] = {AuthenticationFailed: "token", PermissionDenied: "request"}

logger = logging.getLogger(__name__)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler; None lets a real fault become a 500."""
    _note_refusal(error)
    if isinstance(error, Refused):
        return Response({"detail": error.sentence, **error.extra}, status=error.status)
    if isinstance(error, StoreFailed):
        logger.error("The store failed: %s", error.__cause__)
        return Response({"detail": error.sentence}, status=error.status)
    if isinstance(error, DatabaseError) and (down := _down(error)) is not None:
        return down
    if isinstance(error, RequestDataTooBig):
        return Response({"detail": TOO_BIG}, status=status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)
    if isinstance(error, SuspiciousOperation | BadRequest):
        return Response({"detail": MALFORMED}, status=status.HTTP_400_BAD_REQUEST)
    response = exception_handler(error, context)
    if response is not None and isinstance(error, ValidationError):
        response.data = {"detail": _sentence(error.detail), "fields": error.detail}
    return response


def _note_refusal(error: Exception) -> None:
    """What `access` does not see: who came with a wrong token, or from another site's page."""
    noun = _REFUSED.get(type(error))
    if noun is not None:
        audit.refused(user=None, noun=noun)


def _down(error: DatabaseError) -> Response | None:
    """What is the machine's fault and not the statement's: no room for the database, or nobody there.

    Without a code nobody was there to give one. A deadlock or a lock that was not had is a fault of ours.
    """
    code = getattr(error.__cause__, "pgcode", None)
    if code in _NO_ROOM:
        logger.error("The database could not write: %s", error)
        return Response({"detail": faults.FULL}, status=StoreFull.status)
    if isinstance(error, OperationalError) and (code is None or code.startswith(_AWAY)):
        logger.error("The database failed: %s", error)
        return Response({"detail": DATABASE_DOWN}, status=StoreFailed.status)
    return None


def _sentence(detail: Any, name: str = "") -> str:
    """The first problem of a validation error, with the name of its field."""
    if isinstance(detail, dict):
        field, inner = next(iter(detail.items()))
        return _sentence(inner, "" if field == "non_field_errors" else str(field))
    if isinstance(detail, list):
        problems = [problem for problem in detail if problem]
        return _sentence(problems[0], name) if problems else MALFORMED
    return f"{name}: {detail}" if name else str(detail)
