"""How reading changes: drift of readers, time and effort from round to round of the learning loop."""

from dataclasses import dataclass
from datetime import date, datetime
from math import inf
from typing import Annotated, Any

from django.db.models import Avg, Count, Q, Variance

from annotation import agreement
from annotation.agreement.scale import start_version
from annotation.agreement.shapes import Start
from annotation.dashboards.agreement import names_of
from annotation.dashboards.tables import Says
from annotation.models import Project, ReadSummary
from training.raters import Group, mean_of_groups


@dataclass(frozen=True)
class DriftRow:
    """One read of a reader's drift chart."""

    reader_id: Annotated[int, Says("Id of the reader")]
    reader: Annotated[str, Says("User name of the reader")]
    kind: Annotated[str, Says("What the reads are compared with: gold or review")]
    start: Annotated[str, Says("Where the reads began: scratch, prediction or revision")]
    place: Annotated[int, Says("Place of the read after the start reads, from 1")]
    at: Annotated[datetime, Says("When it was handed in")]
    case_id: Annotated[int, Says("Id of the case")]
    read_id: Annotated[int, Says("Id of the read")]
    model_version: Annotated[int | None, Says("Model whose prediction it began from")]
    value: Annotated[float, Says("Dice above the reader's usual, mean over structures")]
    ewma: Annotated[float, Says("Exponentially weighted average of such values", "SD of the start reads")]
    limit: Annotated[float, Says("Below it is an alarm", "SD of the start reads")]
    alarm: Annotated[bool, Says("Whether the average fell below the limit here")]


@dataclass(frozen=True)
class DriftStateRow:
    """One drift chart: how far it is, or why there is none."""

    reader_id: Annotated[int, Says("Id of the reader")]
    reader: Annotated[str, Says("User name of the reader")]
    kind: Annotated[str, Says("What the reads are compared with: gold or review")]
    start: Annotated[str, Says("Where the reads began")]
    start_reads: Annotated[int, Says("First reads, from which the usual is known", "reads")]
    usual_sd: Annotated[float | None, Says("SD of the start reads' values, in Dice")]
    reads: Annotated[int, Says("Reads after them", "reads")]
    alarms: Annotated[int, Says("Alarms among the newest 300 reads", "alarms")]
    reason: Annotated[str, Says("Why there is no chart")]


@dataclass(frozen=True)
class RoundRow:
    """Reads from one starting point: one mean with its interval. A round is the model they began from."""

    starts: Annotated[str, Says("Where the reads began")]
    label: Annotated[str, Says("The starting point in words")]
    round: Annotated[int | None, Says("Version of the model whose prediction they began from")]
    quantity: Annotated[str, Says("active_min, idle_min, changed_voxels, moved_share or moved_mm")]
    unit: Annotated[str, Says("Unit of the mean")]
    reads: Annotated[int, Says("Reads that it rests on", "reads")]
    readers: Annotated[int, Says("Readers that it rests on", "readers")]
    mean: Annotated[float, Says("Mean per read")]
    low: Annotated[float | None, Says("Lower end of its 95 % interval (t; other reads of these readers)")]
    high: Annotated[float | None, Says("Upper end of its 95 % interval")]
    reason: Annotated[str, Says("Why there is no interval")]


@dataclass(frozen=True)
class ToolRow:
    """One tool in the reads from one starting point."""

    starts: Annotated[str, Says("Where the reads began")]
    label: Annotated[str, Says("The starting point in words")]
    round: Annotated[int | None, Says("Version of the model whose prediction they began from")]
    tool: Annotated[str, Says("Name of the tool")]
    reads: Annotated[int, Says("Reads from this starting point", "reads")]
    minutes: Annotated[float, Says("Time with the tool per read", "min")]
    edits: Annotated[float, Says("Edits with it per read", "edits")]
    added: Annotated[float, Says("Voxels added with it per read", "voxels")]
    removed: Annotated[float, Says("Voxels removed with it per read", "voxels")]


# Name, column of ReadSummary, unit, by which it is divided.
QUANTITIES = (
    ("active_min", "active_seconds", "min", 60.0),
    ("idle_min", "idle_seconds", "min", 60.0),
    ("changed_voxels", "changed_voxels", "voxels", 1.0),
    ("moved_share", "moved_share", "share of the surface", 1.0),
    ("moved_mm", "moved_mm", "mm", 1.0),
)
# What means cannot fall below or exceed.
WITHIN = {name: (0.0, 1.0 if name == "moved_share" else inf) for name, _, _, _ in QUANTITIES}
TIMES = ("active_seconds", "idle_seconds")


def drift_rows(project: Project, *, reader: int | None = None) -> list[DriftRow]:
    """The newest reads after the start reads, reader by reader."""
    names = names_of(project)
    return [
        DriftRow(
            reader_id=one.reader,
            reader=names.get(one.reader, str(one.reader)),
            kind=one.kind,
            start=one.start,
            place=place,
            at=mark.at,
            case_id=mark.case,
            read_id=mark.read,
            model_version=mark.model_version,
            value=mark.value,
            ewma=mark.ewma,
            limit=mark.limit,
            alarm=mark.alarm,
        )
        for one in agreement.drift(project, reader=reader)
        for place, mark in enumerate(one.marks, start=1 + one.left_out)
    ]


def drift_state_rows(project: Project) -> list[DriftStateRow]:
    """Every chart, those without points among them."""
    names = names_of(project)
    return [
        DriftStateRow(
            reader_id=one.reader,
            reader=names.get(one.reader, str(one.reader)),
            kind=one.kind,
            start=one.start,
            start_reads=one.start_reads,
            usual_sd=one.usual_sd,
            reads=one.left_out + len(one.marks),
            alarms=sum(mark.alarm for mark in one.marks),
            reason=one.reason,
        )
        for one in agreement.drift(project)
    ]


def round_rows(project: Project, *, reader: int | None = None, since: date | None = None) -> list[RoundRow]:
    """Time and effort per read, from scratch first, then model by model."""
    by_starts = _by_starts(project, reader, since)
    return [row for starts, parts in by_starts.items() for row in _rounds(starts, parts)]


def groups_of_starts(project: Project, quantity: str) -> dict[tuple[str, int | None], list[Group]]:
    """By starting point and its model's version, what is known of one quantity, reader by reader."""
    divisor = next(by for name, _, _, by in QUANTITIES if name == quantity)
    found = {
        (starts, start_version(starts)): _groups(parts, quantity, divisor)
        for starts, parts in _by_starts(project, None, None).items()
    }
    return {starts: groups for starts, groups in found.items() if groups}


def _by_starts(project: Project, reader: int | None, since: date | None) -> dict[str, list[dict[str, Any]]]:
    """Sums of every quantity, reader by reader; from scratch first, then model by model."""
    reads = ReadSummary.objects.filter(project=project)
    if reader is not None:
        reads = reads.filter(reader=reader)
    if since is not None:
        reads = reads.filter(month__gte=since)
    sums: dict[str, Any] = {}
    for name, column, _, _ in QUANTITIES:
        # Reads that were made elsewhere took their time there.
        known = Q(active_seconds__gt=0) | Q(idle_seconds__gt=0) if column in TIMES else None
        sums[f"{name}_n"] = Count(column, filter=known)
        sums[f"{name}_mean"] = Avg(column, filter=known)
        sums[f"{name}_variance"] = Variance(column, sample=True, filter=known)
    by_starts: dict[str, list[dict[str, Any]]] = {}
    for row in reads.order_by().values("starts", "reader").annotate(**sums):
        by_starts.setdefault(row["starts"], []).append(dict(row))
    return dict(sorted(by_starts.items(), key=lambda one: (start_version(one[0]) or 0, one[0])))


def _groups(parts: list[dict[str, Any]], name: str, divisor: float) -> list[Group]:
    return [
        Group(row[f"{name}_n"], float(row[f"{name}_mean"]) / divisor, _variance(row, name) / divisor**2)
        for row in parts
        if row[f"{name}_n"]
    ]


def _rounds(starts: str, parts: list[dict[str, Any]]) -> list[RoundRow]:
    rows = []
    for name, _, unit, divisor in QUANTITIES:
        own = _groups(parts, name, divisor)
        # The interval is for other reads of these readers.
        found = mean_of_groups(own, WITHIN[name])
        if found.estimate is not None:
            rows.append(
                RoundRow(
                    starts=starts,
                    label=Start.of(starts).label,
                    round=start_version(starts),
                    quantity=name,
                    unit=unit,
                    reads=found.counts.values,
                    readers=len(own),
                    mean=found.estimate,
                    low=found.low,
                    high=found.high,
                    reason=found.reason,
                )
            )
    return rows


def _variance(row: dict[str, Any], name: str) -> float:
    return float(row[f"{name}_variance"] or 0.0)


def tool_rows(project: Project, *, reader: int | None = None) -> list[ToolRow]:
    """Tool by tool, the one that takes longest first."""
    reads: dict[str, int] = {}
    sums: dict[tuple[str, str], dict[str, float]] = {}
    for one in agreement.effort(project, by_round=True, reader=reader):
        reads[one.start.key] = reads.get(one.start.key, 0) + one.reads
        for tool, parts in one.tools.items():
            total = sums.setdefault((one.start.key, tool), dict.fromkeys(parts, 0.0))
            for part, value in parts.items():
                total[part] += value
    rows = [
        ToolRow(
            starts=starts,
            label=Start.of(starts).label,
            round=start_version(starts),
            tool=tool,
            reads=reads[starts],
            minutes=parts["seconds"] / 60 / reads[starts],
            edits=parts["edits"] / reads[starts],
            added=parts["added"] / reads[starts],
            removed=parts["removed"] / reads[starts],
        )
        for (starts, tool), parts in sums.items()
    ]
    return sorted(rows, key=lambda row: (row.round or 0, row.starts, -row.minutes))
