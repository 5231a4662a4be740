import pytest
from django.contrib.auth.models import User

from annotation import reviews
from annotation.models import Project, TrainingRun
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_review, make_submitted


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/runs/"


@pytest.fixture
def accepted(ana: User, rui: User, project: Project) -> None:
    reviews.accept(assignment=make_review(rui, make_submitted(ana, project)), revision=0)


def test_the_lead_starts_a_training(
    url: str, project: Project, lea: User, as_lea: Browser, accepted: None
) -> None:
    answer = as_lea.post(url)
    assert answer.status_code == 202
    run = TrainingRun.objects.get(project=project)
    assert (run.requested_by, run.job_id) == (lea, answer.json()["id"])
    assert (answer.json()["kind"], answer.json()["state"]) == ("train", "queued")


def test_one_at_a_time(url: str, as_lea: Browser, accepted: None) -> None:
    as_lea.post(url)
    assert_refused(as_lea.post(url), 409, "already")
    assert TrainingRun.objects.count() == 1


def test_nothing_to_learn_from(url: str, as_lea: Browser) -> None:
    assert_refused(as_lea.post(url), 400, "Nothing to learn from")


def test_who_is_kept_out(url: str, as_nobody: Browser, as_otto: Browser, as_rui: Browser) -> None:
    assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_rui)
