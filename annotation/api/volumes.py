"""Image bricks as they lie in the store: OME-Zarr, immutable, cached for good."""

import re

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from annotation import access, store
from annotation.api import encoding
from annotation.api.base import ApiView, answers, signed_in
from annotation.errors import NotFound

# Nothing else lies in an image; whatever else is asked for does not exist.
METADATA = re.compile(r"(?:[0-9]/)?zarr\.json", re.ASCII)
BRICK = re.compile(r"[0-9]/c/[0-9]{1,6}/[0-9]{1,6}/[0-9]{1,6}", re.ASCII)
FOREVER = "private, max-age=31536000, immutable"


class ZarrView(ApiView):
    @extend_schema(
        parameters=[OpenApiParameter("path", str, OpenApiParameter.PATH, description="As in 0/c/3/0/0")],
        responses=answers(
            {
                (200, "application/octet-stream"): OpenApiTypes.BINARY,
                (200, "application/json"): OpenApiTypes.OBJECT,
                304: None,
            }
        ),
    )
    def get(self, request: Request, volume_id: str, path: str) -> HttpResponseBase:
        volume = access.volume_for(signed_in(request), volume_id)
        brick = BRICK.fullmatch(path) is not None
        if not brick and METADATA.fullmatch(path) is None:
            raise NotFound("There is no such part of this image.")
        chosen = encoding.accepted(request.headers.get("Accept-Encoding", "")) if brick else "identity"
        # The content's hash would be the same in another read of the case.
        etag = f'"{volume_id}-{path}-{chosen}"'
        response = get_conditional_response(request._request, etag=etag)
        if response is None:
            response = _serve(f"{volume.store_key}/{path}", brick, chosen)
        response["ETag"] = etag
        response["Cache-Control"] = FOREVER
        patch_vary_headers(response, ["Accept-Encoding"])
        return response


def _serve(key: str, brick: bool, chosen: encoding.Encoding) -> HttpResponse:
    stored = store.read(key)
    if not brick:
        return HttpResponse(stored, content_type="application/json")
    response = HttpResponse(encoding.from_zstd(stored, chosen), content_type="application/octet-stream")
    if chosen != "identity":
        response["Content-Encoding"] = chosen
    return response
