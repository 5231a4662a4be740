"""Cases set apart: those that every reader reads, and those whose right answer is known."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from annotation import agreement, worklist
from annotation.errors import Conflict, Refused
from annotation.models import (
    ENDED_STATES,
    Assignment,
    CalibrationCase,
    Case,
    GoldCase,
    Project,
    Purpose,
    Split,
    StartFrom,
)


@dataclass(frozen=True)
class DraftCalibration:
    """A case, by its number, and what every reader begins from: scratch or prediction."""

    number: int
    start_from: str = StartFrom.PREDICTION


@dataclass(frozen=True)
class DraftGold:
    """An accepted case, by its number; its accepted delineation is the right answer."""

    number: int
    source: str = ""
    excluded: bool = False


def calibration(project: Project) -> QuerySet[CalibrationCase]:
    """The set; `case.calibration_reads` of each are the reads that were given for it and not given back."""
    reads = Assignment.objects.filter(purpose=Purpose.CALIBRATION).exclude(state__in=ENDED_STATES)
    given = Prefetch(
        "case__assignments", reads.select_related("reader").order_by("pk"), to_attr="calibration_reads"
    )
    return (
        CalibrationCase.objects.filter(case__project=project).select_related("case").prefetch_related(given)
    )


def gold(project: Project) -> QuerySet[GoldCase]:
    return GoldCase.objects.filter(case__project=project).select_related("case", "revision")


@transaction.atomic
def change_calibration(*, project: Project, drafts: Sequence[DraftCalibration]) -> QuerySet[CalibrationCase]:
    """Replace the calibration set. What somebody has read for it stays in it, and starts as it did."""
    wanted = {draft.number: draft for draft in drafts}
    there = {row.case.number: row for row in calibration(project)}
    for number in sorted(set(there) - set(wanted)):
        _require_unread(there[number].case, Purpose.CALIBRATION, "leave the calibration set")
        there[number].delete()
        worklist.settle(worklist.lock_case(there[number].case_id))
    for number, case in _locked(project, wanted).items():
        row = there.get(number)
        if row is None:
            _set_apart(case, wanted[number])
        elif row.start_from != wanted[number].start_from:
            _require_unread(case, Purpose.CALIBRATION, "begin from something else")
            row.start_from = wanted[number].start_from
            row.save()
    return calibration(project)


@transaction.atomic
def draw_calibration(*, project: Project) -> QuerySet[CalibrationCase]:
    """Fill the calibration set up to what the plan asks for, by lot; the plan's share begins from scratch."""
    plan = worklist.plan_of(project)
    if plan is None:
        raise Refused("This project has no reliability plan. Save one first.")
    there = list(calibration(project))
    missing = plan.calibration_cases - len(there)
    unread = Case.objects.filter(project=project, split=Split.POOL, state__in=worklist.UNOPENED)
    known = unread.filter(volume__spacing_known=True)
    free = list(known.filter(calibration__isnull=True, assignments__isnull=True).order_by("number"))
    if len(free) < missing:
        raise Conflict(
            f"{missing} cases are missing in the calibration set, but only {len(free)} are unread."
        )
    chosen = random.Random(plan.seed).sample(free, max(0, missing))  # noqa: S311 - no secret
    scratch = round(plan.calibration_cases * plan.scratch_share)
    scratch -= sum(row.start_from == StartFrom.SCRATCH for row in there)
    for index, case in enumerate(chosen):
        start = StartFrom.SCRATCH if index < scratch else StartFrom.PREDICTION
        _set_apart(worklist.lock_case(case.pk), DraftCalibration(case.number, start))
    return calibration(project)


@transaction.atomic
def change_gold(*, project: Project, drafts: Sequence[DraftGold]) -> QuerySet[GoldCase]:
    """Replace the gold cases. What readers have met as gold can be excluded, not taken out."""
    wanted = {draft.number: draft for draft in drafts}
    standing = dict(gold(project).values_list("case", "excluded"))
    for row in gold(project):
        if row.case.number not in wanted:
            _require_unread(row.case, Purpose.GOLD, "be taken out; exclude it")
            row.delete()
            agreement.gold_changed(row.case)
    for number, case in _locked(project, wanted).items():
        draft = wanted[number]
        if case.accepted_revision is None:
            raise Refused(f"Case {number} is not accepted yet, so its right answer is not known.")
        if case.region is not None:
            raise Refused(f"Case {number} was read in part, so its right answer is not known of the rest.")
        given = {"source": draft.source.strip()[:200], "excluded": draft.excluded}
        GoldCase.objects.update_or_create(
            case=case, defaults=given, create_defaults={**given, "revision": case.accepted_revision}
        )
        if standing.get(case.pk) is not draft.excluded:
            agreement.gold_changed(case)
    return gold(project)


def _set_apart(case: Case, draft: DraftCalibration) -> None:
    if case.split != Split.POOL or case.state not in worklist.UNOPENED or case.assignments.exists():
        raise Conflict(
            f"Case {case.number} was read or set apart already; choose one that nobody has opened."
        )
    CalibrationCase.objects.create(case=case, start_from=draft.start_from)
    if case.region is not None:  # everybody reads the whole scan
        case.region = None
        case.save(update_fields=["region"])
    worklist.settle(case)


def _locked(project: Project, numbers: dict[int, DraftCalibration] | dict[int, DraftGold]) -> dict[int, Case]:
    cases = Case.objects.filter(project=project, number__in=list(numbers)).select_for_update(no_key=True)
    found = {case.number: case for case in cases.order_by("pk")}
    missing = sorted(set(numbers) - set(found))
    if missing:
        raise Refused(f"This project has no case {missing[0]}.")
    return found


def _require_unread(case: Case, purpose: Purpose, what: str) -> None:
    if Assignment.objects.filter(case=case, purpose=purpose).exists():
        raise Conflict(f"Case {case.number} was read for this already, so it cannot {what}.")
