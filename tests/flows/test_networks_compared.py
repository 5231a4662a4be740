"""A real worker trains networks side by side, is killed in the middle, and goes on: one model of each."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User

from annotation import jobs, learning
from annotation.learning import BenchState
from annotation.models import Job, Model, ModelState, Project, Split, TrainingRun
from tests.phantom_cases import KEYS, add_phantom
from tests.processes import Worker, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(900)]
LEASE_SECONDS = 4
NETWORKS = ["plain_unet", "segresnet"]


@pytest.fixture(autouse=True)
def quick_leases(settings: Any) -> Iterator[None]:
    """A dead worker is noticed within seconds; the broker starts and ends empty."""
    settings.JOB_LEASE_SECONDS = LEASE_SECONDS
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    broker.flushdb()
    yield
    broker.flushdb()


def test_two_networks_and_a_dead_worker_make_two_models(project: Project, lea: User, tmp_path: Path) -> None:
    learning.change_policy(project=project, changes={"automatic": False})
    add_phantom(project, 0, delineated=True)
    add_phantom(project, 1, delineated=True, split=Split.TEST)
    bench = learning.request_bench(project=project, by=lea, networks=NETWORKS, budget_s=3, seed=5)
    log = tmp_path / "worker.log"
    with Worker(log, JOB_LEASE_SECONDS=str(LEASE_SECONDS)) as worker:
        wait_until(lambda: _stage_of(NETWORKS[1]) == "train", "the second training", log)
        assert Model.objects.count() == 1
        worker.stop(signal.SIGKILL)
    with Worker(log, JOB_LEASE_SECONDS=str(LEASE_SECONDS)):
        wait_until(lambda: jobs.sweep() >= 0 and Model.objects.count() == 2, "the second model", log)
    bench = learning.bench_named(project, bench.comparison.pk)
    assert (bench.state, TrainingRun.objects.count()) == (BenchState.FINISHED, 2)
    assert {entry.run.snapshot_id for entry in bench.entries if entry.run} == {bench.comparison.snapshot_id}
    assert not Job.objects.filter(state__in=jobs.UNFINISHED).exists()
    assert set(Model.objects.values_list("state", flat=True)) == {ModelState.CANDIDATE}
    table = learning.bench_table(bench)
    assert [row.key for row in table.dice.structures] == list(KEYS)
    assert [len(row.cells) for row in table.dice.structures] == [2, 2, 2]
    for entry in bench.entries:
        assert entry.steps
        assert entry.parameters
        assert entry.parameters > 1000


def _stage_of(network: str) -> Any:
    run = TrainingRun.objects.filter(network=network).select_related("job").first()
    return None if run is None else run.job.progress.get("stage")
