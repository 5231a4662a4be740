"""How much room a project has and takes, and patients' deletion. For leads."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, quota, retention
from annotation.api.base import LARGEST_ID, ApiView, answers, signed_in
from annotation.models import DeletionReason, PatientDeletion, Project


def _managed(request: Request, project_id: int) -> Project:
    return access.project_for(signed_in(request), project_id, to="manage")


class StorageOut(serializers.Serializer[Any]):
    limit = serializers.IntegerField(allow_null=True, help_text="Bytes; null = none is set.")
    scans = serializers.IntegerField(help_text="Bytes.")
    models = serializers.IntegerField(help_text="Bytes.")
    exports = serializers.IntegerField(help_text="Bytes.")
    uploads = serializers.IntegerField(help_text="Bytes of files on their way, as announced.")


class StorageView(ApiView):
    class Input(serializers.Serializer[Any]):
        limit = serializers.IntegerField(
            min_value=quota.MB, max_value=LARGEST_ID, allow_null=True, help_text="Bytes; null = none."
        )

    @extend_schema(responses=answers({200: StorageOut}))
    def get(self, request: Request, project_id: int) -> Response:
        """The most bytes that the project may hold in the store, and what it holds."""
        project = _managed(request, project_id)
        return Response(StorageOut({"limit": quota.limit_of(project), **quota.used(project)}).data)

    @extend_schema(request=Input, responses=answers({200: StorageOut}, 400))
    def put(self, request: Request, project_id: int) -> Response:
        """Set the limit. What is there stays, also where that is more."""
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        quota.set_limit(project=project, bytes_=given.validated_data["limit"], by=signed_in(request))
        return Response(StorageOut({"limit": quota.limit_of(project), **quota.used(project)}).data)


class DeletionOut(serializers.Serializer[Any]):
    """That a patient was deleted; nothing tells which."""

    id = serializers.IntegerField()
    by = serializers.CharField(source="by.username", allow_null=True, help_text="Null = the operator.")
    at = serializers.DateTimeField()
    reason = serializers.ChoiceField(choices=DeletionReason.choices)
    cases = serializers.ListField(child=serializers.IntegerField(), help_text="Their numbers.")
    exports = serializers.IntegerField(source="counts.exports")
    left = serializers.SerializerMethodField(help_text="Keys of the store that have still to be removed.")

    def get_left(self, deletion: PatientDeletion) -> int:
        return len(deletion.left)


class FoundOut(serializers.Serializer[Any]):
    """What a patient's deletion would take."""

    class CaseOut(serializers.Serializer[Any]):
        number = serializers.IntegerField()
        name = serializers.CharField()
        split = serializers.CharField()
        state = serializers.CharField()

    class CountsOut(serializers.Serializer[Any]):
        reads = serializers.IntegerField()
        revisions = serializers.IntegerField()
        scan_bytes = serializers.IntegerField()
        export_bytes = serializers.IntegerField()
        frozen_sets = serializers.IntegerField(help_text="Training sets in which a tombstone stays.")
        drawn_from = serializers.IntegerField(
            help_text="Pre-annotations of others that came from these; they stay."
        )
        uploads = serializers.IntegerField(help_text="Not imported yet, and not searched.")
        pictures = serializers.IntegerField(help_text="Of the guideline; they are not searched.")

    class LearnedOut(serializers.Serializer[Any]):
        version = serializers.IntegerField()
        state = serializers.CharField()
        through = serializers.IntegerField(
            allow_null=True, help_text="Version of the model that it began from."
        )

    class HeldOut(serializers.Serializer[Any]):
        id = serializers.IntegerField()
        created_at = serializers.DateTimeField()
        requested_by = serializers.CharField(source="requested_by.username")

    cases = CaseOut(many=True)
    counts = CountsOut()
    exports = HeldOut(many=True, help_text="Exports that hold the patient; they go as a whole.")
    models = LearnedOut(many=True, help_text="Models that learned from the patient; they stay.")
    in_the_way = serializers.ListField(child=serializers.CharField(), help_text="Why it cannot be done now.")


class DeletionsView(ApiView):
    class Input(serializers.Serializer[Any]):
        case = serializers.IntegerField(
            min_value=1, max_value=2**31 - 1, help_text="Number of one of its cases."
        )
        reason = serializers.ChoiceField(choices=DeletionReason.choices)

    @extend_schema(responses=answers({200: DeletionOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """Deletions that were done, the newest first."""
        done = _managed(request, project_id).deletions.select_related("by")
        return Response(DeletionOut(done, many=True).data)

    @extend_schema(request=Input, responses=answers({201: DeletionOut}, 400, 409, 503))
    def post(self, request: Request, project_id: int) -> Response:
        """Delete the patient of a case from this project: all cases, reads, images, and exports with them."""
        project = _managed(request, project_id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        done = retention.delete_patient(
            project=project, number=data["case"], reason=data["reason"], by=signed_in(request)
        )
        return Response(DeletionOut(done).data, status=201)


class DeletionPreviewView(ApiView):
    @extend_schema(responses=answers({200: FoundOut}))
    def get(self, request: Request, project_id: int, number: int) -> Response:
        """What the deletion of a case's patient would take, what it would leave, and what is in the way."""
        return Response(FoundOut(retention.look(_managed(request, project_id), number)).data)
