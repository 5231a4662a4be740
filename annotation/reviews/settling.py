"""What follows from a comparison: of two blind reads, of a read and its fix, of a read and its prediction."""

from django.db import transaction

from annotation import agreement, learning, worklist
from annotation.models import (
    AgreementKind,
    AgreementScore,
    Assignment,
    AssignmentRole,
    AssignmentState,
    CaseState,
    Comparator,
    Part,
    Project,
    Purpose,
    Review,
)
from annotation.reviews import adjudication, disputes
from annotation.reviews.requirements import Requirements
from training.metrics import METRIC_VERSION


def settle(part: Part) -> CaseState:
    """Accept what is compared in a part, or let somebody look at it; the part's state then.

    Does nothing until every structure that both have looked at has its score, as long as a job can bring it.
    Where none will (it failed for good, or was cancelled) nobody has shown that they agree: an adjudication.
    A project without any requirement for two readers has not said how well they must agree, so each pair is
    adjudicated.
    """
    with transaction.atomic():
        worklist.lock_case(part.case_id)
        held = Part.objects.select_related("case__project").get(pk=part.pk)
        if held.state == CaseState.COMPARING:
            _settle(held)
            held.refresh_from_db()
    if held.state == CaseState.ADJUDICATION:
        adjudication.prepare(held)
    if held.state == CaseState.ACCEPTED:
        learning.request_run_if_due(held.case.project)
    return CaseState(held.state)


def settle_due(project: Project | None = None, case: int | None = None) -> int:
    """Settle every part that waits for its comparison; how many were looked at."""
    parts = Part.objects.filter(state=CaseState.COMPARING).order_by("pk")
    if project is not None:
        parts = parts.filter(case__project=project)
    if case is not None:
        parts = parts.filter(case=case)
    waiting = list(parts)
    for part in waiting:
        settle(part)
    return len(waiting)


def _settle(part: Part) -> None:
    pair = worklist.pair_of(part)
    if len(pair) == 2:
        _settle_pair(part, pair[0], pair[1])
        return
    fix = disputes.fix_of(part)
    if fix is not None:
        _settle_fix(part, fix)
        return
    read = part.assignments.filter(
        role=AssignmentRole.ANNOTATE, purpose=Purpose.ROUTINE, state=AssignmentState.SUBMITTED
    ).select_related("mask", "start_revision")
    for one in read:
        _settle_alone(part, one)


def _settle_pair(part: Part, first: Assignment, second: Assignment) -> None:
    shared = set(first.mask.annotated) & set(second.mask.annotated)
    heads = {_head(first), _head(second)}
    requirements = Requirements(part.case.project, Comparator.INTER)
    agree = _meets(part, AgreementKind.INTER, heads, heads, shared, requirements)
    if agree is not None:
        worklist.compared(part=part, agree=agree and requirements.exist and bool(shared))


def _settle_fix(part: Part, fix: Review) -> None:
    """A reviewer changed a read: accepted so, unless it was more than is allowed without somebody else."""
    read, result = fix.assignment.subject, fix.result
    if read is None or result is None:
        return
    shared = set(read.mask.annotated) & set(result.mask.annotated)
    requirements = Requirements(part.case.project, Comparator.REVIEW)
    agree = _meets(part, AgreementKind.REVIEW, {_head(read)}, {result.pk}, shared, requirements)
    if agree is None:
        return
    if agree:
        worklist.move(part.pk, CaseState.ACCEPTED, accepted=result)
    else:
        worklist.move(part.pk, CaseState.ADJUDICATION)


def _settle_alone(part: Part, read: Assignment) -> None:
    """A read that nobody was drawn to look at, beside the prediction that it began from."""
    start = read.start_revision
    shared = set(read.mask.annotated) & set(start.mask.annotated if start is not None else ())
    requirements = Requirements(part.case.project, Comparator.PREDICTION)
    begun = {start.pk} if start is not None else set()
    close = _meets(part, AgreementKind.PREDICTION, {_head(read)}, begun, shared, requirements)
    if close is not None:
        worklist.held_against_prediction(read=read, close=close)


def _meets(
    part: Part,
    kind: AgreementKind,
    these: set[int],
    those: set[int],
    structures: set[str],
    requirements: Requirements,
) -> bool | None:
    """Whether the scores of two revisions meet what is asked; None as long as a job may bring missing ones.

    Where none will, nobody has shown that they do.
    """
    # Asked before the scores are read: a job that ends in between has brought them.
    awaited = agreement.awaited(part.case_id)
    scores = _scores(part, kind, these, those)
    if structures - {score.group.structure for score in scores}:
        return None if awaited else False
    return not requirements.misses(scores)


def _scores(part: Part, kind: AgreementKind, these: set[int], those: set[int]) -> list[AgreementScore]:
    """How they agree as they were handed in, by today's metric."""
    rows = AgreementScore.objects.filter(
        case=part.case_id,
        stale=False,
        group__kind=kind,
        group__metric_version=METRIC_VERSION,
        revision_a__in=these,
        revision_b__in=those,
    )
    return list(rows.select_related("group"))


def _head(read: Assignment) -> int:
    """Id of the revision that was handed in."""
    return read.mask.revisions.values_list("pk", flat=True).get(number=read.mask.head)
