"""An account gets an app and a security key, signs in with each, and a lead sees it all in the audit."""

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, Page, expect

from annotation.models import Project, Role
from tests.e2e import own_project
from tests.e2e.conftest import PATIENCE_MS, WINDOW, Stack

pytestmark = pytest.mark.e2e

LEAD = "sofia"


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made: Project = stack.in_database(lambda: own_project.begin("Safe", {LEAD: Role.LEAD}))
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


@pytest.fixture
def page(stack: Stack, browser: Browser) -> Iterator[Page]:
    """At `localhost`: security keys belong to names, never to bare addresses. Nobody has a second factor."""
    stack.in_database(lambda: Authenticator.objects.filter(user__username=LEAD).delete())
    context = browser.new_context(
        viewport=WINDOW, base_url=f"http://localhost:{urlsplit(stack.url).port}", locale="en-GB"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def _code(secret: str, step: int = 0) -> str:
    """RFC 6238 with its defaults."""
    counter = struct.pack(">Q", int(time.time()) // 30 + step)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def _password(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("User name").fill(LEAD)
    page.get_by_label("Password", exact=True).fill(LEAD)
    page.get_by_role("button", name="Sign in").click()


def _signed_in(page: Page) -> None:
    page.wait_for_url(lambda url: "sign-in" not in url)


def _virtual_key(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def _set_up(page: Page) -> str:
    """An app and a key; the secret of the app."""
    page.goto("/account")
    app = page.get_by_role("form", name="Authenticator app")
    app.get_by_role("button", name="Set up an app").click()
    expect(app.get_by_alt_text("Code for the app")).to_be_visible()
    secret = app.get_by_label("Or type this into the app").input_value()
    app.get_by_label("Six digits").fill(_code(secret))
    app.get_by_role("button", name="Turn it on").click()
    again = page.get_by_role("form", name="Confirm your password")
    again.get_by_label("Password", exact=True).fill(LEAD)
    again.get_by_role("button", name="Go on").click()
    factors = page.get_by_role("table", name="Second factors")
    expect(factors).to_contain_text("Authenticator app")

    _virtual_key(page)
    key = page.get_by_role("form", name="Security key")
    key.get_by_label("Name").fill("Key at my desk")
    key.get_by_role("button", name="Add this key").click()
    expect(factors).to_contain_text("Key at my desk")
    return secret


def test_an_app_a_key_and_the_audit_of_it(stack: Stack, project: int, page: Page) -> None:
    _password(page)
    _signed_in(page)
    secret = _set_up(page)
    page.get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url("**/sign-in**")
    _password(page)
    page.get_by_role("button", name="Use my security key").click()
    _signed_in(page)

    page.context.clear_cookies()
    _password(page)
    page.get_by_label("Code").fill(_code(secret, 1))
    page.get_by_role("form", name="Second step").get_by_role("button", name="Sign in").click()
    _signed_in(page)

    page.goto(f"/projects/{project}?tab=audit")
    found = page.get_by_role("table", name="Audit")
    expect(found).to_contain_text("signed in")
    page.get_by_label("What").select_option(label="looked at")
    expect(found).to_contain_text("looked at")
    expect(found).not_to_contain_text("signed in")
    page.get_by_role("spinbutton", name="Case").fill("4711")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as CSV").click()
    assert saved.value.suggested_filename == f"audit-{project}.csv"


def test_a_page_that_broke_says_so_and_goes_on(stack: Stack, project: int, page: Page) -> None:
    _password(page)
    _signed_in(page)
    page.route("**/audit/?*", lambda route: route.fulfill(status=500))
    page.goto(f"/projects/{project}?tab=audit")
    broken = page.get_by_role("alert")
    expect(broken).to_contain_text("The server has a problem", timeout=PATIENCE_MS)
    page.unroute_all()
    broken.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("table", name="Audit")).to_contain_text(LEAD)
