"""Where a prediction deserves a look: ranked regions, and the coarse map of its uncertainty."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, learning
from annotation.api import encoding
from annotation.api.base import ApiView, answers, signed_in


class RegionsView(ApiView):
    class Output(serializers.Serializer[Any]):
        class Region(serializers.Serializer[Any]):
            kind = serializers.CharField(help_text="unsure, piece, gap, jump, missing or volume")
            centre_ijk = serializers.ListField(
                child=serializers.IntegerField(), min_length=3, max_length=3, allow_null=True
            )
            low = serializers.ListField(
                child=serializers.IntegerField(), min_length=3, max_length=3, allow_null=True
            )
            high = serializers.ListField(
                child=serializers.IntegerField(),
                min_length=3,
                max_length=3,
                allow_null=True,
                help_text="Inclusive, as low.",
            )
            layer = serializers.IntegerField()
            structure = serializers.IntegerField(help_text="Its value; 0 = nothing is drawn near.")
            volume_ml = serializers.FloatField()
            uncertainty = serializers.FloatField(
                allow_null=True, help_text="0 sure, 1 as unsure as a coin toss; null = not measured."
            )
            reason = serializers.CharField()

        regions = Region(many=True)
        sentence = serializers.CharField(help_text="Why there are none, or empty.")

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request, mask_id: str) -> Response:
        mask = access.mask_for(signed_in(request), mask_id)
        regions, sentence = learning.regions_of(mask)
        return Response(self.Output({"regions": regions, "sentence": sentence}).data)


class UncertaintyView(ApiView):
    @extend_schema(
        description="uint8 over cells of X-Factor voxels, X-Shape cells along i, j, k, i fastest.",
        responses=answers({(200, "application/octet-stream"): OpenApiTypes.BINARY, 304: None}),
    )
    def get(self, request: Request, mask_id: str) -> HttpResponseBase:
        mask = access.mask_for(signed_in(request), mask_id)
        found = learning.map_of(mask)
        etag = f'"{mask_id}-uncertainty"'
        response = get_conditional_response(request._request, etag=etag)
        if response is None:
            chosen = encoding.accepted(request.headers.get("Accept-Encoding", ""))
            response = HttpResponse(
                encoding.from_zstd(found.frame, chosen), content_type="application/octet-stream"
            )
            if chosen != "identity":
                response["Content-Encoding"] = chosen
        response["ETag"] = etag
        response["X-Shape"] = ",".join(map(str, found.shape))
        response["X-Factor"] = ",".join(map(str, found.factor))
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Accept-Encoding"])
        return response
