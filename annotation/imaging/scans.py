"""Scans as they lie on disk, each with the files of what was drawn on it."""

from dataclasses import dataclass, field
from pathlib import Path

from annotation.imaging.dicom import UNSAID, Identity
from annotation.imaging.findings import Cause, Finding, Mark, Outcome
from annotation.imaging.sidecars import Names


@dataclass(frozen=True)
class Labels:
    """A label map: its file, the values in it, and their names if there are any."""

    path: Path
    values: tuple[int, ...]
    names: Names | None


@dataclass(frozen=True)
class DrawnFile:
    """A delineation of several structures, read onto its scan's voxels whatever its own grid.

    `files` is one file, or one for every structure: then `masks` are their names, in the same order. Where a
    file numbers its structures (4-D NIfTI, a label map beside a DICOM series), `values` are those in it, each
    the reader's number + `offset`, and `names` what they stand for, if anybody says. Other files name their
    structures themselves (SEG, RTSTRUCT, .seg.nrrd). `may_overlap`: it is 4-D, one volume for each number, so
    that they may share voxels. `pictured` are the DICOM files that a stack of pictures belongs to, one for
    each, in their order. `layer` numbers the label maps of one scan, where they are its layers.
    `called` is what to call a file whose name may be a patient's.
    """

    files: tuple[Path, ...]
    masks: tuple[str, ...] = ()
    is_numbered: bool = False
    values: tuple[int, ...] = ()
    names: Names | None = None
    offset: int = 0
    may_overlap: bool = False
    pictured: tuple[Path, ...] = ()
    layer: int | None = None
    called: str = ""

    @property
    def shown(self) -> str:
        """What to call it in a report: the file, never a folder."""
        first = self.called or self.files[0].name
        return first if len(self.files) == 1 else f"{first} and {len(self.files) - 1} more"

    @property
    def empty_counts(self) -> bool:
        """Whether a structure without a voxel was looked at; templates name what nobody drew."""
        return self.is_numbered or bool(self.masks)


@dataclass(frozen=True)
class Scan:
    """One scan to import. `files` is one image file or all of a DICOM series; `patient` names the patient.

    Of a DICOM series, `slices` are (index into files, frame), `marks` say how it was found, `uid` and
    `frame_uid` are its own and its frame of reference's. `split` is the product's split that a data set fixed
    for it, or empty; `identity` is what of a DICOM series is kept as hashes.
    """

    name: str
    shown: str
    files: tuple[Path, ...]
    is_dicom: bool
    patient: str
    in_test_folder: bool
    labels: Labels | None = None
    slices: tuple[tuple[int, int], ...] = ()
    marks: tuple[Mark, ...] = ()
    uid: str = ""
    frame_uid: str = ""
    drawings: tuple[DrawnFile, ...] = ()
    split: str = ""
    identity: Identity = UNSAID

    @property
    def is_delineated(self) -> bool:
        """Whether a delineation came with it."""
        return self.labels is not None or bool(self.drawings)


@dataclass
class Survey:
    """What was found: scans in the order of their names, files refused or skipped and why, and notes."""

    scans: list[Scan] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def refused(self) -> list[tuple[str, str]]:
        """The files refused, each with a sentence."""
        return [(one.source, one.message) for one in self.findings if one.outcome is Outcome.REFUSED]

    def leave_out(self, file: str, favoured: str) -> None:
        """Remember a label map that is not read: its scan has another, or nothing names its values ("")."""
        sentence = f"One label map is read per scan; left out in favour of {favoured}."
        if not favoured:
            sentence = "Nothing names all of its values, and it came to its scan by shape and position alone."
        self.findings.append(Finding(file, Outcome.SKIPPED, Cause.LABELS, sentence))

    def refuse(self, file: str, cause: Cause, sentence: str) -> None:
        """Remember that a file cannot be imported."""
        self.findings.append(Finding(file, Outcome.REFUSED, cause, sentence))
