"""How far the project is, and what is ahead."""

from datetime import UTC, date, datetime, timedelta

from annotation import dashboards
from annotation.models import Case, CaseState, Project, Split
from tests.annotation.dashboards.study import fill
from tests.annotation.factories import make_case

WEDNESDAY = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)


def test_an_empty_project(project: Project) -> None:
    found = dashboards.overview(project, WEDNESDAY)
    assert (found.goal, found.accepted, found.remaining) == (0, 0, 0)
    assert [row.state for row in found.states] == CaseState.values
    assert found.weeks == []
    assert found.months == []
    assert found.weeks_left.estimate == 0


def test_cases_that_nobody_has_read(project: Project) -> None:
    make_case(project)
    make_case(project, split=Split.TEST)
    found = dashboards.overview(project, WEDNESDAY)
    assert (found.goal, found.remaining) == (1, 1)
    assert "3 whole weeks" in found.weeks_left.reason
    assert "3 accepted cases" in found.hours_left.reason


def test_a_week_without_anything_is_a_week(project: Project) -> None:
    fill(project, WEDNESDAY, cases=10)
    accepted = Case.objects.filter(project=project, state=CaseState.ACCEPTED)
    accepted.update(accepted_at=WEDNESDAY - timedelta(weeks=3))
    newest = accepted.latest("number")
    Case.objects.filter(pk=newest.pk).update(accepted_at=WEDNESDAY)
    weeks = dashboards.overview(project, WEDNESDAY).weeks
    counted = accepted.count()
    assert counted > 1
    assert [row.accepted for row in weeks] == [counted - 1, 0, 0, 1]
    assert [row.total for row in weeks] == [counted - 1] * 3 + [counted]
    assert [row.complete for row in weeks] == [True, True, True, False]
    assert weeks[0].week == date(2026, 2, 16)
