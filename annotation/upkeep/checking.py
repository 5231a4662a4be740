"""Whether rows and store agree: bytes that nothing names, rows without their bytes, bytes with a wrong sum.

Safe while the product runs: bytes come before the row that names them, so what is young is left alone, and
whatever seems amiss is looked up once more before it is told or mended.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils import timezone

from annotation import store
from annotation.models import StoredSum
from annotation.store import sums
from annotation.upkeep.references import DERIVED, Named, case_exists, named
from training.progress import OnProgress, Progress, ignore_progress

OLDER_THAN = timedelta(hours=24)
_DEPTH = {"exports": 3, "uploads": 4, DERIVED: 3}
"""How many folders of a key belong together where it is not two."""


class FaultKind(StrEnum):
    ORPHAN = "orphan"
    MISSING = "missing"
    WRONG = "wrong"
    NO_SUM = "no_sum"
    LEFT_SUM = "left_sum"


SENTENCES = {
    FaultKind.ORPHAN: "Nothing names these bytes.",
    FaultKind.MISSING: "A row names bytes that are not there.",
    FaultKind.WRONG: "The bytes are not those that were written.",
    FaultKind.NO_SUM: "No sum was kept when these bytes were written.",
    FaultKind.LEFT_SUM: "A sum was kept of bytes that are gone.",
}
BRING_BACK = "Bring these bytes back from a backup."


@dataclass(frozen=True)
class Fault:
    """`what` is the kind of thing that names the key; `mended`: nothing is left to do."""

    kind: FaultKind
    key: str
    what: str = ""
    bytes: int = 0
    mended: bool = False
    advice: str = ""


@dataclass
class Report:
    """What was looked at and what was found. `young`: keys that nothing names yet, left alone."""

    keys: int = 0
    bytes: int = 0
    young: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def left(self) -> list[Fault]:
        return [fault for fault in self.faults if not fault.mended]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "left": len(self.left)}


@dataclass
class _Group:
    bytes: int
    newest: datetime


@dataclass
class _Seen:
    """Bytes below each key that has a name, and below each that has none."""

    report: Report
    sizes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unnamed: dict[str, _Group] = field(default_factory=dict)


def check_store(
    *,
    older_than: timedelta = OLDER_THAN,
    read: bool = False,
    repair: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> Report:
    """Compare the store with the rows; `read`: all bytes with their sums too. `repair` mends what can be.

    Bytes without a name are removed once they are older than `older_than`. Maps of uncertainty, exports and
    uploads are forgotten where their bytes are missing or wrong: each can be made again. Scans, models and
    pictures cannot; a backup has them.
    """
    names = {one.key: one for one in named()}
    known = {one.key: one for one in StoredSum.objects.all().iterator(chunk_size=5000)}
    seen = _look(names, known, on_progress)
    report = seen.report
    report.faults += _orphans(seen, timezone.now() - older_than, repair)
    report.faults += _missing(names, seen, repair)
    below = _added_later(names, known)
    for done, (key, size) in enumerate(sorted(seen.sizes.items())):
        on_progress(Progress("sums", done, len(seen.sizes), key.partition("/")[0]))
        fault = _summed(names.get(key), key, size, known.get(key), below.get(key, []), read, repair)
        report.faults += [fault] if fault is not None else []
    report.faults += _left_sums(names, known, seen, repair)
    return report


def _look(names: dict[str, Named], known: dict[str, StoredSum], on_progress: OnProgress) -> _Seen:
    seen = _Seen(Report())
    for entry in store.entries():
        seen.report.keys += 1
        seen.report.bytes += entry.bytes
        if seen.report.keys % 1000 == 1:
            on_progress(Progress("looking", seen.report.keys, max(seen.report.keys, len(names)), "keys"))
        owner = next((one for one in _upwards(entry.key) if one in names), None)
        if owner is not None:
            # What was added to a folder later has a sum of its own.
            seen.sizes[entry.key if entry.key in known and entry.key != owner else owner] += entry.bytes
            continue
        group = _group(entry.key)
        there = seen.unnamed.setdefault(group, _Group(0, entry.written_at))
        there.bytes += entry.bytes
        there.newest = max(there.newest, entry.written_at)
    return seen


def _upwards(key: str) -> Iterator[str]:
    """Yield the key, then the folders that it lies in, from the inside."""
    while key:
        yield key
        key = key.rpartition("/")[0]


def _group(key: str) -> str:
    parts = key.split("/")
    return "/".join(parts[: _DEPTH.get(parts[0], 2)])


def _orphans(seen: _Seen, before: datetime, repair: bool) -> Iterator[Fault]:
    names_now = {one.key for one in named()} if seen.unnamed else set()
    folders = {folder for key in names_now for folder in _upwards(key)}
    for key, group in sorted(seen.unnamed.items()):
        if key in folders or _is_derived(key):
            continue
        if group.newest >= before:
            seen.report.young += 1
            continue
        if repair:
            store.delete_tree(key)
        yield Fault(FaultKind.ORPHAN, key, bytes=group.bytes, mended=repair)


def _is_derived(key: str) -> bool:
    folder, _, rest = key.partition("/")
    return folder == DERIVED and case_exists(rest.partition("/")[0])


def _missing(names: dict[str, Named], seen: _Seen, repair: bool) -> Iterator[Fault]:
    for key, one in sorted(names.items()):
        if key not in seen.sizes and one.still() and not store.exists(key):
            yield _forgotten(FaultKind.MISSING, one, 0, repair)


def _summed(
    name: Named | None,
    key: str,
    size: int,
    known: StoredSum | None,
    below: list[str],
    read: bool,
    repair: bool,
) -> Fault | None:
    """What is amiss with the bytes of one key; None: nothing."""
    what = "" if name is None else name.reference.kind
    if known is not None and not read and known.bytes == size:
        return None
    found = store.sum_of(key, without=below)
    if found is None or (name is not None and not name.still()):
        return None  # removed meanwhile
    if known is None:
        if repair:
            sums.keep(key, found)
        return Fault(FaultKind.NO_SUM, key, what, found.bytes, mended=repair)
    if (found.bytes, found.sha256) == (known.bytes, known.sha256):
        return None
    if name is None:
        return Fault(FaultKind.WRONG, key, what, found.bytes, advice=BRING_BACK)
    return _forgotten(FaultKind.WRONG, name, found.bytes, repair)


def _forgotten(kind: FaultKind, one: Named, size: int, repair: bool) -> Fault:
    forget = one.reference.forget
    if forget is None:
        return Fault(kind, one.key, one.reference.kind, size, advice=BRING_BACK)
    if repair:
        forget(one.pk)
        store.delete_tree(one.key)
    return Fault(kind, one.key, one.reference.kind, size, mended=repair)


def _added_later(names: dict[str, Named], known: dict[str, StoredSum]) -> dict[str, list[str]]:
    """Keys with sums of their own inside folders that have names."""
    found: dict[str, list[str]] = defaultdict(list)
    for key in known:
        owner = next((one for one in _upwards(key) if one in names), None)
        if owner is not None and owner != key:
            found[owner].append(key)
    return found


def _left_sums(
    names: dict[str, Named], known: dict[str, StoredSum], seen: _Seen, repair: bool
) -> Iterator[Fault]:
    for key in sorted(known.keys() - names.keys() - seen.sizes.keys() - seen.unnamed.keys()):
        if _group(key) not in seen.unnamed and not store.exists(key):
            if repair:
                sums.forget(key)
            yield Fault(FaultKind.LEFT_SUM, key, bytes=known[key].bytes, mended=repair)
