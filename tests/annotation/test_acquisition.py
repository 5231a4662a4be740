"""What is read next: batches by a strategy, the control beside it, and readers who open cases meanwhile."""

from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db.models import F

from annotation import chunks, learning, worklist
from annotation.learning import candidates
from annotation.learning.policy import policy_of
from annotation.models import (
    Acquisition,
    Arm,
    Assignment,
    Case,
    CaseState,
    JobKind,
    JobState,
    Mask,
    MaskKind,
    Model,
    ModelState,
    Prediction,
    Project,
    RevisionKind,
    ScanFeatures,
    StartFrom,
    Strategy,
    Structure,
    StructureGoal,
    Volume,
)
from tests.annotation.factories import box, make_case, make_job, make_model, set_state
from training.acquire import ScoreMaps, choose

pytestmark = pytest.mark.django_db

KEYS = ("liver", "spleen")
CHOOSE = "annotation.learning.acquisition.choose"  # what happens meanwhile is put before it


def _predict(case: Case, model: Model, **scores: float) -> Prediction:
    mask = Mask.objects.create(case=case, kind=MaskKind.MODEL, model=model, annotated=list(KEYS))
    chunks.write_labels(mask=mask, labels=box(case.volume.shape), kind=RevisionKind.PREDICTION)
    measures: dict[str, dict[str, float]] = {
        "weighted": {key: scores.get(key, 0.1) for key in KEYS},
        "entropy": {"all": scores.get("entropy", 0.1)},
        "bald": {"all": 0.1},
        "drawn_ml": dict.fromkeys(KEYS, 5.0),
        "border_cells": dict.fromkeys(KEYS, 3.0),
        "surface_cm2": {"all": 9.0},
    }
    uncertainty = scores.get("uncertainty", 0.5)
    Case.objects.filter(pk=case.pk).update(acquisition=uncertainty)
    return Prediction.objects.create(
        case=case, model=model, mask=mask, uncertainty=uncertainty, scores=measures
    )


def _pool(project: Project, count: int) -> tuple[Model, list[Case]]:
    model = make_model(project)
    cases = [make_case(project) for _ in range(count)]
    for place, case in enumerate(cases):
        _predict(case, model, entropy=0.1 + 0.01 * place, uncertainty=0.9 - 0.01 * place)
    return model, cases


def _set(project: Project, **fields: Any) -> None:
    policy = policy_of(project)
    for name, value in fields.items():
        setattr(policy, name, value)
    policy.save()


def _order(project: Project) -> list[int]:
    """Cases as the worklist gives them."""
    cases = Case.objects.filter(project=project, state=CaseState.READY)
    by_rank = F("acquisition").desc(nulls_last=True)
    return list(cases.order_by(by_rank, "number").values_list("pk", flat=True))


@pytest.mark.usefixtures("strategy_alone")
def test_the_worklist_follows_the_ranks_and_the_rest_its_uncertainty(project: Project) -> None:
    _, cases = _pool(project, 8)
    _set(project, strategy=Strategy.ENTROPY, query_size=3)
    chosen = learning.choose_if_due(project)
    assert [one.case_id for one in chosen] == [case.pk for case in cases[:-4:-1]]
    assert [one.rank for one in chosen] == [0, 1, 2]
    assert {one.arm for one in chosen} == {Arm.STRATEGY}
    assert _order(project) == [case.pk for case in (*cases[:-4:-1], *cases[:5])]


def test_a_control_is_drawn_and_stands_among_the_others(project: Project) -> None:
    _pool(project, 20)
    _set(project, query_size=10, control_share=0.3)
    chosen = learning.choose_if_due(project)
    arms = [one.arm for one in sorted(chosen, key=lambda one: one.rank)]
    assert arms.count(Arm.CONTROL) == 3
    assert {one.strategy for one in chosen if one.arm == Arm.CONTROL} == {Strategy.FG_RANDOM}
    assert _order(project)[:10] == [one.case_id for one in sorted(chosen, key=lambda one: one.rank)]


@pytest.mark.usefixtures("strategy_alone")
def test_diversity_keeps_scans_that_are_alike_out_of_one_batch(project: Project) -> None:
    _, cases = _pool(project, 6)
    for place, case in enumerate(cases):
        # The three that score highest are one and the same scan, as far as features say.
        values = [1.0, 0.0] if place > 2 else [float(place), 5.0]
        ScanFeatures.objects.update_or_create(volume=case.volume, defaults={"values": values})
    _set(project, strategy=Strategy.ENTROPY, query_size=2, diversity=5.0)
    first, second = learning.choose_if_due(project)
    assert first.case_id == cases[5].pk
    assert second.case_id in {case.pk for case in cases[:3]}


@pytest.mark.usefixtures("strategy_alone")
def test_asking_again_changes_nothing_until_the_batch_is_opened(project: Project) -> None:
    _, cases = _pool(project, 7)
    _set(project, strategy=Strategy.ENTROPY, query_size=3)
    first = learning.choose_if_due(project)
    order = _order(project)
    assert learning.choose_if_due(project) == []
    assert _order(project) == order
    set_state(cases[5:], CaseState.IN_PROGRESS)
    assert learning.choose_if_due(project) == []
    set_state(cases[4:5], CaseState.IN_PROGRESS)
    second = learning.choose_if_due(project)
    assert [one.rank for one in second] == [3, 4, 5]
    assert {one.seed for one in first} & {one.seed for one in second} == set()
    assert not {one.case_id for one in first} & {one.case_id for one in second}


def test_nothing_is_chosen_while_the_model_still_predicts(project: Project) -> None:
    model, _ = _pool(project, 4)
    job = make_job(project, kind=JobKind.PREDICT, state=JobState.QUEUED)
    type(job).objects.filter(pk=job.pk).update(ids={"model": model.pk})
    assert learning.choose_if_due(project) == []
    type(job).objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED)
    assert len(learning.choose_if_due(project)) == 4


@pytest.mark.usefixtures("strategy_alone")
def test_a_new_model_chooses_anew(project: Project) -> None:
    old, cases = _pool(project, 6)
    _set(project, strategy=Strategy.ENTROPY, query_size=2)
    learning.choose_if_due(project)
    Model.objects.filter(pk=old.pk).update(state=ModelState.RETIRED)
    new = make_model(project)
    for place, case in enumerate(cases):
        _predict(case, new, entropy=0.9 - 0.1 * place, uncertainty=0.2)
    chosen = learning.choose_if_due(project)
    assert [one.case_id for one in chosen] == [cases[0].pk, cases[1].pk]
    assert {one.model_id for one in chosen} == {new.pk}
    assert _order(project)[:2] == [cases[0].pk, cases[1].pk]
    assert set(
        Case.objects.filter(pk__in=[c.pk for c in cases[2:]]).values_list("acquisition", flat=True)
    ) == {0.2}


@pytest.mark.usefixtures("strategy_alone")
def test_a_case_that_a_reader_opened_meanwhile_is_not_chosen(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, cases = _pool(project, 5)
    _set(project, strategy=Strategy.ENTROPY, query_size=3)

    def slowly(*args: Any) -> Any:
        set_state(cases[4:], CaseState.IN_PROGRESS)
        return choose(*args)

    monkeypatch.setattr(CHOOSE, slowly)
    chosen = learning.choose_if_due(project)
    assert [one.case_id for one in chosen] == [cases[3].pk, cases[2].pk]
    cases[4].refresh_from_db()
    assert cases[4].acquisition == pytest.approx(0.86)


def test_two_workers_choose_one_batch(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    _pool(project, 6)
    _set(project, query_size=3)
    first = list[Acquisition]()

    def after_another(*args: Any) -> Any:
        monkeypatch.setattr(CHOOSE, choose)
        first.extend(learning.choose_if_due(project))
        return choose(*args)

    monkeypatch.setattr(CHOOSE, after_another)
    assert learning.choose_if_due(project) == []
    assert len(first) == Acquisition.objects.count() == 3


def test_the_serving_model_that_changed_meanwhile_chooses_itself(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = _pool(project, 3)

    def overtaken(*args: Any) -> Any:
        Model.objects.filter(pk=model.pk).update(state=ModelState.RETIRED)
        return choose(*args)

    monkeypatch.setattr(CHOOSE, overtaken)
    assert learning.choose_if_due(project) == []
    assert not Acquisition.objects.exists()


# ── The cold start ───────────────────────────────────────────────────────────


def _features(cases: list[Case]) -> None:
    for place, case in enumerate(cases):
        values = [float(place), 1.0] if place < 4 else [50.0 + place, 1.0]
        ScanFeatures.objects.create(volume=case.volume, values=values)


def test_the_first_cases_are_typical_ones_and_no_more_than_asked_for(project: Project) -> None:
    cases = [make_case(project) for _ in range(7)]
    _features(cases)
    _set(project, cold_cases=2)
    chosen = learning.choose_if_due(project)
    assert {one.arm for one in chosen} == {Arm.COLD_START}
    assert {one.model_id for one in chosen} == {None}
    assert len({one.case_id in {c.pk for c in cases[:4]} for one in chosen}) == 2  # one of either cloud
    assert _order(project)[:2] == [one.case_id for one in chosen]
    set_state(Case.objects.filter(pk__in=[one.case_id for one in chosen]), CaseState.IN_PROGRESS)
    assert learning.choose_if_due(project) == []


def test_cases_that_come_later_fill_the_cold_start_up(project: Project) -> None:
    cases = [make_case(project) for _ in range(5)]
    _features(cases)
    set_state(cases[2:], CaseState.IN_PROGRESS)
    _set(project, cold_cases=3)
    assert len(learning.choose_if_due(project)) == 2
    set_state(cases[2:4], CaseState.WAITING)
    assert [one.rank for one in learning.choose_if_due(project)] == [2]


# ── What strategies are told ─────────────────────────────────────────────────


def test_scores_keep_what_strategies_and_costs_need(project: Project) -> None:
    shape = (8, 8, 4)
    maps = ScoreMaps.blank(KEYS, shape, (10.0, 10.0, 10.0))
    labels = np.zeros((1, *shape), np.uint8)
    labels[0, 2:4, 2:4, 1:3] = 1
    found = learning.scores_of(maps, labels, (10.0, 10.0, 10.0))
    measures = {"weighted", "entropy", "bald", "drawn_ml", "border_cells", "surface_cm2"}
    assert set(found) == {*measures, "profile"}
    assert found["surface_cm2"]["all"] == 24.0
    assert set(found["weighted"]) == set(KEYS)
    assert learning.scores_of(None, labels, (1.0, 1.0, 1.0)) == {}


def test_structures_whose_goal_is_far_weigh_more(project: Project) -> None:
    model = make_model(project)
    assert candidates.need_in(project, model, KEYS) == dict.fromkeys(KEYS, 1.0)
    liver = Structure.objects.get(key="liver")
    StructureGoal.objects.create(project=project, structure=liver, dice=0.9)
    assert candidates.need_in(project, model, KEYS) == {"liver": 1.0, "spleen": 0.1}


def test_expected_minutes_are_learned_from_the_projects_own_reads(project: Project, ana: User) -> None:
    _, cases = _pool(project, 3)
    assert candidates.effort_of(project) is None
    for case, seconds in zip(cases[:2], (120, 360), strict=True):
        read = worklist.next_case(reader=ana, project=project)
        assert isinstance(read, Assignment)
        assert read.start_from == StartFrom.PREDICTION
        Assignment.objects.filter(pk=read.pk).update(
            active_seconds=seconds, submitted_at=read.created_at, state="done", final_at=read.created_at
        )
        case.refresh_from_db()
    effort = candidates.effort_of(project)
    assert effort is not None
    assert effort.observations == 2
    last = Prediction.objects.exclude(case__assignments__isnull=False).get()
    assert candidates.minutes_of(effort, last) == pytest.approx(np.sqrt(12))
    assert candidates.minutes_of(effort, None) is None


def test_features_are_worked_out_once(project: Project) -> None:
    volume = make_case(project).volume
    ScanFeatures.objects.create(volume=volume, values=[1.0, 2.0])
    assert candidates.features_of([volume]) == {volume.pk: (1.0, 2.0)}
    assert candidates.features_of(Volume.objects.none()) == {}
