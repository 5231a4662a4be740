"""Overlaps that follow from Dice and both sizes, so that nobody has to keep them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Overlaps:
    """As the fields of these names in `StructureScore`; None = not applicable, or a division by nothing."""

    jaccard: float | None = None
    precision: float | None = None
    recall: float | None = None
    volume_similarity: float | None = None


def overlaps_of(dice: float | None, reference: float, prediction: float) -> Overlaps:
    """Return what follows from a Dice and the sizes of both masks, in voxels or in millilitres.

    2 |A ∩ B| = Dice (|A| + |B|) gives all of them (docs/reference/metrics.md).
    """
    both = reference + prediction
    if dice is None or not both:
        return Overlaps()
    shared = dice * both / 2
    return Overlaps(
        jaccard=dice / (2 - dice),
        precision=_share(shared, prediction),
        recall=_share(shared, reference),
        volume_similarity=1 - abs(reference - prediction) / both,
    )


def _share(part: float, whole: float) -> float | None:
    """No more than 1, however the sizes were rounded."""
    return min(1.0, part / whole) if whole else None
