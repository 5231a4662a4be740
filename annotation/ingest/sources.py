"""What a user points at (files, folders, zips) as folders that can be searched."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from annotation.errors import Refused
from annotation.imaging.archives import is_archive
from annotation.imaging.findings import Finding, Outcome, cause_of
from annotation.imaging.folder import files_below
from annotation.imaging.sandbox import Decoder


@contextmanager
def searchable(paths: Sequence[Path], decoder: Decoder) -> Iterator[tuple[list[Path], list[Finding]]]:
    """Yield folders that hold what lies at some paths, and what could not be opened and why.

    Zips are unpacked (see `imaging.archives`) and single files gathered below a folder that goes again.
    """
    work = Path(settings.WORK_ROOT)
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix="import-") as root:
        folders: list[Path] = []
        findings: list[Finding] = []
        singles = Path(root, "files")
        for number, path in enumerate(paths):
            try:
                _check(path)
                folders += [path] if path.is_dir() else []
                if path.is_file() and not is_archive(path):
                    _gather(path, singles)
            except Refused as refused:
                findings.append(_finding(path, refused))
            for which, packed in enumerate(_archives_at(path)):
                try:
                    folders.append(_unpacked(packed, Path(root, f"{number}-{which}"), decoder))
                except Refused as refused:
                    findings.append(_finding(packed, refused))
        if singles.is_dir():
            folders.append(singles)
        yield folders, findings


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
