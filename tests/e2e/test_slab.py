"""A reader is asked for a slab: the page opens in it and draws nothing beyond it; a lead sees why."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from annotation.models import Acquisition, Arm, Case, Project, Role, Strategy
from tests.annotation.factories import make_model
from tests.e2e import own_project
from tests.e2e.cases import SHAPE
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.masks import drawn, same
from tests.e2e.pages import next_case, paint, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

READER, LEAD = "sil", "oda"
FIRST, LAST = 8, 13


def _begin() -> int:
    project = own_project.begin("Slab", {READER: Role.ANNOTATOR, LEAD: Role.LEAD})
    model = make_model(project)
    case = own_project.add_case(project, model, 71, "slab 71")
    region = [0, 0, FIRST, *SHAPE[:2], LAST + 1]
    Case.objects.filter(pk=case.pk).update(region=region)
    chosen = {"strategy": Strategy.CLASP_PE, "arm": Arm.STRATEGY, "score": 0.0312, "structure": "liver"}
    Acquisition.objects.create(case=case, model=model, region=region, rank=0, seed=0, **chosen)
    return project.pk


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made = int(stack.in_database(_begin))
    yield made
    stack.in_database(lambda: own_project.leave(made))


def test_a_slab_is_shown_and_nothing_beyond_it_is_drawn(project: int, sign_in: SignIn) -> None:
    page = sign_in(READER)
    page.goto("/worklist")
    next_case(page)
    wait_until_open(page)
    note = page.get_by_role("button", name=f"Only slices {FIRST}–{LAST} are asked for")
    expect(note).to_be_visible()
    axial = page.get_by_test_id("plane-axial")
    before = drawn(page)
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    expect(axial).to_contain_text("not asked for")
    paint(page, structure=1)
    assert same(drawn(page), before)
    note.click()
    expect(axial).not_to_contain_text("not asked for")
    paint(page, structure=1)
    wait_until_saved(page)
    changed = np.argwhere(drawn(page) != before)
    assert set(changed[:, 1]) <= set(range(FIRST, LAST + 1)), "slices (layer, k, j, i)"
    assert len(changed)


def test_a_lead_sees_what_was_chosen_and_why(project: int, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    page.goto(f"/projects/{project}?tab=learning")
    row = page.get_by_role("table", name="Chosen cases").get_by_role("row").nth(1)
    expect(row).to_contain_text(f"slices {FIRST}–{LAST}")
    expect(row).to_contain_text("0.0312")
    expect(row).to_contain_text("liver", ignore_case=True)


def test_before_there_is_a_model_a_lead_can_start_from_atlases(stack: Stack, sign_in: SignIn) -> None:
    made: Project = stack.in_database(lambda: own_project.begin("Cold start", {LEAD: Role.LEAD}))
    page = sign_in(LEAD)
    page.goto(f"/projects/{made.pk}?tab=learning")
    page.get_by_role("button", name="Pre-annotate from accepted cases").click()
    alert = page.get_by_role("region", name="What is read next").get_by_role("alert")
    expect(alert).to_contain_text("No case of the pool is accepted yet")
    stack.in_database(lambda: own_project.leave(made.pk))
