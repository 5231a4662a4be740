"""A segmentation on its way from the child process to its parent: voxels as .npy, the rest as JSON."""

from typing import Any

from annotation.errors import Refused
from annotation.imaging.segmentations import layers
from annotation.imaging.segmentations.layers import Code, Segment, Segmentation
from training.volume import Geometry

_LONGEST_TEXT = 200


def taken(answered: dict[str, Any], labels: Any, geometry: Geometry, name: str) -> Segmentation:
    """Return what the child read, checked again. Raises Refused where it cannot be true."""
    try:
        segments = tuple(_segment(one) for one in answered["segments"])
        notes = tuple(str(note)[: 2 * _LONGEST_TEXT] for note in answered["notes"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"{name} could not be decoded into structures.") from error
    found = Segmentation(labels, geometry, segments, notes)
    layers.check(found, name)
    return found


def geometry_of(given: dict[str, Any]) -> Geometry:
    """Return a grid that came as JSON."""
    a, b, c = given["shape"]
    x, y, z = (float(mm) for mm in given["origin_lps"])
    si, sj, sk = (float(mm) for mm in given["spacing_mm"])
    rows = [(float(p), float(q), float(r)) for p, q, r in given["direction"]]
    return Geometry((int(a), int(b), int(c)), (si, sj, sk), (x, y, z), (rows[0], rows[1], rows[2]))


def _segment(one: dict[str, Any]) -> Segment:
    code = one["code"]
    return Segment(
        name=str(one["name"])[:_LONGEST_TEXT],
        layer=int(one["layer"]),
        value=int(one["value"]),
        number=int(one["number"]),
        key=str(one["key"])[:_LONGEST_TEXT],
        colour=str(one["colour"])[:7],
        code=Code(*(str(code[part])[:_LONGEST_TEXT] for part in ("value", "scheme", "meaning")))
        if code
        else None,
        exported_layer=None if one["exported_layer"] is None else int(one["exported_layer"]),
    )
