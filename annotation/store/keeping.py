"""Writing and removing: all of a key's bytes, or nothing."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage

from annotation.store import sums
from annotation.store.backends import UNFINISHED, backend, found, on_disk
from annotation.store.faults import NOT_KEPT, told

_FLUSHES_AT_ONCE = 16


def put(key: str, data: bytes) -> None:
    """Store bytes under a key that is not taken. Raises StoreFull, StoreFailed."""
    storage = backend()
    with told(NOT_KEPT):
        target = on_disk(storage, key)
        if target is None:
            _save(storage, key, ContentFile(data))
        else:
            with _finished(target) as unfinished:
                unfinished.write_bytes(data)
                _flush(unfinished)
        _keep_sum(key, sums.of_bytes(data))


@contextmanager
def new_tree(prefix: str) -> Iterator[Path]:
    """Give the name of a folder to be made; what it holds at the end is stored: all of it, or nothing.

    Raises StoreFull, StoreFailed, also where the caller found no room while writing to the folder.
    """
    storage = backend()
    with told(NOT_KEPT):
        target = on_disk(storage, prefix)
        if target is None:
            with tempfile.TemporaryDirectory(prefix="delineate-store-") as parent:
                folder = Path(parent, "tree")
                yield folder
                known = sums.of_folder(folder)
                _save_tree(storage, prefix, folder)
        else:
            with _finished(target) as unfinished:
                yield unfinished
                known = sums.of_folder(unfinished)
                with ThreadPoolExecutor(_FLUSHES_AT_ONCE) as pool:  # the disk joins what comes at once
                    list(pool.map(_flush, [unfinished, *unfinished.rglob("*")]))
        _keep_sum(prefix, known)


def put_tree(prefix: str, folder: Path) -> None:
    """Store a copy of all files of a folder under a prefix that is not taken: all of them, or none."""
    with new_tree(prefix) as tree:
        shutil.copytree(folder, tree)


def bring_back(key: str, source: Path) -> None:
    """Store the bytes of a file under a backup's key, over what is there; their sum comes with the rows."""
    storage = backend()
    with told(NOT_KEPT):
        _remove(key)
        target = on_disk(storage, key)
        if target is None:
            with source.open("rb") as file:
                _save(storage, key, File(file))
        else:
            with _finished(target) as unfinished:
                shutil.copyfile(source, unfinished)
                _flush(unfinished)


def delete_tree(prefix: str) -> None:
    """Remove everything under a prefix (or the key itself); nothing there is not an error."""
    with told(NOT_KEPT):
        _remove(prefix)
    sums.forget(prefix)


def _keep_sum(key: str, known: sums.Sum) -> None:
    """Bytes of which the database could not take the sum are not kept either."""
    try:
        sums.keep(key, known)
    except BaseException:
        _remove(key)
        raise


def _remove(prefix: str) -> None:
    storage = backend()
    path = on_disk(storage, prefix)
    if path is None:
        for entry in list(found(storage, prefix)):
            storage.delete(entry.key)
    else:
        _remove_path(path)


def _remove_path(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _save_tree(storage: Storage, prefix: str, folder: Path) -> None:
    try:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            with path.open("rb") as file:
                _save(storage, f"{prefix}/{path.relative_to(folder).as_posix()}", File(file))
    except BaseException:
        _remove(prefix)
        raise


def _save(storage: Storage, key: str, content: "File[bytes]") -> None:
    saved = storage.save(key, content)
    if saved != key:  # Django renames rather than overwrites: the key was taken
        storage.delete(saved)
        raise FileExistsError(key)


@contextmanager
def _finished(target: Path) -> Iterator[Path]:
    """Give a temporary name beside `target`; what is there at the end becomes `target`, or is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{UNFINISHED}{uuid.uuid4().hex}")
    try:
        yield unfinished
        if target.exists():
            raise FileExistsError(target.name)
        unfinished.rename(target)
        _settle(target)
    finally:
        if unfinished.is_dir():
            shutil.rmtree(unfinished, ignore_errors=True)
        else:
            unfinished.unlink(missing_ok=True)


def _settle(target: Path) -> None:
    """Make the disk keep a new name; where it does not, the caller hears of it and nothing stays."""
    try:
        _flush(target.parent)
    except BaseException:
        _remove_path(target)
        raise


def _flush(path: Path) -> None:
    """Make the disk keep a file's bytes, or a folder's list of names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
