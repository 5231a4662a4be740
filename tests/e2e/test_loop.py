"""Once around the loop in a browser: correct, return, fix, accept, retrain, better pre-annotations."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import counts, next_case, paint, submit, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e

COMMENT = "The spleen reaches one slice further down."
RETRAIN_SECONDS = 240
LONGER_BUDGET_S = 25  # the first model had little time, so the second one is better
FORGIVEN = 0.1  # so little is learned in so little time that single structures fall by chance


def test_from_a_correction_to_a_better_pre_annotation(sign_in: SignIn, stack: Stack) -> None:
    ana, rui, lea = sign_in("ana"), sign_in("rui"), sign_in("lea")
    stack.set_policy(retrain_after=1, budget_s=LONGER_BUDGET_S, margin=FORGIVEN)
    second = 1 + max(model["version"] for model in _project(lea, stack)["models"])

    next_case(ana)
    reading = ana.url
    paint(ana, structure=2)
    submit(ana)

    next_case(rui, "Next review")
    expect(rui.get_by_role("region", name="Changes to the prediction")).to_contain_text("Spleen")
    rui.get_by_role("button", name="Return", exact=True).click()
    rui.get_by_label("What has to change?").fill(COMMENT)
    rui.get_by_role("button", name="Return", exact=True).click()
    rui.wait_for_url(lambda url: "/worklist" in url)

    _ana_corrects_what_came_back(ana, reading)
    _rui_fixes_and_accepts(rui)

    _model_serves(lea, stack, second)
    cases = stack.get(lea, f"/api/projects/{stack.project}/cases/")["results"]
    unopened = [case for case in cases if case["state"] == "ready"]
    assert unopened
    assert {case["prediction_version"] for case in unopened} == {second}


def _project(lea: Page, stack: Stack) -> Any:
    return stack.get(lea, f"/api/projects/{stack.project}/")


def _ana_corrects_what_came_back(ana: Page, reading: str) -> None:
    ana.goto("/worklist")
    expect(ana.get_by_text(COMMENT)).to_be_visible()
    ana.goto(reading)
    wait_until_open(ana)
    expect(ana.get_by_role("complementary", name="Returned to you")).to_contain_text(COMMENT)
    paint(ana, structure=2, down=0.55)
    wait_until_saved(ana)
    submit(ana)


def _rui_fixes_and_accepts(rui: Page) -> None:
    next_case(rui, "Next review")
    before = counts(rui)
    paint(rui, structure=1, down=0.35)
    assert counts(rui) != before
    rui.get_by_role("button", name="Accept", exact=True).click()
    rui.wait_for_url(lambda url: "/worklist" in url)


def _model_serves(lea: Page, stack: Stack, version: int) -> None:
    """lea watches the project page; the policy of this project retrains after one accepted case."""
    lea.goto(f"/projects/{stack.project}?tab=learning")
    expect(lea.get_by_role("button", name="Retrain now")).to_be_visible()
    deadline = time.monotonic() + RETRAIN_SECONDS
    while time.monotonic() < deadline:
        project = _project(lea, stack)
        versions = {model["version"]: model["state"] for model in project["models"]}
        if (
            version in versions
            and project["predictions_pending"] == 0
            and project["job"]["state"] == "succeeded"
        ):
            break
        lea.wait_for_timeout(1000)
    assert versions.get(version) == "serving", project["models"][0]["gate"]
    lea.reload()
    lea.get_by_role("tab", name="Learning").click()
    expect(lea.get_by_role("tabpanel", name="Learning")).to_contain_text(f"Model {version} serves")
