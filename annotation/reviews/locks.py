"""What every step of a review begins with: the rows, locked in one order, and the checks."""

from annotation.errors import Conflict
from annotation.models import Assignment, AssignmentRole, AssignmentState


def lock(assignment: Assignment) -> tuple[Assignment, Assignment]:
    """The review and the read under review, both with their masks, always in this order."""
    rows = Assignment.objects.select_for_update(of=("self", "mask"), no_key=True)
    rows = rows.select_related("mask__case__volume", "mask__base__case", "case__project", "reader")
    review = rows.get(pk=assignment.pk)
    if review.role != AssignmentRole.REVIEW or review.subject_id is None:
        raise Conflict("Only a review ends with a verdict; hand your own read in with a submit.")
    return review, rows.get(pk=review.subject_id)


def require_open(review: Assignment) -> None:
    if review.state == AssignmentState.DONE:
        raise Conflict("This review ended already and cannot be changed.")
    if review.state != AssignmentState.OPEN:
        raise Conflict("This review was given back, so it is not yours any more. Take the next one.")
