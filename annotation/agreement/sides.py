"""Which delineations of a case are compared, and as what.

Side a is a read or, against gold and review, a prediction. Two readers stand in the order of their ids, two
reads of one reader in the order of reading. Only reads that were handed in, and were not given back since,
take part.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from django.db.models import F

from annotation.models import (
    AgreementKind,
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    GoldCase,
    Mask,
    Model,
    ModelState,
    Prediction,
    Review,
    Revision,
    StartFrom,
)
from annotation.regions import Cut, region_of

IN_PART = frozenset(map(str, Cut))
"""Stand with the starting point where readers were asked for a part of the scan."""
FINAL_STATES = (AssignmentState.SUBMITTED, AssignmentState.DONE)


@dataclass(frozen=True)
class Side:
    """A mask at a revision, and who made it, when, from what. `starts` as in `AgreementGroup`."""

    revision_id: int
    mask: Mask
    number: int
    at: datetime
    starts: str = ""
    read: Assignment | None = None
    model: Model | None = None

    @property
    def start(self) -> str:
        return self.read.start_from if self.read is not None else ""

    @property
    def start_model_id(self) -> int | None:
        return None if self.read is None else start_model_id(self.read)


@dataclass(frozen=True)
class Pair:
    """Two sides, and the kind of agreement between them."""

    kind: AgreementKind
    a: Side
    b: Side

    @property
    def name(self) -> tuple[str, int, int]:
        return self.kind, self.a.revision_id, self.b.revision_id

    @property
    def structures(self) -> frozenset[str]:
        """Keys of what both sides looked at: absent is not the same as not annotated."""
        return frozenset(self.a.mask.annotated) & frozenset(self.b.mask.annotated)

    @property
    def starts(self) -> str:
        """The starting point, in which a model that takes part is named as well."""
        named = {one for side in (self.a, self.b) for one in side.starts.split("|")}
        return "|".join(sorted(named - {""}, key=_order))

    @property
    def read_at(self) -> datetime:
        """When the later read was handed in; without one, when the later side was made."""
        times = [side.at for side in (self.a, self.b) if side.read is not None]
        return max(times or [self.a.at, self.b.at])

    @property
    def reads(self) -> list[Assignment]:
        return [side.read for side in (self.a, self.b) if side.read is not None]


def _order(start: str) -> tuple[bool, bool, str]:
    return start.startswith("model:"), start in IN_PART, start


def is_in_part(starts: str) -> bool:
    """Whether reads that began so were of a part of the scan."""
    return not IN_PART.isdisjoint(starts.split("|"))


def start_model_id(read: Assignment) -> int | None:
    """The model whose prediction the read began from."""
    return None if read.start_revision is None else read.start_revision.mask.model_id


def starts_of(read: Assignment) -> str:
    """scratch, prediction:3 (the model's version) or revision; of a slab with |part, of a cube with |cube.

    So no figure ever pools reads of slabs, of cubes and of whole scans.
    """
    model = None if read.start_revision is None else read.start_revision.mask.model
    start = str(read.start_from)
    if read.start_from == StartFrom.PREDICTION and model is not None:
        start = f"{StartFrom.PREDICTION}:{model.version}"
    region = region_of(read.case)
    return start if region is None else f"{start}|{region.cut(read.case.volume.shape)}"


def final_reads(case: Case) -> list[Assignment]:
    """The case's reads that count, in the order of reading."""
    reads = Assignment.objects.filter(case=case, role=AssignmentRole.ANNOTATE, state__in=FINAL_STATES)
    found = reads.filter(mask__head__gte=1, submitted_at__isnull=False)
    rows = found.select_related("mask", "start_revision__mask__model", "case__volume")
    return list(rows.order_by("submitted_at", "pk"))


def pairs_of(case: Case) -> list[Pair]:
    """Every pair that there is to compare now."""
    sides = read_sides(final_reads(case))
    predictions = list(_predictions(case, [side.read for side in sides if side.read is not None]))
    found = [
        *_between_reads(sides),
        *_with_predictions(sides, predictions),
        *_with_gold(case, sides, predictions),
        *_with_reviews(sides, predictions),
    ]
    unique = {pair.name: pair for pair in found if pair.structures}
    return [unique[name] for name in sorted(unique)]


def read_sides(reads: Iterable[Assignment]) -> list[Side]:
    """The reads as they were handed in."""
    listed = list(reads)
    heads = Revision.objects.filter(mask__in=[read.mask_id for read in listed], number=F("mask__head"))
    revision_of = dict(heads.values_list("mask", "pk"))
    return [
        Side(revision_of[read.mask_id], read.mask, read.mask.head, read.submitted_at, starts_of(read), read)
        for read in listed
        if read.submitted_at is not None
    ]


def _between_reads(sides: list[Side]) -> Iterator[Pair]:
    for one, other in combinations(sides, 2):
        a, b = one, other
        readers = [side.read.reader_id for side in (one, other) if side.read is not None]
        if readers[0] == readers[1]:
            yield Pair(AgreementKind.INTRA, a, b)
        else:
            yield Pair(AgreementKind.INTER, *((a, b) if readers[0] < readers[1] else (b, a)))


def _predictions(case: Case, reads: Iterable[Assignment]) -> Iterator[Side]:
    """Of the serving model, and those that reads began from."""
    begun_from = {start_model_id(read) for read in reads}
    rows = Prediction.objects.filter(case=case, mask__head__gte=1).select_related("mask", "model")
    for row in rows.order_by("pk"):
        model = row.model
        if model is not None and (model.state == ModelState.SERVING or model.pk in begun_from):
            revision = Revision.objects.get(mask=row.mask_id, number=row.mask.head)
            yield Side(
                revision.pk,
                row.mask,
                row.mask.head,
                row.created_at,
                f"model:{model.version}",
                model=model,
            )


def _with_predictions(sides: list[Side], predictions: list[Side]) -> Iterator[Pair]:
    for side in sides:
        for prediction in predictions:
            yield Pair(AgreementKind.PREDICTION, side, prediction)


def _with_gold(case: Case, sides: list[Side], predictions: list[Side]) -> Iterator[Pair]:
    gold = GoldCase.objects.filter(case=case, excluded=False).select_related("revision__mask").first()
    if gold is None:
        return
    right = Side(gold.revision_id, gold.revision.mask, gold.revision.number, gold.created_at)
    for side in (*sides, *predictions):
        if side.mask.pk != right.mask.pk:
            yield Pair(AgreementKind.GOLD, side, right)


def _with_reviews(sides: list[Side], predictions: list[Side]) -> Iterator[Pair]:
    """Each read, and the prediction that it began from, against what a review or adjudication accepted."""
    by_read = {side.read.pk: side for side in sides if side.read is not None}
    given = Review.objects.filter(result__isnull=False, assignment__case__in={s.mask.case_id for s in sides})
    for review in given.select_related("result__mask", "assignment").order_by("pk"):
        for read_id in (review.assignment.subject_id, review.assignment.rival_id):
            side = by_read.get(read_id) if read_id is not None else None
            if side is not None and review.result is not None:
                yield from _with_result(side, review.result, predictions)


def _with_result(side: Side, result: Revision, predictions: list[Side]) -> Iterator[Pair]:
    accepted = Side(result.pk, result.mask, result.number, side.at, side.starts)
    yield Pair(AgreementKind.REVIEW, side, accepted)
    for prediction in predictions:
        if prediction.model is not None and prediction.model.pk == side.start_model_id:
            yield Pair(AgreementKind.REVIEW, prediction, accepted)
