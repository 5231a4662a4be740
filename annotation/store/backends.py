"""The storage that is configured, and what lies in it: on a disk, in a bucket, or any other of Django's."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage, Storage, storages

UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class Entry:
    """One key with the bytes under it; `written_at` is the storage's own clock."""

    key: str
    bytes: int
    written_at: datetime


def backend() -> Storage:
    return storages["store"]


def on_disk(storage: Storage, key: str) -> Path | None:
    """Where a key or prefix lies on this machine's file system; None for any other storage."""
    return Path(storage.path(key)) if isinstance(storage, FileSystemStorage) else None


def found(storage: Storage, prefix: str) -> Iterator[Entry]:
    """Yield everything at or below a prefix ("" = all), in no particular order."""
    place = on_disk(storage, prefix)
    if place is not None:
        yield from _files(place, prefix)
    elif hasattr(storage, "bucket"):
        yield from _objects(storage, prefix)
    else:
        for key in _names(storage, prefix):
            with suppress(FileNotFoundError, IsADirectoryError):  # removed since it was listed, or empty
                yield Entry(key, storage.size(key), storage.get_modified_time(key))


def _files(place: Path, prefix: str) -> Iterator[Entry]:
    for path in [place] if place.is_file() else place.rglob("*"):
        with suppress(FileNotFoundError):  # renamed or removed since it was listed
            if path.is_file():
                inside = path.relative_to(place).as_posix()
                key = prefix if path == place else f"{prefix}/{inside}".lstrip("/")
                status = path.stat()
                yield Entry(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _objects(storage: Any, prefix: str) -> Iterator[Entry]:
    """One request for each thousand keys, where Django's own interface needs two for every key."""
    for one in storage.bucket.objects.filter(Prefix=prefix):
        if prefix in ("", one.key) or one.key.startswith(f"{prefix}/"):
            yield Entry(one.key, one.size, one.last_modified)


def _names(storage: Storage, prefix: str) -> Iterator[str]:
    """Yield every key at or below a prefix of a storage that knows no folders."""
    try:
        folders, files = storage.listdir(prefix)
    except OSError:  # it is a key, or nothing: storages differ in what they raise
        folders, files = [], []
    for name in files:
        yield f"{prefix}/{name}".lstrip("/")
    for name in folders:
        yield from _names(storage, f"{prefix}/{name}".lstrip("/"))
    if not files and not folders and prefix and storage.exists(prefix):
        yield prefix
