"""What became of a mask step by step: its revisions, and the difference between two of them."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, chunks, corrections
from annotation.api import encoding
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.models import EditEvent, MaskKind, Revision, RevisionKind, Tool


class EventOut(serializers.Serializer[EditEvent]):
    """What one tool did to one structure, in voxels."""

    tool = serializers.CharField(help_text=", ".join(Tool.values))
    layer = serializers.IntegerField()
    structure = serializers.IntegerField()
    added = serializers.IntegerField()
    removed = serializers.IntegerField()


class RevisionOut(serializers.Serializer[Revision]):
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=RevisionKind.choices)
    at = serializers.DateTimeField(source="created_at")
    author = serializers.SerializerMethodField(help_text="Null where a name would unblind, and for models.")
    voxels_changed = serializers.IntegerField()
    bytes = serializers.IntegerField(source="bytes_received")
    guideline_version = serializers.IntegerField(
        allow_null=True, help_text="Of the guideline that was in force; null = there was none."
    )
    events = EventOut(many=True)

    def get_author(self, revision: Revision) -> str | None:
        author = revision.author
        if author is None or not (self.context["names_all"] or author.pk == self.context["reader"]):
            return None
        return author.get_username()


class MaskRevisionsView(ApiView):
    class Input(serializers.Serializer[Any]):
        before = serializers.IntegerField(min_value=1, max_value=LARGEST_COUNT, required=False)

    @extend_schema(
        parameters=[
            OpenApiParameter("before", int, description="Only older ones; the newest, if it is left out.")
        ],
        responses=answers({200: RevisionOut(many=True)}, 400),
    )
    def get(self, request: Request, mask_id: str) -> Response:
        user = signed_in(request)
        mask = access.mask_for(user, mask_id)
        given = self.Input(data=request.query_params)
        given.is_valid(raise_exception=True)
        names_all = access.may_name_authors(user, mask.case.project_id)
        if not names_all and mask.kind != MaskKind.READER:
            # When a prediction was made is the same in every read of the case.
            return Response([])
        page = corrections.revisions(mask, before=given.validated_data.get("before"))
        context = {"reader": user.pk, "names_all": names_all}
        return Response([RevisionOut(revision, context=context).data for revision in page])


class DifferenceView(ApiView):
    @extend_schema(
        parameters=[
            OpenApiParameter("from", int, required=True, description="0 = as the mask's base left it."),
            OpenApiParameter("to", int, required=True),
        ],
        responses=answers({(200, "application/octet-stream"): OpenApiTypes.BINARY, 304: None}, 400),
    )
    def get(self, request: Request, mask_id: str) -> HttpResponseBase:
        mask = access.mask_for(signed_in(request), mask_id)
        # `from` is a word of the language, so the fields are not named after the parameters.
        query = {"start": request.query_params.get("from"), "end": request.query_params.get("to")}
        given = _Ends(data=query)
        given.is_valid(raise_exception=True)
        start, end = given.validated_data["start"], given.validated_data["end"]
        blocks = chunks.difference(mask, start, end)
        # Revisions never change, and neither does what lies between two of them.
        etag = f'"{mask_id}-{start}-{end}"'
        response = get_conditional_response(request._request, etag=etag)
        if response is None:
            chosen = encoding.accepted(request.headers.get("Accept-Encoding", ""))
            body = encoding.encode(blocks, chosen)
            response = HttpResponse(body, content_type="application/octet-stream")
            if chosen != "identity":
                response["Content-Encoding"] = chosen
        response["ETag"] = etag
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Accept-Encoding"])
        return response


class _Ends(serializers.Serializer[Any]):
    start = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
    end = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
