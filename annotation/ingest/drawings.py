"""Files of several structures that came with a scan: these in the project's layers and values."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from annotation import catalogue, chunks, projects
from annotation.errors import Refused
from annotation.imaging.packed import Packed, pack, shared_voxels
from annotation.imaging.sandbox import Decoder
from annotation.imaging.scans import DrawnFile, Scan
from annotation.imaging.segmentations.layers import (
    IGNORED,
    Code,
    Segment,
    Segmentation,
    ignored_layer,
    is_ignored,
)
from annotation.imaging.sidecars import Names
from annotation.ingest import delineations
from annotation.ingest.delineations import Delineation
from annotation.models import Project, SchemaStructure, Structure
from training.labels import IGNORE
from training.volume import Geometry, Volume

_SNOMED = frozenset({"SCT", "SRT", "99SDM"})


@dataclass
class Drawn:
    """What several files drew on one scan, by the names of structures, and what was noticed.

    `names` are those of the files, by key. A structure that a SEG or RTSTRUCT names without a voxel is not
    counted as looked at: templates list what nobody drew. An empty mask was looked at, and so was a structure
    of which a file that was exported here says so. `layers` are those on which structures lay when they were
    exported, by key, where a file says it. `ignored` is what nobody looked at: on such a layer, or (None) on
    all. `refused` are files that do not fit the scan, each with a sentence.
    """

    geometry: Geometry
    masks: dict[str, Packed] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    layers: dict[str, int] = field(default_factory=dict)
    ignored: list[tuple[int | None, NDArray[np.bool_]]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def add(self, found: Segmentation, file: DrawnFile) -> None:
        """Add the structures of a file; one with voxels in an earlier file is left out, with a note."""
        segments = _named(found.segments, file)
        for segment, key in zip(segments, _keys_of(segments), strict=True):
            mask = found.mask(segment)
            layer = segment.exported_layer if file.layer is None else file.layer
            if is_ignored(segment.name):
                on = ignored_layer(segment.name)
                self.ignored.append((file.layer if on is None else on, mask))
                continue
            packed = pack(mask)
            if packed.box is None and layer is None and not file.empty_counts:
                self.empty.append(segment.name)
            elif key in self.masks and self.masks[key].box is not None:
                what = segment.name or f"Structure {segment.number}"
                self.notes.append(f"{what} of {file.shown} was drawn in another file already: left out.")
            else:
                self._take(key, segment.name, packed, layer)

    def _take(self, key: str, name: str, packed: Packed, layer: int | None) -> None:
        self.masks[key], self.names[key] = packed, name
        if layer is not None:
            self.layers[key] = layer

    def add_absent(self, file: DrawnFile) -> None:
        """Add what the names of a label map have and no file has drawn: somebody looked."""
        if file.names is None or not file.is_numbered or file.may_overlap:
            return
        for name in file.names.by_value.values():
            key = catalogue.key_of(name)
            if not is_ignored(name) and name not in file.names.not_drawn and key not in self.masks:
                self._take(key, name, Packed(None, np.zeros(0, np.uint8)), file.layer)

    def in_project(self, project: Project, *, adds_structures: bool) -> Delineation | None:
        """Return the drawing in the project's layers and values; None where it drew nothing of the project's.

        With `adds_structures` the project gets those that it lacks, on as many layers as the masks need.
        Raises Refused when two structures of one layer share voxels.
        """
        if adds_structures and self.masks:
            known = catalogue.entries()
            names = [key if key in known else name or key for key, name in self.names.items()]
            shared = set(shared_voxels(self.masks)) | self._on_different_layers()
            projects.add_structures(project=project, structures=names, shared=shared)
        entries = [one for one in delineations.entries_of(project) if one.structure.key in self.masks]
        if not entries:
            return None
        labels = np.zeros((chunks.layer_count(project.pk), *self.geometry.shape), np.uint8)
        for entry in entries:
            _draw(labels[entry.layer], self.masks[entry.structure.key], entry)
        self._mark_ignored(labels, entries)
        keys = sorted(entry.structure.key for entry in entries)
        return Delineation(labels, tuple(keys), frozenset(set(self.masks) - set(keys)))

    def _on_different_layers(self) -> set[frozenset[str]]:
        pairs = combinations(self.layers.items(), 2)
        return {frozenset((key, other)) for (key, at), (other, there) in pairs if at != there}

    def _mark_ignored(self, labels: NDArray[np.uint8], entries: Sequence[SchemaStructure]) -> None:
        """Mark what nobody looked at, never over what was drawn; on all layers where it is not said which."""
        everywhere = [mask for on, mask in self.ignored if on is None]
        if everywhere:
            labels[:, np.any(everywhere, axis=0) & (labels == 0).all(axis=0)] = IGNORE
        for layer, voxels in enumerate(labels):
            came = {self.layers.get(one.structure.key) for one in entries if one.layer == layer}
            for on, mask in self.ignored:
                if on is not None and came & {on, None}:
                    voxels[mask & (voxels == 0)] = IGNORE


def read(scan: Scan, volume: Volume, decoder: Decoder) -> Drawn:
    """Read what was drawn on a scan; a file that does not fit it is refused with a sentence, by itself."""
    drawn = Drawn(volume.geometry)
    added = []
    for file in scan.drawings:
        try:
            _check_names(file)
            found = _decoded(file, scan, volume, decoder)
        except Refused as refused:
            drawn.refused.append((file.shown, refused.sentence))
            continue
        drawn.add(found, file)
        drawn.notes.extend(found.notes)
        added.append(file)
    for file in added:
        drawn.add_absent(file)
    return drawn


def of_regions(voxels: NDArray[np.uint8], geometry: Geometry, names: Names) -> Drawn:
    """Return what a label map (i, j, k) draws whose structures are regions of several values."""
    drawn = Drawn(geometry)
    for name, values in names.regions:
        mask = np.isin(voxels, values)
        key = catalogue.key_of(name)
        if name.lower() == IGNORED:
            drawn.ignored.append((None, mask))
        elif name in names.not_drawn:
            continue
        elif key in drawn.masks:
            raise Refused(
                f"{names.source} has two names, {drawn.names[key]} and {name}, that are one structure; "
                "name them differently."
            )
        else:
            drawn.masks[key], drawn.names[key] = pack(mask), name
    return drawn


def _decoded(file: DrawnFile, scan: Scan, volume: Volume, decoder: Decoder) -> Segmentation:
    """Decode a delineation; a layer of label maps without a voxel has nothing to decode."""
    if file.layer is not None and not file.values:
        return Segmentation(np.zeros((1, *volume.geometry.shape), np.uint8), volume.geometry, ())
    return segmentation_of(file, scan, volume, decoder)


def segmentation_of(file: DrawnFile, scan: Scan, volume: Volume, decoder: Decoder) -> Segmentation:
    """Decode a delineation onto its scan's grid. Raises Refused where it lies elsewhere."""
    if file.pictured:
        return decoder.pictures(file.files, file.pictured, volume.geometry)
    series = scan.files if scan.is_dicom else ()
    return decoder.segmentation(file.files, volume.geometry, series, each=bool(file.masks))


def _named(segments: Sequence[Segment], file: DrawnFile) -> list[Segment]:
    """Give the numbers of a file their names; a volume of the background and what was not drawn stay out."""
    if not file.is_numbered:
        return list(segments)
    names = file.names.by_value if file.names else {}
    not_drawn = file.names.not_drawn if file.names else frozenset()
    numbered = [replace(segment, number=segment.number + file.offset) for segment in segments]
    named = [replace(one, name=names.get(one.number, "")) for one in numbered]
    return [one for one in named if one.name and one.name not in not_drawn]


def _check_names(file: DrawnFile) -> None:
    if file.may_overlap and file.names is None:
        raise Refused(
            f"{file.shown} holds {len(file.values)} structures, but nothing names them: write "
            '{"1": "name of the first", …} into a labels.json beside it.'
        )


def _draw(labels: NDArray[np.uint8], mask: Packed, entry: SchemaStructure) -> None:
    if mask.box is None:
        return
    here, inside = labels[mask.box], mask.voxels()
    if here[inside].any():
        raise Refused(
            f"{entry.structure.name} shares voxels with another structure of its layer; put one of them on "
            "another layer under Settings, or import into a new project, whose layers follow from the files."
        )
    here[inside] = entry.value


def _keys_of(segments: Sequence[Segment]) -> list[str]:
    """Return the keys of a file's structures: by names that are known, else by codes, else by the names.

    A code that another segment has as well, or whose structure a name stands for, tells nothing.
    """
    named = [_known(segment.name) for segment in segments]
    codes = ["" if key else _coded(segment.code) for key, segment in zip(named, segments, strict=True)]
    counts = Counter([*named, *codes])
    return [
        key
        or (code if counts[code] == 1 else "")
        or (catalogue.key_of(segment.name) if segment.name else f"structure_{segment.number}")
        for key, code, segment in zip(named, codes, segments, strict=True)
    ]


def _known(name: str) -> str:
    key = catalogue.key_of(name) if name else ""
    return key if key in catalogue.entries() or Structure.objects.filter(key=key).exists() else ""


def _coded(code: Code | None) -> str:
    """Return the only structure of the catalogue with this code; nothing where there are several."""
    if code is None:
        return ""
    found = [entry.key for entry in catalogue.entries().values() if entry.snomed_code == code.value]
    return found[0] if len(found) == 1 and code.scheme in _SNOMED else ""
