"""Structures on one grid: as few layers as hold them, so that no two structures of a layer share a voxel."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused, TooLarge
from annotation.imaging import checks
from training.labels import HIGHEST_VALUE, IGNORE
from training.volume import Geometry

IGNORED = "ignore"
"""Name of what nobody looked at, in every format that has no way of its own to say so (nnU-Net's word)."""
MOST_SEGMENTS = 1000
_LONGEST_NAME = 200
_IGNORED_NAME = re.compile(rf"{IGNORED}(?:[ _]layer[ _](\d{{1,3}}))?", re.IGNORECASE)
_LOOKED_AT = re.compile(r"Delineate: ?looked at, layer (\d{1,3})(?!\d)")

Labels = NDArray[np.uint8]
Corner = tuple[int, int, int]


@dataclass(frozen=True)
class Code:
    """A coded concept as in DICOM: value, designator of its scheme (SCT, SRT, FMA, …), meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Terms:
    """What DICOM says of a structure beside its code: category, side, where it lies, and the side of that."""

    category: Code | None = None
    modifier: Code | None = None
    region: Code | None = None
    region_modifier: Code | None = None


@dataclass(frozen=True)
class Segment:
    """One structure of a file and where it lies in the layers.

    `name` is empty where the file gives none; `number` is what stood for it there: a label value, a segment
    or ROI number. `colour` is #rrggbb, empty = none. `key` is the product's own name for it, in exports.
    `terms` are given in exports. `exported_layer` is what `looked_at` wrote into the file: such a structure
    is absent where it has no voxel.
    """

    name: str
    layer: int
    value: int
    number: int = 0
    key: str = ""
    colour: str = ""
    code: Code | None = None
    terms: Terms = Terms()
    exported_layer: int | None = None


@dataclass(frozen=True)
class Segmentation:
    """Structures on a canonical LPS grid.

    `labels` is uint8 (layer, i, j, k): 0 = none of the layer's structures, 255 = nobody looked. `notes` are
    sentences about what was left out of the file or taken for granted.
    """

    labels: Labels
    geometry: Geometry
    segments: tuple[Segment, ...]
    notes: tuple[str, ...] = ()

    def mask(self, segment: Segment) -> NDArray[np.bool_]:
        """Return the voxels (i, j, k) of a structure."""
        inside: NDArray[np.bool_] = self.labels[segment.layer] == segment.value
        return inside

    def ignored(self) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Yield name and voxels (i, j, k) of what nobody looked at; one mask where all layers agree."""
        masks = [layer == IGNORE for layer in self.labels]
        if not any(mask.any() for mask in masks):
            return
        if all(np.array_equal(masks[0], mask) for mask in masks[1:]):
            yield IGNORED, masks[0]
            return
        for layer, mask in enumerate(masks):
            if mask.any():
                yield f"{IGNORED} layer {layer}", mask


@dataclass(frozen=True)
class Reference:
    """The image that a delineation belongs to: its canonical grid, and its DICOM UIDs (empty = unknown)."""

    geometry: Geometry
    series_uid: str = ""
    frame_uid: str = ""

    def check(self, *, series: set[str], frames: set[str], name: str) -> tuple[str, ...]:
        """Return notes about what a file says it was drawn on. Raises Refused when that is another image."""
        if self.series_uid and series:
            if self.series_uid not in series:
                raise Refused(
                    f"{name} was drawn on another series than this scan; import it beside the series "
                    "that it names."
                )
            if self.frame_uid and frames and self.frame_uid not in frames:
                return (f"{name} names this series but another frame of reference; the series decided.",)
            return ()
        if self.frame_uid and frames and self.frame_uid not in frames:
            raise Refused(
                f"{name} has another frame of reference than this scan, so its place in it is unknown; "
                "register it, or import it beside the series that it was drawn on."
            )
        return () if self.frame_uid and frames else (f"{name} was matched to the scan by position alone.",)


class Stack:
    """Takes structures one by one and puts each on the first layer where it meets no other."""

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        self._layers: list[Labels] = []
        self._used: list[int] = []
        self._segments: list[Segment] = []

    def add(self, mask: NDArray[Any], corner: Corner = (0, 0, 0), **about: Any) -> None:
        """Add a structure: a mask (i, j, k), anything but 0 is inside, whose first voxel lies at `corner`.

        `about` are fields of Segment. Raises TooLarge when the layers would not fit, Refused when there are
        more structures than anybody draws.
        """
        if len(self._segments) >= MOST_SEGMENTS:
            raise Refused(f"The file holds more than {MOST_SEGMENTS} structures; split it.")
        box = tuple(slice(at, at + n) for at, n in zip(corner, mask.shape, strict=True))
        inside = mask != 0
        layer = self._layer_for(box, inside)
        self._used[layer] += 1
        self._layers[layer][box][inside] = self._used[layer]
        about["name"] = str(about.get("name", "")).strip()[:_LONGEST_NAME]
        self._segments.append(Segment(layer=layer, value=self._used[layer], **about))

    def finished(self, *notes: str) -> Segmentation:
        """Return what was added. Raises Refused when that is nothing."""
        if not self._segments:
            raise Refused("The file holds no structure.")
        return Segmentation(np.stack(self._layers), self.geometry, tuple(self._segments), notes)

    def _layer_for(self, box: tuple[slice, ...], inside: NDArray[np.bool_]) -> int:
        for layer, labels in enumerate(self._layers):
            if self._used[layer] < HIGHEST_VALUE and not labels[box][inside].any():
                return layer
        shape = self.geometry.shape
        size = int(np.prod(shape)) * (len(self._layers) + 1)
        if size > checks.MAX_BYTES:
            raise TooLarge(
                f"The structures overlap so much that they need more than {checks.MAX_BYTES // 1024**2} MiB; "
                "import them in parts."
            )
        self._layers.append(np.zeros(shape, np.uint8))
        self._used.append(0)
        return len(self._layers) - 1


def looked_at(layer: int) -> str:
    """Return what an export says of a structure: somebody looked, and on which layer it lies.

    Templates name structures that nobody drew; this tells an absent one from these.
    """
    return f"Delineate: looked at, layer {layer}"


def exported_layer(text: str) -> int | None:
    """Return the layer that `looked_at` wrote; None where a file does not say it."""
    found = _LOOKED_AT.search(text)
    return int(found[1]) if found else None


def is_ignored(name: str) -> bool:
    """Tell whether a name stands for what nobody looked at, on all layers or on one."""
    return _IGNORED_NAME.fullmatch(name) is not None


def ignored_layer(name: str) -> int | None:
    """Return the only layer on which nobody looked, by the name that says so; None: on all of them."""
    found = _IGNORED_NAME.fullmatch(name)
    return int(found[1]) if found and found[1] else None


def check(found: Segmentation, name: str) -> None:
    """Refuse layers that do not hold what the segments say: dtype, shape, values, at most one per value."""
    labels = found.labels
    if labels.dtype != np.uint8 or labels.ndim != 4 or labels.shape[1:] != found.geometry.shape:
        raise Refused(f"{name} could not be decoded into structures.")
    named: dict[int, set[int]] = {}
    for segment in found.segments:
        values = named.setdefault(segment.layer, set())
        if segment.value in values or not 1 <= segment.value <= HIGHEST_VALUE:
            raise Refused(f"{name} could not be decoded into structures.")
        values.add(segment.value)
    for layer, voxels in enumerate(labels):
        if set(checks.present_values(voxels)) - named.get(layer, set()):
            raise Refused(f"{name} could not be decoded into structures.")


def named(found: Segmentation, names: dict[int, str]) -> Segmentation:
    """Return the segments with names for their numbers where the file gave none."""
    segments = tuple(
        segment if segment.name else replace(segment, name=names.get(segment.number, ""))
        for segment in found.segments
    )
    return replace(found, segments=segments)


def hex_colour(red: float, green: float, blue: float) -> str:
    """Return #rrggbb of shares 0–1; what lies outside is cut off."""
    return "#" + "".join(f"{round(255 * min(max(share, 0.0), 1.0)):02x}" for share in (red, green, blue))


def rgb(colour: str) -> tuple[int, int, int]:
    """Return 0–255 of #rrggbb; grey where there is no colour."""
    if len(colour) != 7:
        return 128, 128, 128
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
