import pytest

from annotation.models import Assignment, Case, Review
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import stroke


@pytest.fixture
def url(review: Assignment) -> str:
    return f"/api/assignments/{review.pk}/verdict/"


def test_accept(review: Assignment, url: str, as_rui: Browser) -> None:
    answer = as_rui.post(url, {"verdict": "accept", "revision": 0})
    assert (answer.status_code, answer.json()) == (200, {"state": "done", "verdict": "accept"})
    assert Case.objects.get(pk=review.case_id).state == "accepted"


def test_accept_with_a_fix(review: Assignment, url: str, as_rui: Browser) -> None:
    stroke(review, value=3)
    answer = as_rui.post(url, {"verdict": "accept", "comment": "", "revision": 1})
    assert answer.json() == {"state": "done", "verdict": "fix"}


def test_return(review: Assignment, url: str, as_rui: Browser) -> None:
    answer = as_rui.post(url, {"verdict": "return", "comment": "The tip is missing.", "revision": 0})
    assert answer.json() == {"state": "done", "verdict": "return"}
    assert Case.objects.get(pk=review.case_id).state == "returned"
    assert Review.objects.get().comment == "The tip is missing."


def test_a_return_needs_a_comment(url: str, as_rui: Browser) -> None:
    for comment in ("", "  \n"):
        body = {"verdict": "return", "comment": comment, "revision": 0}
        assert_refused(as_rui.post(url, body), 400, "comment")


def test_a_second_other_verdict_is_409(url: str, as_rui: Browser) -> None:
    as_rui.post(url, {"verdict": "accept", "revision": 0})
    assert as_rui.post(url, {"verdict": "accept", "revision": 0}).status_code == 200
    assert_refused(as_rui.post(url, {"verdict": "return", "comment": "No.", "revision": 0}), 409)


def test_a_stale_revision_is_409(review: Assignment, url: str, as_rui: Browser) -> None:
    stroke(review)
    answer = as_rui.post(url, {"verdict": "accept", "revision": 0})
    assert_refused(answer, 409)
    assert answer.json()["head"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verdict": "fix", "revision": 0},
        {"verdict": "accept"},
        {"verdict": "accept", "revision": -1},
        {"verdict": "accept", "revision": 0, "comment": "x" * 4001},
        {"verdict": "accept", "revision": 0, "comment": "a\0b"},
        {"verdict": "accept", "revision": 0, "comment": None},
    ],
    ids=str,
)
def test_a_wrong_body(url: str, as_rui: Browser, body: object) -> None:
    assert_refused(as_rui.post(url, body), 400)


def test_who_is_kept_out(
    url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser, as_lea: Browser
) -> None:
    for stranger in (as_otto, as_ana):
        assert_kept_out(url, method="post", nobody=as_nobody, stranger=stranger, wrong_role=as_lea)


class TestStructures:
    @pytest.fixture
    def judged(self, review: Assignment) -> str:
        return f"/api/assignments/{review.pk}/judged/"

    def test_kept_and_shown_again(self, review: Assignment, judged: str, as_rui: Browser) -> None:
        said = [
            {"structure": "liver", "verdict": "accept", "acceptability": 4},
            {"structure": "spleen", "verdict": "return", "acceptability": None},
        ]
        assert as_rui.put(judged, {"structures": said}).json() == {"structures": said}
        assert as_rui.get(judged).json() == {"structures": said}
        assert as_rui.get(f"/api/assignments/{review.pk}/").json()["judged"] == said

    def test_with_the_verdict(self, url: str, as_rui: Browser) -> None:
        said = [{"structure": "spleen", "verdict": "return"}]
        body = {"verdict": "accept", "revision": 0, "structures": said}
        assert_refused(as_rui.post(url, body), 400, "spleen")
        assert as_rui.post(url, body | {"structures": []}).json()["verdict"] == "accept"

    @pytest.mark.parametrize(
        "said",
        [
            {"structure": "heart", "verdict": "accept"},
            {"structure": "liver", "verdict": "fix"},
            {"structure": "liver", "verdict": "accept", "acceptability": 6},
            {"structure": "liver", "verdict": "accept", "acceptability": "good"},
        ],
        ids=str,
    )
    def test_a_wrong_word(self, judged: str, as_rui: Browser, said: dict[str, object]) -> None:
        assert_refused(as_rui.put(judged, {"structures": [said]}), 400)
