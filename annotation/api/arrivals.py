"""What a project lets in; cases that could not be taken as they came: held, or of unknown spacing."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, ingest
from annotation.api.base import ApiView, answers, signed_in
from annotation.errors import Refused
from annotation.models import Case, CaseState, Volume


class ImportSettingsView(ApiView):
    class Input(serializers.Serializer[Any]):
        keeps_uids = serializers.BooleanField(
            required=False,
            help_text="Keep the original UIDs of DICOM series from now on, sealed; false erases those kept.",
        )
        resamples_gaps = serializers.BooleanField(
            required=False,
            help_text="Bring series with gaps onto an even grid, unless an import says not to.",
        )

    class Output(serializers.Serializer[Any]):
        keeps_uids = serializers.BooleanField()
        resamples_gaps = serializers.BooleanField()
        sealed = serializers.IntegerField(help_text="Scans of which original UIDs are kept.")

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, project_id: int) -> Response:
        """What imports let in, and what they keep."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        return Response(self.Output(ingest.door_of(project)).data)

    @extend_schema(request=Input, responses=answers({200: Output}, 400))
    def patch(self, request: Request, project_id: int) -> Response:
        """Decide it for imports from now on. Keeping no original UIDs any more erases those that are kept."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        if not given.validated_data:
            raise Refused("Say what to change: keeps_uids or resamples_gaps.")
        return Response(self.Output(ingest.change_door(project=project, **given.validated_data)).data)


class CaseReleaseView(ApiView):
    class Output(serializers.Serializer[Case]):
        state = serializers.ChoiceField(choices=CaseState.choices)

    @extend_schema(request=None, responses=answers({200: Output}, 409))
    def post(self, request: Request, case_id: int) -> Response:
        """Let a held case go on: a lead has looked at it. Asked twice, done once."""
        user = signed_in(request)
        released = ingest.release(case=access.case_for(user, case_id), by=user)
        return Response(self.Output(released).data)


class CaseRemovalView(ApiView):
    @extend_schema(request=None, responses=answers({204: None}, 409))
    def post(self, request: Request, case_id: int) -> Response:
        """Remove a held case for good: its rows and its image."""
        ingest.remove(case=access.case_for(signed_in(request), case_id))
        return Response(status=204)


class CaseSliceView(ApiView):
    @extend_schema(responses=answers({(200, "image/png"): OpenApiTypes.BINARY}))
    def get(self, request: Request, case_id: int, k: int) -> HttpResponse:
        """A slice of a case as a picture, −1000 to 1000 HU: for a lead who looks for text in the pixels."""
        case = access.case_for(signed_in(request), case_id)
        answer = HttpResponse(ingest.picture_of(case, k), content_type="image/png")
        answer["Cache-Control"] = "private, no-store"
        return answer


class CaseSpacingView(ApiView):
    class Input(serializers.Serializer[Any]):
        spacing_mm = serializers.ListField(
            child=serializers.FloatField(),
            min_length=3,
            max_length=3,
            help_text="Between voxels along i, j, k: above 0 and below 20.",
        )

    class Output(serializers.Serializer[Volume]):
        spacing_mm = serializers.ListField(child=serializers.FloatField(), min_length=3, max_length=3)
        spacing_known = serializers.BooleanField()

    @extend_schema(request=Input, responses=answers({200: Output}, 400, 409))
    def post(self, request: Request, case_id: int) -> Response:
        """Give the spacing of a scan whose files do not say it. The same again changes nothing."""
        user = signed_in(request)
        case = access.case_for(user, case_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        volume = ingest.give_spacing(case=case, spacing_mm=given.validated_data["spacing_mm"], by=user)
        return Response(self.Output(volume).data)
