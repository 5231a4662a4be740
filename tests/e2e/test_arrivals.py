"""A lead looks at cases that are held and releases or removes them, and gives a scan its spacing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from annotation import ingest
from annotation.imaging.findings import Cause, Mark, Outcome
from annotation.models import Case, CaseState, Project, Role, Volume
from tests.e2e import own_project
from tests.e2e.cases import SHAPE, SPACING_MM
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import eventually
from training.phantom import make_phantom

pytestmark = pytest.mark.e2e

LEAD = "ingrid"
BURNED_IN = Mark(Outcome.WARNED, Cause.BURNED_IN, "Text is burned into the pixels.", holds=True)
WIDTH_OF_SLICE = "picture => picture.naturalWidth"


def filled() -> Project:
    """Two cases that are held, and one of unknown spacing."""
    project = own_project.begin("Arrivals", {LEAD: Role.LEAD})
    for number in range(3):
        ingest.add_case(
            project=project,
            volume=make_phantom(70 + number, shape=SHAPE, spacing_mm=SPACING_MM).image,
            name=f"arrival {number + 1}",
            patient_key=f"arrival-{number + 1}",
            split="pool",
            labels=None,
            annotated=(),
            marks=[BURNED_IN] if number < 2 else [],
            spacing_known=number < 2,
        )
    return project


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made: Project = stack.in_database(filled)
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


@pytest.fixture
def page(project: int, sign_in: SignIn) -> Page:
    page = sign_in(LEAD)
    page.goto(f"/projects/{project}?tab=cases")
    return page


def held(page: Page, number: int) -> Locator:
    """The dialog of a held case, with a slice in it."""
    page.get_by_role("checkbox", name=f"Choose CASE {number:04}").check()
    page.get_by_role("button", name="Look at held case…").click()
    dialog = page.get_by_role("dialog", name=f"CASE {number:04} is held")
    picture = dialog.get_by_role("img", name="Slice")
    eventually(page, lambda: picture.evaluate(WIDTH_OF_SLICE) == SHAPE[0], "a slice")
    return dialog


def test_a_held_case_is_looked_through_and_released(stack: Stack, project: int, page: Page) -> None:
    dialog = held(page, 1)
    dialog.get_by_role("slider", name="Slice").focus()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text(f"Slice {SHAPE[2] // 2 + 2} of {SHAPE[2]}")).to_be_visible()
    dialog.get_by_role("button", name="Release to the readers").click()
    expect(dialog).to_have_count(0)
    row = page.get_by_role("row", name="CASE 0001")
    expect(row).not_to_contain_text("Held")
    states = Case.objects.filter(project=project, number=1).values_list("state", flat=True)
    assert stack.in_database(states.get) in (CaseState.WAITING, CaseState.READY)


def test_a_held_case_is_removed_for_good(stack: Stack, project: int, page: Page) -> None:
    dialog = held(page, 2)
    dialog.get_by_role("button", name="Remove…").click()
    dialog.get_by_role("button", name="Remove for good").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("row", name="CASE 0002")).to_have_count(0)
    assert not stack.in_database(Case.objects.filter(project=project, number=2).exists)


def test_a_scan_is_given_its_spacing(stack: Stack, project: int, page: Page) -> None:
    expect(page.get_by_role("row", name="CASE 0003")).to_contain_text("spacing unknown")
    page.get_by_role("checkbox", name="Choose CASE 0003").check()
    page.get_by_role("button", name="Give spacing…").click()
    for axis, spacing in (("Left to right", "0.8"), ("Front to back", "0.8"), ("Between slices", "0")):
        page.get_by_label(f"{axis}, mm").fill(spacing)
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Between slices, mm").fill("2.5")
    page.get_by_role("button", name="Give this spacing").click()
    expect(page.get_by_role("row", name="CASE 0003")).not_to_contain_text("spacing unknown")
    volume: Volume = stack.in_database(lambda: Volume.objects.get(cases__project=project, cases__number=3))
    assert volume.spacing_known
    assert volume.spacing_mm == [0.8, 0.8, 2.5]
