"""NRRD label maps, and 3D Slicer's .seg.nrrd: segments with names, colours, terms, in several layers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
from numpy.typing import NDArray

from annotation.errors import Refused
from annotation.imaging import checks
from annotation.imaging.segmentations.layers import (
    Code,
    Reference,
    Segmentation,
    Stack,
    exported_layer,
    hex_colour,
)
from annotation.imaging.segmentations.placing import place

# What takes a space's millimetres to LPS.
_TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}
_ENCODINGS = {"raw", "gzip", "gz", "bzip2", "bz2", "txt", "text", "ascii"}
_COLOUR = 3
_TERMS = 3  # of a terminology entry: its context, the category, the type

Header = Mapping[str, Any]


@dataclass(frozen=True)
class Described:
    """What the header of a file with segments says: its grid (affine in LPS mm) and their names."""

    shape: tuple[int, int, int]
    affine_lps: NDArray[np.float64]
    names: tuple[str, ...]


def read(path: Path, reference: Reference) -> Segmentation:
    """Read a label map (one axis more than three: its layers). Values without a segment have no name.

    The array may be a part of the image's grid, as Slicer crops it. Raises Refused: damaged, bytes in another
    file, no place in the patient, off the image's voxels.
    """
    header, values = _load(path)
    affine, layers = _spatial(header, values, path.name)
    stack = Stack(reference.geometry)
    placed = place(reference.geometry, affine, (layers.shape[1], layers.shape[2], layers.shape[3]), path.name)
    segments = _segments(header, len(layers))
    for layer, voxels in enumerate(layers):
        of_layer = [about for at, about in segments if at == layer]
        known = {int(about["number"]) for about in of_layer}
        present = [int(value) for value in np.unique(voxels) if value]
        if len(present) > 1000:
            raise Refused(f"{path.name} is not a label map: it holds more than 1000 different values.")
        of_layer += [{"name": "", "number": value} for value in present if value not in known]
        for about in of_layer:
            part, corner = placed.onto(voxels == about["number"], path.name)
            stack.add(part, corner, **about)
    return stack.finished(f"{path.name} was matched to the scan by position alone.")


def described(path: Path) -> Described | None:
    """Return what a file says of its segments; None: it is a plain image or label map. Raises Refused."""
    try:
        with path.open("rb") as file:
            header: Header = nrrd.read_header(file)
        sizes = [int(n) for n in header["sizes"]]
        if len(sizes) != 4 and not any(re.match(r"Segment\d+_(?:ID|Name)$", key) for key in header):
            return None
        _check_header(header, path)
        affine, others = _axes_in_space(header, len(sizes), path.name)
        shape = [n for at, n in enumerate(sizes) if at not in others]
        layers = sizes[others[0]] if others else 1
        names = tuple(str(about["name"]) for _, about in _segments(header, layers))
    except Refused:
        raise
    except Exception as error:  # a damaged file raises errors of many types; all mean the same
        raise Refused(f"{path.name} is damaged or not an NRRD file.") from error
    return Described((shape[0], shape[1], shape[2]), affine, names)


def _load(path: Path) -> tuple[Header, NDArray[Any]]:
    try:
        with path.open("rb") as file:
            header: Header = nrrd.read_header(file)
            _check_header(header, path)
            values: NDArray[Any] = nrrd.read_data(header, file, str(path), index_order="F")
    except Refused:
        raise
    except Exception as error:  # a damaged file raises errors of many types; all mean the same
        raise Refused(f"{path.name} is damaged or not an NRRD file.") from error
    if values.dtype.kind == "f":
        if not np.isfinite(values).all() or (values != np.rint(values)).any():
            raise Refused(f"{path.name} is not a label map: it holds values that are not whole numbers.")
        values = values.astype(np.int64)
    if values.dtype.kind not in "iu" or (values.dtype.kind == "i" and values.min() < 0):
        raise Refused(f"{path.name} is not a label map: it holds values that are no labels.")
    return header, values


def _check_header(header: Header, path: Path) -> None:
    """Judge a file by its header, before a byte of it is unpacked."""
    if "data file" in header or "datafile" in header:
        raise Refused(f"{path.name} keeps its voxels in another file; save it as one .nrrd file.")
    sizes = [int(n) for n in header["sizes"]]
    if len(sizes) not in (3, 4):
        raise Refused(f"{path.name} has {len(sizes)} axes; a label map has 3, and one more with layers.")
    if str(header.get("encoding", "")).lower() not in _ENCODINGS:
        raise Refused(f"{path.name} is packed in a way that is not read here.")
    checks.check_size(sizes, 2, path.name)


def _spatial(header: Header, values: NDArray[Any], name: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Return the affine (LPS mm) of the three axes in space, and the voxels as (layer, …)."""
    affine, others = _axes_in_space(header, values.ndim, name)
    in_space = [at for at in range(values.ndim) if at not in others]
    moved = np.transpose(values, [*others, *in_space])
    return affine, moved if others else moved[None]


def _axes_in_space(header: Header, ndim: int, name: str) -> tuple[NDArray[np.float64], list[int]]:
    """Return the affine (LPS mm) of the three axes in space, and which axes are not in it."""
    space = str(header.get("space", "")).lower()
    if space not in _TO_LPS or header.get("space directions") is None or header.get("space origin") is None:
        raise Refused(f"{name} does not say where it lies in the patient; save it with its space.")
    rows = [None if row is None else np.asarray(row, np.float64) for row in header["space directions"]]
    in_space = [at for at, row in enumerate(rows) if row is not None and np.isfinite(row).all()]
    if len(in_space) != 3 or len(rows) != ndim:
        raise Refused(f"{name} does not say where it lies in the patient; save it with its space.")
    affine = np.eye(4)
    for column, at in enumerate(in_space):
        affine[:3, column] = rows[at]
    affine[:3, 3] = header["space origin"]
    affine[:3] *= np.asarray(_TO_LPS[space])[:, None]
    return affine, [at for at in range(ndim) if at not in in_space]


def _segments(header: Header, layers: int) -> list[tuple[int, dict[str, Any]]]:
    """Return layer and fields of Segment of each described segment.

    Files of before 2020 have one layer per segment and name neither value nor layer.
    """
    found = []
    numbers = sorted(
        {int(m.group(1)) for key in header if (m := re.match(r"Segment(\d+)_(?:ID|Name)$", key))}
    )
    for order, number in enumerate(numbers):
        key = f"Segment{number}_"
        own_layer = order if layers == len(numbers) else 0
        layer = int(header.get(f"{key}Layer", own_layer))
        default = 1 if f"{key}Layer" in header or layers == len(numbers) > 1 else order + 1
        found.append(
            (
                layer,
                {
                    "name": str(header.get(f"{key}Name") or header.get(f"{key}ID", "")),
                    "number": int(header.get(f"{key}LabelValue", default)),
                    "colour": _colour(str(header.get(f"{key}Color", ""))),
                    "code": _term(str(header.get(f"{key}Tags", ""))),
                    "exported_layer": exported_layer(str(header.get(f"{key}Tags", ""))),
                },
            )
        )
    return found


def _colour(text: str) -> str:
    shares = text.split()
    return hex_colour(*(float(share) for share in shares)) if len(shares) == _COLOUR else ""


def _term(tags: str) -> Code | None:
    """Return the type of Slicer's terminology entry: context~category~type, as scheme^value^meaning."""
    for tag in tags.split("|"):
        key, _, entry = tag.partition(":")
        parts = entry.split("~")
        if key.endswith("TerminologyEntry") and len(parts) >= _TERMS:
            scheme, _, rest = parts[2].partition("^")
            value, _, meaning = rest.partition("^")
            return Code(value, scheme, meaning) if value else None
    return None
