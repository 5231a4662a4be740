"""Every score as it was measured, for other people's statistics."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any

from annotation.agreement.scale import UNITS
from annotation.dashboards.tables import Says, columns
from annotation.errors import TooLarge
from annotation.models import AgreementScore, Project
from training.metrics import Overlaps, overlaps_of

MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """Two delineations of one structure in one case."""

    case: Annotated[int, Says("Number of the case")]
    name: Annotated[str, Says("Name of the case")]
    structure: Annotated[str, Says("Key of the structure")]
    kind: Annotated[str, Says("What a was compared with: inter, intra, gold, prediction or review")]
    starts: Annotated[str, Says("What the reads began from, and models that take part")]
    reader_a: Annotated[str | None, Says("Reader a; empty = a model")]
    reader_b: Annotated[str | None, Says("Reader b; empty = no reader")]
    model: Annotated[int | None, Says("Version of the model that drew a side")]
    dice: Annotated[float | None, Says("Dice; empty = absent from both")]
    jaccard: Annotated[float | None, Says("Jaccard")]
    precision: Annotated[float | None, Says("Share of b that lies in a; empty = b is")]
    recall: Annotated[float | None, Says("Share of a that lies in b; empty = a is")]
    specificity: Annotated[float | None, Says("Share of the scan outside a that lies outside b")]
    volume_similarity: Annotated[float | None, Says("1 less the difference of volumes over their sum")]
    surface_dice: Annotated[float | None, Says("Surface Dice at the tolerance")]
    tolerance_mm: Annotated[float, Says("Tolerance of the surface Dice", "mm")]
    hd95_mm: Annotated[float | None, Says("95 % Hausdorff distance", UNITS["hd95_mm"])]
    hd_mm: Annotated[float | None, Says("Hausdorff distance", UNITS["hd_mm"])]
    asd_a_to_b_mm: Annotated[float | None, Says("Mean distance of a's surface to b's", "mm")]
    asd_b_to_a_mm: Annotated[float | None, Says("Mean distance of b's surface to a's", "mm")]
    assd_mm: Annotated[float | None, Says("Mean distance of both surfaces, by area", UNITS["assd_mm"])]
    centre_distance_mm: Annotated[float | None, Says("Distance between the centres of mass", "mm")]
    volume_a_ml: Annotated[float, Says("Volume in a", "mL")]
    volume_b_ml: Annotated[float, Says("Volume in b", "mL")]
    undefined: Annotated[str, Says("Why figures lack: both_empty, a_empty or b_empty")]
    metric_version: Annotated[str, Says("Definition of the figures")]
    read_at: Annotated[datetime, Says("When the later of the two reads was handed in")]


_FROM = {
    "case": "case__number",
    "name": "case__name",
    "structure": "group__structure",
    "kind": "group__kind",
    "starts": "group__starts",
    "reader_a": "reader_a__username",
    "reader_b": "reader_b__username",
    "model": "model__version",
    "metric_version": "group__metric_version",
}  # where a column's value stands, if not in the score itself
_FOLLOW = tuple(field.name for field in fields(Overlaps))  # from Dice and the volumes


def score_rows(project: Project, *, kind: str, structure: str = "") -> Sequence[ScoreRow]:
    """The scores of a kind that count, by case and structure. Raises TooLarge above MOST_ROWS."""
    found = AgreementScore.objects.filter(group__project=project, group__kind=kind, stale=False)
    if structure:
        found = found.filter(group__structure=structure)
    if found.count() > MOST_ROWS:
        raise TooLarge(f"These are more than {MOST_ROWS} scores; ask for one structure at a time.")
    kept = [column.name for column in columns(ScoreRow) if column.name not in _FOLLOW]
    rows = found.order_by("case__number", "group__structure", "pk")
    values = rows.values_list(*(_FROM.get(name, name) for name in kept))
    return [_row(dict(zip(kept, row, strict=True))) for row in values.iterator(chunk_size=5000)]


def _row(kept: dict[str, Any]) -> ScoreRow:
    found = overlaps_of(kept["dice"], kept["volume_a_ml"], kept["volume_b_ml"])
    return ScoreRow(**kept, **{name: getattr(found, name) for name in _FOLLOW})
