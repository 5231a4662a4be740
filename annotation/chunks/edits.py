"""What a save sends: gzip of outlines (`outlines`) or of runs. All is checked here, before a row is touched.

A block of runs is `varint layer, varint k, varint n_runs`, then n_runs × `varint gap, varint length, u8 new`;
blocks follow each other to the end. `gap` is the distance from the end of the previous run of the block; a
position in a slice is i + ni·j.
"""

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.chunks import outlines
from annotation.chunks.grid import Grid
from annotation.chunks.runs import BATCH_VOXELS, VARINT_BYTES, Edits, Ints, varints
from annotation.errors import Refused, TooLarge

MOST_GZIP_BYTES = 2 * 2**20
MOST_PLAIN_BYTES = 8 * 2**20


@dataclass(frozen=True)
class _Blocks:
    """Headers of the blocks, and where each of their runs begins in the stream."""

    headers: Ints  # (block, 3): layer, slice, number of runs
    run_at: Ints


def decode_edits(body: bytes, *, grid: Grid, values: Mapping[int, Collection[int]]) -> Edits:
    """Unpack and check an `edits` part; `values` = what a reader may write on each layer (0 included).

    Raises Refused with a sentence on anything that is not exactly the format, TooLarge above the caps.
    """
    stream = np.frombuffer(_inflate(body), np.uint8)
    edits = outlines.read(stream, grid) if outlines.begin(stream) else _read(stream, grid, values)
    _check(edits, grid, values)
    return edits


def _read(stream: NDArray[np.uint8], grid: Grid, values: Mapping[int, Collection[int]]) -> Edits:
    """The runs of blocks of runs."""
    varint_end = _varint_ends(stream)
    blocks = _walk(stream, varint_end, grid, values)
    if len(blocks.run_at) == 0:
        raise Refused("The edits are empty. Send at least one run.")
    return _runs(stream, varint_end, blocks)


def _inflate(body: bytes) -> bytes:
    if len(body) > MOST_GZIP_BYTES:
        raise TooLarge(f"The edits are larger than {MOST_GZIP_BYTES} bytes. Save in smaller steps.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, MOST_PLAIN_BYTES + 1)
    except zlib.error as error:
        raise Refused("The edits are not a gzip stream.") from error
    if len(plain) > MOST_PLAIN_BYTES:
        raise TooLarge(f"The edits unpack to more than {MOST_PLAIN_BYTES} bytes. Save in smaller steps.")
    if not unpacker.eof:
        raise Refused("The edits end in the middle of their gzip stream.")
    if unpacker.unused_data:
        raise Refused("There are bytes behind the gzip stream of the edits.")
    return plain


def _varint_ends(stream: NDArray[np.uint8]) -> NDArray[np.int32]:
    """For each byte, where a varint beginning there ends; the stream's length where it does not."""
    n = len(stream)
    ends = np.where(stream < 0x80, np.arange(n, dtype=np.int32), np.int32(n))
    return np.append(np.minimum.accumulate(ends[::-1])[::-1], np.int32(n))


def _walk(
    stream: NDArray[np.uint8],
    varint_end: NDArray[np.int32],
    grid: Grid,
    values: Mapping[int, Collection[int]],
) -> _Blocks:
    """Follow the stream from run to run. Only this walk is sequential; all arithmetic is vectorised."""
    n = len(stream)
    # Views, not lists: an index costs the same and eight million of them cost no memory.
    data, end_of = stream.data, varint_end.data
    ni, nj, nk = grid.shape
    headers: list[tuple[int, int, int]] = []
    run_at: list[int] = []
    at = 0
    while at < n:
        layer, at = _varint(data, end_of, at)
        k, at = _varint(data, end_of, at)
        n_runs, at = _varint(data, end_of, at)
        if layer not in values:
            raise Refused(f"The edits name layer {layer}, which this project does not have.")
        if k >= nk:
            raise Refused(f"The edits name slice {k}, but the scan has {nk} slices.")
        if n_runs > ni * nj:
            raise Refused(f"The edits announce {n_runs} runs in slice {k}, which has {ni * nj} voxels.")
        at = _follow(end_of, at, n_runs, n, run_at)
        headers.append((layer, k, n_runs))
    return _Blocks(np.array(headers, np.int64), np.array(run_at, np.int64))


def _follow(end_of: memoryview, at: int, n_runs: int, n: int, run_at: list[int]) -> int:
    """Note where each run of a block begins; returns where the next block does."""
    for _ in range(n_runs):
        if at >= n:
            raise Refused("The edits end in the middle of a run.")
        run_at.append(at)
        at = end_of[min(end_of[at] + 1, n)] + 2
    if at > n:
        raise Refused("The edits end in the middle of a run.")
    return at


def _varint(data: memoryview, end_of: memoryview, at: int) -> tuple[int, int]:
    end = end_of[at] if at < len(data) else len(data)
    if end >= len(data):
        raise Refused("The edits end in the middle of a number.")
    if end - at >= VARINT_BYTES:
        raise Refused("A number in the edits is longer than five bytes.")
    number = 0
    for position in range(end, at - 1, -1):
        number = number << 7 | data[position] & 0x7F
    return number, end + 1


def _runs(stream: NDArray[np.uint8], varint_end: NDArray[np.int32], blocks: _Blocks) -> Edits:
    gap_end = varint_end[blocks.run_at].astype(np.int64)
    length_end = varint_end[gap_end + 1].astype(np.int64)
    if np.any(gap_end - blocks.run_at >= VARINT_BYTES) or np.any(length_end - gap_end > VARINT_BYTES):
        raise Refused("A number in the edits is longer than five bytes.")
    gap = varints(stream, blocks.run_at, gap_end)
    length = varints(stream, gap_end + 1, length_end)
    layer, k, n_runs = blocks.headers.T
    ends = np.cumsum(gap + length)
    first_run = np.cumsum(n_runs) - n_runs
    before_block = np.where(first_run > 0, ends[first_run - 1], 0)
    return Edits(
        layer=np.repeat(layer, n_runs),
        k=np.repeat(k, n_runs),
        start=ends - length - np.repeat(before_block, n_runs),
        length=length,
        value=stream[length_end + 1],
    )


def _check(edits: Edits, grid: Grid, values: Mapping[int, Collection[int]]) -> None:
    ni, nj, _ = grid.shape
    if np.any(edits.length < 1):
        raise Refused("A run in the edits has length 0.")
    if np.any(edits.start + edits.length > ni * nj):
        raise Refused(f"A run in the edits leaves its slice of {ni} × {nj} voxels.")
    if edits.voxels > max(grid.voxels * len(values), BATCH_VOXELS):
        raise TooLarge("The edits repaint more voxels than the scan has. Save in smaller steps.")
    strange = np.setdiff1d(edits.layer, list(values))
    if len(strange):
        raise Refused(f"The edits name layer {strange[0]}, which this project does not have.")
    for layer, allowed in values.items():
        used = np.flatnonzero(np.bincount(edits.value[edits.layer == layer], minlength=256))
        unknown = [int(value) for value in used if value not in allowed]
        if unknown:
            raise Refused(f"Value {unknown[0]} is not a structure of layer {layer} in this project.")
