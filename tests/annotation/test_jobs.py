"""Jobs on a real Postgres and a real broker: claimed once, fenced, swept, cancelled."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from annotation import jobs
from annotation.errors import Conflict
from annotation.models import Job, JobKind, JobState, Project, Queue
from tests.processes import environment
from training.progress import Progress

pytestmark = pytest.mark.django_db(transaction=True)
HALFWAY = Progress("fit", 5, 10, "step 5 of 10", seconds_left=3.5, values={"loss": 0.25})


@pytest.fixture(autouse=True)
def broker(settings: Any) -> redis.Redis:
    """The queues of the run's own Valkey, empty."""
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    client.flushdb()
    return client


@pytest.fixture
def job(project: Project) -> Job:
    return jobs.enqueue(kind=JobKind.PREDICT, queue=Queue.INFER, ids={"model": 7}, project=project)


def messages(broker: redis.Redis, queue: Queue) -> list[dict[str, Any]]:
    entries: Any = broker.lrange(queue.value, 0, -1)
    return [json.loads(entry) for entry in entries]


def expire_lease(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def let_time_pass(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(nudged_at=timezone.now() - timedelta(minutes=1))


def claimed(job: Job) -> jobs.Lease:
    lease = jobs.claim(job.pk)
    assert lease is not None
    return lease


def test_the_message_names_the_task_and_the_job_and_nothing_else(job: Job, broker: redis.Redis) -> None:
    (message,) = messages(broker, Queue.INFER)
    assert message["headers"]["task"] == "annotation.tasks.predict"
    assert message["headers"]["kwargsrepr"] == repr({"job_id": job.pk})
    assert message["headers"]["argsrepr"] == "()"


def test_nothing_is_sent_when_the_transaction_is_rolled_back(project: Project, broker: redis.Redis) -> None:
    with transaction.atomic():
        jobs.enqueue(kind=JobKind.PREDICT, queue=Queue.INFER, ids={}, project=project)
        transaction.set_rollback(True)
    assert messages(broker, Queue.INFER) == []
    assert not Job.objects.exists()


def test_a_claim_takes_the_job_once(job: Job) -> None:
    lease = claimed(job)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.fence) == (JobState.RUNNING, 1, lease.fence)
    assert job.lease_until is not None
    assert job.started_at is not None
    assert jobs.claim(job.pk) is None


def test_of_eight_workers_with_the_same_message_one_gets_the_job(job: Job) -> None:
    start, leases = threading.Barrier(8), list[jobs.Lease | None]()

    def work() -> None:
        start.wait()
        try:
            leases.append(jobs.claim(job.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in leases if lease is not None]) == 1
    job.refresh_from_db()
    assert job.attempts == 1


def test_a_message_that_comes_late_changes_nothing(job: Job) -> None:
    jobs.finish(claimed(job), {"predicted": 3})
    assert jobs.claim(job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.SUCCEEDED, {"predicted": 3})
    assert job.finished_at is not None
    assert job.lease_until is None


def test_a_heartbeat_renews_the_lease_and_publishes_progress(job: Job) -> None:
    lease = claimed(job)
    expire_lease(job)
    assert lease.heartbeat(HALFWAY)
    job.refresh_from_db()
    assert job.lease_until is not None
    assert job.lease_until > timezone.now()
    assert job.progress == {
        "stage": "fit",
        "done": 5,
        "total": 10,
        "message": "step 5 of 10",
        "seconds_left": 3.5,
        "values": {"loss": 0.25},
    }


def test_whoever_lost_the_fence_can_neither_report_nor_finish_nor_fail(job: Job) -> None:
    old = claimed(job)
    assert old.heartbeat(HALFWAY)
    expire_lease(job)
    new = claimed(job)
    assert new.fence > old.fence
    job.refresh_from_db()
    assert job.progress == {}, "what the old attempt reported does not count"
    assert not old.heartbeat(HALFWAY)
    with pytest.raises(jobs.LeaseLost):
        jobs.finish(old, {"from": "old"})
    with pytest.raises(jobs.LeaseLost), transaction.atomic():
        jobs.hold(old)
    jobs.fail(old, "old failed")
    jobs.retry(old)
    jobs.stand_down(old)
    job.refresh_from_db()
    assert (job.state, job.fence, job.error, job.attempts) == (JobState.RUNNING, new.fence, "", 2)
    jobs.finish(new, {"from": "new"})
    job.refresh_from_db()
    assert job.result == {"from": "new"}


def test_a_held_job_cannot_be_claimed_until_the_holder_commits(job: Job) -> None:
    lease = claimed(job)
    expire_lease(job)
    answers = list[jobs.Lease | None]()

    def late_claim() -> None:
        try:
            answers.append(jobs.claim(job.pk))
        finally:
            connection.close()

    with transaction.atomic():
        jobs.hold(lease)
        thread = threading.Thread(target=late_claim)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive(), "the claim must wait for the row"
        jobs.finish(lease, {})
    thread.join()
    assert answers == [None]


def test_a_job_that_waits_is_cancelled_at_once(job: Job) -> None:
    assert jobs.cancel(job).state == JobState.CANCELLED
    assert jobs.claim(job.pk) is None
    with pytest.raises(Conflict, match="already over"):
        jobs.cancel(job)


def test_a_running_job_hears_of_its_cancellation_and_ends_cancelled(job: Job) -> None:
    lease = claimed(job)
    assert jobs.cancel(job).state == JobState.RUNNING
    assert not lease.heartbeat(HALFWAY)
    jobs.stand_down(lease)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_cancelled_job_whose_worker_died_is_closed_by_the_sweeper(job: Job) -> None:
    lease = claimed(job)
    jobs.cancel(job)
    expire_lease(job)
    assert jobs.sweep() == 0
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert not lease.heartbeat(HALFWAY)


def test_a_holder_that_stops_in_good_order_gives_the_job_back(job: Job, broker: redis.Redis) -> None:
    jobs.stand_down(claimed(job))
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert len(messages(broker, Queue.INFER)) == 2


def test_unexpected_errors_are_tried_again_three_times(job: Job) -> None:
    for attempt in (1, 2):
        jobs.retry(claimed(job))
        job.refresh_from_db()
        assert (job.state, job.attempts, job.error) == (JobState.QUEUED, attempt, jobs.TRYING_AGAIN)
    jobs.retry(claimed(job))
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, jobs.FAILED_UNEXPECTEDLY)
    assert jobs.claim(job.pk) is None


def test_an_unexpected_error_after_a_cancellation_is_not_tried_again(job: Job) -> None:
    lease = claimed(job)
    jobs.cancel(job)
    jobs.retry(lease)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_job_whose_workers_die_three_times_fails_with_a_sentence(job: Job) -> None:
    for _ in range(jobs.MAX_ATTEMPTS):
        lease = claimed(job)
        expire_lease(job)
    assert jobs.claim(job.pk) is None
    jobs.sweep()
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, jobs.GAVE_UP)
    with pytest.raises(jobs.LeaseLost):
        jobs.finish(lease, {})


def test_only_deaths_without_progress_count(job: Job) -> None:
    for steps in (10, 20, 30, 40, 50):
        assert claimed(job).heartbeat(replace(HALFWAY, kept=steps))
        expire_lease(job)
        jobs.sweep()
    job.refresh_from_db()
    assert (job.state, job.attempts, job.kept) == (JobState.RUNNING, 0, {"fit": 50})
    for steps in (0, 40, 50):
        assert claimed(job).heartbeat(replace(HALFWAY, kept=steps)), "no further than the fifth"
        expire_lease(job)
    jobs.sweep()
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, jobs.GAVE_UP)
    job = jobs.start_again(job)
    assert (job.state, job.attempts, job.kept) == (JobState.QUEUED, 0, {})


def test_each_network_of_an_ensemble_gets_on_by_itself(job: Job) -> None:
    for member, part in enumerate(("fit-0", "fit-1")):
        lease = claimed(job)
        assert lease.heartbeat(replace(HALFWAY, kept=90 - member, values={"member": float(member)}))
        job.refresh_from_db()
        assert (job.attempts, job.kept[part]) == (0, 90 - member)
        expire_lease(job)


def test_a_holder_that_got_on_and_stops_in_good_order_has_all_attempts_left(job: Job) -> None:
    lease = claimed(job)
    assert lease.heartbeat(replace(HALFWAY, kept=1))
    jobs.stand_down(lease)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)


def test_who_lost_the_fence_notes_no_progress(job: Job) -> None:
    late = claimed(job)
    expire_lease(job)
    claimed(job)
    assert not late.heartbeat(replace(HALFWAY, kept=10))
    job.refresh_from_db()
    assert (job.attempts, job.kept) == (2, {})


def worker_dies(job: Job) -> None:
    claimed(job)
    expire_lease(job)


@pytest.mark.parametrize("becomes_unheld", [lambda job: None, worker_dies])
def test_the_sweeper_nudges_what_nobody_holds_and_not_at_every_tick(
    job: Job, broker: redis.Redis, becomes_unheld: Callable[[Job], object]
) -> None:
    becomes_unheld(job)
    broker.flushdb()
    assert jobs.sweep() == 0, "it was nudged a moment ago"
    let_time_pass(job)
    assert jobs.sweep() == 1
    assert jobs.sweep() == 0
    (message,) = messages(broker, Queue.INFER)
    assert message["headers"]["kwargsrepr"] == repr({"job_id": job.pk})


def test_messages_of_a_job_that_nobody_takes_do_not_pile_up(job: Job, broker: redis.Redis) -> None:
    for _ in range(5):
        let_time_pass(job)
        assert jobs.sweep() == 0, "its message waits in the queue"
    Job.objects.filter(pk=job.pk).update(nudged_at=timezone.now() - jobs.LOST_AFTER)
    assert jobs.sweep() == 1, "it may have been lost among others"
    assert len(messages(broker, Queue.INFER)) == 2


@pytest.mark.parametrize("gives_back", [worker_dies, lambda job: jobs.retry(claimed(job))])
def test_a_job_given_back_is_nudged_once_while_others_wait(
    job: Job, project: Project, broker: redis.Redis, gives_back: Callable[[Job], object]
) -> None:
    broker.flushdb()
    jobs.enqueue(kind=JobKind.PREDICT, queue=Queue.INFER, ids={"model": 8}, project=project)
    let_time_pass(job)
    gives_back(job)
    swept = []
    for _ in range(3):
        times = ("nudged_at", "heartbeat_at", "lease_until")
        Job.objects.filter(pk=job.pk).update(**{name: F(name) - timedelta(minutes=1) for name in times})
        swept.append(jobs.sweep())
    assert swept == [1, 0, 0]


def test_the_sweeper_leaves_alone_what_is_held_or_over(job: Job, project: Project) -> None:
    claimed(job)
    let_time_pass(job)
    over = jobs.enqueue(kind=JobKind.IMPORT, queue=Queue.IO, ids={}, project=project)
    jobs.finish(claimed(over), {})
    let_time_pass(over)
    assert jobs.sweep() == 0


ENQUEUE = """
import django
django.setup()
from django.db import transaction
from annotation import jobs
from annotation.models import JobKind, Project, Queue
with transaction.atomic():
    jobs.enqueue(kind=JobKind.PREDICT, queue=Queue.INFER, ids={}, project=Project.objects.get())
"""


def test_a_broker_that_is_down_does_not_fail_the_request(project: Project, broker: redis.Redis) -> None:
    # A process of its own, whose broker is a port of this machine that refuses connections.
    process = subprocess.run(
        [sys.executable, "-c", ENQUEUE],
        env=environment(REDIS_URL="redis://127.0.0.1:1"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "The broker did not take a nudge" in process.stderr
    job = Job.objects.get()
    assert job.state == JobState.QUEUED
    # The broker is back: the sweeper sends what was not sent, at once and whatever waits there.
    jobs.enqueue(kind=JobKind.PREDICT, queue=Queue.INFER, ids={"model": 8}, project=project)
    assert [jobs.sweep(), jobs.sweep()] == [1, 0]
    sent = [message["headers"]["kwargsrepr"] for message in messages(broker, Queue.INFER)]
    assert len(sent) == 2
    assert repr({"job_id": job.pk}) in sent
