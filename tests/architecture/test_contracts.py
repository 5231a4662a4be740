"""What must agree with what: job kinds and tasks, models and migrations, views and the written API."""

from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from annotation import tasks
from annotation.models import JobKind, Queue
from tests.processes import ROOT


@pytest.mark.parametrize("kind", JobKind)
def test_every_job_kind_is_a_registered_task(kind: JobKind) -> None:
    name = f"{tasks.__name__}.{kind}"
    assert name in current_app.tasks
    assert current_app.tasks[name].acks_late


def test_every_task_on_the_clock_is_registered(settings: Any) -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled >= {
        f"annotation.tasks.{name}"
        for name in ("sweep_jobs", "release_leases", "retrain_if_due", "sweep_pictures", "worker_heartbeat")
    }
    assert scheduled <= set(current_app.tasks)


@pytest.mark.django_db
def test_the_clock_takes_its_schedule(settings: Any) -> None:
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        ModelEntry.from_entry(name, app=current_app, **entry)
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == set(settings.CELERY_BEAT_SCHEDULE)
    nightly = PeriodicTask.objects.get(name="sweep_pictures").crontab
    assert (nightly.hour, nightly.minute, str(nightly.timezone)) == ("3", "17", "UTC")


def test_every_queue_has_a_worker_in_the_demo_and_in_compose() -> None:
    for starter in ("backend/processes.py", "docker-compose.yml"):
        text = (ROOT / starter).read_text()
        listed = {name for line in text.splitlines() if "-Q" in line for name in Queue if name in line}
        assert listed == set(Queue), starter


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_the_written_api_is_the_one_that_is_served(tmp_path: Path) -> None:
    fresh = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(fresh), validate=True, fail_on_warn=True)
    assert (ROOT / "openapi.yaml").read_text() == fresh.read_text(), "run `make fix` and commit openapi.yaml"
