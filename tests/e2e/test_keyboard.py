"""The whole way without a mouse, and figures typed into fields."""

import pytest
from playwright.sync_api import Page, expect

from annotation import worklist
from annotation.models import Assignment, AssignmentState, CaseState
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.masks import drawn, same
from tests.e2e.pages import eventually, wait_until_loaded, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

READER = "ana"
FOCUSED = """() => {
  const { activeElement: at } = document;
  return [at.tagName, at.getAttribute('aria-label') ?? at.textContent, getComputedStyle(at).outlineStyle];
}"""


def test_a_case_from_the_worklist_to_submit_by_keys_alone(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in(READER)
    expect(page.get_by_role("button", name="Next case")).to_be_focused()
    page.keyboard.press("Enter")
    assignment = opened(page)
    wait_until_loaded(page)
    smooth(page)
    wait_until_saved(page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Submit now")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/worklist*")
    assert stack.get(page, f"/api/assignments/{assignment}/")["state"] == "submitted"
    stack.in_database(lambda: take_back(assignment))


def take_back(assignment: int) -> None:
    """Other tests expect no read of this one among those that wait for a review."""
    Assignment.objects.filter(pk=assignment).update(state=AssignmentState.OPEN, submitted_at=None)
    worklist.move(Assignment.objects.get(pk=assignment).part_id, CaseState.IN_PROGRESS)


def opened(page: Page) -> int:
    """The read whose page is being opened, ready to be looked into."""
    page.wait_for_url("**/annotate/*")
    page.goto(f"{page.url}?debug")
    wait_until_open(page)
    return int(page.url.split("?")[0].rstrip("/").split("/")[-1])


def smooth(page: Page) -> None:
    start = drawn(page)
    by_palette(page, "smooth")
    reach(page, "Radius, mm")
    page.keyboard.press("Control+a")
    page.keyboard.type("12")
    reach(page, "Preview")
    page.keyboard.press("Enter")
    expect(page.get_by_text("would change.")).to_be_visible()
    assert same(drawn(page), start), "a preview changes nothing"
    reach(page, "Apply (Enter)")
    page.keyboard.press("Enter")
    eventually(page, lambda: not same(drawn(page), start), "the smoothing")
    smoothed = drawn(page)
    page.keyboard.press("z")
    assert same(drawn(page), start)
    page.keyboard.press("Shift+Z")
    assert same(drawn(page), smoothed)


def by_palette(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Find an action or a structure")).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def reach(page: Page, name: str) -> None:
    """Tab on until what is called so has the focus, and is seen to have it."""
    for _ in range(150):
        page.keyboard.press("Tab")
        tag, called, outline = page.evaluate(FOCUSED)
        if called == name and tag in ("BUTTON", "INPUT"):
            assert tag == "INPUT" or outline != "none", f"nobody sees that {name} has the focus"
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_a_bound_is_typed_without_moving_the_other(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in(READER)
    page.get_by_role("button", name="Next case").click()
    opened(page)
    page.keyboard.press("v")
    type_bound(page, "Lowest HU", "100")
    type_bound(page, "Highest HU", "300")
    assert hu_range(page) == [100, 300]
    type_bound(page, "Highest HU", "50")
    assert hu_range(page) == [50, 50], "the range never turns round"


def type_bound(page: Page, name: str, figure: str) -> None:
    # Emptied, not selected: the field puts its cursor a moment after it gets the focus.
    page.get_by_role("textbox", name=name).fill("")
    page.keyboard.type(figure)
    page.keyboard.press("Tab")


def hu_range(page: Page) -> list[int]:
    found: list[int] = page.evaluate("window.__delineate.viewer.tools.options.thresholdBrush")
    return found


def test_a_page_longer_than_the_window_can_be_read_to_its_end(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("lea")
    page.set_viewport_size({"width": 1024, "height": 400})
    page.goto(f"/projects/{stack.project}")
    expect(page.get_by_role("table").first).to_be_visible()
    root, body = page.evaluate(
        "[document.documentElement, document.body].map((one) => getComputedStyle(one).backgroundColor)"
    )
    assert root == body
