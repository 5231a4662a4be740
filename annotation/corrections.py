"""A reader's work on a mask: saving strokes, handing in, and the time that it takes."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from annotation import chunks, worklist
from annotation.errors import Conflict, Refused, TooLarge
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    EditEvent,
    Mask,
    ReadingSession,
    Revision,
    RevisionKind,
    SchemaStructure,
)

EDITABLE = (AssignmentState.OPEN, AssignmentState.RETURNED)
LONGEST_GAP_S = 60  # between two signs of life; what is longer was a pause
MOST_EVENTS = 1000


@dataclass(frozen=True)
class Event:
    """What one tool did to one structure, as the browser counted it."""

    tool: str
    structure: int
    layer: int
    added: int
    removed: int


@dataclass(frozen=True)
class Saved:
    """A stored revision; `replayed` when the same save had arrived before."""

    revision: Revision
    replayed: bool
    active_seconds: int


def is_editable(assignment: Assignment) -> bool:
    return assignment.state in EDITABLE


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
    _check_events(events, values)
    with transaction.atomic():
        locked = _lock(assignment)
        earlier = Revision.objects.filter(mask=locked.mask_id, key=key).first()
        if earlier is not None:
            return Saved(earlier, replayed=True, active_seconds=locked.active_seconds)
        _require_editable(locked)
        _require_head(locked.mask, base_revision)
        sessions = list(locked.sessions.all())
        session = _session_of(sessions, session_id) if session_id is not None else None
        applied = chunks.apply(locked.mask, runs)
        revision = chunks.append(
            mask=locked.mask,
            kind=RevisionKind.AUTOSAVE,
            key=key,
            base=base_revision,
            changed=applied.changed,
            voxels_changed=applied.voxels,
            bytes_received=len(edits),
        )
        _note_events(events, revision, session)
        if session is not None:
            _count(locked, session, sessions)
        _renew_lease(locked)
    return Saved(revision, replayed=False, active_seconds=locked.active_seconds)


@transaction.atomic
def submit(*, assignment: Assignment, revision: int) -> Assignment:
    """Hand the read in at its newest revision; 0 accepts the prediction as it is. Sent twice, done once."""
    locked = _lock(assignment)
    if locked.role != AssignmentRole.ANNOTATE:
        raise Conflict("A review ends with a verdict, not with a submit.")
    if locked.state == AssignmentState.SUBMITTED and locked.mask.head == revision + 1:
        return locked
    _require_editable(locked)
    _require_head(locked.mask, revision)
    chunks.append(
        mask=locked.mask,
        kind=RevisionKind.SUBMIT,
        key=uuid.uuid4(),
        base=revision,
        changed={},
    )
    annotate_all(locked.mask)
    locked.state = AssignmentState.SUBMITTED
    locked.submitted_at = timezone.now()
    locked.save(update_fields=["state", "submitted_at", "updated_at"])
    worklist.open_review(assignment=locked)
    return locked


def annotate_all(mask: Mask) -> None:
    """Whoever hands a mask in has looked at every structure of the schema."""
    keys = SchemaStructure.objects.filter(schema__project=mask.case.project_id)
    mask.annotated = list(keys.values_list("structure__key", flat=True))
    mask.save(update_fields=["annotated"])


@transaction.atomic
def start_session(*, assignment: Assignment) -> ReadingSession:
    """A stretch of work begins: the case is open on somebody's screen."""
    locked = _lock(assignment)
    _require_editable(locked)
    _renew_lease(locked)
    return ReadingSession.objects.create(assignment=locked)


@transaction.atomic
def ping(*, session: ReadingSession, visible: bool) -> Assignment:
    """The case is still open. Time counts only while it is visible and the read is not handed in."""
    locked = _lock(session.assignment)
    if is_editable(locked):
        sessions = list(locked.sessions.all())
        if visible:
            _count(locked, _session_of(sessions, session.pk), sessions)
        else:
            ReadingSession.objects.filter(pk=session.pk).update(last_seen_at=timezone.now())
        _renew_lease(locked)
    return locked


def _lock(assignment: Assignment) -> Assignment:
    """The assignment and its mask, locked: one step of one read at a time."""
    rows = Assignment.objects.select_for_update(of=("self", "mask"), no_key=True).select_related("mask")
    locked = rows.get(pk=assignment.pk)
    # These never change, so what was fetched before the lock is as good.
    locked.case = locked.mask.case = assignment.case
    return locked


def _require_editable(assignment: Assignment) -> None:
    if assignment.state == AssignmentState.RELEASED:
        raise Conflict("This case was given back, so it is not yours any more. Take the next one.")
    if not is_editable(assignment):
        raise Conflict("This read was handed in already and cannot be changed.")


def _require_head(mask: Mask, revision: int) -> None:
    if mask.head != revision:
        raise Conflict(
            f"The newest revision is {mask.head}, not {revision}: it was changed elsewhere. Reload the case.",
            head=mask.head,
        )


def _check_events(events: Sequence[Event], values: dict[int, set[int]]) -> None:
    if len(events) > MOST_EVENTS:
        raise TooLarge(f"One save can carry {MOST_EVENTS} events, this one has {len(events)}.")
    for event in events:
        if event.structure not in values.get(event.layer, ()):
            raise Refused(
                f"An event names structure {event.structure} of layer {event.layer}; there is none."
            )


def _note_events(events: Sequence[Event], revision: Revision, session: ReadingSession | None) -> None:
    EditEvent.objects.bulk_create(
        EditEvent(
            session=session,
            revision=revision,
            tool=event.tool,
            layer=event.layer,
            structure=event.structure,
            added=event.added,
            removed=event.removed,
        )
        for event in events
    )


def _session_of(sessions: Iterable[ReadingSession], session_id: int) -> ReadingSession:
    for session in sessions:
        if session.pk == session_id:
            return session
    raise Refused(f"There is no reading session {session_id} on this case. Start a session first.")


def _renew_lease(assignment: Assignment) -> None:
    assignment.lease_until = worklist.lease_end()
    assignment.save(update_fields=["lease_until", "active_seconds", "updated_at"])


def _count(assignment: Assignment, session: ReadingSession, sessions: Iterable[ReadingSession]) -> None:
    """Add the seconds since the last sign of life of any session: two tabs do not count twice."""
    now = timezone.now()
    gap = (now - max(one.last_seen_at for one in sessions)).total_seconds()
    seconds = max(0, min(int(gap), LONGEST_GAP_S))
    # Fractions are kept for the next sign of life; thrown away, a save each second would count nothing.
    kept = gap - seconds if 0 <= gap < LONGEST_GAP_S else 0.0
    session.last_seen_at = now - timedelta(seconds=kept)
    session.active_seconds += seconds
    session.save(update_fields=["last_seen_at", "active_seconds"])
    assignment.active_seconds += seconds
