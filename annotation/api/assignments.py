"""One read: what it needs to be opened, the time spent on it, and how it ends."""

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, corrections, guidelines, regions, reviews, worklist
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.api.reviews import JudgedOut
from annotation.api.shapes import (
    BranchOut,
    LookedOut,
    MaskRefOut,
    MeasurementOut,
    RegionOut,
    StructureOut,
    VolumeOut,
    looked_out,
    mask_ref,
)
from annotation.handles import Namer
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Hanging,
    Purpose,
    StartFrom,
    Verdict,
)


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
        alias = serializers.CharField(help_text="What readers call the case; another one in each read.")
        start_from = serializers.ChoiceField(choices=StartFrom.choices)
        purpose = serializers.ChoiceField(choices=Purpose.choices, allow_null=True, help_text="For leads.")
        sequence_no = serializers.IntegerField(allow_null=True, help_text="For leads.")
        reader = serializers.CharField(allow_null=True, help_text="For leads: who holds the read.")
        project = Named()
        case = Case(allow_null=True, help_text="For leads.")
        volume = VolumeOut()
        region = RegionOut(
            allow_null=True, help_text="All that is asked for; nothing else can be changed. null = the scan."
        )
        structures = StructureOut(many=True)
        asked = serializers.ListField(
            child=serializers.CharField(), help_text="Keys of the structures that this read is about."
        )
        model_version = serializers.IntegerField(allow_null=True, help_text="For leads.")
        mask = MaskRefOut()
        prediction_mask = MaskRefOut(allow_null=True)
        subject = Subject(allow_null=True, help_text="What is under review; of an adjudication, read A.")
        rival = MaskRefOut(allow_null=True, help_text="Of an adjudication: read B.")
        judged = JudgedOut(many=True, help_text="What the reviewer has said of single structures.")
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
        return Response(opened_out(user, access.assignment_for(user, assignment_id)))


def opened_out(user: AbstractBaseUser, assignment: Assignment) -> Any:
    """All that the page of a read needs to open it."""
    own = assignment.reader_id == user.pk
    if own:
        worklist.note_seen(assignment)
    namer = access.namer_for(user, assignment)
    opened = _opened(assignment, namer, editable=own and corrections.is_editable(assignment))
    if access.knows_cases(user, assignment.case.project_id):
        opened |= _for_leads(assignment)
    return AssignmentView.Output(opened, context={"namer": namer}).data


def _for_leads(assignment: Assignment) -> dict[str, Any]:
    return {
        "purpose": assignment.purpose,
        "sequence_no": assignment.sequence_no,
        "reader": assignment.reader.get_username(),
        "case": assignment.case,
        "model_version": worklist.model_version(assignment),
    }


def _opened(assignment: Assignment, namer: Namer, *, editable: bool) -> dict[str, Any]:
    """Neither side learns the other's name: not who drew it, not who judged it."""
    mask, subject = assignment.mask, assignment.subject
    read = subject.mask if subject is not None else mask
    structures = worklist.structures(assignment.case.project)
    return {
        "id": assignment.pk,
        "role": assignment.role,
        "state": assignment.state,
        "alias": assignment.alias,
        "start_from": assignment.start_from,
        **dict.fromkeys(("purpose", "sequence_no", "reader", "case", "model_version")),
        "project": assignment.case.project,
        "volume": assignment.case.volume,
        "region": regions.region_of(assignment.case),
        "structures": structures,
        "asked": assignment.structures or [entry.structure.key for entry in structures],
        "mask": mask_ref(namer, mask, mask.head),
        "prediction_mask": mask_ref(namer, read.base, read.base_revision),
        "subject": _subject(assignment, namer),
        "rival": _rival(assignment, namer),
        "judged": reviews.judgements(assignment),
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


def _subject(review: Assignment, namer: Namer) -> dict[str, Any] | None:
    """What is under review: the read as it was handed in, and what its reader measured."""
    if review.subject is None:
        return None
    return {
        "mask": mask_ref(namer, review.mask.base, review.mask.base_revision),
        "measurements": review.subject.measurements.all(),
    }


def _rival(adjudication: Assignment, namer: Namer) -> dict[str, Any] | None:
    """The rival of any other read is nothing that its reader may know of."""
    rival = adjudication.rival
    if rival is None or adjudication.role != AssignmentRole.ADJUDICATE:
        return None
    return mask_ref(namer, rival.mask, rival.mask.head)


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


class SkipView(ApiView):
    class Input(serializers.Serializer[Any]):
        reason = serializers.CharField(max_length=500)
        needs_expert = serializers.BooleanField(default=False, help_text="Only experts get it from now on.")

    @extend_schema(request=Input, responses=answers({200: StateOut}, 400, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="correct")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        skip = worklist.send_to_expert if given.validated_data["needs_expert"] else worklist.skip
        return Response(StateOut(skip(assignment=assignment, reason=given.validated_data["reason"])).data)


class UnsubmitView(ApiView):
    @extend_schema(request=None, responses=answers({200: StateOut}, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="submit")
        return Response(StateOut(worklist.unsubmit(assignment=assignment)).data)


class TakeOverView(ApiView):
    """A lead takes a read from its reader; what was drawn stays as a branch."""

    @extend_schema(request=None, responses=answers({200: StateOut}, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="manage")
        return Response(StateOut(worklist.take_over(assignment=assignment)).data)
