"""Bytes that do not belong into the database: images and weights. Keys are made by the server alone.

Any storage of Django with the alias "store" will do. On a file system everything is written under a temporary
name, flushed to the disk and renamed, so that a key either holds all of its bytes or does not exist.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages

from annotation.errors import NotFound

_UNFINISHED = ".unfinished-"
_FLUSHES_AT_ONCE = 16


def put(key: str, data: bytes) -> None:
    """Store bytes under a key that is not taken."""
    storage = _storage()
    if not isinstance(storage, FileSystemStorage):
        _save(storage, key, ContentFile(data))
        return
    with _finished(Path(storage.path(key))) as unfinished:
        unfinished.write_bytes(data)
        _flush(unfinished)


@contextmanager
def new_tree(prefix: str) -> Iterator[Path]:
    """Give the name of a folder to be made; what it holds at the end is stored: all of it, or nothing."""
    storage = _storage()
    if isinstance(storage, FileSystemStorage):
        with _finished(Path(storage.path(prefix))) as unfinished:
            yield unfinished
            with ThreadPoolExecutor(_FLUSHES_AT_ONCE) as pool:  # the disk joins what comes at once
                list(pool.map(_flush, [unfinished, *unfinished.rglob("*")]))
        return
    with tempfile.TemporaryDirectory(prefix="delineate-store-") as parent:
        folder = Path(parent, "tree")
        yield folder
        try:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                with path.open("rb") as file:
                    _save(storage, f"{prefix}/{path.relative_to(folder).as_posix()}", File(file))
        except BaseException:
            delete_tree(prefix)
            raise


def put_tree(prefix: str, folder: Path) -> None:
    """Store a copy of all files of a folder under a prefix that is not taken: all of them, or none."""
    with new_tree(prefix) as tree:
        shutil.copytree(folder, tree)


def read(key: str) -> bytes:
    """Return the bytes of a key. Raises NotFound."""
    with open(key) as file:
        return file.read()


@contextmanager
def open(key: str) -> Iterator[BinaryIO]:
    """Give the bytes of a key as an open file. Raises NotFound."""
    try:
        file = _storage().open(key, "rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound("These bytes are not in the store.") from error
    with file:
        yield cast("BinaryIO", file)


def exists(key: str) -> bool:
    """Tell whether a key, or on a file system a prefix, is there."""
    return _storage().exists(key)


@contextmanager
def local_path(key: str) -> Iterator[Path]:
    """Give a key or prefix as a file or folder on this machine, to be read and not changed.

    A file system gives the place itself; any other storage a copy that lasts as long as the context.
    Raises NotFound.
    """
    storage = _storage()
    if isinstance(storage, FileSystemStorage):
        path = Path(storage.path(key))
        if not path.exists():
            raise NotFound("These bytes are not in the store.")
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="delineate-store-") as folder:
        copy = Path(folder, Path(key).name)
        _download(storage, key, copy)
        yield copy


def delete_tree(prefix: str) -> None:
    """Remove everything under a prefix (or the key itself); nothing there is not an error."""
    storage = _storage()
    if isinstance(storage, FileSystemStorage):
        path = Path(storage.path(prefix))
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        return
    for key in list(_keys(storage, prefix)):
        storage.delete(key)


def keys_before(prefix: str, before: datetime) -> list[str]:
    """Keys below a prefix that were written before a time, also what a killed process left unfinished."""
    storage = _storage()
    found: list[str] = []
    for key in _keys(storage, prefix):
        with suppress(FileNotFoundError):  # renamed or removed since it was listed
            if storage.get_modified_time(key) < before:
                found.append(key)
    return found


def unfinished_before(prefix: str, before: datetime) -> list[str]:
    """Folders and files right below a prefix that were begun before a time and never finished."""
    storage = _storage()
    if not isinstance(storage, FileSystemStorage):
        return []
    found: list[str] = []
    for path in Path(storage.path(prefix)).glob(f"{_UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                found.append(f"{prefix}/{path.name}")
    return found


def _storage() -> Storage:
    return storages["store"]


def _save(storage: Storage, key: str, content: "File[bytes]") -> None:
    saved = storage.save(key, content)
    if saved != key:  # Django renames rather than overwrites: the key was taken
        storage.delete(saved)
        raise FileExistsError(key)


@contextmanager
def _finished(target: Path) -> Iterator[Path]:
    """Give a temporary name beside `target`; what is there at the end becomes `target`, or is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{_UNFINISHED}{uuid.uuid4().hex}")
    try:
        yield unfinished
        if target.exists():
            raise FileExistsError(target.name)
        unfinished.rename(target)
        _flush(target.parent)
    finally:
        if unfinished.is_dir():
            shutil.rmtree(unfinished, ignore_errors=True)
        else:
            unfinished.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Make the disk keep a file's bytes, or a folder's list of names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keys(storage: Storage, prefix: str) -> Iterator[str]:
    """Yield every key at or below a prefix of a storage that knows no folders."""
    try:
        folders, files = storage.listdir(prefix)
    except OSError:  # it is a key, or nothing: storages differ in what they raise
        folders, files = [], []
    for name in files:
        yield f"{prefix}/{name}"
    for name in folders:
        yield from _keys(storage, f"{prefix}/{name}")
    if not files and not folders and storage.exists(prefix):
        yield prefix


def _download(storage: Storage, prefix: str, copy: Path) -> None:
    keys = list(_keys(storage, prefix))
    if not keys:
        raise NotFound("These bytes are not in the store.")
    for key in keys:
        target = copy if key == prefix else copy / key.removeprefix(f"{prefix}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        with storage.open(key, "rb") as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
