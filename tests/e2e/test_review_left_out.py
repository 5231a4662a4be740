"""What a read carries besides its strokes: measurements, the guideline of its time, and what was left out.

lea reads, rui reviews: the reviewer completes what the reader did not look at.
"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from annotation import guidelines
from annotation.guidelines import Entry
from annotation.models import Assignment, Case, Project, Review, Verdict
from tests.e2e.conftest import Open, Reading, SignIn, Stack
from tests.e2e.masks import drawn, same
from tests.e2e.pages import (
    Point,
    drag,
    eventually,
    next_case,
    paint,
    wait_until_open,
    wait_until_saved,
)

pytestmark = pytest.mark.e2e

READER = "lea"
MEASURED = "window.__delineate.viewer.tools.measuring.all"
FOCUSED = "document.activeElement?.tagName ?? ''"


@pytest.fixture
def page(seat: Open, reading: Reading) -> Page:
    page = seat()
    page.goto(reading.address)
    wait_until_open(page)
    return page


def over(page: Page, across: float, down: float) -> Point:
    """A point of the axial plane, as shares of its size."""
    box = page.get_by_test_id("plane-axial").bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def measured(page: Page) -> Any:
    return page.evaluate(MEASURED)


def kept(reading: Reading, page: Page) -> list[dict[str, Any]]:
    """What the server keeps of it."""
    measurements: list[dict[str, Any]] = reading.get(page)["measurements"]
    return measurements


def label(page: Page, words: str) -> None:
    field = page.get_by_role("list", name="Measurements").get_by_placeholder("label").last
    field.fill(words)
    field.press("Enter")


class TestMeasurements:
    def test_they_are_there_again_to_the_last_digit(self, page: Page, reading: Reading) -> None:
        page.keyboard.press("Shift+L")
        drag(page, [over(page, 0.35, 0.4), over(page, 0.5, 0.45), over(page, 0.613, 0.527)])
        label(page, "cyst")
        page.keyboard.press("Shift+B")
        drag(page, [over(page, 0.3, 0.6), over(page, 0.5, 0.6), over(page, 0.6, 0.66)])
        page.keyboard.press("Shift+E")
        drag(page, [over(page, 0.3, 0.2), over(page, 0.4, 0.2), over(page, 0.5, 0.2)])
        page.mouse.click(*over(page, 0.5, 0.35))
        before = measured(page)
        eventually(page, lambda: len(kept(reading, page)) == 3, "all measurements on the server")
        on_server = kept(reading, page)
        assert [(one["kind"], one["plane"], one["label"]) for one in on_server] == [
            ("length", "axial", "cyst"),
            ("bidirectional", "axial", ""),
            ("angle", "axial", ""),
        ]
        assert before[2]["angle_deg"] == pytest.approx(90, abs=2)
        ends = np.array(on_server[0]["points_lps"])
        assert np.linalg.norm(ends[0] - ends[1]) == pytest.approx(before[0]["length_mm"], abs=1e-9)

        page.reload()
        wait_until_open(page)
        eventually(page, lambda: len(measured(page)) == 3, "all measurements in the viewer")
        again = measured(page)
        for one, other in zip(before, again, strict=True):
            assert (one["kind"], one["slice"], one["label"]) == (
                other["kind"],
                other["slice"],
                other["label"],
            )
        assert np.allclose(before[0]["ends"], again[0]["ends"], atol=1e-9)
        assert np.allclose(before[1]["short"], again[1]["short"], atol=1e-9)
        assert np.allclose(before[2]["points"], again[2]["points"], atol=1e-9)

        page.keyboard.press("Shift+B")
        label(page, "node")
        eventually(page, lambda: kept(reading, page)[2]["label"] == "node", "the label on the server")
        assert kept(reading, page)[0] == on_server[0], "what was not touched keeps every digit"

    def test_a_tab_that_is_killed_at_once_loses_none(self, seat: Open, reading: Reading) -> None:
        page = seat()
        page.goto(reading.address)
        wait_until_open(page)
        page.route("**/measurements/", lambda route: route.abort())
        page.keyboard.press("Shift+L")
        drag(page, [over(page, 0.4, 0.3), over(page, 0.5, 0.3), over(page, 0.6, 0.3)])
        count = len(measured(page))
        page.close(run_before_unload=False)
        assert sent_before_the_case_is_open(seat(), reading) == []
        again = seat()
        again.goto(reading.address)
        wait_until_open(again)
        eventually(again, lambda: len(kept(reading, again)) == count, "the measurement on the server")
        again.keyboard.press("Shift+L")
        rows = again.get_by_role("list", name="Measurements").get_by_role("listitem")
        expect(rows).to_have_count(count)
        rows.last.get_by_role("button", name="Remove").click()
        eventually(again, lambda: len(kept(reading, again)) == count - 1, "the measurement gone")


def sent_before_the_case_is_open(page: Page, reading: Reading) -> list[str]:
    """Measurements that a page sends while its masks are still to come; it is left before they do."""
    sent: list[str] = []
    page.route("**/measurements/", lambda route: sent.append(route.request.url))
    page.route("**/api/masks/**", lambda route: None)
    with page.expect_request("**/api/masks/**"):
        page.goto(reading.address)
    page.wait_for_timeout(300)
    page.close()
    return sent


class TestKeys:
    """A select of the side column does not keep the keys from the image."""

    def test_a_choice_with_the_pointer_gives_the_keys_back(self, page: Page) -> None:
        page.keyboard.press("u")
        select = page.get_by_label("Do", exact=True)
        select.click()
        expect(select).to_be_focused()
        # The browser's own list cannot be clicked from here: what it tells the page can be told.
        select.evaluate(
            "it => { it.selectedIndex = 1; it.dispatchEvent(new Event('change', {bubbles: true})) }"
        )
        assert page.evaluate(FOCUSED) == "BODY"
        before = page.evaluate("window.__delineate.viewer.tools.place()")
        page.keyboard.press("ArrowUp")
        assert page.evaluate("window.__delineate.viewer.tools.place()") != before

    def test_a_slider_and_a_choice_made_again_give_the_keys_back(self, page: Page) -> None:
        page.keyboard.press("s")
        for name in ("Circle", "Circle"):
            page.get_by_text(name, exact=True).click()
            assert page.evaluate(FOCUSED) == "BODY"
        page.keyboard.press("b")
        box = page.get_by_role("slider").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        drag(page, [(x, y), (x + 20, y), (x + 40, y + 60)])
        assert page.evaluate(FOCUSED) == "BODY"

    def test_a_figure_is_left_with_enter(self, page: Page) -> None:
        page.keyboard.press("o")
        figure = page.get_by_role("textbox", name="Radius, mm")
        for end in ("Enter", "Escape"):
            figure.click()
            page.keyboard.press("Control+a")
            page.keyboard.type("7")
            page.keyboard.press(end)
            assert page.evaluate(FOCUSED) == "BODY"
            expect(figure).to_have_value("7 mm")
        expect(page.get_by_role("button", name="Submit now")).to_have_count(0)

    def test_the_arrow_keys_go_through_the_list_until_enter_or_escape(self, page: Page) -> None:
        page.keyboard.press("u")
        select = page.get_by_label("Do", exact=True)
        values = [select.input_value()]
        for end, presses in (("Enter", 2), ("Escape", 1)):
            select.focus()
            for _ in range(presses):
                page.keyboard.press("ArrowDown")
                values.append(select.input_value())
                assert page.evaluate(FOCUSED) == "SELECT"
            page.keyboard.press(end)
            assert page.evaluate(FOCUSED) == "BODY"
        assert len(set(values)) == 4, values

    def test_a_radio_button_too(self, page: Page) -> None:
        page.get_by_text("Outline", exact=True).first.click()
        assert page.evaluate(FOCUSED) == "BODY"


def write_guideline(stack: Stack, text: str) -> int:
    """A next version by lea; its number."""

    def write() -> int:
        project = Project.objects.get(pk=stack.project)
        written = guidelines.write_guideline(
            project=project,
            author=User.objects.get(username="lea"),
            base_version=guidelines.version_at(project, None),
            text=text,
            structures={"spleen": Entry(f"{text} No vessels.", [])},
        )
        return written.version

    number: int = stack.in_database(write)
    return number


def test_every_version_of_the_guideline_is_readable(page: Page, reading: Reading) -> None:
    first = write_guideline(reading.stack, "Draw the outer wall.")
    second = write_guideline(reading.stack, "Draw the inner wall.")
    page.reload()
    wait_until_open(page)
    page.keyboard.press("Alt+l")
    panel = page.get_by_role("region", name="Guideline")
    with page.context.expect_page() as opened:
        panel.get_by_role("link", name=f"Version {second}, in force").click()
    versions = opened.value
    view = versions.get_by_role("region", name=f"Version {second}", exact=True)
    general = view.get_by_role("region", name="All structures")
    expect(general.locator("del")).to_have_text("outer")
    expect(general.locator("ins")).to_have_text("inner")
    expect(view.get_by_role("region", name="Spleen").locator("ins")).to_have_text("inner")
    listed = versions.get_by_role("navigation", name="Versions")
    listed.get_by_role("link", name=f"Version {first}").click()
    view = versions.get_by_role("region", name=f"Version {first}", exact=True)
    view.get_by_text("Whole text").click()
    expect(view).to_contain_text("Draw the outer wall. No vessels.")
    versions.goto(f"/projects/{reading.stack.project}")
    versions.get_by_role("tab", name="Guideline").click()
    versions.get_by_role("link", name="All versions").click()
    expect(versions.get_by_role("heading", name="Guideline of")).to_be_visible()


def test_a_case_is_given_back_while_nothing_is_drawn(sign_in: SignIn, stack: Stack) -> None:
    ben = sign_in("ben")
    assignment = next_case(ben)
    if stack.get(ben, f"/api/assignments/{assignment}/")["mask"]["head"] > 0:
        pytest.skip("the next case of this reader is drawn on")
    ben.get_by_role("button", name="Give back").click()
    ben.get_by_role("button", name="Give it back").click()
    ben.wait_for_url(lambda url: "/worklist" in url)
    state = stack.in_database(lambda: Assignment.objects.get(pk=assignment).state)
    assert state == "released"
    next_case(ben)
    paint(ben, structure=2)
    expect(ben.get_by_role("button", name="Give back")).to_have_count(0)
    ben.keyboard.press("z")
    wait_until_saved(ben)
    expect(ben.get_by_role("button", name="Give back")).to_have_count(0)


def test_a_reviewer_completes_what_was_left_out(page: Page, reading: Reading, sign_in: SignIn) -> None:
    stack = reading.stack
    count = len(kept(reading, page))
    _submit_without(page, "Spleen", "Aorta")
    # The read that waits longest comes first.
    waits = {"submitted_at": datetime(2001, 1, 1, tzinfo=UTC)}
    stack.in_database(lambda: Assignment.objects.filter(pk=reading.assignment).update(**waits))
    rui = sign_in("rui")
    review = next_case(rui, "Next review")
    _look_at_the_readers_measurements(rui, count)
    before = drawn(rui)
    _see_a_fix_among_the_changes(rui)
    assert same(drawn(rui), before)
    _complete_the_spleen(rui)
    said = f"/api/assignments/{review}/"
    eventually(rui, lambda: stack.get(rui, said)["completed"] == ["spleen"], "the tick on the server")
    rui.reload()
    wait_until_open(rui)
    expect(rui.get_by_label("Spleen is completed")).to_be_checked()
    assert same(drawn(rui), before)
    rui.get_by_role("button", name="Accept", exact=True).click()
    rui.wait_for_url(lambda url: "/worklist" in url)
    verdict, annotated = stack.in_database(lambda: _accepted(review))
    structures = {one["key"] for one in stack.get(rui, said)["structures"]}
    assert annotated == structures - {"aorta"}
    assert verdict == Verdict.FIX


def _submit_without(page: Page, *names: str) -> None:
    page.get_by_role("button", name="Submit", exact=True).click()
    for name in names:
        page.get_by_test_id("unfinished").get_by_label(name).check()
    page.get_by_role("button", name="Submit now").click()
    page.wait_for_url(lambda url: "/worklist" in url)


def _look_at_the_readers_measurements(rui: Page, count: int) -> None:
    """They are there to be looked at, and none of them is the reviewer's."""
    readers = rui.get_by_role("region", name="Measured by the reader")
    expect(readers.get_by_role("listitem")).to_have_count(count)
    assert measured(rui) == []
    if count > 0:
        readers.get_by_role("switch").uncheck()
        readers.get_by_title("Go to its slice").first.click()


def _see_a_fix_among_the_changes(rui: Page) -> None:
    bladder = rui.get_by_role("region", name="Changes to the prediction").get_by_text("Urinary bladder")
    expect(bladder).to_have_count(0)
    paint(rui, structure=6)
    expect(bladder).to_be_visible()
    rui.keyboard.press("z")
    expect(bladder).to_have_count(0)
    wait_until_saved(rui)


def _complete_the_spleen(rui: Page) -> None:
    left_out = rui.get_by_role("region", name="Not looked at by the reader")
    expect(left_out.get_by_role("listitem")).to_have_count(2)
    left_out.get_by_label("Spleen is completed").check()
    left_out.get_by_title("Make it the active structure").filter(has_text="Aorta").click()
    aorta = left_out.get_by_label("Aorta is completed")
    rui.keyboard.press("Shift+Y")
    expect(aorta).to_be_checked()
    rui.keyboard.press("Shift+Y")
    expect(aorta).not_to_be_checked()


def _accepted(review: int) -> tuple[str, set[str]]:
    """The verdict, and what counts as annotated in what was accepted."""
    revision = Case.objects.get(assignments=review).accepted_revision
    assert revision is not None
    return Review.objects.get(assignment=review).verdict, set(revision.mask.annotated)
