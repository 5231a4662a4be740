"""One read: what it needs to be opened, the time spent on it, and how it ends."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, corrections, guidelines, reviews, worklist
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.api.shapes import (
    BranchOut,
    LookedOut,
    MaskRefOut,
    MeasurementOut,
    StructureOut,
    VolumeOut,
    looked_out,
    mask_ref,
)
from annotation.models import Assignment, AssignmentRole, AssignmentState, Hanging, Purpose, Verdict


class AssignmentView(ApiView):
    class Output(serializers.Serializer[Any]):
        class Named(serializers.Serializer[Any]):
            id = serializers.IntegerField()
            name = serializers.CharField()

        class Case(Named):
            number = serializers.IntegerField()

        class Subject(serializers.Serializer[Any]):
            mask = MaskRefOut()
            measurements = MeasurementOut(many=True)

        class Comment(serializers.Serializer[Any]):
            verdict = serializers.ChoiceField(choices=Verdict.choices)
            comment = serializers.CharField()
            at = serializers.DateTimeField(source="created_at")

        id = serializers.IntegerField()
        role = serializers.ChoiceField(choices=AssignmentRole.choices)
        state = serializers.ChoiceField(choices=AssignmentState.choices)
        purpose = serializers.ChoiceField(choices=Purpose.choices)
        project = Named()
        case = Case()
        volume = VolumeOut()
        structures = StructureOut(many=True)
        model_version = serializers.IntegerField(allow_null=True)
        mask = MaskRefOut()
        prediction_mask = MaskRefOut(allow_null=True)
        subject = Subject(allow_null=True)
        comments = Comment(many=True)
        active_seconds = serializers.IntegerField()
        editable = serializers.BooleanField()
        lease_until = serializers.DateTimeField(allow_null=True)
        hanging = serializers.ChoiceField(choices=Hanging.choices)
        looked = LookedOut()
        branches = BranchOut(many=True)
        not_looked_at = serializers.ListField(
            child=serializers.CharField(),
            help_text="Keys of structures that the reader left out on handing in.",
        )
        completed = serializers.ListField(
            child=serializers.CharField(), help_text="Those of them that the reviewer completed."
        )
        measurements = MeasurementOut(many=True)
        guideline_version = serializers.IntegerField(
            help_text="In force when the read was handed in, or now; 0 = none was written."
        )

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, assignment_id: int) -> Response:
        user = signed_in(request)
        assignment = access.assignment_for(user, assignment_id)
        editable = corrections.is_editable(assignment) and assignment.reader_id == user.pk
        return Response(self.Output(_opened(assignment, editable)).data)


def _opened(assignment: Assignment, editable: bool) -> dict[str, Any]:
    """Neither side learns the other's name: not who drew it, not who judged it."""
    mask, subject = assignment.mask, assignment.subject
    read = subject.mask if subject is not None else mask
    return {
        "id": assignment.pk,
        "role": assignment.role,
        "state": assignment.state,
        "purpose": assignment.purpose,
        "project": assignment.case.project,
        "case": assignment.case,
        "volume": assignment.case.volume,
        "structures": worklist.structures(assignment.case.project),
        "model_version": worklist.model_version(assignment),
        "mask": mask_ref(mask, mask.head),
        "prediction_mask": mask_ref(read.base, read.base_revision),
        "subject": _subject(assignment),
        "comments": worklist.verdicts_on(assignment),
        "active_seconds": assignment.active_seconds,
        "editable": editable,
        "lease_until": assignment.lease_until if corrections.is_editable(assignment) else None,
        "hanging": assignment.case.project.hanging,
        "looked": looked_out(corrections.looked(assignment)),
        "branches": corrections.branches_of(assignment),
        "not_looked_at": corrections.not_looked_at(read),
        "completed": reviews.completed(assignment),
        "measurements": assignment.measurements.all(),
        "guideline_version": guidelines.version_at(assignment.case.project, _handed_in_at(assignment)),
    }


def _subject(review: Assignment) -> dict[str, Any] | None:
    """What is under review: the read as it was handed in, and what its reader measured."""
    if review.subject is None:
        return None
    return {
        "mask": mask_ref(review.mask.base, review.mask.base_revision),
        "measurements": review.subject.measurements.all(),
    }


def _handed_in_at(assignment: Assignment) -> datetime | None:
    """A read follows the guideline of its time; one that is (again) open follows the one in force."""
    read = assignment.subject or assignment
    is_final = read.state in (AssignmentState.SUBMITTED, AssignmentState.DONE)
    return read.submitted_at if is_final else None


class CompletedView(ApiView):
    """Which structures that the reader left out the reviewer has completed."""

    class Shape(serializers.Serializer[Any]):
        structures = serializers.ListField(
            child=serializers.CharField(max_length=80),
            max_length=31 * 254,
            help_text="Keys, out of `not_looked_at`: drawn to the end, or seen to be absent.",
        )

    @extend_schema(request=Shape, responses=answers({200: Shape}, 400, 409))
    def put(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="judge")
        given = self.Shape(data=request.data)
        given.is_valid(raise_exception=True)
        structures = given.validated_data["structures"]
        return Response({"structures": reviews.complete(assignment=assignment, structures=structures)})


class SessionsView(ApiView):
    class Output(serializers.Serializer[Any]):
        id = serializers.IntegerField()

    @extend_schema(request=None, responses=answers({201: Output}, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="correct")
        session = corrections.start_session(assignment=assignment)
        return Response({"id": session.pk}, status=201)


class PingView(ApiView):
    class Input(serializers.Serializer[Any]):
        visible = serializers.BooleanField(default=True)

    class Output(serializers.Serializer[Assignment]):
        active_seconds = serializers.IntegerField()
        lease_until = serializers.DateTimeField()

    @extend_schema(request=Input, responses=answers({200: Output}, 400))
    def post(self, request: Request, session_id: int) -> Response:
        session = access.session_for(signed_in(request), session_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        assignment = corrections.ping(session=session, visible=given.validated_data["visible"])
        return Response(self.Output(assignment).data)


class StateOut(serializers.Serializer[Assignment]):
    state = serializers.ChoiceField(choices=AssignmentState.choices)


class SubmitView(ApiView):
    class Input(serializers.Serializer[Any]):
        revision = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
        not_looked_at = serializers.ListField(
            child=serializers.CharField(max_length=80),
            default=list,
            max_length=31 * 254,
            help_text="Keys of structures that were not checked: nothing is learned about them here.",
        )

    @extend_schema(request=Input, responses=answers({200: StateOut}, 400, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="submit")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        submitted = corrections.submit(
            assignment=assignment,
            revision=given.validated_data["revision"],
            not_looked_at=given.validated_data["not_looked_at"],
        )
        return Response(StateOut(submitted).data)


class ReleaseView(ApiView):
    @extend_schema(request=None, responses=answers({200: StateOut}, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="correct")
        return Response(StateOut(worklist.release(assignment=assignment)).data)


class VerdictView(ApiView):
    class Input(serializers.Serializer[Any]):
        verdict = serializers.ChoiceField(choices=["accept", "return"])
        comment = serializers.CharField(allow_blank=True, default="", max_length=4000)
        revision = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)

    class Output(serializers.Serializer[Any]):
        state = serializers.ChoiceField(choices=AssignmentState.choices)
        verdict = serializers.ChoiceField(choices=Verdict.choices)

    @extend_schema(request=Input, responses=answers({200: Output}, 400, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="judge")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        judge = reviews.accept if given.validated_data["verdict"] == "accept" else reviews.return_to_reader
        review = judge(
            assignment=assignment,
            revision=given.validated_data["revision"],
            comment=given.validated_data["comment"],
        )
        return Response({"state": review.assignment.state, "verdict": review.verdict})
