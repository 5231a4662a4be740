"""What a person does on a page, by the names that the page shows."""

import time
from collections.abc import Callable, Sequence
from functools import partial

from playwright.sync_api import Page, expect

SAVED = "[data-testid=save-badge][data-state=saved]"
Counts = list[int]
Point = tuple[float, float]


def next_case(page: Page, button: str = "Next case") -> int:
    """Take the next case (or review) and open it so that tests can look into the viewer; its assignment."""
    page.goto("/worklist")  # an open one looks for what is new only twice a minute
    page.get_by_role("button", name=button).click()
    page.wait_for_url(lambda url: "/annotate/" in url or "/review/" in url)
    page.goto(f"{page.url}?debug")
    wait_until_open(page)
    return int(page.url.split("?")[0].rstrip("/").split("/")[-1])


def wait_until_open(page: Page) -> None:
    """The axial plane shows something, and what is put up around it afterwards is there as well."""
    eventually(page, lambda: is_open(page), "the viewer", seconds=30)
    expect(page.get_by_test_id("plane-axial").locator("canvas").first).to_be_visible()
    expect(page.get_by_role("toolbar", name="View")).to_be_visible(timeout=30_000)


def wait_until_loaded(page: Page) -> None:
    """The whole scan is there."""
    loaded = partial(page.evaluate, "window.__delineate.viewer.image.isComplete")
    eventually(page, lambda: bool(loaded()), "the whole scan")


def is_open(page: Page) -> bool:
    return bool(page.evaluate("window.__delineate?.viewer !== undefined"))


def eventually(page: Page, condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait for what no locator can see.

    Not wait_for_function: that needs eval, which the page's content security policy forbids.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        page.wait_for_timeout(30)


def counts(page: Page, structures: int = 6) -> Counts:
    """Voxels of each structure of layer 0 in the reader's mask."""
    values: Counts = page.evaluate(
        "n => Array.from({length: n}, (_, v) => window.__delineate.viewer.engine.voxelCount(0, v + 1))",
        structures,
    )
    return values


def paint(page: Page, *, structure: int, across: float = 0.5, down: float = 0.5) -> None:
    """One brush stroke of the structure with this number key, through a point of the axial plane."""
    page.keyboard.press("b")
    page.keyboard.press(str(structure))
    box = page.get_by_test_id("plane-axial").bounding_box()
    assert box is not None
    x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
    drag(page, [(x - 30 + 10 * step, y + step) for step in range(7)])


def drag(page: Page, points: Sequence[Point]) -> None:
    """Press at the first point, go through the others, let go at the last."""
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    page.mouse.up()


def alias_of(page: Page) -> str:
    """What the open case is called."""
    return page.get_by_role("heading", level=1).inner_text().removeprefix("Case ")


def save_state(page: Page) -> str | None:
    """What the badge says: saved, saving, offline, signedOut, branched …"""
    return page.get_by_test_id("save-badge").get_attribute("data-state")


def reopened(page: Page, act: Callable[[], None]) -> None:
    """Do what closes the case and opens it again in its place, and wait for that."""
    page.evaluate("delete window.__delineate")
    act()
    wait_until_open(page)


def wait_until_saved(page: Page) -> None:
    """The badge says that the server has acknowledged everything, the stroke of a moment ago included."""
    page.evaluate("() => { window.__delineate?.viewer?.engine; }")  # a machine is quicker than the page here
    expect(page.locator(SAVED)).to_be_visible()


def submit(page: Page) -> None:
    """Submit, and confirm."""
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("button", name="Submit now").click()
    page.wait_for_url(lambda url: "/worklist" in url)
