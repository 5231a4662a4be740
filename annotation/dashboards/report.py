"""The reliability report: what a reader study has to say of itself (GRRAS), as sections of text and tables.

GRRAS: Guidelines for Reporting Reliability and Agreement Studies (Kottner et al. 2011, J Clin Epidemiol
64:96). The numbers are its items.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils import timezone

from annotation import agreement
from annotation.agreement.shapes import Figure
from annotation.dashboards.agreement import MarkRow, anchoring_rows, mark_rows
from annotation.dashboards.published import published_rows
from annotation.dashboards.registry import SOURCES
from annotation.dashboards.tables import columns
from annotation.models import (
    Assignment,
    CalibrationCase,
    Case,
    GoldCase,
    Level,
    Membership,
    Project,
    Purpose,
    ReadSummary,
    ReliabilityPlan,
    SchemaStructure,
    StartFrom,
)
from training.metrics import METRIC_VERSION

METRICS = {"dice": "Dice", "surface_dice": "surface Dice", "hd95_mm": "HD95, mm"}
STATISTICS = (
    "Means of agreement have 95 % intervals from a two-way jackknife over cases and readers, overlaps on the "
    "scale of the logit: they hold for other cases and other readers of the same kind. ICC(A,1) and ICC(C,1) "
    "are those of McGraw and Wong (1996). A structure that is in neither mask has no score; such pairs are "
    "counted, never taken for agreement. Reads that began from different starting points, and figures of "
    "different metric versions, are never pooled."
)


@dataclass(frozen=True)
class Grid:
    """A table of the report: texts, row by row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading with the GRRAS items that it answers, paragraphs, and tables."""

    title: str
    items: str
    paragraphs: tuple[str, ...]
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True)
class Report:
    """The whole report."""

    title: str
    at: datetime
    sections: tuple[Section, ...]


def report(project: Project) -> Report:
    """Everything that is known of the reliability of a project today."""
    marks = [row for row in mark_rows(project) if row.values]
    return Report(
        f"Reliability of delineations in {project.name}",
        timezone.now(),
        (
            _readers(project),
            _cases(project),
            _design(project),
            Section("Statistics", "9", (STATISTICS, f"Metrics: {METRIC_VERSION}.")),
            _between(project, marks),
            _within(marks),
            _volumes(project),
            _anchoring(project),
            _drift(project),
            _published(project),
            _dictionary(),
        ),
    )


def _readers(project: Project) -> Section:
    reads = dict(
        ReadSummary.objects.filter(project=project).order_by().values_list("reader").annotate(n=Count("pk"))
    )
    members = Membership.objects.filter(project=project).select_related("user").order_by("user__username")
    rows = tuple(
        (one.user.get_username(), one.role, Level(one.level).label, str(reads.get(one.user_id, 0)))
        for one in members
    )
    said = f"{sum(1 for n in reads.values() if n)} readers have handed in {sum(reads.values())} reads."
    return Section("Readers", "3, 10", (said,), (Grid(("Reader", "Role", "Level", "Reads"), rows),))


def _cases(project: Project) -> Section:
    pool = Case.objects.filter(project=project)
    crossed = CalibrationCase.objects.filter(case__project=project)
    from_scratch = crossed.filter(start_from=StartFrom.SCRATCH).count()
    gold = GoldCase.objects.filter(case__project=project, excluded=False).count()
    said = (
        f"{pool.count()} cases. {crossed.count()} are read by every reader (calibration), {from_scratch} of "
        f"them from scratch. {gold} have a known answer."
    )
    entries = SchemaStructure.objects.filter(schema__project=project).select_related("structure")
    rows = tuple(
        (one.structure.name, one.structure.key, f"{one.structure.tolerance_mm:g}") for one in entries
    )
    return Section(
        "Cases and structures", "2, 5, 11", (said,), (Grid(("Structure", "Key", "Tolerance, mm"), rows),)
    )


def _design(project: Project) -> Section:
    plan = ReliabilityPlan.objects.filter(project=project).first() or ReliabilityPlan(project=project)
    said = (
        "Readers do not know which cases are calibration, gold, double or repeated reads: every read has an "
        "alias of its own, and nobody sees another's delineation before the own one is final.",
        f"Planned: {plan.double_share:.0%} double reads, {plan.repeat_share:.0%} repeated reads after at "
        f"least {plan.washout_days} days, {plan.gold_share:.0%} gold reads, in permuted blocks.",
    )
    done = (
        Assignment.objects.filter(case__project=project, submitted_at__isnull=False)
        .order_by()
        .values_list("purpose", "start_from")
        .annotate(n=Count("pk"))
    )
    rows = tuple(
        (Purpose(purpose).label, StartFrom(start).label, str(n)) for purpose, start, n in sorted(done)
    )
    return Section("Design", "6, 7, 8", said, (Grid(("Purpose", "Began from", "Reads"), rows),))


def _between(project: Project, marks: Iterable[MarkRow]) -> Section:
    rows = [row for row in marks if row.kind == "inter" and row.who == "all"]
    each = [row for row in marks if row.kind == "inter" and row.who == "reader" and row.metric == "dice"]
    known = [row for row in marks if row.kind == "gold" and row.metric == "dice"]
    return Section(
        "Agreement between readers",
        "12, 14",
        ("All pairs of readers; then each reader with the others, and against known answers (Dice).",),
        (_grid(rows, with_who=False), _grid(each), _grid(known)),
    )


def _within(marks: Iterable[MarkRow]) -> Section:
    rows = [row for row in marks if row.kind == "intra" and row.who == "all"]
    return Section("Agreement of readers with themselves", "12", (), (_grid(rows, with_who=False),))


def _grid(rows: Sequence[MarkRow], *, with_who: bool = True) -> Grid:
    head = (
        "Structure",
        "Began from",
        *(("Who",) if with_who else ()),
        "Metric",
        "Mean (95 % CI)",
        "Cases",
        "Pairs",
    )
    return Grid(
        head,
        tuple(
            (
                row.structure,
                row.starts,
                *((row.name,) if with_who else ()),
                METRICS[row.metric],
                interval(row.estimate, row.low, row.high, 1 if row.unit else 3),
                str(row.cases),
                f"{row.values}" + (f" (+ {row.dropped} not applicable)" if row.dropped else ""),
            )
            for row in rows
        ),
    )


def _volumes(project: Project) -> Section:
    rows = tuple(
        (
            one.structure,
            one.start.key,
            _figure(one.icc_agreement),
            _figure(one.icc_consistency),
            _figure(one.tolerance_mm, 2),
            str(one.icc_agreement.cases),
            str(one.icc_agreement.readers),
        )
        for one in agreement.calibration(project)
    )
    head = ("Structure", "Began from", "ICC(A,1)", "ICC(C,1)", "Own tolerance, mm", "Cases", "Readers")
    return Section("Reliability of volumes", "12", ("Calibration cases.",), (Grid(head, rows),))


def _anchoring(project: Project) -> Section:
    rows = tuple(
        (
            row.structure,
            f"model {row.model_version}",
            METRICS[row.metric],
            interval(row.difference, row.low, row.high, 1 if row.unit else 3),
            str(row.cases),
        )
        for row in anchoring_rows(project)
    )
    said = "Mean agreement of reads from a prediction, less that of reads from scratch."
    return Section(
        "Anchoring",
        "8, 12",
        (said,),
        (Grid(("Structure", "From", "Metric", "Difference (95 % CI)", "Cases"), rows),),
    )


def _drift(project: Project) -> Section:
    names = dict(Membership.objects.filter(project=project).values_list("user", "user__username"))
    rows = tuple(
        (names.get(one.reader, str(one.reader)), one.kind, one.start, f"{one.at:%Y-%m-%d}", f"{one.ewma:.2f}")
        for one in agreement.alarms(project)
    )
    head = ("Reader", "Against", "Began from", "Raised", "Average, SD")
    said = "Averages of each reader's agreement (EWMA), in SDs of the first 15 reads. Alarms raised:"
    return Section("Drift", "12", (said,), (Grid(head, rows),))


def _published(project: Project) -> Section:
    rows = tuple(
        (
            band.structure,
            band.kind,
            METRICS[band.metric],
            f"{band.low:g}–{band.high:g}",
            band.what,
            band.source,
        )
        for band in published_rows(project)
    )
    head = ("Structure", "Compared", "Metric", "Band", "What", "Source")
    said = "Where a structure is missing here, there is no published band."
    return Section("Published agreement", "4, 13", (said,), (Grid(head, rows),))


def _dictionary() -> Section:
    grids = tuple(
        Grid(
            (f"Table {name}", "Unit", source.about),
            tuple((column.name, column.unit or "–", column.meaning) for column in columns(source.row)),
        )
        for name, source in SOURCES.items()
    )
    return Section("Data dictionary", "14", ("Columns of the tables that come as CSV and Parquet.",), grids)


def _figure(figure: Figure, digits: int = 3) -> str:
    return interval(figure.estimate, figure.low, figure.high, digits)


def interval(estimate: float | None, low: float | None, high: float | None, digits: int) -> str:
    """`0.931 (0.921 to 0.940)`; a dash where it is not defined."""

    def words(value: Any) -> str:
        return f"{value:.{digits}f}".replace("-", "−")

    if estimate is None:
        return "–"
    if low is None or high is None:
        return words(estimate)
    return f"{words(estimate)} ({words(low)} to {words(high)})"
