"""How usable reviewers found structures as they were handed in, and how far two reviewers agree on it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from django.db.models import QuerySet

from annotation.dashboards.shares import share_of
from annotation.dashboards.tables import Says
from annotation.models import (
    AssignmentRole,
    AssignmentState,
    Project,
    SchemaStructure,
    StructureVerdict,
    Verdict,
)
from training.raters import Level, krippendorff_alpha

Grades = dict[int, int]  # of one state of a structure, by reviewer


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
    found: dict[str, list[StructureVerdict]] = defaultdict(list)
    for one in graded(project).select_related("assignment").order_by("assignment__final_at", "assignment_id"):
        found[one.structure].append(one)
    keys = SchemaStructure.objects.filter(schema__project=project).order_by("layer", "value")
    return [_row(key, found[key]) for key in keys.values_list("structure__key", flat=True) if key in found]


def graded(project: Project) -> QuerySet[StructureVerdict]:
    """The verdicts with a grade, of reviews that have ended: readers do not know of the others."""
    return StructureVerdict.objects.filter(
        assignment__case__project=project,
        assignment__role=AssignmentRole.REVIEW,
        assignment__state=AssignmentState.DONE,
        acceptability__isnull=False,
    )


def _row(structure: str, verdicts: list[StructureVerdict]) -> AcceptabilityRow:
    counts = Counter(one.acceptability for one in verdicts)
    usable = share_of(counts[4] + counts[5], len(verdicts))
    states = list(_states(verdicts))
    reviewers = sorted({reviewer for grades in states for reviewer in grades})
    table = np.array(
        [[grades.get(reviewer, np.nan) for reviewer in reviewers] for grades in states], np.float64
    )
    alpha = krippendorff_alpha(table, Level.ORDINAL)
    return AcceptabilityRow(
        structure=structure,
        grades=len(verdicts),
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


def _states(verdicts: Iterable[StructureVerdict]) -> Iterator[Grades]:
    """What reviewers saw alike: a read's structure until one of them sends it back to be drawn again."""
    by_read: dict[int | None, list[StructureVerdict]] = defaultdict(list)
    for one in verdicts:
        by_read[one.assignment.subject_id].append(one)
    for of_read in by_read.values():
        grades: Grades = {}
        for one in of_read:
            grades[one.assignment.reader_id] = one.acceptability or 0
            if one.verdict == Verdict.RETURN:
                yield grades
                grades = {}
        if grades:
            yield grades
