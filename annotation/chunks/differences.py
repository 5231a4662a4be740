"""What lies between two states of masks: the chunks that changed, compared, and written as runs.

Only chunks that a revision in between stored are read, a few at a time, so that the difference of a stroke
costs what the stroke cost, however large the scan is.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotation.chunks.grid import CHUNK_BYTES, SIDE, Grid, Voxels, decompress
from annotation.chunks.rows import Applied, grid_of, read_chunks, revision_at
from annotation.chunks.runs import VARINT_BYTES, Ints
from annotation.errors import Refused
from annotation.models import Mask, MaskChunk
from annotation.regions import Region
from training.labels import IGNORE

Name: TypeAlias = tuple[int, int]  # layer, chunk index

_AT_ONCE = 256  # chunks compared at a time: 8 MiB on either side


@dataclass(frozen=True)
class Gain:
    """How many voxels one structure of one layer gained and lost."""

    layer: int
    structure: int
    added: int
    removed: int


def changed_between(mask: Mask, one: int, other: int) -> list[Name]:
    """The chunks that the revisions after the earlier and up to the later one stored, ordered."""
    stored = MaskChunk.objects.filter(mask=mask, revision__gt=min(one, other), revision__lte=max(one, other))
    return sorted(stored.values_list("layer", "chunk_index").distinct())


def difference(mask: Mask, start: int, end: int) -> Iterator[bytes]:
    """Blocks of runs (the format of a save) that turn revision `start` into `end`; 0 = the base.

    Raises NotFound, at once, for a revision that does not exist.
    """
    start, end = revision_at(mask, start), revision_at(mask, end)
    return _blocks(mask, start, end, grid_of(mask))


def as_it_was(mask: Mask, revision: int) -> Applied:
    """The chunks of the head that were different at `revision`, as they were then."""
    changed: dict[Name, Voxels] = {}
    voxels = 0
    for names in _batches(changed_between(mask, revision, mask.head)):
        then, now = _read(mask, revision, names), _read(mask, mask.head, names)
        voxels += _keep_differing(names, now, then, changed)
    return Applied(changed, voxels)


def taken_back(mask: Mask, revision: int) -> Applied:
    """What the head becomes where `revision` changed something: as it was before that revision.

    Raises Refused where a voxel of these was changed again since, as the undo of an editor never finds it.
    """
    changed: dict[Name, Voxels] = {}
    voxels = 0
    for names in _batches(changed_between(mask, revision - 1, revision)):
        before, after = _read(mask, revision - 1, names), _read(mask, revision, names)
        standing = after if revision == mask.head else _read(mask, mask.head, names)
        differs = before != after
        if np.any(standing[differs] != after[differs]):
            raise Refused(f"What revision {revision} changed was changed again since. Send the voxels.")
        voxels += _keep_differing(names, standing, np.where(differs, before, standing), changed)
    return Applied(changed, voxels)


def carried_over(branch: Mask, target: Mask) -> Applied:
    """What the head of `target` becomes where `branch` differs from its own base."""
    changed: dict[Name, Voxels] = {}
    voxels = 0
    for names in _batches(changed_between(branch, 0, branch.head)):
        before, after = _read(branch, 0, names), _read(branch, branch.head, names)
        standing = _read(target, target.head, names)
        result = np.where(before != after, after, standing)
        voxels += _keep_differing(names, standing, result, changed)
    return Applied(changed, voxels)


def taken_from(source: Mask, target: Mask, places: Mapping[int, Collection[int]]) -> Applied:
    """What the head of `target` becomes where `source` decides about the values of `places`, by layer.

    A voxel that has one of them in `source` gets it, unless another structure stands there; one that has one
    of them in `target` alone becomes background. All other voxels stay. Both masks are of one case.
    """
    names = _stored_names(source) | _stored_names(target)
    changed: dict[Name, Voxels] = {}
    voxels = 0
    for layer, values in sorted(places.items()):
        is_asked = np.isin(np.arange(256), list(values))
        is_free = np.isin(np.arange(256), [0, IGNORE, *values])
        for batch in _batches(sorted(name for name in names if name[0] == layer)):
            proposed, standing = _read(source, source.head, batch), _read(target, target.head, batch)
            emptied = np.where(is_asked[standing], np.uint8(0), standing)
            result = np.where(is_asked[proposed] & is_free[standing], proposed, emptied)
            voxels += _keep_differing(batch, standing, result, changed)
    return Applied(changed, voxels)


def clipped(mask: Mask, applied: Applied, region: Region) -> Applied:
    """Changes that were not yet appended to the mask's head, without what lies outside the region."""
    grid = grid_of(mask)
    changed: dict[Name, Voxels] = {}
    voxels = 0
    for names in _batches(sorted(applied.changed)):
        standing = _read(mask, mask.head, names)
        wanted = np.stack([applied.changed[name] for name in names])
        inside = np.stack([_inside(index, region, grid) for _, index in names])
        voxels += _keep_differing(names, standing, np.where(inside, wanted, standing), changed)
    return Applied(changed, voxels)


def _inside(index: int, region: Region, grid: Grid) -> NDArray[np.bool_]:
    """Which of a chunk's voxels lie in the region, bool (32 768,)."""
    nci, ncj, _ = grid.counts
    rest, ci = np.divmod(index, nci)
    ck, cj = np.divmod(rest, ncj)
    sides = zip((ci, cj, ck), region.start, region.stop, strict=True)
    i, j, k = (
        (first <= at) & (at < stop)
        for first, stop, at in ((low, high, np.arange(SIDE) + chunk * SIDE) for chunk, low, high in sides)
    )
    inside: NDArray[np.bool_] = k[:, None, None] & j[None, :, None] & i[None, None, :]
    return inside.ravel()


def _stored_names(mask: Mask) -> set[Name]:
    """Every chunk that the mask or one that it derives from has stored."""
    return {(row.layer, row.index) for row in read_chunks(mask)}


def gains(mask: Mask, applied: Applied) -> list[Gain]:
    """What changes that were not yet appended to the mask's head give to and take from each structure."""
    added: dict[int, Ints] = {}
    removed: dict[int, Ints] = {}
    for names in _batches(sorted(applied.changed)):
        standing = _read(mask, mask.head, names)
        for (layer, index), before in zip(names, standing, strict=True):
            after = applied.changed[layer, index]
            differs = before != after
            added.setdefault(layer, np.zeros(256, np.int64))
            removed.setdefault(layer, np.zeros(256, np.int64))
            added[layer] += np.bincount(after[differs], minlength=256)
            removed[layer] += np.bincount(before[differs], minlength=256)
    return [
        Gain(layer, value, int(added[layer][value]), int(removed[layer][value]))
        for layer in sorted(added)
        for value in range(1, 255)
        if added[layer][value] or removed[layer][value]
    ]


def _batches(names: Sequence[Name]) -> Iterator[Sequence[Name]]:
    for first in range(0, len(names), _AT_ONCE):
        yield names[first : first + _AT_ONCE]


def _read(mask: Mask, revision: int, names: Sequence[Name]) -> Voxels:
    """The named chunks at a revision, (chunk, 32 768), zeros where nothing was ever stored."""
    row_of = {name: row for row, name in enumerate(names)}
    voxels = np.zeros((len(names), CHUNK_BYTES), np.uint8)
    for found in read_chunks(mask, revision, only=names):
        voxels[row_of[found.layer, found.index]] = decompress(found.data)
    return voxels


def _keep_differing(names: Sequence[Name], before: Voxels, after: Voxels, changed: dict[Name, Voxels]) -> int:
    """Note the chunks that really differ; returns how many voxels do."""
    differing = np.count_nonzero(before != after, axis=1)
    changed.update({names[row]: after[row].copy() for row in np.flatnonzero(differing).tolist()})
    return int(differing.sum())


# ── As runs ──────────────────────────────────────────────────────────────────


def _blocks(mask: Mask, start: int, end: int, grid: Grid) -> Iterator[bytes]:
    nci, ncj, _ = grid.counts
    names = changed_between(mask, start, end)
    # One storey of chunks at a time: each slice is complete before its block is written.
    for (layer, _), storey in groupby(names, lambda name: (name[0], name[1] // (nci * ncj))):
        keys: list[Ints] = []
        values: list[NDArray[np.uint8]] = []
        for batch in _batches(list(storey)):
            before, after = _read(mask, start, batch), _read(mask, end, batch)
            row, offset = np.nonzero(before != after)
            index = np.array([index for _, index in batch])[row]
            keys.append(_flat(index, offset, grid))
            values.append(after[row, offset])
        yield encode_runs(layer, np.concatenate(keys), np.concatenate(values), grid)


def _flat(chunk: Ints, offset: Ints, grid: Grid) -> Ints:
    """i + ni·(j + nj·k) of voxels at offsets of chunks."""
    nci, ncj, _ = grid.counts
    ni, nj, _ = grid.shape
    rest, ci = np.divmod(chunk, nci)
    ck, cj = np.divmod(rest, ncj)
    i = (ci << 5) | (offset & 31)
    j = (cj << 5) | (offset >> 5 & 31)
    k = (ck << 5) | (offset >> 10)
    return np.asarray(i + ni * (j + nj * k))


def encode_runs(layer: int, flat: Ints, value: NDArray[np.uint8], grid: Grid) -> bytes:
    """Voxels at `flat` = i + ni·(j + nj·k) that get a value each, as a save writes it: a block per slice."""
    if len(flat) == 0:
        return b""
    order = np.argsort(flat)
    flat, value = flat[order], value[order]
    area = grid.shape[0] * grid.shape[1]
    slice_of = flat // area
    breaks = (np.diff(flat) != 1) | (np.diff(value.astype(np.int16)) != 0) | (np.diff(slice_of) != 0)
    first = np.flatnonzero(np.concatenate(([True], breaks)))
    length = np.diff(np.append(first, len(flat)))
    start, k = flat[first] % area, slice_of[first]
    new_slice = np.concatenate(([True], np.diff(k) != 0))
    gap = start.copy()
    gap[1:] -= np.where(new_slice[1:], 0, start[:-1] + length[:-1])
    return _write(layer, k, new_slice, np.stack([gap, length, value[first]], axis=1))


def _write(layer: int, k: Ints, new_slice: NDArray[np.bool_], runs: Ints) -> bytes:
    """Numbers in the order of the stream, a header of three before the first run of each slice, as bytes."""
    head = np.flatnonzero(new_slice)
    count = np.diff(np.append(head, len(k)))
    headers = np.stack([np.full(len(head), layer), k[head], count], axis=1)
    rows = np.insert(runs, head, headers, axis=0)
    is_value = np.zeros(rows.shape, np.bool_)
    is_value[:, 2] = True
    is_value[head + np.arange(len(head)), 2] = False
    return _varints(rows.ravel(), is_value.ravel())


def _varints(numbers: Ints, plain: NDArray[np.bool_]) -> bytes:
    """Unsigned LEB128 of each number; one byte as it is where `plain`."""
    sizes = np.ones(len(numbers), np.int64)
    for byte in range(1, VARINT_BYTES):
        sizes += ~plain & (numbers >= 1 << 7 * byte)
    ends = np.cumsum(sizes)
    stream = np.empty(int(ends[-1]), np.uint8)
    for byte in range(VARINT_BYTES):
        here = np.flatnonzero(sizes > byte)
        more = np.where(sizes[here] > byte + 1, 0x80, 0)
        part = np.where(plain[here], numbers[here], numbers[here] >> 7 * byte & 0x7F)
        stream[ends[here] - sizes[here] + byte] = part | more
    return stream.tobytes()
