"""Grades of structures: how many of each, and how far two reviewers agree."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import dashboards
from annotation.dashboards.acceptability import AcceptabilityRow, acceptability_rows
from annotation.models import Assignment, AssignmentState, Project, StructureVerdict, Verdict
from tests.annotation.factories import make_case, make_review, make_submitted
from training.raters import Level, krippendorff_alpha

pytestmark = pytest.mark.django_db


def judge(reviewer: User, read: Assignment, verdict: Verdict, grade: int, *, at: int = 0) -> None:
    """A review that has ended, with one grade."""
    review = make_review(reviewer, read)
    StructureVerdict.objects.create(
        assignment=review, structure="liver", verdict=verdict, acceptability=grade
    )
    Assignment.objects.filter(pk=review.pk).update(
        state=AssignmentState.DONE, final_at=timezone.now() + timedelta(hours=at)
    )


def liver(project: Project) -> AcceptabilityRow:
    (row,) = acceptability_rows(project)
    return row


@pytest.fixture
def reads(project: Project, ana: User) -> list[Assignment]:
    found = []
    for _ in range(4):
        make_case(project)
        found.append(make_submitted(ana, project))
    return found


def test_alpha_is_of_what_two_reviewers_saw_alike(
    project: Project, reads: list[Assignment], rui: User, lea: User
) -> None:
    first, second = [5, 4, 2, 3], [5, 3, 2, 4]
    for read, one, other in zip(reads, first, second, strict=True):
        judge(rui, read, Verdict.ACCEPT, one)
        judge(lea, read, Verdict.ACCEPT, other, at=1)
        # Over, so that the next one waits longest.
        Assignment.objects.filter(pk=read.pk).update(state=AssignmentState.DONE, final_at=timezone.now())
    row = liver(project)
    assert (row.structure, row.grades, row.twice) == ("liver", 8, 4)
    assert (row.grade_1, row.grade_2, row.grade_3, row.grade_4, row.grade_5) == (0, 2, 2, 2, 2)
    expected = krippendorff_alpha([[*pair] for pair in zip(first, second, strict=True)], Level.ORDINAL)
    assert row.alpha == pytest.approx(expected.estimate)
    assert f"{row.alpha:.2f} (".encode() in dashboards.to_html(dashboards.report(project))


def test_what_was_sent_back_is_another_thing_from_then_on(
    project: Project, reads: list[Assignment], rui: User, lea: User
) -> None:
    judge(rui, reads[0], Verdict.RETURN, 1)
    judge(lea, reads[0], Verdict.ACCEPT, 5, at=1)
    row = liver(project)
    assert (row.grades, row.twice, row.alpha) == (2, 0, None)
    assert "two ratings" in row.reason


def test_only_reviews_that_have_ended_count(project: Project, reads: list[Assignment], rui: User) -> None:
    review = make_review(rui, reads[0])
    StructureVerdict.objects.create(assignment=review, structure="liver", verdict="accept", acceptability=4)
    assert acceptability_rows(project) == []
