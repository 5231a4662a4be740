"""What an import says of files whose names it may not keep: their numbers.

Names of NIfTI, NRRD, MetaImage and archives are replaced wherever a report quotes them; DICOM files are never
called by their names (see `imaging.dicom.find`). Without files nothing is replaced.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from annotation.errors import Refused
from annotation.imaging.dicom.headers import EXTENSIONS
from annotation.imaging.findings import Finding
from annotation.imaging.folder import files_below
from annotation.imaging.scans import Scan

_SEVERAL = "one of several files of that name"


@dataclass(frozen=True)
class Numbered:
    """What to call files: by path, and by name where a sentence quotes it."""

    by_path: dict[Path, str]
    by_name: dict[str, str]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> Self:
        """Number the files at and below some paths, in the order of their paths."""
        files = dict.fromkeys(file for path in paths for file in _files_at(path))
        by_path = {
            file: f"file {number} of {len(files)} ({_kind(file)})"
            for number, file in enumerate(files, start=1)
        }
        by_name: dict[str, str] = {}
        for file, words in by_path.items():
            by_name[file.name] = _SEVERAL if file.name in by_name else words
        return cls(by_path, by_name)

    def scan(self, scan: Scan) -> Scan:
        """Return a scan that is called by its number in reports."""
        return replace(scan, shown=self.by_path.get(scan.files[0], scan.shown))

    def finding(self, finding: Finding) -> Finding:
        """Return a finding that names no file."""
        return replace(
            finding,
            source=self.text(finding.source),
            message=self.text(finding.message),
            notes=tuple(self.text(note) for note in finding.notes),
        )

    def rewrite(self, refused: Refused) -> None:
        """Make a refusal name no file."""
        refused.sentence = self.text(refused.sentence)
        refused.args = (refused.sentence,)

    def text(self, words: str) -> str:
        """Return a text with a number in place of every file's name."""
        names = sorted((name for name in self.by_name if name in words), key=len, reverse=True)
        if not names:
            return words
        return re.sub("|".join(map(re.escape, names)), lambda found: self.by_name[found[0]], words)


def _files_at(path: Path) -> Iterable[Path]:
    """Yield what a sentence may quote: nothing quotes DICOM, whose files often have no extension."""
    files = files_below(path) if path.is_dir() else [path]
    return (file for file in files if file.suffix and file.suffix.lower() not in EXTENSIONS)


def _kind(file: Path) -> str:
    """Return the extension, both of .nii.gz; of what has no usual one, nothing but that there is none."""
    found = re.search(r"(?:\.nii|\.seg)?\.[a-z0-9]{1,6}$", file.name.lower())
    return found[0] if found else "without an extension"
