"""Which slices of a scan were on screen during a read."""

import base64
import binascii
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, corrections
from annotation.api.base import ApiView, answers, signed_in
from annotation.api.shapes import LookedOut, looked_out
from annotation.errors import Refused
from annotation.models import Plane


class LookedView(ApiView):
    class Input(serializers.Serializer[Any]):
        axial = serializers.CharField(required=False)
        sagittal = serializers.CharField(required=False)
        coronal = serializers.CharField(required=False)

    @extend_schema(
        description="One bit per slice, base64: slice s is bit s % 8 (lowest first) of byte s // 8.",
        request=Input,
        responses=answers({200: LookedOut}, 400, 409),
    )
    def put(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="correct")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        seen = {Plane(name): _bits(name, text) for name, text in given.validated_data.items()}
        return Response(looked_out(corrections.look(assignment=assignment, seen=seen)))


def _bits(plane: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(f"{plane}: this is not base64.") from error
