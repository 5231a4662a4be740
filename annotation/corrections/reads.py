"""What every step of a read begins and ends with: the lock, the checks, the lease and the time."""

from collections.abc import Iterable
from datetime import timedelta

from annotation import chunks, clock, regions, worklist
from annotation.errors import Conflict, NotFound, Refused
from annotation.models import ENDED_STATES, Assignment, AssignmentState, Mask, ReadingSession
from annotation.prepared import Prepared

EDITABLE = (AssignmentState.OPEN, AssignmentState.RETURNED)
LONGEST_GAP_S = 60  # between two signs of life; what is longer was a pause


def is_editable(assignment: Assignment) -> bool:
    return assignment.state in EDITABLE


def lock(assignment: Assignment) -> Assignment:
    """The assignment and its mask, locked: one step of one read at a time."""
    locked = _LOCKED.first(read=assignment.pk)
    if locked is None:
        raise NotFound("There is no such read any more.")
    # These never change, so what was fetched before the lock is as good.
    locked.case = locked.mask.case = assignment.case
    return locked


_LOCKED = Prepared(
    Assignment,
    lambda read: (
        Assignment.objects.select_for_update(of=("self", "mask"), no_key=True)
        .select_related("mask")
        .filter(pk=read)
    ),
    read=int,
)


def require_editable(assignment: Assignment) -> None:
    if assignment.state == AssignmentState.RELEASED:
        raise Conflict("This case was given back, so it is not yours any more. Take the next one.")
    if assignment.state in ENDED_STATES:
        raise Conflict("This read was skipped or taken over, so it is not yours any more. Take the next one.")
    if not is_editable(assignment):
        raise Conflict("This read was handed in already and cannot be changed.")


def require_head(mask: Mask, revision: int) -> None:
    if mask.head != revision:
        raise Conflict(
            f"The newest revision is {mask.head}, not {revision}: it was changed elsewhere. Reload the case.",
            head=mask.head,
        )


def require_within(assignment: Assignment, mask: Mask, applied: chunks.Applied) -> None:
    """Refuse changes of `mask` that reach out of what is asked of the case's readers: all of them or none."""
    region = regions.region_of(assignment.case)
    if region is not None and chunks.clipped(mask, applied, region).voxels != applied.voxels:
        asked = region.words(assignment.case.volume.shape)
        raise Refused(
            f"Only {asked} of this scan are asked for, and these edits change something else. "
            "Nothing was stored; undo what lies outside."
        )


def session_of(sessions: Iterable[ReadingSession], session_id: int) -> ReadingSession:
    for session in sessions:
        if session.pk == session_id:
            return session
    raise Refused(f"There is no reading session {session_id} on this case. Start a session first.")


def note_work(assignment: Assignment, session: ReadingSession | None, sessions: list[ReadingSession]) -> None:
    """A step is a sign of life: it counts as time, if in a session, and renews the lease."""
    if session is not None:
        count(assignment, session, sessions)
    renew_lease(assignment)


def renew_lease(assignment: Assignment) -> None:
    assignment.lease_until = worklist.lease_end()
    assignment.save(update_fields=["lease_until", "active_seconds", "updated_at"])


def count(assignment: Assignment, session: ReadingSession, sessions: Iterable[ReadingSession]) -> None:
    """Add the seconds since the last sign of life of any session: two tabs do not count twice."""
    now = clock.now()
    gap = (now - max(one.last_seen_at for one in sessions)).total_seconds()
    seconds = max(0, min(int(gap), LONGEST_GAP_S))
    # Fractions are kept for the next sign of life; thrown away, a save each second would count nothing.
    kept = gap - seconds if 0 <= gap < LONGEST_GAP_S else 0.0
    session.last_seen_at = now - timedelta(seconds=kept)
    session.active_seconds += seconds
    session.save(update_fields=["last_seen_at", "active_seconds"])
    assignment.active_seconds += seconds
