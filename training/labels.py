"""Names of structures and the integers that stand for them in label maps."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

IGNORE = 255
"""Value of a voxel that nobody looked at: it is neither background nor structure."""

HIGHEST_VALUE = 254


class LabelError(Exception):
    """A table of names or a label map cannot be used; the message is one sentence."""


@dataclass(frozen=True)
class StructureSpec:
    """One structure of a label schema.

    Structures of one `layer` exclude each other; `value` (1-254) is the voxel value inside that layer.
    `tolerance_mm` is the tolerance of the surface Dice. `side` is "left", "right" or empty.
    """

    key: str
    name: str
    layer: int
    value: int
    tolerance_mm: float
    side: str = ""


def layer_values(structures: Sequence[StructureSpec]) -> tuple[tuple[int, ...], ...]:
    """Return the sorted values of each layer 0, 1, …, one tuple per layer.

    Raises LabelError when a value is out of range or taken twice, or when a layer has no structure.
    """
    if not structures:
        raise LabelError("The label schema has no structure; add at least one.")
    layers: list[list[int]] = [[] for _ in range(max(s.layer for s in structures) + 1)]
    for structure in structures:
        if structure.layer < 0 or not 1 <= structure.value <= HIGHEST_VALUE:
            raise LabelError(f"{structure.name} needs a layer >= 0 and a value from 1 to {HIGHEST_VALUE}.")
        if structure.value in layers[structure.layer]:
            raise LabelError(f"Value {structure.value} of layer {structure.layer} stands for two structures.")
        layers[structure.layer].append(structure.value)
    if not all(layers):
        raise LabelError("Layers must be numbered 0, 1, 2, … without a gap.")
    return tuple(tuple(sorted(values)) for values in layers)


def read_names(path: Path) -> dict[int, str]:
    """Read which value stands for which structure; background (0) is left out.

    Understands nnU-Net's `dataset.json` (`{"labels": {"liver": 1}}`), the Medical Segmentation Decathlon's
    (`{"labels": {"1": "liver"}}`) and a plain table of either direction. nnU-Net's `ignore` label is
    returned under the name "ignore": such voxels must become `IGNORE`. Raises LabelError.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LabelError(f"{path.name} could not be read as JSON: {error}.") from error
    return parse_names(content, path.name)


def parse_names(content: Any, source: str) -> dict[int, str]:
    """Read names as `read_names` does from JSON that was loaded from `source`. Raises LabelError."""
    table = content.get("labels", content) if isinstance(content, dict) else content
    if not isinstance(table, dict):
        raise LabelError(f'{source} holds no table of labels; write it as {{"1": "liver"}}.')
    names: dict[int, str] = {}
    for left, right in table.items():
        value, name = _value_and_name(source, left, right)
        if value in names or name in names.values():
            raise LabelError(f"{source} uses {name} or value {value} twice.")
        names[value] = name
    names.pop(0, None)
    if not names:
        raise LabelError(f"{source} names no structure besides the background.")
    return names


def _value_and_name(source: str, left: str, right: Any) -> tuple[int, str]:
    if isinstance(right, list):
        raise LabelError(f"{source} joins several values into {left}; give each structure one value.")
    value, name = (right, left) if isinstance(right, int) and not isinstance(right, bool) else (left, right)
    if not isinstance(name, str) or not name.strip() or len(name) > 200:
        raise LabelError(f"{source} has an entry without a usable name ({left!r}).")
    try:
        number = int(value)
    except ValueError as error:
        raise LabelError(f"{source} gives no whole number for {name}.") from error
    if not 0 <= number <= HIGHEST_VALUE:
        raise LabelError(f"{source} gives {name} the value {number}; values run from 0 to {HIGHEST_VALUE}.")
    return number, name.strip()


def renumber(labels: NDArray[np.uint8], mapping: Mapping[int, int]) -> NDArray[np.uint8]:
    """Return a copy with every value replaced by `mapping`; 0 and `IGNORE` stay as they are.

    Raises LabelError when the map holds a value that `mapping` does not know.
    """
    table = np.zeros(256, np.uint8)
    table[IGNORE] = IGNORE
    for old, new in mapping.items():
        table[old] = new
    known = {0, IGNORE, *mapping}
    unknown = [
        int(v) for v in np.flatnonzero(np.bincount(labels.ravel(), minlength=256)) if int(v) not in known
    ]
    if unknown:
        raise LabelError(f"The label map holds {_listed(unknown)}, which the table of labels does not name.")
    return table[labels]


def _listed(values: Iterable[int]) -> str:
    numbers = [str(v) for v in values]
    shown = ", ".join(numbers[:5]) + (" and more" if len(numbers) > 5 else "")
    return f"value {shown}" if len(numbers) == 1 else f"values {shown}"
