"""How far readers agree, for the lead of a project. Leads alone: a name beside a figure unblinds."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, agreement
from annotation.api import agreement_shapes as shapes
from annotation.api.base import LARGEST_ID, ApiView, answers, signed_in
from annotation.errors import Refused
from annotation.models import AgreementKind, Project
from training.metrics import METRIC_VERSION

PAGE = 100


class _Query(serializers.Serializer[Any]):
    structure = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    version = serializers.CharField(max_length=60, required=False, default=METRIC_VERSION)


class _ReaderQuery(_Query):
    reader = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False, default=None)


STRUCTURE = OpenApiParameter("structure", str, description="Key; without it all structures.")
VERSION = OpenApiParameter("version", str, description="Of the metric; without it today's.")
READER = OpenApiParameter("reader", int)


def _project(request: Request, project_id: int) -> Project:
    return access.project_for(signed_in(request), project_id, to="manage")


def _given(query: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    found = query(data=request.query_params)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)


def _answer(project: Project, version: str = METRIC_VERSION, **parts: Any) -> Response:
    """Written as it is: serializers describe it, but would take longer than the query."""
    readers = agreement.people(project)
    return Response(agreement.plainly({"metric_version": version, "readers": readers, **parts}))


class AgreementStructuresView(ApiView):
    class Query(_Query):
        kind = serializers.ChoiceField(choices=AgreementKind.choices, required=False, default=None)

    @extend_schema(
        parameters=[STRUCTURE, VERSION, OpenApiParameter("kind", str, enum=AgreementKind.values)],
        responses=answers({200: shapes.StructuresOut}, 400),
    )
    def get(self, request: Request, project_id: int) -> Response:
        """Agreement by structure: of readers, of models as one more reader, of readers with themselves."""
        project = _project(request, project_id)
        given = _given(self.Query, request)
        found = agreement.by_structure(project, **given)
        return _answer(project, given["version"], marks=found.marks, bands=found.bands)


class AgreementMatrixView(ApiView):
    @extend_schema(parameters=[STRUCTURE, VERSION], responses=answers({200: shapes.MatricesOut}, 400))
    def get(self, request: Request, project_id: int) -> Response:
        """Every pair of readers."""
        project = _project(request, project_id)
        given = _given(_Query, request)
        return _answer(project, given["version"], matrices=agreement.matrix(project, **given))


class AgreementVolumesView(ApiView):
    class Query(_Query):
        structure = serializers.CharField(max_length=80)
        reader = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
        other = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False, default=None)
        model_version = serializers.IntegerField(min_value=1, max_value=10**6, required=False, default=None)
        ratio = serializers.BooleanField(required=False, default=False)

    @extend_schema(
        parameters=[
            OpenApiParameter("structure", str, required=True),
            OpenApiParameter("reader", int, required=True),
            OpenApiParameter("other", int, description="Another reader; or a model."),
            OpenApiParameter("model_version", int),
            OpenApiParameter("ratio", bool, description="Ratios in place of differences."),
            VERSION,
        ],
        responses=answers({200: shapes.VolumesOut}, 400),
    )
    def get(self, request: Request, project_id: int) -> Response:
        """Bland–Altman of volumes."""
        project = _project(request, project_id)
        given = _given(self.Query, request)
        if (given["other"] is None) == (given["model_version"] is None):
            raise Refused("Name another reader (other), or a model (model_version), but not both.")
        if given["other"] == given["reader"]:
            raise Refused("A reader cannot be compared with the same reader here; name two.")
        return _answer(project, given["version"], charts=agreement.volumes(project, **given))


class AgreementAnchoringView(ApiView):
    @extend_schema(parameters=[STRUCTURE, VERSION], responses=answers({200: shapes.AnchoringOut}, 400))
    def get(self, request: Request, project_id: int) -> Response:
        """What beginning from one prediction adds to the agreement of readers."""
        project = _project(request, project_id)
        given = _given(_Query, request)
        return _answer(project, given["version"], gauges=agreement.anchoring(project, **given))


class AgreementDriftView(ApiView):
    @extend_schema(parameters=[READER, VERSION], responses=answers({200: shapes.DriftOut}, 400))
    def get(self, request: Request, project_id: int) -> Response:
        """Charts of readers whose agreement with gold or review may be falling; the alarms of all."""
        project = _project(request, project_id)
        given = _given(_ReaderQuery, request)
        charts = agreement.drift(project, reader=given["reader"], version=given["version"])
        return _answer(project, given["version"], charts=charts, alarms=agreement.alarms(project))


class AgreementCalibrationView(ApiView):
    @extend_schema(parameters=[STRUCTURE, VERSION], responses=answers({200: shapes.CalibrationsOut}, 400))
    def get(self, request: Request, project_id: int) -> Response:
        """ICC, κ, α, STAPLE's rates and the project's own tolerance, from the cases that everybody reads."""
        project = _project(request, project_id)
        given = _given(_Query, request)
        return _answer(project, given["version"], structures=agreement.calibration(project, **given))


class AgreementEffortView(ApiView):
    class Query(_ReaderQuery):
        by = serializers.ChoiceField(choices=["month", "round"], required=False, default="month")

    @extend_schema(
        parameters=[READER, OpenApiParameter("by", str, enum=["month", "round"])],
        responses=answers({200: shapes.EffortsOut}, 400),
    )
    def get(self, request: Request, project_id: int) -> Response:
        """Time and changes per read."""
        project = _project(request, project_id)
        given = _given(self.Query, request)
        by_round = given["by"] == "round"
        return _answer(project, efforts=agreement.effort(project, by_round=by_round, reader=given["reader"]))


class AgreementMonthsView(ApiView):
    @extend_schema(parameters=[STRUCTURE, READER, VERSION], responses=answers({200: shapes.MonthsOut}, 400))
    def get(self, request: Request, project_id: int) -> Response:
        """Means month by month."""
        project = _project(request, project_id)
        given = _given(_ReaderQuery, request)
        return _answer(project, given["version"], months=agreement.by_month(project, **given))


class AgreementCasesView(ApiView):
    class Query(_ReaderQuery):
        structure = serializers.CharField(max_length=80)
        kind = serializers.ChoiceField(choices=AgreementKind.choices)
        start = serializers.CharField(max_length=60)
        other = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False, default=None)
        figure = serializers.ChoiceField(choices=["dice", "surface_dice", "hd95_mm"], default="dice")
        page = serializers.IntegerField(min_value=1, max_value=10**6, default=1)

    @extend_schema(
        parameters=[
            OpenApiParameter("structure", str, required=True),
            OpenApiParameter("kind", str, required=True, enum=AgreementKind.values),
            OpenApiParameter("start", str, required=True, description="Key of the starting point."),
            READER,
            OpenApiParameter("other", int),
            OpenApiParameter("figure", str, enum=["dice", "surface_dice", "hd95_mm"]),
            OpenApiParameter("page", int),
            VERSION,
        ],
        responses=answers({200: shapes.AgreementCasesOut}, 400),
    )
    def get(self, request: Request, project_id: int) -> Response:
        """The cases behind a figure, worst first."""
        project = _project(request, project_id)
        given = _given(self.Query, request)
        version, starts, first = given["version"], given.pop("start"), (given.pop("page") - 1) * PAGE
        count, found = agreement.cases(project, starts=starts, first=first, most=PAGE, **given)
        return _answer(project, version, count=count, cases=found)


class ScoringView(ApiView):
    """Whether everything that can be compared was."""

    @extend_schema(operation_id="scoring", responses=answers({200: shapes.ScoringOut}))
    def get(self, request: Request, project_id: int) -> Response:
        return Response(shapes.ScoringOut(agreement.backlog(_project(request, project_id))).data)

    @extend_schema(operation_id="score_again", request=None, responses=answers({202: shapes.ScoringOut}))
    def post(self, request: Request, project_id: int) -> Response:
        """Try again what failed. Asking twice is asking once; what was scored already stays."""
        project = _project(request, project_id)
        agreement.score_again(project)
        return Response(shapes.ScoringOut(agreement.backlog(project)).data, status=202)
