"""A backup brought back, into an empty database and an empty store only."""

from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from annotation import store
from annotation.errors import Refused
from annotation.upkeep import postgres
from annotation.upkeep.backups import check_backup
from annotation.upkeep.digests import table_digests, tables
from annotation.upkeep.manifests import DUMP, STORE, Backup, chosen, secret_mark
from training.progress import OnProgress, Progress, ignore_progress


def restore(
    folder: Path,
    *,
    stamp: str = "",
    other_secret: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> Backup:
    """Bring back the newest backup of a folder, or that of the stamp. Raises Refused.

    All of the backup is read and compared with its sums first. Bytes come before rows: broken off, the same
    call goes on, because bytes of this backup may lie in the store already. `other_secret`: that another
    SECRET_KEY than the backup's is in force is meant.
    """
    backup = chosen(folder, stamp)
    _check_versions(backup)
    if backup.secret != secret_mark() and not other_secret:
        raise Refused(
            "The backup was taken with another SECRET_KEY. Set that one; with another one the same patient "
            "would get another key. To go on all the same, add --other-secret."
        )
    _check_empty(backup)
    amiss = [one for one in check_backup(folder, backup.stamp, on_progress) if not _was_lacking(one, backup)]
    if amiss:
        raise Refused(f"The backup is damaged; nothing was brought back. {amiss[0]} ({len(amiss)} in all.)")
    _bring_files(folder, backup, on_progress)
    on_progress(Progress("restoring", 0, 1, "the database"))
    options = ["--no-owner", "--no-acl", "--exit-on-error", "--single-transaction"]
    database = str(connection.get_connection_params()["dbname"])
    postgres.run("pg_restore", *options, f"--dbname={database}", str(folder / backup.stamp / DUMP))
    connection.close()
    _check_rows(backup)
    return backup


def _was_lacking(sentence: str, backup: Backup) -> bool:
    return any(sentence.startswith(f"{key}:") for key in backup.lacking)


def _check_versions(backup: Backup) -> None:
    ours = {
        (app, name) for app, name in MigrationLoader(connection, ignore_no_migrations=True).disk_migrations
    }
    theirs = {(app, name) for app, names in backup.migrations.items() for name in names}
    if newer := sorted(theirs - ours):
        app, name = newer[0]
        raise Refused(
            f"The backup is of version {backup.version}, whose database is newer than this program (it has "
            f"{app}.{name}). Install that version or a later one."
        )
    major = postgres.server_major()
    if major < backup.postgres:
        raise Refused(
            f"The backup is of Postgres {backup.postgres}; this server is Postgres {major}. "
            f"Use {backup.postgres} or newer."
        )


def _check_empty(backup: Backup) -> None:
    there = tables()
    if there:
        raise Refused(
            f"The database is not empty: it has {len(there)} tables. A backup is brought back into an empty "
            "one only; make a new database and set DATABASE_URL to it."
        )
    foreign = [entry.key for entry in store.entries() if not _is_of(entry.key, entry.bytes, backup)]
    if foreign:
        raise Refused(
            f"The store is not empty: it has {len(foreign)} keys that are not of this backup. "
            "Set DELINEATE_STORE to an empty folder, or S3_BUCKET to an empty bucket."
        )


def _is_of(key: str, size: int, backup: Backup) -> bool:
    wanted = backup.files.get(key)
    return (wanted is not None and wanted.bytes == size) or "/.unfinished-" in f"/{key}"


def _bring_files(folder: Path, backup: Backup, on_progress: OnProgress) -> None:
    """Each key whole, as every other write to the store; sums of whole folders come with the rows."""
    for done, (key, wanted) in enumerate(backup.files.items()):
        on_progress(Progress("files", done, len(backup.files), key.partition("/")[0]))
        if store.sum_of(key) != wanted:
            store.bring_back(key, folder / STORE / key)
    damaged = [key for key, wanted in backup.files.items() if store.sum_of(key) != wanted]
    if damaged:
        raise Refused(
            f"The store did not take {damaged[0]} as it was ({len(damaged)} keys). Look at its disk."
        )


def _check_rows(backup: Backup) -> None:
    found = table_digests()
    wrong = [name for name, wanted in backup.tables.items() if found.get(name) != wanted]
    if wrong:
        raise Refused(
            f"The table {wrong[0]} is not what it was ({len(wrong)} tables). Do not use this database."
        )
