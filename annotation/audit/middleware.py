"""Gives the audit the request: to doors by a context variable, to triggers by the history's context."""

import logging
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from pghistory.middleware import HistoryMiddleware

from annotation.audit.door import write_pending
from annotation.audit.origin import answering, asking

NOT_NOTED = "This could not be entered in the audit, so it is not shown. Try again in a moment."

logger = logging.getLogger(__name__)


class AuditMiddleware(HistoryMiddleware):
    """Stands in for pghistory's own and adds the address and the id of the request."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request)
        one = asking()
        if one is not None:
            context |= {"address": one.address, "request": one.request_id}
        return context

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with answering(request) as one:
            response: HttpResponse = super().__call__(request)  # type: ignore[no-untyped-call]  # pghistory's
            try:
                write_pending(one)
            except DatabaseError as error:
                logger.error("The audit could not be written: %s", error)
                return response if response.status_code >= 500 else _unavailable()
            return response


def _unavailable() -> HttpResponse:
    """Nobody is shown what nobody could be told of; a save that was made is found again by its key."""
    return JsonResponse({"detail": NOT_NOTED}, status=503)
