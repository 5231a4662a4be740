"""Sets of structures, ready to be taken."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import projects
from annotation.api.base import ApiView, answers
from annotation.api.structures import PlaceOut
from annotation.projects import Asked, Preset, place


class PresetsView(ApiView):
    """Each with its source, and the layers and values that its structures get."""

    class Output(serializers.Serializer[Any]):
        key = serializers.CharField()
        name = serializers.CharField()
        about = serializers.CharField()
        source = serializers.CharField(help_text="To be cited.")  # type: ignore[assignment]  # a field
        url = serializers.CharField()
        structures = serializers.SerializerMethodField()

        def get_structures(self, preset: Preset) -> list[dict[str, Any]]:
            names = self.context["names"]
            asked = [Asked(key, names[key]) for key in preset.structures]
            return list(PlaceOut(place(asked, numbers=preset.values), many=True).data)

    @extend_schema(responses=answers({200: Output(many=True)}))
    def get(self, request: Request) -> Response:
        names = {found.key: found.name for found in projects.search()}
        return Response(self.Output(projects.presets(), many=True, context={"names": names}).data)
