"""Who reads a case as second reader: each pair of readers shares as many cases as any other, within one."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from math import comb
from typing import Any

from django.db.models import Count, QuerySet

from annotation.models import (
    ENDED_STATES,
    Assignment,
    Level,
    Membership,
    Project,
    Purpose,
    ReliabilityPlan,
    Role,
)
from annotation.prepared import Prepared

Pair = frozenset[int]


def plan_of(project: Project) -> ReliabilityPlan | None:
    """The project's reliability plan; without one every read is routine and is reviewed."""
    return _PLAN.first(project=project.pk)


_PLAN = Prepared(
    ReliabilityPlan, lambda project: ReliabilityPlan.objects.filter(project=project), project=int
)


def lock_plan(plan: ReliabilityPlan) -> None:
    """Pairs are counted and chosen by one claim at a time."""
    _HELD_PLAN.columns(plan=plan.pk)


_HELD_PLAN = Prepared(
    ReliabilityPlan,
    lambda plan: ReliabilityPlan.objects.select_for_update(no_key=True).filter(pk=plan).values_list("pk"),
    plan=int,
)


def readers(project: Project) -> list[Membership]:
    """Those who take part in the plan: active annotators. Reviewers and leads know too much to be blind."""
    return _READERS.all(project=project.pk)


_READERS = Prepared(
    Membership,
    lambda project: Membership.objects.filter(project=project, active=True, role=Role.ANNOTATOR).order_by(
        "user"
    ),
    project=int,
)


def pair_counts(project: Project) -> Counter[Pair]:
    """How many cases each pair of readers shares: read twice, or planned to be."""
    counts: Counter[Pair] = Counter()
    for reader, first, n in _SHARED.columns(project=project.pk):
        counts[frozenset((reader, first))] += n
    return counts


def _shared(project: int) -> "QuerySet[Assignment, Any]":
    seconds = Assignment.objects.filter(
        case__project=project, purpose=Purpose.OVERLAP, rival__isnull=False
    ).exclude(state__in=ENDED_STATES)
    return seconds.order_by().values_list("reader", "rival__reader").annotate(n=Count("pk"))


_SHARED = Prepared(Assignment, _shared, project=int)


def partner_for(
    reader: int,
    *,
    among: Iterable[Membership],
    counts: Mapping[Pair, int],
    needs_level: int = Level.JUNIOR,
    without: Collection[int] = (),
) -> int | None:
    """The second reader of a case that `reader` takes: the one with whom the fewest are shared.

    None when no pair with this reader is among the least of all: then it is another pair's turn.
    """
    members = list(among)
    least = _least([one.user_id for one in members], counts)
    able = [one.user_id for one in members if one.level >= needs_level and one.user_id != reader]
    free = [one for one in able if one not in without and counts.get(frozenset((reader, one)), 0) == least]
    return free[0] if free else None


def _least(readers: Collection[int], counts: Mapping[Pair, int]) -> int:
    """The fewest cases that two of these readers share. Most pairs of many readers share none yet."""
    there = set(readers)
    shared = [n for pair, n in counts.items() if pair <= there]
    return min(shared) if shared and len(shared) == comb(len(there), 2) else 0


def nearest_partner(
    reader: int,
    *,
    among: Iterable[Membership],
    counts: Mapping[Pair, int],
    needs_level: int,
    without: Collection[int],
) -> int | None:
    """For a second read that somebody has given up: whoever shares the fewest cases, least pair or not."""
    able = [one.user_id for one in among if one.level >= needs_level and one.user_id != reader]
    free = [one for one in able if one not in without]
    return min(free, key=lambda one: counts.get(frozenset((reader, one)), 0), default=None)
