"""What was written under each key: bytes and SHA-256, kept in the database beside the store.

The sum of a folder is that of its list of files: one line `path size sha256` for each, by path.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.db.models import Q

from annotation.models import StoredSum
from annotation.store import backends

_PIECE = 2**20


@dataclass(frozen=True)
class Sum:
    """`sha256` in hexadecimal digits."""

    bytes: int
    sha256: str


def of_bytes(data: bytes) -> Sum:
    return Sum(len(data), hashlib.sha256(data).hexdigest())


def of_folder(folder: Path) -> Sum:
    """Of a folder, or of one file, on this machine."""
    if folder.is_file():
        with folder.open("rb") as file:
            return of_file(file)
    files: list[tuple[str, Sum]] = []
    for path in (one for one in folder.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            files.append((path.relative_to(folder).as_posix(), of_file(file)))
    return of_list(files)


def of_list(files: Iterable[tuple[str, Sum]]) -> Sum:
    """Of a folder whose files (path below it, sum) are known."""
    ordered = sorted(files)
    text = "".join(f"{path} {one.bytes} {one.sha256}\n" for path, one in ordered)
    return Sum(sum(one.bytes for _, one in ordered), hashlib.sha256(text.encode()).hexdigest())


def sum_of(
    key: str, *, without: Iterable[str] = (), step: Callable[[int], None] = lambda _: None
) -> Sum | None:
    """Read what lies under a key or prefix now and sum it up; None where nothing does.

    `without`: keys below it that were added later and have sums of their own. `step` is told of bytes read.
    """
    storage, left_out = backends.backend(), set(without)
    files: list[tuple[str, Sum]] = []
    for entry in backends.found(storage, key):
        if entry.key not in left_out:
            with storage.open(entry.key, "rb") as file:
                files.append((entry.key, of_file(file, step)))  # type: ignore[arg-type]  # Django's own, as open
    if not files:
        return None
    if [path for path, _ in files] == [key]:
        return files[0][1]
    return of_list((path.removeprefix(f"{key}/"), one) for path, one in files)


def keep(key: str, found: Sum) -> None:
    """Keep the sum of a key; what is known of it from before gives way."""
    StoredSum.objects.bulk_create(
        [StoredSum(key=key, bytes=found.bytes, sha256=found.sha256)],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["bytes", "sha256"],
    )


def forget(prefix: str) -> None:
    StoredSum.objects.filter(Q(key=prefix) | Q(key__startswith=f"{prefix}/")).delete()


def of_file(file: BinaryIO, step: Callable[[int], None] = lambda _: None) -> Sum:
    digest, size = hashlib.sha256(), 0
    while piece := file.read(_PIECE):
        digest.update(piece)
        size += len(piece)
        step(len(piece))
    return Sum(size, digest.hexdigest())
