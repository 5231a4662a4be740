"""At which tolerance surface Dice was measured, and whether that is the one in force."""

from collections.abc import Mapping
from dataclasses import dataclass

from annotation.models import Project, SchemaStructure


@dataclass(frozen=True)
class Tolerances:
    """Millimetres by key of the structure: what is in force in a project, and what the catalogue says."""

    in_force: Mapping[str, float]
    catalogue: Mapping[str, float]

    def of(self, structure: str, measured_mm: float | None) -> float | None:
        """Where a score was measured; None: it does not say, and the project does not know the structure."""
        return self.catalogue.get(structure) if measured_mm is None else measured_mm

    def is_other(self, structure: str, measured_mm: float | None) -> bool:
        """Whether a score was measured at another tolerance than the one in force."""
        now = self.in_force.get(structure)
        return now is not None and self.of(structure, measured_mm) != now


def tolerances_of(project: Project | int) -> Tolerances:
    """Those of the project's structures."""
    entries = list(SchemaStructure.objects.filter(schema__project=project).select_related("structure"))
    return Tolerances(
        {entry.structure.key: entry.tolerance_mm for entry in entries},
        {entry.structure.key: entry.structure.tolerance_mm for entry in entries},
    )
