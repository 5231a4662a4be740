"""Every score as it was measured, for other people's statistics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from annotation.agreement.scale import UNITS
from annotation.dashboards.tables import Says, columns
from annotation.errors import TooLarge
from annotation.models import AgreementScore, Project

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
    surface_dice: Annotated[float | None, Says("Surface Dice at the tolerance")]
    tolerance_mm: Annotated[float, Says("Tolerance of the surface Dice", "mm")]
    hd95_mm: Annotated[float | None, Says("95 % Hausdorff distance", UNITS["hd95_mm"])]
    hd_mm: Annotated[float | None, Says("Hausdorff distance", UNITS["hd_mm"])]
    asd_a_to_b_mm: Annotated[float | None, Says("Mean distance of a's surface to b's", "mm")]
    asd_b_to_a_mm: Annotated[float | None, Says("Mean distance of b's surface to a's", "mm")]
    assd_mm: Annotated[float | None, Says("Mean distance of both surfaces, by area", UNITS["assd_mm"])]
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


def score_rows(project: Project, *, kind: str, structure: str = "") -> Sequence[ScoreRow]:
    """The scores of a kind that count, by case and structure. Raises TooLarge above MOST_ROWS."""
    found = AgreementScore.objects.filter(group__project=project, group__kind=kind, stale=False)
    if structure:
        found = found.filter(group__structure=structure)
    if found.count() > MOST_ROWS:
        raise TooLarge(f"These are more than {MOST_ROWS} scores; ask for one structure at a time.")
    paths = [_FROM.get(column.name, column.name) for column in columns(ScoreRow)]
    rows = found.order_by("case__number", "group__structure", "pk").values_list(*paths)
    return [ScoreRow(*row) for row in rows.iterator(chunk_size=5000)]
