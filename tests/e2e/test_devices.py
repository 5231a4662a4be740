"""Screens, fingers, pens and graphics cards as readers have them: fine pixels, small windows, no WebGL."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, FloatRect, Page, Route, Worker, expect

from tests.e2e.conftest import Reading
from tests.e2e.masks import difference, drawn, same
from tests.e2e.pages import Point, drag, eventually, wait_until_loaded, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

READER = "ana"
OpenWith = Callable[..., Page]
# Put before the code of the worker that draws the 3-D view, to reach its graphics card from outside.
KEEP_CONTEXT = """{
  const { getContext } = OffscreenCanvas.prototype;
  OffscreenCanvas.prototype.getContext = function (...given) {
    globalThis.card = getContext.apply(this, given);
    return globalThis.card;
  };
}
"""
NO_CONTEXT = "OffscreenCanvas.prototype.getContext = () => null;\n"
LOSE = """() => {
  globalThis.loss = globalThis.card.getExtension('WEBGL_lose_context');
  globalThis.loss.loseContext();
}"""
BOXES = """selector => [...document.querySelectorAll(selector)]
  .map((element) => element.getBoundingClientRect())
  .filter(({ width, height }) => width > 0 && height > 0)
  .map(({ left, top, right, bottom }) => [left, top, right, bottom])"""


@pytest.fixture
def open_with(reading: Reading, browser: Browser) -> Iterator[OpenWith]:
    """The read in a browser of its own, with what Playwright calls context options."""
    contexts = []

    def open_read(before: Callable[[Page], Any] | None = None, **options: Any) -> Page:
        options = {"viewport": {"width": 1440, "height": 900}} | options
        context = browser.new_context(storage_state=reading.cookies, **options)
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        if before is not None:
            before(page)
        page.goto(reading.address)
        wait_until_open(page)
        return page

    yield open_read
    for context in contexts:
        context.close()


def middle(page: Page, plane: str = "axial") -> Point:
    box = page.get_by_test_id(f"plane-{plane}").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def undo(page: Page) -> None:
    """Also for the next test, which opens the same read."""
    page.keyboard.press("z")
    wait_until_saved(page)


def take_brush(page: Page) -> None:
    page.keyboard.press("b")
    page.keyboard.press("6")


@pytest.mark.parametrize("ratio", [1.5, 2])
def test_fine_pixels_are_used_and_strokes_land_below_the_pointer(open_with: OpenWith, ratio: float) -> None:
    page = open_with(device_scale_factor=ratio)
    sizes = (
        page.get_by_test_id("plane-axial")
        .locator("canvas")
        .evaluate_all("all => all.map(({ width, clientWidth }) => width / clientWidth)")
    )
    assert sizes[:2] == pytest.approx([ratio, ratio], abs=0.01), "image and mask"
    take_brush(page)
    page.keyboard.press("[")
    before = drawn(page)
    x, y = middle(page)
    page.mouse.click(x + 31, y - 47)
    i, j, k = page.evaluate("window.__delineate.viewer.tools.place()")
    layer_k_j_i = (drawn(page) != before).nonzero()
    assert (int(i), int(j), int(k)) == tuple(round(float(at.mean())) for at in reversed(layer_k_j_i[1:]))
    undo(page)


def test_nothing_is_left_of_an_outline_when_it_was_undone(open_with: OpenWith) -> None:
    page = open_with()
    page.keyboard.press("s")
    page.keyboard.press("6")
    x, y = middle(page)
    left, top, aside = x - 170, y - 150, (x, 2)
    clip: FloatRect = {"x": left, "y": top, "width": 140, "height": 120}  # beside the crosshair
    page.mouse.move(*aside)
    wait_until_loaded(page)
    seen = steady(page, lambda: page.screenshot(clip=clip))
    before = drawn(page)
    page.keyboard.down("Shift")  # fills instead of cutting
    drag(page, [(left + dx, top + dy) for dx, dy in ((20, 20), (120, 20), (120, 100), (20, 100), (20, 40))])
    page.keyboard.up("Shift")
    page.mouse.move(*aside)
    eventually(page, lambda: not same(drawn(page), before), "the cut")
    undo(page)
    assert same(drawn(page), before)
    eventually(page, lambda: page.screenshot(clip=clip) == seen, "the plane as it was before the cut")


def before_the_worker(code: str) -> Callable[[Page], None]:
    def serve(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=code + answer.text())

    def route(page: Page) -> None:
        page.route("**/assets/volumeWorker*", serve)

    return route


def volume_worker(page: Page) -> Worker:
    return next(worker for worker in page.workers if "volumeWorker" in worker.url)


def test_the_3d_view_comes_back_when_the_graphics_card_drops_it(open_with: OpenWith) -> None:
    page = open_with(before_the_worker(KEEP_CONTEXT))
    page.keyboard.press("Shift+2")
    volume = page.get_by_test_id("volume")
    expect(volume.locator("canvas")).to_be_visible()
    still = steady(page, volume.screenshot)
    worker = volume_worker(page)
    worker.evaluate(LOSE)
    expect(volume.get_by_role("status")).to_contain_text("The graphics card has dropped the 3-D view.")
    worker.evaluate("globalThis.loss.restoreContext()")
    expect(volume.get_by_role("status")).to_be_hidden()
    eventually(page, lambda: volume.screenshot() == still, "all surfaces, drawn again")


def steady(page: Page, look: Callable[[], bytes]) -> bytes:
    """What is seen when nothing comes any more."""
    seen = [b"", look()]

    def is_still() -> bool:
        page.wait_for_timeout(400)
        seen.append(look())
        return seen[-1] == seen[-2] == seen[-3]

    eventually(page, is_still, "a picture at rest")
    return seen[-1]


def test_without_webgl_the_planes_work_and_a_sentence_says_why_3d_does_not(open_with: OpenWith) -> None:
    page = open_with(before_the_worker(NO_CONTEXT))
    page.keyboard.press("Shift+2")
    expect(page.get_by_test_id("volume")).to_contain_text("This browser has no WebGL 2")
    before = drawn(page)
    take_brush(page)
    x, y = middle(page)
    drag(page, [(x, y), (x + 30, y)])
    assert not same(drawn(page), before)
    undo(page)


class Fingers:
    """Touches of a screen, by the browser's own input; each finger keeps its number."""

    def __init__(self, page: Page) -> None:
        self.devtools: CDPSession = page.context.new_cdp_session(page)

    def are(self, *places: Point) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})

    def down(self, *places: Point) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})

    def up(self) -> None:
        self.devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_one_finger_draws_and_two_zoom(open_with: OpenWith) -> None:
    page = open_with(viewport={"width": 1024, "height": 768}, has_touch=True)
    take_brush(page)
    fingers, (x, y) = Fingers(page), middle(page)
    before = drawn(page)
    fingers.down((x, y))
    for step in range(8):
        fingers.are((x + 6 * step, y))
    fingers.up()
    after = drawn(page)
    assert not same(after, before)

    zoom = scale(page)
    fingers.down((x - 20, y))
    fingers.are((x - 26, y))
    fingers.down((x - 26, y), (x + 20, y))
    for step in range(8):
        fingers.are((x - 26 - 5 * step, y), (x + 20 + 5 * step, y))
    fingers.up()
    assert scale(page) > 1.5 * zoom
    assert same(drawn(page), after), "the second finger drops what the first one began"
    undo(page)
    assert same(drawn(page), before)


def scale(page: Page) -> float:
    return float(page.evaluate("window.__delineate.viewer.panes[0].view.pixelsPerMm"))


def test_a_pen_draws_as_a_mouse_does_and_the_palm_beside_it_does_nothing(open_with: OpenWith) -> None:
    page = open_with(has_touch=True)
    take_brush(page)
    x, y = middle(page)
    start = drawn(page)
    drag(page, [(x + 5 * step, y) for step in range(8)])
    by_mouse = drawn(page)
    assert not same(by_mouse, start)
    undo(page)
    assert same(drawn(page), start)
    fingers, pen = Fingers(page), Pen(page)
    pen.does("mousePressed", (x, y), 0.1)
    for step in range(8):
        pen.does("mouseMoved", (x + 5 * step, y), 0.1 + 0.1 * step)
        if step == 3:
            fingers.down((x + 80, y + 120))
            fingers.are((x + 90, y + 140))
    fingers.up()
    pen.does("mouseReleased", (x + 35, y), 0)
    by_pen = drawn(page)
    assert same(by_pen, by_mouse), difference(by_pen, by_mouse)
    undo(page)


class Pen:
    """A pen, by the browser's own input."""

    def __init__(self, page: Page) -> None:
        self.devtools: CDPSession = page.context.new_cdp_session(page)

    def does(self, kind: str, at: Point, force: float) -> None:
        held = {"button": "left", "buttons": 0 if kind == "mouseReleased" else 1, "clickCount": 1}
        event = {"type": kind, "x": at[0], "y": at[1], "force": force, "pointerType": "pen"}
        self.devtools.send("Input.dispatchMouseEvent", event | held)


@pytest.mark.parametrize("size", [(1440, 900), (1440, 760), (1024, 700), (720, 450)], ids=str)
def test_nothing_lies_over_anything_in_small_windows(open_with: OpenWith, size: tuple[int, int]) -> None:
    """720×450 is a screen of 1440×900 at 200 %."""
    page = open_with(viewport={"width": size[0], "height": size[1]})
    page.keyboard.press("g")
    page.get_by_role("button", name="Paint: anywhere").click()
    for selector in ("header > *", "aside > *"):
        boxes = page.evaluate(BOXES, selector)
        assert [pair for pair in pairs(boxes) if overlap(*pair)] == [], selector
    right, bottom = page.evaluate("[document.scrollingElement.scrollWidth, document.body.scrollHeight]")
    assert (right, bottom) <= size
    tools = page.evaluate(BOXES, "[aria-label=Tools] button")
    footer = page.evaluate(BOXES, "footer")[0]
    assert size[1] < 520 or all(box[3] <= footer[1] + 1 for box in tools), "a tool is out of sight"


def test_the_active_structure_stays_in_sight_when_the_tool_takes_room(open_with: OpenWith) -> None:
    page = open_with(viewport={"width": 1440, "height": 760})
    page.keyboard.press("6")
    expect(page.locator("[data-structure][data-active]")).to_be_in_viewport()
    for tool in "hg":
        page.keyboard.press(tool)
        eventually(page, lambda: page.evaluate(IN_SIGHT), f"the active row beside the tool of {tool}")


IN_SIGHT = """() => {
  const row = document.querySelector('[data-structure][data-active]');
  const [here, list] = [row, row.closest('ul').parentElement].map((one) => one.getBoundingClientRect());
  return here.top >= list.top - 1 && here.bottom <= list.bottom + 1;
}"""


Box = tuple[float, float, float, float]


def pairs(boxes: list[Box]) -> list[tuple[Box, Box]]:
    return [(one, other) for n, one in enumerate(boxes) for other in boxes[:n]]


def overlap(one: Box, other: Box) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1 and down > 1
