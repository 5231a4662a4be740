"""Two reads that differ: taking one to decide, where they differ, and the decision."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, reviews
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.models import AssignmentState, Verdict

NOTHING = "No two reads wait for an adjudication right now."


class AdjudicationsView(ApiView):
    """What waits for somebody who read neither."""

    class Output(serializers.Serializer[Any]):
        waiting = serializers.IntegerField()

    class Claimed(serializers.Serializer[Any]):
        assignment = serializers.IntegerField(allow_null=True)
        detail = serializers.CharField()

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        user = signed_in(request)
        project = access.project_for(user, project_id, to="review")
        return Response({"waiting": reviews.adjudications_waiting(reader=user, project=project)})

    @extend_schema(request=None, responses=answers({200: Claimed}))
    def post(self, request: Request, project_id: int) -> Response:
        user = signed_in(request)
        project = access.project_for(user, project_id, to="review")
        assignment = reviews.claim_adjudication(reader=user, project=project)
        if assignment is None:
            return Response({"assignment": None, "detail": NOTHING})
        return Response({"assignment": assignment.pk, "detail": "The reads are yours to decide."})


class EditsOut(serializers.Serializer[Any]):
    """Edits, as a save takes them, in base64: the voxels as that side has them."""

    structure = serializers.CharField()
    layer = serializers.IntegerField()
    value = serializers.IntegerField()
    tolerance_mm = serializers.FloatField()
    voxels = serializers.IntegerField()
    volume_ml = serializers.FloatField(allow_null=True, help_text="Null = the spacing is not known.")
    distance_mm = serializers.FloatField(
        allow_null=True, help_text="Of the farthest voxel from the other read's structure."
    )
    take_a = serializers.CharField()
    take_b = serializers.CharField()
    take_majority = serializers.CharField(allow_null=True, help_text="Null where there is no third vote.")


class ComponentOut(EditsOut):
    """A connected piece in which the two differ beyond the tolerance."""

    centre_ijk = serializers.ListField(child=serializers.IntegerField(), min_length=3, max_length=3)
    low = serializers.ListField(child=serializers.IntegerField(), min_length=3, max_length=3)
    high = serializers.ListField(child=serializers.IntegerField(), min_length=3, max_length=3)
    only_a = serializers.IntegerField(help_text="Voxels.")
    only_b = serializers.IntegerField(help_text="Voxels.")
    beyond_mm = serializers.FloatField(allow_null=True, help_text="The distance beyond the tolerance.")


class RateOut(serializers.Serializer[Any]):
    """STAPLE's diagnosis of one vote, among A, B and the prediction."""

    structure = serializers.CharField()
    of = serializers.ChoiceField(choices=["a", "b", "prediction"])
    sensitivity = serializers.FloatField()
    specificity = serializers.FloatField()
    region = serializers.CharField()
    converged = serializers.BooleanField()


class ComponentsView(ApiView):
    class Input(serializers.Serializer[Any]):
        connectivity = serializers.ChoiceField(choices=[6, 26], default=26)

    class Output(serializers.Serializer[Any]):
        connectivity = serializers.IntegerField()
        components = ComponentOut(many=True, help_text="Largest volume × distance beyond tolerance first.")
        rest = EditsOut(many=True, help_text="What differs within the tolerance, by structure.")
        rates = RateOut(many=True)
        majority_of = serializers.IntegerField(help_text="Votes: 3, or 0 where there is no third.")
        majority_rule = serializers.CharField()

    @extend_schema(
        parameters=[OpenApiParameter("connectivity", int, enum=[6, 26], description="26 where left out.")],
        responses=answers({200: Output}, 400, 409),
    )
    def get(self, request: Request, assignment_id: int) -> HttpResponse:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="adjudicate")
        given = self.Input(data=request.query_params)
        given.is_valid(raise_exception=True)
        body = reviews.disagreement(
            assignment=assignment, connectivity=int(given.validated_data["connectivity"])
        )
        response = HttpResponse(body, content_type="application/json")
        response["Content-Encoding"] = "gzip"
        response["Cache-Control"] = "private, no-cache"
        return response


class AdjudicateView(ApiView):
    class Input(serializers.Serializer[Any]):
        revision = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
        comment = serializers.CharField(allow_blank=True, default="", max_length=4000)

    class Output(serializers.Serializer[Any]):
        state = serializers.ChoiceField(choices=AssignmentState.choices)
        verdict = serializers.ChoiceField(choices=Verdict.choices)

    @extend_schema(request=Input, responses=answers({200: Output}, 400, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="adjudicate")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        review = reviews.adjudicate(
            assignment=assignment,
            revision=given.validated_data["revision"],
            comment=given.validated_data["comment"],
        )
        return Response({"state": review.assignment.state, "verdict": review.verdict})
