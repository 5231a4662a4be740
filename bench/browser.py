"""Opening a case and drawing on it, in a real Chromium (software WebGL where there is no GPU)."""

from collections.abc import Iterator
from statistics import median

from bench import ready  # noqa: F401

# isort: split
from playwright.sync_api import Page, sync_playwright

from bench.busy import serve
from bench.table import Row, hand_over
from bench.world import add_real_case, client_of, make_project
from tests.e2e.browser import FLAGS, installed

SHAPE = (512, 512, 120)
STROKES = 8
# Presses the button, then looks each frame whether the middle of the axial plane is drawn.
OPEN = """() => new Promise((done) => {
  const began = performance.now();
  [...document.querySelectorAll('button')].find((b) => b.textContent.includes('Next case')).click();
  const look = () => {
    const canvas = document.querySelector('[data-testid=plane-axial] canvas');
    const drawn = canvas?.getContext('2d')?.getImageData(canvas.width / 3, canvas.height / 3, 1, 1).data[0];
    drawn > 0 ? done(performance.now() - began) : requestAnimationFrame(look);
  };
  look();
})"""

# How long, by the page's own clock, each save was under way.
SENT = """() => performance.getEntriesByType('resource')
  .filter((entry) => entry.name.endsWith('/revisions/')).map((entry) => entry.duration)"""


def main() -> None:
    executable = installed()
    if executable is None:
        hand_over([Row("open and draw in a browser", "no Chromium here", "≤ 1 s, ≤ 150 ms", None)])
        return
    project = make_project("browser", 0)
    for _ in range(2):
        add_real_case(project, SHAPE)
    cookies = {name: client_of(name).cookies["sessionid"].value for name in ("reader0", "reader1")}
    with serve() as port, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(executable), headless=True, args=FLAGS)
        page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
        hand_over(_rows(page, port, cookies))
        chromium.close()


def _rows(page: Page, port: int, cookies: dict[str, str]) -> Iterator[Row]:
    url = f"http://127.0.0.1:{port}"
    opened = []
    for value in cookies.values():
        page.context.clear_cookies()
        page.context.add_cookies([{"name": "sessionid", "value": value, "url": url}])
        page.goto(f"{url}/worklist")
        page.get_by_role("button", name="Next case").wait_for()
        page.wait_for_timeout(1500)  # the worklist is at rest, as when a reader looks at it
        opened.append(page.evaluate(OPEN))
    shape = "×".join(map(str, SHAPE))
    yield Row(
        f"open next case, first axial slice on screen, {shape}",
        f"{opened[0]:.0f} ms first, {opened[1]:.0f} ms with the viewer in the browser's cache",
        "≤ 1 s",
        opened[1] <= 1000,
    )
    page.wait_for_timeout(6000)
    for number in range(STROKES):
        _stroke(page, number)
    sent = page.evaluate(SENT)
    yield Row(
        f"a stroke is sent and acknowledged, {len(sent)} strokes",
        f"{median(sent):.0f} ms (longest {max(sent):.0f})",
        "≤ 150 ms after the flush",
        median(sent) <= 150,
    )


def _stroke(page: Page, number: int) -> None:
    x, y = 320, 300 + 40 * number  # within the axial plane of a window of 1440×900
    page.keyboard.press("b")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y + 5, steps=6)
    page.mouse.up()
    page.locator("[data-testid=save-badge]:not([data-state=saved])").wait_for(timeout=3000)
    page.locator("[data-testid=save-badge][data-state=saved]").wait_for(timeout=10000)


if __name__ == "__main__":
    main()
