import time
from typing import Any

import pytest
from django.core.cache import cache

from annotation.api import health
from tests.annotation.api.conftest import Browser


def test_everything_is_there(as_nobody: Browser) -> None:
    cache.set("worker_heartbeat", time.time() - 5, None)
    answer = as_nobody.get("/healthz")
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["database"], body["broker"], body["worker"], body["disk"]) == (True, True, True, True)
    assert 5 <= body["worker_seen_s"] < 30
    assert body["disk_free_bytes"] > 0


@pytest.mark.parametrize("seen", [None, 3600])
def test_no_worker_is_503(as_nobody: Browser, seen: int | None) -> None:
    if seen is not None:
        cache.set("worker_heartbeat", time.time() - seen, None)
    answer = as_nobody.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["worker"] is False
    assert answer.json()["broker"] is True


def test_no_broker_is_503(as_nobody: Browser, settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    answer = as_nobody.get("/healthz")
    assert answer.status_code == 503
    assert (answer.json()["broker"], answer.json()["worker"], answer.json()["database"]) == (
        False,
        False,
        True,
    )


def test_a_full_disk_is_503(as_nobody: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.set("worker_heartbeat", time.time(), None)
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 2**80)
    answer = as_nobody.get("/healthz")
    assert (answer.status_code, answer.json()["disk"]) == (503, False)
