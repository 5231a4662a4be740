"""Room: on the disks that the store and running trainings lie on, and what the database takes."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection

LEAST_FREE_BYTES = 2**30
_PROBE = "is-it-there"


@dataclass(frozen=True)
class Disk:
    """The file system that a folder lies on, or will lie on."""

    free_bytes: int
    total_bytes: int

    @property
    def has_room(self) -> bool:
        return self.free_bytes >= LEAST_FREE_BYTES


@dataclass(frozen=True)
class Disks:
    """`store` is null where it is no file system of this machine (S3: its own console tells)."""

    store: Disk | None
    work: Disk


def look() -> Disks:
    """How much room there is."""
    storage = storages["store"]
    store = _disk(Path(storage.location)) if isinstance(storage, FileSystemStorage) else None
    return Disks(store, _disk(Path(settings.WORK_ROOT)))


def store_is_writable() -> bool:
    """Whether the store takes bytes: written and taken away again; of S3, whether it answers."""
    storage = storages["store"]
    try:
        if not isinstance(storage, FileSystemStorage):
            storage.exists(_PROBE)
            return True
        folder = Path(storage.location)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
            probe.flush()
    except Exception:  # storages differ in what they raise; here all of it is a no
        return False
    return True


def database_bytes() -> int:
    """All tables, indexes and what the database needs beside them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def _disk(folder: Path) -> Disk:
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return Disk(usage.free, usage.total)
