"""S3: hostile archives, at the decoder as it runs in production and through the door that browsers use."""

import base64
import bz2
import contextlib
import io
import lzma
import struct
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from annotation import tasks, uploads
from annotation.errors import Refused
from annotation.imaging.sandbox import Decoder
from annotation.models import Case, Job, JobState, Project, Volume
from tests.annotation.api.conftest import Browser
from tests.annotation.imaging import test_archives
from tests.trust.figures import record

pytestmark = [pytest.mark.django_db, pytest.mark.trust]

MEBI = 1024**2
MOST_S, MOST_BYTES = 5.0, 320 * MEBI
PIECE = "application/offset+octet-stream"
Make = Callable[[], bytes]


def _zip(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _no_utf8() -> bytes:
    """A name that says it is UTF-8 and is not."""
    whole = bytearray(_zip({"xxxx.dcm": b"1"}).replace(b"xxxx", b"\xff\xfe\xfa\xf5"))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        begin = whole.index(magic) + at
        whole[begin : begin + 2] = struct.pack("<H", 0x800)
    return bytes(whole)


def _zip64_lie() -> bytes:
    """A size of 2^60 bytes in the extra field of large files."""
    info = zipfile.ZipInfo("a.dcm")
    info.extra = struct.pack("<HHQQ", 1, 16, 2**60, 4)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(info, b"scan")
    whole = bytearray(packed.getvalue())
    central = whole.index(b"PK\x01\x02")
    struct.pack_into("<II", whole, central + 20, 0xFFFFFFFF, 0xFFFFFFFF)
    return bytes(whole)


def _hundred_thousand() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{number}"), b"")
    return packed.getvalue()


def _nested(depth: int) -> bytes:
    """As 42.zip: archives of archives of zeros."""
    inner = _zip({"zeros": bytes(4 * MEBI)})
    for _ in range(depth):
        inner = _zip({f"{n}.zip": inner for n in range(16)})
    return inner


BOMBS: dict[str, Make] = {
    "zeros, a thousand to one": test_archives.ATTACKS["a bomb of zeros"],
    "many files of zeros": test_archives.ATTACKS["a bomb in many files"],
    "entries that overlap": test_archives.ATTACKS["a bomb of entries that overlap"],
    "zeros by bzip2": lambda: _zip({"zeros.dcm": bytes(300 * MEBI)}, zipfile.ZIP_BZIP2),
    "zeros by LZMA": lambda: _zip({"zeros.dcm": bytes(100 * MEBI)}, zipfile.ZIP_LZMA),
    "archives of archives": lambda: _nested(4),
    "an archive inside that is no zip": lambda: _zip({"scan": bz2.compress(bytes(64 * MEBI))}),
    "an xz inside": lambda: _zip({"scan": lzma.compress(bytes(64 * MEBI))}),
}
ATTACKS: dict[str, Make] = {
    **{name: make for name, make in test_archives.ATTACKS.items() if "bomb" not in name},
    "100 000 entries": _hundred_thousand,
    "a name that is no UTF-8": _no_utf8,
    "a size in zip64 that is a lie": _zip64_lie,
}


@dataclass
class Seen:
    """The worst that any of them did."""

    slowest_s: float = 0.0
    most_bytes: int = 0
    outside: int = 0
    taken: int = 0


def _tried(make: Make, root: Path, decoder: Decoder, seen: Seen) -> None:
    packed, folder = root / "in" / "scans.zip", root / "deep" / "out"
    packed.parent.mkdir(parents=True)
    folder.mkdir(parents=True)
    packed.write_bytes(make())
    begun = time.monotonic()
    with contextlib.suppress(Refused):
        decoder.unpack(packed, folder)
        seen.taken += 1
    seen.slowest_s = max(seen.slowest_s, time.monotonic() - begun)
    files = [path for path in root.rglob("*") if not path.is_dir()]
    seen.outside += sum(not path.is_relative_to(folder) for path in files) - 1
    seen.outside += Path("/tmp/evil").exists() + any(path.is_symlink() for path in files)
    seen.most_bytes = max(seen.most_bytes, sum(p.lstat().st_size for p in files if p.is_relative_to(folder)))


def test_every_archive_is_refused_in_seconds(tmp_path: Path) -> None:
    seen = Seen()
    with Decoder() as decoder:
        honest = tmp_path / "honest.zip"
        honest.write_bytes(_zip({"a.dcm": b"scan"}))
        (tmp_path / "honest").mkdir()
        assert decoder.unpack(honest, tmp_path / "honest") == 1  # and the child has started
        for number, make in enumerate([*ATTACKS.values(), *BOMBS.values()]):
            _tried(make, tmp_path / str(number), decoder, seen)
    found = (
        f"{seen.outside} files outside, {seen.taken} taken, slowest {seen.slowest_s:.1f} s, "
        f"at most {seen.most_bytes / MEBI:.1f} MiB written"
    )
    met = not seen.outside and not seen.taken and seen.slowest_s <= MOST_S and seen.most_bytes <= MOST_BYTES
    record("S3", f"{len(ATTACKS)} hostile archives and {len(BOMBS)} bombs", found, met=met)


def test_through_the_upload_nothing_of_them_stays(project: Project, lea: User, tmp_path: Path) -> None:
    lead = Browser(lea)
    small = {name: make() for name, make in ATTACKS.items() if "000" not in name and "more files" not in name}
    begun = lead.post(f"/api/projects/{project.pk}/uploads/").json()
    upload = f"/api/uploads/{begun['id']}/"
    for number, data in enumerate(small.values()):
        named = base64.b64encode(f"scans/{number:02d}/scans.zip".encode()).decode()
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data))}
        headers["Upload-Metadata"] = f"path {named}"
        answer = lead.client.generic("POST", f"{upload}files/", data, content_type=PIECE, headers=headers)
        assert answer.status_code == 201, answer.content
    job = lead.post(f"{upload}import/").json()
    tasks.import_folder(job["id"])
    done = Job.objects.get(pk=job["id"])
    findings = done.result.get("findings", [])
    uploads.sweep()
    left = list(Path(settings.WORK_ROOT).glob("*"))
    met = done.state == JobState.SUCCEEDED and {one["outcome"] for one in findings} == {"refused"}
    stored = Volume.objects.count() + Case.objects.count() + len(left)
    found = f"{len(findings)} refused with a sentence, {stored} rows and files left"
    record("S3", f"{len(small)} hostile archives by upload", found, met=met and stored == 0)


@pytest.mark.parametrize("door", ["upload", "import form"])
def test_names_of_uploaded_files_lead_nowhere(door: str, project: Project, lea: User, tmp_path: Path) -> None:
    """The path that a browser announces is as untrusted as one in an archive."""
    lead = Browser(lea)
    begun = lead.post(f"/api/projects/{project.pk}/uploads/").json()
    for path in ("../evil", "/tmp/evil", "a/../../evil", "..\\evil", "a\0b", "", ".", "a//../b"):
        if door == "import form":
            answer = lead.post(f"/api/projects/{project.pk}/imports/", {"folder": path or "x"})
        else:
            named = base64.b64encode(path.encode()).decode()
            headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1", "Upload-Metadata": f"path {named}"}
            url = f"/api/uploads/{begun['id']}/files/"
            answer = lead.client.generic("POST", url, b"1", content_type=PIECE, headers=headers)
        assert answer.status_code == 400, (path, answer.content)
    assert not Path("/tmp/evil").exists()
    assert [p for p in tmp_path.rglob("evil*")] == []
