"""The gate looks at both measures on frozen cases; a lead may overrule it or go back, and says why."""

from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import Error, IntegrityError, transaction

from annotation import jobs, learning
from annotation.errors import Conflict, NotFound, Refused
from annotation.models import (
    Case,
    CaseState,
    GateVerdict,
    Job,
    JobKind,
    LearningPolicy,
    Model,
    ModelDecision,
    ModelState,
    Project,
    Split,
    TrainingRun,
    Trigger,
)
from tests.annotation.factories import make_case, make_prediction
from tests.annotation.learning_loop import accept, accepted, claimed_run, report, trained
from tests.phantom_cases import KEYS, phantom
from training.metrics import score

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tests(project: Project) -> list[Case]:
    accepted(project)
    return [accepted(project, Split.TEST) for _ in range(3)]


def every(cases: list[Case], **dice: float | None) -> dict[Case, dict[str, float | None]]:
    return {case: dict(dice) for case in cases}


def states(project: Project) -> list[str]:
    return list(Model.objects.filter(project=project).order_by("version").values_list("state", flat=True))


def last_decision(project: Project) -> tuple[str, int | None, str]:
    decision = learning.decisions(project)[0]
    before = decision.instead_of
    return decision.verdict, None if before is None else before.version, decision.reason


# ── The rule ─────────────────────────────────────────────────────────────────
def test_surface_dice_alone_can_forbid_promotion(project: Project, tests: list[Case], tmp_path: Path) -> None:
    trained(project, tmp_path, every(tests, liver=0.8, spleen=0.8), every(tests, liver=0.9, spleen=0.9))
    second = trained(
        project, tmp_path, every(tests, liver=0.9, spleen=0.9), every(tests, liver=0.9, spleen=0.7)
    )
    assert second.state == ModelState.REJECTED
    assert second.gate["sentence"] == (
        "Model 2 was not promoted: spleen surface Dice −0.200 (95 % CI −0.200…−0.200) "
        "is below the allowed −0.010."
    )
    assert (second.gate["worse"], second.gate["surface"]["worse"]) == ([], ["spleen"])
    assert last_decision(project) == (GateVerdict.REFUSED, 1, second.gate["sentence"])


def test_the_margin_is_the_policy_s(project: Project, tests: list[Case], tmp_path: Path) -> None:
    learning.change_policy(project=project, changes={"margin": 0.25})
    trained(project, tmp_path, every(tests, liver=0.8, spleen=0.8))
    second = trained(project, tmp_path, every(tests, liver=0.99, spleen=0.7))
    assert (second.state, second.gate["margin"]) == (ModelState.SERVING, 0.25)


def test_the_same_weights_are_not_promoted_whatever_is_scored(project: Project, tmp_path: Path) -> None:
    accepted(project)
    trained(project, tmp_path, {}, content=b"the same")
    second = trained(project, tmp_path, {}, content=b"the same")
    assert second.gate["sentence"] == "Model 2 was not promoted: its weights are those of model 1."
    assert states(project) == ["serving", "rejected"]


def test_a_candidate_that_learned_shuffled_labels_is_refused(
    project: Project, tests: list[Case], tmp_path: Path
) -> None:
    """What a network makes that was taught each organ under another one's name, measured as models are."""

    def scored(order: list[int]) -> tuple[dict[Case, dict[str, float | None]], ...]:
        dice, surface = dict[Case, dict[str, float | None]](), dict[Case, dict[str, float | None]]()
        for seed, case in enumerate(tests):
            scan, labels = phantom(seed)
            drawn = np.array([0, *order], np.uint8)[labels[0]]
            spacing = scan.geometry.spacing_mm
            found = score(labels[0], drawn, spacing, dict.fromkeys((1, 2, 3), 3.0))
            dice[case] = {key: found[value].dice for value, key in enumerate(KEYS, 1)}
            surface[case] = {key: found[value].surface_dice for value, key in enumerate(KEYS, 1)}
        return dice, surface

    trained(project, tmp_path, *scored([1, 2, 3]))
    shuffled = trained(project, tmp_path, *scored([2, 3, 1]))
    assert states(project) == ["serving", "rejected"]
    assert set(shuffled.gate["worse"]) == set(shuffled.gate["surface"]["worse"]) == set(KEYS)


def test_the_cases_are_those_that_the_candidate_s_run_froze_in_every_comparison(
    project: Project, tests: list[Case], tmp_path: Path
) -> None:
    numbers = [case.number for case in tests]
    first = trained(project, tmp_path, every(tests, liver=0.5))
    run, lease = claimed_run(project)
    # Accepted anew, and a further test case, while the candidate trains: neither is in its frozen set.
    accept(tests[0])
    accepted(project, Split.TEST)
    second = learning.record(
        run=run, report=report(tmp_path, every(tests, liver=0.6), content=b"2"), lease=lease
    )
    assert second.gate["cases"] == numbers
    assert second.gate["snapshot_sha256"] == run.snapshot.sha256
    again = learning.figures(learning.compare_models(second, first, snapshot=run.snapshot))
    assert again == {key: second.gate[key] for key in again}, (
        "the same cases, the same draws, the same figures"
    )


def test_a_loss_that_chance_may_explain_is_told(project: Project, tests: list[Case], tmp_path: Path) -> None:
    trained(project, tmp_path, every(tests, liver=0.5, spleen=0.8))
    scores = {
        case: {"liver": 0.9, "spleen": dice} for case, dice in zip(tests, (0.6, 0.85, 0.85), strict=True)
    }
    second = trained(project, tmp_path, scores)
    assert second.state == ModelState.SERVING
    assert second.gate["doubtful"] == ["spleen"]
    assert "Chance may explain spleen −0.033" in second.gate["sentence"]


def test_many_losses_make_one_short_sentence(project: Project, tests: list[Case], tmp_path: Path) -> None:
    keys = [f"organ_{n}" for n in range(100)]
    trained(project, tmp_path, {case: dict.fromkeys(keys, 0.9) for case in tests})
    second = trained(project, tmp_path, {case: dict.fromkeys(keys, 0.5) for case in tests})
    assert "and 196 more are below" in second.gate["sentence"]
    assert last_decision(project)[2] == second.gate["sentence"]


# ── A model that was made to compare networks ────────────────────────────────
def test_a_comparison_run_leaves_the_decision_to_a_lead(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    trained(project, tmp_path, every(tests, liver=0.8))
    run, lease = claimed_run(project)
    TrainingRun.objects.filter(pk=run.pk).update(trigger=Trigger.COMPARISON)
    run.refresh_from_db()
    scores = every(tests, liver=0.9)
    model = learning.record(run=run, report=report(tmp_path, scores, content=b"2"), lease=lease)
    assert states(project) == ["serving", "candidate"]
    assert model.gate["decision"] == "candidate"
    assert "so a lead decides: mean test Dice +0.100" in model.gate["sentence"]
    assert not model.decisions.exists()
    learning.promote(project=project, version=2, by=lea, reason="The better network.")
    assert states(project) == ["retired", "serving"]


# ── A lead decides ───────────────────────────────────────────────────────────
@pytest.fixture
def refused(project: Project, tests: list[Case], tmp_path: Path) -> Model:
    trained(project, tmp_path, every(tests, liver=0.8))
    return trained(project, tmp_path, every(tests, liver=0.7))


def predict_jobs(model: Model) -> int:
    return Job.objects.filter(kind=JobKind.PREDICT, ids__model=model.pk).count()


def test_a_lead_overrules_the_gate_with_a_reason(project: Project, refused: Model, lea: User) -> None:
    waiting = make_case(project, state=CaseState.WAITING)
    learning.promote(project=project, version=2, by=lea, reason="  The liver cases\nwere redrawn. ")
    assert states(project) == ["retired", "serving"]
    assert last_decision(project) == (GateVerdict.OVERRULED, 1, "The liver cases were redrawn.")
    assert learning.decisions(project)[0].by == lea
    assert predict_jobs(refused) == 1
    assert learning.next_to_predict(refused) == waiting


def test_without_a_reason_nothing_changes(project: Project, refused: Model, lea: User) -> None:
    for reason in ("", "  \n ", "x" * 1001):
        with pytest.raises(Refused):
            learning.promote(project=project, version=2, by=lea, reason=reason)
        with pytest.raises(Refused):
            learning.roll_back(project=project, by=lea, reason=reason, version=1)
    assert states(project) == ["serving", "rejected"]
    assert predict_jobs(refused) == 0


def test_what_serves_already_and_what_is_not_there_cannot_be_promoted(
    project: Project, refused: Model, lea: User
) -> None:
    with pytest.raises(Conflict, match="serves already"):
        learning.promote(project=project, version=1, by=lea, reason="again")
    with pytest.raises(NotFound, match="no model 7"):
        learning.promote(project=project, version=7, by=lea, reason="again")


def test_going_back_twice_goes_back_further(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    models = [trained(project, tmp_path, every(tests, liver=dice)) for dice in (0.5, 0.6, 0.7)]
    opened = make_case(project)
    make_prediction(opened, models[2])
    for version, expected in ((2, ["retired", "serving", "retired"]), (1, ["serving", "retired", "retired"])):
        before = learning.former_model(project)
        assert before is not None
        assert before.version == version
        learning.roll_back(project=project, by=lea, reason="It misses the spleen.", version=version)
        assert states(project) == expected
        assert last_decision(project) == (GateVerdict.ROLLED_BACK, version + 1, "It misses the spleen.")
        assert predict_jobs(models[version - 1]) == 2, "when it was promoted, and now"
        assert learning.next_to_predict(models[version - 1]) == opened
    assert learning.former_model(project) is None
    with pytest.raises(Conflict, match="none to go back to"):
        learning.roll_back(project=project, by=lea, reason="further", version=1)


def test_a_lead_who_looks_at_an_old_page_puts_no_other_model_back(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    for dice in (0.5, 0.6, 0.7):
        trained(project, tmp_path, every(tests, liver=dice))
    with pytest.raises(Conflict, match="lead to model 2"):
        learning.roll_back(project=project, by=lea, reason="It misses the spleen.", version=1)
    assert states(project) == ["retired", "retired", "serving"]


def test_models_from_before_decisions_were_kept_can_be_gone_back_to(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    for dice in (0.5, 0.6):
        trained(project, tmp_path, every(tests, liver=dice))
    ModelDecision.objects.all().delete()
    learning.roll_back(project=project, by=lea, reason="It was better.", version=1)
    assert states(project) == ["serving", "retired"]


def test_promotion_decision_and_predictions_are_one_transaction(
    project: Project, refused: Model, lea: User
) -> None:
    def promote_and_fail() -> None:
        with transaction.atomic():
            learning.promote(project=project, version=2, by=lea, reason="because")
            ModelDecision.objects.create(model=refused, verdict=GateVerdict.OVERRULED, reason="nobody")

    with pytest.raises(IntegrityError):
        promote_and_fail()
    assert states(project) == ["serving", "rejected"]
    assert predict_jobs(refused) == 0
    assert last_decision(project)[0] == GateVerdict.REFUSED


def test_decisions_are_never_changed(project: Project, refused: Model) -> None:
    with pytest.raises(Error, match="Cannot update"), transaction.atomic():
        ModelDecision.objects.update(reason="")


def test_the_running_job_of_the_model_that_was_put_aside_predicts_nothing_more(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    trained(project, tmp_path, every(tests, liver=0.5))
    second = trained(project, tmp_path, every(tests, liver=0.6))
    make_case(project, state=CaseState.WAITING)
    job = Job.objects.get(kind=JobKind.PREDICT, ids__model=second.pk)
    assert jobs.claim(job.pk) is not None
    learning.roll_back(project=project, by=lea, reason="It misses the spleen.", version=1)
    assert learning.next_to_predict(second) is None


def test_a_policy_of_its_own_does_not_reach_into_another_project(
    project: Project, other_project: Project
) -> None:
    learning.change_policy(project=project, changes={"margin": 0.2})
    assert learning.policy_of(other_project).margin == 0.01
    assert LearningPolicy.objects.count() == 1
