"""A reader is asked for a cube: every plane shows it, and nothing outside changes. A lead asks for cubes."""

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from annotation.models import Acquisition, Arm, Case, Role, Strategy
from tests.annotation.factories import make_model
from tests.e2e import own_project
from tests.e2e.cases import SHAPE
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.masks import drawn, same
from tests.e2e.pages import eventually, next_case, paint, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

READER, LEAD = "kuno", "wilma"
LOW = [n // 2 - n // 8 for n in SHAPE]
HIGH = [n // 2 + n // 8 for n in SHAPE]


def _begin() -> int:
    project = own_project.begin("Cube", {READER: Role.ANNOTATOR, LEAD: Role.LEAD})
    model = make_model(project)
    case = own_project.add_case(project, model, 73, "cube 73")
    region = [*LOW, *HIGH]
    Case.objects.filter(pk=case.pk).update(region=region)
    chosen = {"strategy": Strategy.CLASP_PE, "arm": Arm.CONTROL, "structure": "liver"}
    Acquisition.objects.create(case=case, model=model, region=region, rank=0, seed=0, **chosen)
    return project.pk


def _share(page: Page, plane: str) -> tuple[float, float]:
    """How much of a plane's width and height the sides of the cube span."""
    pane = page.get_by_test_id(f"plane-{plane}").locator("[data-plane]")
    size = pane.bounding_box()
    path = pane.locator("path[stroke-dasharray]").get_attribute("d") or ""
    points = np.array(re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path), float)
    assert size is not None
    assert len(points), "sides of the cube"
    across, down = np.ptp(points, axis=0) / (size["width"], size["height"])
    return float(across), float(down)


def _assert_fits(page: Page) -> None:
    """The cube fills most of each plane; one key leads to the whole scan, and back."""
    for plane in ("axial", "coronal", "sagittal"):
        across, down = _share(page, plane)
        assert max(across, down) == pytest.approx(0.8, abs=0.02), plane
    page.keyboard.press("0")
    eventually(page, lambda: max(_share(page, "axial")) < 0.4, "the whole scan")
    page.keyboard.press("0")
    eventually(page, lambda: max(_share(page, "axial")) > 0.78, "the cube again")


def _yellow(png: bytes) -> int:
    """Pixels of about the colour of the cube's sides."""
    colours = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), int)
    return int((np.abs(colours - (242, 194, 79)).max(axis=-1) < 40).sum())


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made = int(stack.in_database(_begin))
    yield made
    stack.in_database(lambda: own_project.leave(made))


def test_a_cube_is_shown_in_every_plane_and_nothing_outside_is_drawn(project: int, sign_in: SignIn) -> None:
    page = sign_in(READER)
    page.goto("/worklist")
    next_case(page)
    wait_until_open(page)
    asked = ", ".join(
        f"{axis} {low}–{high - 1}" for axis, low, high in zip(["i", "j", "slices"], LOW, HIGH, strict=True)
    )
    note = page.get_by_role("button", name=f"Only {asked} are asked for")
    expect(note).to_be_visible()
    for plane in ("axial", "coronal", "sagittal"):
        sides = page.get_by_test_id(f"plane-{plane}").locator("path[stroke-dasharray]")
        assert (sides.get_attribute("d") or "").count("M") == 4, f"four sides in the {plane} plane"
    _assert_fits(page)
    before = drawn(page)
    paint(page, structure=1)
    wait_until_saved(page)
    changed = np.argwhere(drawn(page) != before)[:, 1:]  # of (layer, k, j, i)
    assert len(changed)
    assert (changed >= LOW[::-1]).all()
    assert (changed < HIGH[::-1]).all()
    now, axial = drawn(page), page.get_by_test_id("plane-axial")
    for _ in range(HIGH[2] - SHAPE[2] // 2 + 1):
        page.keyboard.press("ArrowUp")
    expect(axial).to_contain_text("not asked for")
    paint(page, structure=1)
    assert same(drawn(page), now)
    page.keyboard.press("Shift+2")
    volume = page.locator("canvas[data-view=volume]")
    eventually(page, lambda: _yellow(volume.screenshot()) > 60, "the cube's edges in 3-D", seconds=40)


def test_a_lead_asks_for_cubes_and_sees_which_were_chosen(project: int, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    page.goto(f"/projects/{project}?tab=learning")
    row = page.get_by_role("table", name="Chosen cases").get_by_role("row").nth(1)
    expect(row).to_contain_text(
        f"i {LOW[0]}–{HIGH[0] - 1}, j {LOW[1]}–{HIGH[1] - 1}, slices {LOW[2]}–{HIGH[2] - 1}"
    )
    expect(row).to_contain_text("control")
    page.get_by_label("Readers get").select_option("cubes")
    page.get_by_label("Edge of a cube").fill("48")
    page.get_by_role("button", name="Save the policy").click()
    expect(page.get_by_text("Readers get cubes of about 48 mm.")).to_be_visible()
