"""Masks as bytes: the non-empty chunks in force, in one compressed body."""

import struct
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from annotation import access, chunks
from annotation.api import encoding
from annotation.api.base import LARGEST_COUNT, ApiView, answers, signed_in
from annotation.models import Mask


class MaskView(ApiView):
    class Input(serializers.Serializer[Any]):
        revision = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT, required=False)

    @extend_schema(
        parameters=[OpenApiParameter("revision", int, description="The newest one, if it is left out.")],
        responses=answers({(200, "application/octet-stream"): OpenApiTypes.BINARY, 304: None}, 400),
    )
    def get(self, request: Request, mask_id: str) -> HttpResponseBase:
        mask = access.mask_for(signed_in(request), mask_id)
        given = self.Input(data=request.query_params)
        given.is_valid(raise_exception=True)
        revision = chunks.revision_at(mask, given.validated_data.get("revision"))
        etag = f'"{mask_id}-{revision}"'
        response = get_conditional_response(request._request, etag=etag)
        if response is None:
            response = _download(mask, revision, request.headers.get("Accept-Encoding", ""))
        response["ETag"] = etag
        response["X-Revision"] = str(revision)
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Accept-Encoding"])
        return response


def _download(mask: Mask, revision: int, accept_encoding: str) -> HttpResponse:
    chosen = encoding.accepted(accept_encoding)
    response = HttpResponse(
        encoding.encode(_records(mask, revision), chosen), content_type="application/octet-stream"
    )
    if chosen != "identity":
        response["Content-Encoding"] = chosen
    return response


def _records(mask: Mask, revision: int) -> Iterator[bytes]:
    """u32 layer, u32 chunk index, 32 768 voxels, for every chunk that is not all background."""
    for row in chunks.read_chunks(mask, revision):
        voxels = chunks.decompress(row.data)
        if voxels.any():
            yield struct.pack("<II", row.layer, row.index)
            yield voxels.tobytes()
