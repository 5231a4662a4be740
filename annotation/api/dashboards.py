"""Dashboards of a project, for its leads: the rows behind every chart, as JSON, CSV and Parquet."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, dashboards
from annotation.agreement.scale import SHOWN
from annotation.api.base import LARGEST_ID, ApiView, answers, signed_in
from annotation.api.rows import rows_of
from annotation.models import AgreementKind, Arm, CaseState, ErrorCode

MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
MOST_CASES = 100
LONGEST_WORD = 1000


def _id(required: bool) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=required)


def _key(required: bool) -> serializers.CharField:
    return serializers.CharField(max_length=80, required=required)


def _asked(name: str, required: bool) -> serializers.Field[Any, Any, Any, Any]:
    """One thing that may be asked of a table."""
    choices = {
        "kind": AgreementKind.choices,
        "metric": SHOWN,
        "state": CaseState.choices,
        "code": ErrorCode.choices,
        "arm": [*Arm.choices, ("difference", "the two that are compared")],
    }
    if name in choices:
        return serializers.ChoiceField(choices=choices[name], required=required)
    if name in dashboards.NARROWING:
        return serializers.CharField(max_length=LONGEST_WORD, required=required, help_text="? = not known.")
    if name == "grade":
        return serializers.IntegerField(min_value=1, max_value=5, required=required)
    if name in {"week", "month"}:
        return serializers.DateField(required=required, help_text="Its first day.")
    if name == "ids":
        whole = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
        return serializers.ListField(child=whole, max_length=MOST_CASES, required=required)
    return _id(required) if name in {"reader", "other", "model", "comparison"} else _key(required)


class AheadOut(serializers.Serializer[Any]):
    """95 % prediction interval; `high` null = no upper bound, `estimate` null = `reason` says why."""

    estimate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Whole weeks, or cases, that the estimate rests on.")
    reason = serializers.CharField()


class OverviewView(ApiView):
    class Output(serializers.Serializer[Any]):
        at = serializers.DateTimeField()
        goal = serializers.IntegerField(help_text="Cases of the pool.")
        accepted = serializers.IntegerField()
        remaining = serializers.IntegerField()
        weeks_left = AheadOut()
        hours_left = AheadOut()
        states = rows_of(dashboards.StateRow)
        weeks = rows_of(dashboards.WeekRow)
        months = rows_of(dashboards.MonthRow)

    @extend_schema(operation_id="dashboard_overview", responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        return Response(self.Output(dashboards.overview(project)).data)


class OwnView(ApiView):
    """Everybody's own page: own numbers, nobody else's."""

    class Output(serializers.Serializer[Any]):
        reads = serializers.IntegerField()
        active_hours = serializers.FloatField()
        reviewed = serializers.IntegerField(help_text="Own reads that were reviewed.")
        accepted = serializers.IntegerField(help_text="Of these, accepted at once as they were.")
        accepted_low = serializers.FloatField(
            allow_null=True, help_text="Of the share: 95 % interval (Wilson)."
        )
        accepted_high = serializers.FloatField(allow_null=True)
        months = rows_of(dashboards.OwnMonthRow)
        rounds = rows_of(dashboards.RoundRow)
        scores = rows_of(dashboards.OwnScoreRow)
        top_errors = rows_of(dashboards.OwnErrorRow)

    @extend_schema(operation_id="own_reading", responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        user = signed_in(request)
        project = access.project_for(user, project_id)
        return Response(self.Output(dashboards.own(project, user)).data)


class ReportView(ApiView):
    class Query(serializers.Serializer[Any]):
        form = serializers.ChoiceField(choices=["html", "pdf"], required=False, default="html")

    @extend_schema(
        operation_id="reliability_report",
        parameters=[Query],
        responses=answers(
            {(200, "text/html"): OpenApiTypes.STR, (200, "application/pdf"): OpenApiTypes.BINARY}, 400
        ),
    )
    def get(self, request: Request, project_id: int) -> HttpResponse:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Query(data=request.query_params)
        given.is_valid(raise_exception=True)
        found = dashboards.report(project)
        if given.validated_data["form"] == "html":
            return HttpResponse(dashboards.to_html(found), content_type="text/html; charset=utf-8")
        answer = HttpResponse(dashboards.to_pdf(found), content_type="application/pdf")
        answer["Content-Disposition"] = f'inline; filename="reliability-{project.pk}-{found.at:%Y-%m-%d}.pdf"'
        return answer


class TableView(ApiView):
    """The rows behind a chart; as a file with `form`, the same rows with all of their columns."""

    table: ClassVar[str]
    query: ClassVar[type[serializers.Serializer[Any]]]
    output: ClassVar[type[serializers.Serializer[Any]]]

    def answer(self, request: Request, project_id: int) -> HttpResponse | Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.query(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked = dict(given.validated_data)
        form = asked.pop("form", "json")
        table = dashboards.table_named(project, self.table, asked)
        if form == "json":
            return Response(self.output({"rows": table.rows}).data)
        answer = HttpResponse(dashboards.to_file(table, form), content_type=MEDIA[form])
        answer["Content-Disposition"] = f'attachment; filename="{self.table}.{form}"'
        return answer


def _view_of(name: str, source: dashboards.Source) -> type[TableView]:
    """The address of one table: its query and its rows are in the documentation."""
    title = name.title().replace("_", "")
    fields = {one: _asked(one, one in source.must) for one in (*source.must, *source.may)}
    form = serializers.ChoiceField(choices=["json", *sorted(MEDIA)], required=False)
    query = type(f"{title}Query", (serializers.Serializer,), {**fields, "form": form})
    output = type(f"{title}Table", (serializers.Serializer,), {"rows": rows_of(source.row)})

    @extend_schema(
        operation_id=f"dashboard_{name}",
        description=source.about,
        parameters=[query],
        responses=answers({(200, "application/json"): output, **_files()}, 400),
    )
    def get(self: TableView, request: Request, project_id: int) -> HttpResponse | Response:
        return self.answer(request, project_id)

    members = {"table": name, "query": query, "output": output, "get": get}
    return type(f"{title}View", (TableView,), members)


def _files() -> dict[Any, Any]:
    return {(200, media.partition(";")[0]): OpenApiTypes.BINARY for media in MEDIA.values()}


def addresses() -> list[URLPattern]:
    """The overview, and every table by its name."""
    root = "api/projects/<int:project_id>/dashboards"
    tables = [
        path(f"{root}/{name}/", _view_of(name, source).as_view(), name=f"dashboard_{name}")
        for name, source in dashboards.SOURCES.items()
    ]
    return [
        path(f"{root}/overview/", OverviewView.as_view(), name="dashboard_overview"),
        *tables,
        path("api/projects/<int:project_id>/report/", ReportView.as_view(), name="report"),
        path("api/me/reading/<int:project_id>/", OwnView.as_view(), name="own_reading"),
    ]
