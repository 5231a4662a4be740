import pytest

from annotation import reviews
from annotation.models import Assignment, Pin
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused

PIN = {"structure": "liver", "point_lps": [-5.0, -12.5, 4.0], "error_code": "leak", "text": "Into the gut."}


@pytest.fixture
def url(review: Assignment) -> str:
    return f"/api/assignments/{review.pk}/pins/"


@pytest.fixture
def pin(as_rui: Browser, url: str) -> int:
    answer = as_rui.post(url, PIN)
    assert answer.status_code == 201, answer.content
    return int(answer.json()["id"])


def returned(review: Assignment) -> None:
    reviews.return_to_reader(assignment=review, revision=0)


def test_drop_and_list(url: str, pin: int, as_rui: Browser) -> None:
    (one,) = as_rui.get(url).json()["pins"]
    assert one["id"] == pin
    assert (one["structure"], one["point_lps"], one["error_code"], one["state"], one["deletable"]) == (
        "liver",
        [-5.0, -12.5, 4.0],
        "leak",
        "open",
        True,
    )
    (note,) = one["notes"]
    assert (note["author"], note["name"], note["text"]) == ("you", None, "Into the gut.")


def test_reader_and_reviewer_stay_nameless_and_the_lead_sees_names(
    review: Assignment, url: str, pin: int, as_rui: Browser, as_ana: Browser, as_lea: Browser
) -> None:
    returned(review)
    assert as_ana.post(f"/api/pins/{pin}/notes/", {"text": "Done."}).status_code == 201
    read = f"/api/assignments/{review.subject_id}/pins/"

    def authors(browser: Browser, address: str) -> list[tuple[str, str | None]]:
        (one,) = browser.get(address).json()["pins"]
        return [(note["author"], note["name"]) for note in one["notes"]]

    assert authors(as_ana, read) == [("reviewer", None), ("you", None)]
    assert authors(as_rui, url) == [("you", None), ("reader", None)]
    assert authors(as_lea, read) == [("reviewer", "rui"), ("reader", "ana")]


def test_resolve(review: Assignment, pin: int, as_ana: Browser) -> None:
    assert as_ana.patch(f"/api/pins/{pin}/", {"state": "resolved"}).status_code == 404, "not yet returned"
    returned(review)
    assert as_ana.patch(f"/api/pins/{pin}/", {"state": "resolved"}).json()["state"] == "resolved"
    assert_refused(as_ana.patch(f"/api/pins/{pin}/", {"state": "gone"}), 400)


def test_delete(pin: int, as_rui: Browser) -> None:
    assert as_rui.client.delete(f"/api/pins/{pin}/").status_code == 204
    assert not Pin.objects.exists()


def test_no_other_reader_knows_a_pin(
    review: Assignment, pin: int, as_ben: Browser, as_otto: Browser, as_nobody: Browser
) -> None:
    returned(review)
    for address in (f"/api/pins/{pin}/notes/", f"/api/pins/{pin}/"):
        method = "post" if address.endswith("notes/") else "patch"
        for browser, code in ((as_nobody, 401), (as_otto, 404), (as_ben, 404)):
            assert getattr(browser, method)(address, {"text": "x", "state": "open"}).status_code == code


def test_only_the_reviewer_drops(url: str, as_nobody: Browser, as_otto: Browser, as_lea: Browser) -> None:
    assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea)


@pytest.mark.parametrize(
    "change",
    [
        {"structure": "heart"},
        {"point_lps": [0, 0]},
        {"point_lps": [0, 0, 9999]},
        {"point_lps": [0, 0, "NaN"]},
        {"error_code": "ugly"},
        {"text": "x" * 2001},
        {"text": "a\0b"},
    ],
    ids=str,
)
def test_a_wrong_body(url: str, as_rui: Browser, change: dict[str, object]) -> None:
    assert_refused(as_rui.post(url, PIN | change), 400)
    assert not Pin.objects.exists()


def test_the_worklist_shows_the_first_open_pin(review: Assignment, pin: int, as_ana: Browser) -> None:
    returned(review)
    project = review.case.project_id
    (read,) = as_ana.get("/api/worklist/", {"project": project}).json()["returned"]
    assert read["open_pins"] == 1
    assert read["first_pin"] == {"structure": "liver", "error_code": "leak", "text": "Into the gut."}
    as_ana.patch(f"/api/pins/{pin}/", {"state": "resolved"})
    (read,) = as_ana.get("/api/worklist/", {"project": project}).json()["returned"]
    assert (read["open_pins"], read["first_pin"]) == (0, None)
