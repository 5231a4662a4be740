"""What stands beside the drawing: history, comparing, guidance, guideline, keys; and that all can use it."""

from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from annotation.guidelines import Entry, write_guideline
from annotation.models import Project
from tests.e2e.conftest import Open, Reading
from tests.e2e.masks import difference, drawn, same, stored
from tests.e2e.pages import eventually, paint, reopened, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

READER = "ben"
OPERABLE = {
    "button", "checkbox", "combobox", "link", "listbox", "menuitem", "radio", "searchbox", "slider",
    "spinbutton", "switch", "tab", "textbox",
}  # fmt: skip
MOST_STOPS = 250
FOCUSED = """() => {
  const { activeElement: at } = document;
  if (at === null || at === document.body) return null;
  const { width, height } = (at.labels?.[0] ?? at).getBoundingClientRect();
  const place = at.closest('[aria-label=Tools], [aria-label=Structures], header, main, aside, footer');
  return {
    place: place?.getAttribute('aria-label') ?? place?.tagName.toLowerCase() ?? '',
    name: at.getAttribute('aria-label') ?? at.textContent,
    seen: width > 0 && height > 0,
  };
}"""


@pytest.fixture
def page(seat: Open, reading: Reading) -> Page:
    page = seat()
    page.goto(reading.address)
    wait_until_open(page)
    return page


def test_an_earlier_revision_is_looked_at_and_restored(page: Page, reading: Reading) -> None:
    start = drawn(page)
    paint(page, structure=5)
    wait_until_saved(page)
    painted = drawn(page)
    page.keyboard.press("Alt+h")
    history = page.get_by_role("region", name="History")
    history.get_by_title("Look at the start").click()
    preview = page.get_by_test_id("history-preview")
    expect(preview).to_contain_text("Solid was added since")
    preview.get_by_text("As it was").click()
    expect(preview).to_contain_text("To look at, not to draw on")
    paint(page, structure=4, down=0.4)
    assert same(drawn(page), painted), "a look at the past was drawn on"
    page.keyboard.press("Alt+s")
    assert page.evaluate("window.__delineate.viewer.refusal") == "", "the past is shown, and nothing says so"
    page.keyboard.press("Alt+h")
    history.get_by_title("Look at the start").click()
    reopened(page, preview.get_by_role("button", name="Restore").click)
    assert same(drawn(page), start), difference(drawn(page), start)
    assert same(stored(reading, page), start)
    assert reading.get(page)["mask"]["head"] == 2
    assert same(stored(reading, page, revision=1), painted)


def test_an_undo_names_what_it_takes_back_also_after_a_reload(page: Page, reading: Reading) -> None:
    before = drawn(page)
    paint(page, structure=3, down=0.42)
    wait_until_saved(page)
    for reload in (False, True):
        if reload:
            page.keyboard.press("Shift+Z")
            wait_until_saved(page)
            page.reload()
            wait_until_open(page)
        assert not same(drawn(page), before)
        with page.expect_request("**/undo/") as asked:
            page.keyboard.press("z")
        assert len(asked.value.post_data or "") < 200, "the undo carries more than a number"
        wait_until_saved(page)
        assert same(drawn(page), before), difference(drawn(page), before)
        assert same(stored(reading, page), before)


def test_the_mask_is_compared_with_the_prediction(page: Page) -> None:
    before = drawn(page)
    paint(page, structure=6, down=0.45)
    changed = int((drawn(page) != before).sum())
    assert changed > 0
    page.keyboard.press("Alt+c")
    panel = page.get_by_role("region", name="Compare")
    panel.get_by_role("button", name="Compare").click()
    row = panel.get_by_role("row", name="Urinary bladder")
    expect(row).to_contain_text("0.")
    expect(panel.locator("tr[data-changed]").first).to_be_visible()
    panel.get_by_role("button", name="Stop comparing").click()
    page.keyboard.press("z")
    assert same(drawn(page), before)


def test_the_walk_goes_to_the_next_suspicious_region(page: Page, reading: Reading) -> None:
    prediction = reading.get(page)["prediction_mask"]["id"]
    regions = reading.stack.get(page, f"/api/masks/{prediction}/regions/")["regions"]
    words = f"1 of {len(regions)}" if regions else "No suspicious regions"
    if regions:
        expect(page.get_by_text(f"– of {len(regions)}")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_text(words).first).to_be_visible()
    page.keyboard.press("Alt+g")
    panel = page.get_by_role("region", name="Guidance")
    expect(panel.get_by_role("listitem")).to_have_count(len(regions))
    places = [region["centre_ijk"] for region in regions if region["centre_ijk"] is not None]
    if places:
        panel.get_by_title("Go there").first.click()
        eventually(page, lambda: same_place(page, places[0]), "the crosshair at the region")


def same_place(page: Page, place: list[float]) -> bool:
    crosshair = page.evaluate("window.__delineate.viewer.views.crosshair")
    return bool(np.abs(np.subtract(crosshair, place)).max() <= 0.5)


def test_the_guideline_follows_the_active_structure(page: Page, reading: Reading) -> None:
    def write() -> None:
        write_guideline(
            project=Project.objects.get(pk=reading.stack.project),
            author=User.objects.get(username="lea"),
            base_version=0,
            text="Draw to the *outer* wall.",
            structures={"spleen": Entry("Without the splenic vessels.", [])},
        )

    reading.stack.in_database(write)
    page.keyboard.press("2")
    page.keyboard.press("Alt+l")
    panel = page.get_by_role("region", name="Guideline")
    expect(panel).to_contain_text("Without the splenic vessels.")
    expect(panel).to_contain_text("Draw to the outer wall.")
    expect(panel).to_contain_text("Version 1")
    page.keyboard.press("1")
    expect(panel).to_contain_text("Nothing special is said about this structure.")


def test_a_key_of_ones_own_survives_a_reload(page: Page) -> None:
    page.keyboard.press("Control+,")
    sheet = page.get_by_role("dialog", name="Choose your own keys")
    sheet.get_by_label("Search actions").fill("eraser")
    with page.expect_response("**/api/me/preferences/"):
        sheet.get_by_role("button", name="Key of “Eraser”").click()
        page.keyboard.press("9")
    expect(sheet.get_by_role("button", name="Key of “Eraser”: 9")).to_be_visible()
    page.reload()
    wait_until_open(page)
    expect(page.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("9")
    expect(page.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+,")
    with page.expect_response("**/api/me/preferences/"):
        page.get_by_role("button", name="All as usual").click()


def test_the_palette_finds_actions_and_structures(page: Page) -> None:
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Find an action or a structure")
    expect(field).to_be_focused()
    page.keyboard.type("level tra")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Level tracing")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+k")
    page.keyboard.type("aort")
    page.keyboard.press("Enter")
    expect(field).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys", exact=True)).to_be_hidden()


def test_everything_that_can_be_operated_has_a_name(page: Page) -> None:
    """By the browser's own accessibility tree: what a screen reader is told."""
    devtools = page.context.new_cdp_session(page)
    for tab in ("Alt+g", "Alt+c", "Alt+h", "Alt+l", "Alt+s"):
        page.keyboard.press(tab)
        for tool in ("b", "t", "g", "s", "k", "u"):
            page.keyboard.press(tool)
        assert nameless(devtools.send("Accessibility.getFullAXTree")["nodes"]) == []
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys", exact=True)).to_be_visible()
    assert nameless(devtools.send("Accessibility.getFullAXTree")["nodes"]) == []


def nameless(nodes: list[dict[str, Any]]) -> list[str]:
    shown = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    ]
    operable = [(role, name) for role, name in shown if role in OPERABLE]
    assert len(operable) > 40
    return [role for role, name in operable if not name.strip()]


def test_the_tab_key_reaches_tools_list_and_submit(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")
    stops: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or (stops and stop == stops[0]):
            break
        stops.append(stop)
    else:
        pytest.fail("the focus does not come round")
    assert [stop for stop in stops if not stop["seen"]] == []
    names = [stop["name"] for stop in stops]
    places = [stop["place"] for stop in stops]
    assert places.index("Tools") < places.index("Structures")
    assert {"Brush", "Search structures", "Submit"} <= set(names)
