"""Reading what was kept, as bytes, as an open file, or as a folder of this machine."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from django.core.files.storage import Storage

from annotation.errors import NotFound
from annotation.store.backends import backend, found, on_disk
from annotation.store.faults import NOT_READ, told

_MISSING = "These bytes are not in the store."


def read(key: str) -> bytes:
    """Return the bytes of a key. Raises NotFound, StoreFailed."""
    with open(key) as file, told(NOT_READ):
        return file.read()


@contextmanager
def open(key: str) -> Iterator[BinaryIO]:
    """Give the bytes of a key as an open file. Raises NotFound, StoreFailed."""
    try:
        with told(NOT_READ):
            file = backend().open(key, "rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(_MISSING) from error
    with file:
        yield cast("BinaryIO", file)


def exists(key: str) -> bool:
    """Tell whether a key, or a prefix of keys, is there."""
    with told(NOT_READ):
        storage = backend()
        there = storage.exists(key)
        if there or on_disk(storage, key) is not None:
            return there
        return next(found(storage, key), None) is not None


@contextmanager
def local_path(key: str) -> Iterator[Path]:
    """Give a key or prefix as a file or folder on this machine, to be read and not changed.

    A file system gives the place itself; any other storage a copy that lasts as long as the context.
    Raises NotFound, StoreFailed.
    """
    storage = backend()
    path = on_disk(storage, key)
    if path is not None:
        if not path.exists():
            raise NotFound(_MISSING)
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="delineate-store-") as folder:
        copy = Path(folder, Path(key).name)
        with told(NOT_READ):
            _download(storage, key, copy)
        yield copy


def _download(storage: Storage, prefix: str, copy: Path) -> None:
    entries = list(found(storage, prefix))
    if not entries:
        raise NotFound(_MISSING)
    for entry in entries:
        target = copy if entry.key == prefix else copy / entry.key.removeprefix(f"{prefix}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        with storage.open(entry.key, "rb") as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
