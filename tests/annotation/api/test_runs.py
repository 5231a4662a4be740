import pytest
from django.contrib.auth.models import User

from annotation import reviews
from annotation.models import JobState, Project, RunEpoch, RunNote, SnapshotItem, TrainingRun
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_case, make_model, make_review, make_run, make_submitted
from tests.annotation.learning_loop import accept


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/runs/"


@pytest.fixture
def accepted(ana: User, rui: User, project: Project) -> None:
    reviews.accept(assignment=make_review(rui, make_submitted(ana, project)), revision=0)


def test_the_lead_starts_a_training(
    url: str, project: Project, lea: User, as_lea: Browser, accepted: None
) -> None:
    answer = as_lea.post(url)
    assert answer.status_code == 202
    run = TrainingRun.objects.get(project=project)
    assert (run.requested_by, run.job_id) == (lea, answer.json()["id"])
    assert (answer.json()["kind"], answer.json()["state"]) == ("train", "queued")


def test_one_at_a_time(url: str, as_lea: Browser, accepted: None) -> None:
    as_lea.post(url)
    assert_refused(as_lea.post(url), 409, "already")
    assert TrainingRun.objects.count() == 1


def test_nothing_to_learn_from(url: str, as_lea: Browser) -> None:
    assert_refused(as_lea.post(url), 400, "Nothing to learn from")


def test_who_is_kept_out(url: str, as_nobody: Browser, as_otto: Browser, as_rui: Browser) -> None:
    assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_rui)


# ── The list, and one of them ────────────────────────────────────────────────
def test_trainings_newest_first(url: str, project: Project, as_lea: Browser) -> None:
    assert as_lea.get(url).json() == []
    model = make_model(project)
    going_on = make_run(project, state=JobState.RUNNING)
    newest, first = as_lea.get(url).json()
    assert (newest["id"], newest["number"], newest["state"], newest["model"]) == (
        going_on.pk,
        2,
        "running",
        None,
    )
    assert first["model"] == {"id": model.pk, "version": 1, "state": "serving"}
    assert (first["number"], first["trigger"], first["requested_by"]) == (1, "hand", None)


def test_one_training_with_its_course(project: Project, lea: User, as_lea: Browser) -> None:
    run = make_run(project, state=JobState.RUNNING)
    TrainingRun.objects.filter(pk=run.pk).update(requested_by=lea, members=2, fixed_steps=400)
    case = make_case(project)
    SnapshotItem.objects.create(snapshot=run.snapshot, case=case, revision=accept(case), use="train")
    RunEpoch.objects.create(
        run=run, epoch=0, step=100, loss=0.5, dice={"liver": 0.7, "spleen": None}, seconds=9
    )
    RunNote.objects.create(run=run, text="Began.")
    answer = as_lea.get(f"/api/runs/{run.pk}/")
    body = answer.json()
    assert body["epochs"] == [
        {
            "member": 0,
            "epoch": 0,
            "step": 100,
            "loss": 0.5,
            "dice": {"liver": 0.7, "spleen": None},
            "seconds": 9.0,
        }
    ]
    assert [note["text"] for note in body["notes"]] == ["Began."]
    assert body["cases"] == {"train": 1, "validation": 0, "test": 0}
    assert [structure["key"] for structure in body["structures"]] == ["liver", "spleen", "kidney_left"]
    assert (body["requested_by"], body["members"], body["start_version"]) == ("lea", 2, None)
    assert body["fixed_steps"] == 400
    assert (body["job"]["id"], body["job"]["state"]) == (run.job_id, "running")
    again = as_lea.get(f"/api/runs/{run.pk}/", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_readers_and_strangers_find_no_training(
    project: Project, as_nobody: Browser, as_otto: Browser, as_rui: Browser, as_lea: Browser
) -> None:
    run = make_run(project)
    url = f"/api/runs/{run.pk}/"
    assert as_nobody.get(url).status_code == 401
    for browser in (as_otto, as_rui):
        told = browser.get(url)
        assert told.status_code == 404
        assert told.json() == browser.get("/api/runs/999999/").json(), "nobody can count trainings"
    assert as_lea.get("/api/runs/99999999999999999999/").status_code == 404
