"""What a strategy put forward, and what others would have: for leads alone, as no reader learns an arm."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, learning
from annotation.api.base import ApiView, answers, signed_in
from annotation.api.shapes import JobOut, RegionOut
from annotation.models import Arm, CaseState, Strategy, Unit


class ChosenOut(serializers.Serializer[Any]):
    """One case that was put forward, with the reason in words."""

    case_id = serializers.IntegerField(source="acquisition.case_id")
    number = serializers.IntegerField(source="acquisition.case.number")
    name = serializers.CharField(source="acquisition.case.name")
    state = serializers.ChoiceField(choices=CaseState.choices, source="acquisition.case.state")
    strategy = serializers.ChoiceField(choices=Strategy.choices, source="acquisition.strategy")
    arm = serializers.ChoiceField(choices=Arm.choices, source="acquisition.arm")
    score = serializers.FloatField(source="acquisition.score", allow_null=True)
    structure = serializers.CharField(source="acquisition.structure")
    structure_name = serializers.CharField()
    region = RegionOut(allow_null=True, help_text="The part of the scan that was chosen; null = all of it.")
    region_mm = serializers.ListField(
        child=serializers.FloatField(),
        min_length=3,
        max_length=3,
        allow_null=True,
        help_text="Size of the part along i, j, k.",
    )
    place = serializers.CharField(
        help_text="First and last voxels of the part along the axes that it cuts; empty = the whole scan."
    )
    read_id = serializers.IntegerField(
        allow_null=True, help_text="The case's newest read, to be opened; null = nobody has it."
    )
    rank = serializers.IntegerField(source="acquisition.rank")
    model_version = serializers.IntegerField(
        source="acquisition.model.version",
        default=None,
        allow_null=True,
        help_text="null = before any model.",
    )
    at = serializers.DateTimeField(source="acquisition.at")
    minutes = serializers.FloatField(allow_null=True, help_text="What correcting it is expected to take.")
    why = serializers.CharField()
    is_open = serializers.BooleanField(help_text="Whether nobody has opened it yet.")


class PredictedOut(serializers.Serializer[Any]):
    """Unread scans that the serving model has predicted."""

    scans = serializers.IntegerField()
    no_slab = serializers.IntegerField(help_text="Of how many no slab can be chosen.")
    no_cube = serializers.IntegerField(help_text="Of how many no cube can be chosen.")


class QueriesView(ApiView):
    class Output(serializers.Serializer[Any]):
        strategy = serializers.ChoiceField(choices=Strategy.choices)
        cold_start = serializers.ChoiceField(choices=Strategy.choices)
        control_share = serializers.FloatField()
        query_size = serializers.IntegerField()
        unit = serializers.ChoiceField(choices=Unit.choices)
        slab_mm = serializers.FloatField(help_text="Thickness of a slab.")
        cube_mm = serializers.FloatField(help_text="Edge of a cube.")
        model_version = serializers.IntegerField(allow_null=True)
        at = serializers.DateTimeField(allow_null=True, help_text="Of the newest choice.")
        left = serializers.IntegerField(help_text="Chosen cases that nobody has opened.")
        next = serializers.CharField(help_text="When cases are chosen again.")
        predicted = PredictedOut()
        chosen = ChosenOut(many=True, help_text="The newest first, 200 at most.")

    @extend_schema(operation_id="queries", responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        return Response(self.Output(learning.queries(project)).data)


class WhatIfOut(serializers.Serializer[Any]):
    """What a replay does: so many trainings of so many seconds on accepted cases."""

    strategies = serializers.ListField(child=serializers.ChoiceField(choices=Strategy.choices))
    seeds = serializers.IntegerField()
    seconds = serializers.IntegerField(help_text="Of each training.")
    start = serializers.IntegerField()
    query = serializers.IntegerField()
    budget = serializers.IntegerField()
    trainings = serializers.IntegerField()
    minutes = serializers.FloatField(help_text="Of training; predicting in between comes on top.")


class SpreadOut(serializers.Serializer[Any]):
    mean = serializers.FloatField(allow_null=True)
    sd = serializers.FloatField(allow_null=True)


class EstimateOut(serializers.Serializer[Any]):
    """With the bounds of the 95 % interval."""

    mean = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class FiguresOut(serializers.Serializer[Any]):
    """What a finished replay found."""

    class Row(serializers.Serializer[Any]):
        strategy = serializers.ChoiceField(choices=Strategy.choices)
        loop = serializers.IntegerField()
        items = serializers.IntegerField(help_text="Cases read.")
        foreground = serializers.FloatField(help_text="Voxels of structures in them, mean over seeds.")
        seeds = serializers.IntegerField()
        dice = SpreadOut()
        surface_dice = SpreadOut()

    class Of(serializers.Serializer[Any]):
        strategy = serializers.ChoiceField(choices=Strategy.choices)
        aubc = EstimateOut(allow_null=True, help_text="Area under mean Dice over the budget, 0 to 1.")
        final = SpreadOut()

    rows = Row(many=True)
    strategies = Of(many=True)
    against = serializers.DictField(
        child=EstimateOut(allow_null=True), help_text="Area more than the first strategy's, by strategy."
    )


class WhatIfsView(ApiView):
    """Compare strategies on what is accepted, as a job."""

    class Input(serializers.Serializer[Any]):
        strategies = serializers.ListField(
            child=serializers.ChoiceField(choices=Strategy.choices), min_length=1, max_length=9
        )
        seeds = serializers.IntegerField(min_value=1, max_value=10)
        seconds = serializers.IntegerField(min_value=1, max_value=3600)

    class Output(serializers.Serializer[Any]):
        usual = WhatIfOut(help_text="What is proposed.")
        job = JobOut(allow_null=True, help_text="The newest replay.")
        asked = WhatIfOut(allow_null=True, help_text="What it replays.")
        figures = FiguresOut(allow_null=True, help_text="Of the newest one that was finished.")

    @extend_schema(operation_id="what_if", responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        return Response(self.Output(learning.what_if(project)).data)

    @extend_schema(operation_id="ask_what_if", request=Input, responses=answers({202: JobOut}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        job = learning.request_what_if(project=project, **given.validated_data)
        return Response(JobOut(job).data, status=202)
