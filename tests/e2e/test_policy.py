"""S7 in Chromium: the main pages work under the content security policy, and nothing on them breaks it."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import ConsoleMessage, Page, expect

from annotation.models import Project, Role
from tests.e2e import own_project
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import next_case, paint
from tests.trust.figures import record

pytestmark = pytest.mark.e2e

LEAD = "polly"
WATCH = """addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
  console.error(`POLICY ${violatedDirective} ${blockedURI} ${sourceFile ?? ''}`))"""
TABS = ("Overview", "Agreement", "Reading", "Cases", "Learning", "Plan", "Team", "Guideline", "Settings")
PANELS = ("Alt+g", "Alt+c", "Alt+h", "Alt+l", "s", "t", "k", "Shift+i", "?", "Escape", "Control+k", "Escape")


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    """An empty one, whose lead is staff as well."""

    def begin() -> Project:
        made = own_project.begin("Under the policy", {LEAD: Role.LEAD})
        User.objects.filter(username=LEAD).update(is_staff=True, is_superuser=True)
        return made

    made: Project = stack.in_database(begin)
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


def _watched(page: Page) -> list[str]:
    """What breaks the policy from now on: in pages by their events, in workers by what Chromium says."""
    broken: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.text.startswith("POLICY") or "Content Security Policy" in message.text:
            broken.append(f"{page.url}: {message.text}")

    page.add_init_script(WATCH)
    page.on("console", hear)
    return broken


def test_the_watch_sees_what_breaks_the_policy(sign_in: SignIn) -> None:
    page = sign_in("ana")
    broken = _watched(page)
    page.goto("/worklist")
    page.evaluate("() => document.body.insertAdjacentHTML('beforeend', '<p style=color:red>x</p>')")
    page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.head.append(script);
    }""")
    page.wait_for_timeout(300)
    assert any("style-src" in one for one in broken), broken
    assert any("script-src" in one for one in broken), broken
    assert page.evaluate("window.ran") is None


def test_a_read_works(sign_in: SignIn) -> None:
    page = sign_in("ana")
    broken = _watched(page)
    next_case(page)
    paint(page, structure=1)
    for key in PANELS:
        page.keyboard.press(key)
        page.wait_for_timeout(300)
    found = f"{len(broken)} broken rules {broken[:3]}"
    record("S7", "a read with its panels, in Chromium", found, met=not broken)


def test_the_pages_of_a_lead_work(sign_in: SignIn, stack: Stack) -> None:
    page = sign_in("lea")
    broken = _watched(page)
    address = f"/projects/{stack.project}"
    for path in ("/sign-in", "/worklist", "/projects/new", "/account", f"{address}/guideline", address):
        page.goto(path)
        page.wait_for_load_state("networkidle")
    for tab in TABS:
        page.get_by_role("tab", name=tab, exact=True).click()
        page.wait_for_load_state("networkidle")
        charts = page.locator("[role=img] svg")
        if charts.count():
            charts.first.hover()
    # Colours that the page's libraries write into style elements are there.
    assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--mantine-color-body')") != ""
    found = f"{len(broken)} broken rules {broken[:3]}"
    record("S7", "the pages of a lead, in Chromium", found, met=not broken)


def test_the_documentation_and_the_admin_work(project: int, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    broken = _watched(page)
    page.goto("/api/docs/")
    expect(page.get_by_role("heading", name="Delineate")).to_be_visible()
    for path in ("/admin/", "/admin/annotation/project/", f"/admin/annotation/project/{project}/change/"):
        page.goto(path)
        expect(page.locator("#content")).to_be_visible()
    found = f"{len(broken)} broken rules {broken[:3]}"
    record("S7", "API documentation and admin, in Chromium", found, met=not broken)
