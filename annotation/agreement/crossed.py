"""What only cases that every reader read can say: STAPLE's rates, and how far surfaces lie apart."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from django.db import transaction
from numpy.typing import NDArray
from scipy import ndimage

from annotation import jobs
from annotation.agreement.scoring import Target, spacing_of
from annotation.agreement.sides import FINAL_STATES, Side
from annotation.agreement.stock import Stock
from annotation.models import AgreementScore, Assignment, CalibrationCase, Case, ReaderRate, SurfaceSpread
from training.raters import Staple, staple, surface_pieces
from training.raters.consensus import MARGIN

STEP_MM = 0.01  # distances are kept to this
MOST_READERS = 20  # that STAPLE compares at a time: the first ones

Masks = list[NDArray[np.bool_]]


def is_calibration(case: Case) -> bool:
    return CalibrationCase.objects.filter(case=case).exists()


# ── How far surfaces lie apart ───────────────────────────────────────────────


def keep_spreads(
    case: Case, sides: Iterable[Side], stock: Stock, targets: Iterable[Target], lease: jobs.Lease
) -> int:
    """Keep the distances between surfaces for scores between readers that lack them. Returns how many."""
    side_of = {side.revision_id: side for side in sides}
    target_of = {target.key: target for target in targets}
    lacking = AgreementScore.objects.filter(
        case=case, stale=False, group__kind="inter", undefined="", spread__isnull=True
    )
    made = 0
    for score in lacking.select_related("group").order_by("pk"):
        a, b = side_of.get(score.revision_a_id), side_of.get(score.revision_b_id)
        target = target_of.get(score.group.structure)
        if a is None or b is None or target is None:
            continue
        spread = _spread(score, [a, b], stock, target, spacing_of(case.volume))
        with transaction.atomic():
            jobs.hold(lease)
            # A score that was replaced meanwhile has no row any more.
            if spread is not None and AgreementScore.objects.select_for_update().filter(pk=score.pk).first():
                spread.save(force_insert=True)
                made += 1
    return made


def _spread(
    score: AgreementScore,
    sides: Sequence[Side],
    stock: Stock,
    target: Target,
    spacing_mm: tuple[float, float, float],
) -> SurfaceSpread | None:
    masks = _masks(sides, stock, target)
    pieces = surface_pieces(masks[0], masks[1], spacing_mm) if masks else None
    if pieces is None:
        return None
    distances, areas = pieces
    steps, places = np.unique(np.rint(distances / STEP_MM).astype(np.int64), return_inverse=True)
    added = np.bincount(places.ravel(), areas, steps.size)
    return SurfaceSpread(
        score=score,
        distances_mm=[round(float(step) * STEP_MM, 2) for step in steps],
        areas_mm2=[round(float(area), 4) for area in added],
    )


# ── STAPLE ───────────────────────────────────────────────────────────────────


def rate(
    case: Case, sides: Iterable[Side], stock: Stock, targets: Iterable[Target], lease: jobs.Lease
) -> int:
    """Compare the first read of every reader with the others begun alike. Returns how many comparisons."""
    made = 0
    for starts, group in _first_reads(sides).items():
        for target in targets:
            looked = [side for side in group if target.key in side.mask.annotated][:MOST_READERS]
            if len(looked) >= 3 and not _rated(case, target.key, starts, looked):
                masks = _masks(looked, stock, target)
                found = staple(masks) if masks else None
                made += _keep(case, target.key, starts, looked, found, lease)
    return made


def _first_reads(sides: Iterable[Side]) -> dict[str, list[Side]]:
    """By starting point; sides come in the order of reading."""
    groups: dict[str, list[Side]] = defaultdict(list)
    seen: set[tuple[str, int]] = set()
    for side in sides:
        if side.read is not None and (side.starts, side.read.reader_id) not in seen:
            seen.add((side.starts, side.read.reader_id))
            groups[side.starts].append(side)
    return groups


def _rated(case: Case, structure: str, starts: str, sides: Collection[Side]) -> bool:
    rates = ReaderRate.objects.filter(case=case, structure=structure, starts=starts)
    return set(rates.values_list("read", flat=True)) == _read_ids(sides)


def _read_ids(sides: Iterable[Side]) -> set[int]:
    return {side.read.pk for side in sides if side.read is not None}


@transaction.atomic
def _keep(
    case: Case, structure: str, starts: str, sides: Sequence[Side], found: Staple | None, lease: jobs.Lease
) -> int:
    """Replace the rates of this comparison, unless one of its reads was changed meanwhile."""
    jobs.hold(lease)
    rows = Assignment.objects.filter(pk__in=_read_ids(sides), state__in=FINAL_STATES).order_by("pk")
    heads = {
        one.pk: one.mask.head
        for one in rows.select_for_update(no_key=True, of=("self",)).select_related("mask")
    }
    if any(side.read is not None and heads.get(side.read.pk) != side.number for side in sides):
        return 0
    ReaderRate.objects.filter(case=case, structure=structure, starts=starts).delete()
    if found is None or found.sensitivity is None or found.specificity is None or found.region is None:
        return 0
    ReaderRate.objects.bulk_create(
        ReaderRate(
            project_id=case.project_id,
            case=case,
            structure=structure,
            starts=starts,
            read=side.read,
            reader_id=side.read.reader_id,
            readers=len(sides),
            sensitivity=sensitivity,
            specificity=specificity,
            prevalence=found.prevalence or 0.0,
            region=found.region.rule,
            converged=found.converged,
        )
        for side, sensitivity, specificity in zip(sides, found.sensitivity, found.specificity, strict=True)
        if side.read is not None
    )
    return 1


# ── Masks of one structure ───────────────────────────────────────────────────


def _masks(sides: Sequence[Side], stock: Stock, target: Target) -> Masks:
    """The structure in every mask, bool (i, j, k): the box around all of them, wider by what regions need.

    Empty where no mask has the structure. Beyond the stock's box, within the scan, all is background.
    """
    boxes = [_box(stock.labels(side, target.layer), target.value) for side in sides]
    there = [box for box in boxes if box is not None]
    if not there:
        return []
    union = tuple(
        slice(min(box[axis].start for box in there), max(box[axis].stop for box in there))
        for axis in range(3)
    )
    room = [
        (min(MARGIN, part.start + low), min(MARGIN, n - low - part.stop))
        for part, (low, _), n in zip(union, stock.box(target.layer), stock.grid.shape, strict=True)
    ]
    return [np.pad(stock.labels(side, target.layer)[union] == target.value, room) for side in sides]


def _box(labels: NDArray[np.uint8], value: int) -> tuple[slice, ...] | None:
    found = ndimage.find_objects(labels, value)
    return found[value - 1] if len(found) >= value else None
