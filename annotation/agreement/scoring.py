"""Compare what became comparable, and store it: pair by pair, so that a worker that dies loses one pair."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from annotation import jobs
from annotation.agreement import summaries
from annotation.agreement.sides import FINAL_STATES, Pair, Side
from annotation.agreement.stock import Stock
from annotation.models import (
    AgreementKind,
    AgreementScore,
    Assignment,
    Case,
    GoldCase,
    SchemaStructure,
    UndefinedReason,
    Volume,
)
from training.metrics import METRIC_VERSION, StructureScore, score

Spacing = tuple[float, float, float]


@dataclass(frozen=True)
class Target:
    """A structure of the project: where it stands in masks, and the tolerance of its surface Dice."""

    key: str
    layer: int
    value: int
    tolerance_mm: float


@dataclass(frozen=True)
class Due:
    """A pair, and those of its structures that have no score by this metric and tolerance."""

    pair: Pair
    targets: tuple[Target, ...]


def spacing_of(volume: Volume) -> Spacing:
    """Millimetres between voxels along i, j, k."""
    i, j, k = volume.spacing_mm
    return i, j, k


def targets_of(project_id: int) -> tuple[Target, ...]:
    """The structures of a project, layer by layer."""
    entries = SchemaStructure.objects.filter(schema__project=project_id).select_related("structure")
    return tuple(
        Target(one.structure.key, one.layer, one.value, one.tolerance_mm)
        for one in entries.order_by("layer", "value")
    )


def due(
    case: Case, pairs: Collection[Pair], targets: Collection[Target], *, complete: bool = False
) -> list[Due]:
    """What is to be scored. A structure whose tolerance was changed is scored again.

    `complete`: so is one whose score was kept before all of today's figures were.
    """
    rows = AgreementScore.objects.filter(case=case, stale=False, group__metric_version=METRIC_VERSION)
    if complete:
        rows = rows.exclude(~Q(undefined=UndefinedReason.BOTH_EMPTY), specificity__isnull=True)
    there = set(
        rows.values_list(
            "group__kind", "revision_a", "revision_b", "group__starts", "group__structure", "tolerance_mm"
        )
    )
    found = []
    for pair in pairs:
        missing = tuple(
            target
            for target in targets
            if target.key in pair.structures
            and (*pair.name, pair.starts, target.key, target.tolerance_mm) not in there
        )
        if missing:
            found.append(Due(pair, missing))
    return found


def compare(one: Due, stock: Stock, spacing_mm: Spacing) -> dict[Target, StructureScore]:
    """All metrics of the structures that are due."""
    result: dict[Target, StructureScore] = {}
    for layer in sorted({target.layer for target in one.targets}):
        of_layer = [target for target in one.targets if target.layer == layer]
        tolerances = {target.value: target.tolerance_mm for target in of_layer}
        a, b = stock.labels(one.pair.a, layer), stock.labels(one.pair.b, layer)
        found = score(a, b, spacing_mm, tolerances, beyond=stock.beyond(layer))
        result |= {target: found[target.value] for target in of_layer}
    return result


@transaction.atomic
def store(
    case: Case, pair: Pair, found: Mapping[Target, StructureScore], lease: jobs.Lease
) -> list[AgreementScore]:
    """Keep the scores and add them to all sums, unless a side has changed meanwhile: then nothing.

    What was there of the same revisions (stale, or by another tolerance) is replaced. Raises LeaseLost when
    the job is somebody else's.
    """
    jobs.hold(lease)
    if not _still_there(pair):
        return []
    names = {(METRIC_VERSION, pair.kind.value, target.key, pair.starts) for target in found}
    groups = summaries.locked_groups(case.project_id, names)
    group_ids = [groups[name].pk for name in names]
    _remove(pair, group_ids)
    rows = [
        _row(case, pair, groups[METRIC_VERSION, pair.kind.value, target.key, pair.starts].pk, target, figures)
        for target, figures in found.items()
    ]
    stored = AgreementScore.objects.bulk_create(rows)
    summaries.add([row.pk for row in stored])
    return stored


def _still_there(pair: Pair) -> bool:
    """Hold both reads and the gold answer; whoever changes them waits, or was faster."""
    reads = {read.pk: read for read in pair.reads}
    rows = Assignment.objects.filter(pk__in=reads, state__in=FINAL_STATES).order_by("pk")
    held = {
        read.pk: read for read in rows.select_for_update(no_key=True, of=("self",)).select_related("mask")
    }
    if any(pk not in held or held[pk].mask.head != read.mask.head for pk, read in reads.items()):
        return False
    if pair.kind != AgreementKind.GOLD:
        return True
    gold = GoldCase.objects.filter(case=pair.a.mask.case_id, revision=pair.b.revision_id, excluded=False)
    return gold.select_for_update(no_key=True).first() is not None


def _remove(pair: Pair, group_ids: Collection[int]) -> None:
    there = AgreementScore.objects.filter(
        group__in=group_ids, revision_a=pair.a.revision_id, revision_b=pair.b.revision_id
    )
    summaries.take_away(list(there.filter(stale=False).values_list("pk", flat=True)))
    there.delete()


def _row(case: Case, pair: Pair, group_id: int, target: Target, figures: StructureScore) -> AgreementScore:
    a, b = pair.a, pair.b
    return AgreementScore(
        group_id=group_id,
        case=case,
        revision_a_id=a.revision_id,
        revision_b_id=b.revision_id,
        read_a=a.read,
        read_b=b.read,
        reader_a_id=_reader_id(a),
        reader_b_id=_reader_id(b),
        model=a.model or b.model,
        start_a=a.start,
        start_b=b.start,
        start_model_a_id=a.start_model_id,
        start_model_b_id=b.start_model_id,
        tolerance_mm=target.tolerance_mm,
        dice=figures.dice,
        surface_dice=figures.surface_dice,
        hd95_mm=figures.hd95_mm,
        hd_mm=figures.hd_mm,
        assd_mm=figures.assd_mm,
        asd_a_to_b_mm=figures.asd_ref_to_pred_mm,
        asd_b_to_a_mm=figures.asd_pred_to_ref_mm,
        centre_distance_mm=figures.centre_distance_mm,
        specificity=figures.specificity,
        volume_a_ml=figures.volume_ref_ml,
        volume_b_ml=figures.volume_pred_ml,
        undefined=_undefined(figures),
        read_at=pair.read_at,
    )


def _reader_id(side: Side) -> int | None:
    return None if side.read is None else side.read.reader_id


def _undefined(figures: StructureScore) -> UndefinedReason:
    a, b = figures.volume_ref_ml > 0, figures.volume_pred_ml > 0
    if a and b:
        return UndefinedReason.NONE
    if not (a or b):
        return UndefinedReason.BOTH_EMPTY
    return UndefinedReason.B_EMPTY if a else UndefinedReason.A_EMPTY
