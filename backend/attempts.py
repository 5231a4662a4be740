"""Sign-in that was tried too often: the status that says so."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse

CODE = "too_many_login_attempts"
TOO_MANY = "Too many attempts. Wait a few minutes and try again."
WAIT_S = 300


class CountedAttempts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Counts failures by name and by address, as allauth does, and answers 429 instead of 400."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as refused:
            errors = [{"code": CODE, "message": TOO_MANY}]
            answer = JsonResponse({"status": 429, "errors": errors}, status=429)
            answer.headers["Retry-After"] = str(WAIT_S)
            raise ImmediateHttpResponse(answer) from refused
