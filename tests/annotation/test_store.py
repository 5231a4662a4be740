from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import InMemoryStorage

from annotation import store
from annotation.errors import NotFound

pytestmark = pytest.mark.django_db

BACKENDS = ["file system", "any other storage"]


class Elsewhere(InMemoryStorage):
    """A storage without paths of its own, such as S3."""


@pytest.fixture(params=BACKENDS)
def storage(request: pytest.FixtureRequest, settings: Any) -> str:
    if request.param == BACKENDS[1]:
        backend = {"BACKEND": "tests.annotation.test_store.Elsewhere"}
        settings.STORAGES = settings.STORAGES | {"store": backend}
    return str(request.param)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "c" / "0").mkdir(parents=True)
    (folder / "zarr.json").write_bytes(b"{}")
    (folder / "c" / "0" / "1").write_bytes(b"chunk")
    return folder


def test_bytes_come_back(storage: str) -> None:
    store.put("a/b.bin", b"\0\1\2")
    assert store.read("a/b.bin") == b"\0\1\2"
    with store.open("a/b.bin") as file:
        file.seek(1)
        assert file.read(1) == b"\1"
    assert store.exists("a/b.bin")
    with store.local_path("a/b.bin") as path:
        assert path.read_bytes() == b"\0\1\2"


def test_a_key_is_written_once(storage: str) -> None:
    store.put("a", b"first")
    with pytest.raises(FileExistsError):
        store.put("a", b"second")
    assert store.read("a") == b"first"


def test_trees_come_back_and_go(storage: str, tree: Path) -> None:
    store.put_tree("volumes/1.zarr", tree)
    assert store.read("volumes/1.zarr/c/0/1") == b"chunk"
    with store.local_path("volumes/1.zarr") as folder:
        files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert files == {"zarr.json", "c/0/1"}
    store.delete_tree("volumes/1.zarr")
    assert not store.exists("volumes/1.zarr/c/0/1")
    store.delete_tree("volumes/1.zarr")  # nothing there is not an error
    assert (tree / "zarr.json").is_file()


def test_what_is_not_there_is_not_found(storage: str) -> None:
    with pytest.raises(NotFound):
        store.read("nothing")
    with pytest.raises(NotFound), store.local_path("nothing"):
        pass


def _write_one_and_fail(folder: Path) -> None:
    folder.mkdir()
    (folder / "first").write_bytes(b"1")
    (folder / "second").read_bytes()


def test_a_tree_that_fails_half_way_leaves_nothing(storage: str, settings: Any) -> None:
    with pytest.raises(FileNotFoundError, match="second"), store.new_tree("volumes/1.zarr") as folder:
        _write_one_and_fail(folder)
    assert not store.exists("volumes/1.zarr/first")
    root = Path(settings.STORE_ROOT)
    assert not root.exists() or list((root / "volumes").iterdir()) == []


def test_keys_cannot_lead_out_of_the_store(tree: Path) -> None:
    for key in ("../outside", "/etc/passwd", "a/../../outside"):
        with pytest.raises(SuspiciousFileOperation):
            store.put(key, b"")
        with pytest.raises(SuspiciousFileOperation):
            store.put_tree(key, tree)
        with pytest.raises(SuspiciousFileOperation):
            store.delete_tree(key)
