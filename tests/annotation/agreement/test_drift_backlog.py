"""Alarms while scores are still to come: a chart with gaps is not yet the reader's chart."""

import pytest
from django.contrib.auth.models import User

from annotation import agreement, jobs
from annotation.models import Job, JobKind, JobState, Project, Purpose
from tests.annotation.agreement.world import gold, new_case, organs, read_by, work

pytestmark = pytest.mark.django_db

WIDE = [0.0, 4.0] * 6  # how far reads lie off; the first twelve
CALM = [0.6, 1.1] * 7 + [0.6]
LOW = [2.5] * 4


def test_no_alarm_rests_on_a_chart_whose_earlier_reads_wait_for_their_scores(
    project: Project, ana: User
) -> None:
    cases = [new_case(project) for _ in (*WIDE, *CALM, *LOW)]
    for case, shift in zip(cases, (*WIDE, *CALM, *LOW), strict=True):
        read_by(case, ana, organs(shift), purpose=Purpose.GOLD)
    work(project)
    for case in (*cases[len(WIDE) :], *cases[: len(WIDE)]):
        gold(case, organs())
    work(project)
    chart = agreement.drift(project, reader=ana.pk)[0]
    assert [len(chart.marks), sum(mark.alarm for mark in chart.marks)] == [len(cases) - 15, 0]
    assert agreement.alarms(project) == []


def test_an_alarm_comes_with_the_last_score_that_it_waits_for(project: Project, ana: User) -> None:
    shifts = (*CALM, *LOW)
    cases = [new_case(project) for _ in shifts]
    for case, shift in zip(cases, shifts, strict=True):
        read_by(case, ana, organs(shift), purpose=Purpose.GOLD)
    work(project)
    for case in reversed(cases):
        gold(case, organs())
    work(project)
    marks = agreement.drift(project, reader=ana.pk)[0].marks
    assert {mark.read for mark in marks if mark.alarm} == {one.read for one in agreement.alarms(project)}
    assert any(mark.alarm for mark in marks)


def test_no_alarm_while_another_worker_scores_an_earlier_read(project: Project, ana: User) -> None:
    cases = [new_case(project) for _ in (*WIDE, *CALM, *LOW)]
    for case, shift in zip(cases, (*WIDE, *CALM, *LOW), strict=True):
        read_by(case, ana, organs(shift), purpose=Purpose.GOLD)
    work(project)
    for case in cases:
        gold(case, organs())
    waiting = Job.objects.filter(project=project, kind=JobKind.SCORE, state=JobState.QUEUED).order_by("pk")
    elsewhere = [(job, jobs.claim(job.pk)) for job in waiting[: len(WIDE)]]
    work(project)
    assert agreement.alarms(project) == []
    for job, lease in elsewhere:
        assert lease is not None
        agreement.run(Job.objects.select_related("project").get(pk=job.pk), lease)
    assert agreement.alarms(project) == []
    assert len(agreement.drift(project, reader=ana.pk)[0].marks) == len(cases) - 15


def test_no_alarm_while_a_whole_project_is_scored_anew(project: Project, ana: User) -> None:
    shifts = (*CALM, *LOW)
    for shift in shifts:
        case = new_case(project)
        read_by(case, ana, organs(shift), purpose=Purpose.GOLD)
        gold(case, organs())
    everything = agreement.request_all(project)
    lease = jobs.claim(everything.pk)
    assert lease is not None
    work(project)
    assert agreement.alarms(project) == []
    agreement.run(Job.objects.select_related("project").get(pk=everything.pk), lease)
    assert agreement.alarms(project)
