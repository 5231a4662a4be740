"""What a page with an open case is made to do, and what its own clock said of it."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import CDPSession, Page

Point = tuple[float, float]

WATCH = Path(__file__).with_name("watch.js")

# The time of a mark after a moment, once it is there; null after half a minute.
MARKED = """([name, after]) => new Promise((done) => {
  const ends = performance.now() + 30000;
  const look = () => {
    const found = performance.getEntriesByName(name).find(({ startTime }) => startTime > after);
    if (found || performance.now() > ends) done(found?.startTime ?? null);
    else setTimeout(look, 5);
  };
  look();
})"""

# When the page last asked for a next case; null until it has after a moment.
ASKED = """(after) => {
  const isAsked = ({ name, startTime }) => name.endsWith('/worklist/next/') && startTime > after;
  return performance.getEntriesByType('resource').findLast(isAsked)?.startTime ?? null;
}"""
OPENED = "() => Number(location.pathname.split('/').pop())"
READY = "() => window.__delineate?.viewer !== undefined"
# Bytes of the forms that were sent from a moment on.
SENT = """async (after) => {
  await new Promise((resume) => setTimeout(resume, 300));
  return window.__bench.sent.filter(({ at }) => at >= after).map(({ bytes }) => bytes);
}"""


# Notes what lies under the pointer wherever it goes; 0 is background.
FOLLOW = """() => {
  window.__under = 0;
  window.__delineate.viewer.onCursor(({ structure }) => { window.__under = structure?.value ?? 0; });
}"""
ACTIVATE = "() => window.__delineate.viewer.setActive(0, window.__under)"


@dataclass(frozen=True)
class Switch:
    """From one case to the next: when it was pressed for and asked for, and the read that came."""

    pressed: float
    asked: float
    opened: int


class Editor:
    """One page, and moments by its clock in milliseconds."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._tools: CDPSession = page.context.new_cdp_session(page)

    def now(self) -> float:
        return float(self.page.evaluate("performance.now()"))

    def marked(self, name: str, after: float) -> float:
        """Milliseconds from `after` to the mark."""
        at = self.page.evaluate(MARKED, [name, after])
        if at is None:
            raise RuntimeError(f"the page did not set the mark “{name}” within 30 s")
        return float(at) - after

    def open(self, url: str) -> None:
        """Load the page anew."""
        self.page.goto(url)

    def switch(self, held: int) -> Switch:
        """Hand the open read in and go on with the next, by the buttons of the page."""
        self.page.evaluate("document.activeElement?.blur()")
        self.page.get_by_role("button", name="Submit", exact=True).click()
        button = self.page.get_by_role("button", name="next case")
        button.wait_for()
        pressed = self.now()
        button.click()
        for _ in range(600):
            asked, opened = self.page.evaluate(ASKED, pressed), self.page.evaluate(OPENED)
            if asked is not None and opened != held:
                return Switch(pressed, float(asked), int(opened))
            self.page.wait_for_timeout(20)
        raise RuntimeError("the page did not go on to the next case")

    def wait_until_open(self, seconds: float = 30) -> None:
        for _ in range(int(seconds / 0.05)):
            if self.page.evaluate(READY):
                return
            self.page.wait_for_timeout(50)
        raise RuntimeError("the case did not open")

    def wait_for_page(self) -> None:
        """What is around the image is there; after a switch nothing of the viewer is shown to tests."""
        self.page.get_by_test_id("save-badge").wait_for()

    def heap_mb(self) -> float:
        """What scripts hold after everything unused was freed, buffers included."""
        for _ in range(3):
            self._tools.send("HeapProfiler.collectGarbage")
            self.page.wait_for_timeout(200)
        used = self._tools.send("Runtime.getHeapUsage")
        return float(used["usedSize"] + used.get("backingStorageSize", 0)) / 2**20

    def sent_bytes(self, after: float) -> int:
        """Of all forms since a moment."""
        return sum(int(size) for size in self.page.evaluate(SENT, after))

    def plane(self) -> tuple[float, float, float, float]:
        box = self.page.get_by_test_id("plane-axial").bounding_box()
        if box is None:
            raise RuntimeError("the page has no axial plane")
        return box["x"], box["y"], box["width"], box["height"]

    def drag(self, points: list[Point]) -> None:
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def stroke(self, across: float, down: float, length: float = 90) -> None:
        """From a point of the axial plane to the right."""
        x, y, width, height = self.plane()
        start = (x + across * width, y + down * height)
        self.drag([(start[0] + length * step / 12, start[1] + step) for step in range(13)])

    def activate_near(self, across: float, down: float) -> float:
        """Draw from here on what lies at this point of the axial plane or right of it: where that is."""
        x, y, width, height = self.plane()
        self.page.evaluate(FOLLOW)
        for shift in range(0, 120, 8):
            self.page.mouse.move(x + across * width + shift, y + down * height)
            self.page.wait_for_timeout(150)
            if self.page.evaluate("window.__under") > 0:
                self.page.evaluate(ACTIVATE)
                return across + shift / width
        raise RuntimeError("there is no structure near this point")

    def saved(self) -> None:
        self.page.locator("[data-testid=save-badge]:not([data-state=saved])").wait_for(timeout=5000)
        self.page.locator("[data-testid=save-badge][data-state=saved]").wait_for(timeout=20000)
