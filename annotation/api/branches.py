"""Strokes that came too late: kept as a mask of their own, and put on the newest revision later."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, chunks, corrections
from annotation.api.base import LARGEST_ID, ApiView, answers, signed_in
from annotation.api.revisions import META_BYTES, MetaIn, SavedOut, StaleOut, StepIn, answer, read_meta
from annotation.api.shapes import BranchOut


class BranchMetaIn(MetaIn):
    """The part `meta`, as JSON text."""

    branch = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, allow_null=True, default=None)


class BranchesView(ApiView):
    parser_classes = (MultiPartParser,)
    most_bytes = chunks.MOST_GZIP_BYTES + META_BYTES

    class Input(serializers.Serializer[Any]):
        meta = serializers.CharField(
            help_text="JSON: base_revision, key (UUID), session, events, branch (null begins a new one)."
        )
        edits = serializers.FileField(help_text="gzip of runs; the format is in docs/reference/api.md.")

    @extend_schema(request={"multipart/form-data": Input}, responses=answers({201: BranchOut}, 400, 413))
    def post(self, request: Request, assignment_id: int) -> Response:
        assignment = access.assignment_for(signed_in(request), assignment_id, to="keep")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        meta = read_meta(given.validated_data["meta"], BranchMetaIn)
        branch = corrections.keep(
            assignment=assignment,
            base_revision=meta["base_revision"],
            key=meta["key"],
            edits=given.validated_data["edits"].read(),
            continues=meta["branch"],
            session_id=meta["session"],
            events=[corrections.Event(**event) for event in meta["events"]],
        )
        return Response(BranchOut(branch).data, status=201)


class ApplyBranchView(ApiView):
    @extend_schema(request=StepIn, responses={**answers({200: SavedOut, 201: SavedOut}, 400), 409: StaleOut})
    def post(self, request: Request, mask_id: int) -> Response:
        branch = access.branch_for(signed_in(request), mask_id)
        given = StepIn(data=request.data)
        given.is_valid(raise_exception=True)
        step = given.validated_data
        return answer(
            corrections.apply_branch(
                branch=branch,
                base_revision=step["base_revision"],
                key=step["key"],
                session_id=step["session"],
            )
        )
