"""R7 where torch is needed: models on a full disk, and jobs that find no room."""

import errno
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from annotation import exporting, learning, store
from annotation.models import Job, JobState, Project
from annotation.store import faults
from annotation.tasks import export as export_task
from tests.annotation.factories import make_model
from tests.training.conftest import manifest_on_disk
from tests.trust import writing
from tests.trust.attempts import attempts
from tests.trust.faulty_disk import failing
from tests.trust.figures import record
from training.progress import ignore_progress, never_stop
from training.run import train

pytestmark = pytest.mark.django_db
scene = writing.scene


def network(scene: writing.Scene, folder: Path) -> writing.Act:
    made = make_model(scene.project)
    store.put_tree(made.store_key, folder)
    return lambda: exporting.store_network_file(made.store_key)


def foreign_model(scene: writing.Scene, folder: Path) -> writing.Act:
    made = make_model(scene.project)
    store.put_tree(made.store_key, folder)
    data = b"".join(learning.download(made))
    return lambda: learning.request_import(project=scene.project, by=scene.lea, file=io.BytesIO(data))


WAYS: dict[str, Callable[[writing.Scene, Path], writing.Act]] = {
    "exporting.store_network_file": network,
    "learning.imports.request_import": foreign_model,
}


def test_these_are_all_that_need_torch() -> None:
    assert set(WAYS) == writing.WITH_NETWORK


@pytest.mark.torture
@pytest.mark.parametrize("way", WAYS)
def test_the_same_with_models(way: str, scene: writing.Scene, other_project: Project) -> None:
    disk = scene.folder / "elsewhere"
    disk.mkdir()
    made = train(
        manifest_on_disk(disk), disk / "out", on_progress=ignore_progress, should_stop=never_stop
    ).model_dir
    calls = attempts(WAYS[way](scene, made), errno.ENOSPC)
    record("R7", f"{way}: disk full at each writing call", f"{calls} calls, 0 left", met=calls > 0)


def test_a_job_says_what_stood_in_its_way_and_goes_on(scene: writing.Scene) -> None:
    writing.export(scene)
    job = Job.objects.get(kind="export")
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, lease_until=None, attempts=0)
    with failing(Path(settings.STORE_ROOT), errno.ENOSPC, 1):
        export_task(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error, store.exists("exports")) == (JobState.QUEUED, faults.FULL, False)
    export_task(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
