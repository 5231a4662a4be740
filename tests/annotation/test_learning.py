"""Runs are frozen and unique, results are recorded once, the gate decides, opened cases stay untouched."""

import threading
from collections.abc import Callable
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone

from annotation import chunks, jobs, learning, store, worklist
from annotation.errors import Conflict, Refused
from annotation.models import (
    CaseState,
    Job,
    JobKind,
    JobState,
    Model,
    ModelScore,
    ModelState,
    Prediction,
    Project,
    SchemaStructure,
    SnapshotItem,
    SnapshotUse,
    Split,
    StartFrom,
    TrainingRun,
)
from tests.annotation.agreement.world import read_by
from tests.annotation.factories import make_case, make_prediction, stroke
from tests.annotation.learning_loop import (
    KEYS,
    accept,
    accepted,
    ball,
    claimed_prediction,
    claimed_run,
    report,
    trained,
)
from training.manifest import CaseScore

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work: Callable[[], object], times: int = 4) -> list[object]:
    """Call `work` in so many threads at the same moment, each with a connection of its own."""
    start, answers = threading.Barrier(times), list[object]()

    def one() -> None:
        start.wait()
        try:
            answers.append(work())
        except Refused as refused:
            answers.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def end(run: TrainingRun, state: JobState = JobState.SUCCEEDED) -> None:
    Job.objects.filter(pk=run.job_id).update(state=state, lease_until=None, finished_at=timezone.now())


def lose(lease: jobs.Lease) -> jobs.Lease:
    """The lease runs out and another worker claims the job."""
    Job.objects.filter(pk=lease.job_id).update(lease_until=timezone.now() - timedelta(seconds=1))
    new = jobs.claim(lease.job_id)
    assert new is not None
    return new


# ── Requesting a run ─────────────────────────────────────────────────────────
def test_a_run_freezes_exactly_the_accepted_cases_each_for_its_use(
    project: Project, other_project: Project, lea: User
) -> None:
    pool = [accepted(project), accepted(project)]
    test = accepted(project, Split.TEST)
    validation = accepted(project, Split.VALIDATION)
    make_case(project, state=CaseState.RETURNED)
    make_case(project, state=CaseState.IN_REVIEW, split=Split.TEST)
    accepted(other_project)
    run = learning.request_run(project=project, requested_by=lea)
    items = set(run.snapshot.items.values_list("case", "revision", "use"))
    assert items == {
        *((case.pk, case.accepted_revision_id, SnapshotUse.TRAIN) for case in pool),
        (validation.pk, validation.accepted_revision_id, SnapshotUse.VALIDATION),
        (test.pk, test.accepted_revision_id, SnapshotUse.TEST),
    }
    assert (run.requested_by, run.budget_s, run.parent) == (lea, project.training_budget_s, None)
    assert (run.job.kind, run.job.state) == (JobKind.TRAIN, JobState.QUEUED)


def test_what_is_accepted_later_does_not_change_a_frozen_run(project: Project) -> None:
    case = accepted(project)
    first = case.accepted_revision_id
    run = learning.request_run(project=project, requested_by=None)
    accept(case)
    assert case.accepted_revision_id != first
    assert [item.revision_id for item in run.snapshot.items.all()] == [first]
    with pytest.raises(Error, match="Cannot update"), transaction.atomic():
        SnapshotItem.objects.update(revision=case.accepted_revision)


@pytest.mark.parametrize("splits", [[], [Split.TEST], [Split.VALIDATION]])
def test_without_an_accepted_pool_case_there_is_nothing_to_learn_from(
    project: Project, splits: list[Split]
) -> None:
    for split in splits:
        accepted(project, split)
    make_case(project)
    with pytest.raises(Refused, match="Nothing to learn from yet") as refused:
        learning.request_run(project=project, requested_by=None)
    assert refused.value.status == 400
    assert not Job.objects.exists()


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_a_second_run_waits_for_the_first(project: Project, state: JobState) -> None:
    accepted(project)
    run = learning.request_run(project=project, requested_by=None)
    if state == JobState.RUNNING:
        assert jobs.claim(run.job_id) is not None
    with pytest.raises(Conflict) as conflict:
        learning.request_run(project=project, requested_by=None)
    assert conflict.value.extra == {"job": run.job_id}
    end(run, JobState.FAILED)
    assert learning.request_run(project=project, requested_by=None).seed == 1


def test_of_four_requests_at_once_one_makes_a_run(project: Project) -> None:
    accepted(project)
    answers = at_once(lambda: learning.request_run(project=project, requested_by=None))
    assert sorted(type(answer).__name__ for answer in answers) == [*["Conflict"] * 3, "TrainingRun"]
    assert TrainingRun.objects.count() == 1


def test_a_run_is_due_after_so_many_newly_accepted_pool_cases(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(retrain_after=2)
    first = accepted(project)
    accepted(project, Split.TEST)
    assert learning.request_run_if_due(project) is None
    accepted(project)
    run = learning.request_run_if_due(project)
    assert run is not None
    assert learning.request_run_if_due(project) is None, "one is queued"
    end(run)
    assert learning.accepted_since_last_run(project) == 0
    assert learning.request_run_if_due(project) is None, "nothing is new"
    accept(first)
    assert learning.accepted_since_last_run(project) == 1, "accepted again, at another revision"
    accepted(project)
    assert learning.request_run_if_due(project) is not None


def test_a_failed_run_is_not_repeated_by_the_clock(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(retrain_after=1)
    accepted(project)
    run = learning.request_run_if_due(project)
    assert run is not None
    end(run, JobState.FAILED)
    assert learning.request_run_if_due(project) is None


def test_of_four_clocks_at_once_one_makes_a_run(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(retrain_after=1)
    accepted(project)
    at_once(lambda: learning.request_run_if_due(project))
    assert TrainingRun.objects.count() == 1


# ── Recording and the gate ───────────────────────────────────────────────────
def test_the_first_model_serves_and_its_predictions_are_queued(project: Project, tmp_path: Path) -> None:
    accepted(project)
    test = accepted(project, Split.TEST)
    run, lease = claimed_run(project)
    model = learning.record(run=run, report=report(tmp_path, {test: {"liver": 0.5}}), lease=lease)
    assert (model.version, model.state) == (1, ModelState.SERVING)
    assert model.gate["sentence"] == (
        "Model 1 is the first model and serves. Its scores on 1 test case are the bar for the next one."
    )
    assert store.read(f"{model.store_key}/model.safetensors") == b"weights"
    score = model.scores.get()
    assert (score.case, score.revision, score.dice) == (test, test.accepted_revision, 0.5)
    run.job.refresh_from_db()
    assert (run.job.state, run.job.result["model"]) == (JobState.SUCCEEDED, model.pk)
    assert Job.objects.get(kind=JobKind.PREDICT).ids == {"model": model.pk}


def test_a_better_model_takes_over(project: Project, tmp_path: Path) -> None:
    accepted(project)
    tests = [accepted(project, Split.TEST) for _ in range(3)]
    first = trained(project, tmp_path, {case: {"liver": 0.80, "spleen": 0.70} for case in tests})
    second = trained(project, tmp_path, {case: {"liver": 0.82, "spleen": 0.76} for case in tests})
    first.refresh_from_db()
    assert (first.state, second.state) == (ModelState.RETIRED, ModelState.SERVING)
    assert (second.version, second.parent) == (2, first)
    assert second.gate["sentence"] == (
        "Model 2 serves: mean test Dice +0.040 (95 % CI +0.040…+0.040) against model 1 on 3 test cases, "
        "and no structure is clearly worse."
    )


def test_a_model_that_lost_a_structure_is_not_promoted_and_says_so(project: Project, tmp_path: Path) -> None:
    accepted(project)
    tests = [accepted(project, Split.TEST) for _ in range(3)]
    first = trained(project, tmp_path, {case: {"liver": 0.5, "kidney_left": 0.80} for case in tests})
    second = trained(project, tmp_path, {case: {"liver": 0.9, "kidney_left": 0.75} for case in tests})
    first.refresh_from_db()
    assert (first.state, second.state) == (ModelState.SERVING, ModelState.REJECTED)
    assert second.gate["sentence"] == (
        "Model 2 was not promoted: kidney left −0.050 (95 % CI −0.050…−0.050), "
        "kidney left surface Dice −0.050 (95 % CI −0.050…−0.050) are below the allowed −0.010."
    )
    assert second.gate["worse"] == ["kidney_left"]
    assert Job.objects.filter(kind=JobKind.PREDICT).count() == 1, "a rejected model predicts nothing"
    assert Job.objects.get(run__model=second).result["sentence"] == second.gate["sentence"]


def test_a_model_that_gains_nothing_is_not_promoted(project: Project, tmp_path: Path) -> None:
    accepted(project)
    test = accepted(project, Split.TEST)
    trained(project, tmp_path, {test: {"liver": 0.8}})
    second = trained(project, tmp_path, {test: {"liver": 0.8}})
    assert second.state == ModelState.REJECTED
    assert second.gate["sentence"] == (
        "Model 2 was not promoted: mean test Dice 0.000 (95 % CI 0.000…0.000) against model 1 on 1 test case "
        "is no gain."
    )


def test_without_test_cases_a_newer_model_serves_and_says_that_it_was_not_compared(
    project: Project, tmp_path: Path
) -> None:
    accepted(project)
    first = trained(project, tmp_path, {})
    assert "its quality is unknown" in first.gate["sentence"]
    second = trained(project, tmp_path, {})
    assert second.state == ModelState.SERVING
    assert second.gate["sentence"].startswith("Model 2 serves without a comparison")


def test_the_gate_compares_at_the_same_tolerance(project: Project, tmp_path: Path) -> None:
    accepted(project)
    case = accepted(project, Split.TEST)
    first = trained(project, tmp_path, {case: {"liver": 0.8, "spleen": 0.7}})
    run, _ = claimed_run(project)
    assert learning.unscored(run) is None
    liver = SchemaStructure.objects.filter(schema__project=project, structure__key="liver")
    liver.update(own_tolerance_mm=1.25)
    assert learning.unscored(run) == (first, [str(case.pk)])
    again = report(tmp_path, {case: {"liver": 0.6, "spleen": 0.7}}).scores
    learning.add_scores(run=run, model=first, scores=again)
    assert learning.unscored(run) is None
    kept = first.scores.get(structure="liver")
    assert (kept.surface_dice, kept.tolerance_mm) == (0.6, 1.25)
    liver.update(own_tolerance_mm=None)
    assert learning.unscored(run) == (first, [str(case.pk)])


def test_surface_dice_at_two_tolerances_is_not_compared(project: Project, tmp_path: Path) -> None:
    accepted(project)
    case = accepted(project, Split.TEST)
    first = trained(project, tmp_path, {case: {"liver": 0.8, "spleen": 0.7}})
    second = trained(project, tmp_path, {case: {"liver": 0.9, "spleen": 0.8}})
    first.scores.filter(structure="liver").update(tolerance_mm=9)
    assert second.run is not None
    compared = learning.compare_models(second, first, snapshot=second.run.snapshot)
    assert set(compared.dice.structures) == {"liver", "spleen"}
    assert set(compared.surface.structures) == {"spleen"}


def test_a_score_keeps_the_tolerance_it_was_measured_at(project: Project, tmp_path: Path) -> None:
    accepted(project)
    case = accepted(project, Split.TEST)
    model = trained(project, tmp_path, {case: {"liver": 0.8}})
    assert model.run is not None
    SchemaStructure.objects.filter(schema__project=project).update(own_tolerance_mm=1.5)
    late = CaseScore(str(case.pk), "liver", 0.8, 0.9, 2.5)
    learning.add_scores(run=model.run, model=model, scores=[late])
    assert model.scores.get().tolerance_mm == 2.5
    assert learning.unscored(model.run) == (model, [str(case.pk)])


def test_the_gate_compares_on_the_same_references(project: Project, tmp_path: Path) -> None:
    accepted(project)
    kept, changed = accepted(project, Split.TEST), accepted(project, Split.TEST)
    first = trained(project, tmp_path, {kept: {"liver": 0.8}, changed: {"liver": 0.1}})
    accept(changed)
    new = accepted(project, Split.TEST)
    run, lease = claimed_run(project)
    missing = learning.unscored(run)
    assert missing is not None
    assert (missing[0], sorted(missing[1])) == (first, sorted([str(changed.pk), str(new.pk)]))
    # Against its new reference the serving model does well on the changed case.
    late = report(tmp_path, {changed: {"liver": 0.9}, new: {"liver": 0.9}}).scores
    learning.add_scores(run=run, model=first, scores=late)
    learning.add_scores(run=run, model=first, scores=late)
    assert learning.unscored(run) is None
    scores = {kept: {"liver": 0.8}, changed: {"liver": 0.8}, new: {"liver": 0.8}}
    second = learning.record(run=run, report=report(tmp_path, scores), lease=lease)
    assert second.gate["structures"]["liver"]["cases"] == 3
    assert second.gate["structures"]["liver"]["mean"] == pytest.approx(-0.2 / 3)
    # What is shown of the first model stays what it reached when it was made.
    summary = learning.overview(project).models[1]
    assert summary.model == first
    assert summary.mean_dice == pytest.approx(0.45)


def test_recording_twice_makes_one_model(project: Project, tmp_path: Path) -> None:
    accepted(project)
    run, lease = claimed_run(project)
    finished = report(tmp_path, {})
    model = learning.record(run=run, report=finished, lease=lease)
    assert learning.record(run=run, report=finished, lease=lease) == model
    assert Model.objects.count() == 1
    assert store.exists(model.store_key)


def test_a_crash_while_recording_leaves_nothing_and_the_next_attempt_makes_one_model(
    project: Project, tmp_path: Path
) -> None:
    accepted(project)
    test = accepted(project, Split.TEST)
    run, lease = claimed_run(project)
    # The weights are in the store and the model is inserted when Postgres refuses a Dice above 1.
    with pytest.raises(IntegrityError):
        learning.record(run=run, report=report(tmp_path, {test: {"liver": 1.5}}), lease=lease)
    assert not Model.objects.exists()
    assert not ModelScore.objects.exists()
    assert not Job.objects.filter(kind=JobKind.PREDICT).exists()
    left = f"models/run-{run.pk}-{lease.fence}"
    assert store.exists(left)
    again = report(tmp_path, {test: {"liver": 0.5}}, content=b"trained again")
    model = learning.record(run=run, report=again, lease=lose(lease))
    assert store.read(f"{model.store_key}/model.safetensors") == b"trained again"
    assert not store.exists(left)
    assert Model.objects.count() == 1
    assert Job.objects.filter(kind=JobKind.PREDICT).count() == 1


def test_a_worker_that_lost_its_lease_records_nothing(project: Project, tmp_path: Path) -> None:
    accepted(project)
    run, old = claimed_run(project)
    new = lose(old)
    with pytest.raises(jobs.LeaseLost):
        learning.record(run=run, report=report(tmp_path, {}, content=b"late"), lease=old)
    assert not Model.objects.exists()
    model = learning.record(run=run, report=report(tmp_path, {}, content=b"in time"), lease=new)
    assert store.read(f"{model.store_key}/model.safetensors") == b"in time"
    assert learning.record(run=run, report=report(tmp_path, {}, content=b"late"), lease=old) == model


# ── Predictions ──────────────────────────────────────────────────────────────
@pytest.fixture
def model(project: Project, tmp_path: Path) -> Model:
    accepted(project)
    return trained(project, tmp_path, {})


def predict(case: Any, model: Model, lease: jobs.Lease, uncertainty: float = 0.25) -> Prediction | None:
    return learning.store_prediction(
        case=case,
        model=model,
        labels=ball(tuple(case.volume.shape)),
        annotated=KEYS,
        sureness=learning.Sureness(uncertainty, {}, {}),
        lease=lease,
    )


def test_reads_that_were_there_before_are_compared_with_it(project: Project, model: Model, ana: User) -> None:
    read, unread = make_case(project), make_case(project)
    ni, nj, nk = read.volume.shape
    read_by(read, ana, ball((ni, nj, nk)))
    Job.objects.filter(kind=JobKind.SCORE).delete()
    for case in (read, unread):
        assert predict(case, model, claimed_prediction(model)) is not None
    assert [job.ids for job in Job.objects.filter(kind=JobKind.SCORE)] == [{"case": read.pk}]


def test_what_the_model_is_least_sure_of_is_read_first(project: Project, model: Model, ana: User) -> None:
    cases = [make_case(project, state=CaseState.WAITING) for _ in range(3)]
    for case, uncertainty in zip(cases, (0.1, 0.4, 0.2), strict=True):
        predict(case, model, claimed_prediction(model), uncertainty)
    found = worklist.next_case(reader=ana, project=project)
    assert found is not None
    assert found.case == cases[1]


def test_a_prediction_makes_a_waiting_case_ready_for_a_reader(
    project: Project, model: Model, ana: User
) -> None:
    case = make_case(project, state=CaseState.WAITING)
    prediction = predict(case, model, claimed_prediction(model))
    assert prediction is not None
    case.refresh_from_db()
    assert case.state == CaseState.READY
    assert (chunks.read_layers(prediction.mask) == ball((40, 36, 34))).all()
    assert prediction.mask.annotated == KEYS
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    assert (read.start_from, read.mask.base) == (StartFrom.PREDICTION, prediction.mask)


def test_cases_that_nobody_can_read_yet_come_first_and_opened_ones_never(
    project: Project, model: Model
) -> None:
    ready = make_case(project)
    for state in (CaseState.IN_PROGRESS, CaseState.IN_REVIEW, CaseState.RETURNED):
        make_case(project, state=state)
    make_case(project, state=CaseState.WAITING, split=Split.TEST)
    make_prediction(make_case(project), model)
    waiting = make_case(project, state=CaseState.WAITING)
    lease = claimed_prediction(model)
    assert learning.predictions_due(Job.objects.get(pk=lease.job_id)).cases == 2
    for expected in (waiting, ready):
        case = learning.next_to_predict(model)
        assert case == expected
        assert predict(case, model, lease) is not None
    assert learning.next_to_predict(model) is None


def test_a_case_that_is_opened_during_the_prediction_keeps_what_its_reader_started_from(
    project: Project, model: Model, ana: User, tmp_path: Path
) -> None:
    case = make_case(project)
    old = make_prediction(case, model)
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    stroke(read)
    read.mask.refresh_from_db()
    before = chunks.read_layers(read.mask).copy()
    assert before[0, :5, 0, 1].all()
    newer = trained(project, tmp_path, {})
    assert newer.state == ModelState.SERVING
    assert predict(case, newer, claimed_prediction(newer)) is None
    read.refresh_from_db()
    assert (read.case.state, read.mask.base) == (CaseState.IN_PROGRESS, old.mask)
    assert (chunks.read_layers(read.mask) == before).all()
    assert list(case.predictions.all()) == [old]


def test_a_reader_who_claims_at_the_very_moment_wins(project: Project, model: Model, ana: User) -> None:
    case = make_case(project)
    lease = claimed_prediction(model)
    answers = list[object]()

    def late() -> None:
        try:
            answers.append(predict(case, model, lease))
        finally:
            connection.close()

    with transaction.atomic():
        assert worklist.next_case(reader=ana, project=project) is not None
        thread = threading.Thread(target=late)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive(), "the prediction must wait for the case"
    thread.join()
    assert answers == [None]
    assert not Prediction.objects.exists()


def test_a_prediction_is_stored_once_per_model(project: Project, model: Model) -> None:
    case = make_case(project, state=CaseState.WAITING)
    lease = claimed_prediction(model)
    first = predict(case, model, lease)
    assert predict(case, model, lease) == first
    lose(lease)
    with pytest.raises(jobs.LeaseLost):
        predict(case, model, lease)


def test_a_model_that_no_longer_serves_predicts_nothing(
    project: Project, model: Model, tmp_path: Path
) -> None:
    case = make_case(project, state=CaseState.WAITING)
    lease = claimed_prediction(model)
    assert trained(project, tmp_path, {}).state == ModelState.SERVING
    assert learning.next_to_predict(model) is None
    assert predict(case, model, lease) is None
    case.refresh_from_db()
    assert case.state == CaseState.WAITING


def test_cases_imported_after_the_promotion_are_predicted_when_nobody_else_does(
    project: Project, model: Model
) -> None:
    lease = claimed_prediction(model)
    case = make_case(project, state=CaseState.WAITING)
    assert learning.enqueue_predictions_if_due(project) is None, "the running job takes it along"
    jobs.finish(lease, {})
    job = learning.enqueue_predictions_if_due(project)
    assert job is not None
    assert learning.enqueue_predictions_if_due(project) is None, "one is queued"
    failed = jobs.claim(job.pk)
    assert failed is not None
    jobs.fail(failed, "The weights are missing.")
    assert learning.enqueue_predictions_if_due(project) is None, "not again at once"
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(minutes=11))
    last = learning.enqueue_predictions_if_due(project)
    assert last is not None
    renewed = jobs.claim(last.pk)
    assert renewed is not None
    learning.offer_without_prediction(case=case, lease=renewed)
    jobs.finish(renewed, {})
    case.refresh_from_db()
    assert case.state == CaseState.READY
    assert learning.enqueue_predictions_if_due(project) is None, "nobody waits for a prediction"


def test_without_a_model_nothing_is_predicted(project: Project) -> None:
    make_case(project, state=CaseState.WAITING)
    assert learning.enqueue_predictions_if_due(project) is None


# ── The project page ─────────────────────────────────────────────────────────
def test_the_overview_counts_and_averages(
    project: Project, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    accepted(project)
    tests = [accepted(project, Split.TEST), accepted(project, Split.TEST)]
    make_case(project, state=CaseState.WAITING)
    make_case(project)
    model = trained(
        project, tmp_path, {tests[0]: {"liver": 0.8, "spleen": None}, tests[1]: {"liver": 0.6, "spleen": 0.3}}
    )
    accepted(project)
    with django_assert_max_num_queries(10):
        overview = learning.overview(project)
    assert overview.case_counts == {
        "held": 0,
        "waiting": 1,
        "ready": 1,
        "in_progress": 0,
        "in_review": 0,
        "comparing": 0,
        "adjudication": 0,
        "returned": 0,
        "accepted": 2,
        "test": 2,
    }
    assert overview.accepted_since_last_run == 1
    assert overview.predictions_pending == 2
    (summary,) = overview.models
    assert (summary.model, summary.train_cases) == (model, 1)
    assert astuple(summary.scores["liver"]) == pytest.approx((0.7, 0.7, 2, False))
    assert astuple(summary.scores["spleen"]) == pytest.approx((0.3, 0.3, 1, False))
    assert summary.mean_dice == pytest.approx(0.5)
    assert overview.job is not None
    assert (overview.job.kind, overview.job.state) == (JobKind.PREDICT, JobState.QUEUED)


def test_the_overview_of_a_new_project_is_empty(project: Project) -> None:
    overview = learning.overview(project)
    assert (overview.models, overview.job, overview.predictions_pending) == ((), None, 0)


def test_a_structure_in_no_test_case_has_no_mean(project: Project, tmp_path: Path) -> None:
    accepted(project)
    test = accepted(project, Split.TEST)
    trained(project, tmp_path, {test: {"liver": None}})
    (summary,) = learning.overview(project).models
    assert summary.scores["liver"] == learning.StructureMean(None, None, 0)
    assert summary.mean_dice is None
