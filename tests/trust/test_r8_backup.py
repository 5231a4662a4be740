"""R8: a backup brought back into an empty database and store is what it was: every table, every byte."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from annotation import exports, store, upkeep
from annotation.models import Case, ExportFormat, GuidelineImage, Project
from annotation.upkeep.manifests import DUMP, MANIFEST, STORE
from backend import services
from tests.annotation.factories import make_picture
from tests.phantom_cases import add_phantom
from tests.trust.databases import empty_database
from tests.trust.figures import record
from tests.trust.writing import work_on

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.trust]


@pytest.fixture
def full(project: Project, lea: User) -> Project:
    """Scans with a delineation, an export, a picture, an upload's beginning."""
    add_phantom(project, 1, delineated=True)
    add_phantom(project, 2, delineated=False)
    make_picture(project)
    asked = exports.request_export(project=project, by=lea, order=exports.Order(ExportFormat.NIFTI))
    work_on(asked)
    return project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def bytes_there() -> dict[str, str]:
    found = {}
    for entry in store.entries():
        found[entry.key] = hashlib.sha256(store.read(entry.key)).hexdigest()
    return found


def use_store(settings: Any, place: Path) -> None:
    settings.STORE_ROOT = place
    of_store = {**settings.STORAGES["store"], "OPTIONS": {"location": str(place)}}
    settings.STORAGES = {**settings.STORAGES, "store": of_store}


def taken(folder: Path) -> upkeep.Backup:
    call_command("backup", str(folder))
    return upkeep.backups_in(folder)[0]


def came_back(full: Project, folder: Path, settings: Any, tmp_path: Path) -> tuple[int, int]:
    """Back up, bring back elsewhere, compare; returns how many tables and keys were the same."""
    tables, keys = upkeep.table_digests(), bytes_there()
    backup = taken(folder)
    assert dict(backup.tables) == tables
    with empty_database():
        use_store(settings, tmp_path / "other-store")
        call_command("restore", str(folder))
        assert upkeep.table_digests() == tables
        assert bytes_there() == keys
        assert Case.objects.filter(project__name=full.name).count() == 2
        assert upkeep.check_store(read=True).faults == []
    return len(tables), len(keys)


def test_what_is_brought_back_is_what_was(full: Project, folder: Path, settings: Any, tmp_path: Path) -> None:
    tables, keys = came_back(full, folder, settings, tmp_path)
    record(
        "R8",
        "backup, then restore into an empty database and store: hashes of all tables and keys",
        f"{tables} of {tables} tables and {keys} of {keys} keys equal",
        met=tables > 50 and keys > 10,
    )


@pytest.mark.torture
def test_on_another_server(
    full: Project, folder: Path, settings: Any, tmp_path: Path, own_server: None
) -> None:
    tables, keys = came_back(full, folder, settings, tmp_path)
    record("R8", "the same on an empty cluster of its own", f"{tables} tables, {keys} keys equal", met=True)


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is brought back comes into a Postgres of its own."""
    monkeypatch.delenv("DATABASE_URL")
    place = tmp_path_factory.mktemp("cluster")
    place.chmod(0o755)
    running = services.start(place, durable=False)
    url = urlsplit(running.urls["DATABASE_URL"])
    address = {"HOST": url.hostname, "PORT": url.port, "PASSWORD": url.password}
    monkeypatch.setattr("tests.trust.test_r8_backup.empty_database", partial(empty_database, address))
    yield
    running.stop()


def test_the_next_one_copies_what_is_new_alone(full: Project, folder: Path) -> None:
    first = taken(folder)
    times = {path: path.stat().st_mtime_ns for path in (folder / STORE).rglob("*") if path.is_file()}
    make_picture(full)
    second = upkeep.back_up(folder.parent / "backup", keep=None)
    now = {path: path.stat().st_mtime_ns for path in (folder / STORE).rglob("*") if path.is_file()}
    assert {path: now[path] for path in times} == times
    assert len(now) == len(times) + 1 == len(second.files) == len(first.files) + 1
    assert upkeep.check_backup(folder) == []


def test_two_of_one_second_are_two(full: Project, folder: Path) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        stamps = [upkeep.back_up(folder).stamp for _ in range(3)]
    assert stamps == [f"2026-03-01T12-00-0{second}Z" for second in range(3)]
    assert [one.stamp for one in upkeep.backups_in(folder)] == stamps[::-1]


def test_old_backups_go_with_their_bytes(full: Project, folder: Path) -> None:
    first = taken(folder)
    picture = GuidelineImage.objects.get()
    store.delete_tree(picture.store_key)
    picture.delete()
    (folder / first.stamp).rename(folder / "2020-01-01T00-00-00Z")  # of another second
    manifest = folder / "2020-01-01T00-00-00Z" / MANIFEST
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**content, "stamp": "2020-01-01T00-00-00Z"}))
    call_command("backup", str(folder), "--keep", "1")
    assert len(upkeep.backups_in(folder)) == 1
    assert not (folder / STORE / picture.store_key).exists()
    assert upkeep.check_backup(folder) == []


def refused(folder: Path, *options: str) -> str:
    with pytest.raises(CommandError) as error:
        call_command("restore", str(folder), *options)
    return str(error.value)


def test_a_full_database_or_store_is_left_alone(full: Project, folder: Path) -> None:
    taken(folder)
    tables, keys = upkeep.table_digests(), bytes_there()
    assert refused(folder).startswith("The database is not empty: it has")
    with empty_database():
        store.bring_back("guidelines/foreign", folder / STORE / next(iter(keys)))
        assert refused(folder).startswith("The store is not empty: it has 1 keys")
    store.delete_tree("guidelines/foreign")
    assert (upkeep.table_digests(), bytes_there()) == (tables, keys)


Damage = Callable[[Path, upkeep.Backup], object]


def of_dump(folder: Path, backup: upkeep.Backup) -> None:
    path = folder / backup.stamp / DUMP
    path.write_bytes(path.read_bytes()[:-10])


def of_brick(folder: Path, backup: upkeep.Backup) -> None:
    path = folder / STORE / max(backup.files)
    path.write_bytes(b"x" + path.read_bytes()[1:])


def of_manifest(folder: Path, backup: upkeep.Backup) -> None:
    (folder / backup.stamp / MANIFEST).write_text("{")


def of_version(folder: Path, backup: upkeep.Backup) -> None:
    path = folder / backup.stamp / MANIFEST
    content = json.loads(path.read_text())
    content["migrations"]["annotation"].append("9999_later")
    path.write_text(json.dumps(content))


def of_secret(folder: Path, backup: upkeep.Backup) -> None:
    path = folder / backup.stamp / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "secret": "other"}))


def test_a_damaged_or_foreign_backup_changes_nothing(
    full: Project, folder: Path, settings: Any, tmp_path: Path
) -> None:
    cases: dict[Damage, str] = {
        of_dump: "The backup is damaged; nothing was brought back. The dump of the database",
        of_brick: "The backup is damaged; nothing was brought back.",
        of_secret: "The backup was taken with another SECRET_KEY.",
        of_version: "whose database is newer than this program (it has annotation.9999_later)",
        of_manifest: "holds no backup that can be read: its manifest is damaged",
    }
    backup = taken(folder)
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with empty_database():
        use_store(settings, tmp_path / "other-store")
        for damage, sentence in cases.items():
            damage(folder, backup)
            assert sentence in refused(folder)
            for path, content in files.items():
                path.write_bytes(content)
        assert upkeep.table_digests() == {}
        assert not list(store.entries())
        of_secret(folder, backup)
        call_command("restore", str(folder), "--other-secret")


def test_what_was_broken_off_goes_on(full: Project, folder: Path, settings: Any, tmp_path: Path) -> None:
    keys = bytes_there()
    backup = taken(folder)
    with empty_database():
        use_store(settings, tmp_path / "other-store")
        first, second = sorted(backup.files)[:2]
        store.bring_back(first, folder / STORE / first)
        path = tmp_path / "other-store" / second
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0" * backup.files[second].bytes)  # of the right length, and wrong
        call_command("restore", str(folder))
        assert bytes_there() == keys


def test_a_backup_says_what_the_store_did_not_have(full: Project, folder: Path) -> None:
    picture = GuidelineImage.objects.get()
    store.delete_tree(picture.store_key)
    with pytest.raises(CommandError, match="1 of the backup's parts are missing"):
        call_command("backup", str(folder))
    (backup,) = upkeep.backups_in(folder)
    assert backup.lacking == [picture.store_key]


def test_it_must_not_lie_in_the_store(settings: Any) -> None:
    with pytest.raises(CommandError, match="must not lie in the store itself"):
        call_command("backup", str(Path(settings.STORE_ROOT) / "backup"))
