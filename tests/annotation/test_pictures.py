"""Pictures keep what draws them and lose everything else; what is no picture is refused with a sentence."""

import struct
import zlib

import pytest

from annotation.errors import Refused, TooLarge
from annotation.imaging.pictures import MOST_BYTES, clean_picture
from tests.annotation.factories import png

# 2 × 2 grey pixels, baseline, with the tables of the JPEG standard's example reduced to what is used.
JFIF = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
TABLE = b"\xff\xdb\x00\x43\0" + bytes([16] * 64)
FRAME = b"\xff\xc0\x00\x0b\x08\x00\x02\x00\x02\x01\x01\x11\0"
HUFFMAN = b"".join(
    b"\xff\xc4\x00\x14" + bytes([kind]) + bytes([1] + [0] * 15) + b"\0" for kind in (0x00, 0x10)
)
SCAN = b"\xff\xda\x00\x08\x01\x01\0\0\x3f\0" + b"\x3f\xff\x00\x12\xff\xd0\x34"
JPEG = b"\xff\xd8" + JFIF + TABLE + FRAME + HUFFMAN + SCAN + b"\xff\xd9"
EXIF = b"\xff\xe1\x00\x0eExif\0\0Jane D"
COMMENT = b"\xff\xfe\x00\x0aPatient!"


def test_a_png_stays_the_same_picture() -> None:
    picture = clean_picture(png(3, 2))
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 3, 2)
    assert picture.data == png(3, 2)


def test_what_does_not_draw_a_png_goes() -> None:
    named = png(2, 2, (b"tEXt", b"Author\0Jane Doe"), (b"eXIf", b"II*\0"), (b"acTL", b"\0" * 8))
    cleaned = clean_picture(named + b"PK\x03\x04 a second file").data
    assert cleaned == png(2, 2)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_png_palettes(depth: int) -> None:
    header = struct.pack(">IIBBBBB", 9, 3, depth, 3, 0, 0, 0)
    row = b"\0" + bytes(-(-9 * depth // 8))
    parts = [(b"PLTE", b"\1\2\3\4\5\6"), (b"tRNS", b"\0"), (b"IDAT", zlib.compress(row * 3)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in [(b"IHDR", header), *parts]
    )
    assert clean_picture(data).data == data


def test_an_interlaced_png() -> None:
    header = struct.pack(">IIBBBBB", 5, 5, 8, 2, 0, 0, 1)
    # Rows and columns of Adam7's passes over 5 × 5 pixels, three bytes each.
    passes = [(1, 1), (1, 1), (1, 2), (2, 1), (1, 3), (3, 2), (2, 5)]
    pixels = b"".join((b"\0" + b"\7" * (3 * columns)) * rows for rows, columns in passes)
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in [(b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    )
    assert clean_picture(data).width == 5


def test_a_jpeg_stays_the_same_picture() -> None:
    picture = clean_picture(JPEG)
    assert (picture.media_type, picture.width, picture.height) == ("image/jpeg", 2, 2)
    assert picture.data == JPEG


def test_what_does_not_draw_a_jpeg_goes() -> None:
    named = b"\xff\xd8" + JFIF + EXIF + COMMENT + JPEG[len(JFIF) + 2 :] + b"<script>"
    assert clean_picture(named).data == JPEG


def test_a_jpeg_of_several_scans() -> None:
    twice = JPEG[:-2].replace(b"\xff\xc0", b"\xff\xc2") + HUFFMAN + SCAN + b"\xff\xd9"
    assert clean_picture(twice).data == twice


def _with_header(**changes: int) -> bytes:
    fields = {"width": 2, "height": 2, "depth": 8, "colour": 0, "interlace": 0} | changes
    header = struct.pack(
        ">IIBBBBB",
        fields["width"],
        fields["height"],
        fields["depth"],
        fields["colour"],
        0,
        0,
        fields["interlace"],
    )
    chunk = b"IHDR" + header
    return png()[:8] + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png()[33:]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "neither"),
        (b"GIF89a", "neither"),
        (b"<svg onload=alert(1)>", "neither"),
        (png()[:-20], "cut off"),
        (png()[:8], "cut off"),
        (png().replace(b"\x00\x00\x00\x02", b"\x00\x00\x00\x03", 1), "damaged"),
        (_with_header(width=3), "more or fewer"),
        (_with_header(height=1), "more or fewer"),
        (_with_header(width=0), "no pixels"),
        (_with_header(depth=3), "form"),
        (_with_header(colour=5), "form"),
        (_with_header(colour=3), "palette"),
        (_with_header(interlace=2), "form"),
        (png(2, 2, (b"ABCD", b"")), "unknown kind"),
        (png(2, 2, (b"IHDR", b"\0" * 13)), "one header"),
        (JPEG[:-2], "cut off"),
        (JPEG[:30], "cut off"),
        (b"\xff\xd8\xff\xd9", "no pixels"),
        (b"\xff\xd8" + JFIF + FRAME + b"\xff\xd9", "no pixels"),
        (JPEG.replace(b"\xff\xc0", b"\xff\xc3"), "not shown by browsers"),
        (JPEG.replace(FRAME, FRAME + FRAME), "header"),
        (JPEG.replace(b"\x08\x00\x02\x00\x02", b"\x08\x00\x00\x00\x02"), "no pixels"),
    ],
)
def test_what_is_no_picture(data: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says):
        clean_picture(data)


def test_limits() -> None:
    with pytest.raises(TooLarge, match="bytes"):
        clean_picture(b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES))
    with pytest.raises(TooLarge, match="4096 a side"):
        clean_picture(_with_header(width=5000))
    bomb = png(4096, 4096)
    assert clean_picture(bomb).height == 4096
    with pytest.raises(Refused, match="more or fewer"):
        clean_picture(_with_header(width=4096, height=4096))
