"""What a reader measures, kept with the read as it changes."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, corrections
from annotation.api.base import ApiView, answers, signed_in
from annotation.api.shapes import MeasurementOut
from annotation.models import MeasurementKind, Plane

LONGEST_LABEL = 80


class MeasurementsView(ApiView):
    class Input(serializers.Serializer[Any]):
        class Measured(serializers.Serializer[Any]):
            key = serializers.UUIDField()
            kind = serializers.ChoiceField(choices=MeasurementKind.choices)
            plane = serializers.ChoiceField(choices=Plane.choices)
            points_lps = serializers.ListField(
                child=serializers.ListField(child=serializers.FloatField(), min_length=3, max_length=3),
                min_length=2,
                max_length=4,
            )
            tilt_deg = serializers.ListField(
                child=serializers.FloatField(min_value=-360, max_value=360),
                default=lambda: list(corrections.STRAIGHT),
                min_length=3,
                max_length=3,
                help_text="How the plane was turned: degrees about i, then j, then k.",
            )
            label = serializers.CharField(  # type: ignore[assignment]  # a field; its metaclass takes it out of the class
                allow_blank=True, default="", max_length=LONGEST_LABEL
            )

        changed = serializers.ListField(
            child=Measured(), default=list, max_length=corrections.MOST_MEASUREMENTS
        )
        removed = serializers.ListField(
            child=serializers.UUIDField(), default=list, max_length=10 * corrections.MOST_MEASUREMENTS
        )

    class Output(serializers.Serializer[Any]):
        measurements = MeasurementOut(many=True)

    @extend_schema(
        description="New and changed ones, and the keys of removed ones. The same again changes nothing.",
        request=Input,
        responses=answers({200: Output}, 400, 409, 413),
    )
    def patch(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="correct")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        changed = [
            corrections.Measured(
                key=one["key"],
                kind=MeasurementKind(one["kind"]),
                plane=Plane(one["plane"]),
                points_lps=[(x, y, z) for x, y, z in one["points_lps"]],
                label=one["label"],
                tilt_deg=tuple(one["tilt_deg"]),
            )
            for one in given.validated_data["changed"]
        ]
        kept = corrections.measure(
            assignment=assignment, changed=changed, removed=given.validated_data["removed"]
        )
        return Response(self.Output({"measurements": kept}).data)
