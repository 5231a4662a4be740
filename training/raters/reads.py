"""Values with the case and the reader, or the pair of readers, each belongs to: any design, with holes."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training.raters.estimate import Flags, Floats, Integers, as_floats


@dataclass(frozen=True)
class Reads:
    """Values with the case and the reader, or the readers, each belongs to.

    `values`: (N,), any unit, NaN = missing. `cases`: (N,) names. `readers`: (N,) names or, for values of
    pairs of readers such as the Dice of their masks, (N,) tuples of two names, whose order is of no
    importance. A name must not be a tuple.
    """

    values: ArrayLike
    cases: Sequence[Hashable]
    readers: Sequence[Hashable]


@dataclass(frozen=True)
class Design:
    """The values there are (N,), with their case (N,) and readers (N, 1 or 2) as numbers from 0.

    `shape`: number of cases and of readers; `dropped`: values that were missing.
    """

    values: Floats
    cases: Integers
    readers: Integers
    shape: tuple[int, int]
    dropped: int


def designs(sides: Sequence[Reads]) -> list[Design]:
    """Number the cases and readers of all sides together; drop what is missing.

    Raises ValueError where values, cases and readers do not fit together.
    """
    case_numbers: dict[Hashable, int] = {}
    reader_numbers: dict[Hashable, int] = {}
    parts = [_numbered(side, case_numbers, reader_numbers) for side in sides]
    shape = len(case_numbers), len(reader_numbers)
    return [Design(values, cases, readers, shape, dropped) for values, cases, readers, dropped in parts]


def _numbered(
    reads: Reads, case_numbers: dict[Hashable, int], reader_numbers: dict[Hashable, int]
) -> tuple[Floats, Integers, Integers, int]:
    values = as_floats(reads.values, 1, "Values")
    if not values.size == len(reads.cases) == len(reads.readers):
        raise ValueError("Every value needs a case and a reader.")
    kept: Flags = ~np.isnan(values)
    names = [name for name, keep in zip(reads.cases, kept, strict=True) if keep]
    groups = [
        name if isinstance(name, tuple) else (name,)
        for name, keep in zip(reads.readers, kept, strict=True)
        if keep
    ]
    widths = {len(group) for group in groups}
    if len(widths) > 1:
        raise ValueError("Values of single readers and of pairs cannot be mixed.")
    if widths - {1, 2} or any(len(set(group)) != len(group) for group in groups):
        raise ValueError("A value belongs to one reader, or to two different ones.")
    cases = np.array([case_numbers.setdefault(name, len(case_numbers)) for name in names], np.int64)
    flat = [reader_numbers.setdefault(name, len(reader_numbers)) for group in groups for name in group]
    table = np.array(flat, np.int64).reshape(len(groups), max(widths, default=1))
    return values[kept], cases, table, int((~kept).sum())
