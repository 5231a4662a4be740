"""Networks side by side over HTTP."""

from pathlib import Path

import pytest

from annotation import jobs, learning
from annotation.models import DatasetSnapshot, Project, Split, TrainingRun
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.learning_loop import accepted, report

pytestmark = pytest.mark.django_db

ORDER = {"networks": ["plain_unet", "vnet"], "budget_s": 90, "seed": 3}


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/benches/"


@pytest.fixture
def ready(project: Project) -> None:
    learning.change_policy(project=project, changes={"automatic": False})
    accepted(project)
    for _ in range(3):
        accepted(project, Split.TEST)


def train_one(project: Project, folder: Path, dice: float) -> None:
    run = TrainingRun.objects.get(project=project, job__state="queued")
    lease = jobs.claim(run.job_id)
    assert lease is not None
    tests = [item.case for item in run.snapshot.items.filter(use="test")]
    made = report(folder, {case: {"liver": dice} for case in tests}, content=str(run.pk).encode())
    learning.record(run=run, report=made, lease=lease)


def test_only_leads(url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser) -> None:
    for method in ("get", "post"):
        assert_kept_out(url, method=method, nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)


def test_a_comparison_from_the_order_to_the_table(
    url: str, as_lea: Browser, project: Project, ready: None, tmp_path: Path
) -> None:
    assert as_lea.get(url).json() == []
    answer = as_lea.post(url, ORDER)
    assert answer.status_code == 202
    bench = answer.json()
    assert bench["state"] == "going_on"
    assert bench["cases"] == {"train": 1, "validation": 0, "test": 3}
    assert (bench["requested_by"], bench["seed"], bench["seconds_left"]) == ("lea", 3, 180)
    assert [(one["network"], one["state"], one["job"] is None) for one in bench["entries"]] == [
        ("plain_unet", "queued", False),
        ("vnet", "waiting", True),
    ]
    for dice in (0.6, 0.8):
        train_one(project, tmp_path, dice)
    found = as_lea.get(f"{url}{bench['id']}/").json()
    assert (found["bench"]["state"], found["bench"]["done"]) == ("finished", 2)
    assert [one["model"]["version"] for one in found["bench"]["entries"]] == [1, 2]
    (row,) = found["dice"]["structures"]
    assert (row["key"], [round(cell["mean"], 9) for cell in row["cells"]]) == ("liver", [0.6, 0.8])
    assert [cell["best"] for cell in found["dice"]["overall"]["cells"]] == [False, True]
    assert found["dice"]["ranks"] == {"plain_unet": 2.0, "vnet": 1.0}
    (pair,) = found["surface_dice"]["pairs"]
    assert pair["difference"]["mean"] == pytest.approx(-0.2)
    rows = f"/api/projects/{project.pk}/dashboards/networks_compared/"
    file = as_lea.get(rows, {"comparison": bench["id"], "form": "csv"})
    assert file["Content-Type"].startswith("text/csv")
    assert file.content.count(b"\r\n") == 1 + 2 * 2 * 2
    promoted = as_lea.post(f"/api/projects/{project.pk}/models/2/promotion/", {"reason": "The best."})
    assert promoted.json() == {"serving": 2}
    (listed,) = as_lea.get(url).json()
    assert listed["entries"][1]["model"]["state"] == "serving"


def test_it_is_stopped_and_goes_on(url: str, as_lea: Browser, ready: None) -> None:
    own = f"{url}{as_lea.post(url, ORDER).json()['id']}/"
    assert_refused(as_lea.post(url, ORDER), 409, "0 of 2 are trained")
    stopped = as_lea.post(f"{own}stop/").json()
    assert (stopped["state"], stopped["can_go_on"], stopped["seconds_left"]) == ("stopped", True, None)
    assert_refused(as_lea.post(f"{own}stop/"), 409, "stopped already")
    again = as_lea.post(f"{own}resume/")
    assert again.status_code == 202
    assert [one["state"] for one in again.json()["entries"]] == ["queued", "waiting"]
    assert_refused(as_lea.post(f"{own}resume/"), 409)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"networks": ["vnet"]}, "at least two"),
        ({"networks": ["vnet", "lenet"]}, "no network lenet"),
        ({"networks": "vnet"}, "networks"),
        ({"budget_s": 3}, "budget_s"),
        ({"budget_s": "soon"}, "budget_s"),
        ({"seed": -1}, "seed"),
    ],
)
def test_an_order_that_cannot_be(
    changes: dict[str, object], sentence: str, url: str, as_lea: Browser, ready: None
) -> None:
    assert_refused(as_lea.post(url, ORDER | changes), 400, sentence)
    assert not DatasetSnapshot.objects.exists()


def test_without_a_test_case(url: str, as_lea: Browser, project: Project) -> None:
    accepted(project)
    assert_refused(as_lea.post(url, ORDER), 400, "accept a test case")
    assert not TrainingRun.objects.exists()
