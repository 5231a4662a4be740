import gzip
import json
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation import chunks, corrections, worklist
from annotation.models import Assignment, EditEvent, Revision
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import pack

STROKE = pack([(0, 1, [(0, 5, 2)])])


@pytest.fixture
def url(read: Assignment) -> str:
    return f"/api/assignments/{read.pk}/revisions/"


def parts(edits: bytes = STROKE, **changes: Any) -> dict[str, Any]:
    meta = {"base_revision": 0, "key": str(uuid.uuid4()), "session": None, "events": []} | changes
    return {"meta": json.dumps(meta), "edits": SimpleUploadedFile("edits.gz", edits, "application/gzip")}


def test_a_stroke_is_saved(read: Assignment, url: str, as_ana: Browser) -> None:
    answer = as_ana.upload(url, parts())
    assert answer.status_code == 201, answer.content
    revision = Revision.objects.get(mask=read.mask)
    assert answer.json() == {"revision": 1, "sha256": revision.sha256, "active_seconds": 0}
    read.mask.refresh_from_db()
    assert chunks.read_layers(read.mask)[0, :6, 0, 1].tolist() == [2, 2, 2, 2, 2, 0]


def test_with_session_and_events(read: Assignment, url: str, as_ana: Browser) -> None:
    session = corrections.start_session(assignment=read)
    event = {"tool": "brush", "structure": 2, "layer": 0, "added": 5, "removed": 0}
    answer = as_ana.upload(url, parts(session=session.pk, events=[event, event]))
    assert answer.status_code == 201
    assert EditEvent.objects.filter(session=session, tool="brush", structure=2, added=5).count() == 2


def test_events_of_one_tool_may_come_together(read: Assignment, url: str, as_ana: Browser) -> None:
    together = {"tool": "eraser", "layer": 0, "changes": [[1, 0, 4], [2, 0, 1]]}
    assert as_ana.upload(url, parts(events=[EVENT, together])).status_code == 201
    found = EditEvent.objects.filter(revision__mask=read.mask, tool="eraser").order_by("structure")
    assert list(found.values_list("layer", "structure", "removed")) == [(0, 1, 4), (0, 2, 1)]


def test_the_same_key_again_is_200_with_the_same_answer(url: str, as_ana: Browser) -> None:
    key = str(uuid.uuid4())
    first, again = (as_ana.upload(url, parts(key=key)) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Revision.objects.filter(key=key).count() == 1


def test_a_stale_base_is_409_and_names_the_head(url: str, as_ana: Browser) -> None:
    as_ana.upload(url, parts())
    answer = as_ana.upload(url, parts())
    assert_refused(answer, 409)
    assert answer.json()["head"] == 1


def test_a_case_that_went_back_is_409(read: Assignment, url: str, as_ana: Browser) -> None:
    """Not 403, which would ask the reader to sign in: these strokes belong to a branch."""
    worklist.release(assignment=read)
    assert_refused(as_ana.upload(url, parts()), 409, "given back")


def test_a_submitted_read_is_409(submitted: Assignment, as_ana: Browser) -> None:
    answer = as_ana.upload(f"/api/assignments/{submitted.pk}/revisions/", parts(base_revision=2))
    assert_refused(answer, 409, "handed in")


EVENT = {"tool": "brush", "structure": 2, "layer": 0, "added": 5, "removed": 0}


@pytest.mark.parametrize(
    "changes",
    [
        {"base_revision": -1},
        {"base_revision": "one"},
        {"base_revision": None},
        {"base_revision": 10**20},
        {"key": "no uuid"},
        {"key": None},
        {"session": 10**6},
        {"session": 10**30},
        {"session": "s"},
        {"events": 5},
        {"events": [5]},
        {"events": [{"tool": "brush", "layer": 0, "changes": [[1, 2]]}]},
        {"events": [{"tool": "brush", "layer": 0, "changes": [[1, 2, -3]]}]},
        {"events": [{"tool": "brush", "layer": 0, "changes": [5]}]},
        {"events": [{**EVENT, "structure": 9}]},
        {"events": [{**EVENT, "added": -5}]},
        {"events": [{**EVENT, "added": 2**40}]},
        {"events": [{**EVENT, "tool": "x" * 25}]},
        {"events": [{**EVENT, "tool": "a\0b"}]},
        {"events": [{**EVENT, "tool": "magic wand"}]},
        {"events": [{"tool": "brush"}]},
    ],
    ids=str,
)
def test_wrong_meta_is_400(url: str, as_ana: Browser, changes: dict[str, Any]) -> None:
    assert_refused(as_ana.upload(url, parts(**changes)), 400)
    assert Revision.objects.filter(author__username="ana").count() == 0


@pytest.mark.parametrize(
    ("meta", "says"),
    [
        ("{", "not JSON"),
        ("[]", ""),
        ("7", ""),
        ("null", ""),
        ('"x"', ""),
        ("[" * 100_000, "not JSON"),
        ('{"base_revision": NaN}', ""),
    ],
    ids=["cut", "list", "number", "null", "text", "deep", "nan"],
)
def test_meta_that_is_no_object_is_400(url: str, as_ana: Browser, meta: str, says: str) -> None:
    assert_refused(as_ana.upload(url, {**parts(), "meta": meta}), 400, says)


def test_missing_parts_are_400(url: str, as_ana: Browser) -> None:
    assert_refused(as_ana.upload(url, {}), 400, "meta")
    assert_refused(as_ana.upload(url, {"meta": parts()["meta"]}), 400, "edits")
    assert_refused(as_ana.upload(url, {**parts(), "edits": "text"}), 400, "edits")


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        (b"x", "gzip"),
        (pack([(0, 1, [(0, 5, 77)])]), "Value 77"),
        (pack([(0, 999, [(0, 5, 1)])]), "slice 999"),
        (STROKE[:-5], "gzip"),
    ],
    ids=["no gzip", "unknown value", "unknown slice", "cut off"],
)
def test_wrong_edits_are_400(url: str, as_ana: Browser, edits: bytes, says: str) -> None:
    assert_refused(as_ana.upload(url, parts(edits)), 400, says)


def test_a_json_body_is_415(url: str, as_ana: Browser) -> None:
    assert_refused(as_ana.post(url, {"base_revision": 0}), 415)


def test_a_broken_multipart_body_is_400(url: str, as_ana: Browser) -> None:
    answer = as_ana.client.post(url, b"--x\r\nnonsense", "multipart/form-data")
    assert_refused(answer, 400)


def test_too_many_bytes_are_413(url: str, as_ana: Browser) -> None:
    assert_refused(as_ana.upload(url, parts(b"x" * (3 * 2**20))), 413)


def test_a_bomb_is_413(url: str, as_ana: Browser) -> None:
    assert_refused(as_ana.upload(url, parts(gzip.compress(b"\0" * (64 * 2**20)))), 413, "unpack")


def test_who_is_kept_out(
    url: str, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_lea: Browser
) -> None:
    assert_kept_out(url, method="upload", nobody=as_nobody, stranger=as_otto, unaware=as_ben)
    assert_kept_out(url, method="upload", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea)
