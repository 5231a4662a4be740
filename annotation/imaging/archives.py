"""Zip archives of scans: every entry is judged by the directory first, then unpacked with caps on bytes.

An archive with anything odd in it is refused as a whole. Nothing is ever written outside the given folder,
and no link, device or archive within the archive is made.
"""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from annotation.errors import TooLarge
from annotation.imaging.findings import Cause, Rejected

MOST_ENTRIES = 50_000
MOST_BYTES = 16 * 1024**3
LARGEST_FILE = 2 * 1024**3
MOST_FOLDERS = 20  # one within the other
LONGEST_NAME = 200  # bytes of one part of a path
# Scans shrink to a third; even empty ones not to a hundredth of many megabytes.
HIGHEST_RATIO = 200
_RATIO_FROM = 32 * 1024**2
_KEEP_FREE = 1024**3
_PIECE = 1 << 20

_ENCRYPTED = 0x1
_NESTED = (
    *(".zip", ".7z", ".rar", ".tar", ".tgz", ".tbz2", ".txz", ".xz", ".bz2", ".zst", ".lz4", ".cab", ".iso"),
    *(".jar", ".gz", ".z"),
)
_PACKED_SCANS = (".nii.gz", ".img.gz", ".hdr.gz")
_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf", b"Rar!", b"\xfd7zX", b"BZh", b"\x28\xb5\x2f\xfd")
_JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


def is_archive(path: Path) -> bool:
    """Tell by the name whether a file is a zip."""
    return path.name.lower().endswith(".zip")


def unpack(path: Path, folder: Path) -> int:
    """Unpack a zip into an empty folder; return how many files. Raises Rejected or TooLarge.

    What was written before a refusal has to be removed by the caller, with the folder.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as packed:
            wanted = _judged(packed.infolist(), path.stat().st_size, folder)
            for info, target in wanted:
                _extract(packed, info, target)
    except (Rejected, TooLarge, MemoryError):
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise _refused("is damaged or no zip that can be read") from error
    return len(wanted)


def _refused(what: str) -> Rejected:
    """Say it without the archive's own names, which may name patients."""
    return Rejected(Cause.ARCHIVE, f"The archive {what}; nothing of it was imported.")


def _judged(
    entries: Sequence[zipfile.ZipInfo], size: int, folder: Path
) -> list[tuple[zipfile.ZipInfo, Path]]:
    if len(entries) > MOST_ENTRIES:
        raise TooLarge(f"The archive holds more than {MOST_ENTRIES} files; import it in parts.")
    wanted: list[tuple[zipfile.ZipInfo, Path]] = []
    names: set[str] = set()
    for info in entries:
        parts = _parts(info)
        _check_kind(info)
        if info.is_dir() or any(part in _JUNK or part.startswith("._") for part in parts):
            continue
        name = "/".join(parts)
        if name.casefold() in names:
            raise _refused("holds two files of one name")
        names.add(name.casefold())
        _check_nested(name)
        wanted.append((info, folder.joinpath(*parts)))
    _check_clashes(names)
    _check_sizes([info for info, _ in wanted], size, folder)
    return wanted


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """Return the parts of an entry's path; raise Rejected for one that leads out or cannot be a name."""
    name = info.orig_filename.replace("\\", "/")
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        raise _refused("holds an absolute path")
    parts = PurePosixPath(name).parts
    if ".." in parts:
        raise _refused("holds a path that leads out of it")
    if not parts or len(parts) > MOST_FOLDERS:
        raise _refused("holds a file without a name, or in too many folders")
    if not name.isprintable() or any(len(part.encode("utf-8", "replace")) > LONGEST_NAME for part in parts):
        raise _refused("holds a name that is too long or no text")
    return parts


def _check_kind(info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused("holds a link or a device")
    if info.flag_bits & _ENCRYPTED:
        raise _refused("is encrypted; pack it again without a password")


def _check_nested(name: str) -> None:
    lower = name.lower()
    if lower.endswith(_NESTED) and not lower.endswith(_PACKED_SCANS):
        raise _refused("holds another archive; unpack that first")


def _check_clashes(names: Iterable[str]) -> None:
    """Raise Rejected where a file has the name of another one's folder."""
    known = set(names)
    for name in known:
        if any(str(parent) in known for parent in PurePosixPath(name).parents):
            raise _refused("holds a file and a folder of one name")


def _check_sizes(entries: Sequence[zipfile.ZipInfo], size: int, folder: Path) -> None:
    total = sum(info.file_size for info in entries)
    packed = sum(info.compress_size for info in entries)
    if packed > size:
        raise _refused("claims more than it holds: its files lie in each other")
    if total > MOST_BYTES or any(info.file_size > LARGEST_FILE for info in entries):
        raise TooLarge(
            f"Unpacked, the archive has more than {MOST_BYTES // 1024**3} GiB, or a file of more than "
            f"{LARGEST_FILE // 1024**3} GiB; import it in parts."
        )
    squeezed = (info for info in entries if info.file_size > _RATIO_FROM)
    too_much = any(info.file_size > HIGHEST_RATIO * max(1, info.compress_size) for info in squeezed)
    if too_much or total > max(_RATIO_FROM, HIGHEST_RATIO * max(1, packed)):
        raise _refused("unpacks to far more than scans do")
    if total + _KEEP_FREE > shutil.disk_usage(folder).free:
        raise TooLarge("There is not enough free disk space to unpack the archive.")


def _extract(packed: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(info) as source, target.open("xb") as file:
        first = source.read(_PIECE)
        if first.startswith(_MAGICS):
            raise _refused("holds another archive; unpack that first")
        left = info.file_size - len(first)
        file.write(first)
        while left > 0 and (piece := source.read(min(_PIECE, left))):
            file.write(piece)
            left -= len(piece)
        _check_end(source, left)


def _check_end(source: IO[bytes], left: int) -> None:
    """Raise Rejected when an entry is longer or shorter than the directory says."""
    if left != 0 or source.read(1):
        raise _refused("holds a file of another length than it says")
