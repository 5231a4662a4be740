"""Whether the service can work, for the operator and whatever watches over it."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.utils import Error as DatabaseError
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import operations, signs
from annotation.api.base import ApiView
from annotation.models import Queue

Answer = TypeVar("Answer")


class HealthView(ApiView):
    """200 when everything is there, else 503 with what is not. Says nothing about cases or people."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    class Output(serializers.Serializer[Any]):
        class Served(serializers.Serializer[Any]):
            queue = serializers.ChoiceField(choices=Queue.choices)
            is_served = serializers.BooleanField()
            seen_s = serializers.FloatField(
                allow_null=True, help_text="Since a worker last did anything for this queue."
            )

        database = serializers.BooleanField()
        broker = serializers.BooleanField()
        store = serializers.BooleanField(help_text="Whether the store takes bytes.")
        worker = serializers.BooleanField(help_text="Whether every queue is served.")
        queues = Served(many=True)
        disk = serializers.BooleanField(help_text="Whether there is room.")
        disk_free_bytes = serializers.IntegerField(
            help_text="The least of the store's and the work folder's."
        )

    @extend_schema(responses={200: Output, 503: Output})
    def get(self, request: Request) -> Response:
        told = _or_none(signs.read, RedisError)
        beats = told.heartbeats_s if told is not None else {}
        queues = _or_none(lambda: operations.look_at_queues(beats), DatabaseError)
        disks = operations.look_at_disks()
        present = [disk for disk in (disks.store, disks.work) if disk is not None]
        health: dict[str, Any] = {
            "database": queues is not None,
            "broker": told is not None,
            "store": operations.store_is_writable(),
            "worker": bool(queues) and all(queue.is_served for queue in queues or ()),
            "queues": [
                {"queue": one.queue, "is_served": one.is_served, "seen_s": one.seen_s} for one in queues or ()
            ],
            "disk": all(disk.has_room for disk in present),
            "disk_free_bytes": min(disk.free_bytes for disk in present),
        }
        well = all(health[part] for part in ("database", "broker", "store", "worker", "disk"))
        return Response(health, status=200 if well else 503, headers={"Cache-Control": "no-store"})


def _or_none(ask: Callable[[], Answer], error: type[Exception]) -> Answer | None:
    try:
        return ask()
    except error:
        return None
