import pytest

from annotation.models import Model, ModelScore, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_case, make_job, make_model, make_prediction


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/"


def test_the_state_of_the_project(project: Project, url: str, as_ana: Browser, as_lea: Browser) -> None:
    case = make_case(project)
    make_prediction(case, make_model(project))
    make_case(project)
    answer = as_ana.get(url)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["name"], body["role"]) == (project.pk, "Abdomen", "annotator")
    assert (body["guideline"], body["retrain_after"]) == ("", 5)
    hidden = ("accepted_since_last_run", "case_counts", "job", "predictions_pending")
    assert [body[name] for name in hidden] == [None] * 4
    to_lead = as_lea.get(url).json()
    assert to_lead["accepted_since_last_run"] == 0
    assert to_lead["case_counts"] == {
        "held": 0,
        "waiting": 0,
        "ready": 2,
        "in_progress": 0,
        "in_review": 0,
        "comparing": 0,
        "adjudication": 0,
        "returned": 0,
        "accepted": 0,
        "test": 0,
    }
    assert body["structures"][0] == {
        "key": "liver",
        "name": "liver",
        "layer": 0,
        "value": 1,
        "colour": "#288040",
        "tolerance_mm": 3.0,
        "side": "",
    }
    assert [one["value"] for one in body["structures"]] == [1, 2, 3]
    assert to_lead["predictions_pending"] == 1
    assert to_lead["job"]["kind"] == "train"
    model = body["models"][0]
    assert (model["version"], model["state"], model["mean_dice"], model["scores"], model["gate"]) == (
        1,
        "serving",
        None,
        {},
        None,
    )


def test_models_with_gate(project: Project, url: str, as_lea: Browser) -> None:
    model = make_model(project)
    Model.objects.filter(pk=model.pk).update(
        gate={"decision": "promoted", "sentence": "The first.", "margin": 0.01}
    )
    body = as_lea.get(url).json()
    assert body["role"] == "lead"
    assert body["models"][0]["gate"] == {"decision": "promoted", "sentence": "The first."}
    assert not ModelScore.objects.exists()


def test_an_empty_project(project: Project, url: str, as_lea: Browser) -> None:
    body = as_lea.get(url).json()
    assert (body["models"], body["job"], body["predictions_pending"]) == ([], None, 0)


def test_a_job_that_reports(project: Project, url: str, as_lea: Browser) -> None:
    job = make_job(project)
    job.progress = {
        "stage": "training",
        "done": 3,
        "total": 10,
        "message": "",
        "seconds_left": None,
        "values": {"loss": 0.5},
    }
    job.save()
    assert as_lea.get(url).json()["job"]["progress"] == job.progress


def test_the_lead_changes_when_to_retrain(project: Project, url: str, as_lea: Browser) -> None:
    answer = as_lea.patch(url, {"retrain_after": 12, "guideline": "Renamed"})
    assert (answer.status_code, answer.json()["retrain_after"]) == (200, 12)
    project.refresh_from_db()
    assert (project.retrain_after, project.guideline) == (12, "")


@pytest.mark.parametrize("value", [0, -1, 1001, "often", None, 1.5])
def test_a_number_that_makes_no_sense(project: Project, url: str, as_lea: Browser, value: object) -> None:
    assert_refused(as_lea.patch(url, {"retrain_after": value}), 400, "retrain_after")
    assert_refused(as_lea.patch(url, {}), 400, "retrain_after")


def test_who_is_kept_out(url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser) -> None:
    assert_kept_out(url, nobody=as_nobody, stranger=as_otto, wrong_role=None)
    assert_kept_out(url, method="patch", nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)
