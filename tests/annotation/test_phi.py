"""S8: strings that identify somebody, planted in what comes in, are looked for wherever bytes stay."""

import base64
import gzip
import io
import logging
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import zstandard
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from annotation import corrections, tasks, uploads, worklist
from annotation.models import Case, CaseState, Job, JobState, Project, SchemaStructure, Structure, Volume
from tests.annotation import phi
from tests.annotation.api.conftest import Browser
from tests.annotation.factories import stroke
from tests.trust.figures import record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.trust]

FORMS = ("nifti", "structures", "nnunet", "decathlon", "seg_nrrd", "dicom_seg", "rtstruct", "tables")
PIECE = "application/offset+octet-stream"
Heard = list[tuple[str, bytes]]


def _send(lead: Browser, upload: str, path: str, data: bytes) -> None:
    named = base64.b64encode(path.encode()).decode()
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": f"path {named}"}
    answer = lead.client.generic("POST", f"{upload}files/", data, content_type=PIECE, headers=headers)
    assert answer.status_code == 201, answer.content


def _imported(lead: Browser, project: Project, files: dict[str, bytes], heard: Heard) -> None:
    begun = lead.post(f"/api/projects/{project.pk}/uploads/")
    upload = f"/api/uploads/{begun.json()['id']}/"
    for path, data in files.items():
        _send(lead, upload, f"{phi.ELSEWHERE['upload folder']}/{path}", data)
    job = lead.post(f"{upload}import/", {"by_number": True}).json()
    tasks.import_folder(job["id"])
    done = Job.objects.get(pk=job["id"])
    assert done.state == JobState.SUCCEEDED, done.error
    heard.append(("job", lead.get(f"/api/jobs/{job['id']}/").content))
    uploads.sweep()


def _exported(lead: Browser, project: Project, form: str, heard: Heard, **asked: bool) -> None:
    url = f"/api/projects/{project.pk}/exports/"
    made = lead.post(url, {"form": form, "splits": [], "structures": [], **asked})
    assert made.status_code == 202, (form, made.content)
    tasks.export(made.json()["job"]["id"])
    job = Job.objects.get(pk=made.json()["job"]["id"])
    assert job.state == JobState.SUCCEEDED, (form, job.error)
    answer = lead.get(f"{url}{made.json()['id']}/file/")
    heard.append((f"export {form}", b"".join(answer.streaming_content)))


def _tables() -> Iterator[tuple[str, bytes]]:
    """Every table as text, and every column of bytes as the bytes it holds."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            held = io.BytesIO()
            query = f'COPY (SELECT * FROM "{table}") TO STDOUT'  # noqa: S608 - names of our own tables
            cursor.cursor.copy_expert(query, held)
            yield f"table {table}", held.getvalue()
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'bytea'"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT "{column}" FROM "{table}"')  # noqa: S608 - names of our own tables
            for (value,) in cursor.fetchall():
                yield f"column {table}.{column}", bytes(value or b"")


def _stored() -> Iterator[tuple[str, bytes]]:
    for root in (settings.STORE_ROOT, settings.WORK_ROOT):
        for path in Path(root).rglob("*"):
            yield f"name {path.name}", str(path.relative_to(root)).encode()
            if path.is_file():
                yield f"file {path.relative_to(root)}", path.read_bytes()


def _valkey() -> Iterator[tuple[str, bytes]]:
    for number in range(16):
        try:
            client: Any = redis.from_url(f"{settings.REDIS_URL}/{number}")
            keys = list(client.scan_iter("*"))
        except redis.ResponseError:  # it has fewer databases
            return
        for key in keys:
            yield f"key {key!r}", bytes(key)
            yield f"dump of {key!r}", client.dump(key) or b""
            if client.type(key) == b"string":
                yield f"value of {key!r}", client.get(key) or b""
            elif client.type(key) == b"list":
                yield from ((f"list {key!r}", one) for one in client.lrange(key, 0, -1))
            elif client.type(key) == b"hash":
                yield from ((f"hash {key!r}", one) for pair in client.hgetall(key).items() for one in pair)


def _opened(where: str, data: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """The bytes, and all that can be unpacked of them: zip members, gzip, zlib, zstd, and NRRD's data."""
    yield where, data
    if depth > 3:
        return
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                yield from _opened(f"{where} > {name}", packed.read(name), depth + 1)
    for begin, unpack in _PACKED:
        body = data[data.find(b"\n\n") + 2 :] if data.startswith(b"NRRD") else data
        if body.startswith(begin):
            try:
                yield from _opened(f"{where} > unpacked", unpack(body), depth + 1)
            except (OSError, EOFError, zlib.error, zstandard.ZstdError):
                continue


_PACKED = (
    (b"\x1f\x8b", gzip.decompress),
    (b"\x28\xb5\x2f\xfd", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
    (b"\x78", zlib.decompress),
)


def _found(places: Heard) -> list[tuple[str, str]]:
    wanted = phi.planted()
    return [
        (place, where)
        for first, data in places
        for where, unpacked in _opened(first, data)
        for place, forms in wanted.items()
        if any(form in unpacked for form in forms)
    ]


def test_forty_strings_and_more_are_planted(tmp_path: Path) -> None:
    """The search finds every one in what comes in, so that finding none behind the door says something."""
    files = phi.files(tmp_path)
    names = "\n".join(f"{phi.ELSEWHERE['upload folder']}/{name}" for name in files).encode()
    found = {place for place, _ in _found([("names", names), *files.items()])}
    assert len(phi.planted()) >= 86
    assert found == set(phi.planted())


def test_none_of_them_comes_through(
    project: Project, lea: User, ana: User, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    files = phi.files(tmp_path / "work_of_test")
    capfd.readouterr()  # the writers of these files may say what they like
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    heard: Heard = []
    lead = Browser(lea)
    SchemaStructure.objects.filter(schema__project=project, structure__key="kidney_left").delete()
    _imported(lead, project, files, heard)
    drawn = Case.objects.get(state=CaseState.ACCEPTED)
    assert drawn.accepted_revision is not None
    assert set(drawn.accepted_revision.mask.annotated) == {"liver", "spleen"}
    assert Case.objects.count() == 3
    assert set(Case.objects.values_list("name", flat=True)) == {"scan 1", "scan 2", "scan 3"}
    heard.append(("report", lead.get(f"/api/projects/{project.pk}/imports/").content))
    _read_one(project, ana)
    for form in FORMS:
        _exported(lead, project, form, heard)
    heard.append(("cases", lead.get(f"/api/projects/{project.pk}/cases/").content))
    heard.append(("logs", caplog.text.encode()))
    heard.append(("output", "".join(capfd.readouterr()).encode()))
    places = [*heard, *_tables(), *_stored(), *_valkey()]
    found = _found(places)
    searched = sum(len(data) for _, data in places) / 2**20
    answer = f"{len(found)} found in {len(places)} places, {searched:.0f} MiB {found[:3] or ''}"
    record("S8", f"{len(phi.planted())} planted strings, from upload to exports", answer, met=not found)
    assert Structure.objects.filter(key="liver").exists()
    _keeps_together()


def test_original_uids_leave_in_the_two_exports_that_ask_for_them_alone(
    project: Project, lea: User, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    """Where a project keeps them: not in tables, store, logs, queue, answers or other exports."""
    zipped = phi.ELSEWHERE["zip name"]
    files = {zipped: phi.files(tmp_path / "work_of_test")[zipped]}
    capfd.readouterr()
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    heard: Heard = []
    lead = Browser(lea)
    assert lead.patch(f"/api/projects/{project.pk}/import-settings/", {"keeps_uids": True}).status_code == 200
    SchemaStructure.objects.filter(schema__project=project, structure__key="kidney_left").delete()
    _imported(lead, project, files, heard)
    for form in FORMS:
        _exported(lead, project, form, heard)
    for page in ("cases", "imports", "import-settings", "exports"):
        heard.append((page, lead.get(f"/api/projects/{project.pk}/{page}/").content))
    heard.append(("case", lead.get(f"/api/cases/{Case.objects.get().pk}/").content))
    assert _found([*heard, *_tables(), *_stored(), *_valkey()]) == []
    asked: Heard = []
    for form in ("dicom_seg", "rtstruct"):
        _exported(lead, project, form, asked, original_uids=True)
    heard.append(("logs", caplog.text.encode()))
    heard.append(("output", "".join(capfd.readouterr()).encode()))
    answers = [one for one in asked if not one[0].startswith("export ")]
    assert _found([*heard, *answers, *_tables(), *_valkey()]) == []
    theirs = {f"uid {uid}" for uid in (phi.STUDY_UID, phi.SERIES_UID, phi.FRAME_UID, phi.INSTANCE_UID)}
    found = _found([one for one in asked if one not in answers])
    for form, file in (("dicom_seg", "seg.dcm"), ("rtstruct", "rtstruct.dcm")):
        places = {place for place, where in found if form in where and where.endswith(file)}
        assert places == theirs
    assert {place for place, _ in found} == theirs


def _read_one(project: Project, reader: User) -> None:
    """A reader draws on one of the others and hands it in."""
    read = worklist.next_case(reader=reader, project=project)
    assert read is not None
    stroke(read)
    corrections.submit(assignment=read, revision=1)


def _keeps_together() -> None:
    """What stands for study, series and date is there."""
    (volume,) = Volume.objects.exclude(study_uid="")
    assert volume.study_uid.startswith("2.25.")
    assert volume.series_uid.startswith("2.25.")
    assert volume.study_uid != volume.series_uid
    assert volume.acquired_on is not None
