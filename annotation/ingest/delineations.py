"""From the values of a label map to those of the project's schema; a project without a schema gets one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation import catalogue, chunks
from annotation.errors import Refused
from annotation.imaging import checks
from annotation.imaging.sidecars import Names
from annotation.models import LARGEST_VALUE, LabelSchema, Project, SchemaStructure
from training.labels import IGNORE

UNNAMED = "Region of interest"
_IGNORED = "ignore"  # nnU-Net's name for voxels that nobody looked at

Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class Delineation:
    """A label map in the project's values: (layer, i, j, k), and the keys of the structures looked at.

    `left_out` are the names that were drawn but are not in the project; `notes` say what was done to them.
    """

    labels: Labels
    annotated: tuple[str, ...]
    left_out: frozenset[str]
    notes: tuple[str, ...] = ()


def entries_of(project: Project) -> list[SchemaStructure]:
    """Return the project's structures with their values."""
    entries = SchemaStructure.objects.filter(schema__project=project).select_related("structure")
    return list(entries.order_by("layer", "value"))


def wanted_structures(
    tables: Iterable[Mapping[int, str]], unnamed_values: Iterable[Sequence[int]]
) -> list[tuple[str, int]]:
    """Return names and preferred values for a new schema: those of all tables, else one nameless region."""
    wanted: dict[str, int] = {}
    for table in tables:
        for value, name in sorted(table.items()):
            if name.lower() != _IGNORED:
                wanted.setdefault(name, value)
    if wanted:
        return list(wanted.items())
    values = {value for present in unnamed_values for value in present}
    return [(UNNAMED, values.pop() if len(values) == 1 else 1)]


def ensure_schema(project: Project, wanted: Sequence[tuple[str, int]]) -> None:
    """Give a project without structures a schema of one layer; values stay as they are where free."""
    if entries_of(project):
        return
    schema, _ = LabelSchema.objects.get_or_create(project=project)
    taken: set[int] = set()
    known: set[int] = set()
    for name, preferred in wanted:
        structure = catalogue.structure_named(name)
        if structure.pk in known:
            continue
        free = (v for v in (preferred, *range(1, LARGEST_VALUE + 1)) if v not in taken)
        value = next(free, None)
        if value is None:
            raise Refused(f"The scans name more than {LARGEST_VALUE} structures; import fewer of them.")
        taken.add(value)
        known.add(structure.pk)
        SchemaStructure.objects.create(schema=schema, structure=structure, layer=0, value=value)


def in_project_values(project: Project, voxels: Labels, names: Names | None, file: str) -> Delineation:
    """Turn a label map (i, j, k) into the project's layers and values.

    With `names`, values stand for structures by their names; without, they are the project's own values.
    Raises Refused when a value has no name or stands for nothing, or when no structure is the project's.
    """
    entries = entries_of(project)
    present = checks.present_values(voxels)
    if names is None:
        return _by_value(project, voxels, present, entries, file)
    own = {entry.structure.key: entry for entry in entries}
    keys = {value: catalogue.key_of(name) for value, name in names.by_value.items()}
    ignored = {value for value, name in names.by_value.items() if name.lower() == _IGNORED}
    names.check(present, file)
    mapping = {value: own[key] for value, key in keys.items() if key in own and value not in ignored}
    if not mapping:
        shown = ", ".join(sorted(own)[:5])
        raise Refused(
            f"{file} has none of the project's structures ({shown}); import it into another project."
        )
    not_drawn = {catalogue.key_of(name) for name in names.not_drawn} - {keys[value] for value in present}
    looked_at = sorted({keys[value] for value in mapping} - not_drawn)
    strange = {names.by_value[v] for v in present if v not in mapping and v not in ignored}
    return Delineation(_mapped(project, voxels, mapping, ignored), tuple(looked_at), frozenset(strange))


def _by_value(
    project: Project, voxels: Labels, present: Sequence[int], entries: Sequence[SchemaStructure], file: str
) -> Delineation:
    mapping: dict[int, SchemaStructure] = {}
    for entry in entries:  # the lowest layer comes first
        mapping.setdefault(entry.value, entry)
    for value in present:
        if value not in mapping:
            own = ", ".join(f"{entry.value} {entry.structure.name}" for entry in entries[:5])
            raise Refused(
                f"{file} holds the value {value}, which has no name: write "
                f'{{"{value}": "name of the structure"}} into a labels.json beside it, or use the values of '
                f"the project ({own})."
            )
    keys = tuple(sorted(entry.structure.key for entry in mapping.values()))
    return Delineation(_mapped(project, voxels, mapping, set()), keys, frozenset())


def _mapped(
    project: Project, voxels: Labels, mapping: Mapping[int, SchemaStructure], ignored: set[int]
) -> Labels:
    table = np.zeros((chunks.layer_count(project.pk), 256), np.uint8)
    for value, entry in mapping.items():
        table[entry.layer, value] = entry.value
    for value in ignored:
        table[:, value] = IGNORE
    return np.stack([row[voxels] for row in table])
