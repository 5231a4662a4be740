"""Pictures for people (PNG, JPEG): checked part by part and put together anew from what draws the picture.

Nothing is decoded but the frame of each format, and everything else is left out: comments, camera data,
thumbnails, colour profiles, and whatever lies behind the end. So a picture carries no names and no place, and
no second file within the first.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from annotation.errors import Refused, TooLarge

MOST_BYTES = 4 * 2**20
MOST_SIDE = 4096

_PNG = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by PNG colour type
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# Adam7: first column, first row, then the steps between columns and rows of each pass.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_JPEG = b"\xff\xd8"
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive: what browsers show
_TABLES = (0xDB, 0xC4, 0xDD)
_RESTARTS = range(0xD0, 0xD8)


@dataclass(frozen=True)
class Picture:
    data: bytes
    media_type: str
    width: int
    height: int


def clean_picture(data: bytes) -> Picture:
    """The same picture without anything else in the file. Raises Refused or TooLarge with a sentence."""
    if len(data) > MOST_BYTES:
        raise TooLarge(f"The picture has {len(data)} bytes; at most {MOST_BYTES} are taken.")
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(_JPEG):
        return _jpeg(data)
    raise Refused("This is neither a PNG nor a JPEG picture. Save it as one of these and try again.")


def _check_size(width: int, height: int) -> None:
    if not (width and height):
        raise Refused("The picture has no pixels.")
    if max(width, height) > MOST_SIDE:
        raise TooLarge(f"The picture is {width} × {height} pixels; at most {MOST_SIDE} a side are taken.")


# ── PNG ──────────────────────────────────────────────────────────────────────


def _png(data: bytes) -> Picture:
    header, kept, pixels = b"", dict[bytes, bytes](), []
    for name, body in _png_chunks(data):
        if name == b"IHDR":
            header = body
        elif name == b"IDAT":
            pixels.append(body)
        elif name in (b"PLTE", b"tRNS"):
            kept[name] = body
        elif name[:1].isupper() and name != b"IEND":
            raise Refused("The PNG picture has parts of an unknown kind. Save it anew and try again.")
    width, height, depth, colour, interlaced = _png_header(header)
    if len(kept.get(b"PLTE", b"")) not in range(3 if colour == 3 else 0, 769, 3):
        raise Refused("The palette of the PNG picture is damaged.")
    stream = b"".join(pixels)
    _check_pixels(stream, _rows(width, height, depth * _SAMPLES[colour], interlaced))
    parts = [(b"IHDR", header), *sorted(kept.items()), (b"IDAT", stream), (b"IEND", b"")]
    return Picture(_PNG + b"".join(_png_chunk(*part) for part in parts), "image/png", width, height)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, first = len(_PNG), True
    while True:
        if at + 12 > len(data):
            raise Refused("The PNG picture is cut off.")
        size = int.from_bytes(data[at : at + 4], "big")
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        check = data[at + 8 + size : at + 12 + size]
        if check != struct.pack(">I", zlib.crc32(name + body)):
            raise Refused("The PNG picture is damaged or cut off.")
        if first != (name == b"IHDR"):
            raise Refused("The PNG picture does not begin with its one header.")
        yield name, body
        if name == b"IEND":
            return
        at, first = at + 12 + size, False


def _png_header(header: bytes) -> tuple[int, int, int, int, bool]:
    if len(header) != 13:
        raise Refused("The header of the PNG picture is damaged.")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlace > 1:
        raise Refused("The header of the PNG picture names a form that PNG does not have.")
    _check_size(width, height)
    return width, height, depth, colour, bool(interlace)


def _rows(width: int, height: int, bits: int, interlaced: bool) -> list[tuple[int, int]]:
    """Number of rows, and bytes of each with its filter, of every pass."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    rows = []
    for left, top, across, down in passes:
        columns, lines = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and lines > 0:
            rows.append((lines, 1 + -(-columns * bits // 8)))
    return rows


def _check_pixels(stream: bytes, rows: list[tuple[int, int]]) -> None:
    expected = sum(lines * size for lines, size in rows)
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(stream, expected + 1)
        whole = len(plain) == expected and unpacker.decompress(unpacker.unconsumed_tail, 1) == b""
    except zlib.error as error:
        raise Refused("The pixels of the PNG picture are damaged.") from error
    if not (whole and unpacker.eof):
        raise Refused("The PNG picture has more or fewer pixels than its header says.")
    at = 0
    for lines, size in rows:
        if max(plain[at : at + lines * size : size]) > 4:
            raise Refused("The pixels of the PNG picture are damaged.")
        at += lines * size


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


# ── JPEG ─────────────────────────────────────────────────────────────────────


def _jpeg(data: bytes) -> Picture:
    kept, size, scans = [_JPEG], None, 0
    for marker, body, pixels in _jpeg_segments(data):
        if marker in _FRAMES:
            size = _jpeg_size(body, size)
        elif marker == 0xDA:
            scans += 1
        elif not (marker in _TABLES or _tells_colours(marker, body)):
            continue
        kept.append(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + pixels)
    if size is None or not scans:
        raise Refused("The JPEG picture has no pixels.")
    return Picture(b"".join([*kept, b"\xff\xd9"]), "image/jpeg", *size)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, content, and for a scan the pixels behind it, up to the end of the picture."""
    at = len(_JPEG)
    while True:
        while data[at : at + 2] == b"\xff\xff":  # a marker may be padded
            at += 1
        if at + 2 > len(data) or data[at] != 0xFF:
            raise Refused("The JPEG picture is damaged or cut off.")
        marker = data[at + 1]
        if marker == 0xD9:
            return
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + size
        if not 0xC0 <= marker <= 0xFE or marker in _RESTARTS or size < 2 or end > len(data):
            raise Refused("The JPEG picture is damaged or cut off.")
        if 0xC0 <= marker <= 0xCF and marker not in (*_FRAMES, 0xC4):
            raise Refused("This form of JPEG is not shown by browsers. Save the picture anew and try again.")
        behind = _end_of_pixels(data, end) if marker == 0xDA else end
        yield marker, data[at + 4 : end], data[end:behind]
        at = behind


def _end_of_pixels(data: bytes, at: int) -> int:
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise Refused("The JPEG picture is cut off.")
        if data[at + 1] != 0 and data[at + 1] not in _RESTARTS and data[at + 1] != 0xFF:
            return at
        at += 1 if data[at + 1] == 0xFF else 2


def _jpeg_size(frame: bytes, before: tuple[int, int] | None) -> tuple[int, int]:
    if before is not None or len(frame) < 6 or len(frame) != 6 + 3 * frame[5]:
        raise Refused("The header of the JPEG picture is damaged.")
    height, width = struct.unpack(">HH", frame[1:5])
    _check_size(width, height)
    return width, height


def _tells_colours(marker: int, body: bytes) -> bool:
    """Without these two a reader would have to guess what the colour channels mean."""
    return (marker == 0xE0 and body.startswith(b"JFIF\0")) or (marker == 0xEE and body.startswith(b"Adobe"))
