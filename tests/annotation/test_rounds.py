"""When a training starts by itself, what it is asked to do, and the goals that it is made for."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import learning
from annotation.errors import Refused
from annotation.models import (
    Job,
    JobState,
    LearningPolicy,
    Model,
    ModelState,
    Project,
    SchemaStructure,
    SnapshotItem,
    Split,
    Structure,
    StructureGoal,
    TrainingRun,
    Trigger,
)
from tests.annotation.learning_loop import accept, accepted, ball, trained
from training.networks import NETWORKS

pytestmark = pytest.mark.django_db(transaction=True)


def change(project: Project, **changes: Any) -> LearningPolicy:
    return learning.change_policy(project=project, changes=changes)


def end(run: TrainingRun, hours_ago: float = 0) -> None:
    Job.objects.filter(pk=run.job_id).update(
        state=JobState.SUCCEEDED, lease_until=None, finished_at=timezone.now()
    )
    at = timezone.now() - timedelta(hours=hours_ago)
    TrainingRun.objects.filter(pk=run.pk).update(created_at=at)


def due(project: Project) -> str | None:
    run = learning.request_run_if_due(project)
    return None if run is None else run.trigger


def ended_run(project: Project, hours_ago: float = 0) -> TrainingRun:
    run = learning.request_run(project=project, requested_by=None)
    end(run, hours_ago)
    return run


# ── When ─────────────────────────────────────────────────────────────────────
def test_enough_accepted_cases_are_the_trigger(project: Project) -> None:
    change(project, retrain_after=2)
    accepted(project)
    assert due(project) is None
    accepted(project)
    assert due(project) == Trigger.COUNT


def test_the_clock_starts_a_training_where_anything_new_was_accepted(project: Project) -> None:
    change(project, retrain_after=100, every_hours=6)
    accepted(project)
    run = ended_run(project, hours_ago=7)
    assert due(project) is None, "nothing is new"
    accepted(project)
    end(run, hours_ago=5)
    assert due(project) is None, "not yet"
    end(run, hours_ago=6.1)
    assert due(project) == Trigger.SCHEDULE


def test_with_a_clock_the_first_training_starts_at_once(project: Project) -> None:
    change(project, retrain_after=100, every_hours=24)
    assert due(project) is None
    accepted(project)
    assert due(project) == Trigger.SCHEDULE


def test_nothing_starts_by_itself_once_that_is_off_but_by_hand(project: Project, lea: User) -> None:
    change(project, retrain_after=1, every_hours=1, forecast_gain=0.001, automatic=False)
    accepted(project)
    assert due(project) is None
    run = learning.request_run(project=project, requested_by=lea)
    assert (run.trigger, run.requested_by) == (Trigger.HAND, lea)


def test_a_comparison_of_networks_takes_no_part_in_the_rounds(project: Project) -> None:
    change(project, retrain_after=2)
    first = accepted(project)
    run = ended_run(project)
    accept(first)
    accepted(project)
    assert learning.accepted_since_last_run(project) == 2
    comparison = ended_run(project)
    TrainingRun.objects.filter(pk=comparison.pk).update(trigger=Trigger.COMPARISON)
    assert learning.accepted_since_last_run(project) == 2
    assert run.trigger == Trigger.HAND
    assert due(project) == Trigger.COUNT


def curve(project: Project, folder: Path, *, sizes: int) -> None:
    """Models of 1, 2, 4, 8 … cases whose Dice is 0.9 − 0.4 / n."""
    test, accepted_so_far = accepted(project, Split.TEST), 0
    for power in range(sizes):
        for _ in range(2**power - accepted_so_far):
            accepted(project)
        accepted_so_far = 2**power
        dice = 0.9 - 0.4 / accepted_so_far
        trained(project, folder, {test: {"liver": dice, "spleen": dice}})


def test_the_gain_is_told_from_four_sizes_on(project: Project, tmp_path: Path) -> None:
    change(project, retrain_after=100, forecast_gain=0.02)
    curve(project, tmp_path, sizes=3)
    assert learning.forecast_gain(project) is None
    accepted(project)
    assert due(project) is None
    assert "cannot be told yet" in learning.next_round(project).sentence


def test_a_training_starts_when_enough_is_to_be_gained(project: Project, tmp_path: Path) -> None:
    change(project, retrain_after=100, forecast_gain=0.015)
    curve(project, tmp_path, sizes=4)
    assert learning.forecast_gain(project) == 0
    for expected in (0.4 / 8 - 0.4 / 9, 0.4 / 8 - 0.4 / 10, 0.4 / 8 - 0.4 / 11):
        accepted(project)
        assert learning.forecast_gain(project) == pytest.approx(expected, abs=1e-3)
        assert due(project) is None
    accepted(project)
    assert due(project) == Trigger.GAIN


def test_models_without_a_shared_reference_tell_no_gain(project: Project, tmp_path: Path) -> None:
    for _ in range(4):
        accepted(project)
        trained(project, tmp_path, {})
    assert learning.forecast_gain(project) is None


def test_models_of_another_network_are_on_another_curve(project: Project, tmp_path: Path) -> None:
    curve(project, tmp_path, sizes=4)
    accepted(project)
    assert learning.forecast_gain(project) is not None
    change(project, network="segresnet")
    assert learning.forecast_gain(project) is None


def test_the_lead_is_told_what_the_next_training_waits_for(project: Project) -> None:
    change(project, retrain_after=3, every_hours=12)
    accepted(project)
    ended_run(project, hours_ago=1)
    accepted(project)
    told = learning.next_round(project)
    assert (told.new, told.due, told.gain) == (1, None, None)
    assert told.at is not None
    assert told.at - timezone.now() == pytest.approx(timedelta(hours=11), abs=timedelta(minutes=1))
    assert told.sentence == (
        "1 case accepted since the last training. The next one starts after 3, or 12 h after the last one."
    )
    change(project, automatic=False)
    assert learning.next_round(project).at is None
    assert learning.next_round(project).sentence.endswith("Trainings start by hand alone.")


# ── What ─────────────────────────────────────────────────────────────────────
def test_a_run_is_asked_for_what_the_policy_says(project: Project, tmp_path: Path) -> None:
    accepted(project)
    model = trained(project, tmp_path, {})
    change(project, members=3, frozen_encoder=True, fixed_steps=400)
    run = learning.request_run(project=project, requested_by=None)
    assert (run.network, run.members, run.frozen_encoder, run.parent) == ("plain_unet", 3, True, model)
    assert run.fixed_steps == 400


@pytest.mark.parametrize(
    "changes",
    [{"weights": "scratch"}, {"network": "segresnet"}, {"network": "segresnet", "frozen_encoder": True}],
)
def test_a_run_starts_from_nothing_when_asked_to_or_when_the_weights_would_not_fit(
    project: Project, tmp_path: Path, changes: dict[str, Any]
) -> None:
    accepted(project)
    trained(project, tmp_path, {})
    change(project, **changes)
    run = learning.request_run(project=project, requested_by=None)
    assert (run.parent, run.frozen_encoder) == (None, False)


def test_the_frozen_set_has_a_fingerprint_that_follows_its_items(project: Project) -> None:
    case = accepted(project)
    accepted(project, Split.TEST)
    first, second = ended_run(project), ended_run(project)
    assert first.snapshot.sha256 == second.snapshot.sha256, "the same items, in whatever order"
    assert len(first.snapshot.sha256) == 64
    items = SnapshotItem.objects.filter(snapshot=first.snapshot).select_related("revision")
    assert learning.digest(items.order_by("-pk")) == first.snapshot.sha256
    accept(case, ball((40, 36, 34)))
    assert ended_run(project).snapshot.sha256 != first.snapshot.sha256


def test_the_networks_are_those_that_can_be_trained() -> None:
    assert set(learning.NETWORKS) == set(NETWORKS)


def test_a_policy_that_contradicts_itself_is_refused_as_a_whole(project: Project) -> None:
    with pytest.raises(Refused, match="needs a warm start"):
        change(project, weights="scratch", frozen_encoder=True, retrain_after=9)
    with pytest.raises(Refused, match="There is no network nnformer"):
        change(project, network="nnformer", retrain_after=9)
    project.refresh_from_db()
    assert project.retrain_after == 5
    assert not LearningPolicy.objects.exists()


# ── What for ─────────────────────────────────────────────────────────────────
def test_goals_replace_one_another(project: Project) -> None:
    drafts = [learning.DraftGoal("spleen", 0.9, None), learning.DraftGoal("liver", None, 20)]
    assert learning.change_goals(project=project, drafts=drafts) == sorted(drafts, key=lambda d: d.structure)
    learning.change_goals(project=project, drafts=[learning.DraftGoal("liver", 0.95, 30)])
    assert learning.goals(project) == [learning.DraftGoal("liver", 0.95, 30)]
    assert learning.change_goals(project=project, drafts=[]) == []


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        (learning.DraftGoal("pancreas", 0.9), "no structure pancreas"),
        (learning.DraftGoal("liver"), "a Dice, a number of cases, or both"),
        (learning.DraftGoal("liver", 1.0), "between 0 and 1"),
        (learning.DraftGoal("liver", cases=0), "one case at least"),
    ],
)
def test_a_goal_that_says_nothing_is_refused_and_the_others_stay(
    project: Project, draft: learning.DraftGoal, sentence: str
) -> None:
    kept = learning.change_goals(project=project, drafts=[learning.DraftGoal("spleen", 0.9)])
    with pytest.raises(Refused, match=sentence):
        learning.change_goals(project=project, drafts=[learning.DraftGoal("spleen", 0.8), draft])
    with pytest.raises(Refused, match="two goals"):
        learning.change_goals(project=project, drafts=[*kept, *kept])
    assert learning.goals(project) == kept


def test_a_structure_that_leaves_the_schema_keeps_no_goal_from_changing(project: Project) -> None:
    learning.change_goals(project=project, drafts=[learning.DraftGoal("spleen", 0.9)])
    SchemaStructure.objects.filter(structure__key="spleen").delete()
    assert learning.change_goals(project=project, drafts=[]) == []
    assert Structure.objects.filter(key="spleen").exists()
    assert not StructureGoal.objects.exists()
    assert not Model.objects.filter(state=ModelState.SERVING).exists()
