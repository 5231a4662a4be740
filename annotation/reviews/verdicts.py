"""Verdicts of reviewers on a whole read: accept, accept with a fix, return with pins or a comment."""

import uuid
from collections.abc import Collection, Mapping

from django.db import transaction

from annotation import agreement, chunks, clock, corrections, learning, worklist
from annotation.errors import Conflict, Refused
from annotation.models import (
    Assignment,
    AssignmentState,
    CaseState,
    PinState,
    Review,
    Revision,
    RevisionKind,
    Verdict,
)
from annotation.reviews import disputes
from annotation.reviews.locks import lock, require_open
from annotation.reviews.structures import Judgement, replace, require_none_returned, settle_accepted


@transaction.atomic
def complete(*, assignment: Assignment, structures: Collection[str]) -> list[str]:
    """Say which structures that the reader left out the reviewer has completed: drawn, or seen to be absent.

    Replaces what was said before, and counts when the read is accepted. Answers with them. Raises Refused for
    a structure that was not left out, Conflict when the review is over.
    """
    review, subject = lock(assignment)
    require_open(review)
    left_out = corrections.not_looked_at(subject.mask)
    foreign = sorted(set(structures) - set(left_out))
    if foreign:
        raise Refused(f"{foreign[0]} was not left out by the reader, so there is nothing to complete.")
    review.mask.annotated = [key for key in left_out if key in structures]
    review.mask.save(update_fields=["annotated"])
    return review.mask.annotated


def completed(review: Assignment) -> list[str]:
    """Keys of the structures that the reviewer completed for the reader; none for a read."""
    if review.subject is None:
        return []
    return [key for key in review.mask.annotated if key not in review.subject.mask.annotated]


def accept(
    *,
    assignment: Assignment,
    revision: int,
    comment: str = "",
    structures: Mapping[str, Judgement] | None = None,
) -> Review:
    """Accept the read, with the reviewer's own edits if there are any; a retraining may become due.

    A structure that the reviewer completed is a fix even where nothing was drawn: only the reviewer's mask
    says that it was looked at.

    Where something is required of a fix, the part is accepted once its scores meet that; otherwise another
    reviewer or lead decides between the two.

    `revision` is the newest one of the reviewer's mask, 0 when nothing was changed. `structures` replaces
    what was said of single ones; those of which nothing was said are accepted. The same verdict sent twice is
    given once. Raises Refused where a structure is to go back, Conflict when another verdict was given, or
    when `revision` is not the newest.
    """
    with transaction.atomic():
        review, subject = lock(assignment)
        given = _given(review, {Verdict.ACCEPT, Verdict.FIX})
        if given is not None:
            return given
        _require_current(review, subject, revision)
        if structures is not None:
            replace(review, structures)
        require_none_returned(review)
        settle_accepted(review, review.mask.annotated)
        judged = _submitted_revision(review)
        fixed = bool(review.mask.annotated) or chunks.differs_from_base(review.mask)
        result = _fix(review, subject) if fixed else judged
        given = Review.objects.create(
            assignment=review,
            revision=judged,
            result=result,
            verdict=Verdict.FIX if fixed else Verdict.ACCEPT,
            comment=comment.strip(),
        )
        _close(review, AssignmentState.DONE)
        _close(subject, AssignmentState.DONE)
        agreement.settled(subject)
        if fixed and disputes.is_held_against_read(review):
            worklist.move(review.part_id, CaseState.COMPARING)
        else:
            worklist.move(review.part_id, CaseState.ACCEPTED, accepted=result)
    learning.request_run_if_due(review.case.project)
    return given


@transaction.atomic
def return_to_reader(
    *,
    assignment: Assignment,
    revision: int,
    comment: str = "",
    structures: Mapping[str, Judgement] | None = None,
) -> Review:
    """Give the read back to its reader, who sees the comment and the pins. What was drawn stays unseen."""
    review, subject = lock(assignment)
    given = _given(review, {Verdict.RETURN})
    if given is not None:
        return given
    _require_current(review, subject, revision)
    if not comment.strip() and not review.dropped_pins.filter(state=PinState.OPEN).exists():
        raise Refused("Say in a comment or with a pin what the reader should change.")
    if structures is not None:
        replace(review, structures)
    given = Review.objects.create(
        assignment=review,
        revision=_submitted_revision(review),
        verdict=Verdict.RETURN,
        comment=comment.strip(),
    )
    _close(review, AssignmentState.DONE)
    subject.lease_until = worklist.lease_end()
    _close(subject, AssignmentState.RETURNED)
    agreement.reopened(subject)
    worklist.move(subject.part_id, CaseState.RETURNED)
    return given


def _given(review: Assignment, same: set[Verdict]) -> Review | None:
    """The verdict that this review ended with, if it is one of `same`."""
    given = review.verdicts.first()
    if given is not None and given.verdict not in same:
        raise Conflict(f"This review ended already: the read was {given.get_verdict_display()}.")
    return given


def _require_current(review: Assignment, subject: Assignment, revision: int) -> None:
    require_open(review)
    if review.mask.head != revision:
        raise Conflict(
            f"The newest revision of your review is {review.mask.head}, not {revision}. Reload the case.",
            head=review.mask.head,
        )
    if subject.state != AssignmentState.SUBMITTED or subject.mask.head != review.mask.base_revision:
        raise Conflict("The read under review has changed since you opened it. Give the review back.")


def _submitted_revision(review: Assignment) -> Revision:
    return Revision.objects.get(mask=review.mask.base_id, number=review.mask.base_revision)


def _fix(review: Assignment, subject: Assignment) -> Revision:
    """Close the reviewer's mask with the revision that is accepted."""
    # What the reader left out stays unknown, but for what the reviewer completed.
    review.mask.annotated = [*subject.mask.annotated, *review.mask.annotated]
    review.mask.save(update_fields=["annotated"])
    return chunks.append(
        mask=review.mask,
        kind=RevisionKind.REVIEW_FIX,
        key=uuid.uuid4(),
        base=review.mask.head,
        changed={},
        author=review.reader,
    )


def _close(assignment: Assignment, state: AssignmentState) -> None:
    assignment.state = state
    if state == AssignmentState.DONE:
        assignment.final_at = clock.now()
    assignment.save(update_fields=["state", "final_at", "lease_until", "updated_at"])
