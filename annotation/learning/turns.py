"""Whose training is next: the project's rounds, or the networks of a comparison. They take turns.

One training of a project waits or runs at a time. Whatever ends one, the next is queued here: in the
transaction that stores its model, after a worker's attempt, or by the clock. While networks are compared, a
round that is due goes after each network, and a network after each round: neither waits for ever. What is due
follows from the rows alone, so that a call too many, or one that is repeated after a kill, changes nothing.
"""

from collections.abc import Sequence
from contextlib import suppress

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from annotation import jobs
from annotation.errors import Conflict, Refused
from annotation.learning.benches import Bench, BenchState, bench_going_on, bench_named, runs_of
from annotation.learning.policy import NETWORKS
from annotation.learning.rounds import request_run_if_due
from annotation.learning.runs import freeze_accepted, lock, unfinished_training
from annotation.models import (
    JobKind,
    NetworkComparison,
    Project,
    Queue,
    SnapshotUse,
    TrainingRun,
    Trigger,
)

FEWEST_NETWORKS = 2


def request_bench(
    *, project: Project, by: AbstractBaseUser, networks: Sequence[str], budget_s: int, seed: int
) -> Bench:
    """Freeze what is accepted now and have each network trained on it from scratch, in this order.

    The first is queued at once, or after the training that waits or runs. Raises Conflict while another
    comparison goes on, Refused for networks that there are not, and without a case to learn from or to
    score on.
    """
    with transaction.atomic():
        locked = lock(project)
        _check(networks)
        other = bench_going_on(locked)
        if other is not None:
            raise Conflict(
                f"Networks are compared already: {other.done} of {len(other.entries)} are trained. "
                "Wait for the end, or stop that comparison."
            )
        snapshot = freeze_accepted(locked)
        if not snapshot.items.filter(use=SnapshotUse.TEST).exists():
            raise Refused("There is nothing to score the networks on: accept a test case, then compare them.")
        comparison = NetworkComparison.objects.create(
            project=locked,
            snapshot=snapshot,
            networks=list(networks),
            budget_s=budget_s,
            seed=seed,
            requested_by_id=by.pk,
        )
        go_on(locked)
        return bench_named(locked, comparison.pk)


def stop_bench(*, project: Project, comparison_id: int) -> Bench:
    """Train no more of it; the training that waits or runs is cancelled. What has a model stays.

    Raises NotFound, and Conflict when it does not go on.
    """
    with transaction.atomic():
        locked = lock(project)
        bench = bench_named(locked, comparison_id)
        if bench.state != BenchState.GOING_ON:
            raise Conflict("This comparison is over, or stopped already.")
        NetworkComparison.objects.filter(pk=comparison_id).update(stopped=True)
        for run in runs_of([bench.comparison]).filter(job__state__in=jobs.UNFINISHED).select_related("job"):
            with suppress(Conflict):  # it has just ended
                jobs.cancel(run.job)
        return bench_named(locked, comparison_id)


def resume_bench(*, project: Project, comparison_id: int) -> Bench:
    """Train what has no model yet, on the set that was frozen then; networks that failed are tried again.

    Raises NotFound, and Conflict while it or another one goes on, or where every network has its model.
    """
    with transaction.atomic():
        locked = lock(project)
        bench = bench_named(locked, comparison_id)
        if bench_going_on(locked) is not None:
            raise Conflict("Networks are being compared already. Wait for the end, or stop that comparison.")
        if not bench.can_go_on:
            raise Conflict("Every network of this comparison is trained: there is nothing left to do.")
        newest = runs_of([bench.comparison]).order_by("-pk").first()
        NetworkComparison.objects.filter(pk=comparison_id).update(
            stopped=False, goes_on_after=0 if newest is None else newest.pk
        )
        go_on(locked)
        return bench_named(locked, comparison_id)


def take_turn(project: Project) -> TrainingRun | None:
    """Queue what is to be trained next, of a comparison or of the rounds, where no training waits or runs.

    Safe at any time, for any number of callers at once.
    """
    with transaction.atomic():
        locked = lock(project)
        return go_on(locked) if bench_going_on(locked) is not None else request_run_if_due(locked)


def go_on(project: Project) -> TrainingRun | None:
    """Where networks are compared, and nowhere else: queue what is to be trained next."""
    with transaction.atomic():
        locked = lock(project)
        bench = bench_going_on(locked)
        if bench is None or unfinished_training(locked) is not None:
            return None
        of_rounds = request_run_if_due(locked) if _is_turn_of_rounds(locked) else None
        return of_rounds or _train_next(bench)


def go_on_after(job_id: int) -> None:
    """After a worker's attempt at a training, however it ended."""
    project = Project.objects.filter(jobs=job_id).first()
    if project is not None:
        go_on(project)


def _is_turn_of_rounds(project: Project) -> bool:
    newest = project.runs.order_by("-pk").first()
    return newest is not None and newest.trigger == Trigger.COMPARISON


def _train_next(bench: Bench) -> TrainingRun | None:
    """Queue the first network that nobody has queued; its weights start from nothing."""
    row = bench.comparison
    network = next((entry.network for entry in bench.entries if entry.due), None)
    if network is None:
        return None
    ids = {"snapshot": row.snapshot_id}
    job = jobs.enqueue(kind=JobKind.TRAIN, queue=Queue.TRAIN, ids=ids, project=row.project)
    return TrainingRun.objects.create(
        project_id=row.project_id,
        snapshot_id=row.snapshot_id,
        job=job,
        requested_by_id=row.requested_by_id,
        trigger=Trigger.COMPARISON,
        seed=row.seed,
        budget_s=row.budget_s,
        network=network,
    )


def _check(networks: Sequence[str]) -> None:
    unknown = [name for name in networks if name not in NETWORKS]
    if unknown:
        raise Refused(f"There is no network {unknown[0]}. There are {', '.join(NETWORKS)}.")
    if len(set(networks)) < len(networks):
        raise Refused("A network is named twice; each is trained once.")
    if len(networks) < FEWEST_NETWORKS:
        raise Refused("Choose at least two networks to compare.")
