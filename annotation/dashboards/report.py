"""The reliability report: what a reader study has to say of itself (GRRAS): text, charts and tables.

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
from annotation.agreement.shapes import Calibration, Figure
from annotation.dashboards.acceptability import acceptability_rows
from annotation.dashboards.agreement import MarkRow, anchoring_rows, mark_rows, names_of
from annotation.dashboards.drawings import Drawing
from annotation.dashboards.published import published_rows
from annotation.dashboards.registry import SOURCES
from annotation.dashboards.report_charts import (
    Names,
    acceptability_charts,
    agreement_charts,
    anchoring_charts,
    drift_charts,
    percent,
    volume_charts,
)
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
    "scale of the logit, distances on that of the logarithm, so that none ends where the metric cannot be; "
    "fewer than three cases have no interval. They hold for other cases and other readers of the same kind. "
    "ICC(A,1) and ICC(C,1) are those of McGraw and Wong (1996). A structure that is in neither mask has no "
    "score; such pairs are counted, never taken for agreement. Reads that began from different starting "
    "points, and figures of different metric versions, are never pooled."
)


@dataclass(frozen=True)
class Grid:
    """A table of the report: texts, row by row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    about: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with the GRRAS items that it answers, paragraphs, charts and tables."""

    title: str
    items: str
    paragraphs: tuple[str, ...]
    grids: tuple[Grid, ...] = ()
    drawings: tuple[Drawing, ...] = ()


@dataclass(frozen=True)
class Report:
    """The whole report."""

    title: str
    at: datetime
    sections: tuple[Section, ...]


def report(project: Project) -> Report:
    """Everything that is known of the reliability of a project today."""
    marks = [row for row in mark_rows(project) if row.values]
    names = _structure_names(project)
    return Report(
        f"Reliability of delineations in {project.name}",
        timezone.now(),
        (
            _readers(project),
            _cases(project),
            _design(project),
            Section("Statistics", "9", (STATISTICS, f"Metrics: {METRIC_VERSION}.")),
            _between(project, marks, names),
            _within(marks, names),
            _volumes(project, names),
            _anchoring(project, names),
            _drift(project),
            _acceptability(project, names),
            _published(project, names),
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
    rows = tuple((one.structure.name, one.structure.key, f"{one.tolerance_mm:g}") for one in entries)
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


def _structure_names(project: Project) -> dict[str, str]:
    """In the order of the project, by key."""
    entries = SchemaStructure.objects.filter(schema__project=project).order_by("layer", "value")
    return dict(entries.values_list("structure__key", "structure__name"))


def _between(project: Project, marks: Sequence[MarkRow], names: Names) -> Section:
    rows = [row for row in marks if row.kind == "inter" and row.who == "all"]
    each = [row for row in marks if row.kind == "inter" and row.who == "reader" and row.metric == "dice"]
    known = [row for row in marks if row.kind == "gold" and row.metric == "dice"]
    said = (
        "Of two readers each agrees with the other as both do; of more, each with the others is told apart.",
        "Charts: mean and 95 % interval over cases and readers; small dots: each reader with the others; "
        "green: readers with themselves, 95 % interval; grey: published.",
    )
    grids = [_grid(rows, names, "All pairs of readers", with_who=False)]
    if len({row.reader_id for row in each}) > 2:
        grids.append(_grid(each, names, "Each reader with the others (Dice)"))
    grids.append(_grid(known, names, "Against known answers (Dice)"))
    drawings = agreement_charts(marks, published_rows(project), names)
    return Section(
        "Agreement between readers", "12, 14", said if drawings else said[:1], tuple(grids), drawings
    )


def _within(marks: Iterable[MarkRow], names: Names) -> Section:
    rows = [row for row in marks if row.kind == "intra" and row.who == "all"]
    return Section("Agreement of readers with themselves", "12", (), (_grid(rows, names, with_who=False),))


def _grid(rows: Sequence[MarkRow], names: Names, about: str = "", *, with_who: bool = True) -> Grid:
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
                names.get(row.structure, row.structure),
                row.starts,
                *((row.name or "everybody",) if with_who else ()),
                METRICS[row.metric],
                interval(row.estimate, row.low, row.high, 1 if row.unit else 3),
                str(row.cases),
                f"{row.values}" + (f" (+ {row.dropped} not applicable)" if row.dropped else ""),
            )
            for row in rows
        ),
        about,
    )


def _volumes(project: Project, names: Names) -> Section:
    found = agreement.calibration(project)
    rows = tuple(
        (
            names.get(one.structure, one.structure),
            one.start.key,
            _figure(one.icc_agreement),
            _figure(one.icc_consistency),
            _figure(one.share_reader, 2),
            _figure(one.conformity),
            _figure(one.tolerance_mm, 2),
            str(one.icc_agreement.cases),
            str(one.icc_agreement.readers),
        )
        for one in found
    )
    head = (
        *("Structure", "Began from", "ICC(A,1)", "ICC(C,1)", "Variance between readers", "Conformity index"),
        *("Own tolerance, mm", "Cases", "Readers"),
    )
    drawings = volume_charts(project, names)
    said = (
        "Of calibration cases: ICCs of volumes; the share of the variance of volumes between readers (mixed "
        "model); the generalised conformity index (Kouwenhoven); sensitivity and specificity by STAPLE.",
        "Charts (Bland and Altman): of each structure the two readers who share most cases; other pairs are "
        "on the page Agreement. Solid: bias; dashed: 95 % limits of agreement; grey: their 95 % intervals.",
    )
    grids = (Grid(head, rows), _rates(project, found, names))
    return Section("Reliability of volumes", "12", said if drawings else said[:1], grids, drawings)


def _rates(project: Project, found: Sequence[Calibration], names: Names) -> Grid:
    people = names_of(project)
    rows = tuple(
        (
            names.get(one.structure, one.structure),
            one.start.key,
            people.get(rate.reader, str(rate.reader)),
            _figure(rate.sensitivity),
            _figure(rate.specificity),
            str(rate.sensitivity.cases),
        )
        for one in found
        for rate in one.rates
    )
    region = next((one.rate_region for one in found if one.rate_region), "")
    about = "Who marks too little (sensitivity), who too much (specificity), by STAPLE"
    head = ("Structure", "Began from", "Reader", "Sensitivity (95 % CI)", "Specificity (95 % CI)", "Cases")
    return Grid(head, rows, f"{about}; region: {region}" if region else about)


def _anchoring(project: Project, names: Names) -> Section:
    found = anchoring_rows(project)
    rows = tuple(
        (
            names.get(row.structure, row.structure),
            f"model {row.model_version}",
            METRICS[row.metric],
            interval(row.difference, row.low, row.high, 1 if row.unit else 3),
            str(row.cases),
        )
        for row in found
    )
    said = "Mean agreement of reads from a prediction, less that of reads from scratch."
    head = ("Structure", "From", "Metric", "Difference (95 % CI)", "Cases")
    return Section("Anchoring", "8, 12", (said,), (Grid(head, rows),), anchoring_charts(found, names))


def _drift(project: Project) -> Section:
    names = dict(Membership.objects.filter(project=project).values_list("user", "user__username"))
    rows = tuple(
        (names.get(one.reader, str(one.reader)), one.kind, one.start, f"{one.at:%Y-%m-%d}", f"{one.ewma:.2f}")
        for one in agreement.alarms(project)
    )
    head = ("Reader", "Against", "Began from", "Raised", "Average, SD")
    said = (
        "Charts: the average of each reader's agreement (EWMA), in SDs of the first 15 reads; dashed: the "
        "limit; red: alarms. The table lists the alarms that were raised."
    )
    return Section("Drift", "12", (said,), (Grid(head, rows),), drift_charts(project))


def _acceptability(project: Project, names: Names) -> Section:
    found = acceptability_rows(project)
    rows = tuple(
        (
            names.get(row.structure, row.structure),
            *(str(n) for n in (row.grade_1, row.grade_2, row.grade_3, row.grade_4, row.grade_5)),
            percent(row.share, row.share_low, row.share_high),
            str(row.twice),
            interval(row.alpha, row.low, row.high, 2),
        )
        for row in found
    )
    said = (
        "Grades of structures as they were handed in, from 1 (unusable) to 5 (usable as it is). Share of 4 "
        "and 5: 95 % interval by Wilson, grades counted one by one. Agreement of two reviewers of the same "
        "read, before it was sent back: Krippendorff's alpha, ordinal."
    )
    head = ("Structure", "1", "2", "3", "4", "5", "4 or 5 (95 % CI)", "Graded twice", "Alpha (95 % CI)")
    drawings = acceptability_charts(found, names)
    return Section("Acceptability", "12", (said,), (Grid(head, rows),), drawings)


def _published(project: Project, names: Names) -> Section:
    rows = tuple(
        (
            names.get(band.structure, band.structure),
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
