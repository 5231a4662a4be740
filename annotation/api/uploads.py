"""Files from a browser, piece by piece, by the tus protocol (1.0.0: core, creation, creation with upload).

An upload gathers the files of one folder; a lead begins it, any tus client sends its files, and the import
begins when all of them are there.
"""

import base64
import binascii
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, intake, uploads
from annotation.api.base import LARGEST_ID, ApiView, answers, signed_in
from annotation.api.shapes import JobOut
from annotation.errors import Refused

TUS = "1.0.0"
PIECE = "application/offset+octet-stream"
_HEADERS = [OpenApiParameter("Tus-Resumable", str, OpenApiParameter.HEADER, required=True, description=TUS)]
_OFFSET = OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True)


class UploadOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    files = serializers.IntegerField(source="files_count")
    size = serializers.IntegerField(help_text="Bytes of all files that were announced.")
    received = serializers.IntegerField(help_text="Bytes that are here.")
    by = serializers.CharField(source="by.username")
    created_at = serializers.DateTimeField()


class UploadedFileOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    path = serializers.CharField()
    size = serializers.IntegerField()
    received = serializers.IntegerField()


class UploadsView(ApiView):
    limit = "upload"

    @extend_schema(responses=answers({200: UploadOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """Uploads that were begun and neither imported nor given up, the newest first."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        return Response(UploadOut(uploads.unfinished(project), many=True).data)

    @extend_schema(request=None, responses=answers({201: UploadOut}))
    def post(self, request: Request, project_id: int) -> Response:
        """Begin an upload; its files are sent to its own address."""
        user = signed_in(request)
        project = access.project_for(user, project_id, to="manage")
        begun = uploads.begin(project=project, by=user)
        return Response(UploadOut(uploads.with_received(begun.pk)).data, status=201)


class UploadView(ApiView):
    @extend_schema(responses=answers({200: UploadedFileOut(many=True)}))
    def get(self, request: Request, upload_id: UUID) -> Response:
        """The files that were announced, with how much of each is here: a client goes on from there."""
        upload = access.upload_for(signed_in(request), upload_id)
        return Response(UploadedFileOut(upload.files.order_by("path"), many=True).data)

    @extend_schema(responses=answers({204: None}))
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Give the upload up: what was sent is removed."""
        uploads.discard(access.upload_for(signed_in(request), upload_id))
        return Response(status=204)


class UploadImportView(ApiView):
    limit = "import"

    class Input(serializers.Serializer[Any]):
        recipe = serializers.CharField(
            max_length=120,
            allow_blank=True,
            default="",
            help_text="A data set's key, a saved recipe's number or name, or none; empty = recognised.",
        )
        resample = serializers.BooleanField(
            default=None,
            allow_null=True,
            help_text="Series with gaps may be brought onto an even grid; null = as the project says.",
        )
        site = serializers.CharField(
            max_length=200, allow_blank=True, default="", help_text="Where all of it was scanned."
        )
        by_number = serializers.BooleanField(
            default=False, help_text="Call cases, and files in the report, by numbers: names are not kept."
        )

    @extend_schema(request=Input, responses=answers({202: JobOut}, 400, 409))
    def post(self, request: Request, upload_id: UUID) -> Response:
        """Import what was sent, once all of it is here."""
        upload = access.upload_for(signed_in(request), upload_id)
        given = self.Input(data=_piece(request))
        given.is_valid(raise_exception=True)
        by = signed_in(request)
        job = intake.request_import(project=upload.project, by=by, upload=upload, **given.validated_data)
        return Response(JobOut(job).data, status=202)


class PieceParser(BaseParser):
    """A body that is bytes of a file."""

    media_type = PIECE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        announced = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        if announced > uploads.LARGEST_PIECE:
            raise RequestDataTooBig
        return bytes(stream.read(announced))


class TusView(ApiView):
    """What the protocol asks of every address."""

    parser_classes = (PieceParser,)
    most_bytes = uploads.LARGEST_PIECE

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response["Tus-Resumable"] = TUS
        return super().finalize_response(request, response, *args, **kwargs)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What this server knows of the protocol."""
        return Response(
            status=204,
            headers={"Tus-Version": TUS, "Tus-Extension": "creation,creation-with-upload"},
        )


class UploadFilesView(TusView):
    limit = "upload_file"

    @extend_schema(
        request={PIECE: OpenApiTypes.BINARY},
        parameters=[
            *_HEADERS,
            OpenApiParameter("Upload-Length", int, OpenApiParameter.HEADER, required=True),
            OpenApiParameter(
                "Upload-Metadata",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="`path` and, in base64, the file's path below its folder.",
            ),
        ],
        responses=answers({201: None}, 400, 409, 413, 415),
    )
    def post(self, request: Request, upload_id: UUID) -> Response:
        """Announce a file; its first piece may come with it. The same file again answers what is here."""
        upload = access.upload_for(signed_in(request), upload_id)
        _check_protocol(request)
        file = uploads.announce(upload=upload, path=_path(request), size=_number(request, "Upload-Length"))
        received = file.received
        if request.headers.get("Content-Type") == PIECE and not received:
            received = uploads.receive(file=file, offset=0, data=_piece(request))
        location = f"/api/uploads/files/{file.pk}/"
        return Response(status=201, headers={"Location": location, "Upload-Offset": str(received)})


class UploadedFileView(TusView):
    @extend_schema(parameters=_HEADERS, responses=answers({204: None}))
    def get(self, request: Request, file_id: UUID) -> Response:
        """How much of a file is here, in the headers; HEAD is the same."""
        file = access.uploaded_file_for(signed_in(request), file_id)
        _check_protocol(request)
        headers = {"Upload-Offset": str(file.received), "Upload-Length": str(file.size)}
        return Response(status=204, headers=headers | {"Cache-Control": "no-store"})

    def head(self, request: Request, file_id: UUID) -> Response:
        return self.get(request, file_id)

    @extend_schema(
        request={PIECE: OpenApiTypes.BINARY},
        parameters=[*_HEADERS, _OFFSET],
        responses=answers({204: None}, 400, 409, 413, 415),
    )
    def patch(self, request: Request, file_id: UUID) -> Response:
        """Add a piece behind what is here; 409 where it begins elsewhere."""
        file = access.uploaded_file_for(signed_in(request), file_id)
        _check_protocol(request)
        offset = _number(request, "Upload-Offset")
        received = uploads.receive(file=file, offset=offset, data=_piece(request))
        return Response(status=204, headers={"Upload-Offset": str(received)})


def _check_protocol(request: Request) -> None:
    if request.headers.get("Tus-Resumable") != TUS:
        raise Refused(f"Send files by the tus protocol: the header Tus-Resumable has to be {TUS}.")


def _piece(request: Request) -> bytes:
    return cast("bytes", request.data)


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_ID:
        raise Refused(f"The header {header} has to be a whole number.")
    return int(text)


def _path(request: Request) -> str:
    """The path in Upload-Metadata: pairs of a name and a value in base64, separated by commas."""
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        name, _, value = pair.strip().partition(" ")
        if name == "path":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise Refused("The path in Upload-Metadata is not UTF-8 in base64.") from error
    raise Refused("The header Upload-Metadata has to hold the file's path.")
