"""Saving strokes, going back to an earlier revision, and handing in."""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from annotation import agreement, chunks, clock, worklist
from annotation.corrections import events as events_
from annotation.corrections.events import Event
from annotation.corrections.reads import (
    lock,
    note_work,
    require_editable,
    require_head,
    require_within,
    session_of,
)
from annotation.errors import Conflict, Refused
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Mask,
    Revision,
    RevisionKind,
    SchemaStructure,
    Tool,
)


@dataclass(frozen=True)
class Saved:
    """A stored revision; `replayed` when the same save had arrived before."""

    revision: Revision
    replayed: bool
    active_seconds: int


def replayed(assignment: Assignment, key: uuid.UUID) -> Saved | None:
    """The answer that this key got before, if it did; the assignment is locked."""
    earlier = Revision.objects.filter(mask=assignment.mask_id, key=key).first()
    if earlier is None:
        return None
    return Saved(earlier, replayed=True, active_seconds=assignment.active_seconds)


def save(
    *,
    assignment: Assignment,
    base_revision: int,
    key: uuid.UUID,
    edits: bytes,
    session_id: int | None = None,
    events: Sequence[Event] = (),
) -> Saved:
    """Store one step of the mask. The same `key` again gets the same answer and stores nothing.

    Raises Refused when the body is wrong, Conflict(head=…) when `base_revision` is not the newest revision.
    """
    values = chunks.values_of(assignment.case.project_id)
    runs = chunks.decode_edits(edits, grid=chunks.Grid.over(assignment.case.volume.shape), values=values)
    events_.check(events, values)
    with transaction.atomic():
        locked = lock(assignment)
        if earlier := replayed(locked, key):
            return earlier
        require_editable(locked)
        require_head(locked.mask, base_revision)
        sessions = list(locked.sessions.all())
        session = session_of(sessions, session_id) if session_id is not None else None
        applied = chunks.apply(locked.mask, runs)
        require_within(locked, locked.mask, applied)
        revision = chunks.append(
            mask=locked.mask,
            kind=RevisionKind.AUTOSAVE,
            key=key,
            base=base_revision,
            changed=applied.changed,
            voxels_changed=applied.voxels,
            bytes_received=len(edits),
        )
        events_.note(events, revision, session)
        note_work(locked, session, sessions)
    return Saved(revision, replayed=False, active_seconds=locked.active_seconds)


@transaction.atomic
def restore(
    *,
    assignment: Assignment,
    revision: int,
    base_revision: int,
    key: uuid.UUID,
    session_id: int | None = None,
) -> Saved:
    """Make the mask what it was at `revision` (0 = what the read began from), with a new revision.

    Nothing is taken away: what came in between stays in the history. The same `key` again gets the same
    answer. Raises Refused for an unknown revision, Conflict(head=…) when `base_revision` is not the newest.
    """
    return _step_back(
        _Step(assignment, base_revision, key, session_id),
        revision,
        RevisionKind.RESTORE,
        Tool.RESTORE,
        chunks.as_it_was,
    )


@transaction.atomic
def undo(
    *,
    assignment: Assignment,
    revision: int,
    base_revision: int,
    key: uuid.UUID,
    session_id: int | None = None,
) -> Saved:
    """Give the voxels that `revision` changed the values that they had before it, with a new revision.

    The same `key` again gets the same answer. Raises Refused for an unknown revision and where these voxels
    were changed again since, Conflict(head=…) when `base_revision` is not the newest.
    """
    if revision < 1:
        raise Refused("There is nothing before the first revision to go back to. Name a revision from 1 on.")
    return _step_back(
        _Step(assignment, base_revision, key, session_id),
        revision,
        RevisionKind.AUTOSAVE,
        Tool.UNDO,
        chunks.taken_back,
    )


@dataclass(frozen=True)
class _Step:
    """What every new revision of a read names."""

    assignment: Assignment
    base_revision: int
    key: uuid.UUID
    session_id: int | None


def _step_back(
    step: _Step,
    revision: int,
    kind: RevisionKind,
    tool: Tool,
    become: Callable[[Mask, int], chunks.Applied],
) -> Saved:
    """A new revision out of an earlier one, with an event for each structure that gained or lost."""
    locked = lock(step.assignment)
    if earlier := replayed(locked, step.key):
        return earlier
    require_editable(locked)
    require_head(locked.mask, step.base_revision)
    if revision > locked.mask.head:
        raise Refused(f"This mask has no revision {revision}; its newest is {locked.mask.head}.")
    sessions = list(locked.sessions.all())
    session = session_of(sessions, step.session_id) if step.session_id is not None else None
    applied = become(locked.mask, revision)
    gained = [
        Event(tool, gain.structure, gain.layer, gain.added, gain.removed)
        for gain in chunks.gains(locked.mask, applied)
    ]
    stepped = chunks.append(
        mask=locked.mask,
        kind=kind,
        key=step.key,
        base=step.base_revision,
        changed=applied.changed,
        voxels_changed=applied.voxels,
    )
    events_.note(gained, stepped, session)
    note_work(locked, session, sessions)
    return Saved(stepped, replayed=False, active_seconds=locked.active_seconds)


@transaction.atomic
def submit(*, assignment: Assignment, revision: int, not_looked_at: Collection[str] = ()) -> Assignment:
    """Hand the read in at its newest revision; 0 accepts the prediction as it is. Sent twice, done once.

    `not_looked_at` names structures that the reader did not check: nothing is learned about them from here.
    """
    locked = lock(assignment)
    if locked.role != AssignmentRole.ANNOTATE:
        raise Conflict("A review ends with a verdict, not with a submit.")
    if locked.state == AssignmentState.SUBMITTED and locked.mask.head == revision + 1:
        return locked
    require_editable(locked)
    require_head(locked.mask, revision)
    annotated = _looked_at(locked.mask, not_looked_at)
    chunks.append(
        mask=locked.mask,
        kind=RevisionKind.SUBMIT,
        key=uuid.uuid4(),
        base=revision,
        changed={},
    )
    locked.mask.annotated = annotated
    locked.mask.save(update_fields=["annotated"])
    locked.state = AssignmentState.SUBMITTED
    locked.submitted_at = clock.now()
    locked.save(update_fields=["state", "submitted_at", "updated_at"])
    agreement.settled(locked)
    worklist.hand_in(assignment=locked)
    return locked


def _looked_at(mask: Mask, left_out: Collection[str]) -> list[str]:
    """Keys of the structures that were looked at: those of the schema but for what is left out."""
    keys = _schema_keys(mask)
    unknown = sorted(set(left_out) - set(keys))
    if unknown:
        raise Refused(f"This project has no structure called {unknown[0]}.")
    annotated = [key for key in keys if key not in left_out]
    if not annotated:
        raise Refused("Nothing was looked at. Look at one structure at least before you hand the read in.")
    return annotated


def not_looked_at(mask: Mask) -> list[str]:
    """Keys of the structures that were left out when the mask was handed in; none before that."""
    return [key for key in _schema_keys(mask) if key not in mask.annotated] if mask.annotated else []


def _schema_keys(mask: Mask) -> list[str]:
    """Those that the read is about: of its group, or all."""
    entries = SchemaStructure.objects.filter(schema__project=mask.case.project_id)
    asked = Assignment.objects.filter(mask=mask).values_list("structures", flat=True).first()
    if asked:
        entries = entries.filter(structure__key__in=asked)
    return list(entries.values_list("structure__key", flat=True))
