"""What the views share: who asks, how much a body may weigh, and what the documentation says of errors."""

from collections.abc import Sequence
from typing import Any, NoReturn, cast

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import Throttled
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from annotation import team
from annotation.api.authentication import SessionAuthentication, TokenAuthentication
from annotation.api.schema import MEANING
from annotation.api.throttling import TOO_OFTEN, Limited
from annotation.errors import Forbidden, TooLarge

LARGEST_ID = 2**63 - 1
LARGEST_COUNT = 2**31 - 1
JSON_BYTES = 2**20
METHODS = "account_authentication_methods"  # of allauth: by what a session was opened
SET_UP = "Set up a second factor on your account page first: this installation asks for one."


class Problem(serializers.Serializer[Any]):
    """A refusal: what is wrong and what to do, in one sentence."""

    detail = serializers.CharField()


def answers(ok: dict[Any, Any], *errors: int) -> dict[int, Any]:
    """Responses for the documentation. Signing in, rights and foreign objects concern every address."""
    problems = {code: OpenApiResponse(Problem, MEANING[code]) for code in (401, 403, 404, *errors)}
    return {**ok, **dict(sorted(problems.items()))}


class OneAnswer(DefaultContentNegotiation):
    """Every address has one kind of answer; whatever a client says it accepts, that is what it gets."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """Signed-in users only; bodies are weighed before they are read."""

    content_negotiation_class = OneAnswer
    authentication_classes: Sequence[type[BaseAuthentication]] = (TokenAuthentication, SessionAuthentication)
    permission_classes: Sequence[type[BasePermission]] = (IsAuthenticated,)
    most_bytes = JSON_BYTES
    before_second_factor = False
    """Whether it is open to who has yet to set up the second factor that the installation asks for."""
    limit = ""
    """What settings.REQUEST_LIMITS calls a POST here; empty = none. Neither reading nor saving is limited."""

    def get_throttles(self) -> list[Any]:
        """At most one, for a POST."""
        return [Limited(self.limit)] if self.limit and self.request.method == "POST" else []

    def throttled(self, request: Any, wait: float | None) -> NoReturn:
        raise Throttled(wait=wait, detail=TOO_OFTEN)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not self.before_second_factor and must_set_up_second_factor(request):
            raise Forbidden(SET_UP, set_up="second_factor")
        # The server hands on no more than was announced, so the announcement is what counts.
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
        if announced > self.body_limit():
            raise TooLarge(f"The request has {announced} bytes; at most {self.body_limit()} are taken here.")

    def body_limit(self) -> int:
        return self.most_bytes


class UploadView(ApiView):
    """For scans: as much as the operator allows."""

    def body_limit(self) -> int:
        return cast("int", settings.MAX_UPLOAD_BYTES)


def must_set_up_second_factor(request: Request) -> bool:
    """Who came by a provider that asks for a second factor itself has shown one."""
    by = request.session.get(METHODS, []) if hasattr(request, "session") else []
    is_shown = settings.OIDC_TRUSTS_SECOND_FACTOR and any(one.get("method") == "socialaccount" for one in by)
    return not is_shown and team.must_set_up_second_factor(request.user)


def signed_in(request: Request) -> AbstractBaseUser:
    """The user; anonymous requests never get past the permission."""
    return cast("AbstractBaseUser", request.user)
