"""A lead looks at the data set: counts open their cases, goals are set, sites named, one is held out."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from annotation import chunks
from annotation.models import Case, Project, Role, Volume
from tests.e2e import own_project
from tests.e2e.cases import phantom_case
from tests.e2e.conftest import SignIn, Stack
from training.phantom import STRUCTURES

pytestmark = pytest.mark.e2e

LEAD = "dora"
CASES = 4


def filled() -> Project:
    """Four accepted phantoms from two scanners."""
    project = own_project.begin("Data set", {LEAD: Role.LEAD})
    for number in range(CASES):
        case = phantom_case(project, 90 + number, annotated=tuple(spec.key for spec in STRUCTURES))
        header = {"manufacturer": ("GE", "Siemens")[number % 2], "kvp": 120, "contrast_agent": True}
        Volume.objects.filter(pk=case.volume_id).update(header=header)
    chunks.count_shown()
    return project


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made: Project = stack.in_database(filled)
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


@pytest.fixture
def page(project: int, sign_in: SignIn) -> Page:
    page = sign_in(LEAD)
    page.goto(f"/projects/{project}?tab=dataset")
    expect(page.get_by_text(f"{CASES} cases")).to_be_visible()
    return page


def drawer(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_a_count_opens_its_cases_and_a_case_what_is_kept_of_it(page: Page) -> None:
    scanners = page.get_by_role("region", name="Scanner", exact=True)
    scanners.get_by_role("button", name="Scanner, Siemens: 2, open the cases").click()
    expect(drawer(page)).to_contain_text("2 cases.")
    rows = drawer(page).get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(3)
    rows.nth(1).get_by_role("button").click()
    kept = drawer(page).filter(has_text="All that is kept of the scan")
    expect(kept).to_contain_text("Siemens")
    expect(kept).to_contain_text("120 kV")
    expect(kept).to_contain_text("Nothing out of the ordinary.")


def test_a_goal_is_set_in_place(page: Page) -> None:
    table = page.get_by_role("table", name="Structures")
    table.get_by_role("button", name="Goal of Liver").click()
    field = table.get_by_label("Cases wanted of Liver")
    field.fill("8")
    field.press("Enter")
    expect(table.get_by_role("button", name="Goal of Liver")).to_contain_text("4 of 8")
    table.get_by_label("Priority of Liver").select_option("First")
    expect(table.get_by_role("row").nth(1)).to_contain_text("Liver")
    page.reload()
    expect(page.get_by_label("Priority of Liver")).to_have_value("2")


def test_sites_are_named_and_one_is_held_out(stack: Stack, project: int, page: Page) -> None:
    scanners = page.get_by_role("region", name="Scanner", exact=True)
    scanners.get_by_role("button", name="Scanner, GE: 2, open the cases").click()
    drawer(page).get_by_label("Site of these cases").fill("Basel")
    drawer(page).get_by_role("button", name="Set the site of 2 cases").click()
    expect(drawer(page)).to_contain_text("Stored for 2 cases.")
    page.keyboard.press("Escape")
    splits = page.get_by_role("region", name="Splits")
    splits.get_by_text("Hold out a site or scanner").click()
    splits.locator("input").and_(splits.get_by_label("For the test", exact=True)).click()
    page.get_by_role("listbox", name="For the test").get_by_role("option", name="Basel (2)").click()
    page.keyboard.press("Escape")
    splits.get_by_role("button", name="Preview").click()
    expect(splits).to_contain_text("a site that nothing is trained on")
    splits.get_by_role("button", name="Move 2 cases").click()
    expect(splits.get_by_role("status")).to_have_text("2 cases moved.")
    expect(splits.get_by_role("list", name="Earlier splits")).to_contain_text(
        "site held out: Basel for the test"
    )
    tests = Case.objects.filter(project=project, split="test")
    assert stack.in_database(lambda: set(tests.values_list("site", flat=True))) == {"Basel"}
    assert stack.in_database(tests.count) == 2
