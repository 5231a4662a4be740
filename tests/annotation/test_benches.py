"""Networks side by side: one frozen set, one training after the other, whatever becomes of each."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from annotation import jobs, learning
from annotation.errors import Conflict, NotFound, Refused
from annotation.learning import BenchState, EntryState
from annotation.models import (
    Case,
    DatasetSnapshot,
    GateVerdict,
    Job,
    JobKind,
    JobState,
    ModelState,
    NetworkComparison,
    Project,
    Split,
    TrainingRun,
    Trigger,
)
from tests.annotation.learning_loop import accept, accepted, report, trained
from tests.annotation.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

NETWORKS = ["plain_unet", "resenc_unet", "vnet"]


@pytest.fixture
def tests(project: Project) -> list[Case]:
    """Two cases to learn from, three to be scored on; no round starts by itself."""
    learning.change_policy(project=project, changes={"automatic": False})
    for _ in range(2):
        accepted(project)
    return [accepted(project, Split.TEST) for _ in range(3)]


def asked(project: Project, lea: User, networks: list[str] | None = None) -> learning.Bench:
    return learning.request_bench(project=project, by=lea, networks=networks or NETWORKS, budget_s=60, seed=7)


def unfinished(project: Project) -> TrainingRun | None:
    return TrainingRun.objects.filter(project=project, job__state__in=jobs.UNFINISHED).first()


def claimed(project: Project) -> tuple[TrainingRun, jobs.Lease]:
    run = unfinished(project)
    assert run is not None
    lease = jobs.claim(run.job_id)
    assert lease is not None
    return run, lease


def end_one(project: Project, tests: list[Case], folder: Path, dice: float = 0.8) -> TrainingRun:
    """A worker trains what is queued, with this Dice on every test case."""
    run, lease = claimed(project)
    made = report(folder, {case: {"liver": dice} for case in tests}, content=str(run.pk).encode())
    learning.record(run=run, report=made, lease=lease)
    return run


def states(project: Project) -> list[str]:
    (bench,) = learning.benches(project)
    return [entry.state.value for entry in bench.entries]


# ── One after the other ──────────────────────────────────────────────────────
def test_every_network_learns_from_the_same_frozen_set_from_nothing(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    trained(project, tmp_path, {case: {"liver": 0.5} for case in tests})
    before = DatasetSnapshot.objects.count()
    bench = asked(project, lea)
    assert DatasetSnapshot.objects.count() == before + 1
    assert bench.cases == {"train": 2, "validation": 0, "test": 3}
    assert (bench.state, bench.done, bench.seconds_left) == (BenchState.GOING_ON, 0, 180.0)
    accepted(project)  # not in it any more
    for number, network in enumerate(NETWORKS):
        run = end_one(project, tests, tmp_path, dice=0.6 + number / 10)
        assert run.network == network
        assert (run.trigger, run.seed, run.budget_s, run.parent, run.members) == (
            Trigger.COMPARISON,
            7,
            60,
            None,
            1,
        )
        assert (run.requested_by, run.snapshot) == (lea, bench.comparison.snapshot)
    (bench,) = learning.benches(project)
    assert (bench.state, bench.done, bench.can_go_on) == (BenchState.FINISHED, 3, False)
    assert bench.seconds_left is None
    assert unfinished(project) is None
    assert learning.take_turn(project) is None
    run = TrainingRun.objects.get(network="vnet")
    assert (run.steps, run.train_seconds) == (10, 1.0)


def test_the_next_is_queued_with_the_model_or_not_at_all(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    asked(project, lea)
    run, stale = claimed(project)
    Job.objects.filter(pk=run.job_id).update(lease_until="2020-01-01T00:00Z")
    assert jobs.claim(run.job_id) is not None, "another worker goes on"
    made = report(tmp_path, {case: {"liver": 0.8} for case in tests})
    with pytest.raises(jobs.LeaseLost):
        learning.record(run=run, report=made, lease=stale)
    assert TrainingRun.objects.count() == 1
    Job.objects.filter(pk=run.job_id).update(lease_until="2020-01-01T00:00Z")
    lease = jobs.claim(run.job_id)
    assert lease is not None
    for _ in range(2):  # the message came twice
        learning.record(run=run, report=made, lease=lease)
        learning.go_on_after(run.job_id)
    assert list(TrainingRun.objects.order_by("pk").values_list("network", flat=True)) == NETWORKS[:2]
    assert states(project) == ["succeeded", "queued", "waiting"]


def test_a_network_that_fails_or_is_cancelled_does_not_hold_up_the_others(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    asked(project, lea)
    run, lease = claimed(project)
    jobs.fail(lease, "The memory was not enough.")
    learning.go_on_after(run.job_id)
    second = unfinished(project)
    assert second is not None
    jobs.cancel(second.job)
    learning.take_turn(project)
    end_one(project, tests, tmp_path)
    (bench,) = learning.benches(project)
    assert states(project) == ["failed", "cancelled", "succeeded"]
    assert (bench.state, bench.can_go_on) == (BenchState.FINISHED, True)
    assert learning.take_turn(project) is None, "nothing is repeated by itself"


def test_of_many_clocks_and_workers_at_once_one_queues_the_next(
    project: Project, tests: list[Case], lea: User
) -> None:
    asked(project, lea)
    run, lease = claimed(project)
    jobs.fail(lease, "It failed.")
    clock: Callable[[], object] = lambda: learning.take_turn(project)  # noqa: E731
    worker: Callable[[], object] = lambda: learning.go_on_after(run.job_id)  # noqa: E731
    assert not any(isinstance(answer, Exception) for answer in at_once([clock, worker] * 2))
    assert TrainingRun.objects.count() == 2
    assert states(project) == ["failed", "queued", "waiting"]


def test_a_job_that_is_gone_queues_nothing(project: Project) -> None:
    learning.go_on_after(10**6)
    assert not Job.objects.exists()


# ── Rounds ───────────────────────────────────────────────────────────────────
def test_rounds_and_networks_take_turns(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    asked(project, lea)
    learning.change_policy(project=project, changes={"automatic": True, "retrain_after": 1})
    triggers = []
    for _ in range(5):
        accepted(project)  # a round is always due
        triggers.append(end_one(project, tests, tmp_path).trigger)
    comparison, count = Trigger.COMPARISON, Trigger.COUNT
    assert triggers == [comparison, count, comparison, count, comparison]
    run = unfinished(project)
    assert run is None, "after a comparison the clock asks for rounds, as always"
    later = learning.take_turn(project)
    assert later is not None
    assert later.trigger == Trigger.COUNT


def test_a_comparison_waits_for_the_training_that_runs(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    learning.request_run(project=project, requested_by=lea)
    bench = asked(project, lea)
    assert bench.waits
    assert [entry.state for entry in bench.entries] == [EntryState.WAITING] * 3
    end_one(project, tests, tmp_path)
    assert states(project) == ["queued", "waiting", "waiting"]
    with pytest.raises(Conflict, match="stop the comparison"):
        learning.request_run(project=project, requested_by=lea)


# ── A lead stops it and goes on ──────────────────────────────────────────────
def test_stopping_cancels_what_trains_and_going_on_trains_what_is_missing(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    pk = asked(project, lea).comparison.pk
    end_one(project, tests, tmp_path)
    run, lease = claimed(project)
    bench = learning.stop_bench(project=project, comparison_id=pk)
    assert (bench.state, bench.can_go_on) == (BenchState.STOPPED, True)
    assert Job.objects.get(pk=run.job_id).cancel_requested
    learning.go_on_after(run.job_id)
    jobs.stand_down(lease)
    learning.go_on_after(run.job_id)
    assert states(project) == ["succeeded", "cancelled", "waiting"]
    assert learning.take_turn(project) is None
    with pytest.raises(Conflict, match="stopped already"):
        learning.stop_bench(project=project, comparison_id=pk)
    # Meanwhile the project trains as it likes.
    learning.request_run(project=project, requested_by=lea)
    end_one(project, tests, tmp_path)
    accepted(project)

    learning.resume_bench(project=project, comparison_id=pk)
    assert states(project) == ["succeeded", "queued", "waiting"]
    with pytest.raises(Conflict, match="being compared already"):
        learning.resume_bench(project=project, comparison_id=pk)
    again = [end_one(project, tests, tmp_path) for _ in range(2)]
    assert [run.network for run in again] == NETWORKS[1:]
    assert {run.snapshot_id for run in again} == {bench.comparison.snapshot_id}
    assert states(project) == ["succeeded"] * 3
    for act in (learning.stop_bench, learning.resume_bench):
        with pytest.raises(Conflict, match=r"over|nothing left"):
            act(project=project, comparison_id=pk)


def test_going_on_while_the_stopped_training_still_winds_down(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    pk = asked(project, lea).comparison.pk
    run, lease = claimed(project)
    learning.stop_bench(project=project, comparison_id=pk)
    learning.resume_bench(project=project, comparison_id=pk)
    assert TrainingRun.objects.count() == 1, "one training at a time"
    jobs.stand_down(lease)
    learning.go_on_after(run.job_id)
    assert states(project) == ["queued", "waiting", "waiting"]
    assert TrainingRun.objects.count() == 2


# ── What is refused ──────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("networks", "sentence"),
    [
        (["vnet"], "at least two"),
        ([], "at least two"),
        (["vnet", "vnet"], "named twice"),
        (["vnet", "magic"], "no network magic"),
    ],
)
def test_networks_that_make_no_comparison(
    networks: list[str], sentence: str, project: Project, tests: list[Case], lea: User
) -> None:
    with pytest.raises(Refused, match=sentence):
        learning.request_bench(project=project, by=lea, networks=networks, budget_s=60, seed=0)
    assert not DatasetSnapshot.objects.exists()


def test_nothing_to_learn_from_or_to_score_on(project: Project, lea: User) -> None:
    with pytest.raises(Refused, match="accept a first case"):
        asked(project, lea)
    accepted(project)
    with pytest.raises(Refused, match="accept a test case"):
        asked(project, lea)
    assert not any(table.objects.exists() for table in (DatasetSnapshot, NetworkComparison, Job))


def test_one_comparison_at_a_time(
    project: Project, other_project: Project, tests: list[Case], lea: User
) -> None:
    pk = asked(project, lea).comparison.pk
    with pytest.raises(Conflict, match="0 of 3 are trained"):
        asked(project, lea)
    with pytest.raises(NotFound):
        learning.bench_named(other_project, pk)
    with pytest.raises(NotFound):
        learning.stop_bench(project=other_project, comparison_id=pk)
    learning.stop_bench(project=project, comparison_id=pk)
    second = asked(project, lea, ["vnet", "segresnet"])
    with pytest.raises(Conflict, match="being compared already"):
        learning.resume_bench(project=project, comparison_id=pk)
    assert [bench.comparison.pk for bench in learning.benches(project)] == [second.comparison.pk, pk]


# ── Its models ───────────────────────────────────────────────────────────────
def test_each_model_waits_for_a_lead_who_may_promote_it(
    project: Project, tests: list[Case], tmp_path: Path, lea: User
) -> None:
    asked(project, lea, NETWORKS[:2])
    runs = [end_one(project, tests, tmp_path, dice) for dice in (0.7, 0.9)]
    assert [run.model.state for run in runs] == [ModelState.CANDIDATE] * 2
    assert not Job.objects.filter(kind=JobKind.PREDICT).exists()
    learning.promote(project=project, version=2, by=lea, reason="The best of the comparison.")
    runs[1].model.refresh_from_db()
    assert runs[1].model.state == ModelState.SERVING
    assert learning.decisions(project)[0].verdict == GateVerdict.OVERRULED
    accept(tests[0])  # at another revision: the table stays as it was frozen
    (bench,) = learning.benches(project)
    table = learning.bench_table(bench)
    assert [cell.mean for cell in table.dice.overall.cells] == pytest.approx([0.7, 0.9])
    assert [job.state for job in Job.objects.filter(kind=JobKind.TRAIN)] == [JobState.SUCCEEDED] * 2
