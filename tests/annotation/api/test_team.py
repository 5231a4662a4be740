"""Members and the links by which they come in."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotation.models import (
    Assignment,
    AssignmentState,
    CaseState,
    Invitation,
    Membership,
    Project,
    Role,
)
from annotation.team.secret import hashed
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_case, make_read, make_submitted, stroke

OPEN, ACCEPT, SIGN_UP = (f"/api/invitations/{what}/" for what in ("open", "accept", "sign-up"))
PASSWORD = "correct horse battery"


@pytest.fixture
def members(project: Project) -> str:
    return f"/api/projects/{project.pk}/members/"


@pytest.fixture
def invitations(project: Project) -> str:
    return f"/api/projects/{project.pk}/invitations/"


@pytest.fixture
def invited(invitations: str, as_lea: Browser) -> dict[str, Any]:
    """A link for one reviewer of level 2."""
    answer = as_lea.post(invitations, {"role": "reviewer", "level": 2, "note": "for Eva"})
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def row(browser: Browser, members: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in browser.get(members).json() if one["username"] == name)
    return found


def change(browser: Browser, members: str, name: str, **changed: Any) -> Any:
    return browser.patch(f"{members}{row(browser, members, name)['id']}/", changed)


class TestMembers:
    def test_a_lead_sees_everybody(self, members: str, project: Project, ana: User, as_lea: Browser) -> None:
        make_submitted(ana, project)
        make_read(ana, project)
        listed = as_lea.get(members).json()
        assert [one["username"] for one in listed] == ["lea", "rui", "ana", "ben"]
        mine, read = listed[0], listed[2]
        assert (mine["is_me"], mine["role"], mine["active"]) == (True, "lead", True)
        assert (read["done"], read["open"], read["level"], read["is_me"]) == (1, 1, 1, False)
        assert read["name"] == "ana"

    def test_last_seen_is_the_later_of_sign_in_and_work(
        self, members: str, project: Project, ana: User, as_lea: Browser
    ) -> None:
        assert row(as_lea, members, "ana")["last_seen"] is None
        User.objects.filter(pk=ana.pk).update(last_login=timezone.now() - timedelta(days=2))
        signed_in = row(as_lea, members, "ana")["last_seen"]
        read = make_read(ana, project)
        Browser(ana).post(f"/api/assignments/{read.pk}/sessions/")
        User.objects.filter(pk=ana.pk).update(last_login=timezone.now() - timedelta(days=2))
        assert row(as_lea, members, "ana")["last_seen"] > signed_in

    def test_another_role_and_level(self, members: str, ana: User, as_lea: Browser) -> None:
        answer = change(as_lea, members, "ana", role="reviewer", level=3)
        assert answer.status_code == 200
        member = Membership.objects.get(user=ana)
        assert (member.role, member.level, member.active) == (Role.REVIEWER, 3, True)
        assert {one["username"]: one["level"] for one in answer.json()}["ana"] == 3

    def test_it_is_audited(self, members: str, ana: User, lea: User, as_lea: Browser) -> None:
        change(as_lea, members, "ana", level=2)
        events: Any = Membership.objects.get(user=ana).events  # type: ignore[attr-defined]  # pghistory's
        newest = events.order_by("pgh_id").last()
        assert (newest.level, newest.pgh_label) == (2, "update")
        assert newest.pgh_context.metadata["user"] == lea.pk

    def test_who_leaves_sees_nothing_and_their_reads_go_back(
        self, members: str, project: Project, ana: User, as_ana: Browser, as_lea: Browser
    ) -> None:
        handed_in = make_submitted(ana, project)
        drawn = make_read(ana, project)
        stroke(drawn)
        undrawn = make_read(ana, project)
        assert change(as_lea, members, "ana", active=False).status_code == 200
        for read in (drawn, undrawn, handed_in):
            read.refresh_from_db()
            read.case.refresh_from_db()
        assert {drawn.state, undrawn.state} <= {AssignmentState.WITHDRAWN, AssignmentState.RELEASED}
        assert {drawn.case.state, undrawn.case.state} == {CaseState.WAITING}
        assert (handed_in.state, handed_in.case.state) == (AssignmentState.SUBMITTED, CaseState.IN_REVIEW)
        assert drawn.mask.head == 1
        for url in (f"/api/projects/{project.pk}/", f"/api/worklist/?project={project.pk}"):
            assert_refused(as_ana.get(url), 404)
        assert as_ana.get("/api/me/").json()["projects"] == []
        listed = as_lea.get(members).json()
        assert (listed[-1]["username"], listed[-1]["active"], listed[-1]["open"]) == ("ana", False, 0)

    def test_a_returned_read_goes_back_as_well(
        self, members: str, project: Project, ana: User, rui: User, as_rui: Browser, as_lea: Browser
    ) -> None:
        read = make_submitted(ana, project)
        review = as_rui.post("/api/worklist/next/", {"project": project.pk, "role": "review"}).json()
        verdict = {"verdict": "return", "comment": "Too large.", "revision": read.mask.head}
        judged = as_rui.post(f"/api/assignments/{review['assignment']}/verdict/", verdict)
        assert judged.status_code in (200, 409), judged.content
        Assignment.objects.filter(pk=read.pk).update(state=AssignmentState.RETURNED)
        read.part.__class__.objects.filter(pk=read.part_id).update(state=CaseState.RETURNED)
        change(as_lea, members, "ana", active=False)
        read.case.refresh_from_db()
        assert read.case.state == CaseState.WAITING

    def test_coming_back(self, members: str, project: Project, as_ana: Browser, as_lea: Browser) -> None:
        change(as_lea, members, "ana", active=False)
        assert change(as_lea, members, "ana", active=True).status_code == 200
        assert as_ana.get(f"/api/projects/{project.pk}/").status_code == 200

    def test_open_reviews_of_who_may_no_longer_review(
        self, members: str, review: Assignment, as_lea: Browser
    ) -> None:
        stroke(review)
        assert change(as_lea, members, "rui", role="annotator").status_code == 200
        review.refresh_from_db()
        assert review.state in (AssignmentState.WITHDRAWN, AssignmentState.RELEASED)
        assert as_lea.post(
            "/api/worklist/next/", {"project": review.case.project_id, "role": "review"}
        ).json()["assignment"]

    def test_the_only_lead_stays(self, members: str, as_lea: Browser, rui: User) -> None:
        assert_refused(change(as_lea, members, "lea", role="reviewer"), 409, "only lead")
        assert_refused(change(as_lea, members, "lea", active=False), 409, "only lead")
        assert change(as_lea, members, "lea", level=3).status_code == 200
        change(as_lea, members, "rui", role="lead")
        User.objects.filter(pk=rui.pk).update(is_active=False)  # cannot sign in: no lead to leave it to
        assert_refused(change(as_lea, members, "lea", active=False), 409, "only lead")
        User.objects.filter(pk=rui.pk).update(is_active=True)
        answer = change(as_lea, members, "lea", role="annotator")
        assert answer.status_code == 403, "the list is for leads, and she is none any more"
        assert Membership.objects.get(user__username="lea").role == Role.ANNOTATOR

    @pytest.mark.parametrize(
        "body", [{}, {"role": "owner"}, {"level": 4}, {"level": 0}, {"active": "maybe"}, {"role": None}]
    )
    def test_bad_input(self, members: str, as_lea: Browser, body: dict[str, Any]) -> None:
        assert_refused(change(as_lea, members, "ana", **body), 400)

    def test_who_is_kept_out(
        self, members: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser, as_lea: Browser
    ) -> None:
        assert_kept_out(members, nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)
        one = f"{members}{row(as_lea, members, 'ana')['id']}/"
        assert_kept_out(one, method="patch", nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)

    def test_members_of_another_project(
        self, members: str, other_project: Project, otto: User, as_lea: Browser
    ) -> None:
        foreign = Membership.objects.get(user=otto)
        for number in (foreign.pk, 0, 2**63, 10**30):
            assert_refused(as_lea.patch(f"{members}{number}/", {"active": False}), 404)
        foreign.refresh_from_db()
        assert foreign.active


class TestInvitations:
    def test_the_secret_is_shown_once(
        self, invited: dict[str, Any], invitations: str, as_lea: Browser
    ) -> None:
        invitation = Invitation.objects.get()
        assert invitation.token_sha256 == hashed(invited["token"])
        (listed,) = as_lea.get(invitations).json()
        assert "token" not in listed
        assert (listed["role"], listed["level"], listed["note"]) == ("reviewer", 2, "for Eva")
        assert (listed["uses"], listed["uses_left"], listed["invited_by"]) == (1, 1, "lea")
        events = invitation.events.values()  # type: ignore[attr-defined]  # pghistory's
        assert invited["token"] not in str(events)
        assert invitation.token_sha256 not in str(events)

    def test_signed_in_and_in(
        self, invited: dict[str, Any], invitations: str, project: Project, as_otto: Browser, as_lea: Browser
    ) -> None:
        secret = {"token": invited["token"]}
        offered = as_otto.post(OPEN, secret).json()
        assert (offered["project"], offered["role"], offered["invited_by"]) == ("Abdomen", "reviewer", "lea")
        answer = as_otto.post(ACCEPT, secret)
        assert (answer.status_code, answer.json()["project"]) == (201, project.pk)
        member = Membership.objects.get(project=project, user__username="otto")
        assert (member.role, member.level, member.active) == (Role.REVIEWER, 2, True)
        assert as_otto.get(f"/api/projects/{project.pk}/").status_code == 200
        assert as_lea.get(invitations).json() == []

    def test_an_account_by_invitation(self, invited: dict[str, Any], as_nobody: Browser) -> None:
        given = {"token": invited["token"], "username": "eva", "password": PASSWORD, "name": "Eva Sø"}
        answer = as_nobody.post(SIGN_UP, given)
        assert answer.status_code == 201, answer.content
        me = as_nobody.get("/api/me/").json()
        assert (me["username"], me["name"]) == ("eva", "Eva Sø")
        assert [one["role"] for one in me["projects"]] == ["reviewer"]
        assert Client().login(username="eva", password=PASSWORD)

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"password": "short"}, "too short"),
            ({"password": "password123"}, "too common"),
            ({"username": "evangelina", "password": "evangelina1"}, "too similar"),
            ({"username": "ana"}, "already"),
            ({"username": "ANA"}, "already"),
            ({"username": "no spaces"}, "letters, numbers"),
            ({"username": ""}, "username"),
            ({"password": ""}, "password"),
            ({"name": "x" * 151}, "name"),
        ],
    )
    def test_no_account_and_nothing_used_up(
        self, invited: dict[str, Any], as_nobody: Browser, changed: dict[str, str], says: str
    ) -> None:
        given = {"token": invited["token"], "username": "eva", "password": PASSWORD} | changed
        before = User.objects.count()
        assert as_nobody.post(SIGN_UP, given).status_code in (400, 409)
        assert says in as_nobody.post(SIGN_UP, given).json()["detail"]
        assert User.objects.count() == before
        assert Invitation.objects.get().uses_left == 1

    def test_no_account_without_an_invitation(self, project: Project, as_nobody: Browser) -> None:
        given = {"token": "x" * 43, "username": "eva", "password": PASSWORD}
        assert_refused(as_nobody.post(SIGN_UP, given), 404, "never valid")
        assert not User.objects.filter(username="eva").exists()
        answer = as_nobody.post("/_allauth/browser/v1/auth/signup", {"username": "eva", "password": PASSWORD})
        assert answer.status_code == 403

    def test_who_is_signed_in_makes_no_second_account(self, invited: dict[str, Any], as_ana: Browser) -> None:
        given = {"token": invited["token"], "username": "eva", "password": PASSWORD}
        assert_refused(as_ana.post(SIGN_UP, given), 409, "signed in as ana")

    def test_why_a_link_lets_nobody_in(
        self, invited: dict[str, Any], invitations: str, as_otto: Browser, as_lea: Browser, ana: User
    ) -> None:
        secret = {"token": invited["token"]}
        rows = Invitation.objects.filter(pk=invited["id"])

        def refused(says: str) -> None:
            for url in (OPEN, ACCEPT):
                assert_refused(as_otto.post(url, secret), 404, says)
            assert as_lea.get(invitations).json() == []

        rows.update(expires_at=timezone.now())
        refused("expired")
        rows.update(expires_at=timezone.now() + timedelta(days=1), uses_left=0)
        refused("used already")
        rows.update(uses_left=1)
        for _ in range(2):
            assert as_lea.client.delete(f"{invitations}{invited['id']}/").status_code == 204
        refused("withdrawn")
        assert_refused(as_otto.post(OPEN, {"token": invited["token"][:-1]}), 404, "not complete")

    def test_a_member_uses_nothing_up(self, invited: dict[str, Any], as_ana: Browser, ana: User) -> None:
        answer = as_ana.post(ACCEPT, {"token": invited["token"]})
        assert_refused(answer, 409, "already, as annotator")
        assert answer.json()["project"]
        assert Membership.objects.get(user=ana).role == Role.ANNOTATOR
        assert Invitation.objects.get().uses_left == 1

    def test_a_kept_link_brings_nobody_back(
        self, invited: dict[str, Any], members: str, as_ana: Browser, as_lea: Browser
    ) -> None:
        change(as_lea, members, "ana", active=False)
        assert_refused(as_ana.post(ACCEPT, {"token": invited["token"]}), 409, "deactivated")

    def test_a_link_for_some(self, invitations: str, as_lea: Browser) -> None:
        made = as_lea.post(invitations, {"role": "annotator", "uses": 3}).json()
        for name in ("eva", "ida"):
            answer = Browser().post(SIGN_UP, {"token": made["token"], "username": name, "password": PASSWORD})
            assert answer.status_code == 201
        assert as_lea.get(invitations).json()[0]["uses_left"] == 1

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"role": "owner"},
            {"role": "lead", "days": 0},
            {"role": "lead", "days": 61},
            {"role": "lead", "uses": 0},
            {"role": "lead", "uses": 51},
            {"role": "lead", "level": 9},
            {"role": "lead", "note": "x" * 121},
        ],
    )
    def test_bad_input(self, invitations: str, as_lea: Browser, body: dict[str, Any]) -> None:
        assert_refused(as_lea.post(invitations, body), 400)
        assert not Invitation.objects.exists()

    def test_who_is_kept_out(
        self,
        invited: dict[str, Any],
        invitations: str,
        as_nobody: Browser,
        as_otto: Browser,
        as_ana: Browser,
    ) -> None:
        assert_kept_out(invitations, nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)
        one = f"{invitations}{invited['id']}/"
        for browser, status in ((as_nobody, 401), (as_otto, 404), (as_ana, 403)):
            assert_refused(browser.client.delete(one), status)
        assert_refused(as_nobody.post(ACCEPT, {"token": invited["token"]}), 401)
        assert Invitation.objects.get().withdrawn_at is None

    def test_another_page_makes_no_account(self, invited: dict[str, Any]) -> None:
        client = Client(enforce_csrf_checks=True)
        given = {"token": invited["token"], "username": "eva", "password": PASSWORD}
        answer = client.post(SIGN_UP, given, "application/json")
        assert_refused(answer, 403, "CSRF")
        assert not User.objects.filter(username="eva").exists()

    def test_attempts_are_limited(self, invited: dict[str, Any], as_nobody: Browser) -> None:
        given = {"token": invited["token"], "username": "eva", "password": "short"}
        answers = [as_nobody.post(SIGN_UP, given).status_code for _ in range(22)]
        assert answers == [400] * 20 + [429] * 2

    def test_the_secret_is_in_no_address(self, invited: dict[str, Any], as_otto: Browser) -> None:
        as_otto.post(ACCEPT, {"token": invited["token"]})
        events: Any = Invitation.objects.get().events  # type: ignore[attr-defined]  # pghistory's
        said = [event.pgh_context.metadata for event in events.all()]
        assert len(said) == 2
        assert invited["token"] not in str(said)


def test_a_case_for_the_next_reader(
    project: Project, members: str, ana: User, ben: User, as_lea: Browser
) -> None:
    """What came back from who left is handed out again."""
    read = make_read(ana, project)
    stroke(read)
    change(as_lea, members, "ana", active=False)
    taken = Browser(ben).post("/api/worklist/next/", {"project": project.pk, "role": "annotate"}).json()
    assert Assignment.objects.get(pk=taken["assignment"]).case_id == read.case_id
    assert make_case(project).pk != read.case_id
