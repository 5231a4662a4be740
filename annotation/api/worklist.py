"""The reader's home page, and the next case."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, worklist
from annotation.api.assignments import AssignmentView, opened_out
from annotation.api.base import LARGEST_ID, ApiView, answers, signed_in
from annotation.api.shapes import (
    MaskRefOut,
    RecentOut,
    ReturnedOut,
    StructureOut,
    SummaryOut,
    VolumeOut,
    mask_ref,
)
from annotation.handles import Namer
from annotation.models import Project

NO_CASE = "There is no case to read right now. New ones appear as scans are imported and predicted."
NO_REVIEW = "Nothing waits for a review right now."


class WorklistView(ApiView):
    class Input(serializers.Serializer[Any]):
        project = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)

    class Output(serializers.Serializer[worklist.Home]):
        class Next(serializers.Serializer[worklist.Home]):
            available = serializers.BooleanField()
            waiting = serializers.IntegerField(allow_null=True, help_text="For leads.")
            model_version = serializers.IntegerField(allow_null=True)
            median_seconds = serializers.IntegerField(allow_null=True)

        class Reviews(serializers.Serializer[worklist.Home]):
            waiting = serializers.IntegerField(source="reviews_waiting")
            in_progress = SummaryOut(many=True, source="reviews_in_progress")

        next = Next(source="*")
        returned = ReturnedOut(many=True)
        in_progress = SummaryOut(many=True)
        recent = RecentOut(many=True)
        reviews = Reviews(source="*")

    @extend_schema(
        parameters=[OpenApiParameter("project", int, required=True)], responses=answers({200: Output}, 400)
    )
    def get(self, request: Request) -> Response:
        given = self.Input(data=request.query_params)
        given.is_valid(raise_exception=True)
        user = signed_in(request)
        project = access.project_for(user, given.validated_data["project"])
        context = {"knows_cases": access.knows_cases(user, project.pk)}
        return Response(self.Output(worklist.home(reader=user, project=project), context=context).data)


class UpcomingView(ApiView):
    """The browser fetches its bytes ahead; whether the case will be this reader's is decided by `next`."""

    class Input(serializers.Serializer[Any]):
        project = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
        after = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)

    class Output(serializers.Serializer[Any]):
        class Case(serializers.Serializer[Any]):
            volume = VolumeOut()
            prediction_mask = MaskRefOut(allow_null=True)
            structures = StructureOut(many=True)

        upcoming = Case(allow_null=True)

    @extend_schema(
        parameters=[
            OpenApiParameter("project", int, required=True),
            OpenApiParameter("after", int, description="The read that is open now: what comes behind it."),
        ],
        responses=answers({200: Output}, 400),
    )
    def get(self, request: Request) -> Response:
        given = self.Input(data=request.query_params)
        given.is_valid(raise_exception=True)
        user = signed_in(request)
        project = access.project_for(user, given.validated_data["project"], to="annotate")
        found = worklist.upcoming(reader=user, project=project, after=given.validated_data.get("after"))
        if found is None:
            return Response({"upcoming": None})
        namer = Namer(user.pk, found.sequence_no)
        case = {
            "volume": found.case.volume,
            "prediction_mask": mask_ref(namer, found.start.base, found.start.at),
            "structures": worklist.structures(project),
        }
        return Response(self.Output({"upcoming": case}, context={"namer": namer}).data)


class NextView(ApiView):
    class Input(serializers.Serializer[Any]):
        project = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
        role = serializers.ChoiceField(choices=["annotate", "review"])
        with_read = serializers.BooleanField(
            default=False, help_text="Answer with what the page of the read needs: saves a request."
        )

    class Output(serializers.Serializer[Any]):
        assignment = serializers.IntegerField(allow_null=True)
        detail = serializers.CharField()
        read = AssignmentView.Output(
            allow_null=True, help_text="Where it was asked for: what the address of the read answers."
        )

    @extend_schema(request=Input, responses=answers({200: Output}, 400))
    def post(self, request: Request) -> Response:
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        user, review = signed_in(request), given.validated_data["role"] == "review"
        number = given.validated_data["project"]
        assignment = (
            worklist.claim_review(reviewer=user, project=access.project_for(user, number, to="review"))
            if review
            # Any member may read: `next_case` sees to that itself, as it holds the reader's place there.
            else worklist.next_case(reader=user, project=Project(pk=number))
        )
        if assignment is None:
            return Response({"assignment": None, "detail": NO_REVIEW if review else NO_CASE, "read": None})
        detail = f"Case {assignment.alias} is yours."
        read = (
            opened_out(user, access.assignment_for(user, assignment.pk))
            if given.validated_data["with_read"]
            else None
        )
        return Response({"assignment": assignment.pk, "detail": detail, "read": read})
