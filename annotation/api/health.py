"""Whether the service can work, for the proxy, the operator and compose."""

import shutil
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.utils import Error as DatabaseError
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import ApiView

LEAST_FREE_BYTES = 2**30
OLDEST_HEARTBEAT_S = 120


class HealthView(ApiView):
    """200 when everything is there, else 503 with what is not. Says nothing about cases or people."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    class Output(serializers.Serializer[Any]):
        database = serializers.BooleanField()
        broker = serializers.BooleanField()
        worker = serializers.BooleanField()
        worker_seen_s = serializers.FloatField(allow_null=True, help_text="Age of the last sign of life.")
        disk = serializers.BooleanField()
        disk_free_bytes = serializers.IntegerField()

    @extend_schema(responses={200: Output, 503: Output})
    def get(self, request: Request) -> Response:
        health: dict[str, Any] = {"database": _answers(_ask_database), "broker": _answers(_ask_broker)}
        seen_s = _worker_seen_s() if health["broker"] else None
        free = _disk_free_bytes()
        health |= {
            "worker": seen_s is not None and seen_s < OLDEST_HEARTBEAT_S,
            "worker_seen_s": seen_s,
            "disk": free >= LEAST_FREE_BYTES,
            "disk_free_bytes": free,
        }
        well = all(health[part] for part in ("database", "broker", "worker", "disk"))
        return Response(health, status=200 if well else 503, headers={"Cache-Control": "no-store"})


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (DatabaseError, RedisError, OSError):
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    """The cache lies in the broker's server."""
    cache.get("worker_heartbeat")


def _worker_seen_s() -> float | None:
    seen = cache.get("worker_heartbeat")
    return None if seen is None else round(time.time() - float(seen), 1)


def _disk_free_bytes() -> int:
    """Of the disk that the store lies on, or will lie on."""
    folder = settings.STORE_ROOT
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
