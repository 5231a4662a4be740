"""Edits as outlines: strands of runs that lie below each other, and how their two ends move from row to row.

After a mark that no number can be: `varint columns, varint blocks`; for each block `varint layer, varint k,
varint strands` and for each strand `varint rows after the strand before, signed start after the start before,
varint length - 1, varint value, varint steps`. Then one byte per step, `(left + 7) * 16 + right + 7`, or 255
for a step whose `signed left, signed right` follow at the end. Signed is 0, -1, 1, -2 … as 0, 1, 2, 3 …
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from annotation.chunks.grid import Grid
from annotation.chunks.runs import VARINT_BYTES, Edits, Ints, varints
from annotation.errors import Refused

MARK = bytes([0xFF] * VARINT_BYTES)
FAR = 0xFF
REACH = 7
STRAND_NUMBERS = 5


class _Numbers(NamedTuple):
    """Every number that could be read from a stream, and where each ends; -1 for one that is too long."""

    value: Ints
    end: Ints


class _Strands(NamedTuple):
    """One entry per strand: what it changes, its first run, and how many rows follow."""

    layer: Ints
    k: Ints
    row: Ints
    start: Ints
    length: Ints
    value: Ints
    steps: Ints


def begin(stream: NDArray[np.uint8]) -> bool:
    """Whether these are outlines: plain runs never begin so."""
    return stream[: len(MARK)].tobytes() == MARK


def read(stream: NDArray[np.uint8], grid: Grid) -> Edits:
    """The runs of outlines; raises Refused with a sentence on anything that is not exactly the format."""
    rest = stream[len(MARK) :]
    numbers = _numbers(rest)
    strands, used = _strands(numbers, grid)
    if len(strands.steps) == 0:
        raise Refused("The edits are empty. Send at least one run.")
    at = int(numbers.end[used - 1]) + 1
    total = int(strands.steps.sum())
    if total > len(rest) - at:
        raise Refused("The edits end in the middle of a strand.")
    left, right = _moves(rest[at : at + total], rest[at + total :])
    return _edits(strands, left, right, grid)


def _numbers(stream: NDArray[np.uint8]) -> _Numbers:
    end = np.flatnonzero(stream < 0x80)
    at = np.concatenate(([0], end[:-1] + 1)) if len(end) else end
    value = varints(stream, at, end)
    value[end - at >= VARINT_BYTES] = -1
    return _Numbers(value, end)


def _strands(numbers: _Numbers, grid: Grid) -> tuple[_Strands, int]:
    """All strands, and how many numbers they and the blocks' headers took."""
    known = len(numbers.value)
    if known < 2 or int(numbers.value[0]) != grid.shape[0]:
        raise Refused(f"The edits are not for rows of {grid.shape[0]} voxels.")
    at, headers, first = 2, [], []
    for _ in range(int(numbers.value[1])):
        if at + 3 > known:
            raise Refused("The edits end in the middle of a block.")
        layer, k, strands = numbers.value[at : at + 3].tolist()
        if strands == 0:
            raise Refused("A block in the edits has no strand.")
        headers.append((layer, k, strands))
        first.append(at + 3)
        at += 3 + STRAND_NUMBERS * strands
    if at > known:
        raise Refused("The edits end in the middle of a block.")
    if np.any(numbers.value[:at] < 0):
        raise Refused("A number in the edits is longer than five bytes.")
    return _placed(numbers.value, np.array(headers, np.int64), np.array(first, np.int64)), at


def _placed(value: Ints, headers: Ints, first: Ints) -> _Strands:
    layer, k, count = headers.reshape(-1, 3).T
    ordinal = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    fields = value[(np.repeat(first, count) + STRAND_NUMBERS * ordinal)[:, None] + np.arange(STRAND_NUMBERS)]
    begins = np.flatnonzero(ordinal == 0)
    repeats = count[count > 0]
    return _Strands(
        layer=np.repeat(layer, count),
        k=np.repeat(k, count),
        row=_sums(fields[:, 0], begins, repeats),
        start=_sums(_signed(fields[:, 1]), begins, repeats),
        length=fields[:, 2] + 1,
        value=fields[:, 3],
        steps=fields[:, 4],
    )


def _moves(steps: NDArray[np.uint8], tail: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """How the left and the right end of a run move to the next row, one entry per step."""
    left = (steps >> 4).astype(np.int64) - REACH
    right = (steps & 0x0F).astype(np.int64) - REACH
    far = np.flatnonzero(steps == FAR)
    numbers = _numbers(tail)
    whole = len(tail) == 0 if len(numbers.end) == 0 else int(numbers.end[-1]) == len(tail) - 1
    if not whole or len(numbers.value) != 2 * len(far) or np.any(numbers.value < 0):
        raise Refused("The edits do not end where their last strand does.")
    moved = _signed(numbers.value)
    left[far], right[far] = moved[::2], moved[1::2]
    return left, right


def _edits(strands: _Strands, left: Ints, right: Ints, grid: Grid) -> Edits:
    ni, nj, nk = grid.shape
    runs = strands.steps + 1
    begins = np.cumsum(runs) - runs
    low, high = np.empty(int(runs.sum()), np.int64), np.empty(int(runs.sum()), np.int64)
    is_step = np.ones(len(low), np.bool_)
    is_step[begins] = False
    low[is_step], high[is_step] = left, right
    low[begins], high[begins] = strands.start, strands.start + strands.length
    low, high = _sums(low, begins, runs), _sums(high, begins, runs)
    row = np.repeat(strands.row - begins, runs) + np.arange(len(low))
    if np.any(low < 0) or np.any(high <= low) or np.any(high > ni) or np.any(row >= nj):
        raise Refused(f"A run in the edits leaves its slice of {ni} × {nj} voxels, or is empty.")
    if np.any(strands.k >= nk):
        raise Refused(f"The edits name slice {int(strands.k.max())}, but the scan has {nk} slices.")
    if np.any(strands.value > 255):
        raise Refused("A value in the edits is above 255.")
    return Edits(
        layer=np.repeat(strands.layer, runs),
        k=np.repeat(strands.k, runs),
        start=row * ni + low,
        length=high - low,
        value=np.repeat(strands.value, runs).astype(np.uint8),
    )


def _signed(number: Ints) -> Ints:
    return np.where(number & 1, -(number >> 1) - 1, number >> 1)


def _sums(steps: Ints, begins: Ints, count: Ints) -> Ints:
    """Running sums, anew from each of `begins` on, for `count` entries each."""
    sums = np.cumsum(steps)
    return np.asarray(sums - np.repeat(sums[begins] - steps[begins], count))
