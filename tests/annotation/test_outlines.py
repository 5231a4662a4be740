"""Edits as outlines, against an encoder of this file's own and the bytes that the browser's writes."""

import gzip
import random
import struct
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from annotation.chunks import Edits, Grid, decode_edits
from annotation.chunks.outlines import MARK
from annotation.errors import Refused
from tests.annotation.factories import Block, encode, varint

SHAPE = (40, 36, 34)
VALUES = {0: {0, 1, 2, 3}, 1: {0, 200}}

Piece = tuple[int, int, int, int]  # row, first column, end, value

# The same bytes stand in frontend/src/voxels/rowEdits.test.ts.
GOLDEN: list[tuple[str, list[Block]]] = [
    ("0a 01 00 03 02 00 04 02 07 01 01 0c 01 00 00 68", [(0, 3, [(2, 3, 7), (11, 5, 7), (18, 2, 0)])]),
    ("0a 01 01 00 01 00 00 09 ff 01 01 ff 12 00", [(1, 0, [(0, 10, 255), (19, 1, 255)])]),
]


def signed(number: int) -> bytes:
    return varint(2 * number if number >= 0 else -2 * number - 1)


def strands_of(runs: Sequence[tuple[int, int, int]], ni: int) -> list[list[Piece]]:
    """Runs that do not leave their row, each behind one of its value that lies over it where there is one."""
    strands: list[list[Piece]] = []
    for start, length, value in runs:
        row, low = divmod(start, ni)
        piece = (row, low, low + length, value)
        for strand in strands:
            last = strand[-1]
            if last[0] == row - 1 and last[3] == value and max(low, last[1]) < min(piece[2], last[2]):
                strand.append(piece)
                break
        else:
            strands.append([piece])
    return strands


def outlines(blocks: list[Block], ni: int) -> bytes:
    heads, steps, far = b"", b"", b""
    for layer, k, runs in blocks:
        strands = strands_of(runs, ni)
        heads += varint(layer) + varint(k) + varint(len(strands))
        at = (0, 0)
        for strand in strands:
            row, low, high, value = strand[0]
            heads += varint(row - at[0]) + signed(low - at[1]) + varint(high - low - 1)
            heads += varint(value) + varint(len(strand) - 1)
            at = (row, low)
            for before, after in pairwise(strand):
                left, right = after[1] - before[1], after[2] - before[2]
                is_near = max(abs(left), abs(right)) <= 7
                steps += bytes([(left + 7) * 16 + right + 7 if is_near else 255])
                far += b"" if is_near else signed(left) + signed(right)
    return MARK + varint(ni) + varint(len(blocks)) + heads + steps + far


def random_blocks(rng: random.Random, count: int) -> list[Block]:
    """Pieces of rows that mostly lie below each other, as those of a structure do."""
    ni, nj, nk = SHAPE
    blocks: list[Block] = []
    for _ in range(count):
        layer, first = rng.randint(0, 1), rng.randrange(nj)
        low, high, runs = rng.randint(2, 10), rng.randint(20, 38), []
        for row in range(first, rng.randint(first, nj - 1) + 1):
            low = min(18, max(0, low + rng.randint(-2, 2)))
            high = min(ni, max(21, high + rng.choice([-9, -1, 0, 1, 12])))
            middle = rng.randint(low + 1, high - 1) if row % 5 == 0 else high
            value = rng.choice(sorted(VALUES[layer]))
            runs.append((row * ni + low, middle - low, value))
            if middle + 1 < high:
                runs.append((row * ni + middle + 1, high - middle - 1, value))
        blocks.append((layer, rng.randrange(nk), runs))
    return blocks


def decode(plain: bytes) -> Edits:
    return decode_edits(gzip.compress(plain), grid=Grid(SHAPE), values=VALUES)


def rows(edits: Edits) -> set[tuple[int, ...]]:
    columns = (edits.layer, edits.k, edits.start, edits.length, edits.value)
    return {tuple(int(x) for x in row) for row in zip(*columns, strict=True)}


@pytest.mark.parametrize(("plain", "blocks"), GOLDEN)
def test_golden_bytes(plain: str, blocks: list[Block]) -> None:
    body = gzip.compress(MARK + bytes.fromhex(plain))
    every = dict.fromkeys(range(3), range(256))
    found = decode_edits(body, grid=Grid((10, 256, 130)), values=every)
    assert rows(found) == {(layer, k, *run) for layer, k, runs in blocks for run in runs}


def test_they_are_the_runs_that_were_encoded() -> None:
    rng = random.Random(5)
    for _ in range(60):
        blocks = random_blocks(rng, rng.randint(1, 12))
        found = decode(outlines(blocks, SHAPE[0]))
        assert rows(found) == {(layer, k, *run) for layer, k, runs in blocks for run in runs}
        assert found.voxels == decode(encode(blocks)).voxels


def test_blocks_apply_in_their_order() -> None:
    first: Block = (0, 3, [(41, 5, 1)])
    second: Block = (0, 3, [(43, 5, 2)])
    voxels = np.zeros(SHAPE[0] * SHAPE[1], np.uint8)
    for _, _, position, value in decode(outlines([first, second], SHAPE[0])).batches():
        voxels[position] = value
    assert voxels[40:50].tolist() == [0, 1, 1, 2, 2, 2, 2, 2, 0, 0]


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        ("", "not for rows of 40"),
        ("28", "not for rows of 40"),
        ("2901 000001 0000000100", "not for rows of 40"),
        ("2800", "empty"),
        ("2801", "middle of a block"),
        ("2801 000000", "no strand"),
        ("2801 000001 00000001", "middle of a block"),
        ("2801 000001 0000000101", "middle of a strand"),
        ("2801 000001 0000000100 00", "where their last strand does"),
        ("2801 000001 0000000101 ff", "where their last strand does"),
        ("2801 000001 0000000101 ff 00", "where their last strand does"),
        ("2801 000001 0000000101 ff 0080", "where their last strand does"),
        ("2801 000001 8080808080000000 0100", "longer than five"),
        ("2801 000001 0001000100", "leaves its slice"),
        ("2801 000001 0000280100", "leaves its slice"),
        ("2801 000001 2400000100", "leaves its slice"),
        ("2801 000001 2300000101 77", "leaves its slice"),
        ("2801 000001 0000000101 76", "is empty"),
        ("2801 000001 0000000400", "Value 4"),
        ("2801 000001 000000800200", "above 255"),
        ("2801 010001 0000000100", "Value 1 is not a structure of layer 1"),
        ("2801 020001 0000000100", "layer 2"),
        ("2801 002201 0000000100", "slice 34"),
        ("2801 0000ffffffff7f 0000000100", "middle of a block"),
        ("2801 000001 00000001ffffffff7f", "middle of a strand"),
    ],
)
def test_what_is_not_the_format_is_refused(plain: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        decode(MARK + bytes.fromhex(plain))


def test_damaged_ones_are_decoded_within_the_scan_or_refused() -> None:
    rng = random.Random(7)
    sound = outlines(random_blocks(rng, 4), SHAPE[0])
    outcomes = {"decoded": 0, "refused": 0}
    for _ in range(3000):
        damaged = bytearray(sound)
        for _ in range(rng.randint(1, 2)):
            damaged[rng.randrange(len(MARK), len(damaged))] = rng.choice([0, 1, 2, 3, 0x77, 0x7F, 0x80, 0xFF])
        try:
            edits = decode(bytes(damaged))
        except Refused:
            outcomes["refused"] += 1
            continue
        outcomes["decoded"] += 1
        assert int(edits.start.min()) >= 0
        assert int((edits.start + edits.length).max()) <= SHAPE[0] * SHAPE[1]
        assert int(edits.k.max()) < SHAPE[2]
    assert min(outcomes.values()) > 100


def test_a_number_of_runs_that_no_memory_holds_is_refused() -> None:
    heads = struct.pack("<5B", 0, 0, 0, 1, 0)
    with pytest.raises(Refused, match="middle of a block"):
        decode(MARK + bytes.fromhex("2801 0000") + varint(2**34) + heads)
