"""How reliability is measured in a project: for leads alone, as it says which reads are what."""

from dataclasses import asdict, replace
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, planning
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.models import AssignmentState, Comparator, Level, Metric, Project, StartFrom

MOST_ROWS = 2000


def share() -> serializers.FloatField:
    return serializers.FloatField(min_value=0, max_value=1)


def _managed(request: Request, project_id: int) -> Project:
    return access.project_for(signed_in(request), project_id, to="manage")


class PlanShape(serializers.Serializer[Any]):
    """What is read for reliability; shares are of a reader's reads, 0 to 1."""

    calibration_cases = serializers.IntegerField(min_value=0, max_value=1000)
    scratch_share = share()
    double_share = share()
    repeat_share = share()
    washout_days = serializers.IntegerField(min_value=1, max_value=3650)
    gold_share = share()
    review_share_first = share()
    review_share_least = share()
    review_window = serializers.IntegerField(min_value=1, max_value=1000)
    seed = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)


class PlanView(ApiView):
    class Output(serializers.Serializer[Any]):
        plan = PlanShape(allow_null=True, help_text="Null = none: every read is routine and is reviewed.")
        usual = PlanShape(help_text="What a plan usually says.")

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        project = _managed(request, project_id)
        plans = {"plan": planning.draft_of(project), "usual": planning.usual(project)}
        return Response(self.Output(plans).data)

    @extend_schema(request=PlanShape, responses=answers({200: PlanShape}, 400))
    def put(self, request: Request, project_id: int) -> Response:
        project = _managed(request, project_id)
        given = PlanShape(data=request.data)
        given.is_valid(raise_exception=True)
        draft = planning.DraftPlan(**given.validated_data)
        return Response(PlanShape(planning.change_plan(project=project, draft=draft)).data)


class AssumedIn(serializers.Serializer[Any]):
    """What is left out is as it was measured in the project, or as it usually is."""

    cases = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT, required=False)
    readers = serializers.IntegerField(min_value=0, max_value=10_000, required=False)
    minutes = serializers.FloatField(min_value=0, max_value=10_000, required=False)
    minutes_scratch = serializers.FloatField(min_value=0, max_value=10_000, required=False)
    sd_case = serializers.FloatField(min_value=0, max_value=1, required=False)
    sd_reader = serializers.FloatField(min_value=0, max_value=1, required=False)
    sd_residual = serializers.FloatField(min_value=0, max_value=1, required=False)
    icc = serializers.FloatField(min_value=0, max_value=0.999, required=False)


class ForecastView(ApiView):
    class Input(serializers.Serializer[Any]):
        plan = PlanShape()
        assumed = AssumedIn(required=False)

    class Output(serializers.Serializer[Any]):
        class Rests(serializers.Serializer[Any]):
            cases = serializers.IntegerField()
            readers = serializers.IntegerField()
            minutes = serializers.FloatField()
            minutes_scratch = serializers.FloatField()
            minutes_measured = serializers.BooleanField()
            sd_case = serializers.FloatField()
            sd_reader = serializers.FloatField()
            sd_residual = serializers.FloatField()
            icc = serializers.FloatField()

        assumed = Rests()
        calibration_reads = serializers.IntegerField()
        scratch_reads = serializers.IntegerField()
        double_reads = serializers.IntegerField()
        repeat_reads = serializers.IntegerField()
        gold_reads = serializers.IntegerField()
        pairs = serializers.IntegerField()
        routine_hours = serializers.FloatField()
        reliability_hours = serializers.FloatField()
        mean_dice = serializers.FloatField(allow_null=True, help_text="Half-width of its 95 % interval.")
        icc = serializers.FloatField(allow_null=True)
        limits_of_agreement = serializers.FloatField(allow_null=True, help_text="In SDs of the differences.")
        within_reader = serializers.FloatField(allow_null=True, help_text="As a share of the SD.")
        within_each_reader = serializers.FloatField(allow_null=True)

    @extend_schema(request=Input, responses=answers({200: Output}, 400))
    def post(self, request: Request, project_id: int) -> Response:
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        found = planning.forecast(
            draft=planning.DraftPlan(**given.validated_data["plan"]),
            given=replace(planning.assumed(project), **given.validated_data.get("assumed", {})),
        )
        return Response(self.Output(asdict(found)).data)


class GroupShape(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    structures = serializers.ListField(child=serializers.CharField(max_length=80), max_length=31 * 254)
    least_level = serializers.ChoiceField(choices=Level.choices, default=Level.JUNIOR)


class GroupsView(ApiView):
    @extend_schema(responses=answers({200: GroupShape(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        return Response(GroupShape(planning.groups(_managed(request, project_id)), many=True).data)

    @extend_schema(request=GroupShape(many=True), responses=answers({200: GroupShape(many=True)}, 400, 409))
    def put(self, request: Request, project_id: int) -> Response:
        project = _managed(request, project_id)
        given: serializers.ListSerializer[Any] = serializers.ListSerializer(
            data=request.data, max_length=MOST_ROWS, child=GroupShape()
        )
        given.is_valid(raise_exception=True)
        drafts = [planning.DraftGroup(**row) for row in given.validated_data]
        return Response(GroupShape(planning.change_groups(project=project, drafts=drafts), many=True).data)


class RequirementShape(serializers.Serializer[Any]):
    structure = serializers.CharField(max_length=80, allow_blank=True, default="", help_text="Empty = each.")
    metric = serializers.ChoiceField(choices=Metric.choices)
    threshold = serializers.FloatField(help_text="At least, for overlaps; at most, for distances in mm.")
    comparator = serializers.ChoiceField(choices=Comparator.choices, default=Comparator.INTER)


class RequirementsView(ApiView):
    @extend_schema(responses=answers({200: RequirementShape(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        return Response(
            RequirementShape(planning.requirements(_managed(request, project_id)), many=True).data
        )

    @extend_schema(
        request=RequirementShape(many=True), responses=answers({200: RequirementShape(many=True)}, 400)
    )
    def put(self, request: Request, project_id: int) -> Response:
        project = _managed(request, project_id)
        given: serializers.ListSerializer[Any] = serializers.ListSerializer(
            data=request.data, max_length=MOST_ROWS, child=RequirementShape()
        )
        given.is_valid(raise_exception=True)
        drafts = [planning.DraftRequirement(**row) for row in given.validated_data]
        rows = planning.change_requirements(project=project, drafts=drafts)
        return Response(RequirementShape(rows, many=True).data)


class ToleranceOut(serializers.Serializer[Any]):
    structure = serializers.CharField()
    tolerance_mm = serializers.FloatField(help_text="In force.")
    usual_mm = serializers.FloatField(help_text="The catalogue's.")
    is_own = serializers.BooleanField(help_text="Whether the project has one of its own in force.")
    suggested_mm = serializers.FloatField(
        allow_null=True, help_text="95th percentile of the distances between own readers' surfaces."
    )
    low = serializers.FloatField(allow_null=True, help_text="Of its 95 % interval.")
    high = serializers.FloatField(allow_null=True)
    cases = serializers.IntegerField(help_text="Calibration cases that it rests on.")
    readers = serializers.IntegerField()


class TolerancesView(ApiView):
    class Input(serializers.Serializer[Any]):
        structure = serializers.CharField(max_length=80)
        tolerance_mm = serializers.FloatField(allow_null=True, help_text="null = the catalogue's.")

    @extend_schema(responses=answers({200: ToleranceOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        return Response(ToleranceOut(planning.tolerances(_managed(request, project_id)), many=True).data)

    @extend_schema(request=Input, responses=answers({200: ToleranceOut(many=True)}, 400, 409))
    def put(self, request: Request, project_id: int) -> Response:
        """Of one structure; what was scored with another one is scored again."""
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        rows = planning.change_tolerance(project=project, **given.validated_data)
        return Response(ToleranceOut(rows, many=True).data)


class CalibrationReadShape(serializers.Serializer[Any]):
    reader = serializers.CharField(source="reader.username")
    state = serializers.ChoiceField(choices=AssignmentState.choices)


class CalibrationShape(serializers.Serializer[Any]):
    number = serializers.IntegerField(source="case.number", min_value=1, max_value=LARGEST_COUNT)
    start_from = serializers.ChoiceField(choices=[StartFrom.SCRATCH.value, StartFrom.PREDICTION.value])
    reads = CalibrationReadShape(source="case.calibration_reads", many=True, read_only=True)


class CalibrationView(ApiView):
    """The set itself; POST fills it up by lot."""

    @extend_schema(responses=answers({200: CalibrationShape(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        rows = planning.calibration(_managed(request, project_id))
        return Response(CalibrationShape(rows, many=True).data)

    @extend_schema(
        request=CalibrationShape(many=True), responses=answers({200: CalibrationShape(many=True)}, 400, 409)
    )
    def put(self, request: Request, project_id: int) -> Response:
        project = _managed(request, project_id)
        given: serializers.ListSerializer[Any] = serializers.ListSerializer(
            data=request.data, max_length=MOST_ROWS, child=CalibrationShape()
        )
        given.is_valid(raise_exception=True)
        drafts = [
            planning.DraftCalibration(row["case"]["number"], row["start_from"])
            for row in given.validated_data
        ]
        rows = planning.change_calibration(project=project, drafts=drafts)
        return Response(CalibrationShape(rows, many=True).data)

    @extend_schema(request=None, responses=answers({200: CalibrationShape(many=True)}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        rows = planning.draw_calibration(project=_managed(request, project_id))
        return Response(CalibrationShape(rows, many=True).data)


class GoldShape(serializers.Serializer[Any]):
    number = serializers.IntegerField(source="case.number", min_value=1, max_value=LARGEST_COUNT)
    source = serializers.CharField(max_length=200, allow_blank=True, default="")  # type: ignore[assignment]  # a field; its metaclass takes it out of the class
    excluded = serializers.BooleanField(default=False)


class GoldView(ApiView):
    @extend_schema(responses=answers({200: GoldShape(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        return Response(GoldShape(planning.gold(_managed(request, project_id)), many=True).data)

    @extend_schema(request=GoldShape(many=True), responses=answers({200: GoldShape(many=True)}, 400, 409))
    def put(self, request: Request, project_id: int) -> Response:
        project = _managed(request, project_id)
        given: serializers.ListSerializer[Any] = serializers.ListSerializer(
            data=request.data, max_length=MOST_ROWS, child=GoldShape()
        )
        given.is_valid(raise_exception=True)
        drafts = [
            planning.DraftGold(row["case"]["number"], row["source"], row["excluded"])
            for row in given.validated_data
        ]
        return Response(GoldShape(planning.change_gold(project=project, drafts=drafts), many=True).data)
