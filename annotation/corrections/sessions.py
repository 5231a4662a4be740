"""The time that a read takes, by the server's clock, and the slices that were on screen."""

from collections.abc import Mapping

from django.db import transaction

from annotation import clock
from annotation.corrections.reads import count, is_editable, lock, renew_lease, require_editable, session_of
from annotation.errors import Refused
from annotation.models import Assignment, Looked, Plane, ReadingSession

# The axis of a volume's shape along which a plane's slices lie.
AXIS = {Plane.SAGITTAL: 0, Plane.CORONAL: 1, Plane.AXIAL: 2}


@transaction.atomic
def start_session(*, assignment: Assignment) -> ReadingSession:
    """A stretch of work begins: the case is open on somebody's screen."""
    locked = lock(assignment)
    require_editable(locked)
    renew_lease(locked)
    return ReadingSession.objects.create(assignment=locked)


@transaction.atomic
def ping(*, session: ReadingSession, visible: bool) -> Assignment:
    """The case is still open. Time counts only while it is visible and the read is not handed in."""
    locked = lock(session.assignment)
    if is_editable(locked):
        sessions = list(locked.sessions.all())
        if visible:
            count(locked, session_of(sessions, session.pk), sessions)
        else:
            ReadingSession.objects.filter(pk=session.pk).update(last_seen_at=clock.now())
        renew_lease(locked)
    return locked


@transaction.atomic
def look(*, assignment: Assignment, seen: Mapping[Plane, bytes]) -> dict[Plane, bytes]:
    """Note slices that were on screen; what was seen before stays. Answers with all that was seen.

    Each plane has one bit per slice: slice s is bit s % 8 of byte s // 8. Raises Refused for another size.
    """
    for plane, bits in seen.items():
        _check_bits(plane, bits, assignment.case.volume.shape[AXIS[plane]])
    locked = lock(assignment)
    require_editable(locked)
    known = looked(locked)
    for plane, bits in seen.items():
        both = bytes(old | new for old, new in zip(known[plane], bits, strict=True))
        if both != known[plane]:
            Looked.objects.update_or_create(assignment=locked, plane=plane, defaults={"bits": both})
            known[plane] = both
    return known


def looked(assignment: Assignment) -> dict[Plane, bytes]:
    """The slices of each plane that were on screen during a read."""
    rows = {row.plane: bytes(row.bits) for row in assignment.looked.all()}
    shape = assignment.case.volume.shape
    return {plane: rows.get(plane, bytes(-(-shape[AXIS[plane]] // 8))) for plane in Plane}


def _check_bits(plane: Plane, bits: bytes, slices: int) -> None:
    size = -(-slices // 8)
    if len(bits) != size:
        raise Refused(
            f"The scan has {slices} {plane.label} slices, which need {size} bytes, not {len(bits)}."
        )
    if slices % 8 and bits[-1] >> slices % 8:
        raise Refused(f"A bit is set behind the last of {slices} {plane.label} slices.")
