"""Chunks in the database: read along the base chain with one query, appended with a chained checksum."""

import hashlib
import struct
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection
from django.db.models import Max

from annotation.chunks.grid import CHUNK_BYTES, Grid, Voxels, compress, decompress
from annotation.chunks.runs import Edits
from annotation.errors import Conflict, NotFound
from annotation.models import Mask, MaskChunk, Revision, RevisionKind, SchemaStructure
from annotation.prepared import Prepared
from training.labels import IGNORE

# Nearest mask of the chain first, there the newest revision: that is the chunk in force.
_ALL = """
WITH RECURSIVE chain AS (
    SELECT id, base_id, base_revision, %s::bigint AS upto, 0 AS depth FROM annotation_mask WHERE id = %s
    UNION ALL
    SELECT m.id, m.base_id, m.base_revision, c.base_revision::bigint, c.depth + 1
    FROM annotation_mask m JOIN chain c ON m.id = c.base_id
)
SELECT DISTINCT ON (k.layer, k.chunk_index) k.layer, k.chunk_index, k.data
FROM chain c JOIN annotation_maskchunk k ON k.mask_id = c.id AND k.revision <= c.upto
ORDER BY k.layer, k.chunk_index, c.depth, k.revision DESC
"""
_SOME = """
WITH RECURSIVE chain AS (
    SELECT id, base_id, base_revision, %s::bigint AS upto, 0 AS depth FROM annotation_mask WHERE id = %s
    UNION ALL
    SELECT m.id, m.base_id, m.base_revision, c.base_revision::bigint, c.depth + 1
    FROM annotation_mask m JOIN chain c ON m.id = c.base_id
)
SELECT w.layer, w.chunk_index, f.data
FROM unnest(%s::int[], %s::int[]) AS w(layer, chunk_index)
CROSS JOIN LATERAL (
    SELECT k.data FROM chain c JOIN annotation_maskchunk k
        ON k.mask_id = c.id AND k.layer = w.layer AND k.chunk_index = w.chunk_index AND k.revision <= c.upto
    ORDER BY c.depth, k.revision DESC LIMIT 1
) AS f
ORDER BY w.layer, w.chunk_index
"""


@dataclass(frozen=True)
class ChunkRow:
    """One chunk in force: `data` is its zstd frame as it lies in the table."""

    layer: int
    index: int
    data: bytes


@dataclass(frozen=True)
class Applied:
    """The chunks that edits really changed, by (layer, chunk index), and how many voxels differ."""

    changed: dict[tuple[int, int], Voxels]
    voxels: int


def grid_of(mask: Mask) -> Grid:
    return Grid.over(mask.case.volume.shape)


def layer_count(project_id: int) -> int:
    """Layers of the project's schema; at least one."""
    top = SchemaStructure.objects.filter(schema__project=project_id).aggregate(top=Max("layer"))["top"]
    return 1 + (top or 0)


def values_of(project_id: int) -> dict[int, set[int]]:
    """What a reader may write on each layer: background, structures, "not annotated" (undo restores it)."""
    values: dict[int, set[int]] = {}
    for layer, value in _VALUES.columns(project=project_id):
        values.setdefault(layer, {0, IGNORE}).add(value)
    return values


_VALUES = Prepared(
    SchemaStructure,
    lambda project: SchemaStructure.objects.filter(schema__project=project).values_list("layer", "value"),
    project=int,
)


def revision_at(mask: Mask, number: int | None) -> int:
    """`number` if the mask has that revision (0 = as its base left it), its head for None."""
    if number is None:
        return mask.head
    if not 0 <= number <= mask.head:
        raise NotFound(f"This mask has no revision {number}; its newest is {mask.head}.")
    return number


def read_chunks(
    mask: Mask, revision: int | None = None, *, only: Iterable[tuple[int, int]] | None = None
) -> list[ChunkRow]:
    """The chunks in force at `revision` (default: the head), ordered by layer and index.

    `only` limits the answer to those (layer, index). Chunks never written in the chain are absent: all 0.
    """
    parameters: list[int | list[int]] = [revision_at(mask, revision), mask.pk]
    query = _ALL
    if only is not None:
        wanted = list(only)
        parameters += [[layer for layer, _ in wanted], [index for _, index in wanted]]
        query = _SOME
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [ChunkRow(layer, index, bytes(data)) for layer, index, data in cursor.fetchall()]


def read_layers(mask: Mask, revision: int | None = None) -> Voxels:
    """The whole mask at `revision` as uint8 (layer, i, j, k)."""
    grid = grid_of(mask)
    labels = np.zeros((layer_count(mask.case.project_id), *grid.shape), np.uint8, order="F")
    for row in read_chunks(mask, revision):
        grid.place(labels[row.layer], row.index, decompress(row.data))
    return labels


def apply(mask: Mask, edits: Edits) -> Applied:
    """What `edits` make of the mask's head: loads only the chunks they touch, writes nothing."""
    grid = grid_of(mask)
    keys = _touched(edits, grid)
    row_of = np.full(int(keys.max()) + 1, -1)
    row_of[keys] = np.arange(len(keys))
    names = [(int(key) // grid.size, int(key) % grid.size) for key in keys]
    before = np.zeros((len(keys), CHUNK_BYTES), np.uint8)
    for row in read_chunks(mask, only=names):
        before[row_of[row.layer * grid.size + row.index]] = decompress(row.data)
    after = before.copy()
    flat = after.reshape(-1)
    for layer, k, position, value in edits.batches():
        chunk, offset = grid.address(position, k)
        # An index that occurs twice keeps its last value: later runs override earlier ones.
        flat[row_of[layer * grid.size + chunk] * CHUNK_BYTES + offset] = value
    differing = np.count_nonzero(before != after, axis=1)
    changed = {names[row]: after[row] for row in np.flatnonzero(differing)}
    return Applied(changed=changed, voxels=int(differing.sum()))


def _touched(edits: Edits, grid: Grid) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Sorted layer · grid.size + chunk index of every chunk that a run enters."""
    flags = np.zeros((int(edits.layer.max()) + 1) * grid.size, np.bool_)
    for layer, k, position, _ in edits.batches():
        chunk, _offset = grid.address(position, k)
        flags[layer * grid.size + chunk] = True
    return np.flatnonzero(flags)


def append(
    *,
    mask: Mask,
    kind: RevisionKind,
    key: uuid.UUID,
    base: int,
    changed: Mapping[tuple[int, int], Voxels],
    author: AbstractBaseUser | None = None,
    voxels_changed: int = 0,
    bytes_received: int = 0,
) -> Revision:
    """Add revision `base` + 1 with its chunks and move the head; inside the caller's transaction.

    `author` is by default the mask's own.
    Raises Conflict(head=…) when `base` is no longer the head.
    """
    number = base + 1
    moved = Mask.objects.filter(pk=mask.pk, head=base).update(head=number)
    if not moved:
        head = Mask.objects.values_list("head", flat=True).get(pk=mask.pk)
        raise Conflict(f"This mask is at revision {head} by now, not {base}. Load it again.", head=head)
    ordered = sorted(changed.items())
    revision = Revision.objects.create(
        mask=mask,
        number=number,
        kind=kind,
        key=key,
        author_id=author.pk if author is not None else mask.author_id,
        sha256=_chained(_parent_sha256(mask, base), ordered),
        chunk_count=len(ordered),
        voxels_changed=voxels_changed,
        bytes_received=bytes_received,
    )
    _insert_chunks(mask, number, ordered)
    mask.head = number
    return revision


def _insert_chunks(mask: Mask, number: int, ordered: list[tuple[tuple[int, int], Voxels]]) -> None:
    MaskChunk.objects.bulk_create(
        [
            MaskChunk(mask=mask, layer=layer, chunk_index=index, revision=number, data=compress(voxels))
            for (layer, index), voxels in ordered
        ],
        batch_size=500,
    )


def _parent_sha256(mask: Mask, base: int) -> str:
    """Of the revision before; the first revision of a derived mask continues its base's chain."""
    parent, number = (mask.pk, base) if base else (mask.base_id, mask.base_revision)
    if parent is None:
        return ""
    ((sha256,),) = _SHA256.columns(mask=parent, number=number)
    return str(sha256)


_SHA256 = Prepared(
    Revision,
    lambda mask, number: Revision.objects.filter(mask=mask, number=number).values_list("sha256"),
    mask=int,
    number=int,
)


def _chained(parent: str, ordered: list[tuple[tuple[int, int], Voxels]]) -> str:
    digest = hashlib.sha256(parent.encode("ascii"))
    for (layer, index), voxels in ordered:
        digest.update(struct.pack("<II", layer, index))
        digest.update(voxels.tobytes())
    return digest.hexdigest()


def write_labels(
    *,
    mask: Mask,
    labels: Voxels,
    kind: RevisionKind,
    key: uuid.UUID | None = None,
    author: AbstractBaseUser | None = None,
) -> Revision:
    """Make the mask equal `labels` (layer, i, j, k) with one new revision of the chunks that differ."""
    grid = grid_of(mask)
    standing = {(row.layer, row.index): row.data for row in read_chunks(mask)}
    changed: dict[tuple[int, int], Voxels] = {}
    voxels = 0
    nothing = np.zeros(CHUNK_BYTES, np.uint8)
    for layer, of_layer in enumerate(labels):
        for index, chunk in enumerate(grid.cut(of_layer)):
            frame = standing.get((layer, index))
            differing = np.count_nonzero(chunk != (nothing if frame is None else decompress(frame)))
            if differing:
                changed[layer, index] = chunk
                voxels += int(differing)
    return append(
        mask=mask,
        kind=kind,
        key=key or uuid.uuid4(),
        base=mask.head,
        changed=changed,
        author=author,
        voxels_changed=voxels,
    )


def differs_from_base(mask: Mask) -> bool:
    """Whether the mask at its head has any voxel that its base, at `base_revision`, has not."""
    names = MaskChunk.objects.filter(mask=mask).values_list("layer", "chunk_index").distinct()
    own = list(names)
    if not own:
        return False
    before: dict[tuple[int, int], bytes] = {}
    if mask.base is not None:
        rows = read_chunks(mask.base, mask.base_revision, only=own)
        before = {(row.layer, row.index): row.data for row in rows}
    nothing = np.zeros(CHUNK_BYTES, np.uint8)
    for row in read_chunks(mask, only=own):
        frame = before.get((row.layer, row.index))
        if np.any(decompress(row.data) != (nothing if frame is None else decompress(frame))):
            return True
    return False
