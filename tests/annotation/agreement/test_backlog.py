"""What could not be compared is named, and is tried again when somebody asks."""

import pytest
from django.contrib.auth.models import User

from annotation import agreement, jobs
from annotation.models import Case, Job, JobKind, JobState, Project
from tests.annotation.agreement.world import counting, new_case, organs, read_by, work
from tests.annotation.api.conftest import Browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def cases(project: Project, ana: User, ben: User) -> list[Case]:
    """Two cases that two readers have read, none compared yet."""
    made = []
    for _ in range(2):
        case = new_case(project)
        for shift, reader in enumerate((ana, ben)):
            read_by(case, reader, organs(shift))
        made.append(case)
    return made


def give_up(*, whole: bool = False) -> None:
    """Every job that waits fails for good; with `whole`, only that of the whole project does."""
    waiting = Job.objects.filter(kind=JobKind.SCORE, state=JobState.QUEUED)
    for job in waiting.filter(ids__has_key="all") if whole else waiting:
        lease = jobs.claim(job.pk)
        assert lease is not None
        jobs.fail(lease, "The disk is full.")


def test_what_failed_is_named_once_a_case(project: Project, cases: list[Case]) -> None:
    before = agreement.backlog(project)
    assert (before.waiting, before.failed, before.failures) == (4, 0, [])
    give_up()
    found = agreement.backlog(project)
    assert (found.waiting, found.failed) == (0, 2)
    assert [one.number for one in found.failures] == [case.number for case in reversed(cases)]
    assert {one.sentence for one in found.failures} == {"The disk is full."}


def test_trying_again_asks_once_and_ends_with_the_scores(project: Project, cases: list[Case]) -> None:
    give_up()
    assert agreement.score_again(project) == 2
    assert agreement.score_again(project) == 0
    under_way = agreement.backlog(project)
    assert (under_way.waiting, under_way.failed) == (2, 0)
    work(project)
    after = agreement.backlog(project)
    assert (after.waiting, after.failed) == (0, 0)
    assert all(len(counting(case)) == 3 for case in cases)
    assert agreement.score_again(project) == 0


def test_a_case_that_was_compared_since_is_no_failure(project: Project, cases: list[Case]) -> None:
    give_up()
    agreement.request(cases[0])
    work(project)
    assert [one.case for one in agreement.backlog(project).failures] == [cases[1].pk]
    agreement.request_all(project)
    work(project)
    assert agreement.backlog(project).failed == 0


def test_the_job_for_the_whole_project_is_tried_again_as_one(project: Project, cases: list[Case]) -> None:
    work(project)
    agreement.request_all(project)
    give_up(whole=True)
    (failure,) = agreement.backlog(project).failures
    assert (failure.case, failure.sentence) == (None, "The disk is full.")
    assert agreement.score_again(project) == 1
    assert agreement.score_again(project) == 0
    assert Job.objects.filter(ids__has_key="all", state=JobState.QUEUED).count() == 1


def test_leads_are_told_and_can_ask(project: Project, cases: list[Case], as_lea: Browser) -> None:
    give_up()
    address = f"/api/projects/{project.pk}/scoring/"
    said = as_lea.get(address).json()
    assert (said["waiting"], said["failed"], said["total"]) == (0, 2, 0)
    assert said["failures"][0]["name"] == cases[1].name
    answer = as_lea.post(address)
    assert (answer.status_code, answer.json()["waiting"], answer.json()["failed"]) == (202, 2, 0)
    assert as_lea.post(address).json()["waiting"] == 2


@pytest.fixture
def as_lea(lea: User) -> Browser:
    return Browser(lea)
