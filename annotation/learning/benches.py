"""Networks side by side: what a comparison on one frozen set has trained so far, and what is still to come.

A comparison is a row; everything else follows from the trainings on its frozen set, so that nothing can be
out of step after a kill. `annotation.learning.turns` asks for one and queues its trainings.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import fmean

from django.db.models import Count, QuerySet
from django.utils import timezone

from annotation.errors import NotFound
from annotation.learning.runs import unfinished_training
from annotation.models import (
    Job,
    Model,
    NetworkComparison,
    Project,
    SnapshotItem,
    SnapshotUse,
    TrainingRun,
    Trigger,
)


class BenchState(StrEnum):
    """Where a comparison stands."""

    GOING_ON = "going_on"
    STOPPED = "stopped"
    FINISHED = "finished"


class EntryState(StrEnum):
    """Where one network of a comparison stands: as its job does, or nobody has queued it yet."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (EntryState.SUCCEEDED, EntryState.FAILED, EntryState.CANCELLED)


@dataclass(frozen=True)
class Entry:
    """One network of a comparison, its newest training, and the model that came of it.

    `due`: nobody has queued it since the comparison was asked for, or since a lead went on.
    """

    network: str
    run: TrainingRun | None
    model: Model | None
    due: bool

    @property
    def state(self) -> EntryState:
        if self.model is not None:
            return EntryState.SUCCEEDED
        if self.run is None or self.due:
            return EntryState.WAITING
        return EntryState(self.run.job.state)

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def run_id(self) -> int | None:
        return None if self.run is None else self.run.pk

    @property
    def job(self) -> Job | None:
        return None if self.run is None else self.run.job

    @property
    def steps(self) -> int | None:
        return None if self.run is None else self.run.steps

    @property
    def train_seconds(self) -> float | None:
        return None if self.run is None else self.run.train_seconds

    @property
    def parameters(self) -> int | None:
        return None if self.run is None else self.run.parameters

    def seconds_left(self, each: float, now: datetime) -> float:
        """If it takes `each` seconds in all; 0 once it has ended."""
        if self.has_ended:
            return 0.0
        started = None if self.run is None or self.due else self.run.job.started_at
        return each if started is None else max(0.0, each - (now - started).total_seconds())


@dataclass(frozen=True)
class Bench:
    """A comparison and its networks in their turn. `cases`: of the frozen set by use.

    `waits`: a training that is not of this comparison goes first.
    """

    comparison: NetworkComparison
    entries: tuple[Entry, ...]
    cases: Mapping[str, int]
    waits: bool

    @property
    def state(self) -> BenchState:
        if self.done == len(self.entries):
            return BenchState.FINISHED
        if self.comparison.stopped:
            return BenchState.STOPPED
        ended = all(entry.has_ended for entry in self.entries)
        return BenchState.FINISHED if ended else BenchState.GOING_ON

    @property
    def done(self) -> int:
        """Networks that have a model."""
        return sum(entry.model is not None for entry in self.entries)

    @property
    def can_go_on(self) -> bool:
        """It does not go on by itself, and a network without a model can be trained, or tried again."""
        return self.state != BenchState.GOING_ON and self.done < len(self.entries)

    @property
    def seconds_left(self) -> float | None:
        """Each network takes as long as those before it, or its budget; rounds in between come on top."""
        if self.state != BenchState.GOING_ON:
            return None
        each, now = self._seconds_each(), timezone.now()
        return sum(entry.seconds_left(each, now) for entry in self.entries)

    def _seconds_each(self) -> float:
        jobs = [entry.job for entry in self.entries if entry.model is not None]
        took = [
            (job.finished_at - job.started_at).total_seconds()
            for job in jobs
            if job is not None and job.started_at is not None and job.finished_at is not None
        ]
        return fmean(took) if took else float(self.comparison.budget_s)


def benches(project: Project) -> list[Bench]:
    """All of a project, the newest first."""
    return described(project.network_comparisons.order_by("-pk"))


def bench_named(project: Project, comparison_id: int) -> Bench:
    """Raises NotFound."""
    found = described(project.network_comparisons.filter(pk=comparison_id))
    if not found:
        raise NotFound(f"The project has no comparison {comparison_id}.")
    return found[0]


def bench_going_on(project: Project) -> Bench | None:
    """The comparison whose networks are being trained; one at a time."""
    found = described(project.network_comparisons.filter(stopped=False))
    return next((bench for bench in found if bench.state == BenchState.GOING_ON), None)


def described(comparisons: QuerySet[NetworkComparison]) -> list[Bench]:
    """A few queries, however many comparisons of a project there are."""
    rows = list(comparisons.select_related("project", "requested_by", "snapshot"))
    if not rows:
        return []
    runs: dict[tuple[int, str], list[TrainingRun]] = {}
    for run in runs_of(rows).select_related("job").order_by("pk"):
        runs.setdefault((run.snapshot_id, run.network), []).append(run)
    models = {model.run_id: model for model in Model.objects.filter(run__in=runs_of(rows))}
    cases, busy = _cases(rows), unfinished_training(rows[0].project)
    return [
        Bench(
            comparison=row,
            entries=tuple(
                _entry(row, network, runs.get((row.snapshot_id, network), []), models)
                for network in row.networks
            ),
            cases=cases[row.snapshot_id],
            waits=busy is not None and busy.ids.get("snapshot") != row.snapshot_id,
        )
        for row in rows
    ]


def runs_of(rows: Iterable[NetworkComparison]) -> QuerySet[TrainingRun]:
    """All trainings of these comparisons."""
    return TrainingRun.objects.filter(
        snapshot__in=[row.snapshot_id for row in rows], trigger=Trigger.COMPARISON
    )


def _entry(
    row: NetworkComparison, network: str, runs: Sequence[TrainingRun], models: Mapping[int | None, Model]
) -> Entry:
    made = next((run for run in runs if run.pk in models), None)
    newest = made or (runs[-1] if runs else None)
    due = made is None and (newest is None or newest.pk <= row.goes_on_after)
    return Entry(network, newest, None if made is None else models[made.pk], due)


def _cases(rows: Iterable[NetworkComparison]) -> dict[int, dict[str, int]]:
    cases: dict[int, dict[str, int]] = {row.snapshot_id: dict.fromkeys(SnapshotUse.values, 0) for row in rows}
    counted = SnapshotItem.objects.filter(snapshot__in=cases).order_by().values_list("snapshot", "use")
    for snapshot, use, n in counted.annotate(n=Count("pk")):
        cases[snapshot][use] = n
    return cases
