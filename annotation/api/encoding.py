"""Content encodings of bytes that are large: what the client takes, and how the bytes get there."""

import gzip
import zlib
from collections.abc import Iterable
from typing import Literal

import zstandard

Encoding = Literal["zstd", "gzip", "identity"]
ZSTD_LEVEL = 1  # runs of equal voxels shrink to nothing at any level
GZIP_LEVEL = 1


def accepted(header: str) -> Encoding:
    """The best encoding of an Accept-Encoding header: zstd, else gzip, else the plain bytes."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weights[name] = _weight(parameters)
    anything = weights.get("*", 0.0)
    if weights.get("zstd", anything) > 0:
        return "zstd"
    if weights.get("gzip", anything) > 0:
        return "gzip"
    return "identity"


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def encode(parts: Iterable[bytes], encoding: Encoding) -> bytes:
    """Join parts under an encoding, without ever holding all of them plain."""
    if encoding == "identity":
        return b"".join(parts)
    packer = (
        zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
        if encoding == "zstd"
        else zlib.compressobj(GZIP_LEVEL, wbits=31)
    )
    return b"".join(packer.compress(part) for part in parts) + packer.flush()


def from_zstd(frame: bytes, encoding: Encoding) -> bytes:
    """A stored zstd frame in the encoding that the client takes."""
    if encoding == "zstd":
        return frame
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(frame)
    return gzip.compress(plain, GZIP_LEVEL) if encoding == "gzip" else plain
