"""R9: clocks that are wrong or are set, and other time zones, change no lease, no wash-out and no report."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation import access, clock, corrections, dashboards, jobs, worklist
from annotation.models import (
    Assignment,
    AssignmentState,
    Case,
    CaseState,
    Job,
    JobKind,
    Project,
    Purpose,
    Queue,
)
from tests.annotation.dashboards.study import fill
from tests.annotation.factories import make_case, make_model, make_prediction, pack, set_state, stroke
from tests.annotation.test_queue import end, plan_for
from tests.annotation.test_queue import given as given_to
from tests.trust.figures import record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.trust]

SKEWS_H = (-24.0, -1.0, 1.0, 24.0)
SLACK_S = 5.0  # of a slow machine
ZONES = ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin")  # UTC, +14 h, −11 h, summer time


@pytest.fixture(autouse=True)
def broker(settings: Any) -> redis.Redis:
    """Empty."""
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    client.flushdb()
    return client


@contextmanager
def wrong_by(hours: float) -> Iterator[None]:
    """A machine whose clock is wrong; it has just been started, and knows nothing of another."""
    clock.forget()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):  # noqa: TID251
        yield
    clock.forget()


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [found] = cursor.fetchone()
    assert isinstance(found, datetime)
    return found


def seconds_off(at: datetime | None, wanted: datetime) -> float:
    assert at is not None
    return abs((at - wanted).total_seconds())


@pytest.mark.parametrize("hours", SKEWS_H)
def test_the_clock_is_the_databases_whatever_the_machine_says(db: None, hours: float) -> None:
    with wrong_by(hours):
        assert seconds_off(clock.now(), database_time()) < SLACK_S


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_a_clock_that_is_set_while_it_is_in_use_is_not_noticed(db: None, jumps_s: list[float]) -> None:
    clock.forget()
    before = clock.now()
    for jump in jumps_s:
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=jump), tick=True):  # noqa: TID251
            after = clock.now()
        assert timedelta(0) <= after - before < timedelta(seconds=SLACK_S)
        before = after


def test_leases_undo_and_time_worked(project: Project, ana: User, ben: User) -> None:
    """A web server with a wrong clock gives the read, another machine with another one ends it."""
    wrong: list[str] = []
    for hours in SKEWS_H:
        case = make_case(project)
        with wrong_by(hours):
            read = worklist.next_case(reader=ana, project=project)
            assert read is not None
            session = corrections.start_session(assignment=read)
        lease_s = (read.lease_until - database_time()).total_seconds() if read.lease_until else 0
        if not 120 - SLACK_S < lease_s <= 120:
            wrong.append(f"a lease of {lease_s:.0f} s at {hours:+.0f} h")
        with wrong_by(-hours):
            if worklist.release_expired(project=project):
                wrong.append(f"a running lease taken away at {-hours:+.0f} h")
            corrections.ping(session=session, visible=True)
        read.refresh_from_db()
        if read.active_seconds > SLACK_S:
            wrong.append(f"{read.active_seconds} s of work that nobody did at {hours:+.0f} h")
        Assignment.objects.filter(pk=read.pk).update(lease_until=Now() - timedelta(seconds=1))
        with wrong_by(-hours):
            if worklist.release_expired(project=project) != 1:
                wrong.append(f"a lease that ended not taken back at {-hours:+.0f} h")
        wrong += undo_at(make_case(project), hours, ben)
        set_state([case], CaseState.WAITING)  # nobody else is to get it
    record(
        "R9",
        "clocks of machines wrong by ±1 h and ±1 day, against each other: leases, undo, time worked",
        "all right" if not wrong else "; ".join(wrong),
        met=not wrong,
    )


def undo_at(case: Case, hours: float, reader: User) -> list[str]:
    """What is wrong with the half minute in which a submit can be taken back."""
    with wrong_by(hours):
        read = worklist.next_case(reader=reader, project=case.project)
        assert read is not None
        edits = pack([(0, 1, [(0, 5, 1)])])
        corrections.save(assignment=read, base_revision=0, key=uuid.uuid4(), edits=edits)
        read = corrections.submit(assignment=read, revision=1)
    wrong = []
    with wrong_by(-hours):
        left = worklist.undo_seconds(read)
        if not worklist.UNDO_SECONDS - SLACK_S < left <= worklist.UNDO_SECONDS:
            wrong.append(f"{left:.0f} s to take a submit back at {hours:+.0f} h")
        if worklist.finish_due(project=case.project):
            wrong.append(f"a submit final at once at {hours:+.0f} h")
    Assignment.objects.filter(pk=read.pk).update(submitted_at=Now() - timedelta(seconds=60))
    with wrong_by(-hours):
        worklist.finish_due(project=case.project)
    read.refresh_from_db()
    if read.state not in (AssignmentState.DONE, AssignmentState.SUBMITTED):
        wrong.append(f"a read {read.state} at {hours:+.0f} h")
    return wrong


def test_the_wash_out_is_as_long_as_planned(project: Project, ana: User) -> None:
    plan_for(project, repeat_share=1.0, review_share_first=0.0, review_share_least=0.0)
    model = make_model(project)
    old, young = (make_prediction(make_case(project), model).case for _ in range(2))
    reads = []
    for _ in range(2):
        reads.append(given_to(ana, project))
        stroke(reads[-1])
    end(reads[0], days_ago=14)
    end(reads[1], days_ago=14)
    Assignment.objects.filter(pk=reads[0].pk).update(final_at=Now() - timedelta(days=14, minutes=30))
    Assignment.objects.filter(pk=reads[1].pk).update(final_at=Now() - timedelta(days=14, minutes=-30))
    with wrong_by(-1):
        again = worklist.next_case(reader=ana, project=project)
    assert again is not None
    stroke(again)
    with wrong_by(1):
        too_soon = worklist.next_case(reader=ana, project=project)
    open_to_reader = [
        access.is_closed(Assignment(final_at=database_time() - timedelta(days=days)))
        for days in (access.VIEW_DAYS - 0.01, access.VIEW_DAYS + 0.01)
    ]
    record(
        "R9",
        "a wash-out of 14 days: 30 min after it by a clock 1 h slow, 30 min before it by one 1 h fast",
        f"{'read' if again.case == old else 'not read'} again after, "
        f"{'not' if too_soon is None else 'read again'} before",
        met=(again.case, again.purpose, too_soon) == (old, Purpose.REPEAT, None)
        and open_to_reader == [False, True]
        and not Assignment.objects.filter(case=young, purpose=Purpose.REPEAT).exists(),
    )


@pytest.mark.parametrize("hours", SKEWS_H)
def test_a_job_that_a_wrong_clock_asked_for_is_handed_out_again_in_time(
    project: Project, broker: redis.Redis, hours: float
) -> None:
    with wrong_by(hours):
        job = jobs.enqueue(kind=JobKind.LOOK, queue=Queue.IO, ids={}, project=project)
        assert jobs.sweep() == 0, "it was nudged a moment ago"
    broker.delete(Queue.IO)  # its message is lost
    Job.objects.filter(pk=job.pk).update(nudged_at=F("nudged_at") - timedelta(seconds=31))
    with wrong_by(-hours):
        assert jobs.sweep() == 1


def test_reports_are_the_same_in_every_time_zone(project: Project) -> None:
    around = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # Europe's summer time begins that night, a Sunday
    fill(project, around, cases=12)
    accepted = list(Case.objects.filter(project=project, accepted_at__isnull=False).order_by("number"))
    for number, case in enumerate(accepted):
        moment = around + timedelta(hours=number - len(accepted) // 2)
        Case.objects.filter(pk=case.pk).update(accepted_at=moment)
    told = []
    for zone in ZONES:
        with machine_in(zone):
            told.append(asdict(dashboards.overview(project, around + timedelta(days=9))))
    weeks = [[row["accepted"] for row in one["weeks"]] for one in told]
    record(
        "R9",
        f"the overview with the machine in {', '.join(ZONES)}, around the night in which clocks go forward",
        f"{'one' if all(one == told[0] for one in told) else 'different'} report; cases by week {weeks[0]}",
        met=len(told) == len(ZONES)
        and all(one == told[0] for one in told)
        and sum(weeks[0]) == len(accepted),
    )


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """The process, and the connections that it opens, believe to be there."""
    kept = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    connection.close()
    try:
        yield
    finally:
        os.environ.pop("TZ") if kept is None else os.environ.update(TZ=kept)
        time.tzset()
        connection.close()
