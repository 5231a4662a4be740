"""Zips: what scans come in is unpacked; every attack is refused and writes nothing outside its folder."""

import contextlib
import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.errors import Refused
from annotation.imaging import archives
from annotation.imaging.sandbox import Decoder, Limits

MEBI = 1024**2


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(Limits(wall_s=60, memory_bytes=1024**3)) as one:
        yield one


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def _zip(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _with_mode(mode: int, content: bytes = b"/etc/passwd") -> bytes:
    packed = io.BytesIO()
    info = zipfile.ZipInfo("entry")
    info.external_attr = mode << 16
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(info, content)
    return packed.getvalue()


def _twice(first: str, second: str) -> bytes:
    """Two entries; `second` takes the place of a name as long as it, as no honest packer would let it."""
    stand_in = "x" * len(second)
    return _zip({first: b"1", stand_in: b"2"}).replace(stand_in.encode(), second.encode())


def _flagged(flag: int) -> bytes:
    whole = bytearray(_zip({"a.dcm": b"scan"}, zipfile.ZIP_STORED))
    local, central = whole.index(b"PK\x03\x04"), whole.index(b"PK\x01\x02")
    for at in (local + 6, central + 8):
        whole[at] |= flag
    return bytes(whole)


def _sized(size: int, entries: int = 1) -> bytes:
    """Entries that claim another size than they have, in the directory and at the entry itself."""
    whole = bytearray(_zip({f"{n}.dcm": b"scan" * 10 for n in range(entries)}))
    for magic, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        begin = whole.find(magic)
        while begin >= 0:
            struct.pack_into("<I", whole, begin + at, size)
            begin = whole.find(magic, begin + 4)
    return bytes(whole)


def _method(number: int) -> bytes:
    whole = bytearray(_zip({"a.dcm": b"scan"}, zipfile.ZIP_STORED))
    for magic, at in ((b"PK\x01\x02", 10), (b"PK\x03\x04", 8)):
        struct.pack_into("<H", whole, whole.index(magic) + at, number)
    return bytes(whole)


def _overlapping() -> bytes:
    """Many entries of the directory that all point at one stretch of data."""
    kernel = _zip({"a": bytes(MEBI)})
    central = kernel.index(b"PK\x01\x02")
    end = kernel.index(b"PK\x05\x06")
    one = kernel[central:end]
    many = b"".join(one[:46] + bytes([97 + n % 26]) + one[47:] for n in range(26))
    tail = bytearray(kernel[end:])
    struct.pack_into("<HHI", tail, 8, 26, 26, len(many))
    return kernel[:central] + many + bytes(tail)


def _renamed(name: bytes) -> bytes:
    return _zip({"x" * len(name): b"1"}).replace(b"x" * len(name), name)


def _bad_checksum() -> bytes:
    return _zip({"a.dcm": b"the very scan"}, zipfile.ZIP_STORED).replace(b"the very scan", b"the other one")


def _many() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(archives.MOST_ENTRIES + 1):
            archive.writestr(zipfile.ZipInfo(f"{number}"), b"")
    return packed.getvalue()


ATTACKS: dict[str, Callable[[], bytes]] = {
    "a path upwards": lambda: _zip({"../../evil": b"1"}),
    "a path upwards in the middle": lambda: _zip({"a/../../evil": b"1"}),
    "a path upwards with backslashes": lambda: _zip({"..\\..\\evil": b"1"}),
    "a path upwards at the end": lambda: _zip({"a/..": b"1"}),
    "an absolute path": lambda: _zip({"/tmp/evil": b"1"}),
    "an absolute path with backslashes": lambda: _zip({"\\tmp\\evil": b"1"}),
    "a drive": lambda: _zip({"C:\\evil": b"1"}),
    "a drive without a slash": lambda: _zip({"C:evil": b"1"}),
    "another machine": lambda: _zip({"\\\\host\\share\\evil": b"1"}),
    "a link": lambda: _with_mode(stat.S_IFLNK | 0o777),
    "a link upwards": lambda: _with_mode(stat.S_IFLNK | 0o777, b"../../evil"),
    "a device": lambda: _with_mode(stat.S_IFCHR | 0o666),
    "a pipe": lambda: _with_mode(stat.S_IFIFO | 0o666),
    "a socket": lambda: _with_mode(stat.S_IFSOCK | 0o666),
    "one name twice": lambda: _twice("a.dcm", "a.dcm"),
    "one name twice in other letters": lambda: _twice("A.DCM", "a.dcm"),
    "a file and a folder of one name": lambda: _twice("a", "a/b"),
    "one name by two paths": lambda: _twice("a/b", "a/./b"),
    "an archive inside": lambda: _zip({"inner.zip": _zip({"a": b"1"})}),
    "an archive inside under another name": lambda: _zip({"scan.dcm": _zip({"a": b"1"})}),
    "a tar inside": lambda: _zip({"inner.tar.gz": b"\x1f\x8b"}),
    "a rar inside under another name": lambda: _zip({"scan": b"Rar!\x1a\x07"}),
    "a bomb of zeros": lambda: _zip({"zeros.dcm": bytes(300 * MEBI)}),
    "a bomb in many files": lambda: _zip({f"{n}.dcm": bytes(8 * MEBI) for n in range(40)}),
    "a bomb of entries that overlap": _overlapping,
    "a size that is a lie upwards": lambda: _sized(4 * MEBI),
    "a size that is a lie downwards": lambda: _sized(3),
    "a size of four gigabytes": lambda: _sized(0xFFFFFFF0),
    "more files than may be": _many,
    "a password": lambda: _flagged(0x1),
    "a method that nobody knows": lambda: _method(97),
    "deflate64": lambda: _method(9),
    "a checksum that does not fit": _bad_checksum,
    "a name with a null": lambda: _renamed(b"a\0b.dcm"),
    "a name with a line break": lambda: _renamed(b"a\nb.dcm"),
    "a name with an escape": lambda: _renamed(b"a\x1b[2Jb"),
    "a name too long": lambda: _zip({"n" * 255: b"1"}),
    "folders without end": lambda: _zip({"a/" * 500 + "b": b"1"}),
    "cut short": lambda: _zip({"a.dcm": os.urandom(5000)})[:-60],
    "no zip at all": lambda: b"PK\x03\x04 and nothing else",
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_refused_and_write_nothing_outside(name: str, tmp_path: Path, decoder: Decoder) -> None:
    packed, folder = tmp_path / "in" / "scans.zip", tmp_path / "deep" / "er" / "out"
    packed.parent.mkdir()
    folder.mkdir(parents=True)
    packed.write_bytes(ATTACKS[name]())
    with pytest.raises(Refused) as refusal:
        decoder.unpack(packed, folder)
    sentence = refusal.value.sentence
    assert sentence.endswith(".")
    assert "evil" not in sentence
    assert not Path("/tmp/evil").exists()
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(folder)]
    assert outside == [packed]
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert sum(path.stat().st_size for path in folder.rglob("*")) <= 320 * MEBI


def test_there_are_thirty_attacks_and_more() -> None:
    assert len(ATTACKS) >= 35


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_scans_come_out_as_they_went_in(method: int, tmp_path: Path, decoder: Decoder) -> None:
    scans = {
        "a/IM 1": os.urandom(2 * MEBI),
        "a/b/IM2.dcm": b"",
        "Bücher/ct.nii.gz": b"\x1f\x8b",
        "flat": bytes(MEBI),
    }
    packed = tmp_path / "scans.zip"
    packed.write_bytes(_zip({**scans, "__MACOSX/a/._IM1": b"junk", "a/.DS_Store": b"junk"}, method))
    folder = tmp_path / "out"
    folder.mkdir()
    assert decoder.unpack(packed, folder) == len(scans)
    assert _files(folder) == scans


def test_backslashes_of_old_packers_are_folders(tmp_path: Path, decoder: Decoder) -> None:
    packed, folder = tmp_path / "scans.zip", tmp_path / "out"
    packed.write_bytes(_zip({"series\\1.dcm": b"one"}))
    folder.mkdir()
    decoder.unpack(packed, folder)
    assert _files(folder) == {"series/1.dcm": b"one"}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.text(min_size=1, max_size=40), st.binary(max_size=20), min_size=1, max_size=6),
    st.data(),
)
def test_no_name_and_no_damage_leads_out_of_the_folder(
    tmp_path_factory: pytest.TempPathFactory, entries: dict[str, bytes], data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("zip")
    folder = root / "out"
    folder.mkdir()
    try:
        whole = bytearray(_zip(entries))
    except (UnicodeError, ValueError, IndexError):  # Python packs no name that begins with a zero byte
        return
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    packed = root / "scans.zip"
    packed.write_bytes(whole)
    with contextlib.suppress(Refused):
        archives.unpack(packed, folder)
    outside = [path for path in root.rglob("*") if path.is_file() and not path.is_relative_to(folder)]
    assert outside == [packed]
