"""Where the files of an export go: one zip, or a folder. Each is hashed on its way."""

import hashlib
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from django.utils import timezone

_PIECE = 1024**2
_PACKED = {".gz", ".nrrd", ".parquet"}  # packing these again gains nothing


@dataclass(frozen=True)
class Taken:
    """A file as the manifest lists it."""

    path: str
    bytes: int
    sha256: str


class Sink(Protocol):
    """Takes the files of a folder; `files` are those it has taken."""

    files: list[Taken]

    def take(self, folder: Path) -> None:
        """Take all files of a folder, under their paths in it; the folder is empty afterwards."""
        ...


@dataclass
class FolderSink:
    """A folder that is there and empty."""

    root: Path
    files: list[Taken] = field(default_factory=list)

    def take(self, folder: Path) -> None:
        """Move the files into the folder."""
        for path in _files(folder):
            name = path.relative_to(folder)
            self.files.append(Taken(name.as_posix(), path.stat().st_size, sha256_of(path)))
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, self.root / name)
        _emptied(folder)


@dataclass
class ZipSink:
    """One zip, written piece by piece; close it before it is read."""

    packed: zipfile.ZipFile
    files: list[Taken] = field(default_factory=list)

    def take(self, folder: Path) -> None:
        """Pack the files and remove them."""
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            self.files.append(Taken(name, path.stat().st_size, self._add(path, name)))
        _emptied(folder)

    def _add(self, path: Path, name: str) -> str:
        info = zipfile.ZipInfo(name, timezone.now().timetuple()[:6])
        info.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
        info.file_size = path.stat().st_size
        digest = hashlib.sha256()
        with path.open("rb") as source, self.packed.open(info, "w", force_zip64=True) as target:
            while piece := source.read(_PIECE):
                digest.update(piece)
                target.write(piece)
        return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """Return the sum of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
