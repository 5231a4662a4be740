"""Saving: strokes arrive as one multipart request and are committed before the answer leaves."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, chunks, corrections
from annotation.api.base import LARGEST_COUNT, LARGEST_ID, ApiView, Problem, answers, signed_in
from annotation.errors import Refused

META_BYTES = 512 * 1024


class EventIn(serializers.Serializer[Any]):
    """What one tool did to one structure."""

    tool = serializers.CharField(max_length=24)
    structure = serializers.IntegerField(min_value=0, max_value=255)
    layer = serializers.IntegerField(min_value=0, max_value=31)
    added = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
    removed = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)


class MetaIn(serializers.Serializer[Any]):
    """The part `meta`, as JSON text."""

    base_revision = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
    key = serializers.UUIDField()
    session = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, allow_null=True, default=None)
    events = EventIn(many=True, default=list)


class RevisionsView(ApiView):
    parser_classes = (MultiPartParser,)
    most_bytes = chunks.MOST_GZIP_BYTES + META_BYTES

    class Input(serializers.Serializer[Any]):
        meta = serializers.CharField(help_text="JSON: base_revision, key (UUID), session, events.")
        edits = serializers.FileField(help_text="gzip of runs; the format is in docs/reference/api.md.")

    class Output(serializers.Serializer[Any]):
        revision = serializers.IntegerField()
        sha256 = serializers.CharField()
        active_seconds = serializers.IntegerField()

    class Stale(Problem):
        head = serializers.IntegerField(required=False)

    @extend_schema(
        request={"multipart/form-data": Input},
        responses={**answers({200: Output, 201: Output}, 400, 413), 409: Stale},
    )
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="correct")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        meta = _meta(given.validated_data["meta"])
        saved = corrections.save(
            assignment=assignment,
            base_revision=meta["base_revision"],
            key=meta["key"],
            edits=given.validated_data["edits"].read(),
            session_id=meta["session"],
            events=[corrections.Event(**event) for event in meta["events"]],
        )
        answer = {
            "revision": saved.revision.number,
            "sha256": saved.revision.sha256,
            "active_seconds": saved.active_seconds,
        }
        return Response(answer, status=200 if saved.replayed else 201)


def _meta(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("The part `meta` is not JSON.") from error
    meta = MetaIn(data=parsed)
    meta.is_valid(raise_exception=True)
    validated: dict[str, Any] = meta.validated_data
    return validated
