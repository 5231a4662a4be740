"""What follows when both blind reads of a part are final: accepted as they agree, or an adjudication."""

from django.db import transaction

from annotation import agreement, learning, worklist
from annotation.models import (
    AgreementKind,
    AgreementScore,
    Assignment,
    CaseState,
    Comparator,
    Part,
    Project,
)
from annotation.reviews import adjudication
from annotation.reviews.requirements import Requirements
from training.metrics import METRIC_VERSION


def settle(part: Part) -> CaseState:
    """Accept the two reads of a part that is compared, or ask for an adjudication; the part's state then.

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
    if len(pair) != 2:
        return
    first, second = pair
    shared = sorted(set(first.mask.annotated) & set(second.mask.annotated))
    # Asked before the scores are read: a job that ends in between has brought them.
    awaited = agreement.awaited(part.case_id)
    scores = _scores(first, second)
    if set(shared) - {score.group.structure for score in scores}:
        if not awaited:
            worklist.compared(part=part, agree=False)
        return
    requirements = Requirements(part.case.project, Comparator.INTER)
    agree = requirements.exist and bool(shared) and not requirements.misses(scores)
    worklist.compared(part=part, agree=agree)


def _scores(one: Assignment, other: Assignment) -> list[AgreementScore]:
    """How the two agree as they were handed in, by today's metric."""
    heads = {_head(one), _head(other)}
    rows = AgreementScore.objects.filter(
        case=one.case_id,
        stale=False,
        group__kind=AgreementKind.INTER,
        group__metric_version=METRIC_VERSION,
        revision_a__in=heads,
        revision_b__in=heads,
    )
    return list(rows.select_related("group"))


def _head(read: Assignment) -> int:
    """Id of the revision that was handed in."""
    return read.mask.revisions.values_list("pk", flat=True).get(number=read.mask.head)
