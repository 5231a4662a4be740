"""Every refusal as JSON: `{"detail": one sentence}` and whatever the use case adds."""

from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotation.errors import Refused

TOO_BIG = "The request is larger than this address takes."
MALFORMED = "The request could not be read. Check its form and send it again."


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler; None lets a real fault become a 500."""
    if isinstance(error, Refused):
        return Response({"detail": error.sentence, **error.extra}, status=error.status)
    if isinstance(error, RequestDataTooBig):
        return Response({"detail": TOO_BIG}, status=status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)
    if isinstance(error, SuspiciousOperation | BadRequest):
        return Response({"detail": MALFORMED}, status=status.HTTP_400_BAD_REQUEST)
    response = exception_handler(error, context)
    if response is not None and isinstance(error, ValidationError):
        response.data = {"detail": _sentence(error.detail), "fields": error.detail}
    return response


def _sentence(detail: Any, name: str = "") -> str:
    """The first problem of a validation error, with the name of its field."""
    if isinstance(detail, dict):
        field, inner = next(iter(detail.items()))
        return _sentence(inner, "" if field == "non_field_errors" else str(field))
    if isinstance(detail, list):
        problems = [problem for problem in detail if problem]
        return _sentence(problems[0], name) if problems else MALFORMED
    return f"{name}: {detail}" if name else str(detail)
