import pytest
from django.contrib.auth.models import User

from annotation import corrections
from annotation.models import Assignment, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_read, make_review


@pytest.fixture
def left_out(ana: User, rui: User, project: Project) -> Assignment:
    """A review of a read whose reader left the spleen out."""
    read = make_read(ana, project)
    corrections.submit(assignment=read, revision=0, not_looked_at=["spleen"])
    return make_review(rui, read)


@pytest.fixture
def url(left_out: Assignment) -> str:
    return f"/api/assignments/{left_out.pk}/completed/"


def test_said_kept_and_accepted(left_out: Assignment, url: str, as_rui: Browser) -> None:
    opened = f"/api/assignments/{left_out.pk}/"
    before = as_rui.get(opened).json()
    assert (before["not_looked_at"], before["completed"]) == (["spleen"], [])
    answer = as_rui.put(url, {"structures": ["spleen", "spleen"]})
    assert (answer.status_code, answer.json()) == (200, {"structures": ["spleen"]})
    assert as_rui.get(opened).json()["completed"] == ["spleen"]
    verdict = as_rui.post(f"{opened}verdict/", {"verdict": "accept", "revision": 0}).json()
    assert verdict == {"state": "done", "verdict": "fix"}
    after = as_rui.get(opened).json()
    assert (after["not_looked_at"], after["completed"]) == (["spleen"], ["spleen"])
    left_out.mask.refresh_from_db()
    assert set(left_out.mask.annotated) == {"liver", "spleen", "kidney_left"}
    assert_refused(as_rui.put(url, {"structures": []}), 409, "ended already")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"structures": None},
        {"structures": "spleen"},
        {"structures": [1, None]},
        {"structures": ["liver"]},
    ],
    ids=str,
)
def test_a_wrong_body(left_out: Assignment, url: str, as_rui: Browser, body: object) -> None:
    assert_refused(as_rui.put(url, body), 400)
    left_out.mask.refresh_from_db()
    assert left_out.mask.annotated == []


def test_who_is_kept_out(
    url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser, as_lea: Browser
) -> None:
    assert_kept_out(url, method="put", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea, unaware=as_ana)
