"""The parts of a case: what readers claim, and what follows from them for the case.

Whoever changes a part holds the lock of its case. Locks are taken in one order everywhere: assignments, the
plan, the case; who has a case waits for nothing else.
"""

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Case as DbCase
from django.db.models import Exists, OuterRef, Q, QuerySet, Value, When

from annotation import chunks, clock
from annotation.models import (
    CalibrationCase,
    Case,
    CaseState,
    Mask,
    MaskKind,
    Offer,
    Part,
    Prediction,
    Revision,
    RevisionKind,
    SchemaStructure,
    Split,
    StructureGroup,
)
from annotation.prepared import Prepared

UNOPENED = (CaseState.WAITING, CaseState.READY)
# The first of these that a part is in is the case's state.
_OVER_OTHERS = (
    CaseState.RETURNED,
    CaseState.ADJUDICATION,
    CaseState.IN_PROGRESS,
    CaseState.COMPARING,
    CaseState.IN_REVIEW,
)


def state_of(parts: Collection[str]) -> CaseState:
    """The state of a case whose parts are in these states."""
    for state in _OVER_OTHERS:
        if state in parts:
            return state
    if CaseState.ACCEPTED in parts:
        return CaseState.ACCEPTED if set(parts) == {CaseState.ACCEPTED} else CaseState.IN_PROGRESS
    return CaseState.READY if CaseState.READY in parts else CaseState.WAITING


def offer_of(case: Case, parts: Collection[str], calibrates: bool) -> Offer:
    """What the case has for a reader: test cases and those set apart for calibration have nothing."""
    if case.split != Split.POOL or calibrates:
        return Offer.NOTHING
    if CaseState.READY in parts:
        return Offer.READY
    return Offer.WAITING if CaseState.WAITING in parts else Offer.NOTHING


def offer_again(cases: Collection[int]) -> None:
    """What cases (ids) that nobody has opened have for a reader, after they changed their split."""
    ready = Part.objects.filter(case=OuterRef("pk"), state=CaseState.READY)
    waiting = Part.objects.filter(case=OuterRef("pk"), state=CaseState.WAITING)
    calibrates = CalibrationCase.objects.filter(case=OuterRef("pk"))
    Case.objects.filter(pk__in=cases).update(
        offer=DbCase(
            When(~Q(split=Split.POOL) | Exists(calibrates), then=Value(Offer.NOTHING)),
            When(Exists(ready), then=Value(Offer.READY)),
            When(Exists(waiting), then=Value(Offer.WAITING)),
            default=Value(Offer.NOTHING),
        ),
        updated_at=clock.now(),
    )


def begin_parts(cases: Iterable[Case]) -> None:
    """New cases of one project get their parts, in the state that the case is in."""
    rows = list(cases)
    if not rows:
        return
    groups: list[StructureGroup | None] = list(StructureGroup.objects.filter(project=rows[0].project_id))
    Part.objects.bulk_create(
        Part(
            case=case,
            group=group,
            state=case.state,
            accepted_revision=case.accepted_revision,
            needs_level=group.least_level if group is not None else 1,
        )
        for case in rows
        for group in groups or [None]
    )
    for case in rows:
        case.offer = offer_of(case, [case.state], calibrates=False)
    Case.objects.bulk_update(rows, ["offer"], batch_size=1000)


def lock_case(case_id: int) -> Case:
    return Case.objects.select_for_update(no_key=True).get(pk=case_id)


@transaction.atomic
def move(part_id: int, state: CaseState, *, accepted: Revision | None = None) -> None:
    """A part goes to another state; `accepted` is the revision that it was accepted at, for that state."""
    case = lock_case(Part.objects.values_list("case", flat=True).get(pk=part_id))
    _set([part_id], state, accepted)
    settle(case, accepted_again=accepted is not None)


def begin(part: Part) -> None:
    """Somebody reads the part; the caller has locked its case, and read it since."""
    _set([part.pk], CaseState.IN_PROGRESS, None)
    settle(part.case)


@transaction.atomic
def back_to_pool(part_ids: Collection[int]) -> None:
    """Parts that nobody has begun after all: ready where there is a prediction, else waiting for one."""
    parts = Part.objects.filter(pk__in=part_ids, state__in=(CaseState.IN_PROGRESS, CaseState.RETURNED))
    predicted = Exists(Prediction.objects.filter(case=OuterRef("case")))
    for case_id in sorted(set(parts.values_list("case", flat=True))):
        case = lock_case(case_id)
        for ready, state in ((True, CaseState.READY), (False, CaseState.WAITING)):
            mine = parts.filter(case=case_id).annotate(ready=predicted).filter(ready=ready)
            _set(list(mine.values_list("pk", flat=True)), state, None)
        settle(case)


def make_ready(case: Case) -> None:
    """Readers may begin with the parts that waited; the caller has locked the case."""
    waiting = case.parts.filter(state=CaseState.WAITING)
    _set(list(waiting.values_list("pk", flat=True)), CaseState.READY, None)
    settle(case)


def settle(case: Case, *, accepted_again: bool = False) -> None:
    """Let the case follow from its parts: state, offer, and its delineation once all are accepted.

    `accepted_again`: a part was accepted just now, perhaps at another revision than before. The caller has
    locked the case.
    """
    rows = _FOLLOWED.columns(case=case.pk)
    states = [state for state, _ in rows]
    before = case.state
    case.state = state_of(states)
    case.offer = offer_of(case, states, any(calibrates for _, calibrates in rows))
    if case.state != CaseState.ACCEPTED:
        case.accepted_revision, case.accepted_at = None, None
    elif accepted_again or before != CaseState.ACCEPTED:
        case.accepted_revision, case.accepted_at = _whole(case), clock.now()
    case.save(update_fields=["state", "offer", "accepted_revision", "accepted_at", "updated_at"])


def _set(part_ids: Collection[int], state: CaseState, accepted: Revision | None) -> None:
    Part.objects.filter(pk__in=part_ids).update(
        state=state, accepted_revision=accepted, updated_at=clock.now()
    )


def _followed(case: int) -> "QuerySet[Part, Any]":
    """What a case follows from: the state of each of its parts, and whether it was set apart."""
    calibrates = Exists(CalibrationCase.objects.filter(case=OuterRef("case")))
    return Part.objects.filter(case=case).order_by().values_list("state", calibrates)


_FOLLOWED = Prepared(Part, _followed, case=int)


def _whole(case: Case) -> Revision:
    """The delineation of the case: that of its only part, or one put together from all of them."""
    parts = list(case.parts.select_related("group", "accepted_revision__mask").order_by("pk"))
    revisions = {part.accepted_revision for part in parts if part.accepted_revision is not None}
    return revisions.pop() if len(revisions) == 1 else _composed(case, parts)


def _composed(case: Case, parts: list[Part]) -> Revision:
    """Each structure as the part that it belongs to has it; where two parts meet, the first one's."""
    schema = SchemaStructure.objects.filter(schema__project=case.project_id)
    rows = schema.values_list("structure__key", "layer", "value")
    entries = {key: (layer, value) for key, layer, value in rows}
    labels = np.zeros((chunks.layer_count(case.project_id), *case.volume.shape), np.uint8)
    annotated: set[str] = set()
    for part in parts:
        revision = part.accepted_revision
        if revision is None or part.group is None:
            continue
        drawn = chunks.read_layers(revision.mask, revision.number)
        for key in part.group.structures:
            layer, value = entries[key]
            labels[layer][(drawn[layer] == value) & (labels[layer] == 0)] = value
        annotated |= set(revision.mask.annotated) & set(part.group.structures)
    mask = Mask.objects.create(case=case, kind=MaskKind.COMPOSED, annotated=sorted(annotated))
    return chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.MERGE)
