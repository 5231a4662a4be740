"""The structures of a project: added at any time, never renumbered, removed while nothing refers to them."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.db.models import QuerySet

from annotation import catalogue
from annotation.errors import Conflict, NotFound, Refused
from annotation.models import (
    HIGHEST_PRIORITY,
    LOWEST_PRIORITY,
    Assignment,
    AssignmentState,
    EditEvent,
    Job,
    JobKind,
    JobState,
    LabelSchema,
    Mask,
    Model,
    Project,
    Requirement,
    SchemaStructure,
    Structure,
    StructureGroup,
)
from annotation.projects.layout import Asked, Place, place
from annotation.projects.presets import preset_named

LONGEST_NAME = 120
MOST_AT_ONCE = 254
BEING_DRAWN = (AssignmentState.OPEN, AssignmentState.RETURNED)


@transaction.atomic
def add_structures(
    *, project: Project, structures: Sequence[str], shared: Collection[frozenset[str]] = ()
) -> list[SchemaStructure]:
    """Keys, or names of new ones. What is there keeps its layer and value; open reads go on without the new.

    `shared`: pairs of keys that were seen to share voxels, so that they need different layers.
    Whoever has a case open does not see them, so that these reads say nothing about them.
    """
    schema = _locked_schema(project)
    before = [entry.structure.key for entry in _entries(schema)]
    added = insert(schema, structures, {}, shared)
    if before and added:
        reads = Assignment.objects.filter(case__project=project, structures=[], state__in=BEING_DRAWN)
        reads.update(structures=before)
    return added


@transaction.atomic
def remove_structure(*, project: Project, key: str) -> None:
    """Take a structure out that nothing refers to. Raises Conflict, with the reason, where something does."""
    entry = _entries(_locked_schema(project)).filter(structure__key=key).first()
    if entry is None:
        raise NotFound(f"This project has no structure called {key}.")
    reason = _why_it_stays(project, entry)
    if reason:
        raise Conflict(f"{entry.structure.name} cannot be removed: {reason}")
    entry.delete()


@transaction.atomic
def change_priority(*, project: Project, key: str, priority: int) -> SchemaStructure:
    """How much a lack of it weighs when cases are chosen: 0 = as usual, each step up twice as much."""
    entry = _entries(_locked_schema(project)).filter(structure__key=key).first()
    if entry is None:
        raise NotFound(f"This project has no structure called {key}.")
    if not LOWEST_PRIORITY <= priority <= HIGHEST_PRIORITY:
        raise Refused(f"A priority lies between {LOWEST_PRIORITY} and {HIGHEST_PRIORITY}, not at {priority}.")
    if entry.priority != priority:
        entry.priority = priority
        entry.save(update_fields=["priority"])
    return entry


def plan_layout(*, structures: Sequence[str], preset: str = "") -> list[Place]:
    """Where they would stand in a new project; stores nothing."""
    return place(wanted(structures), numbers=preset_named(preset).values if preset else {})


def wanted(structures: Sequence[str]) -> list[Asked]:
    """What keys and names stand for, each once. Raises Refused for a name that is none."""
    asked: dict[str, Asked] = {}
    for given in structures:
        name = " ".join(given.split())
        if not name or len(name) > LONGEST_NAME or any(unicodedata.category(c) == "Cc" for c in name):
            raise Refused(
                f"A structure's name has 1 to {LONGEST_NAME} characters; “{name[:40]}” does not fit."
            )
        known = Structure.objects.filter(key=given).first()
        key = known.key if known else catalogue.key_of(name)
        asked.setdefault(key, Asked(key, _name_of(key, known) or name))
    if len(asked) > MOST_AT_ONCE:
        raise Refused(f"A project can have {MOST_AT_ONCE} structures; leave some of these out.")
    return list(asked.values())


def insert(
    schema: LabelSchema,
    structures: Sequence[str],
    numbers: Mapping[str, int],
    shared: Collection[frozenset[str]] = (),
) -> list[SchemaStructure]:
    """New rows for those that the schema lacks."""
    standing = [
        Place(entry.structure.key, entry.structure.name, entry.layer, entry.value)
        for entry in _entries(schema)
    ]
    there = {one.key for one in standing}
    asked = [one for one in wanted(structures) if one.key not in there]
    return [
        SchemaStructure.objects.create(
            schema=schema,
            structure=_structure(one),
            layer=one.layer,
            value=one.value,
        )
        for one in place(asked, numbers=numbers, standing=standing, shared=shared)
    ]


def _structure(one: Place) -> Structure:
    return Structure.objects.filter(key=one.key).first() or catalogue.structure_named(
        one.key if one.key in catalogue.entries() else one.name
    )


def _name_of(key: str, known: Structure | None) -> str:
    if known is not None:
        return known.name
    entry = catalogue.entries().get(key)
    return entry.name if entry else ""


def _locked_schema(project: Project) -> LabelSchema:
    """The schema; one change at a time."""
    LabelSchema.objects.get_or_create(project=project)
    return LabelSchema.objects.select_for_update(no_key=True).get(project=project)


def _entries(schema: LabelSchema) -> QuerySet[SchemaStructure]:
    return SchemaStructure.objects.filter(schema=schema).select_related("structure")


def _why_it_stays(project: Project, entry: SchemaStructure) -> str:
    key = entry.structure.key
    drawn = Mask.objects.filter(case__project=project, annotated__contains=[key])
    edits = EditEvent.objects.filter(revision__mask__case__project=project, layer=entry.layer)
    open_reads = Assignment.objects.filter(case__project=project, state__in=BEING_DRAWN)
    seen = open_reads.filter(structures=[]) | open_reads.filter(structures__contains=[key])
    training = Job.objects.filter(
        project=project, kind=JobKind.TRAIN, state__in=[JobState.QUEUED, JobState.RUNNING]
    )
    group = StructureGroup.objects.filter(project=project, structures__contains=[key]).first()
    if drawn.exists() or edits.filter(structure=entry.value).exists():
        return "it has delineations, and they would lose their name."
    if Model.objects.filter(project=project, plan__channels__contains=[key]).exists():
        return "a model has learned it."
    if training.exists():
        return "a training is under way that may learn it. Wait for its end, or cancel it."
    if seen.exists():
        return "cases are open in which it may be drawn just now. Wait until they are handed in."
    if group is not None:
        return f"it belongs to the group {group.name}. Take it out there first."
    if Requirement.objects.filter(project=project, structure=key).exists():
        return "a requirement of the reliability plan is about it. Remove that first."
    return ""
