"""What the terminal says while jobs run and models come."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from annotation import jobs, learning
from annotation.management.commands.watch import Watch
from annotation.models import Project, Split
from tests.annotation.learning_loop import accepted, claimed_run, trained
from training.progress import Progress

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def screen() -> StringIO:
    return StringIO()


@pytest.fixture
def watch(screen: StringIO) -> Watch:
    return Watch(Console(file=screen, highlight=False, soft_wrap=True))


def test_a_new_model_is_announced_once(
    watch: Watch, screen: StringIO, project: Project, tmp_path: Path
) -> None:
    accepted(project)
    test_case = accepted(project, Split.TEST)
    trained(project, tmp_path, {test_case: {"liver": 0.9, "spleen": 0.7}})
    watch.look()
    watch.look()
    assert screen.getvalue().count("model 1 is serving, mean test Dice 0.800") == 1


def test_a_rejected_model_says_why(watch: Watch, screen: StringIO, project: Project, tmp_path: Path) -> None:
    accepted(project)
    test_case = accepted(project, Split.TEST)
    trained(project, tmp_path, {test_case: {"liver": 0.9}})
    second = trained(project, tmp_path, {test_case: {"liver": 0.5}})
    watch.look()
    assert screen.getvalue().count(second.gate["sentence"]) == 1
    assert "model 2 is serving" not in screen.getvalue()


def test_a_running_job_shows_its_progress_and_a_failed_one_its_reason(
    watch: Watch, screen: StringIO, project: Project
) -> None:
    accepted(project)
    run, lease = claimed_run(project)
    lease.heartbeat(Progress("train", 3, 10, "Training, step 3 of 10", 90.0))
    watch.look()
    assert "train: Training, step 3 of 10, about 1.5 min left (3/10)" in screen.getvalue()
    jobs.fail(lease, "There is nothing to see.")
    watch.look()
    assert f"train job {run.job_id} failed: There is nothing to see." in screen.getvalue()
    assert learning.overview(project).models == ()
