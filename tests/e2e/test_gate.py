"""A lead sets when the project trains, sees why a model was refused, overrules the gate, and goes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from annotation import jobs, learning
from annotation.models import Case, Model, ModelState, Project, Role, Split
from tests.annotation.learning_loop import accept, report
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.own_project import add_case, begin, leave, predicted
from training.phantom import STRUCTURES

pytestmark = pytest.mark.e2e

CAST = {"lea": Role.LEAD, "ana": Role.ANNOTATOR}
LOSES = "spleen"


def round_of(project: Project, folder: Path, tests: list[Case], dice: float, lost: float = 0.0) -> Model:
    """A training with these scores, recorded before any worker hears of it."""
    scores = {
        case: {spec.key: dice - (lost if spec.key == LOSES else 0) + 0.01 * place for spec in STRUCTURES}
        for place, case in enumerate(tests)
    }
    with transaction.atomic():
        run = learning.request_run(project=project, requested_by=None)
        lease = jobs.claim(run.job_id)
        assert lease is not None
        made = report(folder, scores, content=f"run {run.pk}".encode())
        return learning.record(run=run, report=made, lease=lease)


def seeded(name: str, folder: Path) -> Project:
    project = begin(name, CAST)
    model = Model.objects.filter(state=ModelState.SERVING).order_by("pk")[0]
    tests = []
    for seed in range(5):
        case = add_case(project, model, seed, f"{name} {seed}")
        if seed > 1:
            Case.objects.filter(pk=case.pk).update(split=Split.TEST)
            tests.append(case)
        accept(case, predicted(seed))
    round_of(project, folder, tests, 0.80)
    round_of(project, folder, tests, 0.84, lost=0.09)
    return project


@pytest.fixture
def project(stack: Stack, tmp_path: Path) -> Iterator[Project]:
    found: Project = stack.in_database(lambda: seeded("Rounds and gate", tmp_path))
    yield found
    stack.in_database(lambda: leave(found.pk))


def test_a_lead_steers_the_loop(stack: Stack, sign_in: SignIn, project: Project) -> None:
    lea = sign_in("lea")
    lea.goto(f"/projects/{project.pk}?tab=models")  # as it was called
    expect(lea.get_by_role("button", name="Retrain now")).to_be_enabled()
    _keeps_a_policy(lea, project)
    _sees_why(lea)
    _overrules_and_goes_back(lea)
    states = stack.get(lea, f"/api/projects/{project.pk}/decisions/")
    assert (states["serving"], states["former"]) == (1, None)
    assert [row["verdict"] for row in states["decisions"]] == [
        "rolled_back",
        "overruled",
        "refused",
        "promoted",
    ]


def _keeps_a_policy(lea: Page, project: Project) -> None:
    policy = lea.get_by_role("region", name="Policy")
    policy.get_by_label("After").fill("7")
    policy.get_by_label("Every").fill("24")
    policy.get_by_label("Margin").fill("0.02")
    policy.get_by_role("button", name="Save the policy").click()
    expect(policy.get_by_text("This policy is in force.")).to_be_visible()
    policy.get_by_label("Structure").select_option(label="Spleen")
    policy.get_by_role("button", name="Set the goal").click()
    expect(policy.get_by_role("table", name="Goals of structures")).to_contain_text("0.900")
    lea.goto(f"/projects/{project.pk}?tab=learning")
    policy = lea.get_by_role("region", name="Policy")
    expect(policy.get_by_label("After")).to_have_value("7 cases")
    expect(policy.get_by_label("Every")).to_have_value("24 hours")
    expect(policy.get_by_role("table", name="Goals of structures")).to_contain_text("Spleen")
    expect(lea.get_by_text("starts after 7, or 24 h after the last one")).to_be_visible()


def _sees_why(lea: Page) -> None:
    gate = lea.get_by_role("region", name="Which model serves, and why")
    expect(gate.get_by_role("combobox", name="Model to compare")).to_have_value("2")
    expect(gate.get_by_text("Model 2 was not promoted: Spleen −0.050").first).to_be_visible()
    expect(gate.get_by_role("img", name="Is model 2 better than model 1?")).to_be_visible()
    gate.get_by_role("button", name="Keep: Is model 2 better than model 1?").click()
    lea.get_by_role("menuitem", name="Show the table").click()
    table = gate.get_by_role("table", name="Is model 2 better than model 1?")
    row = table.get_by_role("row", name="Spleen surface Dice")
    expect(row).to_contain_text("−0.050 (95 % CI −0.050…−0.050)")
    expect(row).to_contain_text("worse than the margin allows")


def _overrules_and_goes_back(lea: Page) -> None:
    gate = lea.get_by_role("region", name="Which model serves, and why")
    gate.get_by_role("button", name="Put model 2 into service").click()
    confirm = gate.get_by_role("button", name="Put model 2 into service").last
    expect(confirm).to_be_disabled()
    gate.get_by_label("Why").fill("The test spleens are being redrawn.")
    confirm.click()
    log = gate.get_by_role("table", name="Decisions")
    expect(log).to_contain_text("The test spleens are being redrawn.")
    expect(log).to_contain_text("Put into service instead of model 1")
    gate.get_by_role("button", name="Roll back to model 1").click()
    gate.get_by_label("Why").fill("Readers complain.")
    gate.get_by_role("button", name="Roll back to model 1").last.click()
    expect(log).to_contain_text("Put back instead of model 2")
    expect(gate.get_by_role("button", name="Roll back to model 1")).to_have_count(0)
