"""The policy, the goals, the comparison and a lead's decisions over HTTP."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import LearningPolicy, Project, Split
from tests.annotation.learning_loop import accepted, trained


@pytest.fixture
def lead(client: Client, lea: User) -> Client:
    client.force_login(lea)
    return client


def send(lead: Client, method: str, project: Project, path: str, body: Any = None) -> tuple[int, Any]:
    answer = getattr(lead, method)(
        f"/api/projects/{project.pk}/{path}/",
        **({} if method == "get" else {"data": body, "content_type": "application/json"}),
    )
    return answer.status_code, answer.json()


@pytest.fixture
def refused(project: Project, tmp_path: Path) -> None:
    """Model 1 serves, model 2 lost the spleen's surface."""
    accepted(project)
    test = accepted(project, Split.TEST)
    trained(project, tmp_path, {test: {"liver": 0.8, "spleen": 0.8}})
    trained(project, tmp_path, {test: {"liver": 0.9, "spleen": 0.8}}, {test: {"liver": 0.9, "spleen": 0.5}})


@pytest.mark.django_db
def test_a_policy_is_changed_field_by_field(lead: Client, project: Project) -> None:
    status, answer = send(lead, "get", project, "policy")
    assert status == 200
    assert answer["policy"]["network"] == "plain_unet"
    assert (answer["policy"]["retrain_after"], answer["policy"]["every_hours"]) == (5, None)
    assert answer["next"] == {
        "new": 0,
        "gain": None,
        "at": None,
        "due": None,
        "sentence": "0 cases accepted since the last training. The next one starts after 5.",
    }
    changes = {"retrain_after": 8, "every_hours": 12, "members": 2, "margin": 0.02, "weights": "scratch"}
    changes |= {"fixed_steps": 400}
    status, answer = send(lead, "patch", project, "policy", changes)
    assert status == 200
    assert {name: answer["policy"][name] for name in changes} == changes
    assert send(lead, "patch", project, "policy", {"every_hours": None})[1]["policy"]["every_hours"] is None
    assert send(lead, "get", project, "policy")[1]["policy"]["members"] == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"members": 6},
        {"members": 0},
        {"margin": -0.1},
        {"every_hours": 0},
        {"fixed_steps": 0},
        {"fixed_steps": 2**31},
        {"forecast_gain": 2},
        {"control_share": 0},
        {"control_share": 0.049},
        {"control_share": 1.1},
        {"diversity": 6},
        {"diversity": -1},
        {"network": "nnformer"},
        {"retrain_after": 0},
        {"frozen_encoder": True, "weights": "scratch"},
        {"strategy": "best"},
        {},
        {"unheard_of": 1},
    ],
)
def test_a_policy_that_cannot_be_is_refused_with_a_sentence(
    lead: Client, project: Project, changes: dict[str, Any]
) -> None:
    status, answer = send(lead, "patch", project, "policy", {"retrain_after": 7} | changes if changes else {})
    if changes == {"unheard_of": 1}:
        assert status == 200, "what nobody knows is left aside, as everywhere"
        return
    assert status == 400
    assert answer["detail"]
    assert not LearningPolicy.objects.exists()
    project.refresh_from_db()
    assert project.retrain_after == 5


@pytest.mark.django_db
def test_goals_are_put_and_kept(lead: Client, project: Project) -> None:
    rows = [
        {"structure": "liver", "dice": 0.95, "cases": None},
        {"structure": "spleen", "dice": None, "cases": 20},
    ]
    assert send(lead, "put", project, "goals", rows) == (200, rows)
    assert send(lead, "get", project, "goals") == (200, rows)
    status, answer = send(lead, "put", project, "goals", [{"structure": "liver", "dice": 1.5}])
    assert (status, "between 0 and 1" in answer["detail"]) == (400, True)
    assert send(lead, "get", project, "goals") == (200, rows)


@pytest.mark.django_db
def test_a_comparison_says_both_measures_and_on_which_cases(
    lead: Client, project: Project, refused: None
) -> None:
    status, answer = send(lead, "get", project, "models/2/comparison")
    assert (status, answer["version"], answer["state"]) == (200, 2, "rejected")
    figures = answer["figures"]
    assert (figures["compared_with"], figures["margin"], figures["cases"]) == (1, 0.01, [2])
    assert figures["dice"]["structures"]["liver"]["mean"] == pytest.approx(0.1)
    assert (figures["dice"]["worse"], figures["surface_dice"]["worse"]) == ([], ["spleen"])
    assert "spleen surface Dice −0.300" in answer["sentence"]
    assert send(lead, "get", project, "models/1/comparison")[1]["figures"] is None
    assert send(lead, "get", project, "models/9/comparison")[0] == 404


@pytest.mark.django_db
def test_a_lead_overrules_and_goes_back(lead: Client, project: Project, refused: None) -> None:
    answer = send(lead, "get", project, "decisions")[1]
    assert (answer["serving"], answer["former"]) == (1, None)
    assert [row["verdict"] for row in answer["decisions"]] == ["refused", "promoted"]
    assert send(lead, "post", project, "models/2/promotion", {"reason": " "})[0] == 400
    status, answer = send(lead, "post", project, "models/2/promotion", {"reason": "Redrawn spleens."})
    assert (status, answer) == (200, {"serving": 2})
    answer = send(lead, "get", project, "decisions")[1]
    assert (answer["serving"], answer["former"]) == (2, 1)
    newest = answer["decisions"][0]
    assert (newest["verdict"], newest["by"], newest["reason"], newest["instead_of"]) == (
        "overruled",
        "lea",
        "Redrawn spleens.",
        1,
    )
    assert send(lead, "post", project, "rollback", {"reason": "No better.", "version": 2})[0] == 409
    assert send(lead, "post", project, "rollback", {"reason": "No better.", "version": 1}) == (
        200,
        {"serving": 1},
    )
    assert send(lead, "post", project, "models/1/promotion", {"reason": "again"})[0] == 409
