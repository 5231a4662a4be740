"""Pins: places in a read with an error code and a thread."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, reviews
from annotation.api.base import ApiView, answers, signed_in
from annotation.models import AssignmentState, ErrorCode, Pin, PinNote, PinState

LONGEST_NOTE = 2000


class NoteOut(serializers.Serializer[PinNote]):
    author = serializers.SerializerMethodField()
    name = serializers.SerializerMethodField(help_text="Leads see who wrote; to others a name would unblind.")
    text = serializers.CharField()
    at = serializers.DateTimeField(source="created_at")

    @extend_schema_field(serializers.ChoiceField(choices=["you", "reader", "reviewer"]))
    def get_author(self, note: PinNote) -> str:
        if note.author_id == self.context["user"].pk:
            return "you"
        return "reader" if note.author_id == note.pin.assignment.reader_id else "reviewer"

    def get_name(self, note: PinNote) -> str | None:
        return note.author.get_username() if self.context["names"] else None


class PinOut(serializers.Serializer[Pin]):
    id = serializers.IntegerField()
    structure = serializers.CharField()
    point_lps = serializers.ListField(
        child=serializers.FloatField(), min_length=3, max_length=3, help_text="Millimetres."
    )
    error_code = serializers.ChoiceField(choices=ErrorCode.choices)
    state = serializers.ChoiceField(choices=PinState.choices)
    at = serializers.DateTimeField(source="created_at")
    deletable = serializers.SerializerMethodField(help_text="It is yours, and nobody else has seen it.")
    notes = NoteOut(many=True)

    def get_deletable(self, pin: Pin) -> bool:
        return pin.created_by_id == self.context["user"].pk and pin.review.state == AssignmentState.OPEN


class PinsOut(serializers.Serializer[Any]):
    pins = PinOut(many=True)


def _context(user: AbstractBaseUser, project: int) -> dict[str, Any]:
    return {"user": user, "names": access.may_name_authors(user, project)}


class PinsView(ApiView):
    class Input(serializers.Serializer[Any]):
        structure = serializers.CharField(max_length=80, help_text="Its key.")
        point_lps = serializers.ListField(child=serializers.FloatField(), min_length=3, max_length=3)
        error_code = serializers.ChoiceField(choices=ErrorCode.choices)
        text = serializers.CharField(allow_blank=True, default="", max_length=LONGEST_NOTE)

    @extend_schema(
        description="Of the read, or of the read under review; a reader sees them once a review has ended.",
        responses=answers({200: PinsOut}),
    )
    def get(self, request: Request, assignment_id: int) -> Response:
        user = signed_in(request)
        assignment = access.assignment_for(user, assignment_id)
        context = _context(user, assignment.case.project_id)
        return Response(PinsOut({"pins": reviews.pins_on(assignment)}, context=context).data)

    @extend_schema(request=Input, responses=answers({201: PinOut}, 400, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        user = signed_in(request)
        assignment = access.assignment_for(user, assignment_id, to="judge")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        pin = reviews.drop_pin(
            assignment=assignment,
            structure=given.validated_data["structure"],
            point_lps=given.validated_data["point_lps"],
            error_code=ErrorCode(given.validated_data["error_code"]),
            text=given.validated_data["text"],
        )
        return Response(PinOut(pin, context=_context(user, assignment.case.project_id)).data, status=201)


class PinView(ApiView):
    class Input(serializers.Serializer[Any]):
        state = serializers.ChoiceField(choices=PinState.choices)

    @extend_schema(
        description="Resolve it, or open it again.", request=Input, responses=answers({200: PinOut}, 400)
    )
    def patch(self, request: Request, pin_id: int) -> Response:
        user = signed_in(request)
        pin = access.pin_for(user, pin_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        pin = reviews.set_state(pin=pin, state=PinState(given.validated_data["state"]))
        return Response(PinOut(pin, context=_context(user, pin.assignment.case.project_id)).data)

    @extend_schema(responses=answers({204: None}, 409))
    def delete(self, request: Request, pin_id: int) -> Response:
        user = signed_in(request)
        reviews.delete_pin(pin=access.pin_for(user, pin_id), by=user)
        return Response(status=204)


class PinNotesView(ApiView):
    class Input(serializers.Serializer[Any]):
        text = serializers.CharField(max_length=LONGEST_NOTE)

    @extend_schema(request=Input, responses=answers({201: PinOut}, 400))
    def post(self, request: Request, pin_id: int) -> Response:
        user = signed_in(request)
        pin = access.pin_for(user, pin_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        reviews.reply(pin=pin, by=user, text=given.validated_data["text"])
        return Response(PinOut(pin, context=_context(user, pin.assignment.case.project_id)).data, status=201)
