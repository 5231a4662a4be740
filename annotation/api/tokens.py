"""A user's personal tokens."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import team
from annotation.api.authentication import TOKEN
from annotation.api.base import ApiView, answers, signed_in
from annotation.errors import Forbidden


class TokenOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="The first letters, to know it by.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")


class TokensView(ApiView):
    """Those that are not revoked, the newest first. A token is shown once, when it is made."""

    limit = "token"

    class Input(serializers.Serializer[Any]):
        name = serializers.CharField(max_length=80, help_text="What will use it.")
        days = serializers.IntegerField(min_value=1, max_value=366, default=90)

    class Made(TokenOut):
        token = serializers.CharField(help_text="Not kept: copy it now.")

    @extend_schema(responses=answers({200: TokenOut(many=True)}))
    def get(self, request: Request) -> Response:
        return Response(TokenOut(team.tokens_of(signed_in(request)), many=True).data)

    @extend_schema(request=Input, responses=answers({201: Made}, 400, 409))
    def post(self, request: Request) -> Response:
        # Who finds a token must not be able to make others that outlive it.
        if request.auth == TOKEN:
            raise Forbidden("A token cannot make tokens. Sign in and make it on your account page.")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        made = team.make_token(user=signed_in(request), **given.validated_data)
        return Response({**TokenOut(made.token).data, "token": made.secret}, status=201)


class TokenView(ApiView):
    @extend_schema(responses=answers({204: None}))
    def delete(self, request: Request, token_id: int) -> Response:
        team.revoke_token(user=signed_in(request), token_id=token_id)
        return Response(status=204)
