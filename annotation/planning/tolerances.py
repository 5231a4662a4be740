"""The tolerance of surface Dice: the catalogue's, or what the project's own readers suggest."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from annotation import agreement
from annotation.errors import Conflict, Refused
from annotation.models import Project, SchemaStructure, StartFrom

MOST_MM = 50.0


@dataclass(frozen=True)
class Tolerance:
    """Of one structure: what is in force, the catalogue's, and the readers' own with its 95 % interval.

    The readers' own is the 95th percentile of the distances between their surfaces on calibration cases;
    from scratch, where there are such cases. None = not known yet.
    """

    structure: str
    tolerance_mm: float
    usual_mm: float
    is_own: bool
    suggested_mm: float | None
    low: float | None
    high: float | None
    cases: int
    readers: int


def tolerances(project: Project) -> Sequence[Tolerance]:
    """Structure by structure, in the order of the project."""
    found = {}
    for one in agreement.calibration(project):
        if one.structure not in found or one.start.key == StartFrom.SCRATCH:
            found[one.structure] = one.tolerance_mm
    rows = []
    for entry in _entries(project):
        own = found.get(entry.structure.key)
        rows.append(
            Tolerance(
                entry.structure.key,
                entry.tolerance_mm,
                entry.structure.tolerance_mm,
                entry.own_tolerance_mm is not None,
                None if own is None else own.estimate,
                None if own is None else own.low,
                None if own is None else own.high,
                0 if own is None else own.cases,
                0 if own is None else own.readers,
            )
        )
    return rows


@transaction.atomic
def change_tolerance(*, project: Project, structure: str, tolerance_mm: float | None) -> Sequence[Tolerance]:
    """Measure surface Dice of a structure with this tolerance from now on; None = the catalogue's.

    A job scores again what was scored with another one. Raises Refused for a structure or a distance that
    cannot be, Conflict while such a job runs.
    """
    entry = _entries(project).filter(structure__key=structure).select_for_update(of=("self",)).first()
    if entry is None:
        raise Refused(f"This project has no structure called {structure}.")
    if tolerance_mm is not None and not 0 < tolerance_mm <= MOST_MM:
        raise Refused(f"A tolerance lies above 0 and up to {MOST_MM:g} mm, not {tolerance_mm:g}.")
    if entry.own_tolerance_mm != tolerance_mm:
        entry.own_tolerance_mm = tolerance_mm
        entry.save(update_fields=["own_tolerance_mm"])
        try:
            agreement.request_all(project)
        except Conflict as conflict:
            raise Conflict(f"{conflict.sentence} Then change the tolerance.") from conflict
    return tolerances(project)


def _entries(project: Project) -> QuerySet[SchemaStructure]:
    entries = SchemaStructure.objects.filter(schema__project=project).select_related("structure")
    return entries.order_by("layer", "value")
