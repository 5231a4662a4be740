"""How usable reviewers found structures as they were handed in, and how far two reviewers agree on it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
from django.db.models import Count, QuerySet

from annotation.dashboards.shares import share_of
from annotation.dashboards.tables import Says
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Project,
    SchemaStructure,
    StructureVerdict,
    Verdict,
)
from training.raters import Level, krippendorff_alpha

Grades = dict[int, int]  # of one state of a structure, by reviewer


class Graded(NamedTuple):
    """One grade of a structure."""

    read: int
    reviewer: int
    grade: int
    verdict: str


@dataclass(frozen=True)
class AcceptabilityRow:
    """The grades of one structure in reviews that have ended."""

    structure: Annotated[str, Says("Key of the structure")]
    grades: Annotated[int, Says("Grades that were given", "grades")]
    grade_1: Annotated[int, Says("Unusable: drawing anew is quicker", "grades")]
    grade_2: Annotated[int, Says("Usable after major edits", "grades")]
    grade_3: Annotated[int, Says("Usable after minor edits that matter", "grades")]
    grade_4: Annotated[int, Says("Usable as it is: edits would be a matter of taste", "grades")]
    grade_5: Annotated[int, Says("Usable as it is: no edits", "grades")]
    share: Annotated[float, Says("Graded usable as it is (4 or 5), of all grades")]
    share_low: Annotated[float, Says("Lower end of the share's 95 % interval (Wilson)")]
    share_high: Annotated[float, Says("Upper end of the share's 95 % interval (Wilson)")]
    twice: Annotated[int, Says("Reads of which two reviewers graded it in the same state", "reads")]
    alpha: Annotated[float | None, Says("Krippendorff's alpha of these, ordinal; empty = undefined")]
    low: Annotated[float | None, Says("Lower end of its 95 % interval (other reads, these reviewers)")]
    high: Annotated[float | None, Says("Upper end of its 95 % interval")]
    reason: Annotated[str, Says("Why there is no alpha, or no interval")]


def acceptability_rows(project: Project) -> list[AcceptabilityRow]:
    """Structure by structure, in the order of the project; those without a grade are left out."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    found = graded(project).order_by().values_list("structure", "acceptability").annotate(n=Count("pk"))
    for structure, grade, n in found:
        counts[structure][grade or 0] = n
    shared: dict[str, list[Graded]] = defaultdict(list)
    columns = ("structure", "assignment__subject", "assignment__reader", "acceptability", "verdict")
    of_two = graded(project).filter(assignment__subject__in=_reviewed_by_two(project))
    for key, *row in of_two.order_by("assignment__final_at", "assignment_id").values_list(*columns):
        shared[key].append(Graded(*row))
    keys = SchemaStructure.objects.filter(schema__project=project).order_by("layer", "value")
    ordered = keys.values_list("structure__key", flat=True)
    return [_row(key, counts[key], shared[key]) for key in ordered if key in counts]


def _reviewed_by_two(project: Project) -> QuerySet[Assignment, Any]:
    """Ids of the reads that two reviewers have judged: the others say nothing of how far these agree."""
    reviews = Assignment.objects.filter(
        case__project=project, role=AssignmentRole.REVIEW, state=AssignmentState.DONE
    )
    counted = reviews.order_by().values("subject").annotate(judges=Count("reader", distinct=True))
    return counted.filter(judges__gt=1).values_list("subject", flat=True)


def graded(project: Project) -> QuerySet[StructureVerdict]:
    """The verdicts with a grade, of reviews that have ended: readers do not know of the others."""
    return StructureVerdict.objects.filter(
        assignment__case__project=project,
        assignment__role=AssignmentRole.REVIEW,
        assignment__state=AssignmentState.DONE,
        acceptability__isnull=False,
    )


def _row(structure: str, counts: Counter[int], verdicts: list[Graded]) -> AcceptabilityRow:
    total = counts.total()
    usable = share_of(counts[4] + counts[5], total)
    states = list(_states(verdicts))
    reviewers = sorted({reviewer for grades in states for reviewer in grades})
    table = np.array([[state.get(one, np.nan) for one in reviewers] for state in states], np.float64)
    alpha = krippendorff_alpha(table.reshape(len(states), len(reviewers)), Level.ORDINAL)
    return AcceptabilityRow(
        structure=structure,
        grades=total,
        grade_1=counts[1],
        grade_2=counts[2],
        grade_3=counts[3],
        grade_4=counts[4],
        grade_5=counts[5],
        share=usable.share,
        share_low=usable.low,
        share_high=usable.high,
        twice=sum(len(grades) > 1 for grades in states),
        alpha=alpha.estimate,
        low=alpha.low,
        high=alpha.high,
        reason=alpha.reason,
    )


def _states(verdicts: Iterable[Graded]) -> Iterator[Grades]:
    """What reviewers saw alike: a read's structure until one of them sends it back to be drawn again."""
    by_read: dict[int, list[Graded]] = defaultdict(list)
    for one in verdicts:
        by_read[one.read].append(one)
    for of_read in by_read.values():
        grades: Grades = {}
        for one in of_read:
            grades[one.reviewer] = one.grade
            if one.verdict == Verdict.RETURN:
                yield grades
                grades = {}
        if grades:
            yield grades
