"""Drift: whether a reader's agreement with the gold answer, or with what review accepted, is falling.

The value of a read is how much its Dice lies above the reader's usual, structure by structure, averaged over
the read's structures: so a read of few or of difficult structures is not taken for a bad one. Usual are the
reader's first reads of the chart. Reads from scratch and from a prediction have charts of their own; the
model that a read began from may change along a chart, and every point names it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import BigIntegerField, F, Min
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone

from annotation.agreement.shapes import Alarm, Drift, DriftMark
from annotation.agreement.sides import FINAL_STATES
from annotation.jobs import UNFINISHED
from annotation.models import (
    AgreementKind,
    AgreementScore,
    Assignment,
    AssignmentRole,
    DriftAlarm,
    DriftChart,
    Job,
    JobKind,
    Project,
)
from training import raters
from training.metrics import METRIC_VERSION

START_READS = 15
MOST_MARKS = 300  # of one chart, the newest; its average rests on all
KINDS = (AgreementKind.GOLD, AgreementKind.REVIEW)

Key = tuple[int, str, str]  # reader, kind, start


@dataclass(frozen=True)
class Read:
    """One read of a chart: mean Dice above the reader's usual."""

    read: int
    case: int
    at: datetime
    model_version: int | None
    residual: float


@dataclass(frozen=True)
class ReaderChart:
    """A reader's chart: the start reads, and the points after them."""

    reader: int
    kind: str
    start: str
    start_reads: tuple[Read, ...]
    reads: tuple[Read, ...]
    chart: raters.DriftChart
    reason: str


def charts(project: Project, *, readers: Iterable[int], version: str = METRIC_VERSION) -> list[ReaderChart]:
    """The charts of these readers."""
    rows = AgreementScore.objects.filter(
        group__project=project,
        group__metric_version=version,
        group__kind__in=KINDS,
        stale=False,
        dice__isnull=False,
        reader_a__in=list(readers),
    )
    by_key: dict[Key, list[tuple[int, int, datetime, int | None, str, float]]] = defaultdict(list)
    ordered = rows.order_by("read_at", "read_a", "group__structure").values_list(
        "reader_a",
        "group__kind",
        "start_a",
        "read_a",
        "case",
        "read_at",
        "start_model_a__version",
        F("group__structure"),
        "dice",
    )
    for reader, kind, start, *row in ordered:
        by_key[reader, kind, start].append(tuple(row))
    return [_chart(key, by_key[key]) for key in sorted(by_key)]


def _chart(key: Key, rows: list[tuple[int, int, datetime, int | None, str, float]]) -> ReaderChart:
    order = list(dict.fromkeys(row[0] for row in rows))
    first = set(order[:START_READS])
    usual = _usual((row[4], row[5]) for row in rows if row[0] in first)
    reads = _residuals(rows, usual)
    start, rest = tuple(r for r in reads if r.read in first), tuple(r for r in reads if r.read not in first)
    if len(order) < START_READS:
        reason = f"A chart begins after {START_READS} reads, and there are {len(order)}."
        return ReaderChart(*key, start, rest, raters.drift_chart([], None), reason)
    chart = raters.drift_chart(
        [r.residual for r in rest], raters.baseline([r.residual for r in start]), widened=True
    )
    return ReaderChart(*key, start, rest, chart, chart.reason)


def _usual(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    by_structure: dict[str, list[float]] = defaultdict(list)
    for structure, dice in values:
        by_structure[structure].append(dice)
    return {structure: float(np.mean(dice)) for structure, dice in by_structure.items()}


def _residuals(
    rows: list[tuple[int, int, datetime, int | None, str, float]], usual: dict[str, float]
) -> list[Read]:
    """In the order of reading; structures that the start reads had not say nothing."""
    of_read: dict[int, list[float]] = defaultdict(list)
    about: dict[int, tuple[int, datetime, int | None]] = {}
    for read, case, at, version, structure, dice in rows:
        if structure in usual:
            of_read[read].append(dice - usual[structure])
            about[read] = case, at, version
    return [Read(read, *about[read], float(np.mean(values))) for read, values in of_read.items()]


@transaction.atomic
def keep(project: Project, readers: Iterable[int]) -> None:
    """Chart these readers anew, and keep the alarms that are not kept yet.

    One worker at a time: of two that chart a reader at once, the later one has both's scores. A score job
    that asks for it is over in the same transaction; so the last of them waits for nobody.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    wanted = set(readers)
    found = charts(project, readers=wanted)
    rows = [
        DriftChart(
            project=project,
            reader_id=one.reader,
            kind=one.kind,
            start=one.start,
            metric_version=METRIC_VERSION,
            chart=_kept(one),
            at=timezone.now(),
        )
        for one in found
    ]
    stored = DriftChart.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["project", "reader", "kind", "start", "metric_version"],
        update_fields=["chart", "at"],
    )
    mine = DriftChart.objects.filter(project=project, reader__in=wanted, metric_version=METRIC_VERSION)
    mine.exclude(pk__in=[row.pk for row in stored]).delete()
    DriftAlarm.objects.bulk_create(_alarms(project, found), ignore_conflicts=True)


def _first_waiting(project: Project, readers: Collection[int]) -> dict[int, datetime]:
    """When each reader handed in the first read whose case is still to be scored, by whichever worker."""
    jobs_left = Job.objects.filter(project=project, kind=JobKind.SCORE, state__in=UNFINISHED)
    if jobs_left.exclude(ids__has_key="case").exists():
        return dict.fromkeys(readers, datetime.min.replace(tzinfo=UTC))
    cases = jobs_left.annotate(of=Cast(KT("ids__case"), BigIntegerField()))
    reads = Assignment.objects.filter(case__in=cases.values("of"), reader__in=readers)
    reads = reads.filter(role=AssignmentRole.ANNOTATE, state__in=FINAL_STATES, submitted_at__isnull=False)
    return dict(reads.order_by().values_list("reader").annotate(Min("submitted_at")))


def _alarms(project: Project, found: Sequence[ReaderChart]) -> list[DriftAlarm]:
    """Of charts without gaps: while an earlier read waits for its score, an alarm waits as well."""
    waiting = _first_waiting(project, {one.reader for one in found})
    return [
        DriftAlarm(
            project=project,
            reader_id=one.reader,
            kind=one.kind,
            start=one.start,
            metric_version=METRIC_VERSION,
            read_id=one.reads[point.place].read,
            value=point.value,
            ewma=point.ewma,
            limit=point.limit,
        )
        for one in found
        for point in one.chart.points
        if point.alarm and one.reads[point.place].at <= waiting.get(one.reader, one.reads[point.place].at)
    ]


def _kept(one: ReaderChart) -> dict[str, Any]:
    """The chart as it is kept: its newest marks."""
    marks = [
        [read.read, read.case, read.at.isoformat(), read.model_version, point.value, point.ewma, point.limit]
        for point in one.chart.points
        for read in (one.reads[point.place],)
    ]
    base = one.chart.baseline
    return {
        "start_reads": len(one.start_reads),
        "usual_sd": None if base is None else base.sd,
        "marks": marks[-MOST_MARKS:],
        "left_out": max(0, len(marks) - MOST_MARKS),
        "reason": one.reason,
    }


def drift(project: Project, *, reader: int | None = None, version: str = METRIC_VERSION) -> list[Drift]:
    """Readers' charts, of one reader if given: against gold and review, from scratch and from predictions."""
    rows = DriftChart.objects.filter(project=project, metric_version=version)
    if reader is not None:
        rows = rows.filter(reader=reader)
    return [
        Drift(
            row.reader_id,
            row.kind,
            row.start,
            row.chart["start_reads"],
            row.chart["usual_sd"],
            [_mark(*mark) for mark in row.chart["marks"]],
            row.chart["left_out"],
            row.chart["reason"],
            row.at,
        )
        for row in rows
    ]


def _mark(
    read: int, case: int, at: str, model_version: int | None, value: float, ewma: float, limit: float
) -> DriftMark:
    return DriftMark(
        read, case, datetime.fromisoformat(at), model_version, value, ewma, limit, alarm=ewma < limit
    )


def alarms(project: Project) -> list[Alarm]:
    """All alarms that were raised, oldest first. One stays when its read changes later."""
    return [
        Alarm(
            one.reader_id,
            one.kind,
            one.start,
            one.read_id,
            one.read.case_id,
            one.value,
            one.ewma,
            one.limit,
            one.at,
        )
        for one in DriftAlarm.objects.filter(project=project).select_related("read")
    ]
