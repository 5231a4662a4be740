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


def end(read: Assignment) -> None:
    """The read is over, so that the next one waits longest."""
    Assignment.objects.filter(pk=read.pk).update(state=AssignmentState.DONE, final_at=timezone.now())


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
        end(read)
    row = liver(project)
    assert (row.structure, row.grades, row.twice) == ("liver", 8, 4)
    assert (row.grade_1, row.grade_2, row.grade_3, row.grade_4, row.grade_5) == (0, 2, 2, 2, 2)
    expected = krippendorff_alpha([[*pair] for pair in zip(first, second, strict=True)], Level.ORDINAL)
    assert row.alpha == pytest.approx(expected.estimate)
    assert row.share == 0.5
    assert (row.share_low, row.share_high) == pytest.approx((0.2152, 0.7848), abs=1e-4)  # by hand
    assert f"{row.alpha:.2f} (".encode() in dashboards.to_html(dashboards.report(project))


def test_what_was_sent_back_is_another_thing_from_then_on(
    project: Project, reads: list[Assignment], rui: User, lea: User
) -> None:
    judge(rui, reads[0], Verdict.RETURN, 1)
    judge(lea, reads[0], Verdict.ACCEPT, 5, at=1)
    row = liver(project)
    assert (row.grades, row.twice, row.alpha) == (2, 0, None)
    assert "two ratings" in row.reason


def test_grades_open_the_reads_that_have_them(
    project: Project, reads: list[Assignment], rui: User, lea: User
) -> None:
    judge(rui, reads[0], Verdict.ACCEPT, 5)
    end(reads[0])
    judge(rui, reads[1], Verdict.FIX, 3, at=1)

    def opened(**asked: object) -> list[tuple[int, int | None]]:
        table = dashboards.table_named(project, "graded_cases", {"structure": "liver", **asked})
        return [(row.case_id, row.read_id) for row in table.rows]

    assert opened(grade=5) == [(reads[0].case_id, reads[0].pk)]
    assert opened(grade=1) == []
    assert opened() == [(read.case_id, read.pk) for read in (reads[1], reads[0])]


def test_the_report_draws_and_lists_the_grades(project: Project, reads: list[Assignment], rui: User) -> None:
    for read, grade in zip(reads, (5, 5, 4, 2), strict=True):
        judge(rui, read, Verdict.ACCEPT, grade)
        end(read)
    page = dashboards.to_html(dashboards.report(project)).decode()
    assert "75 % (30–95), n = 4" in page
    assert "<td>75 % (30–95)</td>" in page
    assert "4 matter of taste" in page


def test_only_reviews_that_have_ended_count(project: Project, reads: list[Assignment], rui: User) -> None:
    review = make_review(rui, reads[0])
    StructureVerdict.objects.create(assignment=review, structure="liver", verdict="accept", acceptability=4)
    assert acceptability_rows(project) == []
