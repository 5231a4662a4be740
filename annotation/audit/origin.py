"""The request that is being answered: from where it came, and what it has looked at so far."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest

from annotation.models import AuditEvent
from annotation.models.audit import LONGEST_REQUEST

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


@dataclass
class Asking:
    """One request; `pending` are rows that are written when its answer is made, each read once."""

    request: HttpRequest
    address: str | None
    request_id: str
    pending: list[AuditEvent] = field(default_factory=list)

    @property
    def route(self) -> str:
        """The name of the address, known once it is resolved; addresses themselves hold ids and handles."""
        match = self.request.resolver_match
        return (match.url_name or "") if match is not None else ""

    @property
    def user_id(self) -> int | None:
        user = getattr(self.request, "user", None)
        return user.pk if user is not None else None


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


def asking() -> Asking | None:
    """The request that is being answered, if any."""
    return _asking.get()


@contextmanager
def answering(request: HttpRequest) -> Iterator[Asking]:
    """Within it, `asking()` is this request."""
    one = Asking(request, _address(request), _request_id(request))
    token = _asking.set(one)
    try:
        yield one
    finally:
        _asking.reset(token)


def _address(request: HttpRequest) -> str | None:
    """As the limits on attempts see it: behind proxies, what the trusted one says."""
    try:
        return str(get_adapter().get_client_ip(request))
    except (PermissionDenied, ImproperlyConfigured):
        return None


def _request_id(request: HttpRequest) -> str:
    given = getattr(request, "request_id", "") or request.headers.get("X-Request-ID", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:LONGEST_REQUEST]
