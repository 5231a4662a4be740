"""The migrated database, made once and copied: applying all migrations takes longer than many a test module.

On the first run all migrations are applied to a database that every test database is copied from, and that is
dumped to `var/test-schema`; later runs, and the browser's after Python's, restore it. The file is named by a
digest of all that it depends on, so that a changed migration is applied anew.
"""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.db import connection

from backend import services
from tests.embedded import OWN, SHARED

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "var" / "test-schema"
KEPT = 3  # dumps


def copy_for_tests() -> None:
    """Have test databases copied from a migrated one; nothing where Postgres is somebody else's."""
    if os.environ.get(OWN):
        connection.settings_dict["TEST"]["TEMPLATE"] = _migrated(os.environ["DATABASE_URL"], CACHE)


def copy_to(url: str) -> None:
    """Make the database that `url` names, in whatever Postgres it is, a copy of the migrated one."""
    template, wanted = _migrated(url, CACHE), urlsplit(url).path.lstrip("/")
    with _cursor(url) as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{wanted}"')
        cursor.execute(f'CREATE DATABASE "{wanted}" TEMPLATE "{template}"')


def _migrated(url: str, cache: Path) -> str:
    """Return the name of a migrated database in the Postgres at `url`; whoever comes first makes it."""
    name = f"migrated_{_digest()}"
    half, dump = f"{name}_half", cache / f"{name}.sql"
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(Path(os.environ.get(SHARED, cache)) / "schema.lock"), _cursor(url) as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            _make_empty(cursor, half)
            if not _restored(_at(url, half), dump):
                _make_empty(cursor, half)
                _migrate(_at(url, half))
                _allow_emptying(_at(url, half))
                _keep(_at(url, half), dump)
            cursor.execute(f'ALTER DATABASE "{half}" RENAME TO "{name}"')
    return name


def _digest() -> str:
    """Of our migrations, and of what says which others there are."""
    files = [*(ROOT / "annotation" / "migrations").glob("*.py"), ROOT / "backend" / "settings.py"]
    files += [ROOT / "requirements.txt", ROOT / "constraints.txt", Path(services.__file__), Path(__file__)]
    found = hashlib.sha256(sys.version.encode())
    for path in sorted(files):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Parallel workers wait for each other."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _cursor(url: str) -> Iterator[psycopg2.extensions.cursor]:
    opened = psycopg2.connect(_at(url, "postgres"))
    opened.autocommit = True
    with contextlib.closing(opened), opened.cursor() as cursor:
        yield cursor


def _make_empty(cursor: psycopg2.extensions.cursor, name: str) -> None:
    cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
    cursor.execute(f'CREATE DATABASE "{name}"')


def _at(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _tool(name: str) -> str | None:
    path = services._postgres_install() / "bin" / name
    return str(path) if path.is_file() else None


def _restored(url: str, dump: Path) -> bool:
    """Whether there is a dump, and a whole one."""
    psql = _tool("psql")
    if psql is None or not dump.is_file():
        return False
    command = [psql, url, "--quiet", "--no-psqlrc", "--single-transaction", "-v", "ON_ERROR_STOP=1"]
    command += ["-f", str(dump)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _allow_emptying(url: str) -> None:
    """Django empties the tables of a test that commits, those too that nobody may empty otherwise."""
    with contextlib.closing(psycopg2.connect(url)) as opened, opened, opened.cursor() as cursor:
        for table in ("annotation_auditevent", "annotation_auditlink"):
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s",
                [table, "%never_emptied%"],
            )
            for (trigger,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"')


def _migrate(url: str) -> None:
    command = [sys.executable, "-W", "ignore", "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)


def _keep(url: str, dump: Path) -> None:
    """Written beside its place, so that nobody restores half of it; those of older migrations go."""
    pg_dump = _tool("pg_dump")
    if pg_dump is None:
        return
    half = dump.with_suffix(f".{os.getpid()}")
    subprocess.run([pg_dump, url, "-f", str(half)], capture_output=True, check=True)
    half.rename(dump)
    for old in sorted(dump.parent.glob("*.sql"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)
