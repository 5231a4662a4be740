"""S7: what other sites' pages cannot do, and the headers and cookies that keep them away."""

import json
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Project
from backend.headers import HEADERS
from backend.page import NONCE
from tests.annotation.access_world import begin_world
from tests.annotation.test_access import TABLE
from tests.trust.figures import record

pytestmark = pytest.mark.trust

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {"HTTPS": "1", "DEBUG": "0", "ALLOWED_HOSTS": "ct.example.org", "TRUSTED_PROXIES": "1"}
FORBIDDEN = ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "http:", "https:", "*")
LOGIN = {"username": "ana", "password": "ana"}


@pytest.mark.django_db
def test_another_site_cannot_act_for_a_signed_in_user(
    ana: User, ben: User, rui: User, lea: User, otto: User, project: Project, other_project: Project
) -> None:
    """Every address that changes something, without the token, and with it from another origin."""
    world = begin_world([ana, ben, rui, lea, otto], project, other_project)
    unsafe = [row for row in TABLE if row.method != "GET" and row.anonymous == 401]
    done, probes = [], 0
    for row in unsafe:
        url = reverse(row.name, kwargs=row.arguments(world))
        client = Client(enforce_csrf_checks=True)
        client.force_login(lea)
        client.get("/api/csrf/")
        token = client.cookies[configured.CSRF_COOKIE_NAME].value
        send = getattr(client, row.method.lower())
        foreign = {"X-CSRFToken": token, "Origin": "https://evil.example"}
        for headers in ({}, {"X-CSRFToken": "x" * len(token)}, foreign):
            answer = send(url, "{}", content_type="application/json", headers=headers)
            probes += 1
            # 415: an address of files alone, which did not even read what was sent.
            if answer.status_code not in (403, 415):
                done.append(f"{row.words()} {headers}: {answer.status_code}")
    found = f"{probes} requests, {len(done)} carried out" + "".join(f"\n{one}" for one in done)
    record("S7", f"requests from another site to {len(unsafe)} addresses", found, met=not done)


@pytest.mark.django_db
def test_another_site_cannot_sign_anybody_in(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/api/csrf/")
    login = "/_allauth/browser/v1/auth/login"
    assert client.post(login, LOGIN, "application/json").status_code == 403
    token = {"X-CSRFToken": client.cookies[configured.CSRF_COOKIE_NAME].value}
    assert client.post(login, LOGIN, "application/json", headers=token).status_code == 200


def _policy(answer: Any) -> dict[str, list[str]]:
    parts = [one.split() for one in answer.headers["Content-Security-Policy"].split(";")]
    return {part[0]: part[1:] for part in parts if part}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in", "/api/csrf/", "/api/docs/", "/api/nothing/", "/admin/"])
def test_no_page_allows_scripts_or_styles_in_line(path: str) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    policy = _policy(client.get(path, follow=True))
    sources = [word for words in policy.values() for word in words]
    assert not set(sources) & set(FORBIDDEN), policy
    assert policy["default-src"] == policy["script-src"][:1] == ["'self'"]
    for name in ("object-src", "base-uri", "frame-ancestors", "frame-src"):
        assert policy[name] == ["'none'"]


def test_each_page_has_a_nonce_of_its_own(tmp_path: Path, settings: Any) -> None:
    settings.FRONTEND_DIST = tmp_path
    html = f'<meta property="csp-nonce" nonce="{NONCE}"><style nonce="{NONCE}"></style>'
    (tmp_path / "index.html").write_text(html)
    nonces = []
    for _ in range(2):
        answer = Client().get("/sign-in")
        found = re.findall(r'nonce="([^"]+)"', answer.content.decode())
        assert len(found) == 2
        assert len(set(found)) == 1
        assert f"'nonce-{found[0]}'" in _policy(answer)["style-src"]
        assert not any("nonce" in word for word in _policy(answer)["script-src"])
        nonces.append(found[0])
    assert nonces[0] != nonces[1]
    assert len(nonces[0]) >= 22


@pytest.mark.parametrize("path", ["/sign-in", "/api/csrf/", "/api/me/", "/static/admin/css/base.css"])
def test_headers_of_every_answer(path: str, db: None) -> None:
    answer = Client().get(path)
    expected = HEADERS | {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    assert {name: answer.headers.get(name) for name in expected} == expected
    answer.close()


@pytest.mark.django_db
def test_cookies_with_https(ana: User, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    client.get("/api/csrf/")
    client.post("/_allauth/browser/v1/auth/login", LOGIN, "application/json")
    session, token = (client.cookies[name] for name in ("sessionid", "csrftoken"))
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")
    assert (token["secure"], token["samesite"]) == (True, "Lax")  # the page's script has to read it
    for cookie in (session, token):
        assert (cookie["path"], cookie["domain"]) == ("/", "")


_ASKED = """
import django, json
django.setup()
from django.conf import settings
from django.test import Client
answer = Client().get("/sign-in", headers={"Host": "ct.example.org", "X-Forwarded-Proto": "https"})
cookies = {name: {k: v for k, v in one.items() if v} for name, one in answer.cookies.items()}
told = {"headers": dict(answer.headers), "cookies": cookies, "session": settings.SESSION_COOKIE_NAME}
print(json.dumps(told))
"""


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    own = {"SECRET_KEY": secrets.token_urlsafe(48), "DJANGO_SETTINGS_MODULE": "backend.settings"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **PRODUCTION, **own},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_djangos_own_check_for_production() -> None:
    done = _run("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    said = " ".join((done.stdout + done.stderr).split())
    found = said if done.returncode else "no warning, W008 (redirect) left to the proxy"
    record("S7", "manage.py check --deploy", found, met=done.returncode == 0 and "(1 silenced)" in said)


def test_a_page_in_production() -> None:
    done = _run("-c", _ASKED)
    assert done.returncode == 0, done.stderr[-500:]
    told = json.loads(done.stdout.splitlines()[-1])
    hsts = told["headers"]["Strict-Transport-Security"]
    assert hsts == "max-age=31536000; includeSubDomains; preload"
    assert "upgrade-insecure-requests" in told["headers"]["Content-Security-Policy"]
    assert told["session"] == "__Host-sessionid"
    for name, cookie in told["cookies"].items():
        assert name == "__Host-csrftoken"
        assert cookie.keys() >= {"secure", "samesite", "path"}
    record("S7", "HSTS, __Host- cookies, upgraded requests with HTTPS=1", "all set", met=True)
