"""Saving: strokes arrive as one multipart request and are committed before the answer leaves."""

import json
import uuid
from typing import Any, TypedDict

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, chunks, corrections
from annotation.api.base import LARGEST_COUNT, LARGEST_ID, ApiView, Problem, answers, signed_in
from annotation.errors import Refused
from annotation.models import Tool

META_BYTES = 512 * 1024


class EventIn(serializers.Serializer[Any]):
    """What one tool did to one structure."""

    tool = serializers.CharField(max_length=24, help_text=", ".join(Tool.values))
    structure = serializers.IntegerField(min_value=0, max_value=255)
    layer = serializers.IntegerField(min_value=0, max_value=31)
    added = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
    removed = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)


class StepIn(serializers.Serializer[Any]):
    """What every new revision of a read names."""

    base_revision = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT)
    key = serializers.UUIDField()
    session = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, allow_null=True, default=None)


class MetaIn(StepIn):
    """The part `meta`, as JSON text."""

    events = EventIn(many=True, default=list)


class SavedOut(serializers.Serializer[corrections.Saved]):
    revision = serializers.IntegerField(source="revision.number")
    sha256 = serializers.CharField(source="revision.sha256")
    active_seconds = serializers.IntegerField()


class StaleOut(Problem):
    head = serializers.IntegerField(required=False, help_text="The newest revision.")


def answer(saved: corrections.Saved) -> Response:
    """201 for a new revision; 200, and the same words, when this key had arrived before."""
    return Response(SavedOut(saved).data, status=200 if saved.replayed else 201)


class Strokes(TypedDict):
    """What every save of strokes brings."""

    base_revision: int
    key: uuid.UUID
    session_id: int | None
    events: list[corrections.Event]
    edits: bytes


class StrokesView(ApiView):
    """Takes strokes: one multipart body with the part `meta` and the part `edits`."""

    parser_classes = (MultiPartParser,)
    most_bytes = chunks.MOST_GZIP_BYTES + META_BYTES

    class Input(serializers.Serializer[Any]):
        meta = serializers.CharField(
            help_text="JSON: base_revision, key (UUID), session, events; branch (or null) where one is kept."
        )
        edits = serializers.FileField(
            help_text="gzip of outlines or of runs; the format is in docs/reference/api.md."
        )

    def received(self, request: Request, shape: type[MetaIn]) -> tuple[Strokes, dict[str, Any]]:
        """The strokes, and all of `meta` as `shape` reads it. Raises Refused or a validation error."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        meta = _read_meta(given.validated_data["meta"], shape)
        strokes: Strokes = {
            "base_revision": meta["base_revision"],
            "key": meta["key"],
            "session_id": meta["session"],
            "events": [corrections.Event(**event) for event in meta["events"]],
            "edits": given.validated_data["edits"].read(),
        }
        return strokes, meta


class RevisionsView(StrokesView):
    @extend_schema(
        request={"multipart/form-data": StrokesView.Input},
        responses={**answers({200: SavedOut, 201: SavedOut}, 400, 413), 409: StaleOut},
    )
    def post(self, request: Request, assignment_id: int) -> Response:
        # A case that went back is a conflict, whose strokes become a branch, and no question of rights.
        assignment = access.assignment_for(signed_in(request), assignment_id, to="keep")
        strokes, _ = self.received(request, MetaIn)
        return answer(corrections.save(assignment=assignment, **strokes))


class RestoreView(ApiView):
    class Input(StepIn):
        revision = serializers.IntegerField(
            min_value=0,
            max_value=LARGEST_COUNT,
            help_text="What to go back to; 0 = what the read began from.",
        )

    @extend_schema(request=Input, responses={**answers({200: SavedOut, 201: SavedOut}, 400), 409: StaleOut})
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="correct")
        step = _step(self.Input(data=request.data))
        return answer(corrections.restore(assignment=assignment, **step))


class UndoView(ApiView):
    """An undo without its voxels: the mask still knows what it was."""

    class Input(StepIn):
        revision = serializers.IntegerField(
            min_value=1, max_value=LARGEST_COUNT, help_text="Whose changes are taken back."
        )

    @extend_schema(request=Input, responses={**answers({200: SavedOut, 201: SavedOut}, 400), 409: StaleOut})
    def post(self, request: Request, assignment_id: int) -> Response:
        # As with strokes: of a case that went back they become a branch.
        assignment = access.assignment_for(signed_in(request), assignment_id, to="keep")
        step = _step(self.Input(data=request.data))
        return answer(corrections.undo(assignment=assignment, **step))


class Step(TypedDict):
    """A new revision out of an earlier one."""

    revision: int
    base_revision: int
    key: uuid.UUID
    session_id: int | None


def _step(given: StepIn) -> Step:
    given.is_valid(raise_exception=True)
    step = given.validated_data
    return {
        "revision": step["revision"],
        "base_revision": step["base_revision"],
        "key": step["key"],
        "session_id": step["session"],
    }


def _read_meta(text: str, shape: type[StepIn]) -> dict[str, Any]:
    """The JSON part of a multipart save."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("The part `meta` is not JSON.") from error
    if isinstance(parsed, dict) and isinstance(parsed.get("events"), list):
        parsed["events"] = [event for entry in parsed["events"] for event in _events_of(entry)]
    meta = shape(data=parsed)
    meta.is_valid(raise_exception=True)
    validated: dict[str, Any] = meta.validated_data
    return validated


def _events_of(entry: Any) -> list[Any]:
    """One event, or those of an entry that names its tool and layer once for several structures."""
    if not isinstance(entry, dict) or not isinstance(entry.get("changes"), list):
        return [entry]
    rest = {name: value for name, value in entry.items() if name != "changes"}
    names = ("structure", "added", "removed")
    return [
        {**rest, **dict(zip(names, change, strict=True))}
        if isinstance(change, list) and len(change) == len(names)
        else change
        for change in entry["changes"]
    ]
