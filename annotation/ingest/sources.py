"""What a user points at (files, folders, zips) as folders that can be searched."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from annotation.errors import Refused
from annotation.imaging.archives import is_archive
from annotation.imaging.findings import Cause, Finding, Outcome, cause_of
from annotation.imaging.folder import files_below
from annotation.imaging.sandbox import Decoder


@dataclass(frozen=True)
class Place:
    """A folder in which scans are looked for: what was given, or what an archive of this name held.

    `where` is said of series and files of DICOM, whose names are not told, where several places were given.
    """

    where: str = ""
    packed: str = ""

    @property
    def empty(self) -> Finding | None:
        """What to say where there is nothing in it, if it was an archive."""
        sentence = f"No scan was found in {self.packed}; it needs DICOM CT series, NIfTI, NRRD or MetaImage."
        return Finding(self.packed, Outcome.REFUSED, Cause.UNUSABLE, sentence) if self.packed else None


@contextmanager
def searchable(paths: Sequence[Path], decoder: Decoder) -> Iterator[tuple[dict[Path, Place], list[Finding]]]:
    """Yield folders that hold what lies at some paths, and what could not be opened and why.

    Zips are unpacked (see `imaging.archives`) and single files gathered below a folder that goes again.
    """
    work = Path(settings.WORK_ROOT)
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix="import-") as root:
        folders: dict[Path, Place] = {}
        given = [path for path in paths if path.is_dir()]
        at, archives = 0, sum(len(_archives_at(path)) for path in paths)
        findings: list[Finding] = []
        singles = Path(root, "files")
        for number, path in enumerate(paths):
            try:
                _check(path)
                if path.is_dir():
                    folders[path] = Place(_which("folder", given.index(path) + 1, len(given)))
                if path.is_file() and not is_archive(path):
                    _gather(path, singles)
            except Refused as refused:
                findings.append(_finding(path, refused))
            for which, packed in enumerate(_archives_at(path)):
                at += 1
                try:
                    unpacked = _unpacked(packed, Path(root, f"{number}-{which}"), decoder)
                    folders[unpacked] = Place(_which("zip", at, archives) or " in the zip", packed.name)
                except Refused as refused:
                    findings.append(_finding(packed, refused))
        if singles.is_dir():
            folders[singles] = Place()
        yield folders, findings


def _which(kind: str, number: int, of: int) -> str:
    return f" in {kind} {number} of {of}" if of > 1 else ""


def _check(path: Path) -> None:
    if not path.exists():
        raise Refused(f"There is no file or folder {path.name}; check the path.")


def _finding(path: Path, refused: Refused) -> Finding:
    return Finding(path.name, Outcome.REFUSED, cause_of(refused), refused.sentence)


def _archives_at(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in files_below(path) if is_archive(file)]
    return [path] if path.is_file() and is_archive(path) else []


def _unpacked(path: Path, scratch: Path, decoder: Decoder) -> Path:
    folder = scratch / path.stem
    folder.mkdir(parents=True)
    try:
        decoder.unpack(path, folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return folder


def _gather(path: Path, singles: Path) -> None:
    """Link a file (or copy it from another disk) into a folder, and what lies beside a MetaImage header."""
    folder = singles
    while (folder / path.name).exists():
        folder = folder / "more"
    folder.mkdir(parents=True, exist_ok=True)
    beside = [path.with_suffix(end) for end in (".raw", ".zraw")] if path.suffix.lower() == ".mhd" else []
    for file in [path, *(other for other in beside if other.is_file())]:
        try:
            os.link(file.resolve(), folder / file.name)
        except OSError:
            shutil.copyfile(file, folder / file.name)


def nothing_found(paths: Sequence[Path]) -> Refused:
    """Return what to say when there is nothing to import at some paths."""
    named = ", ".join(path.name for path in paths[:3])
    return Refused(f"No scan was found in {named}; it needs DICOM CT series, NIfTI, NRRD or MetaImage.")
