"""What the views share: who asks, how much a body may weigh, and what the documentation says of errors."""

from collections.abc import Sequence
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from annotation.api.authentication import SessionAuthentication, TokenAuthentication
from annotation.errors import TooLarge

LARGEST_ID = 2**63 - 1
LARGEST_COUNT = 2**31 - 1
JSON_BYTES = 2**20


class Problem(serializers.Serializer[Any]):
    """A refusal: what is wrong and what to do, in one sentence."""

    detail = serializers.CharField()


MEANING = {
    400: "The request is wrong; the sentence says where.",
    401: "Nobody is signed in.",
    403: "A member without this right, or a missing CSRF token (of a session; personal tokens need none).",
    404: "No such object, or not yours to see.",
    409: "Somebody or something was faster.",
    413: "More bytes than this address takes.",
    415: "Another kind of body than this address takes.",
    503: "A part of the service is down.",
}


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

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
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


def signed_in(request: Request) -> AbstractBaseUser:
    """The user; anonymous requests never get past the permission."""
    return cast("AbstractBaseUser", request.user)
