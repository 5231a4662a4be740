"""Two blind reads that differ, or a read and a reviewer's fix: somebody else takes a side with one key."""

from collections.abc import Iterator

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import transaction
from playwright.sync_api import Page, expect

from annotation import chunks, reviews, worklist
from annotation.models import (
    Assignment,
    Case,
    CaseState,
    Comparator,
    Metric,
    Model,
    Part,
    Prediction,
    Requirement,
    Role,
)
from tests.annotation.agreement.world import draw, hand_in, read_by
from tests.e2e import own_project
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import counts, eventually, next_case

pytestmark = pytest.mark.e2e

CROSSHAIR = "window.__delineate.viewer.views.crosshair"


def two_reads(project: int) -> int:
    """Of one case, both from its prediction: one left it as it was, one moved everything by three voxels."""
    case = (
        Case.objects.select_related("volume", "project")
        .filter(project=project, state=CaseState.READY, predictions__isnull=False)
        .order_by("-number")[0]
    )
    prediction = Prediction.objects.select_related("mask").filter(case=case)[0]
    labels = chunks.read_layers(prediction.mask)
    moved = np.roll(labels, 3, axis=1)
    readers = [User.objects.get(username=name) for name in ("ana", "ben")]
    with transaction.atomic():
        for reader, drawn in zip(readers, (labels, moved), strict=True):
            read_by(case, reader, drawn, start=prediction)
        case.parts.update(reads_wanted=2)
        worklist.move(case.parts.get().pk, CaseState.COMPARING)
    return case.pk


def state_of(stack: Stack, case: int) -> str:
    return str(stack.in_database(lambda: Part.objects.get(case=case).state))


def test_take_b_everywhere(sign_in: SignIn, stack: Stack) -> None:
    case = stack.in_database(lambda: two_reads(stack.project))
    rui = sign_in("rui")
    # Nothing says how well two reads must agree: somebody looks.
    eventually(
        rui, lambda: state_of(stack, case) == "adjudication", "the comparison by the worker", seconds=60
    )
    rui.reload()
    adjudication = next_case(rui, "Next adjudication")
    bar = rui.get_by_role("region", name="Adjudication")
    expect(bar).to_contain_text("differences left")
    listed = rui.get_by_role("region", name="Differences").get_by_role("button").all()
    rui.keyboard.press("Tab")
    first = rui.evaluate(CROSSHAIR)
    before = counts(rui)
    rui.keyboard.press("ArrowRight")
    eventually(rui, lambda: counts(rui) != before, "B's voxels in the mask")
    assert rui.evaluate(CROSSHAIR) != first, "it goes on to the next"
    rui.keyboard.press("z")
    eventually(rui, lambda: counts(rui) == before, "one step to undo")
    rui.keyboard.press("Shift+Tab")
    for _ in listed:
        rui.keyboard.press("ArrowRight")
    expect(bar).to_contain_text("decided. Enter finishes.")
    for rest in rui.get_by_role("radio", name="B", exact=True).all():
        rest.click()
    _finish(rui)
    assert state_of(stack, case) == "accepted"
    stack.in_database(lambda: _is_as_b_has_it(adjudication))


def _finish(rui: Page) -> None:
    rui.keyboard.press("Enter")
    rui.wait_for_url(lambda url: "/worklist" in url)


def _is_as_b_has_it(adjudication: int) -> None:
    read = Assignment.objects.select_related("rival__mask", "mask", "case").get(pk=adjudication)
    accepted = read.case.accepted_revision
    assert accepted is not None
    assert accepted.mask_id == read.mask_id
    assert read.rival is not None
    assert np.array_equal(chunks.read_layers(read.mask), chunks.read_layers(read.rival.mask))


# ── A fix that changes too much ──────────────────────────────────────────────


def disputed_fix(serving: int) -> tuple[int, int]:
    """A read that its reviewer moved by three voxels, where a fix may change next to nothing."""
    cast = {"sara": Role.ANNOTATOR, "rosa": Role.REVIEWER, "vera": Role.REVIEWER}
    project = own_project.begin("A disputed fix", cast)
    model = Model.objects.filter(project=serving)[0]
    case = own_project.add_case(project, model, 91, "disputed")
    Requirement.objects.create(
        project=project, metric=Metric.DICE, threshold=0.99, comparator=Comparator.REVIEW
    )
    read = worklist.next_case(reader=User.objects.get(username="sara"), project=project)
    assert read is not None
    hand_in(read)
    review = worklist.claim_review(reviewer=User.objects.get(username="rosa"), project=project)
    assert review is not None
    draw(review, np.roll(own_project.predicted(91), 3, axis=1))
    review.mask.refresh_from_db()
    reviews.accept(assignment=review, revision=review.mask.head)
    return project.pk, case.pk


@pytest.fixture(scope="module")
def disputed(stack: Stack) -> Iterator[int]:
    project, case = stack.in_database(lambda: disputed_fix(stack.project))
    yield int(case)
    stack.in_database(lambda: own_project.leave(project))


def test_a_disputed_fix_is_somebody_elses_to_decide(disputed: int, sign_in: SignIn, stack: Stack) -> None:
    rosa = sign_in("rosa")
    eventually(
        rosa, lambda: state_of(stack, disputed) == "adjudication", "the comparison by the worker", seconds=60
    )
    rosa.reload()
    expect(rosa.get_by_role("button", name="Next adjudication")).to_be_hidden()
    vera = sign_in("vera")
    adjudication = next_case(vera, "Next adjudication")
    bar = vera.get_by_role("region", name="Adjudication")
    expect(bar).to_contain_text("differences left")
    listed = vera.get_by_role("region", name="Differences").get_by_role("button").all()
    assert listed
    vera.keyboard.press("Tab")
    for _ in listed:
        vera.keyboard.press("ArrowRight")
    expect(bar).to_contain_text("decided. Enter finishes.")
    for rest in vera.get_by_role("radio", name="B", exact=True).all():
        rest.click()
    _finish(vera)
    assert state_of(stack, disputed) == "accepted"
    stack.in_database(lambda: _is_as_b_has_it(adjudication))
