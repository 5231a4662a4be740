"""The choice of a reader's next read: planned reads, calibration, then what the reader's block says.

What the reader has given back comes only when there is nothing else; what was skipped never comes again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from annotation import clock
from annotation.models import (
    ENDED_STATES,
    NO_IMAGE,
    Assignment,
    AssignmentRole,
    AssignmentState,
    CalibrationCase,
    Case,
    CaseState,
    GoldCase,
    Membership,
    Offer,
    Part,
    Purpose,
    ReliabilityPlan,
    Role,
    Split,
    StartFrom,
)
from annotation.prepared import Prepared, Row, Value
from annotation.worklist import balance, blocks, starts
from annotation.worklist.standing import Standing, standing


@dataclass(frozen=True)
class Choice:
    """A read that could begin. `partner` reads the part too; `planned` is the row that waits for it."""

    part: Part
    purpose: Purpose
    start: starts.Start
    partner: int | None = None
    planned: Assignment | None = None
    takes_part: bool = False


class Chooser:
    """Chooses for one reader. With `lock`, what is chosen is nobody else's until the commit."""

    def __init__(self, membership: Membership, *, lock: bool, there: Standing | None = None) -> None:
        self.membership = membership
        self.project = membership.project
        self.reader = membership.user_id
        self.lock = lock
        self.there = there or standing(self.reader, self.project)

    def choice(self) -> Choice | None:
        plan = getattr(self.project, "plan", None) if self.membership.role == Role.ANNOTATOR else None
        for given_back in (False, True):
            found = next(self._candidates(plan, given_back), None)
            if found is not None:
                return found
        return None

    def _candidates(self, plan: ReliabilityPlan | None, given_back: bool) -> Iterator[Choice]:
        if self.there.planned:
            yield from self._planned(given_back)
        if plan is not None:
            if self.there.calibrates:
                yield from self._calibration(plan, given_back)
            purpose = blocks.purpose_at(blocks.place_of(self.reader, self.project), plan, self.reader)
            if purpose == Purpose.GOLD:
                yield from self._gold(plan, given_back)
            elif purpose == Purpose.REPEAT:
                yield from self._repeat(plan, given_back)
            elif purpose == Purpose.OVERLAP:
                yield from self._overlap(plan, given_back)
        yield from self._routine(given_back)

    # ── What waits for this reader ───────────────────────────────────────────

    def _planned(self, given_back: bool) -> Iterator[Choice]:
        own = Assignment.objects.filter(reader=self.reader, role=AssignmentRole.ANNOTATE)
        rows = own.filter(case__project=self.project, state=AssignmentState.PLANNED)
        rows = self._given_back(rows, "case", given_back)
        rows = rows.order_by(F("due_at").asc(nulls_last=True), "pk")
        if self.lock:
            rows = rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
        for read in rows.select_related("part__case__volume", "part__group", "mask__base")[:1]:
            yield Choice(read.part, Purpose(read.purpose), starts.same_as(read), planned=read)

    def _calibration(self, plan: ReliabilityPlan, given_back: bool) -> Iterator[Choice]:
        """Every reader has an order of their own, so that practice does not fall on the same cases."""
        cases = CalibrationCase.objects.filter(case__project=self.project)
        unread = Part.objects.filter(case__calibration__in=cases).exclude(
            Exists(self._kept().filter(part=OuterRef("pk")))
        )
        unread = unread.exclude(case__volume__modality=NO_IMAGE)
        rows = self._given_back(unread, "case", given_back).select_related(
            "case__volume", "case__calibration", "group"
        )
        for part in sorted(rows, key=lambda one: blocks.draw(plan.seed, "calibration", self.reader, one.pk)):
            start = _calibration_start(part)
            if start is not None:
                yield Choice(part, Purpose.CALIBRATION, start)

    # ── What the block asks for ──────────────────────────────────────────────

    def _gold(self, plan: ReliabilityPlan, given_back: bool) -> Iterator[Choice]:
        """Cases with a known answer that this reader had no hand in, or whose gold read is washed out."""
        rows = _GOLD[given_back].all(
            project=self.project.pk,
            reader=self.reader,
            level=self.membership.level,
            before=_washed_out(plan),
        )
        for part in sorted(rows, key=lambda one: blocks.draw(plan.seed, "gold", self.reader, one.pk)):
            yield Choice(part, Purpose.GOLD, starts.fresh(part.case_id))

    def _repeat(self, plan: ReliabilityPlan, given_back: bool) -> Iterator[Choice]:
        """Own reads that are final and washed out, the oldest first, each repeated once."""
        read = _REPEAT[given_back].first(
            project=self.project.pk, reader=self.reader, before=_washed_out(plan)
        )
        if read is not None:
            yield Choice(read.part, Purpose.REPEAT, starts.same_as(read))

    def _overlap(self, plan: ReliabilityPlan, given_back: bool) -> Iterator[Choice]:
        if self.lock:
            balance.lock_plan(plan)
        members, counts = balance.readers(self.project), balance.pair_counts(self.project)
        for routine in self._routine(given_back):
            needs = routine.part.needs_level
            met = {reader for (reader,) in _MET.columns(case=routine.part.case_id)}
            partner = balance.partner_for(
                self.reader, among=members, counts=counts, needs_level=needs, without=met
            )
            if partner is not None:
                yield Choice(routine.part, Purpose.OVERLAP, routine.start, partner=partner, takes_part=True)
            yield routine

    def _routine(self, given_back: bool) -> Iterator[Choice]:
        ready = self._first_part(Offer.READY, CaseState.READY, given_back)
        if ready is not None:
            yield Choice(ready, Purpose.ROUTINE, starts.fresh(ready.case_id), takes_part=True)
        if self.there.is_served:
            return
        part = self._first_part(Offer.WAITING, CaseState.WAITING, given_back)
        if part is not None:
            yield Choice(part, Purpose.ROUTINE, starts.fresh(part.case_id), takes_part=True)

    def _first_part(self, offer: Offer, state: CaseState, given_back: bool) -> Part | None:
        passed_over: list[int] = []
        while True:
            case = self._first_case(offer, state, given_back, passed_over)
            if case is None:
                return None
            # What was committed after the statement began is seen only by a new one.
            part = _FREE_PART.first(
                case=case.pk, reader=self.reader, level=self.membership.level, state=state
            )
            if part is not None:
                part.case = case
                return part
            passed_over.append(case.pk)

    def _first_case(
        self, offer: Offer, state: CaseState, given_back: bool, passed_over: list[int]
    ) -> Case | None:
        project, level = self.project.pk, self.membership.level
        is_held = offer == Offer.WAITING and starts.waits_for_first_model(self.project)
        if self.lock and not given_back and not passed_over and not is_held:
            return _LOCKED_CASE[offer].first(project=project, reader=self.reader, level=level)
        cases = _offered_cases(project, offer, self.reader, level, state, given_back=given_back)
        cases = cases.exclude(pk__in=passed_over)
        if is_held:
            cases = cases.filter(starts.chosen_first())
        return (_locking(cases) if self.lock else cases.select_related("volume")).first()

    # ── What is left out ─────────────────────────────────────────────────────

    def _kept(self) -> QuerySet[Assignment]:
        """Own reads that stand, and those that were skipped: their parts are not given as new ones."""
        return _kept_reads(self.reader)

    def _given_back(self, rows: "QuerySet[Any]", case: str, wanted: bool) -> "QuerySet[Any]":
        return _with_returned(rows, self.reader, case, wanted)


# ── Cases and parts that are free for a reader ────────────────────────────────


def _kept_reads(reader: int) -> QuerySet[Assignment]:
    own = Assignment.objects.filter(reader=reader, role=AssignmentRole.ANNOTATE)
    return own.exclude(state__in=(AssignmentState.RELEASED, AssignmentState.WITHDRAWN))


def _returned_reads(reader: int, case: str) -> QuerySet[Assignment]:
    """Own reads that were given back undrawn, of the case at hand."""
    own = Assignment.objects.filter(reader=reader, role=AssignmentRole.ANNOTATE)
    return own.filter(state=AssignmentState.RELEASED, branches__isnull=True, case=OuterRef(case))


def _with_returned(rows: "QuerySet[Any]", reader: int, case: str, wanted: bool) -> "QuerySet[Any]":
    """Without what the reader has given back undrawn; or, at the last, with it."""
    return rows if wanted else rows.exclude(Exists(_returned_reads(reader, case)))


def _free_parts(reader: int, level: int, state: str) -> QuerySet[Part]:
    free = Part.objects.filter(state=state, needs_level__lte=level)
    return free.exclude(Exists(_kept_reads(reader).filter(part=OuterRef("pk")))).order_by("pk")


def _offered_cases(
    project: int, offer: str, reader: int, level: int, state: str, *, given_back: bool
) -> QuerySet[Case]:
    """By due date, by a lead's priority, then by what the model is unsure of."""
    cases = Case.objects.filter(project=project, offer=offer, split=Split.POOL)
    cases = cases.filter(Exists(_free_parts(reader, level, state).filter(case=OuterRef("pk"))))
    return _with_returned(cases, reader, "pk", given_back).order_by(
        F("due_at").asc(nulls_last=True), "-priority", F("acquisition").desc(nulls_last=True), "number"
    )


def _locking(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.select_for_update(skip_locked=True, no_key=True, of=("self",))


def _locked_case(project: int, reader: int, level: int, *, offer: Offer, state: CaseState) -> QuerySet[Case]:
    return _locking(_offered_cases(project, offer, reader, level, state, given_back=False))[:1]


# One for each: for any offer, Postgres would expect few such cases, and so plan anew every time.
_LOCKED_CASE = {
    offer: Prepared(Case, partial(_locked_case, offer=offer, state=state), project=int, reader=int, level=int)
    for offer, state in ((Offer.READY, CaseState.READY), (Offer.WAITING, CaseState.WAITING))
}
_FREE_PART = Prepared(
    Part,
    lambda case, **asked: _free_parts(**asked).filter(case=case)[:1],
    case=int,
    reader=int,
    level=int,
    state=str,
)


def _calibration_start(part: Part) -> starts.Start | None:
    """As the first reader began; None while a case waits for the prediction that it is to begin from."""
    first = (
        Assignment.objects.filter(part=part, purpose=Purpose.CALIBRATION)
        .exclude(state__in=ENDED_STATES)
        .select_related("mask__base")
        .order_by("pk")
        .first()
    )
    if first is not None:
        return starts.same_as(first)
    if part.case.calibration.start_from == StartFrom.SCRATCH:
        return starts.SCRATCH
    start = starts.fresh(part.case_id)
    return start if start.kind == StartFrom.PREDICTION else None


# ── What is read once more ────────────────────────────────────────────────────


def _washed_out(plan: ReliabilityPlan) -> datetime:
    """What was last seen before is forgotten."""
    return clock.now() - timedelta(days=plan.washout_days)


def _gold_parts(
    project: int, reader: int, level: int, before: datetime, *, given_back: bool
) -> QuerySet[Part]:
    """Own reads of a gold case stand in the way: all that were not gold, and gold ones still remembered."""
    touched = Assignment.objects.filter(reader=reader).exclude(state=AssignmentState.RELEASED)
    remembered = Q(final_at__isnull=True) | Q(final_at__gt=before) | Q(seen_at__gt=before)
    in_the_way = touched.filter(~Q(purpose=Purpose.GOLD) | remembered, case=OuterRef("case"))
    gold = Part.objects.filter(case__project=project, case__gold__excluded=False, needs_level__lte=level)
    return _with_returned(gold.exclude(Exists(in_the_way)), reader, "case", given_back)


def _repeatable_reads(
    project: int, reader: int, before: datetime, *, given_back: bool
) -> QuerySet[Assignment]:
    mine = Assignment.objects.filter(reader=reader)
    own = mine.filter(role=AssignmentRole.ANNOTATE, case__project=project)
    again = own.filter(part=OuterRef("part"), purpose=Purpose.REPEAT)
    others = mine.filter(case=OuterRef("case")).exclude(state__in=ENDED_STATES)
    gold = GoldCase.objects.filter(case=OuterRef("case"))
    rows = (
        own.filter(state=AssignmentState.DONE, purpose__in=(Purpose.ROUTINE, Purpose.OVERLAP))
        .annotate(last=Greatest("final_at", Coalesce("seen_at", "final_at")))
        .filter(last__lte=before)
        .exclude(Exists(again.exclude(state=AssignmentState.RELEASED)))
        .exclude(Exists(others.filter(Q(final_at__isnull=True) | Q(final_at__gt=before))))
        .exclude(Exists(gold))
    )
    return _with_returned(rows, reader, "case", given_back).order_by("final_at", "pk")[:1]


def _with_and_without_returned(
    model: type[Row], build: Callable[..., QuerySet[Row]], **types: type[Value]
) -> dict[bool, Prepared[Row]]:
    either = (False, True)
    return {wanted: Prepared(model, partial(build, given_back=wanted), **types) for wanted in either}


_GOLD = _with_and_without_returned(Part, _gold_parts, project=int, reader=int, level=int, before=datetime)
_REPEAT = _with_and_without_returned(Assignment, _repeatable_reads, project=int, reader=int, before=datetime)
_MET = Prepared(
    Assignment,
    lambda case: Assignment.objects.filter(case=case).order_by().values_list("reader"),
    case=int,
)
