"""No page has a serious finding of axe-core: names, roles, contrast, order of headings and landmarks."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import ROOT, SignIn, Stack
from tests.e2e.pages import next_case

pytestmark = pytest.mark.e2e

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
RUN = """axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => JSON.stringify(
  violations.map(({ id, impact, nodes }) => (
    { id, impact, where: nodes.map(({ target }) => target.join(' ')) }
  ))
))"""
PANELS = ("Alt+g", "Alt+c", "Alt+h", "Alt+l", "s", "t", "k", "Shift+i", "?", "Escape", "Control+k")
TABS = ("Overview", "Agreement", "Reading", "Cases", "Learning", "Plan", "Team", "Guideline", "Settings")


def findings(page: Page) -> list[dict[str, Any]]:
    """Serious ones. Through the browser's own tools: the page's policy allows no foreign script."""
    page.wait_for_load_state("networkidle")
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    given = {"expression": RUN, "awaitPromise": True, "returnByValue": True}
    found = json.loads(session.send("Runtime.evaluate", given)["result"]["value"])
    session.detach()
    return [one for one in found if one["impact"] in SERIOUS]


def test_the_page_of_a_read_and_its_panels(sign_in: SignIn) -> None:
    page = sign_in("ana")
    next_case(page)
    assert findings(page) == []
    for key in PANELS:
        page.keyboard.press(key)
        page.wait_for_timeout(300)
        assert findings(page) == [], key


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_pages_of_a_lead(sign_in: SignIn, stack: Stack, scheme: str) -> None:
    page = sign_in("lea")
    page.evaluate("scheme => localStorage.setItem('delineate-dashboards', JSON.stringify(scheme))", scheme)
    project = f"/projects/{stack.project}"
    for path in (f"{project}/guideline", "/projects/new", "/account", project):
        page.goto(path)
        assert findings(page) == [], path
    for tab in TABS:
        page.get_by_role("tab", name=tab, exact=True).click()
        assert findings(page) == [], tab


def test_signing_in_and_the_worklist(sign_in: SignIn) -> None:
    page = sign_in("ana")
    page.goto("/worklist")
    assert findings(page) == []
    page.context.clear_cookies()
    page.goto("/sign-in")
    assert findings(page) == []
