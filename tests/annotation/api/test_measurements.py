import uuid
from typing import Any

import pytest

from annotation import corrections
from annotation.models import Assignment, Measurement
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused


@pytest.fixture
def url(read: Assignment) -> str:
    return f"/api/assignments/{read.pk}/measurements/"


def length(**changes: Any) -> dict[str, Any]:
    return {
        "key": str(uuid.uuid4()),
        "kind": "length",
        "plane": "axial",
        "points_lps": [[0.1, 0.2, -10.0], [7.3, 1 / 3, -10.0]],
        "label": "cyst",
        "tilt_deg": [0.0, 0.0, 0.0],
    } | changes


def test_they_come_back_as_they_were_sent(read: Assignment, url: str, as_ana: Browser) -> None:
    one, other = length(), length(label="")
    answer = as_ana.patch(url, {"changed": [one, other]})
    assert (answer.status_code, answer.json()) == (200, {"measurements": [one, other]})
    answer = as_ana.patch(url, {"changed": [one | {"label": "node"}], "removed": [other["key"]]})
    assert answer.json() == {"measurements": [one | {"label": "node"}]}
    opened = as_ana.get(f"/api/assignments/{read.pk}/").json()
    assert opened["measurements"] == [one | {"label": "node"}]
    assert opened["subject"] is None


def test_without_a_tilt_a_plane_is_straight(url: str, as_ana: Browser) -> None:
    """Programs from before planes could be turned."""
    one = length()
    body = {key: value for key, value in one.items() if key != "tilt_deg"}
    assert as_ana.patch(url, {"changed": [body]}).json() == {"measurements": [one]}


def test_the_reviewer_sees_those_of_the_read_and_has_others(
    submitted: Assignment, review: Assignment, as_rui: Browser, as_ana: Browser
) -> None:
    Measurement.objects.create(
        assignment=submitted, key=uuid.uuid4(), kind="length", plane="axial", points_lps=[0.0] * 6
    )
    mine = length()
    assert as_rui.patch(f"/api/assignments/{review.pk}/measurements/", {"changed": [mine]}).status_code == 200
    opened = as_rui.get(f"/api/assignments/{review.pk}/").json()
    assert [one["points_lps"] for one in opened["subject"]["measurements"]] == [[[0.0] * 3] * 2]
    assert opened["measurements"] == [mine]
    of_read = as_ana.get(f"/api/assignments/{submitted.pk}/").json()
    assert [one["key"] for one in of_read["measurements"]] != [mine["key"]]


@pytest.mark.parametrize(
    "body",
    [
        {"changed": [length(key="x")]},
        {"changed": [length(kind="angle")]},
        {"changed": [length(plane="oblique")]},
        {"changed": [length(points_lps=[[0.0, 0.0, -10.0]])]},
        {"changed": [length(points_lps=[[0.0, 0.0], [0.0, 0.0]])]},
        {"changed": [length(points_lps=[["nan", 0.0, -10.0], [0.0, 0.0, -10.0]])]},
        {"changed": [length(points_lps="far")]},
        {"changed": [length(tilt_deg=[5.0])]},
        {"changed": [length(tilt_deg=["nan", 0.0, 0.0])]},
        {"changed": [length(tilt_deg=[0.0, 361.0, 0.0])]},
        {"changed": [length(label="x" * 81)]},
        {"changed": [length(label="a\0b")]},
        {"changed": [length(label=None)]},
        {"changed": [length() for _ in range(corrections.MOST_MEASUREMENTS + 1)]},
        {"changed": [None]},
        {"changed": {}},
        {"removed": ["x"]},
        [],
    ],
)
def test_a_wrong_body(url: str, as_ana: Browser, body: object) -> None:
    assert_refused(as_ana.patch(url, body), 400)
    assert not Measurement.objects.exists()


def test_more_than_a_read_keeps(url: str, as_ana: Browser) -> None:
    full = [length() for _ in range(corrections.MOST_MEASUREMENTS)]
    assert as_ana.patch(url, {"changed": full}).status_code == 200
    assert_refused(as_ana.patch(url, {"changed": [length()]}), 413, "200 measurements")


def test_after_handing_in(read: Assignment, url: str, as_ana: Browser) -> None:
    corrections.submit(assignment=read, revision=0)
    assert_refused(as_ana.patch(url, {"changed": [length()]}), 409, "handed in")


def test_who_is_kept_out(
    url: str, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_lea: Browser
) -> None:
    assert_kept_out(
        url, method="patch", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea, unaware=as_ben
    )
