"""The registry of models: a card, the folder as a file, and folders from elsewhere. For leads."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, learning
from annotation.api.base import ApiView, UploadView, answers, signed_in
from annotation.api.shapes import JobOut
from annotation.errors import Refused
from annotation.models import GateVerdict, Model, ModelSource, ModelState


def _model(request: Request, project_id: int, version: int) -> Model:
    return learning.model_of(access.project_for(signed_in(request), project_id, to="manage"), version)


class ModelFigureOut(serializers.Serializer[Any]):
    """A mean over cases with its 95 % interval; null = not known, `reason` says why."""

    estimate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(source="counts.values")
    reason = serializers.CharField()


class ChangeOut(serializers.Serializer[Any]):
    """Test Dice of a model and of the one that it started from, on the same frozen cases."""

    class Structure(serializers.Serializer[Any]):
        key = serializers.CharField()
        before = serializers.FloatField()
        after = serializers.FloatField()
        difference = serializers.FloatField(source="difference.mean")
        low = serializers.FloatField(source="difference.low")
        high = serializers.FloatField(source="difference.high")
        cases = serializers.IntegerField(source="difference.cases")

    parent = serializers.IntegerField(source="parent.version")  # type: ignore[assignment]  # fields leave it
    imported = serializers.SerializerMethodField()
    cases = serializers.IntegerField()
    structures = Structure(many=True, source="changes")

    def get_imported(self, change: learning.BeforeAfter) -> bool:
        """Whether that model came from elsewhere."""
        return change.parent.source == ModelSource.IMPORTED


class CardOut(serializers.Serializer[Any]):
    class Structure(serializers.Serializer[Any]):
        key = serializers.CharField()
        name = serializers.CharField()
        dice = ModelFigureOut()
        surface_dice = ModelFigureOut()
        tolerance_mm = serializers.FloatField(
            allow_null=True, help_text="Of the surface Dice; null = not scored, or at several: left out."
        )

    class Cases(serializers.Serializer[Any]):
        train = serializers.IntegerField()
        validation = serializers.IntegerField()
        test = serializers.IntegerField()

    class Decision(serializers.Serializer[Any]):
        verdict = serializers.ChoiceField(choices=GateVerdict.choices)
        instead_of = serializers.IntegerField(source="instead_of.version", allow_null=True, default=None)
        by = serializers.CharField(source="by.username", allow_null=True, default=None)
        reason = serializers.CharField()
        at = serializers.DateTimeField()

    version = serializers.IntegerField(source="model.version")
    state = serializers.ChoiceField(choices=ModelState.choices, source="model.state")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # fields leave the class again
        choices=ModelSource.choices, source="model.source"
    )
    imported_by = serializers.CharField(source="model.imported_by.username", allow_null=True, default=None)
    created_at = serializers.DateTimeField(source="model.created_at")
    parent = serializers.IntegerField(  # type: ignore[assignment]  # fields leave the class again
        source="model.parent.version", allow_null=True, default=None
    )
    run = serializers.IntegerField(source="model.run_id", allow_null=True)
    network = serializers.CharField()
    code_version = serializers.CharField(source="model.run.code_version", default="")
    snapshot_sha256 = serializers.CharField(source="model.run.snapshot.sha256", default="")
    weights_sha256 = serializers.CharField(source="model.weights_sha256")
    metric_version = serializers.CharField(source="model.metric_version")
    plan = serializers.DictField(source="model.plan")
    licence = serializers.CharField(source="model.licence")
    notes = serializers.CharField()
    cases = Cases()
    train_numbers = serializers.ListField(
        child=serializers.IntegerField(), help_text="Numbers of the cases that it was trained on."
    )
    test_cases = serializers.IntegerField(help_text="Frozen test cases that the scores rest on.")
    structures = Structure(many=True)
    sentence = serializers.CharField(
        source="model.gate.sentence", default="", help_text="What the gate said."
    )
    decisions = Decision(many=True)
    network_file = serializers.BooleanField(
        source="has_network_file", help_text="Whether the network can be downloaded as one file."
    )
    change = ChangeOut(allow_null=True, help_text="Beside the model that it started from; null = from none.")


class CardView(ApiView):
    class Input(serializers.Serializer[Any]):
        licence = serializers.CharField(max_length=200, required=False, allow_blank=True)
        notes = serializers.CharField(max_length=4000, required=False, allow_blank=True)

    @extend_schema(responses=answers({200: CardOut}))
    def get(self, request: Request, project_id: int, version: int) -> Response:
        """Everything that is known of one model."""
        return Response(CardOut(learning.card_of(_model(request, project_id, version))).data)

    @extend_schema(request=Input, responses=answers({200: CardOut}, 400))
    def patch(self, request: Request, project_id: int, version: int) -> Response:
        """Licence and notes, which go with the model's folder."""
        model = _model(request, project_id, version)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        if not given.validated_data:
            raise Refused("Say what to change: licence or notes.")
        learning.describe(model=model, **given.validated_data)
        return Response(CardOut(learning.card_of(model)).data)


class FolderView(ApiView):
    @extend_schema(responses=answers({(200, "application/zip"): OpenApiTypes.BINARY}))
    def get(self, request: Request, project_id: int, version: int) -> StreamingHttpResponse:
        """The model's folder as a zip, which `python -m training predict` runs."""
        model = _model(request, project_id, version)
        answer = StreamingHttpResponse(learning.download(model), content_type="application/zip")
        answer["Content-Disposition"] = f'attachment; filename="model-{version}.zip"'
        return answer


class NetworkView(ApiView):
    @extend_schema(responses=answers({(200, "application/octet-stream"): OpenApiTypes.BINARY}))
    def get(self, request: Request, project_id: int, version: int) -> StreamingHttpResponse:
        """The network as one TorchScript file; `delineate.json` in it says how to prepare a patch."""
        model = _model(request, project_id, version)
        pieces = learning.download_network(model)
        answer = StreamingHttpResponse(pieces, content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="model-{version}.pt"'
        return answer


class ModelImportsView(UploadView):
    limit = "model_import"
    parser_classes = (MultiPartParser,)

    class Input(serializers.Serializer[Any]):
        file = serializers.FileField(help_text="A model folder of this program, as a zip.")
        licence = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
        notes = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")

    @extend_schema(request={"multipart/form-data": Input}, responses=answers({202: JobOut}, 400, 413))
    def post(self, request: Request, project_id: int) -> Response:
        """Take a model from elsewhere. A worker scores it on the test cases; then it waits for a lead."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        job = learning.request_import(project=project, by=signed_in(request), **given.validated_data)
        return Response(JobOut(job).data, status=202)
