"""S10: sessions end when nobody is there, when somebody says so and with the password; second factors."""

import base64
import hashlib
import hmac
import json
import struct
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from annotation.models import Action, AuditEvent, Project
from backend.sessions import ACTIVE, ACTIVE_HEADER, BEGAN
from tests.trust.figures import record

pytestmark = [pytest.mark.trust, pytest.mark.django_db]

AUTH = "/_allauth/browser/v1/auth"
ACCOUNT = "/_allauth/browser/v1/account"
COOKIE = settings.SESSION_COOKIE_NAME


def _post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(path, json.dumps(body), "application/json")


def _sign_in(name: str, password: str = "") -> Client:
    client = Client()
    assert _post(client, f"{AUTH}/login", {"username": name, "password": password or name}).status_code == 200
    assert _status(client) == 200
    return client


def _status(client: Client, **headers: str) -> int:
    return client.get("/api/me/", headers=headers).status_code


def _age(client: Client, key: str, seconds: float) -> None:
    session = client.session
    session[key] -= seconds
    session.save()


class TestLimits:
    def test_half_an_hour_without_anybody_ends_it(self, ana: User) -> None:
        limit, ends = 30 * 60, []
        for idle in (limit - 60, limit + 1):
            client = _sign_in("ana")
            _age(client, ACTIVE, idle)
            ends.append(_status(client))
        ended = AuditEvent.objects.filter(action=Action.SIGN_OUT, actor=ana.pk)
        assert [row.detail for row in ended] == [{"because": "idle"}]
        record(
            "S10",
            "a session 29 and 30 minutes after somebody last did something",
            f"{ends[0]}, {ends[1]}; the end is in the audit",
            met=ends == [200, 401],
        )

    def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(self, ana: User) -> None:
        left, watched = _sign_in("ana"), _sign_in("ana")
        while (status := _status(left, **{ACTIVE_HEADER: "3600"})) == 200:
            _age(left, ACTIVE, 5 * 60)  # it asks all the while; by the session's clock five minutes pass
        for _ in range(8):
            _age(watched, ACTIVE, 10 * 60)
            status_watched = _status(watched, **{ACTIVE_HEADER: "5"})
        record(
            "S10",
            "a page that polls without a person until it is refused; 80 minutes with one",
            f"{status}, {status_watched}",
            met=(status, status_watched) == (401, 200),
        )

    @pytest.mark.parametrize("said", ["soon", "-5", "nan", "inf", "1e400", ""])
    def test_what_cannot_be_read_counts_as_nobody(self, ana: User, said: str) -> None:
        client = _sign_in("ana")
        _age(client, ACTIVE, 600)
        before = client.session[ACTIVE]
        assert _status(client, **{ACTIVE_HEADER: said}) == 200
        assert client.session[ACTIVE] == before

    def test_who_comes_back_after_the_limit_signs_in_again(self, ana: User) -> None:
        client = _sign_in("ana")
        _age(client, ACTIVE, 31 * 60)
        assert _status(client, **{ACTIVE_HEADER: "0"}) == 401

    def test_half_a_day_ends_it_whatever_is_done(self, ana: User) -> None:
        client = _sign_in("ana")
        _age(client, BEGAN, 12 * 3600 + 1)
        status = _status(client, **{ACTIVE_HEADER: "0"})
        record("S10", "a session in use after 12 hours", str(status), met=status == 401)

    def test_a_session_that_ended_is_gone_from_the_server(self, ana: User) -> None:
        client = _sign_in("ana")
        key = client.session.session_key
        _age(client, ACTIVE, 31 * 60)
        _status(client)
        assert not Session.objects.filter(session_key=key).exists()


class TestEnds:
    def test_a_copied_cookie_is_worth_nothing_after_signing_out(self, ana: User) -> None:
        client, thief = _sign_in("ana"), Client()
        thief.cookies[COOKIE] = client.cookies[COOKIE].value
        before = _status(thief)
        client.delete(f"{AUTH}/session")
        after = _status(thief)
        assert AuditEvent.objects.filter(action=Action.SIGN_OUT, actor=ana.pk).count() == 1
        record(
            "S10", "a copied cookie before and after its owner signs out", f"{before}, {after}",
            met=(before, after) == (200, 401),
        )  # fmt: skip

    def test_a_new_password_ends_the_others(self, ana: User) -> None:
        here, elsewhere = _sign_in("ana"), [_sign_in("ana") for _ in range(3)]
        new = "correct horse battery"
        changed = _post(here, f"{ACCOUNT}/password/change", {"current_password": "ana", "new_password": new})
        assert changed.status_code == 200, changed.content
        ended = [_status(one) for one in elsewhere]
        row = AuditEvent.objects.filter(noun="account", action=Action.CHANGE, actor=ana.pk).latest("pk")
        assert row.detail == {"columns": ["password"]}
        record(
            "S10",
            "a new password: this session, and three others",
            f"{_status(here)}; {', '.join(map(str, ended))}",
            met=_status(here) == 200 and ended == [401] * 3,
        )

    def test_signing_out_everywhere(self, ana: User, ben: User) -> None:
        mine, his = [_sign_in("ana") for _ in range(3)], _sign_in("ben")
        listed = mine[0].get(f"{AUTH}/sessions").json()["data"]
        assert len(listed) == 3
        ids = {"sessions": [one["id"] for one in listed]}
        mine[0].delete(f"{AUTH}/sessions", json.dumps(ids), "application/json")
        left = [_status(one) for one in mine]
        record(
            "S10",
            "signing out everywhere: three sessions of one's own, one of somebody else",
            f"{left}, {_status(his)}",
            met=left == [401] * 3 and _status(his) == 200,
        )

    def test_nobody_ends_anybody_elses(self, ana: User, ben: User) -> None:
        hers, his = _sign_in("ana"), _sign_in("ben")
        (one,) = his.get(f"{AUTH}/sessions").json()["data"]
        answer = hers.delete(f"{AUTH}/sessions", json.dumps({"sessions": [one["id"]]}), "application/json")
        assert answer.status_code == 400
        assert _status(his) == 200

    def test_failures_are_noted_without_what_was_typed(self, ana: User) -> None:
        for name in ("ana", "Winter2026!"):
            assert (
                _post(Client(), f"{AUTH}/login", {"username": name, "password": "wrong"}).status_code == 400
            )
        rows = AuditEvent.objects.filter(action=Action.SIGN_IN_FAILED).order_by("pk")
        assert [(row.actor, row.object, row.detail) for row in rows] == [(ana.pk, "", {}), (None, "", {})]


def _code(secret: str, step: int = 0) -> str:
    """RFC 6238 with its defaults: SHA-1, 30 s, six digits."""
    counter = struct.pack(">Q", int(time.time()) // 30 + step)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def _set_up_app(client: Client) -> str:
    """As an app does it; the password is asked for once more. Returns the app's secret."""
    name = client.get("/api/me/").json()["username"]
    assert _post(client, f"{AUTH}/reauthenticate", {"password": name}).status_code == 200
    made = client.get(f"{ACCOUNT}/authenticators/totp")
    assert made.status_code == 404, made.content
    secret = str(made.json()["meta"]["secret"])
    answer = _post(client, f"{ACCOUNT}/authenticators/totp", {"code": _code(secret)})
    assert answer.status_code == 200, answer.content
    return secret


class TestSecondFactor:
    def test_the_password_alone_no_longer_signs_in(self, ana: User) -> None:
        secret = _set_up_app(_sign_in("ana"))
        client = Client()
        begun = _post(client, f"{AUTH}/login", {"username": "ana", "password": "ana"})
        half = _status(client)
        flow = next(one for one in begun.json()["data"]["flows"] if one["id"] == "mfa_authenticate")
        assert (flow["is_pending"], "totp" in flow["types"]) == (True, True)
        wrong = _post(client, f"{AUTH}/2fa/authenticate", {"code": "000000"}).status_code
        # The code that set the app up is used already: the next one is within the tolerance.
        right = _post(client, f"{AUTH}/2fa/authenticate", {"code": _code(secret, 1)}).status_code
        record(
            "S10",
            "signing in to an account with an authenticator app: password alone, wrong code, right code",
            f"{begun.status_code} (and nothing opens: {half}), {wrong}, {right}",
            met=(begun.status_code, half, wrong, right, _status(client)) == (401, 401, 400, 200, 200),
        )
        assert AuditEvent.objects.filter(noun="second factor", action=Action.CREATE).exists()

    def test_a_recovery_code_signs_in_once(self, ana: User) -> None:
        browser = _sign_in("ana")
        _set_up_app(browser)
        codes = browser.get(f"{ACCOUNT}/authenticators/recovery-codes").json()["data"]["unused_codes"]
        answers = []
        for _ in range(2):
            client = Client()
            _post(client, f"{AUTH}/login", {"username": "ana", "password": "ana"})
            answers.append(_post(client, f"{AUTH}/2fa/authenticate", {"code": codes[0]}).status_code)
        record("S10", "a recovery code, twice", f"{answers}", met=len(codes) == 10 and answers == [200, 400])

    def test_its_secret_is_not_in_the_database(self, ana: User) -> None:
        secret = _set_up_app(_sign_in("ana"))
        kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
        assert secret not in kept

    def test_it_opens_after_the_key_was_changed(self, ana: User, settings: Any) -> None:
        secret = _set_up_app(_sign_in("ana"))
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 8
        client = Client()
        _post(client, f"{AUTH}/login", {"username": "ana", "password": "ana"})
        assert _post(client, f"{AUTH}/2fa/authenticate", {"code": _code(secret, 1)}).status_code == 200

    def test_nothing_changes_a_factor_without_the_password_once_more(self, ana: User) -> None:
        client = _sign_in("ana")
        made = client.get(f"{ACCOUNT}/authenticators/totp").json()["meta"]["secret"]
        refused = _post(client, f"{ACCOUNT}/authenticators/totp", {"code": _code(made)})
        assert (refused.status_code, refused.json()["meta"]["is_authenticated"]) == (401, True)
        assert _post(client, f"{AUTH}/reauthenticate", {"password": "ana"}).status_code == 200
        assert _post(client, f"{ACCOUNT}/authenticators/totp", {"code": _code(made)}).status_code == 200


@pytest.fixture
def asked(settings: Any) -> Any:
    """Has the installation ask leads for a second factor."""
    settings.REQUIRE_TWO_FACTOR = "leads"
    return settings


class TestRequired:
    def test_a_lead_sets_one_up_before_anything_else(self, asked: Any, project: Project, lea: User) -> None:
        client = _sign_in("lea")
        pages = [
            f"/api/worklist/?project={project.pk}",
            f"/api/projects/{project.pk}/",
            f"/api/projects/{project.pk}/audit/",
        ]
        closed = [client.get(page) for page in pages]
        assert closed[0].json()["set_up"] == "second_factor"
        assert client.get("/api/me/").json()["must_set_up_second_factor"] is True
        _set_up_app(client)
        opened = [client.get(page).status_code for page in pages]
        others = _sign_in("ana").get(pages[0]).status_code
        record(
            "S10",
            "where leads need a second factor: a lead without, the same lead with one, an annotator",
            f"{[one.status_code for one in closed]}, {opened}, {others}",
            met={one.status_code for one in closed} == {403} and set(opened) == {200} and others == 200,
        )

    def test_everybody_may_be_asked(self, asked: Any, project: Project, ana: User) -> None:
        asked.REQUIRE_TWO_FACTOR = "all"
        assert _sign_in("ana").get("/api/worklist/").status_code == 403

    def test_who_runs_the_server_is_asked_like_a_lead(self, asked: Any) -> None:
        User.objects.create_superuser("root", password="root")
        client = _sign_in("root")
        assert client.get("/api/structures/").status_code == 403
        answer = client.get("/admin/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/account")

    def test_a_token_is_no_way_around_it(
        self, asked: Any, project: Project, lea: User, settings: Any
    ) -> None:
        settings.REQUIRE_TWO_FACTOR = "none"
        token = _post(_sign_in("lea"), "/api/me/tokens/", {"name": "script"}).json()["token"]
        settings.REQUIRE_TWO_FACTOR = "leads"
        assert Client().get("/api/worklist/", headers={"Authorization": f"Token {token}"}).status_code == 403
