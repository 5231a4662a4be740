"""One delineation to export: its voxels in the wanted structures, which of them were looked at, its image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from annotation import catalogue, chunks, store
from annotation.exports.selecting import Item
from annotation.imaging import omezarr
from annotation.imaging.segmentations.layers import Code, Segment, Segmentation, Terms
from annotation.models import NO_IMAGE, Case, MaskKind, Revision, SchemaStructure, Structure
from annotation.regions import ignored_outside, region_of
from training.labels import IGNORE
from training.volume import Volume

SNOMED = "SCT"
_MEANINGS = {
    "91723000": "Anatomical Structure",
    "49755003": "Morphologically Abnormal Structure",
    "85756007": "Tissue",
    "7771000": "Left",
    "24028007": "Right",
}


@dataclass(frozen=True)
class Content:
    """A delineation: `found` has all wanted structures, also those that were not looked at."""

    item: Item
    case: Case
    revision: Revision
    found: Segmentation
    looked_at: tuple[str, ...]

    @property
    def not_looked_at(self) -> tuple[str, ...]:
        """Keys of wanted structures that nobody looked at: unknown, which is not absent."""
        return tuple(one.key for one in self.found.segments if one.key not in self.looked_at)

    @property
    def drawn(self) -> Segmentation:
        """The structures that were looked at, alone."""
        kept = tuple(one for one in self.found.segments if one.key in self.looked_at)
        labels = self.found.labels
        for layer in range(len(labels)):
            values = [one.value for one in kept if one.layer == layer]
            if len(values) < sum(one.layer == layer for one in self.found.segments):
                labels = labels.copy() if labels is self.found.labels else labels
                labels[layer] = _only(values)[labels[layer]]
        return replace(self.found, labels=labels, segments=kept)

    @property
    def known(self) -> Segmentation:
        """All wanted structures; voxels of those that were not looked at are background."""
        return replace(self.drawn, segments=self.found.segments)

    @property
    def has_image(self) -> bool:
        """Whether there is a scan, or delineations alone."""
        return self.case.volume.modality != NO_IMAGE

    @cached_property
    def image(self) -> Volume:
        """The scan: int16 HU (i, j, k)."""
        with store.local_path(self.case.volume.store_key) as folder:
            return Volume(omezarr.read_image(folder), self.case.volume.geometry)


def segments_of(project_id: int, keys: Sequence[str]) -> tuple[Segment, ...]:
    """Return the wanted structures in the schema's order; `number` is the layer in the project."""
    entries = SchemaStructure.objects.filter(schema__project=project_id, structure__key__in=keys)
    rows = list(entries.select_related("structure").order_by("layer", "value"))
    layers = sorted({row.layer for row in rows})
    return tuple(
        Segment(
            name=row.structure.name,
            layer=layers.index(row.layer),
            value=row.value,
            number=row.layer,
            key=row.structure.key,
            colour=row.structure.colour,
            code=_code(row.structure),
            terms=_terms(row.structure),
        )
        for row in rows
    )


def _code(structure: Structure) -> Code | None:
    """Return the code, with its own meaning where the catalogue has it: both kidneys are coded as Kidney."""
    entry = _entry(structure)
    meaning = entry.snomed_meaning if entry else structure.name
    return Code(structure.snomed_code, SNOMED, meaning) if structure.snomed_code else None


def _terms(structure: Structure) -> Terms:
    """Return what else DICOM says of a structure of the catalogue; nothing of one whose code was changed."""
    entry = _entry(structure)
    if entry is None:
        return Terms()
    return Terms(
        category=_coded(entry.category_code),
        modifier=_coded(entry.modifier_code),
        region=_coded(entry.region_code, entry.region_meaning),
        region_modifier=_coded(entry.region_modifier_code),
    )


def _entry(structure: Structure) -> catalogue.Entry | None:
    entry = catalogue.entries().get(structure.key)
    return entry if entry and entry.snomed_code == structure.snomed_code else None


def _coded(value: str, meaning: str = "") -> Code | None:
    return Code(value, SNOMED, meaning or _MEANINGS[value]) if value else None


def content_of(item: Item, segments: Sequence[Segment]) -> Content:
    """Read a delineation as it was frozen. What lies outside of a region that was read is unknown."""
    case = Case.objects.select_related("volume").get(pk=item.case)
    revision = Revision.objects.select_related("mask__author", "mask__model", "mask__base__model").get(
        pk=item.revision
    )
    whole = chunks.read_layers(revision.mask, revision.number)
    if revision.mask.kind in (MaskKind.READER, MaskKind.COMPOSED):
        whole = ignored_outside(whole, region_of(case))
    layers = [
        _only([one.value for one in segments if one.number == source])[whole[source]]
        for source in dict.fromkeys(one.number for one in segments)
    ]
    looked = set(revision.mask.annotated)
    return Content(
        item,
        case,
        revision,
        Segmentation(np.stack(layers), case.volume.geometry, tuple(segments)),
        tuple(one.key for one in segments if one.key in looked),
    )


def _only(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Return a table that keeps these values and what nobody looked at; the rest becomes background."""
    table = np.zeros(256, np.uint8)
    kept = [*values, IGNORE]
    table[kept] = kept
    return table
