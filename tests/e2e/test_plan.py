"""The plan of a project: what a draft costs, putting it into force, and the cases set apart for it."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from annotation import catalogue
from annotation.models import LabelSchema, Membership, Project, Role, SchemaStructure
from tests.annotation.factories import make_case
from tests.annotation.learning_loop import KEYS, accept
from tests.e2e.conftest import SignIn, Stack

pytestmark = pytest.mark.e2e

CAST = {"lea": Role.LEAD, "ana": Role.ANNOTATOR, "ben": Role.ANNOTATOR}
POOL = 12


@pytest.fixture(scope="module")
def study(stack: Stack) -> Iterator[int]:
    """A project of its own, whose first case is accepted: the other tests know no plan.

    Nobody is left in it: the next case of other tests would come from here, without an image.
    """
    project = int(stack.in_database(_study))
    yield project
    stack.in_database(lambda: Membership.objects.filter(project=project).delete())


def _study() -> int:
    project = Project.objects.create(name="Reliability study")
    for name, role in CAST.items():
        Membership.objects.create(project=project, user=User.objects.get(username=name), role=role)
    schema = LabelSchema.objects.create(project=project)
    for value, key in enumerate(KEYS, start=1):
        structure = catalogue.structure_named(key)
        SchemaStructure.objects.create(schema=schema, structure=structure, value=value)
    cases = [make_case(project) for _ in range(POOL)]
    accept(cases[0])
    return project.pk


def test_a_plan_is_priced_before_it_is_spent(stack: Stack, study: int, sign_in: SignIn) -> None:
    lea = sign_in("lea")
    lea.goto(f"/projects/{study}?tab=plan")
    plan = lea.get_by_role("region", name="Reliability plan")
    expect(plan).to_contain_text("There is no plan yet")
    card = plan.get_by_role("complementary")
    plan.get_by_label("Calibration cases").fill("4")
    expect(card).to_contain_text("by each of 2 annotators, 4 from nothing")

    plan.get_by_label("Calibration cases").fill("40")
    expect(card.get_by_role("alert")).to_contain_text(
        f"The project has {POOL} cases to read; it cannot set 40 apart"
    )
    keep = plan.get_by_role("button", name="Put this plan into force")
    expect(keep).to_be_disabled()
    card.get_by_label("Cases to read").fill("400")
    expect(card.get_by_role("row", name="Calibration")).to_contain_text("80")
    card.get_by_role("button", name="As in the project").click()
    expect(keep).to_be_disabled()
    plan.get_by_label("Calibration cases").fill("4")
    plan.get_by_label("Second reads").fill("20")
    expect(card.get_by_role("row", name="Second reads")).to_contain_text("3")
    keep.click()
    expect(plan).to_contain_text("This plan is in force.")

    plan.get_by_label("Gold cases").fill("10")
    expect(plan.get_by_role("status")).to_contain_text(
        "10 % of a reader’s next reads are gold cases (until now 5 %)"
    )
    plan.get_by_role("button", name="Discard").click()
    expect(plan.get_by_label("Gold cases")).to_have_value("5 %")
    kept = stack.get(lea, f"/api/projects/{study}/reliability/")["plan"]
    assert (kept["calibration_cases"], kept["double_share"], kept["gold_share"]) == (4, 0.2, 0.05)


def test_cases_set_apart(stack: Stack, study: int, sign_in: SignIn) -> None:
    lea = sign_in("lea")
    path = f"/api/projects/{study}"
    lea.goto(f"/projects/{study}?tab=plan")
    section = lea.get_by_role("region", name="Calibration cases")
    section.get_by_label("Add cases by number").fill("9, 11–12")
    section.get_by_role("button", name="Add").click()
    expect(section.get_by_role("row", name="CASE 0011")).to_contain_text("ana not yet")
    section.get_by_role("button", name="Remove case 12").click()
    expect(section.get_by_role("row", name="CASE 0012")).to_have_count(0)
    rows = stack.get(lea, f"{path}/calibration/")
    assert [(row["number"], row["start_from"]) for row in rows] == [(9, "scratch"), (11, "prediction")]

    gold = lea.get_by_role("region", name="Gold cases")
    gold.get_by_label("Add accepted cases by number").fill("10")
    gold.get_by_role("button", name="Add").click()
    expect(gold.get_by_role("alert")).to_contain_text("Case 10 is not accepted yet")
    gold.get_by_label("Add accepted cases by number").fill("1")
    gold.get_by_role("button", name="Add").click()
    gold.get_by_role("button", name="Exclude case 1").click()
    expect(gold.get_by_role("row", name="CASE 0001")).to_contain_text("excluded")


def test_what_is_required_begins_at_a_band(study: int, sign_in: SignIn) -> None:
    lea = sign_in("lea")
    lea.goto(f"/projects/{study}?tab=plan")
    required = lea.get_by_role("region", name="What agreement must reach")
    require = required.get_by_role("button", name="Require it")
    expect(required.get_by_role("status")).to_contain_text("Every structure has a band of its own")
    expect(require).to_be_disabled()
    required.get_by_label("At least").fill("0.9")
    require.click()
    expect(
        required.get_by_role("row", name="All structures Dice at least 0.9 Another reader")
    ).to_be_visible()
    expect(required.get_by_text("inherited").first).to_be_visible()
    required.get_by_role("button", name="Remove Dice of All structures").click()
    expect(required.get_by_role("table")).to_have_count(0)

    least, status = required.get_by_label("At least"), required.get_by_role("status")
    structure = required.get_by_label("Structure", exact=True)
    structure.select_option("kidney_left")
    expect(least).to_have_value("0.983")
    expect(status).to_contain_text("Heller 2019, KiTS19")
    structure.select_option("liver")
    expect(least).to_have_value("")
    expect(status).to_contain_text("No band of Liver is known")
    expect(require).to_be_disabled()
