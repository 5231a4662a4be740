"""How long a session lasts: so long without a person, and so long at the most.

A page that is left open asks the server all the time; that keeps nobody signed in. Our own pages say with
every request how long ago somebody last touched keyboard or mouse.
"""

import math
import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from annotation import audit, team

ACTIVE_HEADER = "X-Person-Active"
BEGAN, ACTIVE = "began_at", "active_at"
OF_PAGES = ("/api/", "/_allauth/")  # asked for by scripts, whether or not anybody is there
SET_UP = "/account"
NOTED_EVERY_S = 60.0


class SessionLimits:
    """Ends sessions that are over; behind the audit's middleware, so that their end is noted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            why = _why_over(request)
            if why:
                audit.note(
                    audit.Action.SIGN_OUT, noun="session", user=request.user.pk, detail={"because": why}
                )
                logout(request)
            elif request.path.startswith("/admin/") and team.must_set_up_second_factor(request.user):
                return HttpResponseRedirect(SET_UP)
        return self.get_response(request)


def _why_over(request: HttpRequest) -> str:
    """The limit that a session has passed; else "", and it is noted that somebody is there."""
    now, session = time.time(), request.session
    began, active = session.get(BEGAN), session.get(ACTIVE)
    if began is None or active is None:
        session[BEGAN] = session[ACTIVE] = now
        UserSession.objects.create_from_request(request)
        return ""
    if now - began > settings.SESSION_LONGEST_S:
        return "age"
    if now - active > settings.SESSION_IDLE_S:
        return "idle"
    seen = _last_active(request, now)
    if seen - active > min(NOTED_EVERY_S, settings.SESSION_IDLE_S / 10):
        session[ACTIVE] = seen
        UserSession.objects.create_from_request(request)
    return ""


def _last_active(request: HttpRequest, now: float) -> float:
    """When a person last did something, as far as this request tells; 0.0: it tells nothing."""
    if not request.path.startswith(OF_PAGES):
        return now
    try:
        ago = float(request.headers.get(ACTIVE_HEADER, "inf"))
    except ValueError:
        return 0.0
    return now - ago if math.isfinite(ago) and ago >= 0 else 0.0
