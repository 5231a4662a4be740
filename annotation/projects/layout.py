"""Which layer and value a structure gets. Structures of one layer exclude each other, so two that share
voxels (a part and its whole, a tumour and its organ) never lie on one layer.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from annotation import catalogue
from annotation.errors import Refused
from annotation.models import LARGEST_VALUE

LAST_LAYER = 31


@dataclass(frozen=True)
class Asked:
    """A structure that a project is to have; `key` as in the catalogue, or a new one."""

    key: str
    name: str


@dataclass(frozen=True)
class Place:
    """Where a structure stands in the masks; `because` says why not on the first layer, else is empty."""

    key: str
    name: str
    layer: int
    value: int
    because: str = ""


def place(
    asked: Sequence[Asked],
    *,
    numbers: Mapping[str, int] | None = None,
    standing: Sequence[Place] = (),
    shared: Collection[frozenset[str]] = (),
) -> list[Place]:
    """Layers and values for new structures, in their order; what stands already keeps its own.

    `shared`: pairs of keys that share voxels although the catalogue does not say so.
    `numbers`: values of a preset, taken where they are free. Values are unique over all layers, so that a
    label map of one layer can be read by its values alone. Wholes come before their parts, so that the
    first layer holds the wholes.
    """
    numbers = numbers or {}
    by_layer: dict[int, list[Place]] = {}
    for there in standing:
        by_layer.setdefault(there.layer, []).append(there)
    values = _values([one.key for one in asked], numbers, {there.value for there in standing})
    placed: dict[str, Place] = {}
    for one in sorted(asked, key=lambda each: len(_wholes(each.key))):
        layer, because = _lowest(one, by_layer, shared)
        placed[one.key] = Place(one.key, one.name, layer, values[one.key], because)
        by_layer.setdefault(layer, []).append(placed[one.key])
    return [placed[one.key] for one in asked]


def overlap(first: str, second: str) -> bool:
    """Whether two structures share voxels by what they are."""
    wholes, others = _wholes(first), _wholes(second)
    if second in wholes or first in others:
        return True
    return _lies_among(first, second, others) or _lies_among(second, first, wholes)


def _lies_among(inside: str, part: str, wholes_of_part: Sequence[str]) -> bool:
    """A lesion of an organ, and a part of that organ. Two lesions of one organ exclude each other."""
    entry, other = catalogue.entries().get(inside), catalogue.entries().get(part)
    if entry is None or other is None:
        return False
    if entry.overlaps and entry.parent == other.parent and other.overlaps:
        return False
    return bool({part, *wholes_of_part} & set(entry.overlaps))


def _wholes(key: str) -> list[str]:
    """What a structure is a part of, the nearest first."""
    wholes: list[str] = []
    entry = catalogue.entries().get(key)
    while entry is not None and entry.parent:
        wholes.append(entry.parent)
        entry = catalogue.entries().get(entry.parent)
    return wholes


def _values(keys: Sequence[str], numbers: Mapping[str, int], taken: set[int]) -> dict[str, int]:
    kept = {key: numbers[key] for key in keys if key in numbers and numbers[key] not in taken}
    used = taken | set(kept.values())
    free = iter(value for value in range(1, LARGEST_VALUE + 1) if value not in used)
    for key in keys:
        if key not in kept:
            value = next(free, None)
            if value is None:
                raise Refused(f"A project can have {LARGEST_VALUE} structures; leave some of these out.")
            kept[key] = value
    return kept


def _lowest(
    one: Asked, by_layer: Mapping[int, Iterable[Place]], shared: Collection[frozenset[str]]
) -> tuple[int, str]:
    because = ""
    for layer in range(LAST_LAYER + 1):
        there = by_layer.get(layer, ())
        meets = (
            each for each in there if overlap(one.key, each.key) or frozenset((one.key, each.key)) in shared
        )
        other = next(meets, None)
        if other is None:
            return layer, because
        because = f"shares voxels with {other.name}, which is on layer {layer + 1}"
    raise Refused(f"{one.name} overlaps a structure on every layer; leave some of these out.")
