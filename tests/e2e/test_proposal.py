"""A newer model comes while a case is open: its reader asks for its proposal, takes it, and undoes that."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from playwright.sync_api import Page, expect

from annotation.models import Model, ModelState
from tests.e2e.conftest import Open, Reading, Stack
from tests.e2e.masks import drawn, same
from tests.e2e.pages import eventually, paint, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

READER = "ben"


@pytest.fixture
def newer(stack: Stack) -> Iterator[None]:
    """The same network serves under another version, and gives its place back."""

    @transaction.atomic
    def promote() -> None:
        serving = Model.objects.get(project=stack.project, state=ModelState.SERVING)
        Model.objects.filter(pk=serving.pk).update(state=ModelState.RETIRED)
        serving.store_key += "/"  # the same folder under a name that is not taken
        serving.pk, serving.run, serving.version, serving.state = None, None, 99, ModelState.SERVING
        serving.source, serving.imported_by = "imported", User.objects.get(username="lea")
        serving.save(force_insert=True)

    def give_back() -> None:
        Model.objects.filter(project=stack.project, version=99).update(state=ModelState.RETIRED)
        Model.objects.filter(project=stack.project, version=1).update(state=ModelState.SERVING)

    yield stack.in_database(promote)
    stack.in_database(give_back)


def test_a_newer_proposal_is_asked_for_compared_taken_and_kept(
    seat: Open, reading: Reading, newer: None
) -> None:
    page = seat()
    page.goto(reading.address)
    wait_until_open(page)
    before = drawn(page)
    paint(page, structure=1)
    wait_until_saved(page)
    painted = drawn(page)
    page.get_by_role("tab", name="Compare").click()
    section = page.get_by_role("region", name="Newer proposal")
    section.get_by_role("button", name="Ask for a newer proposal").click()
    expect(section.get_by_role("heading", name="Proposal of")).to_be_visible()
    section.get_by_role("button", name="Compare with it").click()
    take = page.get_by_role("button", name="from the proposal").and_(page.locator(":enabled")).first
    take.click()
    eventually(page, lambda: same(drawn(page), before), "the proposal's voxels, which are the prediction's")
    wait_until_saved(page)
    page.keyboard.press("Control+z")
    eventually(page, lambda: same(drawn(page), painted), "the stroke after undo")
    wait_until_saved(page)
    keep_and_put_on_top(page)
    wait_until_open(page)
    eventually(page, lambda: same(drawn(page), before), "the whole proposal on top")


def keep_and_put_on_top(page: Page) -> None:
    page.get_by_role("button", name="Keep as a branch").click()
    branches = page.get_by_role("region", name="Branches")
    expect(branches).to_be_visible()
    branches.get_by_role("button", name="Put on top").click()
    expect(branches).to_have_count(0)
