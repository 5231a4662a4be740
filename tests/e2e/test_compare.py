"""Two masks side by side: linked, the right one only to look at; and structures drawn in their own styles."""

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Open, Reading
from tests.e2e.masks import drawn, same, stored
from tests.e2e.pages import drag, eventually, paint, wait_until_loaded, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

READER = "ben"
KEY = "Shift+S"
PLANES = {"1": "axial", "2": "axial", "3": "sagittal", "4": "coronal", "5": "axial"}
"""Main plane of each layout by its key; the last shows one pane, where the pointer was."""
PLACES = """panes => panes.map((pane) => {
  const { x, y, width, height } = pane.firstElementChild.getBoundingClientRect();
  return [pane.dataset.pane, pane.dataset.place, x, y, width, height].join(' ');
}).sort()"""
PICTURE = """id => [...document.querySelectorAll(`[data-testid=${id}] canvas`)].slice(0, 2)
  .map((canvas) => canvas.toDataURL()).join()"""
MARKS = """id => {
  const { width, height } = document.querySelector(`[data-testid=${id}]`).getBoundingClientRect();
  const svg = document.querySelector(`[data-testid=${id}] svg`);
  const ring = [...svg.querySelectorAll('circle')].find((circle) => circle.style.display !== 'none');
  const from = (element, x, y) => element
    && [element.getAttribute(x) - width / 2, element.getAttribute(y) - height / 2].map(Math.round);
  const [, right] = svg.querySelectorAll('line');
  return { ring: from(ring, 'cx', 'cy') ?? null, cross: from(right, 'x1', 'y1') };
}"""
SKETCHED = """id => {
  const [, , sketch] = document.querySelectorAll(`[data-testid=${id}] canvas`);
  const { width, height, style } = sketch;
  return style.visibility !== 'hidden'
    && sketch.getContext('2d').getImageData(0, 0, width, height).data.some((byte) => byte !== 0);
}"""
LEFT, RIGHT = "plane-axial", "plane-beside"


@pytest.fixture
def page(seat: Open, reading: Reading) -> Page:
    """The read, with the own mask on the left and the prediction on the right."""
    page = seat()
    page.goto(reading.address)
    wait_until_open(page)
    page.keyboard.press(KEY)
    expect(page.get_by_test_id("side-left")).to_have_text("My mask")
    expect(page.get_by_test_id("side-right")).to_contain_text("Predictionto look at")
    # Both sides are drawn, and nothing of the image is on its way any more.
    expect(page.get_by_label("Image loading")).to_have_count(0)
    settled(page, RIGHT)
    return page


def picture(page: Page, plane: str) -> str:
    """Image and mask of a plane, as they are on the screen."""
    text: str = page.evaluate(PICTURE, plane)
    assert text != ""
    return text


def settled(page: Page, plane: str) -> str:
    """The picture of the whole scan, once it has not changed for two thirds of a second."""
    wait_until_loaded(page)
    seen = ["", picture(page, plane)]

    def stays() -> bool:
        page.wait_for_timeout(300)
        seen.append(picture(page, plane))
        return seen[-1] == seen[-2] == seen[-3]

    eventually(page, stays, "a plane that is complete")
    return seen[-1]


def axial(page: Page) -> int:
    return int(page.evaluate("window.__delineate.viewer.views.slices.axial"))


def middle(page: Page, plane: str) -> tuple[float, float]:
    box = page.get_by_test_id(plane).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_both_sides_look_at_the_same_place(page: Page) -> None:
    left, right, slice_before = settled(page, LEFT), settled(page, RIGHT), axial(page)

    def changed(*, back: bool = False) -> bool:
        return (picture(page, LEFT) == left, picture(page, RIGHT) == right) == (back, back)

    page.mouse.move(*middle(page, LEFT))
    page.mouse.wheel(0, 120)
    eventually(page, lambda: axial(page) == slice_before - 1 and changed(), "the right at the left's slice")
    page.mouse.move(*middle(page, RIGHT))
    page.mouse.wheel(0, -120)
    eventually(page, lambda: axial(page) == slice_before and changed(back=True), "the left at the right's")
    for plane in (LEFT, RIGHT):
        page.mouse.move(*middle(page, plane))
        page.keyboard.down("Control")
        page.mouse.wheel(0, -240)
        page.keyboard.up("Control")
        eventually(page, changed, f"both zoomed from {plane}")
        page.keyboard.press("0")
        eventually(page, lambda: changed(back=True), "both fitted again")
        page.mouse.down(button="middle")
        page.mouse.move(middle(page, plane)[0] + 40, middle(page, plane)[1] + 25)
        page.mouse.up(button="middle")
        eventually(page, changed, f"both moved from {plane}")
        page.keyboard.press("0")
        eventually(page, lambda: changed(back=True), "both fitted again")
    page.keyboard.press("F2")
    eventually(page, changed, "both in the lung window")
    page.keyboard.press("F1")
    eventually(page, lambda: changed(back=True), "both in the soft tissue window")


def test_the_pointer_and_the_crosshair_are_on_both_sides(page: Page) -> None:
    for here, there in ((LEFT, RIGHT), (RIGHT, LEFT)):
        x, y = middle(page, here)
        page.mouse.move(x + 60, y + 45)

        def is_pointed_at(plane: str = there) -> bool:
            ring = page.evaluate(MARKS, plane)["ring"]
            return ring is not None and abs(ring[0] - 60) <= 1 and abs(ring[1] - 45) <= 1

        eventually(page, is_pointed_at, f"the pointer of {here} in {there}")
    page.get_by_role("button", name="Crosshair").click()
    before = page.evaluate(MARKS, RIGHT)["cross"]
    x, y = middle(page, RIGHT)
    page.mouse.click(x + 60, y + 45)
    after = page.evaluate(MARKS, RIGHT)["cross"]
    assert after != before
    assert page.evaluate(MARKS, LEFT)["cross"] == after


def test_the_right_shows_heat_measurements_and_what_the_probe_says(page: Page) -> None:
    before = settled(page, RIGHT)
    page.evaluate("window.__delineate.viewer.views.showHeatMap(true, 0.5)")
    eventually(page, lambda: picture(page, RIGHT) != before, "the heat map on the right")
    page.evaluate("window.__delineate.viewer.views.showHeatMap(false, 0.5)")
    eventually(page, lambda: picture(page, RIGHT) == before, "no heat map on the right")
    assert not sketched(page, RIGHT)
    page.keyboard.press("Shift+L")
    (x, y), (over, down) = middle(page, LEFT), middle(page, RIGHT)
    drag(page, [(x - 90, y - 70), (x, y - 70), (x + 60, y - 70)])
    eventually(page, lambda: sketched(page, RIGHT), "the length on the right")
    drag(page, [(over - 40, down + 40), (over, down + 40), (over + 40, down + 40)])
    expect(page.get_by_role("list", name="Measurements").get_by_role("listitem")).to_have_count(1)
    page.mouse.move(x, 5)
    page.keyboard.press("Delete")
    eventually(page, lambda: not sketched(page, RIGHT), "nothing measured on the right")
    page.keyboard.press("Shift+I")
    page.mouse.move(over + 10, down + 10)
    eventually(page, lambda: sketched(page, RIGHT) and not sketched(page, LEFT), "what the probe says")


def sketched(page: Page, plane: str) -> bool:
    """Whether tools have drawn anything above the plane."""
    return bool(page.evaluate(SKETCHED, plane))


def test_painting_on_the_left_counts_and_the_right_stays(page: Page, reading: Reading) -> None:
    before, right, left = drawn(page), settled(page, RIGHT), settled(page, LEFT)
    prediction = reading.get(page)["prediction_mask"]["id"]
    predicted = stored(reading, page, mask=prediction)
    page.keyboard.press("Alt+c")
    panel = page.get_by_role("region", name="Compare")
    bladder = panel.get_by_role("row", name="Urinary bladder")
    expect(panel.get_by_role("table")).to_be_visible()
    expect(panel.locator("tr[data-changed]")).to_have_count(0)
    paint(page, structure=6)
    assert not same(drawn(page), before)
    expect(bladder).to_have_attribute("data-changed", "true")
    painted = drawn(page)
    page.keyboard.press("b")
    x, y = middle(page, RIGHT)
    drag(page, [(x, y), (x + 30, y), (x + 60, y)])
    assert same(drawn(page), painted), "the right side was drawn on"
    page.mouse.move(*middle(page, LEFT))
    page.get_by_role("button", name="Leave side by side").hover()
    assert settled(page, RIGHT) == right
    assert picture(page, LEFT) != left
    page.keyboard.press("z")
    expect(panel.locator("tr[data-changed]")).to_have_count(0)
    assert same(drawn(page), before)
    wait_until_saved(page)
    assert same(stored(reading, page, mask=prediction), predicted)


def test_a_key_a_command_and_the_panel_lead_in_and_out(page: Page) -> None:
    beside = page.get_by_test_id(RIGHT)
    page.keyboard.press(KEY)
    expect(beside).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Find an action or a structure")).to_be_focused()
    page.keyboard.type("side by side")
    page.keyboard.press("Enter")
    expect(beside).to_be_visible()
    page.keyboard.press("?")
    overview = page.get_by_role("dialog", name="Keys", exact=True)
    expect(overview.get_by_text("Compare side by side, and back")).to_be_visible()
    expect(overview.get_by_text("Shift-S", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(overview).to_be_hidden()
    expect(beside).to_be_visible()
    page.get_by_role("button", name="Leave side by side").click()
    expect(beside).to_have_count(0)
    page.keyboard.press("Alt+c")
    page.get_by_role("button", name="Side by side").first.click()
    expect(beside).to_be_visible()
    page.get_by_role("region", name="Compare").get_by_text("Outlines", exact=True).click()
    expect(beside).to_have_count(0)
    page.keyboard.press(KEY)
    expect(beside).to_be_visible()
    page.keyboard.press(KEY)
    expect(beside).to_have_count(0)
    expect(page.get_by_role("radio", name="Outlines")).to_be_checked()
    page.get_by_role("button", name="Stop comparing").click()


def test_each_layout_has_its_main_plane_twice_and_comes_back(page: Page) -> None:
    image = page.get_by_role("main", name="Image")
    page.mouse.move(*middle(page, LEFT))
    page.keyboard.press(KEY)
    for key, plane in PLANES.items():
        page.mouse.move(*middle(page, f"plane-{plane}"))
        page.keyboard.press(f"Shift+{key}")
        layout = image.get_attribute("data-layout")
        # The slice rails take their size from their planes a moment later.
        page.wait_for_timeout(300)
        before = image.locator("[data-pane]").evaluate_all(PLACES)
        page.keyboard.press(KEY)
        expect(image).to_have_attribute("data-layout", "beside")
        expect(image.locator("[data-side=left]")).to_have_attribute("data-pane", plane)
        sizes = [page.get_by_test_id(side).bounding_box() for side in (f"plane-{plane}", RIGHT)]
        assert all(size is not None and size["width"] > 400 for size in sizes)
        page.keyboard.press(KEY)
        expect(image).to_have_attribute("data-layout", str(layout))
        page.wait_for_timeout(300)
        assert image.locator("[data-pane]").evaluate_all(PLACES) == before
    page.keyboard.press("Shift+1")
    page.mouse.move(*middle(page, "plane-sagittal"))
    page.keyboard.press("Space")
    page.keyboard.press(KEY)
    expect(image.locator("[data-side=left]")).to_have_attribute("data-pane", "sagittal")
    page.keyboard.press(KEY)
    expect(image.locator("[data-pane=sagittal]")).to_have_attribute("data-place", "all")


def look_at(page: Page, value: int) -> None:
    """Go to the middle of a structure of the first layer, and make it the active one."""
    found = np.argwhere(drawn(page)[0] == value)
    k, j, i = (int(place) for place in found[len(found) // 2])
    page.evaluate("ijk => window.__delineate.viewer.goTo(ijk)", [i, j, k])
    page.keyboard.press(str(value))


def test_a_structure_is_drawn_in_its_own_style_on_both_sides(page: Page) -> None:
    look_at(page, 1)
    page.keyboard.press("Alt+s")
    page.get_by_role("button", name="Leave side by side").hover()
    both = settled(page, LEFT), settled(page, RIGHT)
    dots = page.locator("[data-structure] [data-drawing]")
    pictures = [both]
    for style in ("outline", "fill"):
        page.keyboard.press("Shift+F")
        expect(page.locator("[data-active] [data-drawing]")).to_have_attribute("data-drawing", style)
        expect(page.locator("[data-structure] [data-drawing=both]")).to_have_count(5)
        pictures.append((settled(page, LEFT), settled(page, RIGHT)))
    assert len({left for left, _ in pictures}) == len({right for _, right in pictures}) == 3
    page.keyboard.press("Shift+O")
    expect(page.locator("[data-structure] [data-drawing=outline]")).to_have_count(dots.count())
    page.keyboard.press("Shift+O")
    page.keyboard.press("Shift+O")
    eventually(page, lambda: (picture(page, LEFT), picture(page, RIGHT)) == both, "all as at first")


def test_a_colour_of_ones_own_is_drawn_kept_and_given_back(page: Page) -> None:
    look_at(page, 1)
    dot = page.locator("[data-active] [data-drawing]")
    first, before = colour(dot), settled(page, LEFT)
    page.locator("[data-active]").get_by_role("button", name="How ", exact=False).click()
    with page.expect_response("**/api/me/preferences/"):
        page.get_by_label("My colour of ").fill("#ff00ff")
    assert colour(dot) == "rgb(255, 0, 255)"
    eventually(page, lambda: picture(page, LEFT) != before, "another colour in the image")
    page.reload()
    wait_until_open(page)
    assert colour(dot) == "rgb(255, 0, 255)"
    page.locator("[data-active]").get_by_role("button", name="How ", exact=False).click()
    with page.expect_response("**/api/me/preferences/"):
        page.get_by_role("button", name="As all others").click()
    assert colour(dot) == first


def colour(dot: Locator) -> str:
    text: str = dot.evaluate("(dot) => getComputedStyle(dot).color")
    return text


def test_a_plane_that_is_hidden_does_not_count_as_looked_at(page: Page) -> None:
    def looked(plane: str, at: int) -> bool:
        rail = "([plane, at]) => window.__delineate.viewer.views.rail(plane).looked[at] === 1"
        return bool(page.evaluate(rail, [plane, at]))

    page.evaluate("window.__delineate.viewer.goTo([7, 9, 4])")
    eventually(page, lambda: looked("axial", 4), "the axial slice looked at")
    page.wait_for_timeout(600)
    assert not looked("sagittal", 7)
    assert not looked("coronal", 9)
    page.keyboard.press(KEY)
    eventually(page, lambda: looked("sagittal", 7) and looked("coronal", 9), "the others, when they are back")
