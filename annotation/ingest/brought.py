"""What came with a scan, decoded: brought into the project's layers and values when its case is made."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from annotation import chunks, projects
from annotation.errors import Refused
from annotation.imaging.sandbox import Decoder
from annotation.imaging.scans import DrawnFile, Scan
from annotation.imaging.segmentations.layers import Segment, Segmentation
from annotation.imaging.sidecars import Names
from annotation.ingest import delineations
from annotation.ingest.cases import labels_on
from annotation.ingest.delineations import Delineation
from annotation.ingest.drawings import segmentation_of
from annotation.models import Project
from annotation.recipes import Harmonised, Recipe, apply_to_labels, apply_to_masks, body_midline
from annotation.recipes.rules import Split
from training.volume import Volume, to_canonical

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


class Brought(Protocol):
    """A decoded delineation."""

    def in_project(self, project: Project, *, adds_structures: bool) -> Delineation | None:
        """Return it in the project's layers and values; None where it drew nothing of the project's."""


@dataclass(frozen=True)
class FromLabels:
    """A label map (uint8, i, j, k) whose values have names, or are the project's own."""

    voxels: NDArray[np.uint8]
    file: str
    names: Names | None

    def in_project(self, project: Project, *, adds_structures: bool) -> Delineation | None:
        """See Brought. The schema is there already: it comes of all tables of names together."""
        return delineations.in_project_values(project, self.voxels, self.names, self.file)


@dataclass(frozen=True)
class FromRecipe:
    """What a recipe made of the labels of a case."""

    recipe: Recipe
    made: Harmonised

    def in_project(self, project: Project, *, adds_structures: bool) -> Delineation | None:
        """See Brought. A project without structures gets all that the data set looks at."""
        if not self.made.annotated:
            return None
        if adds_structures:
            add_structures_of(self.recipe, project)
        places = {one.structure.key: (one.layer, one.value) for one in delineations.entries_of(project)}
        known = self.made.annotated & places.keys()
        if not known:
            shown = ", ".join(sorted(places)[:5])
            raise Refused(
                f"{self.recipe.title} has none of the project's structures ({shown}); import it into another "
                "project."
            )
        labels, says = self.made.layered(places, chunks.layer_count(project.pk))
        steps = (_said(step.says, step.voxels) for step in self.made.steps[1:])
        notes = (*steps, *self.made.notes, *says)
        return Delineation(labels, tuple(sorted(known)), frozenset(self.made.annotated - known), notes)


def regions_of(scan: Scan) -> Names | None:
    """Return the names of a scan's label map where its structures are regions of values, else None."""
    names = scan.labels.names if scan.labels is not None else None
    return names if names is not None and names.regions else None


def from_labels(scan: Scan, volume: Volume, decoder: Decoder) -> FromLabels:
    """Decode the label map of a scan. Raises Refused where it lies elsewhere.

    Beside a DICOM series it may be turned another way, or be a part of the scan.
    """
    if scan.labels is not None:
        path = scan.labels.path
        return FromLabels(labels_on(volume, decoder, path), path.name, scan.labels.names)
    (file,) = scan.drawings
    found = segmentation_of(file, scan, volume, decoder)
    return FromLabels(_numbers(found, file.offset).astype(np.uint8), file.shown, file.names)


def add_structures_of(recipe: Recipe, project: Project) -> None:
    """Give a project the structures that a data set looks at, on other layers where the recipe has others."""
    looked_at = set(recipe.looked_at())
    keys = [key for key in recipe.structures() if key in looked_at]
    if {one.structure.key for one in delineations.entries_of(project)}.issuperset(keys):
        return
    apart = {
        frozenset(pair)
        for pair in combinations(keys, 2)
        if recipe.layers.get(pair[0], 0) != recipe.layers.get(pair[1], 0)
    }
    projects.add_structures(project=project, structures=keys, shared=apart)


def _said(says: str, voxels: Any) -> str:
    counts = ", ".join(f"{key} {count}" for key, count in voxels.items())
    return f"{says}: {counts} voxels." if counts else f"{says}."


def by_recipe(recipe: Recipe, case: str, scan: Scan, volume: Volume, decoder: Decoder) -> FromRecipe:
    """Decode what was drawn on a scan and carry out a recipe on it. Raises Refused."""
    splits = any(isinstance(rule, Split) for rule in recipe.rules)
    about: dict[str, Any] = {"case": case, "midline_x_mm": body_midline(volume) if splits else None}
    if scan.labels is not None:
        voxels = _label_map(recipe, scan, scan.labels.path, volume, decoder)
        return FromRecipe(recipe, apply_to_labels(recipe, voxels, volume.geometry, **about))
    if len(scan.drawings) == 1 and scan.drawings[0].masks:
        masks = _one_by_one(scan.drawings[0], scan, volume, decoder)
        return FromRecipe(recipe, apply_to_masks(recipe, masks, volume.geometry, **about))
    read = [(file, segmentation_of(file, scan, volume, decoder)) for file in scan.drawings]
    if len(read) == 1 and read[0][0].is_numbered and len(read[0][1].labels) == 1:
        file, found = read[0]
        numbers = _numbers(found, file.offset)
        return FromRecipe(recipe, apply_to_labels(recipe, numbers, volume.geometry, **about))
    if any(file.is_numbered for file, _ in read):
        recipe = replace(recipe, files={**recipe.files, **{str(v): key for v, key in recipe.labels.items()}})
    masks = (pair for file, found in read for pair in _masks(file, found))
    return FromRecipe(recipe, apply_to_masks(recipe, masks, volume.geometry, **about))


def _one_by_one(
    file: DrawnFile, scan: Scan, volume: Volume, decoder: Decoder
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield names and masks of one file per structure: a hundred of them are never in memory together."""
    for name, path in zip(file.masks, file.files, strict=True):
        alone = replace(file, files=(path,), masks=(name,))
        found = segmentation_of(alone, scan, volume, decoder)
        yield name, found.mask(found.segments[0])


def _masks(file: DrawnFile, found: Segmentation) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the masks of a file by what a recipe calls them: its names, or its numbers.

    What a SEG or RTSTRUCT names without a voxel was not looked at: templates list what nobody drew. One that
    was exported here says what was looked at.
    """
    names = [_name(file, segment) for segment in found.segments]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Refused(f"{file.shown} has two structures called “{twice[0][:60]}”; rename one of them.")
    for name, segment in zip(names, found.segments, strict=True):
        mask = found.mask(segment)
        if file.empty_counts or segment.exported_layer is not None or mask.any():
            yield name, mask


def _name(file: DrawnFile, segment: Segment) -> str:
    return str(segment.number + file.offset) if file.is_numbered else segment.name


def _numbers(found: Segmentation, offset: int) -> NDArray[np.int16]:
    """Return the numbers that a file has (i, j, k), which of a picture may be above 254."""
    numbers = np.zeros(found.geometry.shape, np.int16)
    for segment in found.segments:
        numbers[found.mask(segment)] = segment.number + offset
    return numbers


def _label_map(recipe: Recipe, scan: Scan, path: Path, volume: Volume, decoder: Decoder) -> NDArray[np.uint8]:
    """Return a label map on its scan; where the recipe knows of lost headers, by the order of its voxels."""
    if recipe.label_affine_may_be_identity:
        stored = decoder.inspect(path, with_values=False)
        image = decoder.inspect(scan.files[0], with_values=False)
        if np.array_equal(stored.affine, np.eye(4).ravel()) and stored.shape == image.shape:
            canonical = decoder.labels(path).voxels
            # An identity affine (RAS) was turned to LPS by flipping the first two axes: turned back.
            affine_lps = _LPS_TO_RAS @ np.reshape(image.affine, (4, 4))
            return np.asarray(to_canonical(canonical[::-1, ::-1], affine_lps).voxels, np.uint8)
    return labels_on(volume, decoder, path)


def known_values(recipe: Recipe | None) -> Sequence[int] | None:
    """Return the values of label maps that a recipe names; None without a recipe."""
    if recipe is None:
        return None
    ranges = (range(low, high + 1) for low, high, _ in recipe.ranges)
    return [*recipe.labels, *recipe.ignored, *(value for span in ranges for value in span)]
