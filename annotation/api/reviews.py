"""Verdicts: on the read as a whole, and on its structures while the review is open."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, reviews
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.models import Acceptability, Assignment, AssignmentState, Review, StructureVerdict, Verdict
from annotation.reviews import Judgement

MOST_STRUCTURES = 31 * 254


class JudgedIn(serializers.Serializer[Any]):
    """What a reviewer says of one structure."""

    structure = serializers.CharField(max_length=80, help_text="Its key.")
    verdict = serializers.ChoiceField(choices=[Verdict.ACCEPT.value, Verdict.RETURN.value])
    acceptability = serializers.ChoiceField(
        choices=Acceptability.choices,
        allow_null=True,
        default=None,
        help_text="Of what was handed in, for the clinic: "
        + "; ".join(f"{one.value} = {one.label}" for one in Acceptability)
        + ".",
    )


class JudgedOut(serializers.Serializer[StructureVerdict]):
    structure = serializers.CharField()
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    acceptability = serializers.IntegerField(allow_null=True)


def _judgements(given: list[dict[str, Any]]) -> dict[str, Judgement]:
    return {one["structure"]: Judgement(Verdict(one["verdict"]), one["acceptability"]) for one in given}


class JudgedView(ApiView):
    """What the reviewer thinks of single structures so far; kept at once."""

    class Input(serializers.Serializer[Any]):
        structures = serializers.ListField(child=JudgedIn(), max_length=MOST_STRUCTURES)

    class Output(serializers.Serializer[Any]):
        structures = JudgedOut(many=True)

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="judge")
        return Response(self.Output({"structures": reviews.judgements(assignment)}).data)

    @extend_schema(
        description="Replaces what was said before.",
        request=Input,
        responses=answers({200: Output}, 400, 409),
    )
    def put(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="judge")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        kept = reviews.judge_structures(
            assignment=assignment, structures=_judgements(given.validated_data["structures"])
        )
        return Response(self.Output({"structures": kept}).data)


class VerdictView(ApiView):
    class Input(serializers.Serializer[Any]):
        verdict = serializers.ChoiceField(choices=["accept", "return"])
        comment = serializers.CharField(allow_blank=True, default="", max_length=4000)
        revision = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
        structures = serializers.ListField(
            child=JudgedIn(),
            required=False,
            max_length=MOST_STRUCTURES,
            help_text="Replaces what was said of single structures, where it is given.",
        )

    class Output(serializers.Serializer[Any]):
        state = serializers.ChoiceField(choices=AssignmentState.choices)
        verdict = serializers.ChoiceField(choices=Verdict.choices)

    @extend_schema(request=Input, responses=answers({200: Output}, 400, 409))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="judge")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        review = self._give(assignment, given.validated_data)
        return Response({"state": review.assignment.state, "verdict": review.verdict})

    def _give(self, assignment: Assignment, given: dict[str, Any]) -> Review:
        judge = reviews.accept if given["verdict"] == "accept" else reviews.return_to_reader
        return judge(
            assignment=assignment,
            revision=given["revision"],
            comment=given["comment"],
            structures=_judgements(given["structures"]) if "structures" in given else None,
        )
