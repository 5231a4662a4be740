import gzip
import json
import uuid
from typing import Any

import pytest
import zstandard
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation import corrections, guidelines, handles, reviews, worklist
from annotation.corrections import Event
from annotation.models import Assignment, Branch, Mask, Revision
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import encode, make_branch, named, pack, stroke

STROKE = pack([(0, 1, [(0, 5, 2)])])


def mask_of(read: Assignment) -> Mask:
    return Mask.objects.get(pk=read.mask_id)


class TestRevisions:
    def test_newest_first_with_what_the_tools_did(self, read: Assignment, as_ana: Browser) -> None:
        corrections.save(
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=STROKE,
            events=[Event("threshold_brush", 2, 0, 5, 0), Event("smooth", 1, 0, 0, 2)],
        )
        stroke(read, base=1)
        newest, first = as_ana.get(f"/api/masks/{named(read).mask(read.mask_id)}/revisions/").json()
        assert (newest["number"], newest["kind"], newest["author"], newest["events"]) == (
            2,
            "autosave",
            "ana",
            [],
        )
        assert (first["number"], first["voxels_changed"], first["bytes"]) == (1, 5, len(STROKE))
        assert first["at"].endswith("Z")
        assert first["events"] == [
            {"tool": "threshold_brush", "layer": 0, "structure": 2, "added": 5, "removed": 0},
            {"tool": "smooth", "layer": 0, "structure": 1, "added": 0, "removed": 2},
        ]

    def test_each_names_the_guideline_that_was_in_force(
        self, read: Assignment, lea: User, as_ana: Browser
    ) -> None:
        stroke(read)
        for version in (0, 1):
            guidelines.write_guideline(
                project=read.case.project,
                author=lea,
                base_version=version,
                text=f"Way {version}.",
                structures={},
            )
            stroke(read, base=version + 1, at=version + 1)
        found = as_ana.get(f"/api/masks/{named(read).mask(read.mask_id)}/revisions/").json()
        assert [one["guideline_version"] for one in found] == [2, 1, None]

    def test_pages(self, read: Assignment, as_ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("annotation.corrections.history.PAGE", 2)
        for base in range(5):
            stroke(read, base=base, at=base)
        url = f"/api/masks/{named(read).mask(read.mask_id)}/revisions/"
        pages = [
            [one["number"] for one in as_ana.get(url, query).json()]
            for query in ({}, {"before": 4}, {"before": 2}, {"before": 1})
        ]
        assert pages == [[5, 4], [3, 2], [1], []]
        for before in ("0", "x", "-1"):
            assert_refused(as_ana.get(url, {"before": before}), 400, "before")

    def test_a_models_mask_has_no_author(
        self, read: Assignment, lea: User, as_lea: Browser, as_ana: Browser
    ) -> None:
        assert read.mask.base_id is not None
        to_lead = handles.Namer(lea.pk, handles.LEAD).mask(read.mask.base_id)
        (only,) = as_lea.get(f"/api/masks/{to_lead}/revisions/").json()
        assert (only["kind"], only["author"]) == ("prediction", None)
        # Its time would be the same in another read of the case.
        assert as_ana.get(f"/api/masks/{named(read).mask(read.mask.base_id)}/revisions/").json() == []


class TestDifference:
    def test_either_way(self, read: Assignment, as_ana: Browser) -> None:
        stroke(read, value=2)
        url = f"/api/masks/{named(read).mask(read.mask_id)}/difference/"
        for start, end, value in ((0, 1, 2), (1, 0, 0)):
            answer = as_ana.get(url, {"from": start, "to": end})
            assert (answer.status_code, answer.content) == (200, encode([(0, 1, [(0, 5, value)])]))
        assert as_ana.get(url, {"from": 1, "to": 1}).content == b""

    def test_encodings_and_etag(self, read: Assignment, as_ana: Browser) -> None:
        stroke(read, value=2)
        url, query = f"/api/masks/{named(read).mask(read.mask_id)}/difference/", {"from": 0, "to": 1}
        plain = encode([(0, 1, [(0, 5, 2)])])
        zipped = as_ana.get(url, query, {"Accept-Encoding": "gzip"})
        assert (zipped["Content-Encoding"], gzip.decompress(zipped.content)) == ("gzip", plain)
        packed = as_ana.get(url, query, {"Accept-Encoding": "zstd, gzip"})
        unpacked = zstandard.ZstdDecompressor().decompressobj().decompress(packed.content)
        assert (packed["Content-Encoding"], unpacked) == ("zstd", plain)
        again = as_ana.get(url, query, {"If-None-Match": packed["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ({}, 400),
            ({"from": 0}, 400),
            ({"from": -1, "to": 0}, 400),
            ({"from": "a", "to": 0}, 400),
            ({"from": 0, "to": 9}, 404),
        ],
    )
    def test_wrong_revisions(
        self, read: Assignment, as_ana: Browser, query: dict[str, Any], status: int
    ) -> None:
        assert_refused(as_ana.get(f"/api/masks/{named(read).mask(read.mask_id)}/difference/", query), status)


class TestRestore:
    @pytest.fixture
    def url(self, read: Assignment) -> str:
        return f"/api/assignments/{read.pk}/restore/"

    def test_as_a_new_revision(self, read: Assignment, url: str, as_ana: Browser) -> None:
        stroke(read)
        body = {"base_revision": 1, "key": str(uuid.uuid4()), "session": None, "revision": 0}
        first, again = as_ana.post(url, body), as_ana.post(url, body)
        revision = Revision.objects.get(mask=read.mask, number=2)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert first.json() == {"revision": 2, "sha256": revision.sha256, "active_seconds": 0}

    def test_a_stale_base_names_the_head(self, read: Assignment, url: str, as_ana: Browser) -> None:
        stroke(read)
        answer = as_ana.post(url, {"base_revision": 0, "key": str(uuid.uuid4()), "revision": 0})
        assert_refused(answer, 409)
        assert answer.json()["head"] == 1

    @pytest.mark.parametrize(
        "changes",
        [{"revision": 7}, {"revision": -1}, {"revision": None}, {"key": "x"}, {"session": 10**6}],
        ids=str,
    )
    def test_a_wrong_body(self, read: Assignment, url: str, as_ana: Browser, changes: dict[str, Any]) -> None:
        body = {"base_revision": 0, "key": str(uuid.uuid4()), "session": None, "revision": 0} | changes
        assert_refused(as_ana.post(url, body), 400)
        assert mask_of(read).head == 0

    def test_who_is_kept_out(
        self, url: str, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_lea: Browser
    ) -> None:
        assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, unaware=as_ben)
        assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea)


class TestUndo:
    @pytest.fixture
    def url(self, read: Assignment) -> str:
        return f"/api/assignments/{read.pk}/undo/"

    def test_as_a_new_revision(self, read: Assignment, url: str, as_ana: Browser) -> None:
        stroke(read)
        body = {"base_revision": 1, "key": str(uuid.uuid4()), "session": None, "revision": 1}
        first, again = as_ana.post(url, body), as_ana.post(url, body)
        revision = Revision.objects.get(mask=read.mask, number=2)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert first.json() == {"revision": 2, "sha256": revision.sha256, "active_seconds": 0}

    def test_a_stale_base_names_the_head(self, read: Assignment, url: str, as_ana: Browser) -> None:
        stroke(read)
        answer = as_ana.post(url, {"base_revision": 0, "key": str(uuid.uuid4()), "revision": 1})
        assert_refused(answer, 409)
        assert answer.json()["head"] == 1

    @pytest.mark.parametrize(
        "changes", [{"revision": 7}, {"revision": 0}, {"revision": None}, {"key": "x"}], ids=str
    )
    def test_a_wrong_body(self, read: Assignment, url: str, as_ana: Browser, changes: dict[str, Any]) -> None:
        stroke(read)
        body = {"base_revision": 1, "key": str(uuid.uuid4()), "session": None, "revision": 1} | changes
        assert_refused(as_ana.post(url, body), 400)
        assert mask_of(read).head == 1

    def test_who_is_kept_out(
        self, url: str, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_lea: Browser
    ) -> None:
        assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, unaware=as_ben)
        assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea)


class TestBranches:
    @pytest.fixture
    def url(self, read: Assignment) -> str:
        return f"/api/assignments/{read.pk}/branches/"

    def parts(self, edits: bytes = STROKE, **changes: Any) -> dict[str, Any]:
        event = {"tool": "brush", "structure": 2, "layer": 0, "added": 5, "removed": 0}
        meta = {"base_revision": 0, "key": str(uuid.uuid4()), "session": None, "events": [event, event]}
        return {"meta": json.dumps(meta | changes), "edits": SimpleUploadedFile("edits.gz", edits)}

    def test_kept_listed_read_and_applied(
        self, read: Assignment, url: str, as_ana: Browser, as_lea: Browser
    ) -> None:
        stroke(read, at=8)
        kept = as_ana.upload(url, self.parts())
        assert kept.status_code == 201, kept.content
        branch = kept.json()
        assert (branch["head"], branch["base_revision"], branch["strokes"]) == (1, 0, 1)
        assert branch["applied"] is False
        assert as_ana.get(f"/api/assignments/{read.pk}/").json()["branches"] == [branch]
        assert as_ana.get(f"/api/masks/{branch['mask']}/").status_code == 200
        difference = as_ana.get(f"/api/masks/{branch['mask']}/difference/", {"from": 0, "to": 1})
        assert difference.content == encode([(0, 1, [(0, 5, 2)])])
        (revision,) = as_ana.get(f"/api/masks/{branch['mask']}/revisions/").json()
        assert (revision["kind"], len(revision["events"])) == ("branch", 2)
        step = {"base_revision": 1, "key": str(uuid.uuid4()), "session": None}
        apply = f"/api/branches/{branch['mask']}/apply/"
        assert as_lea.post(apply, step).status_code == 404
        first, again = as_ana.post(apply, step), as_ana.post(apply, step)
        assert (first.status_code, again.status_code, first.json()["revision"]) == (201, 200, 2)
        (listed,) = as_ana.get(f"/api/assignments/{read.pk}/").json()["branches"]
        assert listed["applied"] is True

    def test_the_same_key_and_going_on(self, url: str, as_ana: Browser) -> None:
        key = str(uuid.uuid4())
        first, again = (as_ana.upload(url, self.parts(key=key)).json() for _ in range(2))
        assert first == again
        more = as_ana.upload(url, self.parts(branch=first["mask"])).json()
        assert (more["mask"], more["head"], more["strokes"]) == (first["mask"], 2, 2)

    def test_a_case_that_went_back_is_still_open_to_its_reader(
        self, read: Assignment, url: str, as_ana: Browser
    ) -> None:
        worklist.release(assignment=read)
        assert as_ana.get(f"/api/assignments/{read.pk}/").status_code == 403
        branch = as_ana.upload(url, self.parts()).json()
        opened = as_ana.get(f"/api/assignments/{read.pk}/").json()
        assert (opened["state"], opened["editable"], opened["branches"]) == ("released", False, [branch])

    def test_of_a_review(self, review: Assignment, as_rui: Browser) -> None:
        stroke(review, value=2)
        answer = as_rui.upload(f"/api/assignments/{review.pk}/branches/", self.parts())
        assert answer.status_code == 201, answer.content
        assert Branch.objects.get().mask.base_id == review.mask.base_id
        reviews.accept(assignment=review, revision=1)

    @pytest.mark.parametrize(
        "changes",
        [{"branch": ""}, {"key": ""}, {"events": [{"tool": "x"}]}, {"base_revision": -1}],
        ids=str,
    )
    def test_a_wrong_meta(self, url: str, as_ana: Browser, changes: dict[str, Any]) -> None:
        assert_refused(as_ana.upload(url, self.parts(**changes)), 400)
        assert not Branch.objects.exists()

    def test_a_branch_that_is_not_there(self, url: str, as_ana: Browser) -> None:
        for branch in ("x", 10**6):
            assert_refused(as_ana.upload(url, self.parts(branch=branch)), 404)
        assert not Branch.objects.exists()

    def test_wrong_edits_and_too_many_bytes(self, url: str, as_ana: Browser) -> None:
        assert_refused(as_ana.upload(url, self.parts(b"x")), 400, "gzip")
        assert_refused(as_ana.upload(url, self.parts(b"x" * (3 * 2**20))), 413)

    def test_applying_a_branch_of_anybody_else(
        self, read: Assignment, as_nobody: Browser, as_otto: Browser, as_ben: Browser
    ) -> None:
        url = f"/api/branches/{named(read).mask(make_branch(read).pk)}/apply/"
        assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, unaware=as_ben)
