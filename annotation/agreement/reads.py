"""What one final read amounted to: time by the server's clock, tools, sizes, what it changed of its start."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Avg

from annotation import jobs
from annotation.agreement.scoring import Target, spacing_of
from annotation.agreement.sides import FINAL_STATES, Side, start_model_id, starts_of
from annotation.agreement.stock import Stock
from annotation.models import (
    AgreementScore,
    Assignment,
    Case,
    EditEvent,
    ReadingSession,
    ReadSummary,
    Revision,
)
from training.metrics import METRIC_VERSION

LONGEST_GAP_S = 60  # between two edits, or the session's start and the first; what is longer was a pause


def start_sides(reads: Iterable[Assignment]) -> dict[int, Side]:
    """What each read began from, by the read's id; nothing for reads from scratch."""
    found = {}
    for read in reads:
        start = read.start_revision
        if start is not None:
            found[read.pk] = Side(start.pk, start.mask, start.number, start.created_at)
    return found


def summarise(
    case: Case, sides: Iterable[Side], stock: Stock, targets: Iterable[Target], lease: jobs.Lease
) -> int:
    """Describe the final reads that have no description yet. Returns how many."""
    pending = lacking(case, sides)
    starts = start_sides(side.read for side in pending if side.read is not None)
    made = 0
    for side in pending:
        if side.read is not None:
            start = starts.get(side.read.pk)
            made += _store(_described(case, side.read, side, start, stock, list(targets)), side, lease)
    return made


def lacking(case: Case, sides: Iterable[Side]) -> list[Side]:
    """The final reads that are not described as they are now."""
    known = set(ReadSummary.objects.filter(case=case).values_list("read", "revision"))
    return [side for side in sides if side.read is not None and (side.read.pk, side.revision_id) not in known]


@transaction.atomic
def _store(summary: ReadSummary, side: Side, lease: jobs.Lease) -> int:
    """Unless the read was changed meanwhile."""
    jobs.hold(lease)
    reads = Assignment.objects.filter(pk=summary.pk, state__in=FINAL_STATES, mask__head=side.number)
    if reads.select_for_update(no_key=True, of=("self",)).first() is None:
        return 0
    ReadSummary.objects.filter(pk=summary.pk).delete()
    summary.save(force_insert=True)
    return 1


def _described(
    case: Case, read: Assignment, side: Side, start: Side | None, stock: Stock, targets: list[Target]
) -> ReadSummary:
    sizes, changed = _voxels(side, start, stock, targets)
    voxel_ml = float(np.prod(spacing_of(case.volume))) / 1000
    moved = AgreementScore.objects.filter(
        read_a=read,
        stale=False,
        group__kind="prediction",
        group__metric_version=METRIC_VERSION,
        model=start_model_id(read),
    ).aggregate(near=Avg("surface_dice"), mm=Avg("assd_mm"))
    sessions = list(read.sessions.order_by("started_at", "pk"))
    return ReadSummary(
        read=read,
        project_id=case.project_id,
        case=case,
        reader_id=read.reader_id,
        revision=Revision(pk=side.revision_id),
        purpose=read.purpose,
        starts=starts_of(read),
        read_at=side.at,
        month=month_of(side.at),
        active_seconds=read.active_seconds,
        idle_seconds=max(0, round(_open_seconds(sessions)) - read.active_seconds),
        tools=_tools(read, sessions),
        volumes_ml={key: voxels * voxel_ml for key, voxels in sizes.items()}
        if case.volume.spacing_known
        else {},
        changed_voxels=changed,
        moved_share=None if moved["near"] is None else 1 - moved["near"],
        moved_mm=moved["mm"],
    )


def month_of(at: datetime) -> date:
    """The first day of its month, UTC."""
    return at.astimezone(UTC).date().replace(day=1)


def _voxels(
    side: Side, start: Side | None, stock: Stock, targets: list[Target]
) -> tuple[dict[str, int], int]:
    """Voxels of each structure that was looked at, and how many of these structures' voxels changed."""
    sizes: dict[str, int] = {}
    changed = 0
    for layer in sorted({target.layer for target in targets}):
        mine = [one for one in targets if one.layer == layer and one.key in side.mask.annotated]
        if not mine:
            continue
        labels = stock.labels(side, layer)
        counts = np.bincount(labels.ravel(order="K"), minlength=256)
        sizes |= {one.key: int(counts[one.value]) for one in mine}
        wanted = np.zeros(256, np.bool_)
        wanted[[one.value for one in mine]] = True
        before = np.zeros_like(labels) if start is None else stock.labels(start, layer)
        differs = np.flatnonzero(before.ravel(order="F") != labels.ravel(order="F"))
        old, new = before.ravel(order="F")[differs], labels.ravel(order="F")[differs]
        changed += int(np.count_nonzero(wanted[old] | wanted[new]))
    return sizes, changed


def _open_seconds(sessions: Iterable[ReadingSession]) -> float:
    """How long the read was open on a screen; two tabs at once count once. `sessions` by their start."""
    total, until = 0.0, datetime.min.replace(tzinfo=UTC)
    for session in sessions:
        begun = max(session.started_at, until)
        if session.last_seen_at > begun:
            total += (session.last_seen_at - begun).total_seconds()
            until = session.last_seen_at
    return total


def _tools(read: Assignment, sessions: list[ReadingSession]) -> dict[str, dict[str, Any]]:
    """The time up to each edit is its tool's. Edits of one save share their time."""
    events = EditEvent.objects.filter(revision__mask=read.mask_id).order_by("at", "pk")
    last: dict[int | None, datetime] = {session.pk: session.started_at for session in sessions}
    tools: dict[str, dict[str, Any]] = {}
    for tool, session, at, added, removed in events.values_list("tool", "session", "at", "added", "removed"):
        entry = tools.setdefault(tool, {"seconds": 0.0, "edits": 0, "added": 0, "removed": 0})
        gap = (at - last.get(session, at)).total_seconds()
        entry["seconds"] = round(entry["seconds"] + (gap if 0 < gap <= LONGEST_GAP_S else 0.0), 3)
        entry["edits"] += 1
        entry["added"] += added
        entry["removed"] += removed
        last[session] = at
    return tools
