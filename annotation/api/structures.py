"""The catalogue, where structures would stand, and those of a project."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, projects
from annotation.api.base import ApiView, answers, signed_in
from annotation.api.shapes import StructureOut
from annotation.models import HIGHEST_PRIORITY, LOWEST_PRIORITY, Side
from annotation.projects import Found

MOST_NAMES = 1000  # more than a project can have: the use case says so in its own words


class PlaceOut(serializers.Serializer[Any]):
    """Where a structure stands in the masks. Structures of one layer exclude each other."""

    key = serializers.CharField()
    name = serializers.CharField()
    layer = serializers.IntegerField()
    value = serializers.IntegerField()
    because = serializers.CharField(help_text="Why it is not on the first layer.")


class NamesIn(serializers.Serializer[Any]):
    structures = serializers.ListField(
        child=serializers.CharField(max_length=200, allow_blank=True),  # the use case says what is wrong
        max_length=MOST_NAMES,
        help_text="Keys of the catalogue, or names of new structures.",
    )


class StructuresView(ApiView):
    """The catalogue, and what was made here besides."""

    class Query(serializers.Serializer[Any]):
        search = serializers.CharField(max_length=100, allow_blank=True, default="")
        region = serializers.ChoiceField(choices=[*projects.regions(), ""], default="")
        side = serializers.ChoiceField(choices=[*Side.values[1:], "none"], required=False)

    class Output(serializers.Serializer[Any]):
        class Region(serializers.Serializer[Any]):
            key = serializers.CharField()
            name = serializers.CharField()

        class Row(serializers.Serializer[Found]):
            key = serializers.CharField()
            name = serializers.CharField()
            side = serializers.CharField()
            region = serializers.CharField()
            parent = serializers.CharField(  # type: ignore[assignment]  # fields leave the class again
                help_text="Key of what it is a part of, or empty."
            )
            snomed_code = serializers.CharField()
            tolerance_mm = serializers.FloatField()
            colour = serializers.CharField()
            synonyms = serializers.ListField(child=serializers.CharField())

        regions = Region(many=True)
        results = Row(many=True)

    @extend_schema(
        parameters=[
            OpenApiParameter("search", str, description="Words of a name or another spelling."),
            OpenApiParameter("region", str, enum=list(projects.regions())),
            OpenApiParameter("side", str, enum=[*Side.values[1:], "none"]),
        ],
        responses=answers({200: Output}, 400),
    )
    def get(self, request: Request) -> Response:
        given = self.Query(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        side = {"none": ""}.get(asked.get("side"), asked.get("side"))
        found = projects.search(asked["search"], region=asked["region"], side=side)
        regions = [{"key": key, "name": name} for key, name in projects.regions().items()]
        return Response(self.Output({"regions": regions, "results": found}).data)


class LayoutView(ApiView):
    """Layers and values that these structures would get in a new project. Stores nothing."""

    class Input(NamesIn):
        preset = serializers.CharField(max_length=40, allow_blank=True, default="")

    @extend_schema(request=Input, responses=answers({200: PlaceOut(many=True)}, 400))
    def post(self, request: Request) -> Response:
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(PlaceOut(projects.plan_layout(**given.validated_data), many=True).data)


class ProjectStructuresView(ApiView):
    @extend_schema(request=NamesIn, responses=answers({201: StructureOut(many=True)}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        """Add structures; what is there keeps its layer and value. Answers with those that are new."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = NamesIn(data=request.data)
        given.is_valid(raise_exception=True)
        added: Any = projects.add_structures(project=project, **given.validated_data)
        return Response(StructureOut(added, many=True).data, status=201)


class ProjectStructureView(ApiView):
    class Input(serializers.Serializer[Any]):
        priority = serializers.IntegerField(
            min_value=LOWEST_PRIORITY,
            max_value=HIGHEST_PRIORITY,
            help_text="0 = as usual; each step up doubles what a lack of it weighs when cases are chosen.",
        )

    class Output(serializers.Serializer[Any]):
        key = serializers.CharField(source="structure.key")
        priority = serializers.IntegerField()

    @extend_schema(request=Input, responses=answers({200: Output}, 400))
    def patch(self, request: Request, project_id: int, key: str) -> Response:
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        changed = projects.change_priority(project=project, key=key, **given.validated_data)
        return Response(self.Output(changed).data)

    @extend_schema(responses=answers({204: None}, 409))
    def delete(self, request: Request, project_id: int, key: str) -> Response:
        """Remove one that nothing refers to; 409 with the reason where something does."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        projects.remove_structure(project=project, key=key)
        return Response(status=204)
