"""One line of the log and one count for every request; its id goes into the answer and what it begins."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from backend import logs, metrics

HEADER = "X-Request-ID"
NOWHERE = "unknown"

logger = logging.getLogger(__name__)


class RequestLog:
    """Outermost but for the probes, so that it sees every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = logs.given_or_new(request.headers.get(HEADER, ""))
        setattr(request, "request_id", given)  # noqa: B010  # for those further in; mypy knows no such attribute
        token = logs.request_id.set(given)
        started = time.perf_counter()
        try:
            with metrics.UNDER_WAY.track_inprogress():
                answer = self.get_response(request)
            seconds = time.perf_counter() - started
            metrics.count(route_of(request), request.method or "", answer.status_code, seconds)
            _log(request, answer.status_code, seconds)
        finally:
            logs.request_id.reset(token)
        answer.headers[HEADER] = given
        return answer


def route_of(request: HttpRequest) -> str:
    """Name of the route, never the address: that one holds ids, and there are endlessly many."""
    if request.resolver_match is not None:
        return request.resolver_match.view_name or NOWHERE
    return "static" if request.path.startswith(settings.STATIC_URL) else NOWHERE


def _log(request: HttpRequest, status: int, seconds: float) -> None:
    route, ms = route_of(request), round(seconds * 1000, 1)
    level = logging.ERROR if status >= 500 else logging.INFO
    logger.log(
        level,
        "%s %s %d in %.1f ms",
        request.method, route, status, ms,
        extra={"method": request.method, "route": route, "status": status, "ms": ms,
               "user": _user_id(request)},
    )  # fmt: skip


def _user_id(request: HttpRequest) -> int | None:
    """Id of who asked, where that was found out: the database is not asked for the log's sake."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject) and not hasattr(request, "_cached_user"):
        return None
    return getattr(user, "pk", None)
