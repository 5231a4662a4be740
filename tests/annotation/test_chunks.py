import gzip
import hashlib
import random
import struct
import uuid

import numpy as np
import pytest
from django.db import connection
from django.db.utils import InternalError
from django.test.utils import CaptureQueriesContext

from annotation import chunks
from annotation.chunks import Edits, Grid, decode_edits
from annotation.chunks.grid import Voxels
from annotation.errors import Conflict, NotFound, Refused, TooLarge
from annotation.models import Case, Mask, MaskChunk, MaskKind, Project, RevisionKind
from tests.annotation.factories import (
    KIDNEY,
    LIVER,
    SHAPE,
    SPLEEN,
    Block,
    box,
    encode,
    make_case,
    make_model,
    make_prediction,
    pack,
)

GRID = Grid(SHAPE)
VALUES = {0: {0, 1, 2, 3}, 1: {0, 200}}


def decode(body: bytes) -> Edits:
    return decode_edits(body, grid=GRID, values=VALUES)


def rows(edits: Edits) -> list[tuple[int, ...]]:
    columns = (edits.layer, edits.k, edits.start, edits.length, edits.value)
    return [tuple(int(x) for x in row) for row in zip(*columns, strict=True)]


# The same bytes stand in frontend/src/voxels/edits.test.ts.
GOLDEN: list[tuple[str, list[Block]]] = [
    ("00 03 02 05 02 07 ac 02 01 00", [(0, 3, [(5, 2, 7), (307, 1, 0)])]),
    (
        "00 00 01 00 01 ff 01 81 01 01 80 80 01 80 01 01",
        [(0, 0, [(0, 1, 255)]), (1, 129, [(16384, 128, 1)])],
    ),
    ("02 0a 02 04 03 01 00 03 02", [(2, 10, [(4, 3, 1), (7, 3, 2)])]),
]


class TestFormat:
    @pytest.mark.parametrize(("plain", "blocks"), GOLDEN)
    def test_golden_bytes(self, plain: str, blocks: list[Block]) -> None:
        assert encode(blocks) == bytes.fromhex(plain)
        expected = [(layer, k, *run) for layer, k, runs in blocks for run in runs]
        body = gzip.compress(bytes.fromhex(plain))
        every = dict.fromkeys(range(3), range(256))
        assert rows(decode_edits(body, grid=Grid((256, 256, 130)), values=every)) == expected

    def test_many_random_blocks_come_back(self) -> None:
        rng = random.Random(3)
        blocks: list[Block] = []
        for _ in range(200):
            cuts = sorted(rng.sample(range(SHAPE[0] * SHAPE[1] + 1), 2 * rng.randint(1, 20)))
            layer = rng.randint(0, 1)
            runs = [
                (a, b - a, rng.choice(sorted(VALUES[layer])))
                for a, b in zip(cuts[::2], cuts[1::2], strict=True)
            ]
            blocks.append((layer, rng.randrange(SHAPE[2]), runs))
        expected = [(layer, k, *run) for layer, k, runs in blocks for run in runs]
        assert rows(decode(pack(blocks))) == expected

    @pytest.mark.parametrize(
        ("plain", "says"),
        [
            ("", "empty"),
            ("000000", "empty"),
            ("00", "middle of a number"),
            ("0000", "middle of a number"),
            ("000001", "middle of a run"),
            ("00000100", "middle of a run"),
            ("0000010001", "middle of a run"),
            ("000002000101", "middle of a run"),
            ("0000018080", "middle of a run"),
            ("808080808000", "longer than five"),
            ("000001808080808000" + "0101", "longer than five"),
            ("000001000001", "length 0"),
            ("000001000104", "Value 4"),
            ("0000010001ff", "Value 255"),
            ("010001000101", "Value 1 is not a structure of layer 1"),
            ("020001000101", "layer 2"),
            ("002201000101", "slice 34"),
            ("000001" + "9f0b" + "02" + "01", "leaves its slice"),
            ("000001" + "ffffffff7f" + "ffffffff7f" + "01", "leaves its slice"),
            ("0000" + "a10b" + "000101", "announce 1441 runs"),
        ],
    )
    def test_what_is_not_the_format_is_refused(self, plain: str, says: str) -> None:
        with pytest.raises(Refused, match=says):
            decode(gzip.compress(bytes.fromhex(plain)))

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"", "end in the middle of their gzip"),
            (b"no gzip", "not a gzip stream"),
            (gzip.compress(b"\0" * 100, mtime=0)[:-9], "end in the middle of their gzip"),
            (gzip.compress(bytes.fromhex("000001000101"), mtime=0) + b"more", "behind the gzip"),
        ],
    )
    def test_a_damaged_gzip_is_refused(self, body: bytes, says: str) -> None:
        with pytest.raises(Refused, match=says):
            decode(body)

    def test_damaged_edits_are_decoded_within_the_scan_or_refused(self) -> None:
        rng = random.Random(7)
        sound = encode([(0, 3, [(3, 4, 2), (13, 1, 0)]), (1, 33, [(300, 128, 200), (900, 500, 0)])])
        outcomes = {"decoded": 0, "refused": 0}
        for _ in range(3000):
            damaged = bytearray(sound)
            for _ in range(rng.randint(1, 3)):
                damaged[rng.randrange(len(damaged))] = rng.choice([0, 1, 2, 3, 0x7F, 0x80, 0xFF])
            try:
                edits = decode(gzip.compress(bytes(damaged), 1))
            except Refused:
                outcomes["refused"] += 1
                continue
            outcomes["decoded"] += 1
            assert int((edits.start + edits.length).max()) <= SHAPE[0] * SHAPE[1]
            assert int(edits.k.max()) < SHAPE[2]
        assert min(outcomes.values()) > 100

    def test_a_bomb_does_not_unpack(self) -> None:
        bomb = gzip.compress(b"\0" * (64 * 2**20))
        assert len(bomb) < chunks.MOST_GZIP_BYTES
        with pytest.raises(TooLarge, match="unpack to more"):
            decode(bomb)

    def test_too_many_bytes_are_not_even_unpacked(self) -> None:
        with pytest.raises(TooLarge, match="larger than"):
            decode(b"\x1f\x8b" + b"\0" * chunks.MOST_GZIP_BYTES)

    def test_repainting_the_scan_over_and_over_is_too_large(self) -> None:
        whole: Block = (0, 0, [(0, SHAPE[0] * SHAPE[1], 1)])
        with pytest.raises(TooLarge, match="repaint"):
            decode(pack([whole] * (2 * SHAPE[2] + 3000)))


class TestGrid:
    def test_address_counts_i_fastest(self) -> None:
        position = np.array([0, 1, 32, 40, 33 + 40 * 35])
        chunk, offset = GRID.address(position, np.array([0, 0, 0, 31, 33]))
        assert chunk.tolist() == [0, 0, 1, 0, 1 + 2 * (1 + 2 * 1)]
        assert offset.tolist() == [0, 1, 0, 32 + 31 * 1024, 1 + 3 * 32 + 1 * 1024]

    def test_cut_and_place_are_inverse(self) -> None:
        labels = np.random.default_rng(1).integers(0, 4, SHAPE, np.uint8)
        again = np.zeros_like(labels)
        pieces = GRID.cut(labels)
        assert pieces.shape == (8, 32768)
        for index, chunk in enumerate(pieces):
            GRID.place(again, index, chunk)
        assert np.array_equal(labels, again)
        assert pieces[1][0] == labels[32, 0, 0]
        assert pieces[4][0] == labels[0, 0, 32]
        assert pieces[1].sum() == labels[32:, :32, :32].sum()

    def test_labels_of_another_shape_are_refused(self) -> None:
        with pytest.raises(Refused, match="shape"):
            GRID.cut(np.zeros((4, 4, 4), np.uint8))


def paint(labels: Voxels, blocks: list[Block]) -> Voxels:
    """The obvious implementation that `apply` must equal."""
    painted = labels.copy()
    for layer, k, runs in blocks:
        flat = painted[layer, :, :, k].ravel(order="F")
        for start, length, value in runs:
            flat[start : start + length] = value
        painted[layer, :, :, k] = flat.reshape(painted.shape[1:3], order="F")
    return painted


def reader_mask(case: Case, project: Project, base: Mask | None = None) -> Mask:
    author = project.memberships.first()
    assert author is not None
    return Mask.objects.create(
        case=case,
        kind=MaskKind.READER,
        author=author.user,
        base=base,
        base_revision=base.head if base is not None else 0,
    )


def save(mask: Mask, blocks: list[Block]) -> chunks.Applied:
    values = chunks.values_of(mask.case.project_id)
    applied = chunks.apply(mask, decode_edits(pack(blocks), grid=chunks.grid_of(mask), values=values))
    chunks.append(
        mask=mask, kind=RevisionKind.AUTOSAVE, key=uuid.uuid4(), base=mask.head, changed=applied.changed
    )
    return applied


@pytest.fixture
def mask(project: Project) -> Mask:
    """A reader's mask over a prediction with a box of liver."""
    case = make_case(project)
    prediction = make_prediction(case, make_model(project))
    return reader_mask(case, project, prediction.mask)


class TestRows:
    def test_an_untouched_mask_is_its_base(self, mask: Mask) -> None:
        assert np.array_equal(chunks.read_layers(mask), box())

    def test_every_revision_stays_readable(self, mask: Mask) -> None:
        first: list[Block] = [(0, 31, [(30 + 40 * 30, 3, SPLEEN)])]
        second: list[Block] = [(0, 31, [(28 + 40 * 29, 90, 0)]), (0, 5, [(0, 40, KIDNEY)])]
        save(mask, first)
        save(mask, second)
        after_first = paint(box(), first)
        assert np.array_equal(chunks.read_layers(mask, 0), box())
        assert np.array_equal(chunks.read_layers(mask, 1), after_first)
        assert np.array_equal(chunks.read_layers(mask, 2), paint(after_first, second))
        assert np.array_equal(chunks.read_layers(mask), chunks.read_layers(mask, 2))

    def test_random_edits_equal_the_obvious_implementation(self, mask: Mask) -> None:
        rng = random.Random(11)
        expected = box()
        for _ in range(15):
            blocks: list[Block] = []
            for _ in range(rng.randint(1, 6)):
                cuts = sorted(rng.sample(range(SHAPE[0] * SHAPE[1] + 1), 2 * rng.randint(1, 8)))
                runs = [(a, b - a, rng.randint(0, 3)) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
                blocks.append((0, rng.choice([0, 31, 32, 33]), runs))
            applied = save(mask, blocks)
            painted = paint(expected, blocks)
            assert applied.voxels == np.count_nonzero(painted != expected)
            expected = painted
            assert np.array_equal(chunks.read_layers(mask), expected)

    def test_a_later_block_overrides_an_earlier_one(self, mask: Mask) -> None:
        save(mask, [(0, 2, [(0, 10, LIVER)]), (0, 2, [(4, 2, SPLEEN)]), (0, 2, [(5, 1, 0)])])
        assert chunks.read_layers(mask)[0, :11, 0, 2].tolist() == [1, 1, 1, 1, 2, 0, 1, 1, 1, 1, 0]

    def test_only_chunks_that_really_changed_are_written(self, mask: Mask) -> None:
        # The first run repeats what the prediction has; the second changes one voxel of the first chunk.
        applied = save(mask, [(0, 31, [(32 + 40 * 32, 3, LIVER)]), (0, 0, [(0, 1, LIVER)])])
        assert list(applied.changed) == [(0, 0)]
        assert applied.voxels == 1
        assert MaskChunk.objects.filter(mask=mask).count() == 1

    def test_erasing_hides_the_prediction(self, mask: Mask) -> None:
        whole = SHAPE[0] * SHAPE[1]
        save(mask, [(0, k, [(0, whole, 0)]) for k in range(SHAPE[2])])
        assert not chunks.read_layers(mask).any()

    def test_three_masks_deep_in_one_query(self, mask: Mask, project: Project) -> None:
        save(mask, [(0, 0, [(0, 4, SPLEEN)])])
        review = reader_mask(mask.case, project, mask)
        save(review, [(0, 0, [(1, 1, KIDNEY)])])
        save(mask, [(0, 0, [(0, 4, 0)])])  # later than what the review began from
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = chunks.read_chunks(review)
        assert len(queries) == 1
        assert [(row.layer, row.index) for row in found] == sorted((row.layer, row.index) for row in found)
        layers = chunks.read_layers(review)
        assert layers[0, :5, 0, 0].tolist() == [2, 3, 2, 2, 0]
        assert np.array_equal(layers[0, :, 1:], box()[0, :, 1:])

    def test_only_some_chunks(self, mask: Mask) -> None:
        save(mask, [(0, 0, [(0, 4, SPLEEN)])])
        every = {(row.layer, row.index): row.data for row in chunks.read_chunks(mask)}
        wanted = [(0, 0), (0, 7), (3, 1)]
        some = {(row.layer, row.index): row.data for row in chunks.read_chunks(mask, only=wanted)}
        assert some == {name: every[name] for name in wanted if name in every}
        assert (0, 0) in some
        assert (3, 1) not in some

    def test_there_is_no_later_revision(self, mask: Mask) -> None:
        with pytest.raises(NotFound, match="no revision 1"):
            chunks.read_chunks(mask, 1)

    def test_a_stale_base_is_a_conflict(self, mask: Mask) -> None:
        save(mask, [(0, 0, [(0, 4, SPLEEN)])])
        with pytest.raises(Conflict) as conflict:
            chunks.append(mask=mask, kind=RevisionKind.AUTOSAVE, key=uuid.uuid4(), base=0, changed={})
        assert conflict.value.extra == {"head": 1}

    def test_the_checksum_chains_over_parent_and_chunks(self, mask: Mask) -> None:
        assert mask.base is not None
        prediction = mask.base.revisions.get()
        applied = save(mask, [(0, 0, [(0, 4, SPLEEN)])])
        expected = hashlib.sha256(prediction.sha256.encode())
        expected.update(struct.pack("<II", 0, 0) + applied.changed[0, 0].tobytes())
        first = mask.revisions.get(number=1)
        assert first.sha256 == expected.hexdigest()
        save(mask, [(0, 0, [(0, 4, SPLEEN)])])
        assert mask.revisions.get(number=2).sha256 == hashlib.sha256(first.sha256.encode()).hexdigest()

    def test_rows_cannot_be_changed(self, mask: Mask) -> None:
        save(mask, [(0, 0, [(0, 4, SPLEEN)])])
        with pytest.raises(InternalError, match="Cannot update"):
            MaskChunk.objects.filter(mask=mask).update(revision=9)

    def test_labels_are_written_as_one_revision(self, mask: Mask) -> None:
        labels = np.random.default_rng(2).integers(0, 4, (1, *SHAPE), np.uint8)
        revision = chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.IMPORT)
        assert (revision.number, revision.chunk_count) == (1, 8)
        assert revision.voxels_changed == np.count_nonzero(labels != box())
        assert np.array_equal(chunks.read_layers(mask), labels)
        assert chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.IMPORT).chunk_count == 0

    def test_a_mask_painted_back_does_not_differ_from_its_base(self, mask: Mask) -> None:
        assert not chunks.differs_from_base(mask)
        save(mask, [(0, 0, [(0, 4, SPLEEN)])])
        assert chunks.differs_from_base(mask)
        save(mask, [(0, 0, [(0, 4, 0)])])
        assert not chunks.differs_from_base(mask)


def test_edits_of_more_voxels_than_one_batch(project: Project) -> None:
    shape = (256, 256, 70)
    mask = reader_mask(make_case(project, shape=shape), project)
    whole: list[Block] = [(0, k, [(0, 256 * 256, 1 + k % 3)]) for k in range(70)]
    applied = save(mask, whole)
    assert applied.voxels == 256 * 256 * 70
    layers = chunks.read_layers(mask)
    assert layers[0].min(axis=(0, 1)).tolist() == layers[0].max(axis=(0, 1)).tolist()
    assert layers[0, 0, 0].tolist() == [1 + k % 3 for k in range(70)]
