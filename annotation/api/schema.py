"""How the API documents itself: names of nested serializers, and what proves who asks."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema

MEANING = {
    400: "The request is wrong; the sentence says where.",
    401: "Nobody is signed in.",
    403: "A member without this right, or a missing CSRF token (of a session; personal tokens need none).",
    404: "No such object, or not yours to see.",
    409: "Somebody or something was faster.",
    413: "More bytes than this address takes.",
    415: "Another kind of body than this address takes.",
    429: "Too often; the header Retry-After says after how many seconds to ask again.",
    503: "A part of the service is down.",
}
PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class AutoSchema(SpectacularSchema):
    """Components are named after the view as well: `VerdictView.Input` becomes `VerdictInput`."""

    def get_operation(self, *given: Any, **named: Any) -> dict[str, Any] | None:
        """With the refusals that follow from what an address takes, which need not be said at each view."""
        operation: dict[str, Any] | None = super().get_operation(*given, **named)
        if operation is not None and "401" in operation["responses"]:
            answers = operation["responses"]
            for code in self._refusals(operation):
                answers.setdefault(str(code), {"content": PROBLEM, "description": MEANING[code]})
            operation["responses"] = dict(sorted(answers.items()))
        return operation

    def _refusals(self, operation: dict[str, Any]) -> set[int]:
        codes: set[int] = {400, 413, 415} if "requestBody" in operation else set()
        if any(one["in"] in ("query", "header") for one in operation.get("parameters", ())):
            codes.add(400)
        limit: str | None = getattr(self.view, "limit", None)
        if self.method == "POST" and limit:
            codes.add(429)
        return codes

    def get_serializer_name(self, serializer: Any, direction: Literal["request", "response"]) -> str:
        names = type(serializer).__qualname__.split(".")
        if len(names) > 1:
            return "".join(name.removesuffix("View") for name in names)
        return super().get_serializer_name(serializer, direction)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers by being a class
    target_class = "annotation.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: SpectacularSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A personal token: dl_…"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers by being a class
    target_class = "annotation.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: SpectacularSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
