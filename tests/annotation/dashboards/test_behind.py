"""The cases of reads behind a mark: by reader, start and month, and by what reviewers said."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User

from annotation.dashboards import table_named
from annotation.models import AssignmentState, Pin, Project, ReadSummary, Review
from tests.annotation.dashboards import study

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def studied(project: Project) -> study.Study:
    return study.fill(project, NOW, cases=20)


def cases(project: Project, name: str, **asked: object) -> dict[int, int | None]:
    """Reads by their cases, as they are listed."""
    return {row.case_id: row.read_id for row in table_named(project, name, asked).rows}


def test_a_readers_month_opens_what_was_read_in_it(studied: study.Study, project: Project) -> None:
    bo = studied.readers["bo"]
    month = ReadSummary.objects.filter(reader=bo).order_by("-month")[0].month
    reads = ReadSummary.objects.filter(reader=bo, month=month)
    found = cases(project, "read_cases", reader=bo.pk, month=month)
    assert set(found) == set(reads.values_list("case", flat=True))
    assert set(found.values()) <= set(reads.values_list("read", flat=True))
    assert not cases(project, "read_cases", reader=bo.pk, month=date(2001, 1, 1))


def test_a_start_opens_the_newest_read_of_each_case(studied: study.Study, project: Project) -> None:
    reads = ReadSummary.objects.filter(project=project, starts="scratch").order_by("-read_at", "-pk")
    newest = {read.case_id: read.read_id for read in list(reads)[::-1]}
    found = cases(project, "read_cases", starts="scratch")
    assert found == newest
    assert next(iter(found)) == reads[0].case_id


def test_a_reviewed_reader_and_an_error_open_their_cases(studied: study.Study, project: Project) -> None:
    pin = Pin.objects.select_related("assignment").order_by("pk")[0]
    found = cases(project, "judged_cases", structure=pin.structure, code=pin.error_code)
    assert found[pin.assignment.case_id] == pin.assignment_id
    alike = Pin.objects.filter(structure=pin.structure, error_code=pin.error_code)
    assert set(found) == set(alike.values_list("assignment__case", flat=True))

    reader = pin.assignment.reader_id
    judged = Review.objects.filter(assignment__subject__reader=reader)
    wanted = set(judged.values_list("assignment__case", flat=True))
    assert set(cases(project, "judged_cases", reader=reader)) == wanted

    pin.review.state = AssignmentState.OPEN
    pin.review.save(update_fields=["state"])
    assert pin.assignment.case_id not in cases(
        project, "judged_cases", structure=pin.structure, code=pin.error_code
    )


def test_who_read_nothing_has_no_cases(project: Project, ana: User) -> None:
    assert cases(project, "read_cases", reader=ana.pk) == {}
    assert cases(project, "judged_cases", reader=ana.pk) == {}
