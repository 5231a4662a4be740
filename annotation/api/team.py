"""Members of a project, and the links by which they come in.

The secret of a link travels in bodies alone: addresses end up in logs and in the audit.
"""

from typing import Any

from allauth.core import ratelimit
from django.contrib.auth import login
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, team
from annotation.api.authentication import require_own_page
from annotation.api.base import LARGEST_ID, ApiView, answers, signed_in
from annotation.api.throttling import TOO_MANY
from annotation.errors import Conflict, NotFound, Refused
from annotation.models import Invitation, Level, Membership, Role

BACKEND = "django.contrib.auth.backends.ModelBackend"
LONGEST_SECRET = 100


class MemberOut(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="membership.pk", help_text="Of the membership.")
    username = serializers.CharField(source="user.username")
    name = serializers.SerializerMethodField()
    role = serializers.ChoiceField(choices=Role.choices, source="membership.role")
    level = serializers.ChoiceField(choices=Level.choices, source="membership.level")
    active = serializers.BooleanField(source="membership.active")
    is_me = serializers.SerializerMethodField()
    last_seen = serializers.DateTimeField(allow_null=True)
    done = serializers.IntegerField(help_text="Reads and reviews handed in.")
    open = serializers.IntegerField(help_text="Reads and reviews begun and not handed in.")

    def get_name(self, member: team.Member) -> str:
        return member.user.get_full_name() or member.user.username

    def get_is_me(self, member: team.Member) -> bool:
        return bool(member.user.pk == self.context["user"])


def _members(request: Request, project_id: int) -> Response:
    user = signed_in(request)
    project = access.project_for(user, project_id, to="manage")
    return Response(MemberOut(team.members(project), many=True, context={"user": user.pk}).data)


class MembersView(ApiView):
    """For leads: everybody who is or was a member."""

    @extend_schema(responses=answers({200: MemberOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        return _members(request, project_id)


class MemberView(ApiView):
    class Input(serializers.Serializer[Any]):
        role = serializers.ChoiceField(choices=Role.choices, required=False)
        level = serializers.ChoiceField(choices=Level.choices, required=False)
        active = serializers.BooleanField(required=False)

    @extend_schema(request=Input, responses=answers({200: MemberOut(many=True)}, 400, 409))
    def patch(self, request: Request, project_id: int, member_id: int) -> Response:
        """Answers with all members. Open reads of who is no longer active go back to the pool."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        member = team.member_of(project, _id(member_id))
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        if not given.validated_data:
            raise Refused("Say what to change: role, level or active.")
        team.change_member(member=member, **given.validated_data)
        return _members(request, project_id)


class InvitationOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    role = serializers.ChoiceField(choices=Role.choices)
    level = serializers.ChoiceField(choices=Level.choices)
    note = serializers.CharField()
    invited_by = serializers.CharField(source="created_by.username")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    uses = serializers.IntegerField()
    uses_left = serializers.IntegerField()


class InvitationsView(ApiView):
    """For leads: links that still let somebody in. The secret of one is shown once, when it is made."""

    limit = "invitation"

    class Input(serializers.Serializer[Any]):
        role = serializers.ChoiceField(choices=Role.choices)
        level = serializers.ChoiceField(choices=Level.choices, default=Level.JUNIOR)
        days = serializers.IntegerField(min_value=1, max_value=60, default=7)
        uses = serializers.IntegerField(min_value=1, max_value=50, default=1)
        note = serializers.CharField(max_length=120, allow_blank=True, default="")

    class Made(InvitationOut):
        token = serializers.CharField(help_text="For the link /invitation#…; not kept.")

    @extend_schema(responses=answers({200: InvitationOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        return Response(InvitationOut(team.open_invitations(project), many=True).data)

    @extend_schema(request=Input, responses=answers({201: Made}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        user = signed_in(request)
        project = access.project_for(user, project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        made = team.invite(project=project, inviter=user, **given.validated_data)
        return Response({**InvitationOut(made.invitation).data, "token": made.secret}, status=201)


class InvitationView(ApiView):
    @extend_schema(responses=answers({204: None}))
    def delete(self, request: Request, project_id: int, invitation_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        team.withdraw_invitation(invitation=team.invitation_of(project, _id(invitation_id)))
        return Response(status=204)


class SecretIn(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=LONGEST_SECRET)


class JoinedOut(serializers.Serializer[Membership]):
    project = serializers.IntegerField(source="project_id")
    name = serializers.CharField(source="project.name")
    role = serializers.ChoiceField(choices=Role.choices)


class OpenInvitationView(ApiView):
    """What a link offers, signed in or not. Uses nothing up."""

    permission_classes = (AllowAny,)

    class Output(serializers.Serializer[Invitation]):
        project = serializers.CharField(source="project.name")
        role = serializers.ChoiceField(choices=Role.choices)
        level = serializers.ChoiceField(choices=Level.choices)
        invited_by = serializers.SerializerMethodField()
        expires_at = serializers.DateTimeField()

        def get_invited_by(self, invitation: Invitation) -> str:
            inviter = invitation.created_by
            return inviter.get_full_name() or inviter.get_username()

    @extend_schema(request=SecretIn, responses=answers({200: Output}, 400))
    def post(self, request: Request) -> Response:
        _limited(request, "invitation")
        given = SecretIn(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(self.Output(team.open_invitation(given.validated_data["token"])).data)


class AcceptInvitationView(ApiView):
    @extend_schema(request=SecretIn, responses=answers({201: JoinedOut}, 400, 409))
    def post(self, request: Request) -> Response:
        """Become a member. 409 with `project` for whoever is one already."""
        given = SecretIn(data=request.data)
        given.is_valid(raise_exception=True)
        member = team.accept_invitation(user=signed_in(request), secret=given.validated_data["token"])
        return Response(JoinedOut(member).data, status=201)


class SignUpView(ApiView):
    """An account by an invitation: the only way to get one oneself. Signs in as well."""

    permission_classes = (AllowAny,)

    class Input(SecretIn):
        username = serializers.CharField(max_length=150)
        password = serializers.CharField(max_length=1000, trim_whitespace=False)
        name = serializers.CharField(max_length=150, allow_blank=True, default="")

    @extend_schema(request=Input, responses=answers({201: JoinedOut}, 400, 409))
    def post(self, request: Request) -> Response:
        if request.user.is_authenticated:
            raise Conflict(f"You are signed in as {request.user.get_username()}. Sign out first.")
        _limited(request, "signup")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        member = team.sign_up(
            secret=asked["token"],
            username=asked["username"],
            password=asked["password"],
            name=asked["name"],
        )
        login(request._request, member.user, backend=BACKEND)
        return Response(JoinedOut(member).data, status=201)


def _limited(request: Request, action: str) -> None:
    """For requests of whom perhaps nobody is signed in: our own page alone, and not too often."""
    require_own_page(request)
    if not ratelimit.consume(request._request, action=action):
        raise Throttled(detail=TOO_MANY)


def _id(given: int) -> int:
    if given > LARGEST_ID:
        raise NotFound("There is nothing of this number.")
    return given
