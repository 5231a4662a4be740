"""What `/metrics` tells Prometheus: requests that the web processes counted, and how things stand now.

Labels are names of routes, kinds, states, queues and workers: no people, no cases, no addresses.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

from django.db.utils import Error as DatabaseError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from annotation import operations, signs
from training.version import VERSION

_OWN = CollectorRegistry()
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

REQUESTS = Counter(
    "delineate_http_requests", "Requests answered.", ["method", "route", "status"], registry=_OWN
)
SECONDS = Histogram(
    "delineate_http_request_seconds",
    "Seconds until an answer began.",
    ["method", "route"],
    buckets=_BUCKETS,
    registry=_OWN,
)
UNDER_WAY = Gauge(
    "delineate_http_requests_under_way",
    "Requests being answered.",
    multiprocess_mode="livesum",
    registry=_OWN,
)
SAVES = Counter(
    "delineate_saves",
    "Saves of strokes: stored, conflict (there was a newer revision), refused, failed.",
    ["outcome"],
    registry=_OWN,
)

_SAVING = frozenset({"revisions", "branches", "apply_branch", "restore", "undo"})


def count(route: str, method: str, status: int, seconds: float) -> None:
    """Count one request; methods that nobody knows share a label, so that none can make up new ones."""
    known = method if method in _METHODS else "other"
    REQUESTS.labels(known, route, str(status)).inc()
    SECONDS.labels(known, route).observe(seconds)
    if route in _SAVING and method == "POST":
        SAVES.labels(_outcome(status)).inc()


def _outcome(status: int) -> str:
    if status < 400:
        return "stored"
    if status == 409:
        return "conflict"
    return "refused" if status < 500 else "failed"


def exposition() -> bytes:
    """Everything in Prometheus' text format."""
    now = CollectorRegistry()
    now.register(Standing())
    counted = _OWN
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counted = CollectorRegistry()
        multiprocess.MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return generate_latest(counted) + generate_latest(now)


class Standing(Collector):
    """Asked at every scrape. A part that does not answer is down, and what it alone knows is left out."""

    def collect(self) -> Iterator[Metric]:
        yield _family("info", "Version that runs.", "version", [(VERSION, 1)])
        told: signs.Signs | None = None
        with suppress(RedisError):
            told = signs.read()
        database = _from_database(told)
        store = operations.store_is_writable()
        answers = (("database", database is not None), ("broker", told is not None), ("store", store))
        yield _family("up", "1: this part answers.", "part", answers)
        yield from database or ()
        yield from _from_broker(told)
        yield from _room()


def _from_database(told: signs.Signs | None) -> list[Metric] | None:
    """None where the database does not answer."""
    try:
        queues = operations.look_at_queues(told.heartbeats_s if told else {})
        counts = operations.count()
        size = operations.database_bytes()
    except DatabaseError:
        return None
    jobs = GaugeMetricFamily("delineate_jobs", "Jobs by kind and state.", labels=["kind", "state"])
    for (kind, state), number in counts.jobs.items():
        jobs.add_metric([kind, state], number)
    return [
        *_queues(queues),
        jobs,
        _family("cases", "Cases by state.", "state", counts.cases.items()),
        _plain("reads_under_way", "Reads that somebody has open.", counts.reads_under_way),
        _plain("database_bytes", "Size of the database.", size),
    ]


def _queues(queues: Iterable[operations.QueueState]) -> Iterator[Metric]:
    rows = list(queues)
    columns: dict[str, tuple[str, list[float | None]]] = {
        "messages": ("Messages in the broker.", [row.messages for row in rows]),
        "jobs_waiting": ("Jobs that nobody holds.", [row.waiting for row in rows]),
        "jobs_running": ("Jobs that a worker holds.", [row.running for row in rows]),
        "oldest_wait_seconds": ("Age of what waits longest; 0: nothing waits.",
                                [row.oldest_wait_s or 0.0 for row in rows]),
        "seen_seconds": ("Since a worker last did anything for this queue.", [row.seen_s for row in rows]),
    }  # fmt: skip
    for name, (what, values) in columns.items():
        pairs = zip((row.queue for row in rows), values, strict=True)
        yield _family(f"queue_{name}", what, "queue", ((queue, v) for queue, v in pairs if v is not None))


def _from_broker(told: signs.Signs | None) -> Iterator[Metric]:
    if told is None:
        return
    workers = told.workers
    yield _family("worker_alive_seconds", "Since a worker last said that it is there.", "worker",
                  ((worker.name, worker.alive_s) for worker in workers))  # fmt: skip
    yield _family("worker_worked_seconds", "Since a worker last carried out a task.", "worker",
                  ((one.name, one.worked_s) for one in workers if one.worked_s is not None))  # fmt: skip
    yield _family("worker_busy", "Tasks in hand.", "worker",
                  ((worker.name, len(worker.busy)) for worker in workers))  # fmt: skip
    if told.backup is not None:
        yield _plain("backup_age_seconds", "Since the last backup was completed.", told.backup.age_s)
        yield _plain("backup_bytes", "Size of the last backup.", told.backup.size_bytes)


def _room() -> Iterator[Metric]:
    disks = operations.look_at_disks()
    found = {"work": disks.work} | ({"store": disks.store} if disks.store is not None else {})
    yield _family("disk_free_bytes", "Room left.", "disk", ((k, d.free_bytes) for k, d in found.items()))
    yield _family("disk_total_bytes", "Room in all.", "disk", ((k, d.total_bytes) for k, d in found.items()))


def _family(name: str, what: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"delineate_{name}", what, labels=[label])
    for key, value in values:
        family.add_metric([key], float(value))
    return family


def _plain(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"delineate_{name}", what, value=float(value))
