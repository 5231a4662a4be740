"""What labels buy, in the browser: curves, forecasts, rounds and arms are drawn, and marks open cases."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from annotation.models import Project
from tests.annotation.dashboards import learned
from tests.e2e import charts, own_project
from tests.e2e.charts import LEAD, drawing, frame
from tests.e2e.conftest import SignIn, Stack

pytestmark = pytest.mark.e2e

QUESTIONS = (
    "What does the next label buy?",
    "How many more cases does each goal take?",
    "What would ten more cases add?",
    "Does each round cost less correction?",
    "How many minutes does the model save?",
    "Does choosing cases pay?",
)


def fill() -> int:
    project = charts.fill("Gain")
    learned.learn(Project.objects.get(pk=project))
    return project


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    filled = int(stack.in_database(fill))
    yield filled
    stack.in_database(lambda: own_project.leave(filled))


def test_a_lead_sees_what_labels_buy(project: int, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    page.goto(f"/projects/{project}?tab=learning")
    for question in QUESTIONS:
        chart = frame(page, question)
        expect(drawing(chart).locator("path").nth(3)).to_be_attached()
        expect(chart).to_contain_text("n = ")
    expect(page.get_by_role("list", name="Forecasts in words")).to_contain_text("Dice 0.80")
    page.get_by_role("button", name=f"Keep: {QUESTIONS[0]}").click()
    page.get_by_role("menuitem", name="Show the table").click()
    table = frame(page, QUESTIONS[0]).get_by_role("table")
    table.get_by_role("button").first.click()
    expect(page.get_by_role("dialog", name="Cases behind this mark")).to_contain_text("0.")
