"""Who is asking, and the cookie that proves that our own page asks."""

from typing import Any

from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access
from annotation.api.base import ApiView, answers, signed_in
from annotation.models import Role


class CsrfView(ApiView):
    """Sets the CSRF cookie, signed in or not."""

    permission_classes = (AllowAny,)

    @extend_schema(responses={204: None})
    def get(self, request: Request) -> Response:
        get_token(request)
        return Response(status=204)


class MeView(ApiView):
    """The signed-in user, and the projects that they belong to."""

    class Output(serializers.Serializer[Any]):
        class Project(serializers.Serializer[Any]):
            id = serializers.IntegerField(source="project.pk")
            name = serializers.CharField(source="project.name")
            role = serializers.ChoiceField(choices=Role.choices)

        username = serializers.CharField()
        name = serializers.CharField()
        projects = Project(many=True)

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request) -> Response:
        user = signed_in(request)
        name = request.user.get_full_name() if hasattr(request.user, "get_full_name") else ""
        me = {"username": user.get_username(), "name": name or user.get_username()}
        return Response(self.Output({**me, "projects": access.memberships(user)}).data)
