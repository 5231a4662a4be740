"""The Operations page: for staff alone; it is live, and a job that failed is started again."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from playwright.sync_api import Page, Route, expect

from annotation.models import Job, JobKind, JobState, Project, Queue, Role
from tests.e2e import own_project
from tests.e2e.conftest import SignIn, Stack

pytestmark = pytest.mark.e2e

STAFF, READER = "otilie", "oskar"
WHY = "The disk was full when the import stopped."


def _begin() -> int:
    project = own_project.begin("Machine room", {STAFF: Role.LEAD, READER: Role.ANNOTATOR})
    User.objects.filter(username=STAFF).update(is_staff=True)
    job = Job.objects.create(
        project=project, kind=JobKind.IMPORT, queue=Queue.IO, ids={"folder": "/gone"}, state=JobState.FAILED
    )
    Job.objects.filter(pk=job.pk).update(error=WHY, attempts=3, finished_at=Now())
    return project.pk


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made: int = stack.in_database(_begin)
    yield made
    stack.in_database(lambda: own_project.leave(made))
    stack.in_database(lambda: User.objects.filter(username=STAFF).update(is_staff=False))


def _job(project: int) -> Job:
    return Project.objects.get(pk=project).jobs.get(kind=JobKind.IMPORT)


def test_staff_see_how_it_is_and_start_a_job_again(stack: Stack, sign_in: SignIn, project: int) -> None:
    page: Page = sign_in(STAFF)
    page.get_by_role("link", name="Operations").click()
    expect(page.get_by_role("heading", name="Operations")).to_be_visible()
    expect(page.get_by_role("table", name="Queues").get_by_role("row")).to_have_count(5)
    expect(page.get_by_role("region", name="Versions")).to_contain_text("Postgres")
    expect(page.get_by_role("region", name="Disks and backup")).to_contain_text("free of")
    job = stack.in_database(lambda: _job(project))
    row = page.get_by_role("table", name="Failed jobs").get_by_role("row").filter(has_text=WHY)
    expect(row).to_contain_text("Import")
    row.get_by_role("button", name=f"Retry job {job.pk}").click()
    expect(page.get_by_role("region", name="Failed jobs")).to_contain_text(f"Job {job.pk} waits again.")
    expect(row).to_have_count(0)
    assert stack.in_database(lambda: _job(project)).fence > job.fence


def test_a_server_that_is_away_leaves_what_was_known(stack: Stack, sign_in: SignIn, project: int) -> None:
    page: Page = sign_in(STAFF)
    page.goto("/operations")
    expect(page.get_by_role("table", name="Queues")).to_be_visible()

    def away(route: Route) -> None:
        route.abort()

    page.route("**/api/operations/", away)
    stale = page.get_by_role("alert").filter(has_text="what was known before")
    expect(stale).to_be_visible(timeout=60_000)
    expect(page.get_by_role("table", name="Queues")).to_be_visible()


def test_readers_have_no_such_page(sign_in: SignIn, project: int) -> None:
    page: Page = sign_in(READER)
    expect(page.get_by_role("link", name="Operations")).to_have_count(0)
    page.goto("/operations")
    expect(page.get_by_role("alert")).to_be_visible(timeout=60_000)
