"""Files from a browser, in pieces that can be sent again: nothing that was acknowledged has to come twice.

Pieces lie in the store, so that any web process takes the next one and any worker reads them all. They go
when their import has ended, when they are given up, or when nobody came back for them.
"""

import shutil
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import BigIntegerField, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotation import jobs, quota, store
from annotation.errors import Conflict, NotFound, Refused, TooLarge
from annotation.models import Job, JobKind, Project, Queue, Upload, UploadedFile
from annotation.models.uploads import LONGEST_PATH

LARGEST_PIECE = 16 * 2**20
MOST_FILES = 200_000
MOST_FOLDERS_DEEP = 32
LONGEST_NAME_BYTES = 255
GIVEN_UP = "This upload was given up."
KEPT_DAYS = 3  # of uploads that nobody goes on with
PIECE_MINUTES = 60  # after which a piece without a row is nobody's: the row comes within seconds
ROOT = "uploads"  # in the store: then upload, file, piece
COPIES = ("upload-", "import-")  # folders below the work folder that hold files of patients


def begin(*, project: Project, by: AbstractBaseUser) -> Upload:
    """Begin an upload without files."""
    return Upload.objects.create(project=project, by_id=by.pk)


@transaction.atomic
def announce(*, upload: Upload, path: str, size: int) -> UploadedFile:
    """Say that a file will come. The same file again is the one that is there, with its bytes.

    Raises Refused for a path that leads elsewhere, TooLarge, Conflict for another size of a file that is
    there or an upload that is being imported. TooLarge too where the project's limit leaves no room for it.
    """
    clean = _clean(path)
    upload = _open(upload)
    known = upload.files.filter(path=clean).first()
    if known is not None:
        if known.size != size:
            raise Conflict(f"{Path(clean).name} was announced with {known.size} bytes, not {size}.")
        return known
    if size > settings.MAX_UPLOAD_BYTES:
        most = settings.MAX_UPLOAD_BYTES // 2**20
        raise TooLarge(f"{Path(clean).name} is larger than {most} MiB, the most for one file.")
    if upload.files_count >= MOST_FILES:
        raise TooLarge(f"An upload holds at most {MOST_FILES} files; bring the rest in another one.")
    if upload.size + size > settings.MAX_BATCH_BYTES:
        limit = settings.MAX_BATCH_BYTES // 2**30
        raise TooLarge(f"An upload holds at most {limit} GiB; bring the rest in another one.")
    quota.check(upload.project, size)
    upload.files_count, upload.size = upload.files_count + 1, upload.size + size
    upload.save(update_fields=["files_count", "size", "touched_at"])
    return UploadedFile.objects.create(upload=upload, path=clean, size=size)


def receive(*, file: UploadedFile, offset: int, data: bytes) -> int:
    """Keep a piece that begins at `offset`; returns how many bytes of the file there are now.

    Raises Conflict where the piece does not begin where the file ends, TooLarge where it ends behind it.
    """
    if offset + len(data) > file.size:
        raise TooLarge(f"The file was announced with {file.size} bytes; this piece ends behind them.")
    there = _at(file, offset)
    if not data:
        return there
    name = uuid.uuid4().hex
    key = _key(file, name)
    store.put(key, data)
    try:
        with transaction.atomic():
            _open(file.upload)  # whoever adds to it waits for whoever else does
            received = _at(file, offset) + len(data)
            pieces = [*UploadedFile.objects.values_list("pieces", flat=True).get(pk=file.pk), name]
            UploadedFile.objects.filter(pk=file.pk).update(received=received, pieces=pieces)
    except BaseException:
        store.delete_tree(key)
        raise
    return received


@transaction.atomic
def begin_import(*, upload: Upload, options: Mapping[str, str | bool]) -> Job:
    """Import what came, once all of it is there; asking twice gives the same job.

    Raises Conflict while files are not complete, Refused without any.
    """
    upload = Upload.objects.select_for_update(of=("self",)).select_related("project", "job").get(pk=upload.pk)
    if upload.job is not None:
        return upload.job
    check_complete(upload)
    ids = {"upload": str(upload.pk), **options}
    upload.job = jobs.enqueue(kind=JobKind.IMPORT, queue=Queue.IO, ids=ids, project=upload.project)
    upload.save(update_fields=["job", "touched_at"])
    return upload.job


def check_complete(upload: Upload) -> None:
    """Raise Conflict while files are not complete, Refused without any."""
    if not upload.files_count:
        raise Refused("The upload holds no files.")
    missing = upload.files.filter(received__lt=F("size")).count()
    if missing:
        raise Conflict(f"{missing} of {upload.files_count} files are not complete yet; send the rest first.")


def discard(upload: Upload) -> None:
    """Give an upload up: its pieces and all that is known of its files go."""
    store.delete_tree(f"{ROOT}/{upload.pk}")
    Upload.objects.filter(pk=upload.pk).delete()


def unfinished(project: Project) -> QuerySet[Upload]:
    """Uploads of a project that are not imported yet, the newest first; `received` counts their bytes."""
    return _counted(project.uploads.filter(job__isnull=True)).order_by("-created_at")


def with_received(upload_id: uuid.UUID) -> Upload:
    """An upload with `received`, the bytes of it that are here."""
    return _counted(Upload.objects.filter(pk=upload_id)).get()


def _counted(found: QuerySet[Upload]) -> QuerySet[Upload]:
    received = Coalesce(Sum("files__received"), 0, output_field=BigIntegerField())
    return found.select_related("by").annotate(received=received)


@contextmanager
def as_folder(upload_id: str) -> Iterator[Path]:
    """Give the files of an upload as a folder on this machine. Raises NotFound, Refused."""
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        raise NotFound(GIVEN_UP)
    work = Path(settings.WORK_ROOT)
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix=COPIES[0]) as place:
        folder = Path(place, "upload")
        folder.mkdir()
        for file in upload.files.order_by("path").iterator(chunk_size=500):
            _write(file, folder)
        yield folder


def sweep() -> int:
    """Remove uploads whose import has ended, and those that nobody came back for. Returns how many.

    With them goes what processes that died left behind: pieces that no row names, and copies of uploads and
    archives on this machine.
    """
    now = timezone.now()
    old = now - timedelta(days=KEPT_DAYS)
    over = Q(job__isnull=False) & ~Q(job__state__in=jobs.UNFINISHED)
    found = list(Upload.objects.filter(over | Q(job__isnull=True, touched_at__lt=old)))
    for upload in found:
        discard(upload)
    _sweep_pieces(now - timedelta(minutes=PIECE_MINUTES))
    _sweep_copies(old)
    return len(found)


def _sweep_pieces(before: datetime) -> None:
    """Remove pieces that were stored before a time and that no row names."""
    stored: dict[str, list[str]] = defaultdict(list)
    for key in store.keys_before(ROOT, before):
        stored[key.split("/")[1]].append(key)
    for upload_id, keys in stored.items():
        rows = UploadedFile.objects.filter(upload=_uuid(upload_id))
        named = {_key(file, piece) for file in rows for piece in file.pieces}
        for key in keys:
            if key not in named:
                store.delete_tree(key)
        if not rows.exists() and not Upload.objects.filter(pk=_uuid(upload_id)).exists():
            store.delete_tree(f"{ROOT}/{upload_id}")


def _uuid(text: str) -> uuid.UUID:
    """Return the id that a name in the store is; the nil one, which no upload has, for any other name."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def _sweep_copies(before: datetime) -> None:
    """Remove folders of imports that ended without their process' doing."""
    for prefix in COPIES:
        for folder in Path(settings.WORK_ROOT).glob(f"{prefix}*"):
            with suppress(FileNotFoundError):
                if folder.stat().st_mtime < before.timestamp():
                    shutil.rmtree(folder, ignore_errors=True)


def _open(upload: Upload) -> Upload:
    """Lock the upload; Conflict where it is being imported already."""
    locked = Upload.objects.select_for_update().filter(pk=upload.pk).first()
    if locked is None:
        raise NotFound(GIVEN_UP)
    if locked.job_id is not None:
        raise Conflict("This upload is being imported; begin another one.")
    return locked


def _at(file: UploadedFile, offset: int) -> int:
    received = UploadedFile.objects.filter(pk=file.pk).values_list("received", flat=True).first()
    if received is None:
        raise NotFound(GIVEN_UP)
    if received != offset:
        raise Conflict(f"The file has {received} bytes so far; go on from there, not from {offset}.")
    return offset


def _key(file: UploadedFile, piece: str) -> str:
    return f"{ROOT}/{file.upload_id}/{file.pk}/{piece}"


def _clean(path: str) -> str:
    """Return a path that stays below its folder. Raises Refused."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    usable = parts and len(path) <= LONGEST_PATH and len(parts) <= MOST_FOLDERS_DEEP
    for part in parts:
        printable = part.isprintable() and len(part.encode()) <= LONGEST_NAME_BYTES
        if part in ("/", "..") or not printable:
            usable = False
    if not usable:
        raise Refused("A file's path has to lie below its folder, without .. and unprintable signs.")
    return "/".join(parts)


def _write(file: UploadedFile, folder: Path) -> None:
    target = folder / file.path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as whole:
            for piece in file.pieces:
                with store.open(_key(file, piece)) as part:
                    shutil.copyfileobj(part, whole)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise Refused(f"{target.name} is both a file and a folder in this upload; rename one.") from error
