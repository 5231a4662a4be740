import pytest

from annotation.models import Job, JobState, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_job


@pytest.fixture
def job(project: Project) -> Job:
    return make_job(project, state=JobState.QUEUED)


@pytest.fixture
def url(job: Job) -> str:
    return f"/api/jobs/{job.pk}/"


def test_a_job(url: str, job: Job, as_lea: Browser) -> None:
    body = as_lea.get(url).json()
    assert body.pop("created_at").endswith("Z")
    assert body == {
        "id": job.pk,
        "kind": "train",
        "state": "queued",
        "attempts": 0,
        "progress": {},
        "error": "",
        "result": {},
        "started_at": None,
        "finished_at": None,
    }


def test_polling_costs_no_body_until_something_changes(url: str, job: Job, as_lea: Browser) -> None:
    first = as_lea.get(url)
    again = as_lea.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    job.progress = {"stage": "training", "done": 1, "total": 9}
    job.save()
    changed = as_lea.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.json()["progress"] == {"stage": "training", "done": 1, "total": 9}
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_the_lead_cancels(url: str, job: Job, as_lea: Browser) -> None:
    answer = as_lea.post(f"{url}cancel/")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert_refused(as_lea.post(f"{url}cancel/"), 409, "over")
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_who_is_kept_out(url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser) -> None:
    assert_kept_out(url, nobody=as_nobody, stranger=as_otto, unaware=as_ana)
    assert_kept_out(f"{url}cancel/", method="post", nobody=as_nobody, stranger=as_otto, unaware=as_ana)
