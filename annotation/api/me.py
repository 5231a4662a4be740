"""Who is asking, and the cookie that proves that our own page asks."""

import math
import re
from typing import Any

from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, preferences, projects, team
from annotation.api.base import ApiView, answers, must_set_up_second_factor, signed_in
from annotation.models import Preferences, Role

PREFERENCES_BYTES = 16 * 1024
NAME = re.compile(r"[a-z0-9_.-]{1,64}", re.ASCII)
LONGEST_KEY = 40
LARGEST_NUMBER = 2**53  # beyond it a browser no longer counts by one


class CsrfView(ApiView):
    """Sets the CSRF cookie, signed in or not."""

    before_second_factor = True
    permission_classes = (AllowAny,)

    @extend_schema(responses={204: None})
    def get(self, request: Request) -> Response:
        get_token(request)
        return Response(status=204)


class MeView(ApiView):
    """The signed-in user, and the projects that they belong to."""

    before_second_factor = True

    class Output(serializers.Serializer[Any]):
        class Project(serializers.Serializer[Any]):
            id = serializers.IntegerField(source="project.pk")
            name = serializers.CharField(source="project.name")
            role = serializers.ChoiceField(choices=Role.choices)

        username = serializers.CharField()
        name = serializers.CharField()
        may_create_projects = serializers.BooleanField()
        must_set_up_second_factor = serializers.BooleanField(
            help_text="Nothing else is open before there is one."
        )
        may_operate = serializers.BooleanField(help_text="Whether the Operations page is theirs.")
        projects = Project(many=True)

    class Input(serializers.Serializer[Any]):
        name = serializers.CharField(
            max_length=150, allow_blank=True, help_text="As others see it; empty: the user name."
        )

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request) -> Response:
        return self._me(request)

    @extend_schema(request=Input, responses=answers({200: Output}, 400))
    def patch(self, request: Request) -> Response:
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        team.rename(user=signed_in(request), name=given.validated_data["name"])
        signed_in(request).refresh_from_db()
        return self._me(request)

    def _me(self, request: Request) -> Response:
        user = signed_in(request)
        name = request.user.get_full_name() if hasattr(request.user, "get_full_name") else ""
        me = {
            "username": user.get_username(),
            "name": name or user.get_username(),
            "may_create_projects": projects.may_create(user),
            "must_set_up_second_factor": must_set_up_second_factor(request),
            "may_operate": bool(getattr(user, "is_staff", False)),
        }
        return Response(self.Output({**me, "projects": access.memberships(user)}).data)


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "oneOf": [{"type": name} for name in ("string", "number", "boolean")],
            "nullable": True,
        },
    }
)
class SettingsField(serializers.DictField):
    """Plain values by name."""


class PreferencesView(ApiView):
    most_bytes = PREFERENCES_BYTES

    class Shape(serializers.Serializer[Preferences]):
        keys = serializers.DictField(
            child=serializers.CharField(allow_blank=True, max_length=LONGEST_KEY, trim_whitespace=False),
            default=dict,
            help_text="Key of each action, by the action's name; empty = no key.",
        )
        settings = SettingsField(default=dict, help_text="Text, numbers, true, false or null, by name.")

        def validate_keys(self, keys: dict[str, str]) -> dict[str, str]:
            _check_names(keys)
            return keys

        def validate_settings(self, settings: dict[str, Any]) -> dict[str, Any]:
            _check_names(settings)
            for name, value in settings.items():
                if not _is_plain(value):
                    raise serializers.ValidationError(
                        f"{name} is neither text, a number, true, false nor null."
                    )
            return settings

    @extend_schema(responses=answers({200: Shape}))
    def get(self, request: Request) -> Response:
        return Response(self.Shape(preferences.preferences_of(signed_in(request))).data)

    @extend_schema(request=Shape, responses=answers({200: Shape}, 400, 413))
    def put(self, request: Request) -> Response:
        given = self.Shape(data=request.data)
        given.is_valid(raise_exception=True)
        kept = preferences.keep_preferences(user=signed_in(request), **given.validated_data)
        return Response(self.Shape(kept).data)


def _check_names(given: dict[str, Any]) -> None:
    wrong = next((name for name in given if NAME.fullmatch(name) is None), None)
    if wrong is not None:
        raise serializers.ValidationError(
            "A name has 1 to 64 of the letters a to z, digits, and _ . - alone."
        )


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return math.isfinite(value) and abs(value) <= LARGEST_NUMBER
    return value is None or isinstance(value, bool)
