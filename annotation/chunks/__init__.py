"""Masks as bytes: 32³ chunks in rows, read along the base chain, changed by runs."""

from annotation.chunks.edits import MOST_GZIP_BYTES, MOST_PLAIN_BYTES, Edits, decode_edits
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

__all__ = [
    "CHUNK_BYTES",
    "MOST_GZIP_BYTES",
    "MOST_PLAIN_BYTES",
    "SIDE",
    "Applied",
    "ChunkRow",
    "Edits",
    "Grid",
    "append",
    "apply",
    "compress",
    "decode_edits",
    "decompress",
    "differs_from_base",
    "grid_of",
    "layer_count",
    "read_chunks",
    "read_layers",
    "revision_at",
    "values_of",
    "write_labels",
]
