"""Every tool that edits, by its key and in one sitting: it edits, undo and redo are exact, all is saved."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from playwright.sync_api import Page
from scipy import ndimage

from tests.e2e.cases import SHAPE, SPACING_MM
from tests.e2e.conftest import Open, Reading
from tests.e2e.masks import Mask, difference, drawn, same, stored
from tests.e2e.pages import Point, drag, eventually, wait_until_open, wait_until_saved
from training.phantom import make_phantom

pytestmark = pytest.mark.e2e

READER = "ben"
LIVER, SPLEEN, LEFT_KIDNEY, RIGHT_KIDNEY, AORTA, BLADDER = range(1, 7)
Voxel = tuple[int, int, int]
TOOLS = {
    "brush", "eraser", "threshold_brush", "draw", "scissors", "level_tracing", "flood_fill", "threshold",
    "accept_brush", "grow", "interpolate", "islands", "smooth", "margin", "hollow", "logical", "paste_slice",
    "relabel", "swap_sides", "undo", "redo",
}  # fmt: skip


def test_every_tool_edits_and_is_undone_exactly(seat: Open, reading: Reading) -> None:
    page = seat()
    page.goto(reading.address)
    wait_until_open(page)
    bench = Bench(page, reading)
    liver, rim = bench.inside_and_rim(LIVER)
    bench.go_to(liver)

    _draw_by_hand(bench, liver)
    _draw_by_grey_values(bench, liver, rim)
    _restore_the_prediction(bench)
    _change_forms(bench, liver)
    _move_parts(bench, liver)

    wait_until_saved(page)
    final = drawn(page)
    assert same(stored(reading, page), final)
    assert bench.tools_noted() == TOOLS
    page.reload()
    wait_until_open(page)
    assert same(drawn(page), final), difference(drawn(page), final)
    _undo_what_was_done_before_the_reload(page, reading, final)


@dataclass
class Bench:
    """The open case, and what is known of its phantom."""

    page: Page
    reading: Reading
    per_voxel: float = 0.0

    def inside_and_rim(self, structure: int) -> tuple[Voxel, Voxel]:
        """A voxel deep in the true structure, and one at its edge in the same slice."""
        labels = make_phantom(self.reading.seed, shape=SHAPE, spacing_mm=SPACING_MM).labels
        depth = ndimage.distance_transform_edt(labels == structure)
        i, j, k = (int(n) for n in np.unravel_index(int(depth.argmax()), SHAPE))
        edges = np.argwhere(depth[:, :, k] == 1)
        near = edges[np.abs(edges - [i, j]).sum(axis=1).argmin()]
        return (i, j, k), (int(near[0]), int(near[1]), k)

    def free(self, k: int) -> Voxel:
        """The voxel of the slice with the most room around it where nothing is drawn."""
        room = ndimage.distance_transform_edt(np.pad(drawn(self.page)[0, k] == 0, 1))
        j, i = np.unravel_index(int(room.argmax()), room.shape)
        return int(i) - 1, int(j) - 1, k

    def go_to(self, voxel: Voxel) -> None:
        self.page.evaluate("voxel => window.__delineate.viewer.goTo(voxel)", list(voxel))

    def under(self, point: Point) -> Voxel:
        self.page.mouse.move(*point)
        i, j, k = self.page.evaluate("window.__delineate.viewer.tools.place()")
        return int(i), int(j), int(k)

    def point(self, voxel: Voxel) -> Point:
        """Where the voxel of the shown axial slice is on the screen, found by pointing."""
        box = self.page.get_by_test_id("plane-axial").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        if self.per_voxel == 0:
            self.per_voxel = 300 / (self.under((x + 150, y))[0] - self.under((x - 150, y))[0])
        step = 0.8 * self.per_voxel  # a whole one could go to and fro over the voxel
        for _ in range(12):
            i, j, _k = self.under((x, y))
            if (i, j) == voxel[:2]:
                return x, y
            x, y = x + (voxel[0] - i) * step, y + (voxel[1] - j) * step
        raise AssertionError(f"{voxel} is not on the screen")

    def ring(self, voxel: Voxel, radius: float) -> list[Point]:
        """Points once around a voxel; the radius in voxels."""
        x, y = self.point(voxel)
        turns = [2 * math.pi * n / 16 for n in range(17)]
        reach = radius * self.per_voxel
        return [(x + reach * math.cos(turn), y + reach * math.sin(turn)) for turn in turns]

    def line(self, voxel: Voxel, length: float) -> list[Point]:
        x, y = self.point(voxel)
        return [(x + self.per_voxel * length * (n / 6 - 0.5), y) for n in range(7)]

    def take(self, key: str, structure: int) -> None:
        """The tool of this key, for the structure in this place of the list."""
        self.page.keyboard.press(key)
        self.page.keyboard.press(str(structure))

    def changes(self, what: str, act: Callable[[], None]) -> tuple[Mask, Mask]:
        """What the mask was before and is after; undo and redo give exactly these."""
        before = drawn(self.page)
        act()
        eventually(self.page, lambda: self.is_idle() and not same(drawn(self.page), before), what)
        after = drawn(self.page)
        self.page.keyboard.press("z")
        self.expect(before, f"undo of {what}")
        self.page.keyboard.press("Shift+Z")
        self.expect(after, f"redo of {what}")
        return before, after

    def strokes(self, what: str, points: list[Point]) -> tuple[Mask, Mask]:
        return self.changes(what, lambda: drag(self.page, points))

    def applies(self, what: str) -> tuple[Mask, Mask]:
        """The operation of the panel, without looking at a preview first."""
        return self.changes(what, self.page.get_by_role("button", name="Apply at once").click)

    def is_idle(self) -> bool:
        state = self.page.evaluate("window.__delineate.viewer.tools.operation")
        assert state["kind"] != "failed", state
        return bool(state["kind"] == "none")

    def expect(self, mask: Mask, what: str) -> None:
        shown = drawn(self.page)
        assert same(shown, mask), f"{what}: {difference(shown, mask)}"

    def tools_noted(self) -> set[str]:
        """Tools of all edits that the server has."""
        noted: set[str] = set()
        before = ""
        while True:
            path = f"/api/masks/{self.reading.mask}/revisions/{before}"
            revisions = self.reading.stack.get(self.page, path)
            noted |= {event["tool"] for revision in revisions for event in revision["events"]}
            if not revisions or revisions[-1]["number"] == 1:
                return noted
            before = f"?before={revisions[-1]['number']}"


def _draw_by_hand(bench: Bench, liver: Voxel) -> None:
    bench.take("b", BLADDER)
    bench.strokes("brush", bench.line(liver, 8))
    bench.take("e", BLADDER)
    before, after = bench.strokes("eraser", bench.line(liver, 3))
    assert set(before[before != after]) == {BLADDER}
    bench.take("d", RIGHT_KIDNEY)
    before, after = bench.strokes("draw", bench.ring(liver, 4))
    assert set(after[before != after]) == {RIGHT_KIDNEY}
    assert at(after, liver) == RIGHT_KIDNEY
    bench.take("s", RIGHT_KIDNEY)
    before, after = bench.strokes("scissors", bench.ring(liver, 2))
    assert at(after, liver) == 0


def _draw_by_grey_values(bench: Bench, liver: Voxel, rim: Voxel) -> None:
    page = bench.page
    bench.take("Shift+V", AORTA)
    page.mouse.click(*bench.point(liver))
    bench.take("v", AORTA)
    bench.strokes("threshold brush", bench.line(liver, 8))
    bench.take("l", LEFT_KIDNEY)
    bench.changes("level tracing", lambda: page.mouse.click(*bench.point(rim)))
    bench.take("f", SPLEEN)
    _, after = bench.changes("flood fill", lambda: page.mouse.click(*bench.point(liver)))
    assert at(after, liver) == SPLEEN
    bench.take("t", BLADDER)
    eventually(page, lambda: operation(page) == "preview", "the preview of the threshold")
    _, after = bench.changes("threshold", lambda: page.keyboard.press("Enter"))
    assert at(after, liver) == BLADDER


def _restore_the_prediction(bench: Bench) -> None:
    """What the model drew and the reader replaced comes back below the brush."""
    predicted = stored(bench.reading, bench.page, revision=0)
    shown = drawn(bench.page)
    gone = np.argwhere((predicted != 0) & (predicted != shown))
    layer, k, j, i = (int(n) for n in gone[len(gone) // 2])
    structure = int(predicted[layer, k, j, i])
    bench.go_to((i, j, k))
    bench.take("p", structure)
    before, after = bench.strokes("accept prediction", bench.line((i, j, k), 3))
    assert ((after == before) | (after == predicted)).all()
    assert at(after, (i, j, k)) == structure


def _change_forms(bench: Bench, liver: Voxel) -> None:
    page = bench.page
    i, j, k = liver
    bench.go_to(liver)
    bench.take("u", BLADDER)
    page.get_by_label("Do", exact=True).select_option("clear")
    _, after = bench.applies("logical: clear")
    assert not (after == BLADDER).any()
    for slice_ in (k - 3, k + 3):
        bench.go_to((i, j, slice_))
        bench.take("d", BLADDER)
        bench.strokes("draw", bench.ring((i, j, slice_), 5))
    bench.take("i", BLADDER)
    _, after = bench.applies("fill between slices")
    assert at(after, liver) == BLADDER
    bench.go_to(liver)
    for key, what, size in (
        ("o", "smooth", "Radius"),
        ("m", "margin", "Margin"),
        ("Shift+M", "hollow", "Wall"),
    ):
        bench.take(key, BLADDER)
        # The voxels are large, so a few millimetres change nothing.
        page.get_by_role("textbox", name=f"{size}, mm").fill(str(2 * SPACING_MM[0]))
        bench.applies(what)
    bench.take("g", BLADDER)
    bench.applies("grow")


def _move_parts(bench: Bench, liver: Voxel) -> None:
    page = bench.page
    i, j, k = liver
    bench.take("b", AORTA)
    bench.strokes("brush", bench.line((i, j, k), 1))
    bench.take("Shift+D", AORTA)
    bench.go_to((i, j, k + 1))
    bench.changes("paste slice", page.get_by_role("button", name="Slice before").click)
    bench.take("b", AORTA)
    island = bench.free(SHAPE[2] - 1)
    bench.go_to(island)
    bench.strokes("brush", bench.line(island, 1))
    bench.take("k", AORTA)
    _, after = bench.applies("islands")
    _, count = ndimage.label(after[0] == AORTA, np.ones((3, 3, 3)))
    assert count == 1
    others = np.argwhere(np.isin(after[0, k], (0, LEFT_KIDNEY), invert=True))
    near = others[np.abs(others - [j, i]).sum(axis=1).argmin()]
    part = (int(near[1]), int(near[0]), k)
    bench.go_to(part)
    bench.take("Shift+R", LEFT_KIDNEY)
    page.mouse.click(*bench.point(part))
    _, after = bench.applies("relabel")
    assert at(after, part) == LEFT_KIDNEY
    page.get_by_text("Left ↔ right").click()
    before, after = bench.applies("swap sides")
    assert ((before == LEFT_KIDNEY) == (after == RIGHT_KIDNEY)).all()


def _undo_what_was_done_before_the_reload(page: Page, reading: Reading, final: Mask) -> None:
    """Undo goes on through the revisions of the server, and what it undoes can be redone."""
    head = reading.get(page)["mask"]["head"]
    masks = (stored(reading, page, revision=number) for number in range(head - 1, -1, -1))
    earlier = next(mask for mask in masks if not same(mask, final))
    page.keyboard.press("z")
    eventually(page, lambda: not same(drawn(page), final), "undo beyond the reload")
    assert same(drawn(page), earlier), difference(drawn(page), earlier)
    page.keyboard.press("Shift+Z")
    assert same(drawn(page), final)
    page.keyboard.press("z")
    wait_until_saved(page)
    assert same(stored(reading, page), earlier)


def at(mask: Mask, voxel: Voxel) -> int:
    i, j, k = voxel
    return int(mask[0, k, j, i])


def operation(page: Page) -> str:
    return str(page.evaluate("window.__delineate.viewer.tools.operation.kind"))
