"""S10: single sign-on against a real OpenID Connect provider, which runs beside the test."""

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Action, AuditEvent
from backend.services import free_port
from tests.trust.figures import record
from tests.trust.test_s10_sessions import _post, _set_up_app, _sign_in, _status

pytestmark = [pytest.mark.trust, pytest.mark.django_db]

REDIRECT = "/_allauth/browser/v1/auth/provider/redirect"
SUBJECT = "person-4711"
STARTS_S = 60.0


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    provider = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + STARTS_S
    try:
        while not _is_up(url):
            assert provider.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield url
    finally:
        provider.kill()
        provider.wait()


def _is_up(url: str) -> bool:
    try:
        return requests.get(f"{url}/.well-known/openid-configuration", timeout=2).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(autouse=True)
def _configured(settings: Any, issuer: str) -> None:
    app = {**settings.OIDC_APP, "name": "Hospital", "client_id": "delineate", "secret": "secret"}
    app["settings"] = {"server_url": issuer}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def _go(client: Client, process: str = "login", *, subject: str = SUBJECT, to: str = "/worklist") -> str:
    """Through the provider and back; where the browser ends."""
    given = {"provider": "oidc", "process": process, "callback_url": f"http://testserver{to}"}
    asked = client.post(REDIRECT, given)
    assert asked.status_code == 302, asked.content
    there = asked.headers["Location"]
    assert "code_challenge=" in there
    answered = requests.post(there, data={"sub": subject}, allow_redirects=False, timeout=10)
    back = urlsplit(answered.headers["Location"])
    assert back.path == "/accounts/oidc/oidc/login/callback/", back
    ended = client.get(f"{back.path}?{back.query}")
    assert ended.status_code == 302, ended.content
    return str(ended.headers["Location"])


def test_the_sign_in_page_knows_of_it(ana: User) -> None:
    answer = Client().get("/_allauth/browser/v1/config").json()["data"]["socialaccount"]["providers"]
    assert [(one["id"], one["name"]) for one in answer] == [("oidc", "Hospital")]


def test_only_who_connected_an_account_gets_in(ana: User, issuer: str) -> None:
    stranger = Client()
    turned_away = _go(stranger)
    before = (_status(stranger), User.objects.count())
    connected = _connect(_sign_in("ana"))
    again = Client()
    landed = _go(again)
    me = again.get("/api/me/").json()["username"]
    other = Client()
    _go(other, subject="somebody-else")
    record(
        "S10",
        "OpenID Connect: a stranger; the same person after connecting an account; somebody else",
        f"{before[0]} and {before[1]} account; signed in as {me}; {_status(other)}",
        met=before == (401, 1) and me == "ana" and _status(other) == 401,
    )
    assert "error=signup_closed" in turned_away
    assert (urlsplit(connected).path, urlsplit(landed).path) == ("/account", "/worklist")
    assert AuditEvent.objects.filter(
        action=Action.SIGN_IN, actor=ana.pk, detail__with=["socialaccount"]
    ).exists()
    assert AuditEvent.objects.filter(noun="single sign-on", action=Action.CREATE, actor=ana.pk).exists()


@pytest.mark.parametrize("claim", ["email", "preferred_username"])
def test_no_claim_opens_an_account(ana: User, issuer: str, claim: str) -> None:
    """Whoever may choose an address or a name at the provider must not get in as somebody here."""
    User.objects.filter(pk=ana.pk).update(email="ana@hospital.example")
    claims: dict[str, str | bool] = {
        "email": "ana@hospital.example",
        "email_verified": True,
        "preferred_username": "ana",
    }
    given: dict[str, Any] = {name: value for name, value in claims.items() if name.startswith(claim)}
    assert requests.put(f"{issuer}/users/fake", json=given, timeout=10).status_code == 204
    thief = Client()
    _go(thief, subject="fake")
    assert _status(thief) == 401


def test_a_session_that_was_left_open_connects_nothing(ana: User) -> None:
    client = _sign_in("ana")
    assert "error=reauthentication_required" in _go(client, "connect", to="/account")
    assert client.get("/_allauth/browser/v1/account/providers").json()["data"] == []


def test_it_is_disconnected_again(ana: User) -> None:
    client = _sign_in("ana")
    _connect(client)
    (one,) = client.get("/_allauth/browser/v1/account/providers").json()["data"]
    answer = client.delete(
        "/_allauth/browser/v1/account/providers",
        {"provider": one["provider"]["id"], "account": one["uid"]},
        "application/json",
    )
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert "error=" in _go(Client())


def test_another_site_is_no_place_to_come_back_to(ana: User) -> None:
    given = {"provider": "oidc", "process": "login", "callback_url": "https://evil.example/"}
    answer = Client().post(REDIRECT, given)
    assert "evil.example" not in answer.headers.get("Location", "")


def test_a_state_that_was_not_asked_for_is_refused(ana: User) -> None:
    client = _sign_in("ana")
    answer = client.get("/accounts/oidc/oidc/login/callback/?code=stolen&state=made-up")
    assert answer.status_code in (302, 401)
    assert client.get("/_allauth/browser/v1/account/providers").json()["data"] == []


def test_a_second_factor_is_asked_for_all_the_same(ana: User) -> None:
    browser = _sign_in("ana")
    _connect(browser)
    codes = _with_app(browser)
    client = Client()
    _go(client)
    assert _status(client) == 401
    assert _post(client, "/_allauth/browser/v1/auth/2fa/authenticate", {"code": codes}).status_code == 200
    assert _status(client) == 200


def _with_app(client: Client) -> str:
    """Set up an authenticator app; a recovery code."""
    _set_up_app(client)
    answer = client.get("/_allauth/browser/v1/account/authenticators/recovery-codes")
    return str(answer.json()["data"]["unused_codes"][0])


def _connect(client: Client) -> str:
    """Connecting asks for the password once more."""
    assert _post(client, "/_allauth/browser/v1/auth/reauthenticate", {"password": "ana"}).status_code == 200
    return _go(client, "connect", to="/account")
