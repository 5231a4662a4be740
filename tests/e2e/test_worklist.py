"""What becomes of a read that its reader skips or takes back, and of one that a lead takes or gives."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from annotation import worklist
from annotation.models import Assignment, AssignmentRole, Branch, Project, StartFrom
from annotation.worklist.reads import create
from annotation.worklist.starts import Start
from tests.e2e.cases import free_all
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import SAVED, next_case, paint, submit, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

REASON = "The image is too poor to read"


@pytest.fixture(autouse=True)
def nobody_reads(stack: Stack) -> Iterator[None]:
    """Every case that other tests left open is free, before and after."""
    stack.in_database(free_all)
    yield
    stack.in_database(free_all)


def case_of(stack: Stack, assignment: int) -> int:
    """Its number: readers are not told."""
    return int(stack.in_database(lambda: Assignment.objects.get(pk=assignment).case.number))


def first_in_the_queue(stack: Stack, number: int) -> None:
    due = datetime(2026, 1, 2).astimezone()
    project = Project(pk=stack.project)
    stack.in_database(lambda: worklist.set_due(project=project, cases=[number], due_at=due))


def branches(stack: Stack, assignment: int) -> int:
    return int(stack.in_database(lambda: Branch.objects.filter(assignment=assignment).count()))


def open_cases(lea: Page, stack: Stack) -> None:
    lea.goto(f"/projects/{stack.project}?tab=cases")


def show(lea: Page, state: str) -> None:
    lea.get_by_role("group", name="Filter by state").get_by_text(state).click()


def row_of(lea: Page, number: int) -> Locator:
    return lea.get_by_role("row").filter(has=lea.get_by_label(f"Choose CASE {number:04}"))


def test_a_submit_goes_on_to_the_next_case_at_once(stack: Stack, sign_in: SignIn) -> None:
    ana = sign_in("ana")
    first = next_case(ana)
    asked: list[str] = []
    ana.on("request", lambda request: asked.append(request.url))
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("button", name="Submit now")).to_be_focused()
    ana.keyboard.press("Shift+Enter")
    ana.wait_for_url(lambda url: "/annotate/" in url and f"/{first}?" not in url)
    expect(ana.locator(SAVED)).to_be_visible()
    second = int(ana.url.rstrip("/").split("/")[-1])
    assert case_of(stack, second) != case_of(stack, first)
    # All that its page needs came with the answer.
    assert not any(url.endswith(f"/api/assignments/{second}/") for url in asked)
    ana.get_by_role("button", name="Undo submit").click()
    ana.wait_for_url(f"**/annotate/{first}")


def test_a_skipped_case_goes_to_another_reader(stack: Stack, sign_in: SignIn) -> None:
    ana, ben, lea = sign_in("ana"), sign_in("ben"), sign_in("lea")
    mine = next_case(ana)
    paint(ana, structure=2)
    wait_until_saved(ana)
    ana.get_by_role("button", name="Skip", exact=True).click()
    question = ana.get_by_role("dialog", name="Skip")
    expect(question).to_contain_text("What you drew is kept as a branch")
    expect(question.get_by_role("button", name="Skip it")).to_be_disabled()
    question.get_by_label(REASON).check()
    question.get_by_role("textbox").fill("motion")
    question.get_by_role("button", name="Skip it").click()
    ana.wait_for_url(lambda url: "/worklist" in url)
    expect(ana.get_by_text("Nothing is open.")).to_be_visible()
    assert branches(stack, mine) == 1

    number = case_of(stack, mine)
    first_in_the_queue(stack, number)
    assert case_of(stack, next_case(ana)) != number
    assert case_of(stack, next_case(ben)) == number
    open_cases(lea, stack)
    expect(row_of(lea, number)).to_contain_text("ben")
    expect(row_of(lea, number)).to_contain_text(f"ana skipped it: {REASON}: motion")


def test_a_submit_is_taken_back_and_the_read_goes_on(stack: Stack, sign_in: SignIn) -> None:
    ana = sign_in("ana")
    mine = next_case(ana)
    paint(ana, structure=2)
    wait_until_saved(ana)
    submit(ana)
    expect(ana.get_by_role("button", name="Undo submit (")).to_be_visible()  # on its row
    ana.get_by_role("region", name="Submitted").get_by_role("button", name="Undo (").click()
    ana.wait_for_url(lambda url: url.endswith(f"/annotate/{mine}"))
    ana.goto(f"{ana.url}?debug")
    wait_until_open(ana)
    before = head(ana, stack, mine)
    paint(ana, structure=3, down=0.4)
    wait_until_saved(ana)
    assert head(ana, stack, mine) > before

    submit(ana)
    ana.get_by_role("button", name="Next case").click()
    ana.wait_for_url(lambda url: "/annotate/" in url)
    ana.get_by_role("button", name="Undo submit (").click()
    ana.wait_for_url(lambda url: url.endswith(f"/annotate/{mine}"))
    wait_until_saved(ana)
    expect(ana.get_by_role("button", name="Undo submit (")).to_be_hidden()

    submit(ana)
    notice = ana.get_by_role("region", name="Submitted")
    expect(notice).to_be_visible()
    stack.in_database(lambda: review_of(mine))
    notice.get_by_role("button", name="Undo (").click()
    expect(ana.get_by_role("alert")).to_contain_text("A reviewer has opened this read meanwhile")
    ana.get_by_role("button", name="All right").click()
    expect(notice).to_be_hidden()
    expect(ana.get_by_role("region", name="My last ten")).to_contain_text("handed in")


def head(page: Page, stack: Stack, assignment: int) -> int:
    return int(stack.get(page, f"/api/assignments/{assignment}/")["mask"]["head"])


def review_of(assignment: int) -> None:
    """A reviewer has opened it, whatever else waits for one."""
    read = Assignment.objects.select_related("part__case", "mask").get(pk=assignment)
    create(
        part=read.part,
        reader=User.objects.get(username="rui").pk,
        role=AssignmentRole.REVIEW,
        start=Start(StartFrom.REVISION, read.mask, read.mask.head),
        subject=read,
    )


def test_a_lead_takes_a_read_over_and_the_strokes_stay(stack: Stack, sign_in: SignIn) -> None:
    ana, lea = sign_in("ana"), sign_in("lea")
    mine = next_case(ana)
    paint(ana, structure=2)
    wait_until_saved(ana)
    number = case_of(stack, mine)
    open_cases(lea, stack)
    row = row_of(lea, number)
    expect(row).to_contain_text("ana drawn, stays")
    row.get_by_role("checkbox").press("Space")
    lea.get_by_role("button", name="Take over…").press("Enter")
    question = lea.get_by_role("dialog", name="Take over")
    expect(question).to_contain_text("What ana drew stays as a branch.")
    expect(question.get_by_role("button", name="Take over")).to_be_focused()
    lea.keyboard.press("Enter")
    expect(lea.get_by_text("1 read taken over.")).to_be_visible()
    expect(row).to_contain_text("Ready to read")
    expect(row).not_to_contain_text("drawn, stays")
    assert branches(stack, mine) == 1

    paint(ana, structure=3, down=0.4)
    expect(ana.get_by_role("alert", name="Not saved")).to_contain_text("branch")
    assert stack.get(ana, "/api/worklist/?project=" + str(stack.project))["in_progress"] == []


def test_a_case_is_given_to_a_reader_by_name_with_a_date(stack: Stack, sign_in: SignIn) -> None:
    ben, lea = sign_in("ben"), sign_in("lea")
    open_cases(lea, stack)
    show(lea, "Ready to read")
    for other in ("In progress", "Accepted"):
        expect(lea.get_by_role("table", name="Cases").get_by_text(other, exact=True)).to_have_count(0)
    box = lea.get_by_role("checkbox", name="Choose CASE").last
    number = int(str(box.get_attribute("aria-label")).split()[-1])
    box.check()
    lea.get_by_label("Reader").select_option("ben")
    expect(lea.get_by_label("Reader").locator("option:checked")).to_contain_text("ben · junior")
    lea.get_by_label("Due date").fill(f"{timezone.localtime() + timedelta(days=1):%Y-%m-%d}")
    lea.get_by_role("button", name="Assign").click()
    expect(lea.get_by_text("1 case assigned to ben, due tomorrow.")).to_be_visible()
    show(lea, "All")
    expect(row_of(lea, number)).to_contain_text("ben planned, not begun")
    expect(row_of(lea, number)).to_contain_text("due tomorrow")

    assert case_of(stack, next_case(ben)) == number
    ben.goto("/worklist")
    expect(ben.get_by_role("region", name="In progress")).to_contain_text("due tomorrow")
    open_cases(lea, stack)
    row_of(lea, number).get_by_role("checkbox").check()
    lea.get_by_label("Reader").select_option("ana")
    lea.get_by_role("button", name="Assign").click()
    expect(lea.get_by_role("alert")).to_contain_text("Take the read over first.")
