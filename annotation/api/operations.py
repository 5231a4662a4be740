"""How the installation is doing, for its staff."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import operations, signs
from annotation.api.base import ApiView, answers
from annotation.models import Job, JobKind, Queue


class QueueOut(serializers.Serializer[operations.QueueState]):
    queue = serializers.ChoiceField(choices=Queue.choices)
    messages = serializers.IntegerField(allow_null=True, help_text="Null: the broker does not answer.")
    waiting = serializers.IntegerField(help_text="Jobs that nobody holds.")
    running = serializers.IntegerField()
    oldest_wait_s = serializers.FloatField(allow_null=True, help_text="Null: nothing waits.")
    seen_s = serializers.FloatField(allow_null=True, help_text="Since a worker last did anything for it.")
    is_served = serializers.BooleanField()


class BusyOut(serializers.Serializer[signs.Busy]):
    task = serializers.CharField()
    job_id = serializers.IntegerField(allow_null=True)
    for_s = serializers.FloatField()


class WorkerOut(serializers.Serializer[signs.Worker]):
    name = serializers.CharField()
    queues = serializers.ListField(child=serializers.CharField())
    version = serializers.CharField()
    up_s = serializers.FloatField()
    alive_s = serializers.FloatField(help_text="Since it last said that it is there.")
    worked_s = serializers.FloatField(allow_null=True, help_text="Since it last carried out a task.")
    busy = BusyOut(many=True)


class DiskOut(serializers.Serializer[operations.Disk]):
    free_bytes = serializers.IntegerField()
    total_bytes = serializers.IntegerField()
    has_room = serializers.BooleanField()


class FailedOut(serializers.Serializer[Job]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=JobKind.choices)
    queue = serializers.ChoiceField(choices=Queue.choices)
    project = serializers.CharField(source="project.name")
    error = serializers.CharField()
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class BackupOut(serializers.Serializer[signs.Backup]):
    age_s = serializers.FloatField()
    size_bytes = serializers.IntegerField()


class OperationsView(ApiView):
    """Queues, workers, disks, failed jobs, versions; null where the broker, which alone knows it, is away."""

    permission_classes: Sequence[type[BasePermission]] = (IsAuthenticated, IsAdminUser)

    class Output(serializers.Serializer[Any]):
        broker = serializers.BooleanField(help_text="Whether the broker answers.")
        store = serializers.BooleanField(help_text="Whether the store takes bytes.")
        queues = QueueOut(many=True)
        workers = WorkerOut(many=True, allow_null=True)
        store_disk = DiskOut(allow_null=True, help_text="Null: the store is no disk of this machine.")
        work_disk = DiskOut()
        database_bytes = serializers.IntegerField()
        failed = FailedOut(many=True, help_text="Of the last 30 days, the newest first, at most 50.")
        backup = BackupOut(allow_null=True, help_text="Null: none is known.")
        versions = serializers.DictField(child=serializers.CharField())

    @extend_schema(responses=answers({200: Output}))
    def get(self, request: Request) -> Response:
        told = _signs()
        disks = operations.look_at_disks()
        overview = {
            "broker": told is not None,
            "store": operations.store_is_writable(),
            "queues": operations.look_at_queues(told.heartbeats_s if told else {}),
            "workers": None if told is None else [asdict(worker) for worker in told.workers],
            "store_disk": disks.store,
            "work_disk": disks.work,
            "database_bytes": operations.database_bytes(),
            "failed": operations.failed_jobs(),
            "backup": told.backup if told else None,
            "versions": operations.versions(),
        }
        return Response(self.Output(overview).data, headers={"Cache-Control": "no-store"})


def _signs() -> signs.Signs | None:
    try:
        return signs.read()
    except RedisError:
        return None
