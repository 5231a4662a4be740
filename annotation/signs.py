"""Signs of life, in the broker's server: when each queue was last worked on, what each worker is doing.

Nothing of it is worth keeping: what that server loses is there again within seconds. All times are the
server's, because workers' clocks may differ; they are told as ages in seconds. Everything here raises
RedisError where the server does not answer.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import redis
from django.conf import settings

FORGOTTEN_S = 24 * 3600  # a worker that said nothing for so long is gone, not silent
_TIMEOUT_S = 2.0
_SENT_AGAIN_S = 3600  # a message that was lost must not silence a queue for ever
_HEARTBEATS, _BACKUP = "delineate:heartbeats", "delineate:backup"
_SENT = "delineate:heartbeat-sent:"
_WORKER, _BUSY = "delineate:worker:", "busy:"


@dataclass(frozen=True)
class Busy:
    """What one process of a worker has in hand."""

    task: str
    job_id: int | None
    for_s: float


@dataclass(frozen=True)
class Worker:
    """`alive_s`: age of its last word; `worked_s`: of the last task that it carried out, null = none yet."""

    name: str
    queues: tuple[str, ...]
    version: str
    up_s: float
    alive_s: float
    worked_s: float | None
    busy: tuple[Busy, ...]


@dataclass(frozen=True)
class Backup:
    age_s: float
    size_bytes: int


@dataclass(frozen=True)
class Signs:
    """Ages of the last heartbeat by queue, and every worker that was heard of today."""

    heartbeats_s: Mapping[str, float]
    workers: tuple[Worker, ...]
    backup: Backup | None


def wants_heartbeat(queue: str) -> bool:
    """Whether the clock is to send one: none was sent since one was carried out, or nothing waits."""
    first = _server().set(_SENT + queue, 1, nx=True, ex=_SENT_AGAIN_S)
    return bool(first) or messages((queue,))[queue] == 0


def note_heartbeat(queue: str, worker: str) -> None:
    """A worker carried out the heartbeat of a queue: it does not only live, it consumes."""
    server = _server()
    now = _now(server)
    server.hset(_HEARTBEATS, queue, repr(now))
    server.delete(_SENT + queue)
    _touch(server, worker, {"worked": repr(now)})


def note_worker(worker: str, queues: tuple[str, ...], version: str) -> None:
    """A worker begins, and serves these queues; what one of this name was doing before is over."""
    server = _server()
    now = repr(_now(server))
    server.delete(_WORKER + worker)
    _touch(server, worker, {"queues": ",".join(queues), "version": version, "up": now, "alive": now})


def note_alive(worker: str) -> None:
    """A worker's main process says that it is there."""
    server = _server()
    _touch(server, worker, {"alive": repr(_now(server))})


def note_busy(worker: str, process: int, task: str, job_id: int | None) -> None:
    """A process of a worker takes a task up."""
    server = _server()
    now = repr(_now(server))
    _touch(server, worker, {f"{_BUSY}{process}": f"{task} {job_id or ''} {now}", "alive": now})


def note_idle(worker: str, process: int) -> None:
    """A process of a worker has laid its task down."""
    server = _server()
    now = repr(_now(server))
    server.hdel(_WORKER + worker, f"{_BUSY}{process}")
    _touch(server, worker, {"worked": now, "alive": now})


def forget_worker(worker: str) -> None:
    """A worker ends in good order."""
    _server().delete(_WORKER + worker)


def note_backup(size_bytes: int) -> None:
    """A backup was completed just now."""
    server = _server()
    server.hset(_BACKUP, mapping={"at": repr(_now(server)), "size": size_bytes})


def read() -> Signs:
    """Everything that was noted, as ages now."""
    server = _server()
    now = _now(server)
    beats = cast("dict[bytes, bytes]", server.hgetall(_HEARTBEATS))
    backup = cast("dict[bytes, bytes]", server.hgetall(_BACKUP))
    keys = sorted(cast("list[bytes]", list(server.scan_iter(f"{_WORKER}*"))))
    found = [_worker(key, cast("dict[bytes, bytes]", server.hgetall(key)), now) for key in keys]
    return Signs(
        {queue.decode(): _age(at, now) for queue, at in beats.items()},
        tuple(worker for worker in found if worker is not None),
        Backup(_age(backup[b"at"], now), int(backup[b"size"])) if backup else None,
    )


def ping() -> None:
    """Ask the server whether it is there."""
    _server().ping()


def server_version() -> str:
    """What the broker's server is, and which version of it."""
    told = cast("dict[str, str]", _server().info("server"))
    name = told.get("server_name", "redis")
    return f"{name} {told.get(f'{name}_version', told.get('redis_version', ''))}"


def messages(queues: tuple[str, ...]) -> dict[str, int]:
    """Messages that wait in the broker, by queue; what a worker holds is not among them."""
    broker = _client(settings.CELERY_BROKER_URL)
    return {queue: broker.llen(queue) for queue in queues}


def _worker(key: bytes, told: Mapping[bytes, bytes], now: float) -> Worker | None:
    """None: it ended between the two questions, or was heard of before it said what it is."""
    if b"alive" not in told:
        return None
    queues = told.get(b"queues", b"").decode()
    worked = told.get(b"worked")
    return Worker(
        name=key.decode().removeprefix(_WORKER),
        queues=tuple(queues.split(",")) if queues else (),
        version=told.get(b"version", b"").decode(),
        up_s=_age(told.get(b"up", told[b"alive"]), now),
        alive_s=_age(told[b"alive"], now),
        worked_s=None if worked is None else _age(worked, now),
        busy=tuple(_busy(value, now) for name, value in told.items() if name.startswith(_BUSY.encode())),
    )


def _busy(value: bytes, now: float) -> Busy:
    task, job_id, since = value.decode().split(" ")
    return Busy(task, int(job_id) if job_id else None, _age(since, now))


def _touch(server: redis.Redis, worker: str, fields: Mapping[str, str]) -> None:
    with server.pipeline() as both:
        both.hset(_WORKER + worker, mapping=cast("dict[Any, Any]", fields))
        both.expire(_WORKER + worker, FORGOTTEN_S)
        both.execute()


def _age(at: bytes | str, now: float) -> float:
    return round(max(0.0, now - float(at)), 1)


def _now(server: redis.Redis) -> float:
    seconds, micros = server.time()
    return seconds + micros / 1e6


def _server() -> redis.Redis:
    """Beside the cache, so that the broker's own database holds messages alone."""
    return _client(settings.CACHES["default"]["LOCATION"])


@functools.cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
