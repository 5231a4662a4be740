"""What stands beside the drawing: measuring, looking, history, comparing, guidance, guideline, keys."""

import re
from functools import partial
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from annotation.guidelines import Entry, write_guideline
from annotation.models import Assignment, Prediction, Project
from tests.e2e.cases import SHAPE, SPACING_MM
from tests.e2e.conftest import Open, Reading
from tests.e2e.masks import difference, drawn, same, stored
from tests.e2e.pages import drag, eventually, paint, reopened, wait_until_open, wait_until_saved
from training.phantom import make_phantom

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

SLICES = "window.__delineate.viewer.views.slices"
GREYS = """() => {
  const [image] = document.querySelectorAll('[data-testid=plane-axial] canvas');
  const { data } = image.getContext('2d').getImageData(0, 0, image.width, image.height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum += data[at];
  return sum / (data.length / 4);
}"""

CENTRES = "window.__delineate.viewer.planes.panes.map(({ view }) => [...view.centre])"
SKETCHED = """() => {
  const [, , sketch] = document.querySelectorAll('[data-testid=plane-axial] canvas');
  return sketch.style.visibility !== 'hidden';
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
    wait_until_saved(page)


def region(centre: list[int], structure: int, reason: str) -> dict[str, Any]:
    """As a worker keeps it, two voxels wide to every side."""
    return {
        "kind": "unsure",
        "centre_ijk": centre,
        "low": [at - 2 for at in centre],
        "high": [at + 2 for at in centre],
        "layer": 0,
        "structure": structure,
        "volume_ml": 3.4,
        "uncertainty": 0.8,
        "reason": reason,
    }


SUSPICIOUS = [region([30, 18, 20], 2, "unsure of the first"), region([14, 26, 9], 1, "unsure of the second")]


def test_the_walk_goes_from_one_suspicious_region_to_the_next(page: Page, reading: Reading) -> None:
    def suspect() -> int:
        read = Assignment.objects.get(pk=reading.assignment)
        return Prediction.objects.filter(mask=read.mask.base_id).update(regions=SUSPICIOUS)

    assert reading.stack.in_database(suspect) == 1
    page.reload()
    wait_until_open(page)
    expect(page.get_by_text("– of 2")).to_be_visible()
    for rank, one in enumerate(SUSPICIOUS, start=1):
        page.keyboard.press("n")
        expect(page.get_by_text(f"{rank} of 2")).to_be_visible()
        eventually(page, partial(same_place, page, one["centre_ijk"]), f"the crosshair at region {rank}")
    page.keyboard.press("Alt+g")
    panel = page.get_by_role("region", name="Guidance")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    expect(panel.get_by_role("listitem").first).to_contain_text("Unsure of the first.")
    panel.get_by_title("Go there").first.click()
    eventually(page, partial(same_place, page, SUSPICIOUS[0]["centre_ijk"]), "the crosshair at the first")


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


def axial(page: Page) -> tuple[float, float]:
    """The middle of the axial plane on the screen."""
    box = page.get_by_test_id("plane-axial").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("tilt", [False, True], ids=["in a slice", "in a turned plane"])
def test_an_ellipse_has_the_area_and_the_hu_of_what_it_holds(
    page: Page, reading: Reading, tilt: bool
) -> None:
    x, y = axial(page)
    page.mouse.move(x, y)
    if tilt:
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Alt+r")
    drag(page, [(x - 90, y - 60), (x, y), (x + 70, y + 50)])
    row = page.get_by_role("list", name="Measurements").get_by_role("listitem")
    expect(row).to_contain_text(re.compile(r"mm².* HU \(SD\); .* HU$"))
    volume = reading.get(page)["volume"]

    def kept() -> list[dict[str, Any]]:
        measured: list[dict[str, Any]] = reading.get(page)["measurements"]
        return measured

    def is_stored() -> bool:  # while it is drawn slowly, what there is of it is stored as well
        areas = [held(one["points_lps"], volume, reading.seed)[0] for one in kept()]
        return [f"{area:.0f} mm²" in row.inner_text() for area in areas] == [True]

    eventually(page, is_stored, "the ellipse of the page on the server")
    [ellipse] = kept()
    assert ellipse["tilt_deg"] == ([0, 0, 5] if tilt else [0, 0, 0])
    _, inside = held(ellipse["points_lps"], volume, reading.seed)
    mean, sd = mean_and_sd(row.inner_text())
    assert mean == pytest.approx(inside.mean(), abs=12 if tilt else 0.06)
    if not tilt:
        assert sd == pytest.approx(inside.std(), abs=0.06)
    else:
        # HU are taken between the voxels there, which takes noise away.
        assert 0.5 * inside.std() < sd < inside.std() + 8
        page.keyboard.press("Shift+0")
        expect(page.get_by_text("oblique")).to_have_count(0)
        row.get_by_title("Go to its slice").click()
        expect(page.get_by_text("oblique 0° 0° 5°")).to_be_visible()
    page.keyboard.press("Delete")
    expect(row).to_have_count(0)
    eventually(page, lambda: reading.get(page)["measurements"] == [], "nothing measured any more")


def mean_and_sd(words: str) -> tuple[float, float]:
    """The HU that a measurement shows."""
    [(mean, sd)] = re.findall(r"(-?[\d.]+) ± ([\d.]+) HU", words.replace("−", "-"))
    return float(mean), float(sd)


def held(points_lps: list[list[float]], volume: dict[str, Any], seed: int) -> tuple[float, NDArray[Any]]:
    """The area of an ellipse in an axial slice, in mm², and the HU of the voxels whose middles it holds."""
    turn = np.linalg.inv(np.array(volume["direction"]))
    points = (np.array(points_lps) - volume["origin_lps"]) @ turn.T
    first, second = points[1] - points[0], points[3] - points[2]
    image = make_phantom(seed, shape=SHAPE, spacing_mm=SPACING_MM).image.voxels
    away = np.moveaxis(np.indices(SHAPE), 0, -1) * SPACING_MM - points[:2].mean(axis=0)
    shares = [2 * away @ axis / (axis @ axis) for axis in (first, second)]
    k = round(points[0][2] / SPACING_MM[2])
    inside = image[:, :, k][(shares[0] ** 2 + shares[1] ** 2 <= 1)[:, :, k]]
    return float(np.pi / 4 * np.linalg.norm(first) * np.linalg.norm(second)), inside


def test_a_window_is_typed(page: Page) -> None:
    page.keyboard.press("Alt+w")
    width, centre = page.get_by_label("Window width, HU"), page.get_by_label("Window centre, HU")
    expect(width).to_be_focused()
    page.keyboard.type("350")
    page.keyboard.press("Tab")
    page.keyboard.type("-20")
    page.keyboard.press("Enter")
    expect(page.get_by_text("W 350 L −20")).to_be_visible()
    page.get_by_text("W 350 L −20").click()
    expect(width).to_be_focused()
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The width is a number from 1 to 65535.")
    expect(page.get_by_text("W 350 L −20")).to_be_visible()
    centre.focus()
    page.keyboard.press("Escape")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(width).to_have_value("350")
    width.fill("0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.keyboard.press("F1")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(width).to_have_value("400")


def test_a_slice_is_chosen_by_its_number(page: Page) -> None:
    page.mouse.move(*axial(page))
    page.keyboard.press("Control+g")
    field = page.get_by_label("Number of the axial slice to go to")
    expect(field).to_be_focused()
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    expect(field).to_have_count(0)
    assert page.evaluate(SLICES)["axial"] == 7
    page.get_by_role("button", name="Go to axial slice by number").hover()
    page.mouse.wheel(0, 100)
    eventually(page, lambda: page.evaluate(SLICES)["axial"] != 7, "another slice by the wheel")
    page.mouse.wheel(0, -100)
    eventually(page, lambda: page.evaluate(SLICES)["axial"] == 7, "the slice before")
    page.get_by_role("button", name="Go to sagittal slice by number").click()
    page.keyboard.type(str(SHAPE[0]))
    page.keyboard.press("Enter")
    says = f"There is no sagittal slice {SHAPE[0]}: this scan has 0 to {SHAPE[0] - 1}."
    expect(page.get_by_role("alert")).to_have_text(says)
    page.keyboard.press("Escape")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate(SLICES)["axial"] == 7


def test_a_thick_slab_is_only_looked_at(page: Page) -> None:
    expect(page.get_by_label("Image loading")).to_have_count(0)
    thin = settled(page)
    page.get_by_role("button", name="Slab and cine: off").click()
    page.get_by_role("textbox", name="Depth, mm").fill("30")
    page.keyboard.press("Enter")
    greys = {}
    for kind in ("MIP", "MinIP", "Mean"):
        page.keyboard.press("Shift+T")
        note = page.get_by_text(f"{kind} 30 mm: drawing in the middle slice")
        expect(note).to_be_visible()
        greys[kind] = settled(page)
    assert greys["MinIP"] < min(thin, greys["Mean"]) <= max(thin, greys["Mean"]) < greys["MIP"]
    before = drawn(page)
    paint(page, structure=6, down=0.45)
    eventually(page, lambda: not same(drawn(page), before), "a stroke")
    wait_until_saved(page)
    changed = np.argwhere(drawn(page) != before)
    assert set(changed[:, 1]) == {page.evaluate(SLICES)["axial"]}
    page.keyboard.press("z")
    eventually(page, lambda: same(drawn(page), before), "nothing of the stroke")
    wait_until_saved(page)
    note.click()
    expect(note).to_have_count(0)
    eventually(page, lambda: bool(page.evaluate(GREYS) == thin), "the slice as it was")


def settled(page: Page) -> float:
    """The mean grey of the axial plane, once it has not changed for a third of a second."""
    seen = [-1.0]

    def again() -> bool:
        page.wait_for_timeout(350)  # a slab is complete a moment after it has come to rest
        seen.append(page.evaluate(GREYS))
        return seen[-1] == seen[-2]

    eventually(page, again, "a plane that is complete")
    return seen[-1]


def test_slices_play_until_anything_is_done(page: Page) -> None:
    page.mouse.move(*axial(page))

    def moves() -> bool:
        before = page.evaluate(SLICES)["axial"]
        page.wait_for_timeout(350)
        return bool(page.evaluate(SLICES)["axial"] != before)

    for stop in ("key", "wheel", "other key"):
        page.keyboard.press("Shift+Space")
        expect(page.get_by_text("playing axial")).to_be_visible()
        eventually(page, moves, "another slice")  # a slow browser plays slower
        if stop == "wheel":
            page.mouse.wheel(0, 120)
        else:
            page.keyboard.press("Shift+Space" if stop == "key" else "b")
        expect(page.get_by_text("playing axial")).to_have_count(0)
        assert not moves()


def test_planes_turn_with_the_pointer_and_a_glass_shows_them_larger(page: Page) -> None:
    x, y = axial(page)
    page.keyboard.press("h")
    page.mouse.click(x + 60, y - 40)
    page.mouse.move(x, y)
    before = page.evaluate(CENTRES)
    page.keyboard.down("Shift")
    x, y = x + 60, y - 40
    drag(page, [(x + 120, y), (x + 100, y + 70), (x, y + 120)])
    page.keyboard.up("Shift")
    note = page.get_by_text(re.compile(r"oblique 0° 0° -(8[5-9]|9[0-5])"))
    expect(note).to_be_visible()
    note.click()
    expect(note).to_have_count(0)
    assert page.evaluate(CENTRES) == before, "straight planes lie where they lay"
    page.mouse.move(x, y)
    page.keyboard.down("Alt")
    page.keyboard.down("x")
    eventually(page, lambda: bool(page.evaluate(SKETCHED)), "the glass")
    page.keyboard.up("x")
    page.keyboard.up("Alt")
    eventually(page, lambda: not page.evaluate(SKETCHED), "no glass")
