"""A whole reading round as in AMOS: a model, juniors, seniors, double reads, adjudication, a hidden repeat.

The stage is set through the API (what the plan says, what agreement must reach) and the clock is moved in the
database; what readers and reviewers do goes through the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from annotation import access
from annotation.models import (
    AgreementKind,
    AgreementScore,
    Assignment,
    Case,
    CaseState,
    Purpose,
    Review,
    Revision,
    RevisionKind,
    Role,
)
from tests.annotation.factories import make_model
from tests.e2e import own_project
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.masks import Mask, drawn, same
from tests.e2e.pages import (
    alias_of,
    counts,
    eventually,
    next_case,
    paint,
    submit,
    wait_until_open,
    wait_until_saved,
)

pytestmark = pytest.mark.e2e

CAST = {"mia": Role.ANNOTATOR, "noa": Role.ANNOTATOR, "sol": Role.REVIEWER, "kim": Role.LEAD}
SEEDS = (101, 102, 103)
SPLEEN, AORTA = 2, 5
CROSSHAIR = "window.__delineate.viewer.views.crosshair"
PIN = [20, 24, 14]
WORDS = "The aorta ends too early."
MOST_S = 150  # for the worker, which other tests keep busy
WASHOUT = timedelta(days=8)  # past the wash-out of the plan, and past the days that a read stays open


@dataclass(frozen=True)
class Round:
    """Who sits where, and in what project."""

    stack: Stack
    project: int
    mia: Page
    noa: Page
    sol: Page
    kim: Page

    def case(self, assignment: int) -> Case:
        found = self.stack.in_database(lambda: Assignment.objects.select_related("case").get(pk=assignment))
        assert isinstance(found.case, Case)
        return found.case

    def state(self, assignment: int) -> str:
        return self.case(assignment).state

    def take(self, page: Page, button: str = "Next case") -> int:
        page.goto("/worklist")
        return next_case(page, button)


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made = int(stack.in_database(_make))
    yield made
    stack.in_database(lambda: own_project.leave(made))


def _make() -> int:
    project = own_project.begin("Reading round", CAST)
    model = make_model(project)
    for seed in SEEDS:
        own_project.add_case(project, model, seed, f"phantom {seed}")
    return project.pk


def prediction_of(seed: int) -> Mask:
    """As `drawn` has masks."""
    return np.ascontiguousarray(own_project.predicted(seed).transpose(0, 3, 2, 1))


def test_a_reading_round(stack: Stack, project: int, sign_in: SignIn) -> None:
    on = Round(stack, project, *(sign_in(name) for name in CAST))
    first, alias = _a_junior_corrects(on)
    _the_senior_returns_it_with_a_pin(on, first)
    _the_junior_is_led_to_the_pin(on, first)
    _the_senior_accepts_with_a_fix(on, first)

    own_project.plan(stack, on.kim, project, double_share=1.0)
    wanted = [{"structure": "", "metric": "dice", "threshold": 0.95, "comparator": "inter"}]
    own_project.put(stack, on.kim, f"/api/projects/{project}/requirements/", wanted)
    pair = _two_reads(on, mia=(0.3, 0.7), noa=(0.5, 0.62))
    _the_senior_settles_what_differs(on, pair)
    alike = _two_reads(on, mia=(0.3, 0.7), noa=(0.3, 0.7))
    _they_are_accepted_by_themselves(on, alike)

    own_project.plan(stack, on.kim, project, repeat_share=1.0)
    _a_hidden_repeat(on, first, alias)
    _the_lead_sees_how_the_reader_agrees_with_herself(on)


# ── A read, its return, its acceptance ───────────────────────────────────────


def _a_junior_corrects(on: Round) -> tuple[int, str]:
    read = on.take(on.mia)
    assert same(drawn(on.mia), prediction_of(SEEDS[0])), "it begins from the model's prediction"
    paint(on.mia, structure=SPLEEN)
    wait_until_saved(on.mia)
    alias = alias_of(on.mia)
    submit(on.mia)
    return read, alias


def _the_senior_returns_it_with_a_pin(on: Round, first: int) -> None:
    sol = on.sol
    on.take(sol, "Next review")
    sol.keyboard.press("1")
    sol.keyboard.press("y")
    sol.keyboard.press(str(AORTA))
    sol.evaluate("at => window.__delineate.viewer.goTo(at)", PIN)
    eventually(sol, lambda: sol.evaluate(CROSSHAIR) == PIN, "the crosshair there")
    sol.keyboard.press("r")
    form = sol.get_by_label("What is wrong here")
    expect(form).to_be_focused()
    form.fill(WORDS)
    form.press("Enter")
    expect(sol.get_by_role("region", name="Verdict", exact=True)).to_contain_text("1 to return")
    sol.keyboard.press("Enter")
    expect(sol.get_by_label("What has to change?")).to_be_focused()
    sol.keyboard.press("Control+Enter")
    sol.wait_for_url(lambda url: "/worklist" in url)
    assert on.state(first) == CaseState.RETURNED


def _the_junior_is_led_to_the_pin(on: Round, first: int) -> None:
    mia = on.mia
    mia.goto("/worklist")
    returned = mia.get_by_role("region", name="Returned to you")
    expect(returned).to_contain_text(WORDS)
    expect(returned).not_to_contain_text("sol")
    mia.goto(f"/annotate/{first}?debug")
    wait_until_open(mia)
    eventually(mia, lambda: mia.evaluate(CROSSHAIR) == PIN, "the case opens at the first open pin")
    paint(mia, structure=AORTA, down=0.4)
    wait_until_saved(mia)
    mia.get_by_role("region", name="Pins").get_by_role("button", name="Resolve").click()
    submit(mia)
    assert on.state(first) == CaseState.IN_REVIEW


def _the_senior_accepts_with_a_fix(on: Round, first: int) -> None:
    sol = on.sol
    review = on.take(sol, "Next review")
    paint(sol, structure=SPLEEN, down=0.6)
    wait_until_saved(sol)
    for _ in range(6):
        sol.keyboard.press("y")
    expect(sol.get_by_role("region", name="Verdict", exact=True)).to_contain_text("All 6 judged")
    sol.keyboard.press("Enter")
    sol.wait_for_url(lambda url: "/worklist" in url)

    def verdicts() -> list[str]:
        found = Review.objects.filter(assignment__subject=first).order_by("pk")
        return list(found.values_list("verdict", flat=True))

    assert on.stack.in_database(verdicts) == ["return", "fix"]
    assert on.state(first) == CaseState.ACCEPTED
    assert _accepted(on, first).mask.assignment.pk == review


# ── Two blind reads ──────────────────────────────────────────────────────────


def _two_reads(on: Round, *, mia: tuple[float, float], noa: tuple[float, float]) -> tuple[int, int]:
    """mia and noa read the same case, each with two strokes at these heights; half a minute goes by."""
    first = on.take(on.mia)
    for down in mia:
        paint(on.mia, structure=AORTA, across=0.35, down=down)
    wait_until_saved(on.mia)
    submit(on.mia)
    second = on.take(on.noa)
    assert on.case(first) == on.case(second)
    for down in noa:
        paint(on.noa, structure=AORTA, across=0.35, down=down)
    wait_until_saved(on.noa)
    submit(on.noa)
    on.stack.in_database(lambda: own_project.pass_time(on.project))
    wanted = (CaseState.ADJUDICATION, CaseState.ACCEPTED)
    eventually(on.noa, lambda: _settled(on, first) in wanted, "the comparison by the worker", seconds=MOST_S)
    return first, second


def _settled(on: Round, read: int) -> str:
    on.stack.in_database(lambda: own_project.pass_time(on.project))
    return on.state(read)


def _the_senior_settles_what_differs(on: Round, pair: tuple[int, int]) -> None:
    """A side by key for each difference, the majority for one, an own stroke for another."""
    sol = on.sol
    assert on.state(pair[0]) == CaseState.ADJUDICATION
    on.take(sol, "Next adjudication")
    bar = sol.get_by_role("region", name="Adjudication")
    expect(bar).to_contain_text("differences left", timeout=30_000)
    rows = sol.get_by_role("region", name="Differences").get_by_role("listitem")
    count = rows.count()
    assert count >= 4, "two strokes of each reader"
    sol.keyboard.press("Tab")
    for key in ("ArrowLeft", "ArrowRight", "."):
        sol.keyboard.press(key)
    paint(sol, structure=SPLEEN, across=0.7, down=0.5)
    for said in ("A", "B", "majority", "drawn"):
        expect(rows.get_by_text(said, exact=True)).to_have_count(1)
    sol.keyboard.press("Tab")
    for _ in range(count - 4):
        sol.keyboard.press("ArrowLeft")
    expect(bar).to_contain_text("decided. Enter finishes.")
    wait_until_saved(sol)
    sol.keyboard.press("Enter")
    sol.wait_for_url(lambda url: "/worklist" in url)
    accepted = _accepted(on, pair[0])
    assert accepted.author is not None
    assert (accepted.kind, accepted.author.username) == (RevisionKind.MERGE, "sol")


def _accepted(on: Round, read: int) -> Revision:
    """The revision that stands for the case of this read."""
    number = on.case(read).accepted_revision_id
    assert number is not None
    rows = Revision.objects.select_related("author", "mask__assignment")
    found = on.stack.in_database(lambda: rows.get(pk=number))
    assert isinstance(found, Revision)
    return found


def _they_are_accepted_by_themselves(on: Round, pair: tuple[int, int]) -> None:
    assert on.state(pair[0]) == CaseState.ACCEPTED
    accepted = _accepted(on, pair[0])
    assert accepted.mask.assignment.pk in pair
    on.sol.goto("/worklist")
    expect(on.sol.get_by_role("button", name="Next case")).to_be_visible()
    expect(on.sol.get_by_role("button", name="Next adjudication")).to_be_hidden()


# ── A repeat ─────────────────────────────────────────────────────────────────


def _a_hidden_repeat(on: Round, first: int, alias: str) -> None:
    mia = on.mia
    on.stack.in_database(lambda: own_project.pass_time(on.project, WASHOUT))
    again = on.take(mia)
    assert on.case(again) == on.case(first)
    assert again != first
    assert on.stack.in_database(lambda: Assignment.objects.get(pk=again).purpose) == Purpose.REPEAT
    assert alias_of(mia) != alias
    assert same(drawn(mia), prediction_of(SEEDS[0])), "it begins as the former read did, not where that ended"
    for telling in (alias, "repeat", "again", "phantom"):
        expect(mia.get_by_role("banner")).not_to_contain_text(telling)
    paint(mia, structure=SPLEEN, down=0.45)
    wait_until_saved(mia)
    assert min(counts(mia)) > 0
    submit(mia)
    mia.goto(f"/annotate/{first}")
    expect(mia.get_by_text("This case could not be opened")).to_be_visible()
    on.stack.in_database(lambda: own_project.pass_time(on.project))


def _the_lead_sees_how_the_reader_agrees_with_herself(on: Round) -> None:
    intra = AgreementScore.objects.filter(
        case__project=on.project, group__kind=AgreementKind.INTRA, group__structure="spleen"
    )
    kim = on.kim
    eventually(
        kim, lambda: bool(on.stack.in_database(intra.count)), "the score by the worker", seconds=MOST_S
    )
    (score,) = on.stack.in_database(lambda: list(intra))
    assert score.reader_a_id == score.reader_b_id
    assert 0.5 < score.dice < 1
    kim.goto(f"/projects/{on.project}?tab=agreement")
    kim.get_by_role("combobox", name="Structure of the charts below").click()
    kim.get_by_role("option", name="Spleen").click()
    matrix = kim.get_by_role("region", name="Which readers agree on Spleen?")
    row = matrix.get_by_role("row").filter(has_text="mia").filter(has_text=f"{score.dice:.3f}")
    expect(row).to_contain_text("miamia")
    assert WASHOUT.days > access.VIEW_DAYS
