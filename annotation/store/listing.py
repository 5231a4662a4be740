"""What lies in the store."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from annotation.store.backends import UNFINISHED, Entry, backend, found, on_disk
from annotation.store.faults import NOT_READ, told


def entries(prefix: str = "") -> Iterator[Entry]:
    """Yield everything at or below a prefix, also what a killed process left unfinished."""
    with told(NOT_READ):
        yield from found(backend(), prefix)


def keys_before(prefix: str, before: datetime) -> list[str]:
    """Keys below a prefix that were written before a time, also what a killed process left unfinished."""
    return [entry.key for entry in entries(prefix) if entry.written_at < before]


def unfinished_before(prefix: str, before: datetime) -> list[str]:
    """Folders and files right below a prefix that were begun before a time and never finished."""
    place = on_disk(backend(), prefix)
    if place is None:
        return []
    begun: list[str] = []
    for path in place.glob(f"{UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                begun.append(f"{prefix}/{path.name}")
    return begun
