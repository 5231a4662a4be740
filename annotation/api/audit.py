"""The audit of a project, for its leads: a page at a time, or all of it as a file."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, audit
from annotation.api.base import LARGEST_ID, ApiView, answers, signed_in
from annotation.models import Action, AuditEvent, Case, Project

PAGE = 100
CHUNK = 2000
COLUMNS = ("at", "person", "action", "noun", "object", "case", "address", "route", "request", "detail")


class AuditFilter(serializers.Serializer[Any]):
    person = serializers.CharField(required=False, default="", max_length=150, help_text="A user name.")
    case = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=2**31 - 1, help_text="A number."
    )
    action = serializers.ChoiceField(choices=Action.choices, required=False, allow_blank=True, default="")
    since = serializers.DateTimeField(required=False, default=None)
    until = serializers.DateTimeField(required=False, default=None, help_text="Not included.")

    def wanted(self, before: int | None = None) -> audit.Wanted:
        self.is_valid(raise_exception=True)
        names = ("person", "case", "action", "since", "until")
        return audit.Wanted(**{name: self.validated_data[name] for name in names}, before=before)


class AuditPageFilter(AuditFilter):
    before = serializers.IntegerField(
        required=False,
        default=None,
        min_value=1,
        max_value=LARGEST_ID,
        help_text="`next` of the page before.",
    )


class AuditFileFilter(AuditFilter):
    form = serializers.ChoiceField(choices=("csv", "jsonl"), required=False, default="csv")


class AuditRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    person = serializers.CharField(help_text="User name; empty: nobody signed in, or the machine.")
    action = serializers.ChoiceField(choices=Action.choices)
    noun = serializers.CharField()
    object = serializers.CharField(help_text="Id of the thing.")
    case = serializers.IntegerField(allow_null=True, help_text="Number of the case, as long as it is there.")
    address = serializers.CharField(allow_null=True)
    route = serializers.CharField()
    request = serializers.CharField(help_text="Id of the request, as in the logs.")
    detail = serializers.DictField()


class AuditView(ApiView):
    class Output(serializers.Serializer[Any]):
        rows = AuditRow(many=True)
        next = serializers.IntegerField(allow_null=True, help_text="`before` of the next page.")

    @extend_schema(parameters=[AuditPageFilter], responses=answers({200: Output}, 400))
    def get(self, request: Request, project_id: int) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = AuditPageFilter(data=request.query_params)
        given.is_valid(raise_exception=True)
        wanted = given.wanted(given.validated_data["before"])
        events = list(audit.found(project, wanted)[: PAGE + 1])
        last = events[PAGE - 1].pk if len(events) > PAGE else None
        return Response(self.Output({"rows": list(_named(project, events[:PAGE])), "next": last}).data)


class AuditFileView(ApiView):
    @extend_schema(
        parameters=[AuditFileFilter],
        responses=answers(
            {(200, "text/csv"): OpenApiTypes.STR, (200, "application/jsonl"): OpenApiTypes.STR}, 400
        ),
    )
    def get(self, request: Request, project_id: int) -> HttpResponseBase:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = AuditFileFilter(data=request.query_params)
        wanted, form = given.wanted(), given.validated_data["form"]
        audit.note(audit.Action.EXPORT, noun="audit", object_id=project.pk, project=project.pk)
        write, kind = (_as_csv, "text/csv") if form == "csv" else (_as_lines, "application/jsonl")
        response = StreamingHttpResponse(write(_all(project, wanted)), content_type=f"{kind}; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="audit-{project.pk}.{form}"'
        return response


def _all(project: Project, wanted: audit.Wanted) -> Iterator[dict[str, Any]]:
    """A chunk at a time: the audit may be larger than memory."""
    before = wanted.before
    while True:
        rows = audit.found(project, wanted)
        events = list((rows if before is None else rows.filter(pk__lt=before))[:CHUNK])
        yield from _named(project, events)
        if len(events) < CHUNK:
            return
        before = events[-1].pk


def _named(project: Project, events: list[AuditEvent]) -> Iterator[dict[str, Any]]:
    """With names of people and numbers of cases in place of ids; the rows themselves hold neither."""
    people = User.objects.filter(pk__in={event.actor for event in events if event.actor is not None})
    names = dict(people.values_list("pk", "username"))
    cases = Case.objects.filter(project=project, pk__in={event.case for event in events if event.case})
    numbers = dict(cases.values_list("pk", "number"))
    for event in events:
        yield {
            "id": event.pk,
            "at": event.at,
            "person": "" if event.actor is None else names.get(event.actor, f"user {event.actor}"),
            "action": event.action,
            "noun": event.noun,
            "object": event.object,
            "case": None if event.case is None else numbers.get(event.case),
            "address": event.address,
            "route": event.route,
            "request": event.request,
            "detail": event.detail,
        }


def _as_csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield _line(COLUMNS)
    for row in rows:
        cells = row | {"at": row["at"].isoformat(), "detail": json.dumps(row["detail"]), "case": row["case"]}
        yield _line([_cell(cells[name]) for name in COLUMNS])


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: object) -> str:
    """A spreadsheet runs what begins like a formula, and user names may."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _as_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row | {"at": row["at"].isoformat()}) + "\n"
