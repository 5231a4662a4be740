"""A lead has two strategies compared on accepted phantoms, and sees what each would have learned."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from annotation.models import JobState, Project, Role
from tests.e2e import own_project
from tests.e2e.cases import phantom_case
from tests.e2e.conftest import SignIn, Stack
from training.phantom import STRUCTURES

pytestmark = [pytest.mark.e2e, pytest.mark.torture]  # seven trainings
LEAD = "wanda"
POOL, TESTS = 4, 1
QUESTION = "What if another strategy had chosen?"
OVER = {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}
REPLAY_S = 420


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    def begin() -> int:
        project: Project = own_project.begin("What if", {LEAD: Role.LEAD})
        for number in range(POOL + TESTS):
            split = "pool" if number < POOL else "test"
            phantom_case(project, number, split=split, annotated=tuple(spec.key for spec in STRUCTURES))
        return project.pk

    number: int = stack.in_database(begin)
    yield number
    stack.in_database(lambda: own_project.leave(number))


def test_two_strategies_are_compared_with_the_least_time(stack: Stack, sign_in: SignIn, project: int) -> None:
    lead = sign_in(LEAD)
    lead.goto(f"/projects/{project}?tab=learning")
    panel = lead.get_by_role("region", name=QUESTION).first  # the chart in it asks the same
    _asks_for_two(panel)
    with lead.expect_response(lambda answer: "what-if" in answer.url and answer.request.method == "POST"):
        panel.get_by_role("button", name="Compare strategies").click()
    expect(panel.get_by_role("button", name="Cancel")).to_be_visible()
    figures = _when_over(stack, lead, project)
    expect(panel.get_by_role("img", name=QUESTION)).to_be_visible()
    expect(panel.get_by_role("button", name="Compare strategies")).to_be_visible()
    first, second = (f"{one['aubc']['mean']:.3f}" for one in figures["strategies"])
    areas = f"Area under the curve: ClaSP-PE {first}, random, aware of structures {second}."
    expect(panel).to_contain_text(areas)
    expect(panel).to_contain_text("Against ClaSP-PE: random, aware of structures")
    _shows_the_table(lead, panel)


def _asks_for_two(panel: Locator) -> None:
    strategies = panel.get_by_label("Strategies, the first to compare with").first
    strategies.press("Backspace")
    strategies.press("Escape")
    panel.get_by_label("Repeats").fill("1")
    panel.get_by_label("Seconds per training").fill("1")
    # The first training serves both; then a case at a time.
    expect(panel).to_contain_text(f"{1 + 2 * (POOL - 1)} trainings of 1 s")


def _when_over(stack: Stack, lead: Page, project: int) -> dict[str, list[dict[str, dict[str, float]]]]:
    """The figures that the worker of these tests works out."""
    deadline = time.monotonic() + REPLAY_S
    while True:
        found = stack.get(lead, f"/api/projects/{project}/what-if/")
        if found["job"]["state"] in OVER:
            break
        assert time.monotonic() < deadline, found["job"]
        lead.wait_for_timeout(1000)
    assert found["job"]["state"] == JobState.SUCCEEDED, found["job"]["error"]
    assert found["asked"]["strategies"] == ["clasp_pe", "fg_random"]
    figures: dict[str, list[dict[str, dict[str, float]]]] = found["figures"]
    return figures


def _shows_the_table(lead: Page, panel: Locator) -> None:
    panel.get_by_role("button", name=f"Keep: {QUESTION}").click()
    lead.get_by_role("menuitem", name="Show the table").click()
    rows = panel.get_by_role("table", name=QUESTION).get_by_role("row")
    expect(rows).to_have_count(1 + 2 * POOL)
    for name in ("ClaSP-PE", "random, aware of structures"):
        for read in range(1, POOL + 1):
            said = re.compile(rf"{re.escape(name)}\s*{read}\s*[01]\.\d{{3}}")
            expect(rows.filter(has_text=said)).to_have_count(1)
