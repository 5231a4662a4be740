"""A reader's own numbers: nobody else's, and no word of which case was what."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, Sum

from annotation.agreement.scale import label
from annotation.dashboards.agreement import mark_rows
from annotation.dashboards.course import RoundRow, round_rows
from annotation.dashboards.tables import Says
from annotation.dashboards.verdicts import error_rows, first_pass_rows
from annotation.models import AgreementKind, Project, ReadSummary, Requirement

FEWEST_CASES = 3  # that a score rests on before it is shown: less would speak of single cases
TOP_ERRORS = 3
KINDS = (AgreementKind.GOLD, AgreementKind.INTER, AgreementKind.REVIEW)
METRICS = ("dice", "surface_dice", "hd95_mm")


@dataclass(frozen=True)
class OwnScoreRow:
    """The reader's mean in one structure from one starting point, and what the project requires."""

    structure: Annotated[str, Says("Key of the structure")]
    kind: Annotated[str, Says("What own reads are compared with: gold, inter or review")]
    starts: Annotated[str, Says("Where the reads began: scratch, prediction or revision, no model's number")]
    metric: Annotated[str, Says("dice, surface_dice or hd95_mm")]
    unit: Annotated[str, Says("Unit of the figures; empty = none")]
    estimate: Annotated[float, Says("Own mean")]
    low: Annotated[float | None, Says("Lower end of its 95 % interval")]
    high: Annotated[float | None, Says("Upper end of its 95 % interval")]
    cases: Annotated[int, Says("Cases that it rests on", "cases")]
    required: Annotated[float | None, Says("What the project requires; empty = nothing")]
    met: Annotated[bool | None, Says("Whether the mean meets it; empty = nothing is required")]


@dataclass(frozen=True)
class OwnMonthRow:
    """The reader's work in one month."""

    month: Annotated[date, Says("First day of the month (UTC)")]
    reads: Annotated[int, Says("Reads handed in", "reads")]
    active_hours: Annotated[float, Says("Time at work, by the server's clock", "h")]


@dataclass(frozen=True)
class OwnErrorRow:
    """A frequent error in own reads."""

    structure: Annotated[str, Says("Key of the structure")]
    code: Annotated[str, Says("Error code")]
    pins: Annotated[int, Says("Pins of reviews that have ended", "pins")]


@dataclass(frozen=True)
class Own:
    """The page of a reader. `accepted` of `reviewed` reads were accepted at once as they were."""

    reads: int
    active_hours: float
    reviewed: int
    accepted: int
    accepted_low: float | None
    accepted_high: float | None
    months: list[OwnMonthRow]
    rounds: list[RoundRow]
    scores: list[OwnScoreRow]
    top_errors: list[OwnErrorRow]


def own(project: Project, reader: AbstractBaseUser) -> Own:
    """Everything of the reader's own page."""
    months = _months(project, reader)
    first = next(iter(first_pass_rows(project, reader=reader.pk)), None)
    errors = error_rows(project, reader=reader.pk)
    return Own(
        reads=sum(row.reads for row in months),
        active_hours=sum(row.active_hours for row in months),
        reviewed=0 if first is None else first.reads,
        accepted=0 if first is None else first.accepted,
        accepted_low=None if first is None else first.low,
        accepted_high=None if first is None else first.high,
        months=months,
        rounds=_rounds(project, reader),
        scores=_scores(project, reader),
        top_errors=[OwnErrorRow(row.structure, row.code, row.pins) for row in errors[:TOP_ERRORS]],
    )


def _months(project: Project, reader: AbstractBaseUser) -> list[OwnMonthRow]:
    rows = ReadSummary.objects.filter(project=project, reader=reader.pk).order_by("month")
    sums = rows.values_list("month").annotate(reads=Count("pk"), active=Sum("active_seconds"))
    return [OwnMonthRow(month, reads, active / 3600) for month, reads, active in sums]


def _rounds(project: Project, reader: AbstractBaseUser) -> list[RoundRow]:
    """Without the models' numbers, which readers are not told."""
    found = round_rows(project, reader=reader.pk)
    newest = _newest(row.starts for row in found)
    rows = []
    for row in found:
        starts = _unnamed(row.starts, newest)
        rows.append(replace(row, starts=starts, label=label(starts), round=None))
    return rows


def _newest(starts: Iterable[str]) -> int:
    """The newest model that reads began from; 0 = none did."""
    parts = [part.partition(":")[2] for one in starts for part in one.split("|")]
    return max((int(version) for version in parts if version), default=0)


def _unnamed(starts: str, newest: int) -> str:
    """`prediction` for the newest model's, `earlier prediction` for those of others; never a number."""
    kinds = []
    for part in starts.split("|"):
        kind, _, version = part.partition(":")
        kinds.append(f"earlier {kind}" if version and int(version) < newest else kind)
    return "|".join(dict.fromkeys(kinds))


def _scores(project: Project, reader: AbstractBaseUser) -> list[OwnScoreRow]:
    required = {
        (one.comparator, one.structure, one.metric): one.threshold
        for one in Requirement.objects.filter(project=project)
    }
    mine = [
        mark
        for mark in mark_rows(project)
        if mark.reader_id == reader.pk and mark.kind in KINDS and mark.metric in METRICS
    ]
    newest = _newest(mark.starts for mark in mine)
    rows = []
    for mark in mine:
        if mark.estimate is None or mark.cases < FEWEST_CASES:
            continue
        limit = required.get(
            (mark.kind, mark.structure, mark.metric), required.get((mark.kind, "", mark.metric))
        )
        rows.append(
            OwnScoreRow(
                structure=mark.structure,
                kind=mark.kind,
                starts=_unnamed(mark.starts, newest),
                metric=mark.metric,
                unit=mark.unit,
                estimate=mark.estimate,
                low=mark.low,
                high=mark.high,
                cases=mark.cases,
                required=limit,
                met=None if limit is None else _meets(mark.metric, mark.estimate, limit),
            )
        )
    return rows


def _meets(metric: str, value: float, limit: float) -> bool:
    """Overlaps reach at least the limit, distances at most."""
    return value <= limit if metric.endswith("_mm") else value >= limit
