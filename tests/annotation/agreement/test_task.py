"""The tasks as a worker runs them, each in a thread of its own: the niceness it takes on stays there."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.db import connection

from annotation import tasks
from annotation.models import AgreementGroup, Job, JobState, Project
from tests.annotation.agreement.world import counting, new_case, organs, read_by

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def empty_broker(settings: Any) -> None:
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()


def in_thread(task: Callable[[], None]) -> None:
    def run() -> None:
        try:
            task()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_a_score_job_says_nothing_of_how_much_it_did(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs(1))
    in_thread(lambda: tasks.score(Job.objects.latest("pk").pk))
    alone = Job.objects.latest("pk")
    read_by(case, ben, organs())
    in_thread(lambda: tasks.score(Job.objects.latest("pk").pk))
    both = Job.objects.latest("pk")
    assert (alone.state, both.state) == (JobState.SUCCEEDED, JobState.SUCCEEDED)
    assert alone.result == both.result == {}
    assert {alone.progress["total"], both.progress["total"]} == {1}
    assert len(counting(case)) == 3


def test_the_clock_works_out_what_a_job_left(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs(1))
    read_by(case, ben, organs())
    in_thread(lambda: tasks.score(Job.objects.latest("pk").pk))
    AgreementGroup.objects.update(figured=0, figured_at=None)
    in_thread(tasks.refresh_agreement)
    assert all(group.figured == group.changes > 0 for group in AgreementGroup.objects.all())
