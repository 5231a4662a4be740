"""A lead sets a limit, and deletes a patient after having seen what goes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Case, PatientDeletion, Project, Quota, Role
from tests.e2e import own_project
from tests.e2e.conftest import SignIn, Stack
from tests.phantom_cases import add_phantom

pytestmark = pytest.mark.e2e

LEAD = "renate"


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    def begin() -> Project:
        made = own_project.begin("Retention", {LEAD: Role.LEAD})
        for seed in (1, 2):
            add_phantom(made, seed, delineated=False)
        return made

    made = stack.in_database(begin)
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


def settings_of(page: Page, project: int) -> Page:
    page.goto(f"/projects/{project}?tab=settings")
    return page


def test_a_limit_is_set_and_taken_away(stack: Stack, project: int, sign_in: SignIn) -> None:
    page = settings_of(sign_in(LEAD), project)
    storage = page.get_by_role("region", name="Storage")
    expect(storage).to_contain_text("no limit")
    storage.get_by_label("Limit").fill("5")
    storage.get_by_role("button", name="Set the limit").click()
    expect(storage).to_contain_text("of 5.0 GB")
    page.reload()
    expect(storage).to_contain_text("of 5.0 GB")
    assert stack.in_database(lambda: Quota.objects.get(project=project).bytes) == 5_000_000_000
    storage.get_by_label("Limit").fill("")
    storage.get_by_role("button", name="Remove the limit").click()
    expect(storage).to_contain_text("no limit")


def test_a_patient_is_deleted_after_a_look(stack: Stack, project: int, sign_in: SignIn) -> None:
    page = settings_of(sign_in(LEAD), project)
    section = page.get_by_role("region", name="Delete a patient")
    expect(section).to_contain_text("No patient was deleted yet.")
    section.get_by_label("One of the patient's cases").fill("9")
    section.get_by_role("button", name="Look what would go").click()
    expect(page.get_by_role("alert")).to_contain_text("This project has no case 9.")
    page.get_by_role("button", name="Close").click()
    section.get_by_label("One of the patient's cases").fill("2")
    section.get_by_role("button", name="Look what would go").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Case 2 with its image")
    delete = dialog.get_by_role("button", name="Delete the patient")
    expect(delete).to_be_disabled()
    dialog.get_by_label("Why").select_option("consent")
    dialog.get_by_label("I want to delete case 2 for good.").check()
    delete.click()
    expect(dialog).to_be_hidden()
    expect(section).to_contain_text(f"{LEAD}: case 2. Consent was withdrawn.")
    left = stack.in_database(
        lambda: list(Case.objects.filter(project=project).values_list("number", flat=True))
    )
    assert left == [1]
    assert stack.in_database(lambda: PatientDeletion.objects.get(project=project).left) == []
