"""R7: with a full or broken disk nothing is acknowledged or half-stored, in any way of writing."""

import errno
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from annotation import store
from annotation.errors import StoreFailed, StoreFull
from annotation.models import CaseState, Project, UploadedFile
from annotation.store import faults
from tests.annotation.api.conftest import Browser
from tests.annotation.api.test_revisions import parts
from tests.annotation.factories import make_read, make_uploaded_file, png
from tests.trust import writing
from tests.trust.attempts import ERRORS, attempts, held
from tests.trust.faulty_disk import failing, shortest
from tests.trust.figures import record

pytestmark = pytest.mark.django_db
scene = writing.scene

Ways = dict[str, Callable[[writing.Scene], writing.Act]]


@pytest.fixture
def as_lea(lea: User) -> Browser:
    return Browser(lea)


def test_every_way_of_writing_has_its_test() -> None:
    tested = {*writing.QUICK, *writing.WITH_NETWORK, *writing.DERIVED, *writing.ELSEWHERE}
    assert writing.ways_in_code() == tested, (
        "give what writes into the store its place in tests/trust/writing.py"
    )


@pytest.mark.trust
@pytest.mark.parametrize("error", ERRORS, ids=["full", "broken"])
@pytest.mark.parametrize("way", writing.QUICK)
def test_a_disk_that_fails_at_any_call(way: str, error: int, scene: writing.Scene) -> None:
    act = writing.QUICK[way](scene)
    calls = attempts(act, error)
    record(
        "R7",
        f"{way}: {'disk full' if error == errno.ENOSPC else 'disk broken'} at each writing call",
        f"{calls} calls, 0 told as done, 0 rows or files left",
        met=calls > 0,
    )


@pytest.mark.trust
@pytest.mark.parametrize("way", writing.QUICK)
def test_a_write_that_stops_in_the_middle(way: str, scene: writing.Scene) -> None:
    """The operating system takes the first byte of each file and no more: the write comes back short."""
    act = writing.QUICK[way](scene)
    before = held()
    with shortest(1), pytest.raises(StoreFull, match="The store is full, so nothing of this was kept"):
        act()
    assert held() == before
    act()
    record("R7", f"{way}: files cut after one byte", "507, 0 rows or files left", met=held() != before)


def test_what_is_only_kept_to_be_quicker_is_answered_all_the_same(scene: writing.Scene) -> None:
    act = writing.DERIVED["reviews.differing.packed"](scene)
    before = held()
    with failing(Path(settings.STORE_ROOT), errno.ENOSPC, 1) as disk:
        answer = act()
    assert disk.failed
    assert held() == before
    assert act() == answer
    assert len(held()[1]) == len(before[1]) + 1


def test_a_name_that_the_disk_does_not_keep_is_taken_back(
    scene: writing.Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder's list of names is flushed last, when the file has its name already."""
    fsync: Callable[[int], None] = os.fsync
    calls: list[int] = []

    def fails_at_second(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", fails_at_second)
    with pytest.raises(StoreFailed):
        store.put("guidelines/one", b"bytes")
    assert held()[1] == []


class TestRequests:
    """What the browser is told."""

    def test_a_picture(self, as_lea: Browser, project: Project) -> None:
        address = f"/api/projects/{project.pk}/guideline/images/"
        with failing(Path(settings.STORE_ROOT), errno.ENOSPC, 1):
            answer = as_lea.upload(address, {"image": SimpleUploadedFile("a.png", png())})
        assert (answer.status_code, answer.json()) == (507, {"detail": faults.FULL})

    def test_a_piece_of_a_file_and_the_same_again(self, as_lea: Browser, project: Project) -> None:
        file = make_uploaded_file(project)
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
        sent: dict[str, Any] = {"data": b"ab", "content_type": "application/offset+octet-stream"}
        address = f"/api/uploads/files/{file.pk}/"
        with failing(Path(settings.STORE_ROOT), errno.EIO, 1):
            answer = as_lea.client.patch(address, headers=headers, **sent)
        assert (answer.status_code, json.loads(answer.content)) == (503, {"detail": faults.NOT_KEPT})
        assert UploadedFile.objects.get(pk=file.pk).received == 0
        assert as_lea.client.patch(address, headers=headers, **sent).status_code == 204


@pytest.mark.trust
def test_a_save_for_which_the_database_has_no_room(project: Project, ana: User) -> None:
    """Postgres says what it says when a table cannot grow; then there is room, and the same save comes."""
    read, sent = make_read(ana, project), str(uuid.uuid4())
    before = held()[0]
    browser, address = Browser(ana), f"/api/assignments/{read.pk}/revisions/"
    with no_room_in("annotation_maskchunk"):
        answer = browser.upload(address, parts(key=sent))
    assert (answer.status_code, answer.json()) == (507, {"detail": faults.FULL})
    after = held()[0]
    ours = {name for name in before if name.startswith("annotation_")} - {"annotation_auditevent"}
    changed = {name for name in ours if before[name] != after[name]}
    assert changed == set()
    again = browser.upload(address, parts(key=sent))
    record(
        "R7",
        "database disk full while a reader saves",
        "507, 0 rows; same save after: 201",
        met=again.status_code == 201,
    )


@contextmanager
def no_room_in(table: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION pg_temp.full_disk()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER full_disk ON {table}")
            cursor.execute("DROP FUNCTION pg_temp.full_disk()")


def test_a_case_whose_image_found_no_room_is_no_case(scene: writing.Scene) -> None:
    with failing(Path(settings.STORE_ROOT), errno.ENOSPC, 3), pytest.raises(StoreFull):
        writing.scan(scene)()
    assert not scene.project.cases.exclude(state=CaseState.HELD).exists()
