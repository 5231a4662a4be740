"""When a project trains and what its gate decided: policy, goals, comparisons, overruling. For leads."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, learning
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.errors import Refused
from annotation.models import (
    LEAST_CONTROL,
    GateVerdict,
    LearningPolicy,
    ModelDecision,
    ModelState,
    Project,
    Trigger,
)

MOST_GOALS = 2000
LONGEST_BUDGET_S = 30 * 24 * 3600
MOST_STEPS = 10_000_000


def _managed(request: Request, project_id: int) -> Project:
    return access.project_for(signed_in(request), project_id, to="manage")


class PolicyShape(serializers.ModelSerializer[LearningPolicy]):
    """What is left out stays as it is."""

    retrain_after = serializers.IntegerField(
        source="project.retrain_after", min_value=1, max_value=1000, help_text="Newly accepted cases."
    )
    training_budget_s = serializers.IntegerField(
        source="project.training_budget_s",
        min_value=10,
        max_value=LONGEST_BUDGET_S,
        help_text="Wall time of one training.",
    )
    network = serializers.ChoiceField(choices=learning.NETWORKS)
    every_hours = serializers.IntegerField(min_value=1, max_value=24 * 365, allow_null=True)
    forecast_gain = serializers.FloatField(min_value=0.0001, max_value=1, allow_null=True)
    margin = serializers.FloatField(min_value=0, max_value=1)
    fixed_steps = serializers.IntegerField(min_value=1, max_value=MOST_STEPS, allow_null=True)
    members = serializers.IntegerField(min_value=1, max_value=5)
    control_share = serializers.FloatField(min_value=LEAST_CONTROL, max_value=1)
    diversity = serializers.FloatField(min_value=0, max_value=5)
    slab_mm = serializers.FloatField(min_value=1, max_value=2000)
    cube_mm = serializers.FloatField(min_value=10, max_value=2000)

    class Meta:
        model = LearningPolicy
        exclude = ("id", "project", "updated_at")


class PolicyView(ApiView):
    class Output(serializers.Serializer[Any]):
        class Next(serializers.Serializer[learning.NextRound]):
            new = serializers.IntegerField(help_text="Cases accepted since the last training.")
            gain = serializers.FloatField(
                allow_null=True,
                help_text="Mean test Dice that they are expected to add; null = it cannot be told yet.",
            )
            at = serializers.DateTimeField(allow_null=True, help_text="When the clock starts a training.")
            due = serializers.ChoiceField(choices=Trigger.choices, allow_null=True)
            sentence = serializers.CharField()

        policy = PolicyShape()
        next = Next()

    def _answer(self, project: Project) -> Response:
        parts = {"policy": learning.policy_of(project), "next": learning.next_round(project)}
        return Response(self.Output(parts).data)

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        return self._answer(_managed(request, project_id))

    @extend_schema(request=PolicyShape(partial=True), responses=answers({200: Output}, 400))
    def patch(self, request: Request, project_id: int) -> Response:
        project = _managed(request, project_id)
        given = PolicyShape(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        changes = dict(given.validated_data)
        changes |= changes.pop("project", {})
        if not changes:
            raise Refused("Say what to change of the policy.")
        learning.change_policy(project=project, changes=changes)
        return self._answer(project)


class GoalShape(serializers.Serializer[Any]):
    structure = serializers.CharField(max_length=80)
    dice = serializers.FloatField(allow_null=True, default=None, help_text="Mean test Dice, 0 to 1.")
    cases = serializers.IntegerField(
        allow_null=True, default=None, max_value=LARGEST_COUNT, help_text="Accepted cases that show it."
    )


class GoalsView(ApiView):
    @extend_schema(responses=answers({200: GoalShape(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        return Response(GoalShape(learning.goals(_managed(request, project_id)), many=True).data)

    @extend_schema(request=GoalShape(many=True), responses=answers({200: GoalShape(many=True)}, 400))
    def put(self, request: Request, project_id: int) -> Response:
        """In place of all others."""
        project = _managed(request, project_id)
        given: serializers.ListSerializer[Any] = serializers.ListSerializer(
            data=request.data, max_length=MOST_GOALS, child=GoalShape()
        )
        given.is_valid(raise_exception=True)
        drafts = [learning.DraftGoal(**row) for row in given.validated_data]
        return Response(GoalShape(learning.change_goals(project=project, drafts=drafts), many=True).data)

    @extend_schema(request=GoalShape, responses=answers({200: GoalShape(many=True)}, 400))
    def patch(self, request: Request, project_id: int) -> Response:
        """One structure's; without Dice and cases it has none any more."""
        project = _managed(request, project_id)
        given = GoalShape(data=request.data)
        given.is_valid(raise_exception=True)
        draft = learning.DraftGoal(**given.validated_data)
        return Response(GoalShape(learning.change_goal(project=project, draft=draft), many=True).data)


class DecisionsView(ApiView):
    class Output(serializers.Serializer[Any]):
        class Decision(serializers.Serializer[ModelDecision]):
            id = serializers.IntegerField()
            version = serializers.IntegerField(source="model.version")
            verdict = serializers.ChoiceField(choices=GateVerdict.choices)
            instead_of = serializers.IntegerField(
                source="instead_of.version",
                allow_null=True,
                default=None,
                help_text="What served until then.",
            )
            by = serializers.CharField(source="by.username", allow_null=True, default=None)
            reason = serializers.CharField()
            at = serializers.DateTimeField()

        serving = serializers.IntegerField(allow_null=True, help_text="Version of the model that serves.")
        former = serializers.IntegerField(allow_null=True, help_text="Which one a roll-back leads to.")
        decisions = Decision(many=True, help_text="The newest first.")

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        project = _managed(request, project_id)
        serving, former = learning.serving_model(project), learning.former_model(project)
        parts = {
            "serving": serving and serving.version,
            "former": former and former.version,
            "decisions": learning.decisions(project),
        }
        return Response(self.Output(parts).data)


class DifferenceOut(serializers.Serializer[Any]):
    """The one model minus the other, with the bounds of the 95 % interval."""

    mean = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    cases = serializers.IntegerField()
    not_applicable = serializers.IntegerField()


class MeasureOut(serializers.Serializer[Any]):
    overall = DifferenceOut(allow_null=True)
    structures = serializers.DictField(child=DifferenceOut())
    worse = serializers.ListField(child=serializers.CharField(), help_text="These forbid promotion.")
    doubtful = serializers.ListField(
        child=serializers.CharField(), help_text="Below the margin, but chance may explain it."
    )


class ComparisonView(ApiView):
    class Output(serializers.Serializer[Any]):
        class Figures(serializers.Serializer[Any]):
            compared_with = serializers.IntegerField(help_text="Version of the other model.")
            margin = serializers.FloatField()
            cases = serializers.ListField(child=serializers.IntegerField(), help_text="Numbers of cases.")
            snapshot_sha256 = serializers.CharField(allow_blank=True)
            dice = MeasureOut(source="*")
            surface_dice = MeasureOut(source="surface")

        version = serializers.IntegerField()
        state = serializers.ChoiceField(choices=ModelState.choices)
        sentence = serializers.CharField(allow_blank=True, help_text="What the gate said.")
        figures = Figures(allow_null=True, help_text="Null = there was nothing to compare with.")

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, project_id: int, version: int) -> Response:
        model = learning.model_of(_managed(request, project_id), version)
        parts = {
            "version": model.version,
            "state": model.state,
            "sentence": model.gate.get("sentence", ""),
            "figures": learning.comparison_of(model),
        }
        return Response(self.Output(parts).data)


class ServingOut(serializers.Serializer[Any]):
    serving = serializers.IntegerField(source="version", help_text="Version of the model that serves now.")


class PromotionView(ApiView):
    class Input(serializers.Serializer[Any]):
        reason = serializers.CharField(max_length=1000)

    @extend_schema(request=Input, responses=answers({200: ServingOut}, 400, 409))
    def post(self, request: Request, project_id: int, version: int) -> Response:
        """Put a model into service whatever the gate said. It predicts every case that nobody has opened."""
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        model = learning.promote(
            project=project, version=version, by=signed_in(request), reason=given.validated_data["reason"]
        )
        return Response(ServingOut(model).data)


class RollbackView(ApiView):
    class Input(serializers.Serializer[Any]):
        reason = serializers.CharField(max_length=1000)
        version = serializers.IntegerField(
            min_value=1, max_value=LARGEST_COUNT, help_text="The model to go back to, as `former` names it."
        )

    @extend_schema(request=Input, responses=answers({200: ServingOut}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        """Put the model back that served before. It predicts every case that nobody has opened."""
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        model = learning.roll_back(project=project, by=signed_in(request), **given.validated_data)
        return Response(ServingOut(model).data)
