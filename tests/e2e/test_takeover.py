"""A case that lay untouched for too long goes to another reader: nothing that the first one drew is lost."""

import contextlib
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Error, Page, expect

from annotation import worklist
from annotation.models import Assignment, Case, CaseState
from tests.annotation.factories import set_state
from tests.e2e.conftest import Reading, SignIn, Stack
from tests.e2e.masks import Mask, difference, drawn, same, stored
from tests.e2e.pages import next_case, paint, reopened, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

FIRST, SECOND = "ana", "ben"


def test_strokes_of_who_lost_the_case_become_a_branch(stack: Stack, sign_in: SignIn) -> None:
    first, second = sign_in(FIRST), sign_in(SECOND)
    mine = next_case(first)
    start = drawn(first)
    first.context.set_offline(True)
    paint(first, structure=5)
    own = drawn(first)
    assert not same(own, start)
    theirs = taken_over(stack, second, mine)
    paint(second, structure=2, down=0.4)
    wait_until_saved(second)
    newest = drawn(second)

    first.context.set_offline(False)
    notice = first.get_by_role("alert", name="Not saved")
    with contextlib.suppress(Error):  # the stroke may be on its way by itself: then the button goes
        notice.get_by_role("button", name="Try now").click(timeout=3000)
    expect(notice).to_contain_text("Your 1 stroke is kept as a branch")
    (branch,) = stack.get(first, f"/api/assignments/{mine}/")["branches"]
    expect_mask(stack, first, branch["mask"], own)
    expect(notice).to_contain_text("it is not yours any more")
    expect(notice.get_by_role("button", name="Put on top")).to_have_count(0)
    expect_mask(stack, second, stack.get(second, f"/api/assignments/{theirs}/")["mask"]["id"], newest)

    reopened(first, notice.get_by_role("button", name="Open the newest").click)
    expect(first.get_by_text("This case was given to somebody else")).to_be_visible()
    look_at_the_branch(first)
    assert same(drawn(first), start), "what a branch holds is only looked at"


def test_strokes_of_a_closed_tab_become_a_branch_when_the_case_is_opened(
    stack: Stack, sign_in: SignIn
) -> None:
    first, second = sign_in(FIRST), sign_in(SECOND)
    mine = next_case(first)
    first.context.set_offline(True)
    paint(first, structure=4)
    own = drawn(first)
    first.wait_for_timeout(1000)  # a stroke is promised to be kept after a second
    first.close()
    taken_over(stack, second, mine)

    again = first.context.new_page()
    again.context.set_offline(False)
    again.goto("/worklist")
    kept = again.get_by_role("alert").filter(has_text="kept on this computer")
    expect(kept).to_contain_text("1 stroke")
    kept.get_by_role("link").click()
    expect(again.get_by_text("What you drew is kept as a branch")).to_be_visible()
    again.goto(f"{again.url}?debug")
    wait_until_open(again)
    (branch,) = stack.get(again, f"/api/assignments/{mine}/")["branches"]
    expect_mask(stack, again, branch["mask"], own)
    look_at_the_branch(again)


def taken_over(stack: Stack, page: Page, assignment: int) -> int:
    """The case goes back, and whoever is signed in on `page` takes it; their read."""
    aside: list[int] = stack.in_database(lambda: lapse(assignment))
    try:
        page.goto("/worklist")
        theirs = next_case(page)
    finally:
        stack.in_database(lambda: set_state(Case.objects.filter(pk__in=aside), CaseState.READY))
    reads = Assignment.objects.filter(pk__in=[assignment, theirs])
    assert stack.in_database(lambda: reads.values("case").distinct().count()) == 1
    return theirs


def lapse(assignment: int) -> list[int]:
    """Nobody has drawn on the case for too long, and it is the only one to be had; the others, put aside."""
    for undrawn in Assignment.objects.filter(reader__username=SECOND, state="open", mask__head=0):
        worklist.release(assignment=undrawn)
    others = Case.objects.filter(state=CaseState.READY)
    aside = list(others.values_list("pk", flat=True))
    set_state(others, CaseState.WAITING)
    Assignment.objects.filter(pk=assignment).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert worklist.release_expired() == 1
    return aside


def expect_mask(stack: Stack, page: Page, mask: str, expected: Mask) -> None:
    reading = Reading(stack, "", page.context.storage_state(), 0, mask, 0)
    kept = stored(reading, page)
    assert same(kept, expected), difference(kept, expected)


def look_at_the_branch(page: Page) -> None:
    page.keyboard.press("Alt+h")
    branches = page.get_by_role("region", name="Branches")
    expect(branches).to_contain_text("1 stroke")
    expect(branches.get_by_role("button", name="Put on top")).to_be_hidden()
    branches.get_by_role("button", name="Compare").click()
    table = page.get_by_role("table", name="Agreement by structure")
    expect(table.locator("tr[data-changed]").first).to_be_visible()
