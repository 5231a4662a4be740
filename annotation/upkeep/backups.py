"""Backups: the database as it is at one moment, and all bytes of the store that it names then."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from annotation import store
from annotation.errors import NotFound, Refused
from annotation.store import Sum
from annotation.store.sums import of_file, of_folder
from annotation.upkeep import postgres
from annotation.upkeep.digests import table_digests
from annotation.upkeep.manifests import (
    DUMP,
    PARTIAL,
    STORE,
    Backup,
    backups_in,
    chosen,
    read_manifest,
    secret_mark,
    write_manifest,
)
from annotation.upkeep.references import named
from training.progress import OnProgress, Progress, ignore_progress
from training.version import VERSION

_PIECE = 2**20

__all__ = ["Backup", "back_up", "backups_in", "check_backup", "chosen", "read_manifest"]


def back_up(folder: Path, *, keep: int | None = None, on_progress: OnProgress = ignore_progress) -> Backup:
    """Take a backup into a folder; bytes that an earlier one brought there are not copied again.

    The product may run meanwhile. `keep`: how many backups stay, the newest; None = all. Raises Refused.
    """
    _check_place(folder)
    with _locked(folder):
        partial = folder / f"{_stamp(folder)}{PARTIAL}"
        for left in folder.glob(f"*{PARTIAL}"):
            shutil.rmtree(left)
        partial.mkdir()
        known = {key: one for backup in backups_in(folder) for key, one in backup.files.items()}
        backup = _taken(folder, partial, known, on_progress)
        write_manifest(backup, partial)
        _flush(partial)
        partial.rename(folder / backup.stamp)
        if keep is not None:
            _prune(folder, keep)
        return backup


def _stamp(folder: Path) -> str:
    """Now, or the next second that no backup of the folder is named after."""
    at = timezone.now()
    while (folder / (stamp := f"{at:%Y-%m-%dT%H-%M-%SZ}")).exists():
        at += timedelta(seconds=1)
    return stamp


def check_backup(folder: Path, stamp: str = "", on_progress: OnProgress = ignore_progress) -> list[str]:
    """Read all of a backup (the newest, or that of the stamp). Returns what is amiss, a sentence each."""
    backup = chosen(folder, stamp)
    amiss = [
        f"{key}: the store did not have these bytes when the backup was taken." for key in backup.lacking
    ]
    dump = folder / backup.stamp / DUMP
    if not dump.is_file() or of_folder(dump) != backup.dump:
        amiss.append("The dump of the database is missing or damaged.")
    else:
        postgres.run("pg_restore", "--list", str(dump))
    for done, (key, wanted) in enumerate(backup.files.items()):
        on_progress(Progress("checking", done, len(backup.files), key.partition("/")[0]))
        path = folder / STORE / key
        if not path.is_file() or of_folder(path) != wanted:
            amiss.append(f"{key}: missing or damaged in the backup.")
    return amiss


def _taken(folder: Path, partial: Path, known: dict[str, Sum], on_progress: OnProgress) -> Backup:
    """Everything follows from one snapshot of the database: dump, digests, and the keys that are copied."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
        on_progress(Progress("dumping", 0, 1, "the database"))
        dump = partial / DUMP
        options = ["--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}"]
        postgres.run("pg_dump", *options, f"--file={dump}")
        tables = table_digests()
        keys = [one.key for one in named()]
        migrations: dict[str, list[str]] = {}
        for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
            migrations.setdefault(app, []).append(name)
    # What the product removes meanwhile it names no more; of the rest nothing is ever written anew.
    files, lacking = _copied(keys, folder / STORE, known, on_progress)
    return Backup(
        stamp=partial.name.removesuffix(PARTIAL),
        version=VERSION,
        postgres=postgres.server_major(),
        secret=secret_mark(),
        migrations=migrations,
        dump=of_folder(dump),
        tables=tables,
        files=files,
        lacking=lacking,
    )


def _copied(
    keys: list[str], target: Path, known: dict[str, Sum], on_progress: OnProgress
) -> tuple[dict[str, Sum], list[str]]:
    files: dict[str, Sum] = {}
    lacking: list[str] = []
    for done, key in enumerate(keys):
        on_progress(Progress("copying", done, len(keys), key.partition("/")[0]))
        found = list(store.entries(key))
        if not found:
            lacking.append(key)
        for entry in found:
            there = known.get(entry.key)
            path = target / entry.key
            if there is None or there.bytes != entry.bytes or not path.is_file():
                try:
                    there = _copy(entry.key, path)
                except NotFound:
                    lacking.append(entry.key)
                    continue
            files[entry.key] = there
    return files, lacking


def _copy(key: str, target: Path) -> Sum:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}{PARTIAL}")
    with store.open(key) as source, partial.open("wb") as file:
        while piece := source.read(_PIECE):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    with partial.open("rb") as file:  # as it lies there now, not as it was meant
        found = of_file(file)
    partial.replace(target)
    return found


def _prune(folder: Path, keep: int) -> None:
    """Remove all but the newest backups, and the bytes that no other one names."""
    backups = backups_in(folder)
    for old in backups[keep:]:
        shutil.rmtree(folder / old.stamp)
    kept = {key for backup in backups[:keep] for key in backup.files}
    root = folder / STORE
    for path in [one for one in root.rglob("*") if one.is_file()]:
        if path.relative_to(root).as_posix() not in kept:
            path.unlink()
    for path in sorted((one for one in root.rglob("*") if one.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


def _check_place(folder: Path) -> None:
    root = Path(settings.STORE_ROOT).resolve()
    if folder.resolve() == root or root in folder.resolve().parents:
        raise Refused("A backup must not lie in the store itself. Choose another folder, on another disk.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One backup into a folder at a time. Raises Refused."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused("Another backup is being written into this folder. Wait for its end.") from error
        yield


def _flush(folder: Path) -> None:
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
