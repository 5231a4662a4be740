"""Who holds what, and reads that a lead gives to a reader by name."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, worklist
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.models import Assignment, AssignmentRole, AssignmentState, Purpose


class CaseNumbers(serializers.ListField):
    child = serializers.IntegerField(min_value=1, max_value=LARGEST_COUNT)

    def __init__(self) -> None:
        super().__init__(min_length=1, max_length=worklist.MOST_AT_ONCE, help_text="Their numbers.")


class AssignmentsView(ApiView):
    class Row(serializers.Serializer[Any]):
        id = serializers.IntegerField()
        alias = serializers.CharField()
        case_number = serializers.IntegerField(source="case.number")
        reader = serializers.CharField(source="reader.username")
        role = serializers.ChoiceField(choices=AssignmentRole.choices)
        state = serializers.ChoiceField(choices=AssignmentState.choices)
        purpose = serializers.ChoiceField(choices=Purpose.choices)
        due_at = serializers.DateTimeField(allow_null=True)
        lease_until = serializers.DateTimeField()
        active_seconds = serializers.IntegerField()
        skip_reason = serializers.CharField()
        revisions = serializers.IntegerField(
            source="mask.head", help_text="Saved so far; 0 = nothing is drawn."
        )
        group = serializers.SerializerMethodField(help_text="Of structures; null where a project has none.")

        def get_group(self, read: Assignment) -> str | None:
            return read.part.group.name if read.part.group is not None else None

    class Input(serializers.Serializer[Any]):
        cases = CaseNumbers()
        reader = serializers.CharField(max_length=150, help_text="Username; a planned read moves to them.")
        due_at = serializers.DateTimeField(allow_null=True, default=None)

    @extend_schema(responses=answers({200: Row(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """Planned, open and returned reads, and what was skipped, the newest first."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        return Response(self.Row(worklist.held(project), many=True).data)

    @extend_schema(request=Input, responses=answers({201: Row(many=True)}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        user = signed_in(request)
        project = access.project_for(user, project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        planned = worklist.assign(
            project=project,
            cases=given.validated_data["cases"],
            to=given.validated_data["reader"],
            by=user,
            due_at=given.validated_data["due_at"],
        )
        return Response(self.Row(planned, many=True).data, status=201)


class CasesChanged(serializers.Serializer[Any]):
    cases = serializers.IntegerField(help_text="How many cases have it now.")


class OfCasesView(ApiView):
    """Gives the same to each of some cases, by `change`."""

    Input: type[serializers.Serializer[Any]]

    def give(self, request: Request, project_id: int, change: Callable[..., int]) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(CasesChanged({"cases": change(project=project, **given.validated_data)}).data)


class PriorityView(OfCasesView):
    class Input(serializers.Serializer[Any]):
        cases = CaseNumbers()
        priority = serializers.FloatField(min_value=-100, max_value=100, help_text="0 = as usual.")

    @extend_schema(request=Input, responses=answers({200: CasesChanged}, 400))
    def put(self, request: Request, project_id: int) -> Response:
        """Which cases come first, among those that are due alike; readers are not told."""
        return self.give(request, project_id, worklist.set_priority)


class DueView(OfCasesView):
    class Input(serializers.Serializer[Any]):
        cases = CaseNumbers()
        due_at = serializers.DateTimeField(allow_null=True, help_text="null = none any more.")

    @extend_schema(request=Input, responses=answers({200: CasesChanged}, 400))
    def put(self, request: Request, project_id: int) -> Response:
        """By when cases are to be read; readers see it on reads that were given to them by name."""
        return self.give(request, project_id, worklist.set_due)
