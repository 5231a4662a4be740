import pytest

from annotation import worklist
from annotation.models import Assignment, Case
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import stroke


@pytest.fixture
def url(read: Assignment) -> str:
    return f"/api/assignments/{read.pk}/submit/"


def test_hands_the_read_in(read: Assignment, url: str, as_ana: Browser) -> None:
    stroke(read)
    answer = as_ana.post(url, {"revision": 1})
    assert (answer.status_code, answer.json()) == (200, {"state": "submitted"})
    assert Case.objects.get(pk=read.case_id).state == "in_review"
    assert as_ana.post(url, {"revision": 1}).json() == {"state": "submitted"}


def test_a_stale_revision_is_409(read: Assignment, url: str, as_ana: Browser) -> None:
    stroke(read)
    answer = as_ana.post(url, {"revision": 0})
    assert_refused(answer, 409)
    assert answer.json()["head"] == 1


def test_a_given_back_read_is_403(read: Assignment, url: str, as_ana: Browser) -> None:
    worklist.release(assignment=read)
    assert_refused(as_ana.post(url, {"revision": 0}), 403)


@pytest.mark.parametrize("body", [{}, {"revision": -1}, {"revision": "x"}, {"revision": 10**30}, []])
def test_a_wrong_body(url: str, as_ana: Browser, body: object) -> None:
    assert_refused(as_ana.post(url, body), 400)


def test_who_is_kept_out(
    url: str, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_lea: Browser
) -> None:
    assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, unaware=as_ben)
    assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea)
