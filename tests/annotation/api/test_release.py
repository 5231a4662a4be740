import pytest

from annotation.models import Assignment, Case
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import stroke


@pytest.fixture
def url(read: Assignment) -> str:
    return f"/api/assignments/{read.pk}/release/"


def test_an_undrawn_case_goes_back(read: Assignment, url: str, as_ana: Browser) -> None:
    answer = as_ana.post(url)
    assert (answer.status_code, answer.json()) == (200, {"state": "released"})
    assert Case.objects.get(pk=read.case_id).state == "ready"


def test_a_drawn_case_stays(read: Assignment, url: str, as_ana: Browser) -> None:
    stroke(read)
    assert_refused(as_ana.post(url), 409, "drawn")


def test_a_review_goes_back_too(review: Assignment, as_rui: Browser) -> None:
    assert as_rui.post(f"/api/assignments/{review.pk}/release/").status_code == 200
    assert Case.objects.get(pk=review.case_id).state == "in_review"


def test_who_is_kept_out(
    url: str, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_lea: Browser
) -> None:
    assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, unaware=as_ben)
    assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea)
