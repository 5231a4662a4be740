"""Networks side by side: asked for, watched, stopped, and the table that comes of it. For leads."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, learning
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.api.learning import LONGEST_BUDGET_S, DifferenceOut
from annotation.api.runs import RunCasesOut, RunModelOut
from annotation.api.shapes import JobOut
from annotation.models import Project

SHORTEST_BUDGET_S = 10
_BENCH_STATES = [(state.value, state.value) for state in learning.BenchState]
_ENTRY_STATES = [(state.value, state.value) for state in learning.EntryState]


def _managed(request: Request, project_id: int) -> Project:
    return access.project_for(signed_in(request), project_id, to="manage")


class BenchEntryOut(serializers.Serializer[Any]):
    """One network. `run` and `job` are those of its newest training; null = not queued yet."""

    network = serializers.CharField()
    state = serializers.ChoiceField(choices=_ENTRY_STATES)
    run = serializers.IntegerField(source="run_id", allow_null=True)
    job = JobOut(allow_null=True)
    model = RunModelOut(allow_null=True)
    steps = serializers.IntegerField(allow_null=True)
    train_seconds = serializers.FloatField(allow_null=True, help_text="Of training alone.")
    parameters = serializers.IntegerField(allow_null=True)


class BenchOut(serializers.Serializer[Any]):
    """A comparison and where its networks stand."""

    id = serializers.IntegerField(source="comparison.pk")
    state = serializers.ChoiceField(choices=_BENCH_STATES)
    created_at = serializers.DateTimeField(source="comparison.created_at")
    requested_by = serializers.CharField(source="comparison.requested_by.username")
    budget_s = serializers.IntegerField(source="comparison.budget_s", help_text="Wall time of each training.")
    seed = serializers.IntegerField(source="comparison.seed")
    snapshot_sha256 = serializers.CharField(source="comparison.snapshot.sha256")
    cases = RunCasesOut()
    entries = BenchEntryOut(many=True, help_text="In their turn.")
    done = serializers.IntegerField(help_text="Networks that have a model.")
    seconds_left = serializers.FloatField(
        allow_null=True, help_text="Rounds of training in between come on top; null = it does not go on."
    )
    waits = serializers.BooleanField(help_text="A training that is not of this comparison goes first.")
    can_go_on = serializers.BooleanField(help_text="Stopped or over, and a network has no model.")


class BenchCellOut(serializers.Serializer[Any]):
    network = serializers.CharField()
    mean = serializers.FloatField(allow_null=True)
    sd = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Of the 95 % interval for other cases.")
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Cases that the mean rests on.")
    best = serializers.BooleanField(help_text="No network is better, in three decimals.")


class BenchRowOut(serializers.Serializer[Any]):
    key = serializers.CharField(allow_blank=True, help_text="Of the structure.")
    name = serializers.CharField()
    cells = BenchCellOut(many=True)


class BenchPairOut(serializers.Serializer[Any]):
    """The first network minus the second."""

    first = serializers.CharField()
    second = serializers.CharField()
    cases = serializers.IntegerField()
    difference = DifferenceOut(allow_null=True)
    p = serializers.FloatField(allow_null=True, help_text="Wilcoxon's signed-rank test over cases.")
    p_holm = serializers.FloatField(allow_null=True, help_text="The same, corrected for the pairs by Holm.")


class BenchMeasureOut(serializers.Serializer[Any]):
    structures = BenchRowOut(many=True)
    overall = BenchRowOut(help_text="Every structure weighs the same.")
    ranks = serializers.DictField(
        child=serializers.FloatField(), help_text="Mean rank by network, 1 is best; empty = not comparable."
    )
    pairs = BenchPairOut(many=True)
    left_out = serializers.ListField(
        child=serializers.CharField(), help_text="Structures that were measured in different ways."
    )


class BenchTableOut(serializers.Serializer[Any]):
    bench = BenchOut()
    dice = BenchMeasureOut()
    surface_dice = BenchMeasureOut()


class BenchesView(ApiView):
    class Input(serializers.Serializer[Any]):
        networks = serializers.ListField(
            child=serializers.CharField(max_length=40),
            max_length=len(learning.NETWORKS),
            help_text="Trained in this order.",
        )
        budget_s = serializers.IntegerField(
            min_value=SHORTEST_BUDGET_S, max_value=LONGEST_BUDGET_S, help_text="Wall time of each training."
        )
        seed = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT, default=0)

    @extend_schema(responses=answers({200: BenchOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """All comparisons of networks, the newest first."""
        return Response(BenchOut(learning.benches(_managed(request, project_id)), many=True).data)

    @extend_schema(request=Input, responses=answers({202: BenchOut}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        """Freeze what is accepted and train each network on it, one after the other."""
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        bench = learning.request_bench(project=project, by=signed_in(request), **given.validated_data)
        return Response(BenchOut(bench).data, status=202)


class BenchView(ApiView):
    @extend_schema(responses=answers({200: BenchTableOut}))
    def get(self, request: Request, project_id: int, bench_id: int) -> Response:
        """One comparison with its table so far."""
        bench = learning.bench_named(_managed(request, project_id), bench_id)
        return Response(BenchTableOut(learning.bench_table(bench)).data)


class BenchStopView(ApiView):
    @extend_schema(request=None, responses=answers({200: BenchOut}, 409))
    def post(self, request: Request, project_id: int, bench_id: int) -> Response:
        """Train no more of it. What has a model stays; the rest can go on later."""
        project = _managed(request, project_id)
        return Response(BenchOut(learning.stop_bench(project=project, comparison_id=bench_id)).data)


class BenchResumeView(ApiView):
    @extend_schema(request=None, responses=answers({202: BenchOut}, 409))
    def post(self, request: Request, project_id: int, bench_id: int) -> Response:
        """Train what has no model yet, on the set that was frozen then."""
        project = _managed(request, project_id)
        bench = learning.resume_bench(project=project, comparison_id=bench_id)
        return Response(BenchOut(bench).data, status=202)
