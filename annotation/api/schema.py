"""How the API documents itself: names of nested serializers, and what proves who asks."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema


class AutoSchema(SpectacularSchema):
    """Components are named after the view as well: `VerdictView.Input` becomes `VerdictInput`."""

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
