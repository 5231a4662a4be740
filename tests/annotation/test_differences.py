"""The difference of two revisions, replayed over the first, is the second: byte for byte, either way."""

import gzip
import random
import uuid

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation import chunks, corrections
from annotation.chunks import Edits, Gain, Grid, decode_edits
from annotation.chunks.grid import Voxels
from annotation.errors import NotFound
from annotation.models import Assignment, Project
from tests.annotation.factories import (
    KIDNEY,
    LIVER,
    SHAPE,
    SPLEEN,
    Block,
    encode,
    make_model,
    make_read,
    pack,
    stroke,
)

VALUES = {0: {0, 1, 2, 3, 255}}


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    make_model(project)
    return make_read(ana, project)


def draw(read: Assignment, base: int, blocks: list[Block]) -> None:
    corrections.save(assignment=read, base_revision=base, key=uuid.uuid4(), edits=pack(blocks))
    read.mask.refresh_from_db()


def random_blocks(rng: random.Random) -> list[Block]:
    blocks: list[Block] = []
    for _ in range(rng.randint(1, 4)):
        runs, at = [], 0
        for _ in range(rng.randint(1, 6)):
            at += rng.randint(0, 200)
            length = rng.randint(1, 60)
            runs.append((at, length, rng.choice([0, LIVER, SPLEEN, KIDNEY])))
            at += length
        blocks.append((0, rng.randrange(SHAPE[2]), runs))
    return blocks


def replayed(labels: Voxels, stream: bytes) -> Voxels:
    result = labels.copy()
    if stream:
        edits: Edits = decode_edits(gzip.compress(stream), grid=Grid(SHAPE), values=VALUES)
        for layer, k, position, value in edits.batches():
            j, i = np.divmod(position, SHAPE[0])
            result[layer, i, j, k] = value
    return result


def test_random_histories(read: Assignment) -> None:
    rng = random.Random(11)
    for base in range(12):
        draw(read, base, random_blocks(rng))
    states = [chunks.read_layers(read.mask, number) for number in range(13)]
    for start in range(13):
        for end in (0, start, rng.randrange(13), 12):
            stream = b"".join(chunks.difference(read.mask, start, end))
            assert np.array_equal(replayed(states[start], stream), states[end]), (start, end)


def test_the_stream_is_as_short_as_the_format_allows(read: Assignment) -> None:
    first: list[Block] = [(0, 1, [(0, 5, SPLEEN), (9, 1, KIDNEY)]), (0, 3, [(35, 20, SPLEEN)])]
    draw(read, 0, first)
    assert b"".join(chunks.difference(read.mask, 0, 1)) == encode(first)
    undone: list[Block] = [(0, 1, [(0, 5, 0), (9, 1, 0)]), (0, 3, [(35, 20, 0)])]
    assert b"".join(chunks.difference(read.mask, 1, 0)) == encode(undone)
    draw(read, 1, [(0, 3, [(36, 2, LIVER)])])
    assert b"".join(chunks.difference(read.mask, 1, 2)) == encode([(0, 3, [(36, 2, LIVER)])])
    assert b"".join(chunks.difference(read.mask, 2, 2)) == b""


def test_large_numbers_and_every_value(read: Assignment) -> None:
    """Positions of three bytes, and "not annotated", as a raw byte above 127."""
    draw(read, 0, [(0, 33, [(0, 1, LIVER), (1439, 1, 255)])])
    assert b"".join(chunks.difference(read.mask, 0, 1)) == encode([(0, 33, [(0, 1, LIVER), (1439, 1, 255)])])


def test_only_chunks_that_changed_are_read(read: Assignment) -> None:
    for base in range(5):
        draw(read, base, [(0, 1, [(base, 1, SPLEEN)])])
    draw(read, 5, [(0, 33, [(39, 1, SPLEEN)])])
    assert chunks.changed_between(read.mask, 0, 5) == [(0, 0)]
    assert chunks.changed_between(read.mask, 6, 5) == [(0, 5)]
    grid = chunks.grid_of(read.mask)  # reads the shape of the scan once
    assert grid.shape == SHAPE
    with CaptureQueriesContext(connection) as queries:
        list(chunks.difference(read.mask, 5, 6))
    assert len(queries) == 3  # the names, and those chunks at either end


def test_unknown_revisions(read: Assignment) -> None:
    stroke(read)
    read.mask.refresh_from_db()
    for start, end in ((0, 2), (2, 0), (-1, 1)):
        with pytest.raises(NotFound):
            chunks.difference(read.mask, start, end)


def test_gains_per_structure(read: Assignment) -> None:
    draw(read, 0, [(0, 1, [(0, 5, SPLEEN), (10, 4, KIDNEY)])])
    draw(read, 1, [(0, 1, [(0, 3, KIDNEY), (10, 1, 0)])])
    back = chunks.as_it_was(read.mask, 1)
    assert back.voxels == 4
    assert chunks.gains(read.mask, back) == [Gain(0, SPLEEN, 3, 0), Gain(0, KIDNEY, 1, 3)]
