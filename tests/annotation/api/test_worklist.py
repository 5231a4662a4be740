from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import corrections, reviews
from annotation.models import Assignment, AssignmentState, CaseState, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_refused
from tests.annotation.factories import make_case, make_read, make_review, make_submitted, stroke

URL = "/api/worklist/"
NEXT = "/api/worklist/next/"


class TestHome:
    def test_an_empty_one(self, project: Project, as_ana: Browser) -> None:
        answer = as_ana.get(URL, {"project": project.pk})
        assert answer.json() == {
            "next": {"available": False, "waiting": None, "model_version": None, "median_seconds": None},
            "returned": [],
            "in_progress": [],
            "recent": [],
            "reviews": {"waiting": 0, "in_progress": []},
        }

    def test_every_list(self, ana: User, project: Project, review: Assignment, as_ana: Browser) -> None:
        submitted = review.subject
        assert submitted is not None
        Assignment.objects.filter(pk=submitted.pk).update(active_seconds=75)
        reviews.return_to_reader(assignment=review, revision=0, comment="The tip is missing.")
        read = make_read(ana, project)
        body = as_ana.get(URL, {"project": project.pk}).json()
        assert body["next"] == {
            "available": True,
            "waiting": None,
            "model_version": 1,
            "median_seconds": None,
        }
        summary = body["in_progress"][0]
        assert summary.pop("updated_at")
        assert summary == {
            "id": read.pk,
            "alias": read.alias,
            "case_number": None,
            "case_name": None,
            "role": "annotate",
            "state": "open",
            "purpose": None,
            "start_from": "prediction",
            "model_version": None,
            "due_at": None,
            "active_seconds": 0,
        }
        assert [(one["id"], one["comment"]) for one in body["returned"]] == [
            (submitted.pk, "The tip is missing.")
        ]

    def test_recent_with_verdict(self, rui: User, lea: User, submitted: Assignment, as_ana: Browser) -> None:
        query = {"project": submitted.case.project_id}

        def verdicts() -> list[str | None]:
            return [one["verdict"] for one in as_ana.get(URL, query).json()["recent"]]

        assert verdicts() == [None]
        reviews.return_to_reader(assignment=make_review(rui, submitted), revision=0, comment="More.")
        assert verdicts() == []
        corrections.submit(assignment=submitted, revision=2)
        assert verdicts() == [None]
        reviews.accept(assignment=make_review(lea, submitted), revision=0)
        assert verdicts() == ["accept"]

    def test_reviews(self, ana: User, ben: User, rui: User, project: Project, as_rui: Browser) -> None:
        make_submitted(ben, project)
        review = make_review(rui, make_submitted_first(ana, project))
        body = as_rui.get(URL, {"project": project.pk}).json()
        assert body["reviews"]["waiting"] == 1
        assert [(one["id"], one["role"]) for one in body["reviews"]["in_progress"]] == [(review.pk, "review")]

    def test_who_is_kept_out(self, project: Project, as_nobody: Browser, as_otto: Browser) -> None:
        assert_refused(as_nobody.get(URL, {"project": project.pk}), 401)
        assert_refused(as_otto.get(URL, {"project": project.pk}), 404)

    @pytest.mark.parametrize("query", [{}, {"project": "x"}, {"project": -1}, {"project": 10**30}])
    def test_a_wrong_query(self, as_ana: Browser, query: dict[str, Any]) -> None:
        assert_refused(as_ana.get(URL, query), 400, "project")


def make_submitted_first(reader: User, project: Project) -> Assignment:
    submitted = make_submitted(reader, project)
    Assignment.objects.filter(pk=submitted.pk).update(submitted_at=timezone.now() - timedelta(days=1))
    return submitted


class TestNext:
    def test_a_case(self, ana: User, project: Project, as_ana: Browser) -> None:
        case = make_case(project)
        body = as_ana.post(NEXT, {"project": project.pk, "role": "annotate"}).json()
        assignment = Assignment.objects.get(pk=body["assignment"])
        assert (assignment.case_id, assignment.reader_id, assignment.role) == (case.pk, ana.pk, "annotate")
        assert body["detail"] == f"Case {assignment.alias} is yours."

    def test_the_read_in_the_same_answer(self, project: Project, as_ana: Browser) -> None:
        make_case(project)
        body = {"project": project.pk, "role": "annotate"}
        assert as_ana.post(NEXT, body).json()["read"] is None
        read = as_ana.post(NEXT, body | {"with_read": True}).json()["read"]
        assert read == as_ana.get(f"/api/assignments/{read['id']}/").json()

    def test_no_case(self, project: Project, as_ana: Browser) -> None:
        make_case(project, state=CaseState.IN_REVIEW)
        answer = as_ana.post(NEXT, {"project": project.pk, "role": "annotate"})
        assert (answer.status_code, answer.json()["assignment"]) == (200, None)
        assert "no case" in answer.json()["detail"]

    def test_a_review(self, submitted: Assignment, as_rui: Browser) -> None:
        body = as_rui.post(NEXT, {"project": submitted.case.project_id, "role": "review"}).json()
        assert Assignment.objects.get(pk=body["assignment"]).subject_id == submitted.pk

    def test_no_review(self, project: Project, as_rui: Browser) -> None:
        body = as_rui.post(NEXT, {"project": project.pk, "role": "review"}).json()
        assert body == {"assignment": None, "detail": "Nothing waits for a review right now.", "read": None}

    def test_a_new_one_after_drawing(self, ana: User, project: Project, as_ana: Browser) -> None:
        make_case(project)
        make_case(project)
        body = {"project": project.pk, "role": "annotate"}
        first = as_ana.post(NEXT, body).json()["assignment"]
        assert as_ana.post(NEXT, body).json()["assignment"] == first
        stroke(Assignment.objects.get(pk=first))
        second = as_ana.post(NEXT, body).json()["assignment"]
        assert second != first
        assert Assignment.objects.filter(state=AssignmentState.OPEN).count() == 2

    def test_who_is_kept_out(
        self, project: Project, as_nobody: Browser, as_otto: Browser, as_ana: Browser
    ) -> None:
        assert_refused(as_nobody.post(NEXT, {"project": project.pk, "role": "annotate"}), 401)
        assert_refused(as_otto.post(NEXT, {"project": project.pk, "role": "annotate"}), 404)
        assert_refused(as_ana.post(NEXT, {"project": project.pk, "role": "review"}), 403)

    @pytest.mark.parametrize(
        "body",
        [{}, {"project": 1}, {"project": 1, "role": "adjudicate"}, {"project": None, "role": "annotate"}, 7],
    )
    def test_a_wrong_body(self, as_ana: Browser, body: object) -> None:
        assert_refused(as_ana.post(NEXT, body), 400)
