import base64
from typing import Any

import pytest

from annotation import corrections
from annotation.models import Assignment, Mask, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import SHAPE, make_review, stroke

NI, NJ, NK = SHAPE
SIZES = {"sagittal": NI, "coronal": NJ, "axial": NK}


def bits(slices: set[int], count: int) -> str:
    row = bytearray(-(-count // 8))
    for one in slices:
        row[one // 8] |= 1 << one % 8
    return base64.b64encode(bytes(row)).decode()


@pytest.fixture
def url(read: Assignment) -> str:
    return f"/api/assignments/{read.pk}/looked/"


class TestLooked:
    def test_nothing_yet(self, read: Assignment, as_ana: Browser) -> None:
        looked = as_ana.get(f"/api/assignments/{read.pk}/").json()["looked"]
        assert looked == {plane: bits(set(), count) for plane, count in SIZES.items()}

    def test_what_was_seen_stays(self, read: Assignment, url: str, as_ana: Browser) -> None:
        as_ana.put(url, {"axial": bits({0, 7, 8, 33}, NK)})
        as_ana.put(url, {"axial": bits({1, 8}, NK), "sagittal": bits({39}, NI)})
        answer = as_ana.put(url, {})
        expected = {
            "axial": bits({0, 1, 7, 8, 33}, NK),
            "sagittal": bits({39}, NI),
            "coronal": bits(set(), NJ),
        }
        assert (answer.status_code, answer.json()) == (200, expected)
        assert as_ana.get(f"/api/assignments/{read.pk}/").json()["looked"] == expected

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            ({"axial": bits({0}, NK + 8)}, "34 axial slices, which need 5 bytes, not 6"),
            ({"axial": bits({0}, NK - 8)}, "need 5 bytes"),
            ({"axial": bits({34}, NK)}, "behind the last"),
            ({"axial": "?"}, "base64"),
            ({"axial": "ü"}, "base64"),
            ({"axial": 5}, ""),
            ({"axial": None}, "axial"),
            ({"coronal": ""}, "coronal"),
            ([], ""),
        ],
    )
    def test_a_wrong_body(self, url: str, as_ana: Browser, body: Any, says: str) -> None:
        assert_refused(as_ana.put(url, body), 400, says)

    def test_not_after_handing_in(self, read: Assignment, url: str, as_ana: Browser) -> None:
        corrections.submit(assignment=read, revision=0)
        assert_refused(as_ana.put(url, {"axial": bits({0}, NK)}), 409)

    def test_who_is_kept_out(
        self, url: str, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_lea: Browser
    ) -> None:
        assert_kept_out(url, method="put", nobody=as_nobody, stranger=as_otto, unaware=as_ben)
        assert_kept_out(url, method="put", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea)


class TestNotLookedAt:
    def submit(self, read: Assignment, browser: Browser, left_out: Any, revision: int = 0) -> Any:
        body = {"revision": revision, "not_looked_at": left_out}
        return browser.post(f"/api/assignments/{read.pk}/submit/", body)

    def test_left_out_of_what_is_annotated(self, read: Assignment, as_ana: Browser) -> None:
        url = f"/api/assignments/{read.pk}/"
        assert as_ana.get(url).json()["not_looked_at"] == []
        assert self.submit(read, as_ana, ["spleen"]).status_code == 200
        assert Mask.objects.get(pk=read.mask_id).annotated == ["liver", "kidney_left"]
        assert as_ana.get(url).json()["not_looked_at"] == ["spleen"]

    def test_the_reviewer_sees_it_and_a_fix_keeps_to_it(
        self, read: Assignment, as_ana: Browser, as_rui: Browser, rui: Any
    ) -> None:
        self.submit(read, as_ana, ["spleen", "kidney_left"])
        review = make_review(rui, read)
        opened = as_rui.get(f"/api/assignments/{review.pk}/").json()
        assert opened["not_looked_at"] == ["spleen", "kidney_left"]
        stroke(review)
        body = {"verdict": "accept", "comment": "", "revision": 1}
        assert as_rui.post(f"/api/assignments/{review.pk}/verdict/", body).json()["verdict"] == "fix"
        review.case.refresh_from_db()
        accepted = review.case.accepted_revision
        assert accepted is not None
        assert accepted.mask_id == review.mask_id
        assert Mask.objects.get(pk=review.mask_id).annotated == ["liver"]

    @pytest.mark.parametrize(
        ("left_out", "says"),
        [
            (["heart"], "heart"),
            (["liver", "spleen", "kidney_left"], "Nothing was looked at"),
            ("liver", ""),
            ([5, None], ""),
        ],
    )
    def test_what_is_refused(self, read: Assignment, as_ana: Browser, left_out: Any, says: str) -> None:
        assert_refused(self.submit(read, as_ana, left_out), 400, says)
        assert Mask.objects.get(pk=read.mask_id).head == 0


def test_the_layout_of_the_project(
    project: Project, read: Assignment, as_ana: Browser, as_lea: Browser, as_ben: Browser
) -> None:
    url = f"/api/projects/{project.pk}/"
    opened = f"/api/assignments/{read.pk}/"
    assert as_ana.get(opened).json()["hanging"] == as_ana.get(url).json()["hanging"] == "large_axial"
    changed = as_lea.patch(url, {"hanging": "three_and_volume"})
    assert (changed.json()["hanging"], changed.json()["retrain_after"]) == ("three_and_volume", 5)
    assert as_ana.get(opened).json()["hanging"] == "three_and_volume"
    assert_refused(as_lea.patch(url, {"hanging": "upside_down"}), 400, "hanging")
    assert_refused(as_lea.patch(url, {}), 400, "Say what to change")
    assert_refused(as_ben.patch(url, {"hanging": "single"}), 403)
