"""What staff see of the installation, and what they may start again."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.db.models.functions import Now

from annotation import jobs, signs
from annotation.models import AuditEvent, Job, JobKind, JobState, Project, Queue
from tests.annotation.api.conftest import Browser
from tests.annotation.api.test_health import NOWHERE
from tests.annotation.factories import make_job

ADDRESS = "/api/operations/"


@pytest.fixture(autouse=True)
def nothing_left(settings: Any) -> None:
    """What other tests left on the broker, and signs of their workers."""
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()
    cache.clear()


@pytest.fixture
def as_root(db: None) -> Browser:
    return Browser(User.objects.create_superuser("root", password="root"))


@pytest.fixture
def failed(project: Project) -> Job:
    job = make_job(project, kind=JobKind.EXPORT, state=JobState.FAILED)
    Job.objects.filter(pk=job.pk).update(
        queue=Queue.IO, error="The disk was full.", attempts=3, fence=3, finished_at=Now()
    )
    job.refresh_from_db()
    return job


def test_an_installation_where_nothing_happened_yet(as_root: Browser) -> None:
    answer = as_root.get(ADDRESS)
    told = answer.json()
    assert answer.status_code == 200, told
    assert (told["workers"], told["failed"], told["backup"]) == ([], [], None)
    assert [one["queue"] for one in told["queues"]] == Queue.values
    assert {(one["waiting"], one["running"], one["messages"]) for one in told["queues"]} == {(0, 0, 0)}
    assert told["store"] is told["broker"] is True
    assert told["database_bytes"] > 10**6
    assert {"Delineate", "Python", "Django", "Postgres", "Valkey"} <= set(told["versions"])


def test_what_waits_and_who_works(as_root: Browser, project: Project, settings: Any) -> None:
    waiting = make_job(project, kind=JobKind.SCORE, state=JobState.QUEUED)
    Job.objects.filter(pk=waiting.pk).update(queue=Queue.SCORE, created_at=Now() - timedelta(minutes=5))
    redis.Redis.from_url(settings.CELERY_BROKER_URL).delete("score")
    redis.Redis.from_url(settings.CELERY_BROKER_URL).lpush("score", "a message")
    signs.note_worker("worker@a", ("io", "score"), "0.1.0")
    signs.note_busy("worker@a", 12, "annotation.tasks.score", waiting.pk)
    signs.note_heartbeat("score", "worker@a")
    signs.note_backup(4096)
    told = as_root.get(ADDRESS).json()
    redis.Redis.from_url(settings.CELERY_BROKER_URL).delete("score")
    score = next(one for one in told["queues"] if one["queue"] == "score")
    assert (score["waiting"], score["messages"], score["is_served"]) == (1, 1, True)
    assert 300 <= score["oldest_wait_s"] < 400
    (worker,) = told["workers"]
    assert (worker["name"], worker["queues"], worker["version"]) == ("worker@a", ["io", "score"], "0.1.0")
    assert [(busy["task"], busy["job_id"]) for busy in worker["busy"]] == [
        ("annotation.tasks.score", waiting.pk)
    ]
    assert told["backup"]["size_bytes"] == 4096


def test_a_worker_that_lays_its_work_down_and_ends(as_root: Browser) -> None:
    signs.note_worker("worker@a", ("io",), "0.1.0")
    signs.note_busy("worker@a", 12, "annotation.tasks.export", 1)
    signs.note_idle("worker@a", 12)
    (worker,) = as_root.get(ADDRESS).json()["workers"]
    assert worker["busy"] == []
    assert worker["worked_s"] < 30
    signs.forget_worker("worker@a")
    assert as_root.get(ADDRESS).json()["workers"] == []


def test_without_its_broker_the_page_says_so(as_root: Browser, settings: Any) -> None:
    """Sessions lie in the database, so staff still get in."""
    settings.CACHES = NOWHERE
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    told = as_root.get(ADDRESS).json()
    assert (told["broker"], told["workers"], told["backup"]) == (False, None, None)
    assert {one["messages"] for one in told["queues"]} == {None}
    assert "Valkey" not in told["versions"]


def test_readers_and_leads_are_refused(as_lea: Browser, as_ana: Browser, as_nobody: Browser) -> None:
    statuses = [one.get(ADDRESS).status_code for one in (as_lea, as_ana, as_nobody)]
    assert statuses == [403, 403, 401]


def test_a_failed_job_is_listed_with_its_reason(as_root: Browser, failed: Job) -> None:
    (listed,) = as_root.get(ADDRESS).json()["failed"]
    assert (listed["id"], listed["kind"], listed["error"]) == (failed.pk, "export", "The disk was full.")
    assert listed["project"] == "Abdomen"


def test_failures_of_long_ago_are_left_out(as_root: Browser, failed: Job) -> None:
    Job.objects.update(finished_at=Now() - timedelta(days=31))
    assert as_root.get(ADDRESS).json()["failed"] == []


class TestRetry:
    def address(self, job: Job) -> str:
        return f"/api/jobs/{job.pk}/retry/"

    @pytest.mark.django_db(transaction=True)
    def test_it_waits_anew_with_all_its_attempts(self, as_root: Browser, failed: Job, settings: Any) -> None:
        broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
        broker.flushdb()
        answer = as_root.post(self.address(failed))
        assert (answer.status_code, answer.json()["state"], answer.json()["error"]) == (200, "queued", "")
        failed.refresh_from_db()
        assert (failed.attempts, failed.fence, failed.finished_at) == (0, 4, None)
        assert AuditEvent.objects.filter(noun="job", object=str(failed.pk), action="change").count() == 1
        assert broker.llen("io") == 1
        lease = jobs.claim(failed.pk)
        assert lease is not None
        jobs.finish(lease, {})

    @pytest.mark.django_db(transaction=True)
    def test_asking_twice_starts_it_once(self, as_root: Browser, failed: Job, settings: Any) -> None:
        broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
        broker.flushdb()
        assert [as_root.post(self.address(failed)).status_code for _ in range(2)] == [200, 200]
        failed.refresh_from_db()
        assert (failed.fence, broker.llen("io")) == (4, 1)

    @pytest.mark.django_db(transaction=True)
    def test_many_who_ask_at_once_start_it_once(self, failed: Job, settings: Any) -> None:
        broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
        broker.flushdb()
        ready = threading.Barrier(4)

        def ask() -> None:
            ready.wait()
            jobs.start_again(failed)
            connection.close()

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        failed.refresh_from_db()
        assert (failed.state, failed.fence, broker.llen("io")) == (JobState.QUEUED, 4, 1)

    def test_who_held_it_before_cannot_end_it(self, failed: Job) -> None:
        old = jobs.Lease(failed.pk, failed.fence)
        jobs.start_again(failed)
        assert jobs.claim(failed.pk) is not None
        with pytest.raises(jobs.LeaseLost):
            jobs.finish(old, {})

    def test_one_that_runs_goes_on(self, as_root: Browser, failed: Job) -> None:
        jobs.start_again(failed)
        assert jobs.claim(failed.pk) is not None
        assert as_root.post(self.address(failed)).json()["state"] == "running"

    def test_one_that_was_cancelled_can_be_started(self, as_root: Browser, failed: Job) -> None:
        Job.objects.update(state=JobState.CANCELLED, cancel_requested=True)
        assert as_root.post(self.address(failed)).json()["state"] == "queued"
        assert jobs.claim(failed.pk) is not None

    def test_one_that_succeeded_is_left_alone(self, as_root: Browser, project: Project) -> None:
        answer = as_root.post(self.address(make_job(project)))
        assert (answer.status_code, "succeeded" in answer.json()["detail"]) == (409, True)

    def test_no_second_training_beside_another(self, as_root: Browser, project: Project) -> None:
        job = make_job(project, state=JobState.FAILED)
        make_job(project, state=JobState.QUEUED)
        answer = as_root.post(self.address(job))
        assert (answer.status_code, "under way" in answer.json()["detail"]) == (409, True)

    def test_to_everybody_else_there_is_no_such_job(self, as_lea: Browser, failed: Job) -> None:
        assert as_lea.post(self.address(failed)).status_code == 404
        failed.refresh_from_db()
        assert failed.state == JobState.FAILED
