"""Files of several structures that came with a scan: these in the project's layers and values."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from annotation import catalogue, chunks, projects
from annotation.errors import Refused
from annotation.imaging.packed import Packed, pack, shared_voxels
from annotation.imaging.sandbox import Decoder
from annotation.imaging.scans import DrawnFile, Scan
from annotation.imaging.segmentations.layers import IGNORED, Code, Segment, Segmentation
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
    counted as looked at: templates list what nobody drew. An empty mask was looked at. `refused` are files
    that do not fit the scan, each with a sentence.
    """

    geometry: Geometry
    masks: dict[str, Packed] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    ignored: NDArray[np.bool_] | None = None
    empty: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def add(self, found: Segmentation, file: DrawnFile) -> None:
        """Add the structures of a file; one that an earlier file drew is left out, with a note."""
        segments = _named(found.segments, file)
        for segment, key in zip(segments, _keys_of(segments), strict=True):
            mask = found.mask(segment)
            if segment.name.lower() == IGNORED:
                self.ignored = mask if self.ignored is None else self.ignored | mask
                continue
            packed = pack(mask)
            if packed.box is None and not file.empty_counts:
                self.empty.append(segment.name)
            elif key in self.masks:
                what = segment.name or f"Structure {segment.number}"
                self.notes.append(f"{what} of {file.shown} was drawn in another file already: left out.")
            else:
                self.masks[key], self.names[key] = packed, segment.name

    def in_project(self, project: Project, *, adds_structures: bool) -> Delineation | None:
        """Return the drawing in the project's layers and values; None where it drew nothing of the project's.

        With `adds_structures` the project gets those that it lacks, on as many layers as the masks need.
        Raises Refused when two structures of one layer share voxels.
        """
        if adds_structures and self.masks:
            known = catalogue.entries()
            names = [key if key in known else name or key for key, name in self.names.items()]
            shared = set(shared_voxels(self.masks))
            projects.add_structures(project=project, structures=names, shared=shared)
        entries = [one for one in delineations.entries_of(project) if one.structure.key in self.masks]
        if not entries:
            return None
        labels = np.zeros((chunks.layer_count(project.pk), *self.geometry.shape), np.uint8)
        for entry in entries:
            _draw(labels[entry.layer], self.masks[entry.structure.key], entry)
        if self.ignored is not None:
            labels[:, self.ignored & (labels == 0).all(axis=0)] = IGNORE
        keys = sorted(entry.structure.key for entry in entries)
        return Delineation(labels, tuple(keys), frozenset(set(self.masks) - set(keys)))


def read(scan: Scan, volume: Volume, decoder: Decoder) -> Drawn:
    """Read what was drawn on a scan; a file that does not fit it is refused with a sentence, by itself."""
    drawn = Drawn(volume.geometry)
    for file in scan.drawings:
        try:
            _check_names(file)
            found = segmentation_of(file, scan, volume, decoder)
        except Refused as refused:
            drawn.refused.append((file.shown, refused.sentence))
            continue
        drawn.add(found, file)
        drawn.notes.extend(found.notes)
    return drawn


def of_regions(voxels: NDArray[np.uint8], geometry: Geometry, names: Names) -> Drawn:
    """Return what a label map (i, j, k) draws whose structures are regions of several values."""
    drawn = Drawn(geometry)
    for name, values in names.regions:
        mask = np.isin(voxels, values)
        key = catalogue.key_of(name)
        if name.lower() == IGNORED:
            drawn.ignored = mask
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
