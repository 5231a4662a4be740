"""`manage.py retrain`: the loop from the command line."""

import io
import threading
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from annotation import jobs
from annotation.models import Job, JobState, Project
from tests.annotation.learning_loop import accepted
from training.progress import Progress

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_queues_a_training(project: Project) -> None:
    accepted(project)
    said = io.StringIO()
    call_command("retrain", project.name, stdout=said)
    job = Job.objects.get()
    assert said.getvalue() == f"Training is queued as job {job.pk}.\n"
    assert job.state == JobState.QUEUED


def test_it_says_why_it_cannot(project: Project) -> None:
    with pytest.raises(CommandError, match="Nothing to learn from yet"):
        call_command("retrain", project.name)
    with pytest.raises(CommandError, match=f"There is no project “Nowhere”. Projects: {project.name}."):
        call_command("retrain", "Nowhere")


def test_it_follows_the_training_to_its_end(project: Project) -> None:
    accepted(project)

    def work() -> None:
        """A worker that fails the job as soon as it is there."""
        while (job := Job.objects.first()) is None:
            time.sleep(0.05)
        lease = jobs.claim(job.pk)
        assert lease is not None
        lease.heartbeat(Progress("train", 1, 2, "Training, step 1 of 2"))
        jobs.fail(lease, "The training diverged.")
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    with pytest.raises(CommandError, match="The training diverged"):
        call_command("retrain", project.name, wait=True, stdout=io.StringIO())
    thread.join()
