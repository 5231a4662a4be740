"""Trainings: the list of a project, and one of them while it goes on and afterwards. For leads."""

import hashlib
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import access, learning
from annotation.api.base import ApiView, answers, signed_in
from annotation.api.projects import RunsView
from annotation.api.shapes import JobOut, StructureOut
from annotation.models import JobState, ModelState, RunEpoch, RunNote, Trigger


class RunCasesOut(serializers.Serializer[Any]):
    train = serializers.IntegerField()
    validation = serializers.IntegerField()
    test = serializers.IntegerField()


class RunModelOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ModelState.choices)


class RunRowOut(serializers.Serializer[Any]):
    """A training as a list shows it."""

    id = serializers.IntegerField(source="run.pk")
    number = serializers.IntegerField(help_text="Of the project's trainings, from 1.")
    state = serializers.ChoiceField(choices=JobState.choices, source="run.job.state")
    trigger = serializers.ChoiceField(choices=Trigger.choices, source="run.trigger")
    requested_by = serializers.CharField(
        source="run.requested_by.username", default=None, allow_null=True, help_text="null = the clock."
    )
    created_at = serializers.DateTimeField(source="run.created_at")
    started_at = serializers.DateTimeField(source="run.job.started_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="run.job.finished_at", allow_null=True)
    network = serializers.CharField(source="run.network")
    members = serializers.IntegerField(source="run.members")
    cases = RunCasesOut()
    model = RunModelOut(allow_null=True)


class RunEpochOut(serializers.ModelSerializer[RunEpoch]):
    member = serializers.IntegerField(help_text="Which network of an ensemble, from 0.")
    dice = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="Of the validation, by structure key."
    )

    class Meta:
        model = RunEpoch
        fields = ("member", "epoch", "step", "loss", "dice", "seconds")


class RunNoteOut(serializers.ModelSerializer[RunNote]):
    class Meta:
        model = RunNote
        fields = ("at", "text")


class RunOut(RunRowOut):
    """A training with its course so far. The same answer as long as nothing has changed."""

    job = JobOut(source="run.job")
    start_version = serializers.IntegerField(
        source="run.parent.version",
        default=None,
        allow_null=True,
        help_text="Of the model that it starts from; null = random weights.",
    )
    frozen_encoder = serializers.BooleanField(source="run.frozen_encoder")
    budget_s = serializers.IntegerField(source="run.budget_s")
    fixed_steps = serializers.IntegerField(
        source="run.fixed_steps", allow_null=True, help_text="Of each network; null = as the time allows."
    )
    seed = serializers.IntegerField(source="run.seed")
    code_version = serializers.CharField(source="run.code_version")
    snapshot_sha256 = serializers.CharField(source="run.snapshot.sha256")
    structures = StructureOut(many=True)
    epochs = RunEpochOut(many=True, source="run.epochs.all")
    notes = RunNoteOut(many=True, source="run.notes.all")


class TrainingsView(RunsView):
    @extend_schema(responses=answers({200: RunRowOut(many=True)}))
    def get(self, request: Request, project_id: int) -> Response:
        """All trainings, the newest first."""
        project = access.project_for(signed_in(request), project_id, to="manage")
        return Response(RunRowOut(learning.trainings(project), many=True).data)


class RunView(ApiView):
    @extend_schema(responses=answers({200: RunOut, 304: None}))
    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Polled while the training goes on; unchanged it costs no body."""
        training = learning.training(run_id)
        access.job_for(signed_in(request), training.run.job_id)
        body = RunOut(training).data
        etag = f'"{hashlib.sha256(JSONRenderer().render(body)).hexdigest()[:32]}"'
        unchanged = get_conditional_response(request._request, etag=etag)
        if unchanged is not None:
            return unchanged
        return Response(body, headers={"ETag": etag, "Cache-Control": "private, no-cache"})
