"""Personal tokens: shown once, kept as a hash, good wherever the session is."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotation.models import ApiToken, Project
from annotation.team.secret import hashed
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_refused

URL = "/api/me/tokens/"


def made(browser: Browser, **given: Any) -> dict[str, Any]:
    answer = browser.post(URL, {"name": "script", **given})
    assert answer.status_code == 201, answer.content
    token: dict[str, Any] = answer.json()
    return token


def program(secret: str, scheme: str = "Token") -> Client:
    """A client that has nothing but the token, and is asked for CSRF as a browser is."""
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"{scheme} {secret}"})


def test_shown_once_and_kept_as_a_hash(as_ana: Browser) -> None:
    token = made(as_ana, days=30)
    secret = token["token"]
    assert secret.startswith("dl_")
    assert len(secret) > 40
    assert token["prefix"] == secret[:9]
    row = ApiToken.objects.get()
    assert row.token_sha256 == hashed(secret)
    assert row.expires_at - row.created_at < timedelta(days=30, seconds=5)
    listed = as_ana.get(URL).json()
    assert [one["prefix"] for one in listed] == [token["prefix"]]
    assert secret not in as_ana.get(URL).content.decode()


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token", "BEARER"])
def test_it_opens_what_the_session_opens(scheme: str, project: Project, as_lea: Browser) -> None:
    caller = program(made(as_lea)["token"], scheme)
    assert caller.get("/api/me/").json()["username"] == "lea"
    assert caller.get(f"/api/projects/{project.pk}/members/").status_code == 200


def test_no_csrf_is_asked_for(project: Project, as_lea: Browser) -> None:
    caller = program(made(as_lea)["token"])
    answer = caller.patch(f"/api/projects/{project.pk}/", {"retrain_after": 9}, "application/json")
    assert (answer.status_code, answer.json()["retrain_after"]) == (200, 9)


def test_rights_are_those_of_its_user(project: Project, as_ana: Browser, as_otto: Browser) -> None:
    url = f"/api/projects/{project.pk}/members/"
    assert program(made(as_ana)["token"]).get(url).status_code == 403
    assert program(made(as_otto)["token"]).get(url).status_code == 404


def test_a_write_is_audited_under_its_user(project: Project, as_lea: Browser, lea: User) -> None:
    caller = program(made(as_lea)["token"])
    answer = caller.post(f"/api/projects/{project.pk}/invitations/", {"role": "reviewer"}, "application/json")
    assert answer.status_code == 201
    event: Any = project.invitations.get().events.get()  # type: ignore[attr-defined]  # pghistory's
    assert event.pgh_context.metadata["user"] == lea.pk


def test_the_token_counts_and_not_the_cookie(as_lea: Browser, as_ana: Browser) -> None:
    answer = as_lea.get("/api/me/", headers={"Authorization": f"Token {made(as_ana)['token']}"})
    assert answer.json()["username"] == "ana"


def test_last_used_to_the_minute(as_ana: Browser) -> None:
    caller = program(made(as_ana)["token"])
    assert as_ana.get(URL).json()[0]["last_used_at"] is None
    caller.get("/api/me/")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    caller.get("/api/me/")
    assert ApiToken.objects.get().last_used_at == first
    earlier = timezone.now() - timedelta(minutes=2)
    ApiToken.objects.update(last_used_at=earlier)
    caller.get("/api/me/")
    last = ApiToken.objects.get().last_used_at
    assert last is not None
    assert last > earlier


class TestWhatOpensNothing:
    def refused(self, secret: str) -> None:
        answer = program(secret).get("/api/me/")
        assert_refused(answer, 401, "unknown, expired or revoked")
        assert answer.headers["WWW-Authenticate"] == "Token"

    def test_wrong_or_cut_off(self, as_ana: Browser) -> None:
        secret = made(as_ana)["token"]
        for wrong in ("", "dl_", secret[:-1], secret + "x", secret[3:], "dl_" + "x" * 10_000, "dl_é"):
            self.refused(wrong)

    def test_revoked(self, as_ana: Browser) -> None:
        token = made(as_ana)
        assert as_ana.client.delete(f"{URL}{token['id']}/").status_code == 204
        self.refused(token["token"])
        assert as_ana.get(URL).json() == []
        assert_refused(as_ana.client.delete(f"{URL}{token['id']}/"), 404)

    def test_expired(self, as_ana: Browser) -> None:
        token = made(as_ana)
        ApiToken.objects.update(expires_at=timezone.now())
        self.refused(token["token"])
        assert len(as_ana.get(URL).json()) == 1

    def test_of_an_account_that_is_locked(self, as_ana: Browser, ana: User) -> None:
        token = made(as_ana)
        User.objects.filter(pk=ana.pk).update(is_active=False)
        self.refused(token["token"])

    def test_another_scheme_leaves_the_session_alone(self, as_ana: Browser) -> None:
        answer = as_ana.get("/api/me/", headers={"Authorization": "Basic YW5hOmFuYQ=="})
        assert answer.status_code == 200


def test_failures_are_counted_and_programs_with_a_token_go_on(as_ana: Browser) -> None:
    good = program(made(as_ana)["token"])
    answers = [program("dl_wrong").get("/api/me/").status_code for _ in range(25)]
    assert answers == [401] * 20 + [429] * 5
    assert good.get("/api/me/").status_code == 200


def test_a_token_makes_no_tokens(as_ana: Browser) -> None:
    caller = program(made(as_ana)["token"])
    assert_refused(caller.post(URL, {"name": "another"}, "application/json"), 403, "cannot make tokens")
    assert caller.get(URL).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " "},
        {"name": "x" * 81},
        {"name": "a", "days": 0},
        {"name": "a", "days": 367},
    ],
)
def test_bad_input(as_ana: Browser, body: dict[str, Any]) -> None:
    assert_refused(as_ana.post(URL, body), 400)
    assert not ApiToken.objects.exists()


def test_not_more_than_twenty(as_ana: Browser) -> None:
    for number in range(20):
        made(as_ana, name=f"script {number}")
    assert_refused(as_ana.post(URL, {"name": "one more"}), 409, "Revoke one")
    ApiToken.objects.filter(name="script 3").update(expires_at=timezone.now())
    made(as_ana, name="one more")


def test_foreign_tokens(as_ana: Browser, as_ben: Browser, as_nobody: Browser) -> None:
    token = made(as_ana)
    assert as_ben.get(URL).json() == []
    for number in (token["id"], 2**63, 10**30):
        assert_refused(as_ben.client.delete(f"{URL}{number}/"), 404)
    assert_refused(as_nobody.get(URL), 401)
    assert ApiToken.objects.get().revoked_at is None


def test_a_token_is_never_logged(as_ana: Browser, caplog: pytest.LogCaptureFixture) -> None:
    secret = made(as_ana)["token"]
    with caplog.at_level(logging.DEBUG):
        caller = program(secret)
        caller.get("/api/me/")
        caller.get("/api/nothing/")
        caller.get("/api/projects/999999/")
        program(secret + "x").get("/api/me/")
        caller.post("/api/projects/", {"name": "x"}, "application/json")
    assert "api/nothing" in caplog.text
    assert secret[9:] not in caplog.text
    event = ApiToken.objects.get().events.values().get()  # type: ignore[attr-defined]  # pghistory's
    assert hashed(secret) not in str(event)
