"""Masks as bytes: 32³ chunks in rows, read along the base chain, changed by runs."""

from annotation.chunks.differences import (
    Gain,
    as_it_was,
    carried_over,
    changed_between,
    clipped,
    difference,
    encode_runs,
    gains,
    taken_back,
    taken_from,
)
from annotation.chunks.edits import MOST_GZIP_BYTES, MOST_PLAIN_BYTES, decode_edits
from annotation.chunks.grid import CHUNK_BYTES, SIDE, Grid, compress, decompress
from annotation.chunks.rows import (
    Applied,
    ChunkRow,
    append,
    apply,
    differs_from_base,
    grid_of,
    layer_count,
    read_chunks,
    read_layers,
    revision_at,
    values_of,
    write_labels,
)
from annotation.chunks.runs import Edits
from annotation.chunks.shown import count_shown, shown_in

__all__ = [
    "CHUNK_BYTES",
    "MOST_GZIP_BYTES",
    "MOST_PLAIN_BYTES",
    "SIDE",
    "Applied",
    "ChunkRow",
    "Edits",
    "Gain",
    "Grid",
    "append",
    "apply",
    "as_it_was",
    "carried_over",
    "changed_between",
    "clipped",
    "compress",
    "count_shown",
    "decode_edits",
    "decompress",
    "difference",
    "differs_from_base",
    "encode_runs",
    "gains",
    "grid_of",
    "layer_count",
    "read_chunks",
    "read_layers",
    "revision_at",
    "shown_in",
    "taken_back",
    "taken_from",
    "values_of",
    "write_labels",
]
