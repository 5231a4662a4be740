"""Files from a browser: in pieces, sent again, given up, read as a folder."""

import os
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from annotation import jobs, store, tasks, uploads
from annotation.errors import Conflict, NotFound, Refused, TooLarge
from annotation.models import Case, Job, JobState, Project, Upload, UploadedFile
from tests.annotation.imaging.files import scan_voxels, write_nifti, write_series

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(project: Project, lea: User) -> Upload:
    return uploads.begin(project=project, by=lea)


def send(upload: Upload, path: str, data: bytes) -> UploadedFile:
    file = uploads.announce(upload=upload, path=path, size=len(data))
    uploads.receive(file=file, offset=0, data=data)
    return file


def content(upload: Upload) -> dict[str, bytes]:
    with uploads.as_folder(str(upload.pk)) as folder:
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def stored(upload: Upload) -> list[str]:
    return store.keys_before(f"uploads/{upload.pk}", timezone.now() + timedelta(days=1))


class TestPieces(TestCase):
    @given(st.binary(max_size=200), st.lists(st.integers(1, 60), max_size=8))
    def test_a_file_is_its_pieces(self, data: bytes, lengths: list[int]) -> None:
        lea = User.objects.create_user(uuid.uuid4().hex)
        upload = uploads.begin(project=Project.objects.create(name=uuid.uuid4().hex), by=lea)
        file = uploads.announce(upload=upload, path="ct/a.nii", size=len(data))
        at = 0
        for length in [*lengths, len(data)]:
            at = uploads.receive(file=file, offset=at, data=data[at : at + length])
        assert content(upload) == {"ct/a.nii": data}
        uploads.discard(upload)


def test_a_piece_that_came_already_is_not_added_again(upload: Upload) -> None:
    file = uploads.announce(upload=upload, path="a.dcm", size=6)
    assert uploads.receive(file=file, offset=0, data=b"abc") == 3
    file.refresh_from_db()
    with pytest.raises(Conflict, match="has 3 bytes so far; go on from there, not from 0"):
        uploads.receive(file=file, offset=0, data=b"abc")
    stale = UploadedFile(pk=file.pk, upload=upload, path="a.dcm", size=6, received=0)
    with pytest.raises(Conflict, match="go on from there"):
        uploads.receive(file=stale, offset=0, data=b"abc")
    assert len(stored(upload)) == 1, "what was not taken leaves nothing in the store"
    assert uploads.receive(file=file, offset=3, data=b"def") == 6
    assert content(upload) == {"a.dcm": b"abcdef"}


def test_the_same_file_goes_on_where_it_was(upload: Upload) -> None:
    file = uploads.announce(upload=upload, path="a.dcm", size=6)
    uploads.receive(file=file, offset=0, data=b"abc")
    again = uploads.announce(upload=upload, path="a.dcm", size=6)
    assert (again.pk, again.received) == (file.pk, 3)
    with pytest.raises(Conflict, match=r"a\.dcm was announced with 6 bytes, not 7"):
        uploads.announce(upload=upload, path="a.dcm", size=7)
    assert Upload.objects.get(pk=upload.pk).files_count == 1


def test_no_more_than_was_announced(upload: Upload) -> None:
    file = uploads.announce(upload=upload, path="a.dcm", size=2)
    with pytest.raises(TooLarge, match="announced with 2 bytes"):
        uploads.receive(file=file, offset=0, data=b"abc")
    assert not stored(upload)


@pytest.mark.parametrize(
    "path",
    ["", "/", "/etc/passwd", "../a", "a/../../b", "..", "a\x00b", "a\nb", "x" * 300, "/".join("a" * 40)],
)
def test_paths_that_lead_elsewhere(upload: Upload, path: str) -> None:
    with pytest.raises(Refused, match="has to lie below its folder"):
        uploads.announce(upload=upload, path=path, size=1)


def test_odd_paths_stay_below(upload: Upload) -> None:
    send(upload, "./a//b/./c.nii", b"1")
    send(upload, "ä ö\\d.nii", b"2")
    assert content(upload) == {"a/b/c.nii": b"1", "ä ö/d.nii": b"2"}


def test_limits(upload: Upload, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAX_UPLOAD_BYTES, settings.MAX_BATCH_BYTES = 10, 12
    with pytest.raises(TooLarge, match="the most for one file"):
        uploads.announce(upload=upload, path="a", size=11)
    uploads.announce(upload=upload, path="a", size=10)
    with pytest.raises(TooLarge, match="GiB; bring the rest"):
        uploads.announce(upload=upload, path="b", size=3)
    monkeypatch.setattr(uploads, "MOST_FILES", 1)
    with pytest.raises(TooLarge, match="at most 1 files"):
        uploads.announce(upload=upload, path="c", size=1)


def test_a_file_and_a_folder_of_one_name(upload: Upload) -> None:
    send(upload, "a", b"1")
    send(upload, "a/b", b"2")
    with pytest.raises(Refused, match="both a file and a folder"):
        content(upload)


def test_an_import_waits_for_all_bytes(upload: Upload) -> None:
    with pytest.raises(Refused, match="holds no files"):
        uploads.begin_import(upload=upload, options={})
    file = uploads.announce(upload=upload, path="a.dcm", size=2)
    with pytest.raises(Conflict, match="1 of 1 files are not complete"):
        uploads.begin_import(upload=upload, options={})
    uploads.receive(file=file, offset=0, data=b"ab")
    job = uploads.begin_import(upload=upload, options={})
    assert uploads.begin_import(upload=upload, options={}).pk == job.pk
    with pytest.raises(Conflict, match="is being imported"):
        uploads.announce(upload=upload, path="b.dcm", size=1)
    assert list(uploads.unfinished(upload.project)) == []


def test_an_uploaded_folder_becomes_cases_and_goes(upload: Upload, tmp_path: Path) -> None:
    data = write_nifti(tmp_path / "scan.nii.gz", scan_voxels()).read_bytes()
    send(upload, "scans/pt_7.nii.gz", data)
    job = uploads.begin_import(upload=upload, options={})
    tasks.import_folder(job.pk)
    done = Job.objects.get(pk=job.pk)
    assert done.state == JobState.SUCCEEDED, done.error
    assert Case.objects.get(project=upload.project).name == "pt_7"
    assert uploads.sweep() == 1
    assert not Upload.objects.exists()
    assert not stored(upload)


@pytest.mark.parametrize(("resample", "cases"), [(True, 1), (False, 0)])
def test_gaps_are_bridged_where_the_lead_allows_it(
    upload: Upload, tmp_path: Path, resample: bool, cases: int
) -> None:
    steps = [[-20.0, -30.0, 2.5 * k] for k in (0, 1, 2, 3, 5, 6, 7)]
    for path in write_series(tmp_path, scan_voxels(shape=(12, 10, len(steps))), positions=steps):
        send(upload, f"ct/{path.name}", path.read_bytes())
    job = uploads.begin_import(upload=upload, options={"resample": resample})
    tasks.import_folder(job.pk)
    assert Case.objects.filter(project=upload.project).count() == cases
    (finding,) = Job.objects.get(pk=job.pk).result["findings"]
    assert (finding["outcome"], finding["cause"]) == (
        "resampled" if resample else "refused",
        "missing_slices",
    )


def test_an_import_that_runs_keeps_its_files(upload: Upload) -> None:
    send(upload, "a.dcm", b"ab")
    uploads.begin_import(upload=upload, options={})
    assert uploads.sweep() == 0
    assert content(upload) == {"a.dcm": b"ab"}


def test_what_nobody_came_back_for_goes(upload: Upload) -> None:
    send(upload, "a.dcm", b"ab")
    assert uploads.sweep() == 0
    Upload.objects.update(touched_at=timezone.now() - timedelta(days=uploads.KEPT_DAYS, seconds=1))
    assert uploads.sweep() == 1
    assert not stored(upload)


def test_an_upload_that_was_given_up(upload: Upload) -> None:
    file = send(upload, "a.dcm", b"ab")
    uploads.discard(upload)
    assert not stored(upload)
    with pytest.raises(NotFound, match="given up"):
        content(upload)
    with pytest.raises(NotFound, match="given up"):
        uploads.announce(upload=upload, path="b", size=1)
    bigger = UploadedFile(pk=file.pk, upload=upload, path="a.dcm", size=4, received=2)
    with pytest.raises(NotFound):
        uploads.receive(file=bigger, offset=2, data=b"cd")
    assert not stored(upload)
    assert jobs.UNFINISHED  # nothing of this asked for a job
    assert not Job.objects.exists()


class Killed(BaseException):
    """The process ended here; nothing of its own tidying runs."""


def _kill_between(monkeypatch: pytest.MonkeyPatch, upload: Upload) -> UploadedFile:
    """Announce a file and die after its piece was stored, before its row says so."""
    file = uploads.announce(upload=upload, path="a.dcm", size=6)
    with monkeypatch.context() as dying:
        dying.setattr(uploads, "_open", lambda _: (_ for _ in ()).throw(Killed))
        dying.setattr(store, "delete_tree", lambda _: None)
        with pytest.raises(Killed):
            uploads.receive(file=file, offset=0, data=b"abc")
    assert len(stored(upload)) == 1
    return file


def _let_an_hour_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    later = timezone.now() + timedelta(minutes=uploads.PIECE_MINUTES, seconds=5)
    monkeypatch.setattr(timezone, "now", lambda: later)


def test_a_piece_whose_row_never_came_goes(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    file = _kill_between(monkeypatch, upload)
    uploads.receive(file=file, offset=0, data=b"xyz")
    uploads.sweep()
    assert len(stored(upload)) == 2, "a row may still be on its way"
    _let_an_hour_pass(monkeypatch)
    uploads.sweep()
    assert len(stored(upload)) == 1
    file.refresh_from_db()
    assert uploads.receive(file=file, offset=3, data=b"abc") == 6
    assert content(upload) == {"a.dcm": b"xyzabc"}


def test_a_piece_of_an_upload_that_is_gone_goes(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    _kill_between(monkeypatch, upload)
    Upload.objects.all().delete()
    _let_an_hour_pass(monkeypatch)
    uploads.sweep()
    assert not stored(upload)
    assert not store.exists(f"{uploads.ROOT}/{upload.pk}")


def test_strange_names_in_the_store_do_not_stop_the_sweep(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(upload, "a.dcm", b"ab")
    store.put(f"{uploads.ROOT}/not-an-id/x", b"1")
    _let_an_hour_pass(monkeypatch)
    uploads.sweep()
    assert store.keys_before(uploads.ROOT, timezone.now()) == stored(upload)
    assert content(upload) == {"a.dcm": b"ab"}


def test_copies_of_imports_that_died_go(settings: Any) -> None:
    work = Path(settings.WORK_ROOT)
    for name in ("upload-dead", "import-dead", "import-alive", "run-7"):
        (work / name / "scans").mkdir(parents=True)
    old = (timezone.now() - timedelta(days=uploads.KEPT_DAYS, hours=1)).timestamp()
    for name in ("upload-dead", "import-dead", "run-7"):
        os.utime(work / name, (old, old))
    uploads.sweep()
    assert sorted(path.name for path in work.iterdir()) == ["import-alive", "run-7"]
