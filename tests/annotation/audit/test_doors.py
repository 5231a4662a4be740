"""Reads and refusals: who, what, from where, in which project and case; summed by the minute."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation import access, audit
from annotation.models import Action, Assignment, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.audit.conftest import Rows
from tests.annotation.factories import make_model, make_read


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    make_model(project)
    return make_read(ana, project)


def test_a_read_says_who_what_and_from_where(read: Assignment, ana: User, rows: Rows) -> None:
    answer = Client(REMOTE_ADDR="10.1.2.3")
    answer.force_login(ana)
    got = answer.get(f"/api/assignments/{read.pk}/", headers={"X-Request-ID": "abc-1"})
    assert got.status_code == 200
    (row,) = rows(action=Action.READ)
    assert (row.actor, row.noun, row.object) == (ana.pk, "assignment", str(read.pk))
    assert (row.project, row.case) == (read.case.project_id, read.case_id)
    assert (row.address, row.request, row.route) == ("10.1.2.3", "abc-1", "assignment")


def test_the_same_read_is_noted_once_a_minute(read: Assignment, ana: User, rows: Rows) -> None:
    browser = Browser(ana)
    for _ in range(3):
        browser.get(f"/api/assignments/{read.pk}/")
    assert len(rows(action=Action.READ, noun="assignment")) == 1
    audit.forget()
    browser.get(f"/api/assignments/{read.pk}/")
    assert len(rows(action=Action.READ, noun="assignment")) == 2


def test_slabs_and_masks_are_noted_with_their_case(read: Assignment, ana: User, rows: Rows) -> None:
    browser, namer = Browser(ana), access.namer_for(ana, read)
    browser.get(f"/api/volumes/{namer.volume(read.case.volume_id)}/zarr/zarr.json")
    browser.get(f"/api/masks/{namer.mask(read.mask_id)}/")
    seen = {(row.noun, row.object, row.case) for row in rows(action=Action.READ)}
    assert ("volume", str(read.case.volume_id), read.case_id) in seen
    assert ("mask", str(read.mask_id), read.case_id) in seen


def test_a_stranger_leaves_a_refusal_in_the_project(
    read: Assignment, otto: User, other_project: Project, rows: Rows
) -> None:
    assert Browser(otto).get(f"/api/assignments/{read.pk}/").status_code == 404
    (row,) = rows(action=Action.REFUSED)
    assert (row.actor, row.noun, row.object) == (otto.pk, "assignment", str(read.pk))
    assert (row.project, row.case) == (read.case.project_id, read.case_id)


def test_a_member_without_the_right_leaves_a_refusal(ben: User, project: Project, rows: Rows) -> None:
    assert Browser(ben).get(f"/api/projects/{project.pk}/cases/").status_code == 403
    (row,) = rows(action=Action.REFUSED)
    assert (row.actor, row.noun, row.project) == (ben.pk, "project", project.pk)


@pytest.mark.parametrize("asked", [0, 2**62, 2**63, 2**80])
def test_what_does_not_exist_is_a_refusal_without_a_project(ana: User, asked: int, rows: Rows) -> None:
    assert Browser(ana).get(f"/api/assignments/{asked}/").status_code == 404
    (row,) = rows(action=Action.REFUSED)
    assert (row.project, row.case) == (None, None)


def test_a_wrong_token_is_a_refusal(db: None, rows: Rows) -> None:
    assert Client().get("/api/me/", headers={"Authorization": "Token dl_wrong"}).status_code == 401
    assert [(row.noun, row.actor) for row in rows(action=Action.REFUSED)] == [("token", None)]


def test_an_odd_request_id_is_replaced(read: Assignment, ana: User, rows: Rows) -> None:
    Browser(ana).get(f"/api/assignments/{read.pk}/", headers={"X-Request-ID": "Müller, Hans\t1960"})
    (row,) = rows(action=Action.READ)
    assert row.request.isalnum()


def test_outside_requests_nobody_looks(read: Assignment, ana: User, rows: Rows) -> None:
    access.assignment_for(ana, read.pk)
    assert rows(action=Action.READ) == []


def test_a_note_is_taken_back_with_its_transaction(project: Project, rows: Rows) -> None:
    audit.note(Action.ERASE, noun="patient", project=project.pk, detail={"cases": 3})
    (row,) = rows()
    assert (row.action, row.noun, row.project, row.detail) == ("erase", "patient", project.pk, {"cases": 3})
