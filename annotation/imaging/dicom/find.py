"""CT series in a folder tree, and what else of DICOM lies there. Nothing is decoded here but headers.

Identifiers are not trusted alone: one series may hold several stacks, copies, localisers and reports. Files
are called by their place among the DICOM files, in the order of their paths: their names may be a patient's.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydicom.uid import (
    UID,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    RTStructureSetStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from annotation.errors import Refused
from annotation.imaging.dicom.headers import EXTENSIONS, File, Frame, kind_name, may_be_dicom, read_file
from annotation.imaging.dicom.pseudonyms import UNSAID, Identity
from annotation.imaging.dicom.stacks import Stack, separate
from annotation.imaging.findings import Cause, Finding, Mark, Outcome

MOST_FILES = 200_000

_CAPTURES = frozenset(
    {
        *(SecondaryCaptureImageStorage, MultiFrameGrayscaleByteSecondaryCaptureImageStorage),
        *(MultiFrameGrayscaleWordSecondaryCaptureImageStorage,),
        MultiFrameTrueColorSecondaryCaptureImageStorage,
    }
)
_REPORTS = "1.2.840.10008.5.1.4.1.1.88."  # structured reports, the radiation dose's among them
_DRAWINGS = frozenset({RTStructureSetStorage, SegmentationStorage, UID("1.2.840.10008.5.1.4.1.1.66.7")})
_LOCALISER_WORDS = frozenset({"LOCALIZER", "SCOUT"})
_REPORT_WORDS = ("SCREEN SAVE", "DOSE", " PROT", "REPORT")

_WHY = {
    Cause.LOCALISER: "a localiser is no volume",
    Cause.SECONDARY_CAPTURE: "a secondary capture holds no Hounsfield units",
    Cause.REPORT: "a report or screenshot holds no Hounsfield units",
    Cause.LONE_SLICE: "a single slice that lies across the others, as a localiser does, is no volume",
    Cause.NOT_CT: "only CT slices are read",
}


@dataclass(frozen=True)
class Series:
    """One stack of CT slices: (file, frame) of each, files relative to the folder that was searched.

    `patient_id` is the Patient ID in the files, or what stands for it; `differs_in` says what sets the stack
    apart from others of its series ("" = it is the only one); `uid` and `frame_uid` are those of the series
    and of its frame of reference, blank where the files leave them out; `identity` is all of that which is
    kept as hashes.
    """

    slices: tuple[tuple[str, int], ...]
    patient_id: str
    differs_in: str = ""
    uid: str = ""
    frame_uid: str = ""
    identity: Identity = UNSAID

    @property
    def files(self) -> tuple[str, ...]:
        """The files, each once."""
        return tuple(dict.fromkeys(name for name, _ in self.slices))

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What to remember of how the stack was found."""
        if not self.differs_in:
            return ()
        sentence = (
            f"The series holds several stacks that differ in {self.differs_in}; each is read by itself."
        )
        return (Mark(Outcome.WARNED, Cause.SEVERAL_STACKS, sentence),)


@dataclass(frozen=True)
class Found:
    """What lies in a folder: stacks of CT slices, what was skipped or refused, and other kinds counted.

    `drawings` are files of delineations (SEG, RTSTRUCT), relative to the folder, each with what to call it.
    """

    series: tuple[Series, ...]
    findings: tuple[Finding, ...]
    others: dict[str, int]
    drawings: tuple[tuple[str, str], ...] = ()


def find_series(folder: Path, where: str = "") -> Found:
    """Look through a folder tree for CT series. Files that are not DICOM are passed over in silence.

    `where` is added to what files are called, such as " in zip 2 of 5".
    """
    series: dict[tuple[str, ...], list[File]] = defaultdict(list)
    findings: list[Finding] = []
    drawings: list[tuple[str, str]] = []
    paths = [*_candidates(folder)]
    called = {
        path.relative_to(folder).as_posix(): f"DICOM file {number} of {len(paths)}{where}"
        for number, path in enumerate(paths, start=1)
    }
    for path, name in zip(paths, called, strict=True):
        file = _read(path, name, called[name], findings)
        if file is not None and UID(file.kind) in _DRAWINGS:
            drawings.append((name, called[name]))
        elif file is not None:
            series[file.series].append(file)
    others: Counter[str] = Counter()
    found: list[Series] = []
    for files in series.values():
        stacks = _stacks_of(files, called, findings, others)
        found += [_series(stack, files[0], number) for number, stack in enumerate(stacks)]
    ordered = tuple(sorted(found, key=lambda one: one.slices))
    return Found(ordered, tuple(findings), dict(others), tuple(drawings))


def _read(path: Path, name: str, called: str, findings: list[Finding]) -> File | None:
    try:
        file = read_file(path, name)
    except MemoryError:
        raise
    except Exception:  # a damaged header raises errors of many types; all mean the same
        findings.append(_damaged(called))
        return None
    if file is None and path.suffix.lower() in EXTENSIONS and not _is_directory(name):
        findings.append(_damaged(called))
    return file


def _series(stack: Stack, file: File, number: int) -> Series:
    slices = tuple(sorted((frame.file, frame.number) for frame in stack.frames))
    patient = file.patient_id or "|".join(file.series)
    identity = Identity(file.series[1], file.series[2], number, file.acquired_on)
    return Series(slices, patient, stack.differs_in, file.series[2], file.series[3], identity)


def _stacks_of(
    files: Sequence[File], called: Mapping[str, str], findings: list[Finding], others: Counter[str]
) -> list[Stack]:
    left_out: dict[tuple[Cause, str], list[str]] = defaultdict(list)
    frames: list[Frame] = []
    for file in files:
        for frame in file.frames:
            cause = _left_out(file, frame)
            if cause is None:
                frames.append(frame)
            elif file.name not in left_out[cause, kind_name(file.kind)]:
                left_out[cause, kind_name(file.kind)].append(file.name)
    stacks, lone = separate(frames) if frames else ([], [])
    for frame in lone:
        left_out[Cause.LONE_SLICE, "CT Image"].append(frame.file)
    for (cause, kind), names in left_out.items():
        findings.append(_skipped(cause, kind, [called[name] for name in names]))
        others[kind] += len(names)
    return stacks


def _left_out(file: File, frame: Frame) -> Cause | None:
    """Return why a slice is no part of a volume; None: it may be one."""
    if UID(file.kind) in _CAPTURES:
        return Cause.SECONDARY_CAPTURE
    if file.kind.startswith(_REPORTS):
        return Cause.REPORT
    if not file.is_ct:
        return Cause.NOT_CT
    if frame.words & _LOCALISER_WORDS:
        return Cause.LOCALISER
    if any(word in said for said in frame.words for word in _REPORT_WORDS):
        return Cause.REPORT
    return None


def _skipped(cause: Cause, kind: str, called: Sequence[str]) -> Finding:
    count = "1 DICOM file" if len(called) == 1 else f"{len(called)} DICOM files"
    sentence = f"{count} of the kind “{kind}” left out: {_WHY[cause]}."
    source = called[0] if len(called) == 1 else f"{called[0]} and {len(called) - 1} more"
    return Finding(source, Outcome.SKIPPED, cause, sentence)


def _damaged(called: str) -> Finding:
    return Finding(called, Outcome.REFUSED, Cause.DAMAGED, f"{called} is damaged or not a DICOM file.")


def _is_directory(name: str) -> bool:
    return PurePosixPath(name).stem.upper() == "DICOMDIR"


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield files that may be DICOM, in a stable order; links out of the folder are not followed."""
    root, seen = folder.resolve(), 0
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            seen += 1
            if seen > MOST_FILES:
                raise Refused(f"The folder holds more than {MOST_FILES} files; import it in parts.")
            inside = path.is_file() and path.resolve().is_relative_to(root)
            if inside and not name.startswith(".") and may_be_dicom(path):
                yield path
