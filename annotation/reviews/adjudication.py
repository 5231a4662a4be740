"""Two blind reads, or a read and its fix, that differ too much: somebody who made neither decides."""

import uuid

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation import agreement, chunks, clock, learning, worklist
from annotation.errors import Conflict
from annotation.models import (
    ACTIVE_STATES,
    Assignment,
    AssignmentRole,
    AssignmentState,
    CaseState,
    Membership,
    Part,
    Project,
    Review,
    Revision,
    RevisionKind,
    StartFrom,
    Verdict,
)
from annotation.reviews import differing, disputes
from annotation.reviews.components import CORNERS
from annotation.worklist import blocks, reads, starts


def adjudications_waiting(*, reader: AbstractBaseUser, project: Project) -> int:
    """Parts whose two reads differ, neither of them this reader's, that nobody decides yet."""
    return _waiting(reader, project).count()


@transaction.atomic
def claim_adjudication(*, reader: AbstractBaseUser, project: Project) -> Assignment | None:
    """Reserve the part that waits longest for an adjudication, never one that the adjudicator has read.

    Which of the reads is A does not tell who was first, or whose level is higher.
    """
    Membership.objects.select_for_update(no_key=True).get(user=reader.pk, project=project)
    mine = Assignment.objects.filter(
        reader=reader.pk,
        case__project=project,
        role=AssignmentRole.ADJUDICATE,
        state=AssignmentState.OPEN,
        mask__head=0,
    ).first()
    if mine is not None:
        mine.lease_until = worklist.lease_end()
        mine.save(update_fields=["lease_until", "updated_at"])
        return mine
    rows = _waiting(reader, project).select_for_update(skip_locked=True, no_key=True, of=("self",))
    part = rows.select_related("case__project", "case__volume", "group").order_by("updated_at", "pk").first()
    # Somebody may have taken it between our statement's beginning and the lock.
    if part is None or not _waiting(reader, project).filter(pk=part.pk).exists():
        return None
    a, b = _both_of(part)
    return reads.create(
        part=part,
        reader=reader.pk,
        role=AssignmentRole.ADJUDICATE,
        start=starts.Start(StartFrom.REVISION, a.mask, a.mask.head),
        subject=a,
        rival=b,
    )


def prepare(part: Part) -> None:
    """Work out where the two reads differ before anybody waits for it."""
    a, b = _both_of(part)
    differing.packed(a, b, sorted(_looked_at(a, b)), CORNERS)


def disagreement(*, assignment: Assignment, connectivity: int = CORNERS) -> bytes:
    """Where the two reads differ, ranked by volume × distance beyond the tolerance: JSON, gzipped."""
    a, b = _both(assignment)
    return differing.packed(a, b, sorted(_looked_at(a, b)), connectivity)


def adjudicate(*, assignment: Assignment, revision: int, comment: str = "") -> Review:
    """Accept the adjudicator's mask: a new one, whose parents are the two reads. Sent twice, done once.

    Raises Conflict when `revision` is not the newest one, or when the adjudication was given back.
    """
    with transaction.atomic():
        locked = _lock(assignment)
        given = locked.verdicts.first()
        if given is not None:
            return given
        _require_current(locked, revision)
        a, b = _both(locked)
        result = _merged(locked, a, b)
        changed = chunks.differs_from_base(locked.mask)
        given = Review.objects.create(
            assignment=locked,
            revision=Revision.objects.get(mask=a.mask_id, number=a.mask.head),
            result=result,
            verdict=Verdict.FIX if changed else Verdict.ACCEPT,
            comment=comment.strip(),
        )
        locked.state, locked.final_at = AssignmentState.DONE, clock.now()
        locked.save(update_fields=["state", "final_at", "updated_at"])
        agreement.request(locked.case)
        worklist.move(locked.part_id, CaseState.ACCEPTED, accepted=result)
    learning.request_run_if_due(locked.case.project)
    return given


def _waiting(reader: AbstractBaseUser, project: Project) -> QuerySet[Part]:
    own = Assignment.objects.filter(part=OuterRef("pk"), reader=reader.pk).filter(
        Q(role=AssignmentRole.ANNOTATE) | Q(verdicts__verdict=Verdict.FIX, role=AssignmentRole.REVIEW)
    )
    decided = Assignment.objects.filter(
        part=OuterRef("pk"), role=AssignmentRole.ADJUDICATE, state__in=ACTIVE_STATES
    )
    parts = Part.objects.filter(case__project=project, state=CaseState.ADJUDICATION)
    return parts.exclude(Exists(own)).exclude(Exists(decided))


def _both_of(part: Part) -> tuple[Assignment, Assignment]:
    """Reads A and B."""
    rows = Assignment.objects.select_related("mask__case__volume", "mask__base__case", "case__volume")
    found = rows.in_bulk([read.pk for read in disputes.sides_of(part)])
    first, second = (found[pk] for pk in sorted(found))
    return (second, first) if blocks.draw("side", part.pk) % 2 else (first, second)


def _both(assignment: Assignment) -> tuple[Assignment, Assignment]:
    if assignment.role != AssignmentRole.ADJUDICATE:
        raise Conflict("Only an adjudication compares two reads.")
    rows = Assignment.objects.select_related("mask__case__volume", "mask__base__case", "case__volume")
    both = rows.in_bulk([pk for pk in (assignment.subject_id, assignment.rival_id) if pk is not None])
    return both[assignment.subject_id or 0], both[assignment.rival_id or 0]


def _looked_at(a: Assignment, b: Assignment) -> set[str]:
    return set(a.mask.annotated) | set(b.mask.annotated)


def _lock(assignment: Assignment) -> Assignment:
    rows = Assignment.objects.select_for_update(of=("self", "mask"), no_key=True)
    locked = rows.select_related("mask__case__volume", "mask__base__case", "case__project", "reader").get(
        pk=assignment.pk
    )
    if locked.role != AssignmentRole.ADJUDICATE:
        raise Conflict("Only an adjudication compares two reads.")
    return locked


def _require_current(locked: Assignment, revision: int) -> None:
    if locked.state != AssignmentState.OPEN:
        raise Conflict("This adjudication was given back, so it is not yours any more. Take the next one.")
    if locked.mask.head != revision:
        raise Conflict(
            f"The newest revision is {locked.mask.head}, not {revision}. Reload the case.",
            head=locked.mask.head,
        )


def _merged(locked: Assignment, a: Assignment, b: Assignment) -> Revision:
    keys = _looked_at(a, b)
    locked.mask.annotated = sorted(keys)
    locked.mask.save(update_fields=["annotated"])
    return chunks.append(
        mask=locked.mask,
        kind=RevisionKind.MERGE,
        key=uuid.uuid4(),
        base=locked.mask.head,
        changed={},
        author=locked.reader,
    )
