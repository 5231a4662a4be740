"""Strokes that came too late: kept as a mask of their own, and put on the newest revision later."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, corrections
from annotation.api.base import ApiView, answers, signed_in
from annotation.api.revisions import MetaIn, SavedOut, StaleOut, StepIn, StrokesView, answer
from annotation.api.shapes import BranchOut


class BranchMetaIn(MetaIn):
    """The part `meta`, as JSON text."""

    branch = serializers.CharField(max_length=100, allow_null=True, default=None)


class BranchesView(StrokesView):
    @extend_schema(
        request={"multipart/form-data": StrokesView.Input}, responses=answers({201: BranchOut}, 400, 413)
    )
    def post(self, request: Request, assignment_id: int) -> Response:
        user = signed_in(request)
        assignment = access.assignment_for(user, assignment_id, to="keep")
        strokes, meta = self.received(request, BranchMetaIn)
        continues = access.branch_for(user, meta["branch"]).pk if meta["branch"] is not None else None
        branch = corrections.keep(assignment=assignment, continues=continues, **strokes)
        namer = access.namer_for(user, assignment)
        return Response(BranchOut(branch, context={"namer": namer}).data, status=201)


class ApplyBranchView(ApiView):
    @extend_schema(request=StepIn, responses={**answers({200: SavedOut, 201: SavedOut}, 400), 409: StaleOut})
    def post(self, request: Request, mask_id: str) -> Response:
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
