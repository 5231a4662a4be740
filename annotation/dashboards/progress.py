"""How far the project is, how fast it goes, and when it will be done."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from django.db.models import Count, Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone

from annotation.dashboards.forecast import WEEKS, Ahead, hours_left, weeks_left
from annotation.dashboards.tables import Says
from annotation.models import Assignment, Case, CaseState, Project, ReadSummary, Split

TIMED_CASES = 200  # newest accepted cases whose hours make the estimate
MOST_WEEKS = 104


@dataclass(frozen=True)
class StateRow:
    """Cases of the pool in one state."""

    state: Annotated[str, Says("State of the case")]
    cases: Annotated[int, Says("Cases of the pool in this state", "cases")]


@dataclass(frozen=True)
class WeekRow:
    """What one week brought."""

    week: Annotated[date, Says("Monday of the week (UTC)")]
    accepted: Annotated[int, Says("Cases accepted in the week", "cases")]
    total: Annotated[int, Says("Cases accepted up to its end", "cases")]
    complete: Annotated[bool, Says("Whether the week is over; only such weeks enter the forecast")]


@dataclass(frozen=True)
class MonthRow:
    """What one reader did in one month: reads that were handed in and not taken back."""

    month: Annotated[date, Says("First day of the month (UTC)")]
    reader_id: Annotated[int, Says("Id of the reader")]
    reader: Annotated[str, Says("User name of the reader")]
    reads: Annotated[int, Says("Reads handed in", "reads")]
    active_hours: Annotated[float, Says("Time at work, by the server's clock", "h")]
    idle_hours: Annotated[float, Says("Time the read was open without work", "h")]


@dataclass(frozen=True)
class Overview:
    """The page: numbers, three tables, and what is ahead. `goal` counts the cases of the pool."""

    at: datetime
    goal: int
    accepted: int
    remaining: int
    weeks_left: Ahead
    hours_left: Ahead
    states: list[StateRow]
    weeks: list[WeekRow]
    months: list[MonthRow]


def overview(project: Project, now: datetime | None = None) -> Overview:
    """A handful of queries, however many cases and reads there are."""
    at = now or timezone.now()
    states = state_rows(project)
    weeks = week_rows(project, at)
    goal = sum(row.cases for row in states)
    accepted = next(row.cases for row in states if row.state == CaseState.ACCEPTED)
    done = [row.accepted for row in weeks if row.complete]
    return Overview(
        at=at,
        goal=goal,
        accepted=accepted,
        remaining=goal - accepted,
        weeks_left=weeks_left(goal - accepted, done[-WEEKS:]),
        hours_left=hours_left(goal - accepted, hours_per_case(project)),
        states=states,
        weeks=weeks,
        months=month_rows(project),
    )


def state_rows(project: Project) -> list[StateRow]:
    """Every state, those without cases among them."""
    pool = Case.objects.filter(project=project, split=Split.POOL)
    counts = dict(pool.order_by().values_list("state").annotate(n=Count("pk")))
    return [StateRow(state.value, counts.get(state.value, 0)) for state in CaseState]


def week_rows(project: Project, at: datetime) -> list[WeekRow]:
    """Week by week from the first acceptance to now, those without any among them."""
    pool = Case.objects.filter(project=project, split=Split.POOL, accepted_at__isnull=False)
    found = pool.order_by().annotate(week=TruncWeek("accepted_at", tzinfo=UTC)).values_list("week")
    counts = Counter({week.date(): n for week, n in found.annotate(n=Count("pk"))})
    if not counts:
        return []
    this_week = _monday(at)
    first = max(min(counts), this_week - timedelta(weeks=MOST_WEEKS - 1))
    total = sum(n for week, n in counts.items() if week < first)
    rows: list[WeekRow] = []
    for number in range((this_week - first).days // 7 + 1):
        week = first + timedelta(weeks=number)
        total += counts[week]
        rows.append(WeekRow(week, counts[week], total, week < this_week))
    return rows


def _monday(at: datetime) -> date:
    today = at.astimezone(UTC).date()
    return today - timedelta(days=today.weekday())


def hours_per_case(project: Project) -> list[float]:
    """Hours of the newest accepted cases, their reviews and second reads among them."""
    accepted = Case.objects.filter(project=project, split=Split.POOL, accepted_at__isnull=False)
    newest = accepted.order_by("-accepted_at").values_list("pk", flat=True)[:TIMED_CASES]
    reads = Assignment.objects.filter(case__in=list(newest)).order_by().values_list("case")
    seconds = dict(reads.annotate(seconds=Sum("active_seconds")))
    return [one / 3600 for one in seconds.values() if one]


def month_rows(project: Project) -> list[MonthRow]:
    """Month by month, reader by reader."""
    rows = (
        ReadSummary.objects.filter(project=project)
        .order_by("month", "reader__username")
        .values_list("month", "reader", "reader__username")
        .annotate(reads=Count("pk"), active=Sum("active_seconds"), idle=Sum("idle_seconds"))
    )
    return [
        MonthRow(month, reader, name, n, active / 3600, idle / 3600)
        for month, reader, name, n, active, idle in rows
    ]
