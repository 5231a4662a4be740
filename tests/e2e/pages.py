"""What a person does on a page, by the names that the page shows."""

from playwright.sync_api import Page, expect

SAVED = "[data-testid=save-badge][data-state=saved]"
Counts = list[int]


def next_case(page: Page, button: str = "Next case") -> int:
    """Take the next case (or review) and open it so that tests can look into the viewer; its assignment."""
    page.get_by_role("button", name=button).click()
    page.wait_for_url(lambda url: "/annotate/" in url or "/review/" in url)
    page.goto(f"{page.url}?debug")
    wait_until_open(page)
    return int(page.url.split("?")[0].rstrip("/").split("/")[-1])


def wait_until_open(page: Page) -> None:
    """The viewer is there and its axial plane shows something."""
    # Not wait_for_function: that needs eval, which the page's content security policy forbids.
    for _ in range(300):
        if page.evaluate("window.__delineate?.viewer !== undefined"):
            break
        page.wait_for_timeout(100)
    expect(page.get_by_test_id("plane-axial").locator("canvas").first).to_be_visible()


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
    page.mouse.move(x - 30, y)
    page.mouse.down()
    for step in range(1, 7):
        page.mouse.move(x - 30 + 10 * step, y + step)
    page.mouse.up()


def wait_until_saved(page: Page) -> None:
    """The badge says that the server has acknowledged everything."""
    expect(page.locator(SAVED)).to_be_visible()


def submit(page: Page) -> None:
    """Submit, and confirm."""
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("button", name="Submit now").click()
    page.wait_for_url(lambda url: "/worklist" in url)
