"""How far human readers agreed in published studies: data with a source each, nothing else."""

from dataclasses import asdict, dataclass
from typing import Annotated

from annotation import catalogue
from annotation.dashboards.tables import Says
from annotation.models import Project, SchemaStructure


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
    studies = [study for key in keys for study in catalogue.published_agreement(key)]
    return [PublishedRow(**asdict(study)) for study in studies if study.modality in modalities]
