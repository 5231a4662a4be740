"""What machines ask: does this process live, can it answer, how are things.

Answered before the host is checked, sessions and CSRF: a probe comes by the address of a container.
"""

import ipaddress
import secrets
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST

from backend import metrics

_PLAIN = "text/plain; charset=utf-8"


class Probes:
    """`/livez`, `/readyz` and `/metrics`; everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.answers = {"/livez": lives, "/readyz": is_ready, "/metrics": tell}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.answers.get(request.path_info)
        if answer is None or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        told = answer(request)
        told.headers["Cache-Control"] = "no-store"
        return told


def lives(_: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked: a database that is away is no reason to restart it."""
    return HttpResponse("ok\n", content_type=_PLAIN)


def is_ready(_: HttpRequest) -> HttpResponse:
    """The database answers. The broker is not asked: readers save without it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", content_type=_PLAIN, status=503)
    finally:
        connection.close_if_unusable_or_obsolete()
    return HttpResponse("ok\n", content_type=_PLAIN)


def tell(request: HttpRequest) -> HttpResponse:
    """Everybody else is told that there is no such address."""
    if not may_see_metrics(request):
        return HttpResponse("There is no such address.\n", content_type=_PLAIN, status=404)
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


def may_see_metrics(request: HttpRequest) -> bool:
    """With METRICS_TOKEN: whoever has it. Without: this machine alone, and not what a proxy hands on."""
    if settings.METRICS_TOKEN:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(
            token.strip().encode(), settings.METRICS_TOKEN.encode()
        )
    if "X-Forwarded-For" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a Unix socket has no address
        return False
