"""How far human readers agreed in published studies: data with a source each, nothing else."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from annotation.dashboards.tables import Says
from annotation.models import Project, SchemaStructure

FILE = Path(__file__).with_name("bands.csv")


@dataclass(frozen=True)
class PublishedRow:
    """One figure of one study."""

    structure: Annotated[str, Says("Key of the structure")]
    modality: Annotated[str, Says("Modality of the scans, as in DICOM")]
    kind: Annotated[str, Says("What was compared: inter, intra or gold")]
    metric: Annotated[str, Says("dice, surface_dice or hd95_mm")]
    low: Annotated[float, Says("Lower end of the band; the mean where no spread was published")]
    high: Annotated[float, Says("Upper end of the band; the mean where no spread was published")]
    mean: Annotated[float | None, Says("Mean")]
    sd: Annotated[float | None, Says("SD")]
    readers: Annotated[int | None, Says("Readers of the study", "readers")]
    cases: Annotated[int | None, Says("Cases of the study", "cases")]
    what: Annotated[str, Says("What the band is: a range, mean ± SD, a mean alone")]
    source: Annotated[str, Says("The study")]
    address: Annotated[str, Says("Where to read it")]


def published_rows(project: Project) -> list[PublishedRow]:
    """The bands of the project's structures on scans of its modality."""
    keys = SchemaStructure.objects.filter(schema__project=project).values_list("structure__key", flat=True)
    modalities = set(project.cases.order_by().values_list("volume__modality", flat=True).distinct())
    return [band for band in all_bands() if band.structure in set(keys) and band.modality in modalities]


@cache
def all_bands() -> tuple[PublishedRow, ...]:
    """Every band there is."""
    with FILE.open(newline="", encoding="utf-8") as file:
        return tuple(_band(row) for row in csv.DictReader(file))


def _band(row: dict[str, str]) -> PublishedRow:
    mean = float(row["mean"]) if row["mean"] else None
    low, high = (float(row[name]) if row[name] else mean for name in ("low", "high"))
    if low is None or high is None:
        raise ValueError(f"The band of {row['structure']} has neither a range nor a mean.")
    return PublishedRow(
        structure=row["structure"],
        modality=row["modality"],
        kind=row["kind"],
        metric=row["metric"],
        low=low,
        high=high,
        mean=mean,
        sd=float(row["sd"]) if row["sd"] else None,
        readers=int(row["readers"]) if row["readers"] else None,
        cases=int(row["cases"]) if row["cases"] else None,
        what=row["what"],
        source=row["source"],
        address=row["address"],
    )
