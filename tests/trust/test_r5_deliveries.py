"""R5: messages that come twice, late, at the same time or in another order do no more than one does."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from annotation import learning
from annotation.models import Job, JobKind, JobState, Model, Project, RunEpoch, RunNote
from tests.trust.figures import record
from tests.trust.scale import scaled
from tests.trust.waiting import (
    TASKS,
    differences,
    fill,
    model_folder,
    new_project,
    outcome,
    store_hashes,
    table_hashes,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.torture,
    pytest.mark.timeout(1200),
]

BY_TIME = (JobKind.SIMULATE, JobKind.TRAIN)
"""How good their networks get depends on the seconds that they had."""
WORKERS, COPIES = 2, 3
COPY_EVERY_S = 0.2


def rounds() -> int:
    """How many random orders are tried."""
    return int(scaled(3, 1))


@pytest.fixture(autouse=True)
def empty_broker(settings: Any) -> None:
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_folder(tmp_path_factory.mktemp("model"))


def deliver(messages: Sequence[Job], workers: int = WORKERS) -> None:
    """Workers take the messages in this order, at the same time, each in a thread with its own connection."""
    waiting: Iterator[Job] = iter(messages)
    lock = threading.Lock()

    def work() -> None:
        try:
            while True:
                with lock:
                    job = next(waiting, None)
                if job is None:
                    return
                TASKS[JobKind(job.kind)](job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work) for _ in range(workers)]:
            done.result()


def drain(project: Project) -> None:
    """What was asked for meanwhile, as the sweeper hands it out."""
    while left := list(project.jobs.filter(state=JobState.QUEUED).order_by("pk")):
        deliver(left, workers=1)


def test_every_kind_of_job_has_a_task() -> None:
    assert set(TASKS) == set(JobKind)


def test_late_and_repeated_messages_change_no_row_and_no_file(model_dir: Path, tmp_path: Path) -> None:
    project = new_project("Once")
    fill(project, tmp_path, model_dir, [kind for kind in JobKind if kind not in BY_TIME])
    drain(project)
    fill_by_time(project)
    drain(project)
    every = list(project.jobs.order_by("pk"))
    failed = [(job.kind, job.error) for job in every if job.state != JobState.SUCCEEDED]
    assert {job.kind for job in every} == set(JobKind)
    assert not failed, failed
    before = table_hashes(), store_hashes()
    rng = random.Random(5)
    for _ in range(rounds()):
        messages = every * COPIES
        rng.shuffle(messages)
        deliver(messages)
    after = table_hashes(), store_hashes()
    changed = sorted(name for name, digest in before[0].items() if after[0][name] != digest)
    count = rounds() * COPIES * len(every)
    record(
        "R5",
        f"{len(every)} jobs of all {len(TASKS)} kinds, done; then {count} messages more, shuffled",
        f"{len(before[0])} tables and {len(before[1])} files: "
        + (f"changed: {', '.join(changed)}" if changed else "all hashes equal"),
        met=before == after,
    )


def fill_by_time(project: Project) -> None:
    """Trainings come after the rest, which they would change."""

    learning.request_what_if(project=project, strategies=["random"], seeds=1, seconds=1)
    learning.request_run(project=project, requested_by=None)


def test_the_order_and_number_of_messages_do_not_matter(model_dir: Path, tmp_path: Path) -> None:
    kinds = [kind for kind in JobKind if kind not in BY_TIME]
    once = new_project("Once")
    fill(once, tmp_path / "once", model_dir, kinds)
    drain(once)
    wanted = outcome(once)
    rng = random.Random(6)
    differing: list[str] = []
    for number in range(rounds()):
        mixed = new_project(f"Mixed {number}")
        waiting = fill(mixed, tmp_path / str(number), model_dir, rng.sample(kinds, len(kinds)))
        messages = waiting * COPIES
        rng.shuffle(messages)
        deliver(messages)
        drain(mixed)
        differing += differences(wanted, outcome(mixed))
    record(
        "R5",
        f"{len(kinds)} kinds of jobs, each message {COPIES} times, {rounds()} random orders, two workers",
        "all tables that count equal to a single delivery in order"
        if not differing
        else f"{len(differing)} rows differ; {'; '.join(differing[:4])}",
        met=not differing,
    )


def test_copies_that_come_while_the_work_goes_on_make_nothing_twice(model_dir: Path, tmp_path: Path) -> None:
    project = new_project("Doubled")
    replay, training = fill(project, tmp_path, model_dir, BY_TIME)
    copies = {job.kind: doubled(job) for job in (replay, training)}
    for job in (replay, training):
        job.refresh_from_db()
        assert (job.state, job.fence) == (JobState.SUCCEEDED, 1), (job.kind, job.error)
    made = Model.objects.filter(run__job=training)
    notes = list(RunNote.objects.filter(run__job=training).values_list("text", flat=True))
    epochs = list(RunEpoch.objects.filter(run__job=training).values_list("member", "epoch"))
    answers = project.jobs.filter(kind=JobKind.SIMULATE).exclude(result={})
    assert replay.result["rows"]
    assert not list(Path(settings.WORK_ROOT).glob("simulate-*"))
    record(
        "R5",
        f"a training and a replay; meanwhile their messages {copies[JobKind.TRAIN]} and "
        f"{copies[JobKind.SIMULATE]} times more, to a second worker",
        f"{made.count()} model, {answers.count()} answer; of {len(notes)} notes and {len(epochs)} epochs "
        "none twice",
        met=made.count() == answers.count() == 1
        and len(set(notes)) == len(notes)
        and len(set(epochs)) == len(epochs)
        and min(copies.values()) > 0,
    )


def doubled(job: Job) -> int:
    """Work on the job; meanwhile a second worker is handed copies of its message: how many."""

    def work() -> None:
        try:
            TASKS[JobKind(job.kind)](job.pk)
        finally:
            connection.close()

    first, copies = threading.Thread(target=work), 0
    first.start()
    while first.is_alive():
        if Job.objects.filter(pk=job.pk, state=JobState.RUNNING).exclude(progress={}).exists():
            TASKS[JobKind(job.kind)](job.pk)
            copies += 1
        time.sleep(COPY_EVERY_S)
    return copies


def test_a_message_without_its_job_is_dropped(model_dir: Path) -> None:
    before = table_hashes()
    for task in TASKS.values():
        task(2**40)
    assert table_hashes() == before
    assert not Job.objects.exists()
