"""Exports: ask for a selection in a format, follow it, fetch the file. For leads; cancelled as any job is."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, exports
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.api.shapes import JobOut
from annotation.models import ExportFormat, ExportWhat, Project, Split

_MOST_NAMES = 1000


def _managed(request: Request, project_id: int) -> Project:
    return access.project_for(signed_in(request), project_id, to="manage")


class ExportOut(serializers.Serializer[Any]):
    class Selection(serializers.Serializer[Any]):
        splits = serializers.ListField(child=serializers.CharField(), help_text="Empty = all.")
        readers = serializers.ListField(child=serializers.CharField(), help_text="User names; empty = all.")
        structures = serializers.ListField(child=serializers.CharField(), help_text="Keys; empty = all.")
        model = serializers.IntegerField(allow_null=True, help_text="A version.")
        original_uids = serializers.BooleanField(
            default=False, help_text="Objects name the series that the scans came from."
        )
        round = serializers.IntegerField(
            default=None,
            allow_null=True,
            help_text="Version of the model begun from; 0 = of none.",
        )

    id = serializers.IntegerField()
    form = serializers.ChoiceField(choices=ExportFormat.choices)
    what = serializers.ChoiceField(choices=ExportWhat.choices)
    selection = Selection()
    items = serializers.IntegerField(help_text="Delineations in it.")
    requested_by = serializers.CharField(source="requested_by.username")
    created_at = serializers.DateTimeField()
    bytes = serializers.IntegerField(allow_null=True, help_text="Of the file; null = there is none yet.")
    sha256 = serializers.CharField()
    job = JobOut()


class ExportsView(ApiView):
    limit = "export"

    class Input(serializers.Serializer[Any]):
        form = serializers.ChoiceField(choices=ExportFormat.choices)
        what = serializers.ChoiceField(choices=ExportWhat.choices, default=ExportWhat.ACCEPTED)
        splits = serializers.ListField(
            child=serializers.CharField(max_length=10), default=list, max_length=len(Split.values)
        )
        readers = serializers.ListField(
            child=serializers.CharField(max_length=150), default=list, max_length=_MOST_NAMES
        )
        structures = serializers.ListField(
            child=serializers.CharField(max_length=80), default=list, max_length=_MOST_NAMES
        )
        model = serializers.IntegerField(
            min_value=1,
            max_value=LARGEST_COUNT,
            default=None,
            allow_null=True,
            help_text="Version; of what a model was trained on or predicted.",
        )
        original_uids = serializers.BooleanField(
            default=False,
            help_text="DICOM SEG and RTSTRUCT name the series that the scans came from, where the project "
            "keeps its UIDs.",
        )
        round = serializers.IntegerField(
            min_value=0,
            max_value=LARGEST_COUNT,
            default=None,
            allow_null=True,
            help_text="Only what began from the prediction of this version of the model; 0 = from none.",
        )

    @extend_schema(responses=answers({200: ExportOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """All exports, the newest first."""
        return Response(ExportOut(exports.exports_of(_managed(request, project_id)), many=True).data)

    @extend_schema(request=Input, responses=answers({202: ExportOut}, 400, 409))
    def post(self, request: Request, project_id: int) -> Response:
        """Freeze the selection as it is now; a worker writes it."""
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        order = exports.Order(
            form=data["form"],
            what=data["what"],
            splits=tuple(data["splits"]),
            readers=tuple(data["readers"]),
            structures=tuple(data["structures"]),
            model=data["model"],
            original_uids=data["original_uids"],
            round=data["round"],
        )
        made = exports.request_export(project=project, by=signed_in(request), order=order)
        return Response(ExportOut(made).data, status=202)


class ExportView(ApiView):
    @extend_schema(responses=answers({200: ExportOut}))
    def get(self, request: Request, project_id: int, export_id: int) -> Response:
        """One export with its job's progress."""
        return Response(ExportOut(exports.export_named(_managed(request, project_id), export_id)).data)

    @extend_schema(responses=answers({204: None}, 409))
    def delete(self, request: Request, project_id: int, export_id: int) -> Response:
        """Remove an export and its file."""
        exports.remove(exports.export_named(_managed(request, project_id), export_id))
        return Response(status=204)


class ExportFileView(ApiView):
    @extend_schema(responses=answers({(200, "application/zip"): OpenApiTypes.BINARY}, 409))
    def get(self, request: Request, project_id: int, export_id: int) -> StreamingHttpResponse:
        """The finished file, in pieces."""
        export = exports.export_named(_managed(request, project_id), export_id)
        answer = StreamingHttpResponse(exports.download(export), content_type="application/zip")
        answer["Content-Disposition"] = f'attachment; filename="export-{export.pk}-{export.form}.zip"'
        answer["Content-Length"] = str(export.bytes)
        return answer
