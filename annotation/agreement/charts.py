"""Drift: whether a reader's agreement with the gold answer, or with what review accepted, is falling.

The value of a read is how much its Dice lies above the reader's usual, structure by structure, averaged over
the read's structures: so a read of few or of difficult structures is not taken for a bad one. Usual are the
reader's first reads of the chart. Reads from scratch and from a prediction have charts of their own; the
model that a read began from may change along a chart, and every point names it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import F

from annotation.agreement.shapes import Alarm, Drift, DriftMark
from annotation.models import AgreementKind, AgreementScore, DriftAlarm, Project
from training.metrics import METRIC_VERSION
from training.raters import DriftChart, baseline, drift_chart

START_READS = 15
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
    chart: DriftChart
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
        return ReaderChart(*key, start, rest, drift_chart([], None), reason)
    chart = drift_chart([r.residual for r in rest], baseline([r.residual for r in start]), widened=True)
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


def note_alarms(project: Project, readers: Iterable[int]) -> int:
    """Keep the alarms of these readers that are not kept yet. Returns how many there are now."""
    alarms = [
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
        for one in charts(project, readers=readers)
        for point in one.chart.points
        if point.alarm
    ]
    DriftAlarm.objects.bulk_create(alarms, ignore_conflicts=True)
    return len(alarms)


def drift(project: Project, *, reader: int, version: str = METRIC_VERSION) -> list[Drift]:
    """The drift charts of one reader: against gold and against review, from scratch and from predictions."""
    return [_shown(one) for one in charts(project, readers=[reader], version=version)]


def _shown(one: ReaderChart) -> Drift:
    marks = [
        DriftMark(
            read.read,
            read.case,
            read.at,
            read.model_version,
            point.value,
            point.ewma,
            point.limit,
            point.alarm,
        )
        for point in one.chart.points
        for read in (one.reads[point.place],)
    ]
    base = one.chart.baseline
    return Drift(
        one.reader,
        one.kind,
        one.start,
        len(one.start_reads),
        None if base is None else base.sd,
        marks,
        one.reason,
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
