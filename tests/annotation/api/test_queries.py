"""What was chosen and what others would have chosen, over HTTP: for leads, with reasons."""

from pathlib import Path

import numpy as np
import pytest

from annotation import ingest, jobs, learning
from annotation.models import Acquisition, Arm, Job, JobKind, JobState, Project, Split, Strategy
from annotation.simulating import what_if
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out
from tests.annotation.factories import make_case, make_model
from tests.annotation.learning_loop import accept, accepted
from training.phantom import make_phantom
from training.progress import Progress, ignore_progress, never_stop


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/queries/"


@pytest.fixture
def what_if_url(project: Project) -> str:
    return f"/api/projects/{project.pk}/what-if/"


ORDER = {"strategies": ["entropy", "random"], "seeds": 1, "seconds": 30}


def test_leads_see_what_was_chosen_and_why(project: Project, url: str, as_lea: Browser) -> None:
    before = as_lea.get(url).json()
    assert (before["chosen"], before["model_version"], before["left"]) == ([], None, 0)
    assert "first 5 cases" in before["next"]
    model = make_model(project)
    for rank, (arm, structure) in enumerate([(Arm.STRATEGY, "liver"), (Arm.CONTROL, "")]):
        strategy = Strategy.CLASP_PE if arm == Arm.STRATEGY else Strategy.FG_RANDOM
        Acquisition.objects.create(
            case=make_case(project), model=model, strategy=strategy, arm=arm, rank=rank, seed=1,
            structure=structure, score=0.25 if structure else None,
        )  # fmt: skip
    found = as_lea.get(url).json()
    assert [row["why"] for row in found["chosen"]] == [
        "the model is unsure about the liver",
        "control: drawn at random, so that what the strategy gains can be measured",
    ]
    assert [row["model_version"] for row in found["chosen"]] == [1, 1]
    assert [row["is_open"] for row in found["chosen"]] == [True, True]
    assert found["left"] == 2
    assert "the 2 that are left" in found["next"]


def test_only_leads_learn_of_arms(
    url: str, what_if_url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser
) -> None:
    for one in (url, what_if_url):
        assert_kept_out(one, nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)


def test_a_replay_is_proposed_small_and_said_in_minutes(
    project: Project, what_if_url: str, as_lea: Browser
) -> None:
    for _ in range(9):
        accepted(project)
    usual = as_lea.get(what_if_url).json()["usual"]
    assert (usual["start"], usual["query"], usual["budget"]) == (2, 3, 9)
    assert usual["strategies"] == ["clasp_pe", "fg_random", "random"]
    assert usual["trainings"] == 2 * (1 + 3 * 3)
    assert usual["minutes"] == usual["trainings"] / 2


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (ORDER, "At least 4 accepted cases of the pool are needed to choose among; there are 3."),
        ({**ORDER, "seconds": 3600, "seeds": 10}, "hours of training"),
        ({**ORDER, "strategies": ["luck"]}, "luck"),
        ({**ORDER, "strategies": []}, ""),
        ({**ORDER, "seeds": 0}, ""),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    order: object, sentence: str, project: Project, what_if_url: str, as_lea: Browser
) -> None:
    for _ in range(3):
        accepted(project)
    answer = as_lea.post(what_if_url, order)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not Job.objects.exists()


def test_a_replay_needs_something_to_be_scored_on_and_is_one_at_a_time(
    project: Project, what_if_url: str, as_lea: Browser
) -> None:
    for _ in range(4):
        accepted(project)
    assert "scored on it" in as_lea.post(what_if_url, ORDER).json()["detail"]
    accepted(project, Split.TEST)
    assert as_lea.post(what_if_url, ORDER).status_code == 202
    assert as_lea.post(what_if_url, ORDER).status_code == 409
    found = as_lea.get(what_if_url).json()
    assert (found["job"]["kind"], found["job"]["state"]) == (JobKind.SIMULATE, JobState.QUEUED)
    assert found["asked"]["strategies"] == ORDER["strategies"]
    assert as_lea.post(f"/api/jobs/{found['job']['id']}/cancel/").status_code == 200


def test_a_worker_replays_and_the_figures_are_shown(
    project: Project, what_if_url: str, as_lea: Browser
) -> None:
    for seed in range(5):
        phantom = make_phantom(seed, shape=(24, 24, 16), spacing_mm=(12.0, 12.0, 12.0))
        case = ingest.add_case(
            project=project,
            volume=phantom.image,
            name=f"Phantom {seed}",
            patient_key=f"p{seed}",
            split=Split.TEST if seed == 4 else Split.POOL,
            labels=None,
            annotated=[],
        )
        accept(case, np.where(phantom.labels <= 3, phantom.labels, 0).astype(np.uint8)[None])
    job = learning.request_what_if(project=project, strategies=["random"], seeds=1, seconds=1)
    order = {**job.ids["order"], "start": 2, "query": 1, "budget": 3, "seconds": 0}
    Job.objects.filter(pk=job.pk).update(ids={**job.ids, "order": order})
    job.refresh_from_db()
    lease, seen = jobs.claim(job.pk), list[Progress]()
    assert lease is not None
    what_if(job, lease, on_progress=seen.append, should_stop=never_stop, stop_if_asked=ignore_progress)
    found = as_lea.get(what_if_url).json()
    assert found["job"]["state"] == JobState.SUCCEEDED
    assert [row["items"] for row in found["figures"]["rows"]] == [2, 3]
    assert found["figures"]["strategies"][0]["aubc"]["mean"] is not None
    assert {"runs", "train"} <= {one.stage for one in seen}
    assert not Path(learning.what_if_folder(job)).exists()
