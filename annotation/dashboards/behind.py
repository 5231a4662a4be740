"""The cases behind a mark: every number in a chart opens them, and each opens its read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from django.db.models import Avg, Count, F, Q

from annotation import agreement
from annotation.dashboards import acceptability, arms
from annotation.dashboards.tables import Says
from annotation.learning.measured import alike
from annotation.learning.tolerances import tolerances_of
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    ModelScore,
    Pin,
    Project,
    ReadSummary,
    Review,
    Split,
)

MOST = 100
READ_STATES = (
    AssignmentState.SUBMITTED,
    AssignmentState.DONE,
    AssignmentState.RETURNED,
    AssignmentState.OPEN,
)


@dataclass(frozen=True)
class BehindRow:
    """A case, and the read of it to open. Means are of the scores behind the mark."""

    case_id: Annotated[int, Says("Id of the case")]
    number: Annotated[int, Says("Number of the case in its project")]
    name: Annotated[str, Says("Name of the case")]
    state: Annotated[str, Says("State of the case")]
    read_id: Annotated[int | None, Says("Id of the newest read of it (of the reader asked for)")]
    scores: Annotated[int | None, Says("Scores of it behind the mark", "scores")]
    dice: Annotated[float | None, Says("Mean Dice of these")]
    surface_dice: Annotated[float | None, Says("Mean surface Dice of these")]
    hd95_mm: Annotated[float | None, Says("Mean 95 % Hausdorff distance of these", "mm")]


def scored(
    project: Project,
    *,
    kind: str,
    structure: str,
    starts: str,
    reader: int | None = None,
    other: int | None = None,
    metric: str = "dice",
) -> list[BehindRow]:
    """The cases of a mark of agreement, worst first."""
    _, found = agreement.cases(
        project,
        kind=kind,
        structure=structure,
        starts=starts,
        reader=reader,
        other=other,
        figure=metric,
        most=MOST,
    )
    cases = {case.pk: case for case in Case.objects.filter(pk__in=[row.case for row in found])}
    reads = _reads(cases, reader)
    return [
        BehindRow(
            row.case,
            row.number,
            cases[row.case].name,
            cases[row.case].state,
            reads.get(row.case),
            row.scores,
            row.dice,
            row.surface_dice,
            row.hd95_mm,
        )
        for row in found
        if row.case in cases
    ]


def plain(
    project: Project, *, state: str = "", week: date | None = None, ids: Iterable[int] = ()
) -> list[BehindRow]:
    """The cases of the pool in a state, of a week of acceptance, or named by their ids; the newest first."""
    found = Case.objects.filter(project=project, split=Split.POOL)
    if state:
        found = found.filter(state=state)
    if week is not None:
        monday = datetime.combine(week, time(), UTC)
        found = found.filter(accepted_at__gte=monday, accepted_at__lt=monday + timedelta(weeks=1))
    wanted = list(ids)
    if wanted:
        found = found.filter(pk__in=wanted)
    cases = {case.pk: case for case in found.order_by("-updated_at", "pk")[:MOST]}
    reads = _reads(cases, None)
    return [
        BehindRow(pk, case.number, case.name, case.state, reads.get(pk), None, None, None, None)
        for pk, case in cases.items()
    ]


def read(
    project: Project, *, reader: int | None = None, starts: str = "", month: date | None = None
) -> list[BehindRow]:
    """The cases of reads that were handed in: of a reader, from a start, in the month that begins so."""
    found = ReadSummary.objects.filter(project=project)
    if reader is not None:
        found = found.filter(reader=reader)
    if starts:
        found = found.filter(starts=starts)
    if month is not None:
        found = found.filter(month=month)
    return _of_reads(found.order_by("-read_at", "-pk").values_list("case", "read"))


def judged(
    project: Project, *, reader: int | None = None, structure: str = "", code: str = ""
) -> list[BehindRow]:
    """The cases of reads that were reviewed, or in which a review that has ended dropped such a pin."""
    if structure or code:
        pins = Pin.objects.filter(assignment__case__project=project, review__state=AssignmentState.DONE)
        if structure:
            pins = pins.filter(structure=structure)
        if code:
            pins = pins.filter(error_code=code)
        reads = Assignment.objects.filter(pk__in=pins.values("assignment"))
    else:
        reviews = Review.objects.filter(assignment__case__project=project)
        reviews = reviews.filter(assignment__role=AssignmentRole.REVIEW)
        reads = Assignment.objects.filter(pk__in=reviews.values("assignment__subject"))
    if reader is not None:
        reads = reads.filter(reader=reader)
    return _of_reads(reads.order_by("-submitted_at", "-pk").values_list("case", "pk"))


def graded(project: Project, *, structure: str, grade: int | None = None) -> list[BehindRow]:
    """The cases of reads in which a reviewer gave a structure this grade, or any."""
    verdicts = acceptability.graded(project).filter(structure=structure)
    if grade is not None:
        verdicts = verdicts.filter(acceptability=grade)
    reads = verdicts.order_by("-assignment__final_at", "-pk")
    return _of_reads(reads.values_list("assignment__case", "assignment__subject"))


def chosen(project: Project, *, arm: str) -> list[BehindRow]:
    """Accepted cases of one arm of what was chosen, or of both that are compared."""
    ids = arms.cases_of_arm(project, arm)[:MOST]
    reads = _reads(ids, None)
    return _of_reads((case, reads.get(case)) for case in ids)


def scored_by(project: Project, *, model: int, structure: str = "") -> list[BehindRow]:
    """The test cases of a model's point on the learning curve, worst first."""
    found = ModelScore.objects.filter(
        model__project=project, model__version=model, revision__in=list(map(int, alike(project).revisions))
    )
    if structure:
        found = found.filter(structure=structure)
    tolerances = tolerances_of(project)
    measured_at = found.order_by().values_list("structure", "tolerance_mm").distinct()
    blunt = {key for key, mm in measured_at if tolerances.is_other(key, mm)}
    means = (
        found.order_by()
        .values("case")
        .annotate(
            n=Count("dice"), dice=Avg("dice"), surface=Avg("surface_dice", filter=~Q(structure__in=blunt))
        )
    )
    worst = list(means.order_by(F("dice").asc(nulls_last=True), "case")[:MOST])
    cases = Case.objects.in_bulk([row["case"] for row in worst])
    reads = _reads(cases, None)
    return [
        BehindRow(
            pk, case.number, case.name, case.state, reads.get(pk), row["n"], row["dice"], row["surface"], None
        )
        for row in worst
        for pk, case in [(row["case"], cases[row["case"]])]
    ]


def _of_reads(reads: Iterable[tuple[int, int | None]]) -> list[BehindRow]:
    """Of (case, read), the newest first: one row for each case, by its newest read."""
    newest: dict[int, int | None] = {}
    for case, found in reads:
        newest.setdefault(case, found)
    shown = list(newest)[:MOST]
    cases = Case.objects.in_bulk(shown)
    return [
        BehindRow(pk, cases[pk].number, cases[pk].name, cases[pk].state, newest[pk], None, None, None, None)
        for pk in shown
    ]


def _reads(cases: Iterable[int], reader: int | None) -> dict[int, int]:
    """The newest read of each case."""
    reads = Assignment.objects.filter(
        case__in=list(cases), role=AssignmentRole.ANNOTATE, state__in=READ_STATES
    )
    if reader is not None:
        reads = reads.filter(reader=reader)
    return dict(reads.order_by("pk").values_list("case", "pk"))
