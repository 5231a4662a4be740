"""A real worker predicts a pool: killed amid it, its broker killed, every message twice, a reader at work."""

import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from django.conf import settings
from django.contrib.auth.models import User

from annotation import chunks, corrections, jobs, learning, store, worklist
from annotation.models import Assignment, Case, CaseState, Job, JobState, Model, Prediction, Project
from tests.annotation.factories import make_model, pack
from tests.annotation.test_training_worker import Broker
from tests.phantom_cases import KEYS, SPACING_MM, add_phantom, phantom
from tests.processes import Worker, wait_until
from training.labels import StructureSpec
from training.manifest import Case as ManifestCase
from training.manifest import Manifest
from training.progress import ignore_progress, never_stop
from training.run import train

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(600)]
LEASE_SECONDS = 3
POOL = 7


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    own = Broker(tmp_path)
    yield own
    own.kill()


@pytest.fixture
def model(project: Project, tmp_path: Path) -> Model:
    """A network trained for a moment on one phantom."""
    scan, labels = phantom(0)
    np.save(tmp_path / "image.npy", scan.voxels)
    np.save(tmp_path / "labels.npy", labels)
    structures = tuple(StructureSpec(key, key, 0, value, 3.0) for value, key in enumerate(KEYS, start=1))
    case = ManifestCase("1", tmp_path / "image.npy", SPACING_MM, tmp_path / "labels.npy", KEYS)
    manifest = Manifest(structures, (case,), (), None, 0.5, 0)
    report = train(manifest, tmp_path / "out", on_progress=ignore_progress, should_stop=never_stop)
    made = make_model(project)
    store.put_tree(made.store_key, report.model_dir)
    return made


@pytest.fixture(autouse=True)
def quick_leases(settings: Any) -> None:
    settings.JOB_LEASE_SECONDS = LEASE_SECONDS


def worker(log: Path, broker: Broker) -> Worker:
    return Worker(log, REDIS_URL=broker.url, JOB_LEASE_SECONDS=str(LEASE_SECONDS))


def is_free(job: Job) -> bool:
    """Whether another worker may claim the job: the dead one's lease has run out."""
    jobs.sweep()
    now = Job.objects.get(pk=job.pk)
    held = jobs.claim(job.pk) if now.state == JobState.RUNNING else None
    if held is not None:
        jobs.stand_down(held)
    return held is not None or now.state == JobState.QUEUED


def test_a_pool_is_predicted_once_whatever_dies(
    project: Project, model: Model, ana: User, tmp_path: Path, broker: Broker
) -> None:
    pool = [add_phantom(project, seed, delineated=False) for seed in range(1, POOL + 1)]
    read = opened(pool[-1], ana)
    job = learning.enqueue_predictions(model)
    log = tmp_path / "worker.log"
    broker.say(job)
    broker.say(job)
    with worker(log, broker) as first:
        wait_until(lambda: Prediction.objects.exists(), "a first prediction", log)
        save(read, 0)
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    broker.kill()
    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING, "killed amid the pool"
    before = dict(Prediction.objects.values_list("case", "mask"))
    assert 1 <= len(before) < POOL - 1
    save(read, 1)
    broker.back()
    wait_until(lambda: is_free(job), "the end of the dead worker's lease", log)
    broker.say(job)
    broker.say(job)
    with worker(log, broker):
        wait_until(lambda: Job.objects.get(pk=job.pk).state == JobState.SUCCEEDED, "the pool", log)
    assert dict(Prediction.objects.filter(case__in=before).values_list("case", "mask")) == before
    every = Prediction.objects.values_list("case", flat=True)
    assert sorted(every) == sorted(case.pk for case in pool[:-1]), "each once, the opened one never"
    assert {case.state for case in Case.objects.exclude(pk=read.case_id)} == {CaseState.READY}
    check_read(read)
    check_store()


def opened(case: Case, reader: User) -> Assignment:
    """Begun before the model came: its reader draws while the others are predicted."""
    Model.objects.update(state="retired")
    Case.objects.filter(pk=case.pk).update(priority=1.0)
    read = worklist.next_case(reader=reader, project=case.project)
    assert read is not None
    assert read.case == case
    Model.objects.update(state="serving")
    return read


def save(read: Assignment, base: int) -> None:
    """A stroke that must get through at once, whatever the workers do."""
    read.refresh_from_db()
    edits = pack([(0, 2 + base, [(5, 5, 1)])])
    saved = corrections.save(assignment=read, base_revision=base, key=uuid.uuid4(), edits=edits)
    assert saved.revision.number == base + 1


def check_read(read: Assignment) -> None:
    read.refresh_from_db()
    assert (read.state, read.mask.head, read.mask.base_id) == ("open", 2, None)
    assert Case.objects.get(pk=read.case_id).state == CaseState.IN_PROGRESS
    assert np.count_nonzero(chunks.read_layers(read.mask)) == 10


def check_store() -> None:
    """Every map is whole; nothing lies there that no prediction names, and nothing unfinished."""
    root = Path(settings.STORE_ROOT)
    assert not [path for path in root.rglob("*") if path.name.startswith(".unfinished")]
    named = set(Prediction.objects.values_list("map_key", flat=True))
    assert {f"uncertainty/{path.name}" for path in (root / "uncertainty").iterdir()} == named
    for made in Prediction.objects.all():
        size = len(zstandard.decompress(store.read(made.map_key)))
        assert made.map_shape is not None
        assert size == np.prod(made.map_shape)
