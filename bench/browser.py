"""Opening, drawing and going on to the next case in a real Chromium (software WebGL without a GPU)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench import ready  # noqa: F401

# isort: split
from playwright.sync_api import sync_playwright

from annotation import worklist
from bench.aside import put_aside
from bench.busy import serve
from bench.editor import WATCH, Editor
from bench.reading import SHAPE, STRUCTURES, make_reading
from bench.table import Row, hand_over
from bench.tracing import Spent, Traced, longest, traced
from bench.world import client_of, user_of
from tests.e2e.browser import FLAGS, installed

READER = "reader0"
PREFETCHED, TRACED, HURRIED, LATER = 4, 2, 5, 9
SWITCHES = PREFETCHED + TRACED + HURRIED + LATER
FRAME_MS, TASK_MS, STROKE_BYTES = 16, 50, 5000
SLAB_MM, SLAB_RESTS_MS = 50, 2500
SCALE = f"{'×'.join(map(str, SHAPE))}, {STRUCTURES} structures"

# How long, by the page's own clock, each save was under way.
SENT = """() => performance.getEntriesByType('resource')
  .filter((entry) => entry.name.endsWith('/revisions/')).map((entry) => entry.duration)"""
CHUNKS = "() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/zarr/')).length"
BRUSH = """([tool, radius_mm, sphere]) => {
  const { viewer } = window.__delineate;
  viewer.tools.setOptions({ thresholdBrush: [-200, 300] });
  viewer.setTool(tool);
  viewer.setBrush({ radius_mm, sphere });
}"""
OPERATE = """([name, params]) => new Promise((done) => {
  const { tools } = window.__delineate.viewer;
  const stop = tools.onOperation(({ kind, sentence }) => {
    if (kind === 'running') return;
    stop();
    done(kind === 'failed' ? sentence : '');
  });
  tools.run(name, params, { preview: false });
})"""
TURN = """(degrees) => new Promise((done) => {
  window.__delineate.viewer.views.setOblique([degrees, degrees / 2, 0]);
  requestAnimationFrame(() => setTimeout(done, 0));
})"""
SLAB = """(thickness_mm) => {
  const { views } = window.__delineate.viewer;
  views.setSlab(thickness_mm === null ? null : { projection: 'maximum', thickness_mm });
}"""
STRUCTURE = """() => {
  const { engine } = window.__delineate.viewer;
  const counts = Array.from({ length: 104 }, (_, n) => engine.voxelCount(0, n + 1));
  return 1 + counts.indexOf(Math.max(...counts));
}"""


def main() -> None:
    executable = installed()
    if executable is None:
        hand_over([Row("open and draw in a browser", "no Chromium here", "≤ 1 s, ≤ 150 ms", None)])
        return
    project = make_reading(SWITCHES + 2)
    first = worklist.next_case(reader=user_of(READER), project=project)
    if first is None:
        raise RuntimeError("there is no case to read")
    cookie = client_of(READER).cookies["sessionid"].value
    with serve(apart=True) as port, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(executable), headless=True, args=FLAGS)
        url = f"http://127.0.0.1:{port}"

        def fresh() -> Editor:
            context = chromium.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])
            context.add_init_script(path=WATCH)
            return Editor(context.new_page())

        address = f"{url}/annotate/{first.pk}?debug"
        _warm_server(fresh(), address)
        hand_over([Row("put aside, so that the page has a processor", put_aside(), "–", None)])
        hand_over(_rows(fresh, address, first.pk))
        chromium.close()


def _warm_server(editor: Editor, address: str) -> None:
    """Somebody else was here before; this reader's browser has nothing of it."""
    editor.open(address)
    editor.marked("whole scan", 0)
    editor.page.context.close()


def _rows(fresh: Callable[[], Editor], address: str, read: int) -> Iterator[Row]:
    yield _opening_tasks(fresh(), address)
    editor = fresh()
    yield from _opening(editor, address)
    yield from _brushes(editor)
    yield from _heavy(editor)
    yield from _slabs(editor)
    yield from _switching(editor, read)


# ── Opening ──────────────────────────────────────────────────────────────────


def _opening_tasks(editor: Editor, address: str) -> Row:
    with traced(editor.page) as noted:
        editor.open(address)
        editor.marked("whole scan", 0)
        editor.wait_until_open()
    editor.page.context.close()
    return _task("cold open: longest task until the whole scan is there", noted)


def _opening(editor: Editor, address: str) -> Iterator[Row]:
    editor.open(address)
    axial = editor.marked("first axial slice", 0)
    editor.wait_until_open()
    coarse = editor.marked("coarse scan", 0)
    editor.page.evaluate(BRUSH, ["brush", 40, True])
    editor.page.wait_for_timeout(500)
    with traced(editor.page) as noted:
        editor.stroke(0.4, 0.4)
        editor.saved()
    stroke = noted.pointer_events()
    _undone(editor)
    whole = editor.marked("whole scan", 0)
    yield _within(f"cold open, page and all: first axial slice, {SCALE}", axial, 1000)
    yield _within("… three planes usable (coarse)", coarse, 2000)
    yield Row("… whole scan at full resolution", f"{whole:.0f} ms", "–", None)
    yield _spent("first stroke of a page, sphere of 40 mm: longest pointer event", longest(stroke), FRAME_MS)


# ── Drawing ──────────────────────────────────────────────────────────────────


BRUSHES = ("eraser", "accept_brush", "threshold_brush", "brush")  # what the eraser took the next brings back


def _sent(editor: Editor, across: float, down: float, length: float) -> int:
    """Bytes of the body that saves one stroke, all of its parts."""
    began = editor.now()
    editor.stroke(across, down, length)
    return _saved_since(editor, began)


def _undone(editor: Editor) -> int:
    began = editor.now()
    editor.page.keyboard.press("Control+z")
    return _saved_since(editor, began)


def _saved_since(editor: Editor, began: float) -> int:
    editor.saved()
    return editor.sent_bytes(began)


def _brushes(editor: Editor) -> Iterator[Row]:
    undone = []
    for label, radius_mm, sphere in (("2-D brushes of 8 mm", 8, False), ("spheres of 40 mm", 40, True)):
        sent = []
        with traced(editor.page) as noted:
            for beside, down in ((0.35, 0.4), (0.45, 0.55)):
                across = editor.activate_near(beside, down)
                for tool in BRUSHES:
                    editor.page.evaluate(BRUSH, [tool, radius_mm, sphere])
                    sent.append(_sent(editor, across, down, 90))
                    if tool.endswith("brush") and tool != "accept_brush":
                        undone.append(_undone(editor))
        yield from _events(label, noted.pointer_events())
        yield _bytes(f"{label}: bytes of a stroke of 90 pixels, median and most", sent)
    yield _bytes("undo of a sphere that was drawn over structures", undone[4:])
    editor.page.evaluate(BRUSH, ["brush", 40, True])
    yield _bytes("largest sphere, one click", [_sent(editor, 0.55, 0.5, 0)])
    times = editor.page.evaluate(SENT)
    yield Row(
        f"a stroke is sent and acknowledged, {len(times)} strokes",
        f"{median(times):.0f} ms (longest {max(times):.0f})",
        "≤ 150 ms after the flush",
        median(times) <= 150,
    )


def _events(label: str, spent: list[Spent]) -> Iterator[Row]:
    """The pointer also moves without drawing, which is next to no work and would hide what drawing takes."""
    drawing = [one for one in spent if one.processor > 0.3]
    p95 = [_p95([one.clock for one in drawing]), _p95([one.processor for one in drawing])]
    work = f"{label}: script of a pointer event, p95 of {len(drawing)}"
    yield _spent(work, Spent(*p95), FRAME_MS)
    yield _spent("… longest", longest(drawing), FRAME_MS)


def _p95(numbers: list[float]) -> float:
    return sorted(numbers)[int(0.95 * len(numbers))]


# ── What takes long ──────────────────────────────────────────────────────────


def _heavy(editor: Editor) -> Iterator[Row]:
    value = editor.page.evaluate(STRUCTURE)
    target = {"layer": 0, "value": value}
    operations: list[tuple[str, dict[str, Any]]] = [
        ("margin", {"target": target, "margin_mm": 2}),
        ("smooth", {"target": [target], "method": "median", "radius_mm": 2}),
        ("hollow", {"target": target, "shell_mm": 3, "side": "inside"}),
    ]
    with traced(editor.page) as noted:
        for name, params in operations:
            sentence = editor.page.evaluate(OPERATE, [name, params])
            if sentence:
                raise RuntimeError(f"{name}: {sentence}")
            editor.saved()
            editor.page.keyboard.press("Control+z")
            editor.saved()
    yield _task("margin, median and hollow of a structure, undo: longest task", noted)
    x, y, width, height = editor.plane()
    editor.page.mouse.move(x + width / 2, y + height / 2)
    with traced(editor.page) as noted:
        for _ in range(40):
            editor.page.mouse.wheel(0, 100)
        editor.page.wait_for_timeout(300)
    yield _task("40 slices by the wheel: longest task", noted)
    with traced(editor.page) as noted:
        for step in range(1, 16):
            editor.page.evaluate(TURN, 2 * step)
        editor.page.wait_for_timeout(800)
    editor.page.evaluate(TURN, 0)
    yield _task("15 oblique steps: longest task", noted)


def _slabs(editor: Editor) -> Iterator[Row]:
    """A slab is coarse while it moves, and is made in full once it rests."""
    with traced(editor.page) as noted:
        editor.page.evaluate(SLAB, SLAB_MM)
        editor.page.wait_for_timeout(SLAB_RESTS_MS)
        _scrolled(editor, 15)
    yield _task(f"slab of {SLAB_MM} mm, 15 slices by the wheel: longest task", noted)
    with traced(editor.page) as noted:
        for step in range(1, 9):
            editor.page.evaluate(TURN, 3 * step)
        editor.page.wait_for_timeout(SLAB_RESTS_MS)
        _scrolled(editor, 15)
    yield _task("… turned in 8 steps, 15 slices by the wheel: longest task", noted)
    editor.page.evaluate(TURN, 0)
    editor.page.evaluate(SLAB, None)


def _scrolled(editor: Editor, slices: int) -> None:
    x, y, width, height = editor.plane()
    editor.page.mouse.move(x + width / 2, y + height / 2)
    for _ in range(slices):
        editor.page.mouse.wheel(0, 100)
        editor.page.wait_for_timeout(30)
    editor.page.wait_for_timeout(SLAB_RESTS_MS)


# ── Switching ────────────────────────────────────────────────────────────────


def _switching(editor: Editor, read: int) -> Iterator[Row]:
    ahead, held, heap = _First(), read, 0.0
    for number in range(PREFETCHED):
        _wait_for_quiet(editor)
        if number == 2:
            heap = editor.heap_mb()
        held = ahead.note(editor, held)
        editor.marked("whole scan", ahead.began)
    tasks: list[Spent] = []
    for _ in range(TRACED):
        _wait_for_quiet(editor)
        with traced(editor.page) as noted:
            held = ahead.note(editor, held)
            editor.marked("whole scan", ahead.began)
        tasks += noted.tasks()
    hurried = _First()
    for _ in range(HURRIED):
        editor.page.wait_for_timeout(700)
        held = hurried.note(editor, held)
    later = _First()
    for _ in range(LATER):
        held = later.note(editor, held)
        editor.marked("whole scan", later.began)
    _wait_for_quiet(editor)
    yield _within("next case in the loaded app, fetched ahead: first axial slice", median(ahead.asked), 300)
    yield _within("… while the case before still loads", median(hurried.asked), 300)
    pressed = f"{_ms(median(ahead.pressed))} ms, {_ms(median(hurried.pressed))} ms"
    yield Row("… both from the press of *Submit, next case*", pressed, "–", None)
    yield _spent("… longest task until the whole scan is there", longest(tasks), TASK_MS)
    grown = editor.heap_mb() - heap
    yield Row(
        f"heap after {SWITCHES} switches against 2",
        f"{heap + grown:.0f} MB, {grown:+.1f} MB",
        "≤ +10 MB",
        grown <= 10,
    )


@dataclass
class _First:
    """When first slices came, in milliseconds after the press, and after the next case was asked for."""

    pressed: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    began: float = 0.0

    def note(self, editor: Editor, held: int) -> int:
        """Go on to the next case, which is returned."""
        switch = editor.switch(held)
        self.began = switch.asked
        first = editor.marked("first axial slice", switch.asked)
        self.asked.append(first)
        self.pressed.append(first + switch.asked - switch.pressed)
        editor.wait_for_page()
        return switch.opened


def _wait_for_quiet(editor: Editor) -> None:
    """The next case was fetched ahead as far as it is: no more parts of scans come."""
    before, calm = -1, 0
    while calm < 4:
        editor.page.wait_for_timeout(500)
        now = editor.page.evaluate(CHUNKS)
        calm = calm + 1 if now == before else 0
        before = now


def _within(work: str, measured: float, budget: float) -> Row:
    return Row(work, f"{_ms(measured)} ms", f"≤ {budget:.0f} ms", measured <= budget)


def _task(work: str, noted: Traced) -> Row:
    return _spent(work, longest(noted.tasks()), TASK_MS)


def _spent(work: str, spent: Spent, budget: float) -> Row:
    """Held to the clock, for which a reader waits. The processor's time tells what others took of it."""
    told = f"{_ms(spent.clock)} ms, of the processor {_ms(spent.processor)} ms"
    return Row(work, told, f"≤ {budget:.0f} ms", spent.clock <= budget)


def _ms(number: float) -> str:
    return f"{number:.1f}" if number < 100 else f"{number:.0f}"


def _bytes(work: str, sent: list[int]) -> Row:
    several = f"{median(sent):.0f} B, {max(sent)} B" if len(sent) > 1 else f"{sent[0]} B"
    return Row(work, several, "≤ 5 KB", max(sent) <= STROKE_BYTES)


if __name__ == "__main__":
    main()
