"""A lead looks at networks side by side, sees how far a comparison is, and puts the best into service."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from playwright.sync_api import expect

from annotation import jobs, learning
from annotation.models import Case, Model, ModelState, Project, Role, Split, TrainingRun
from tests.annotation.learning_loop import accept, report
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.own_project import add_case, begin, leave, predicted
from training.phantom import STRUCTURES

pytestmark = pytest.mark.e2e

CAST = {"lea": Role.LEAD}
REACHED = {"plain_unet": 0.80, "resenc_unet": 0.84, "vnet": 0.71}


def compared(project: Project, folder: Path, tests: list[Case]) -> None:
    """Three networks of four with these scores, before any worker hears of it; then it is stopped."""
    networks = [*REACHED, "unetr"]
    lea = User.objects.get(username="lea")
    with transaction.atomic():
        bench = learning.request_bench(project=project, by=lea, networks=networks, budget_s=300, seed=0)
        for network, dice in REACHED.items():
            run = TrainingRun.objects.get(project=project, network=network)
            lease = jobs.claim(run.job_id)
            assert lease is not None
            noise = random.Random(network)
            scores = {
                case: {spec.key: dice + noise.uniform(-0.04, 0.04) for spec in STRUCTURES} for case in tests
            }
            made = report(folder, scores, content=network.encode())
            learning.record(run=run, report=made, lease=lease)
        learning.stop_bench(project=project, comparison_id=bench.comparison.pk)


def seeded(name: str, folder: Path) -> Project:
    project = begin(name, CAST)
    learning.change_policy(project=project, changes={"automatic": False})
    model = Model.objects.filter(state=ModelState.SERVING).order_by("pk")[0]
    tests = []
    for seed in range(5):
        case = add_case(project, model, seed, f"{name} {seed}")
        if seed > 1:
            Case.objects.filter(pk=case.pk).update(split=Split.TEST)
            tests.append(case)
        accept(case, predicted(seed))
    compared(project, folder, tests)
    return project


@pytest.fixture
def project(stack: Stack, tmp_path: Path) -> Iterator[Project]:
    found: Project = stack.in_database(lambda: seeded("Networks side by side", tmp_path))
    yield found
    stack.in_database(lambda: leave(found.pk))


def test_a_lead_chooses_among_networks(stack: Stack, sign_in: SignIn, project: Project) -> None:
    lea = sign_in("lea")
    lea.goto(f"/projects/{project.pk}?tab=learning")
    bench = lea.get_by_role("region", name="Networks side by side")
    expect(bench.get_by_text("Stopped with 3 of 4 networks trained.")).to_be_visible()
    dice = bench.get_by_role("table", name="Dice by structure", exact=True)
    mean = dice.get_by_role("row", name="Mean 0.")
    expect(mean.locator("strong")).to_have_count(1)
    expect(mean.get_by_text("±")).to_have_count(3)
    bench.get_by_text("95 % interval", exact=True).click()
    expect(mean.get_by_text("±")).to_have_count(0)
    bench.get_by_text("Surface Dice", exact=True).click()
    expect(bench.get_by_role("table", name="Surface Dice by structure")).to_be_visible()
    bench.get_by_text("Every pair of networks").click()
    expect(bench.get_by_role("table", name="Pairs of networks").get_by_role("row")).to_have_count(4)
    bench.get_by_role("button", name="Put model 2 into service").click()
    bench.get_by_label("Why").fill("The best in every structure.")
    bench.get_by_role("button", name="Put model 2 into service").last.click()
    expect(bench.get_by_text("Serving", exact=True)).to_be_visible()
    assert stack.get(lea, f"/api/projects/{project.pk}/decisions/")["serving"] == 2
