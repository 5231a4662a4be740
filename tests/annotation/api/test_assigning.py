"""What a lead sees of reads, and does with them; until when a reader may take a submit back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import worklist
from annotation.models import Assignment, Case, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_refused
from tests.annotation.factories import make_case, make_read, make_review, make_submitted, stroke

FRIDAY = datetime(2031, 3, 7, 17, tzinfo=UTC)


@pytest.fixture
def by_name(ana: User, lea: User, project: Project) -> Assignment:
    """A read that was given to ana by name."""
    (read,) = worklist.assign(project=project, cases=[make_case(project).number], to="ana", by=lea)
    return read


def test_priority_orders_what_is_due_alike(project: Project, as_lea: Browser, as_ana: Browser) -> None:
    _, second = make_case(project), make_case(project)
    url = f"/api/projects/{project.pk}/priority/"
    assert as_lea.put(url, {"cases": [second.number], "priority": 1}).json() == {"cases": 1}
    rows = as_lea.get(f"/api/projects/{project.pk}/cases/").json()["results"]
    assert [row["priority"] for row in rows] == [0, 1]
    taken = as_ana.post("/api/worklist/next/", {"project": project.pk, "role": "annotate"}).json()
    assert Assignment.objects.get(pk=taken["assignment"]).case == second
    assert_refused(as_lea.put(url, {"cases": [77], "priority": 1}), 400, "no case 77")
    assert_refused(as_lea.put(url, {"cases": [1], "priority": 1e9}), 400)


def put_due(browser: Browser, project: Project, cases: list[int], due_at: datetime | None) -> int:
    given = {"cases": cases, "due_at": due_at.isoformat() if due_at is not None else None}
    answer = browser.put(f"/api/projects/{project.pk}/due/", given)
    assert answer.status_code == 200, answer.content
    return int(answer.json()["cases"])


class TestDue:
    def test_of_cases_and_of_what_was_given_by_name(
        self, by_name: Assignment, project: Project, as_lea: Browser, as_ana: Browser
    ) -> None:
        free = make_case(project)
        assert put_due(as_lea, project, [free.number, by_name.case.number], FRIDAY) == 2
        assert set(Case.objects.values_list("due_at", flat=True)) == {FRIDAY}
        rows = as_lea.get(f"/api/projects/{project.pk}/cases/").json()["results"]
        assert {row["due_at"] for row in rows} == {"2031-03-07T17:00:00Z"}
        taken = worklist.next_case(reader=by_name.reader, project=project)
        assert taken is not None
        assert (taken.case, taken.assigned_by) == (by_name.case, by_name.assigned_by)
        (mine,) = as_ana.get("/api/worklist/", {"project": project.pk}).json()["in_progress"]
        assert mine["due_at"] == "2031-03-07T17:00:00Z"
        put_due(as_lea, project, [by_name.case.number], None)
        taken.refresh_from_db()
        assert taken.due_at is None

    def test_tells_no_reader_that_a_read_is_an_ordinary_one(
        self, ana: User, project: Project, as_lea: Browser
    ) -> None:
        read = make_read(ana, project)
        put_due(as_lea, project, [read.case.number], FRIDAY)
        read.refresh_from_db()
        assert read.due_at is None

    def test_refusals(self, project: Project, as_lea: Browser, as_ana: Browser) -> None:
        url, given = f"/api/projects/{project.pk}/due/", {"cases": [77], "due_at": None}
        assert_refused(as_lea.put(url, given), 400, "This project has no case 77.")
        assert_refused(as_lea.put(url, {"cases": [], "due_at": None}), 400)
        assert as_ana.put(url, given).status_code == 403


def test_who_holds_what(ana: User, project: Project, as_lea: Browser) -> None:
    read = make_read(ana, project)
    stroke(read)
    (row,) = as_lea.get(f"/api/projects/{project.pk}/assignments/").json()
    assert (row["reader"], row["revisions"], row["group"]) == ("ana", 1, None)
    (case,) = as_lea.get(f"/api/projects/{project.pk}/cases/").json()["results"]
    assert case["parts"] == [{"group": None, "state": "in_progress", "needs_level": 1}]


class TestUndo:
    def left(self, browser: Browser, read: Assignment) -> float:
        (recent,) = browser.get("/api/worklist/", {"project": read.case.project_id}).json()["recent"]
        return float(recent["undo_seconds"])

    def test_counts_down(self, ana: User, project: Project, as_ana: Browser) -> None:
        read = make_submitted(ana, project)
        assert 20 < self.left(as_ana, read) <= 30
        Assignment.objects.filter(pk=read.pk).update(submitted_at=timezone.now() - timedelta(seconds=31))
        assert self.left(as_ana, read) == 0

    def test_ends_when_a_reviewer_has_opened_the_read(
        self, ana: User, rui: User, project: Project, as_ana: Browser
    ) -> None:
        read = make_submitted(ana, project)
        make_review(rui, read)
        assert self.left(as_ana, read) == 0
