"""Fixes that change more than a project allows a reviewer to change alone: somebody else decides then."""

from django.db.models import QuerySet

from annotation import worklist
from annotation.models import (
    Assignment,
    AssignmentRole,
    Comparator,
    Membership,
    Part,
    Project,
    Requirement,
    Review,
    Role,
    Verdict,
)


def is_held_against_read(review: Assignment) -> bool:
    """Whether a fix waits for its scores: something is required of it, and somebody else could decide."""
    project = review.case.project
    if not Requirement.objects.filter(project=project, comparator=Comparator.REVIEW).exists():
        return False
    return judges(project, review).exists()


def judges(project: Project, review: Assignment) -> QuerySet[Membership]:
    """Who could decide between a read and its fix: reviewers and leads who made neither."""
    made = [review.reader_id] + ([review.subject.reader_id] if review.subject is not None else [])
    members = Membership.objects.filter(project=project, active=True, user__is_active=True)
    return members.exclude(role=Role.ANNOTATOR).exclude(user__in=made)


def fix_of(part: Part) -> Review | None:
    """The newest verdict on the part, if it was a fix."""
    given = Review.objects.filter(assignment__part=part, assignment__role=AssignmentRole.REVIEW)
    rows = given.select_related("result__mask", "assignment__subject__mask")
    newest = rows.order_by("created_at", "pk").last()
    return newest if newest is not None and newest.verdict == Verdict.FIX else None


def sides_of(part: Part) -> list[Assignment]:
    """The two delineations that an adjudication is about: two blind reads, or a read and its fix."""
    pair = worklist.pair_of(part)
    fix = fix_of(part) if len(pair) != 2 else None
    if fix is None or fix.assignment.subject is None:
        return pair
    return [fix.assignment.subject, fix.assignment]
