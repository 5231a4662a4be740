"""Folders and archives of scans become cases, one transaction each, with a report of every file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.db import transaction

from annotation.errors import Refused
from annotation.imaging.dicom import Allowed, Reading
from annotation.imaging.findings import Cause, Finding, Outcome, cause_of, worst
from annotation.imaging.folder import Scan, Survey, check_folder, survey
from annotation.imaging.sandbox import Decoder
from annotation.imaging.splits import Placed, place
from annotation.ingest import delineations, drawings
from annotation.ingest.cases import AlreadyThere, OtherSplit, add_case, hashed_patient, labels_on, split_of
from annotation.ingest.drawings import Drawn
from annotation.ingest.sources import nothing_found, searchable
from annotation.models import Case, Project, Split
from training.progress import OnProgress, Progress, ignore_progress

_WITHOUT_SCAN = "The scan that it was drawn on was not imported."


@dataclass(frozen=True)
class Imported:
    """One case that was made."""

    case_id: int
    number: int
    name: str
    split: str
    delineated: bool


@dataclass(frozen=True)
class Refusal:
    """One file that was not imported, and why."""

    file: str
    sentence: str


@dataclass
class ImportReport:
    """What became of a folder: `findings` of every series and file, `imported` the cases made of them."""

    imported: list[Imported] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def refused(self) -> list[Refusal]:
        """What was not imported and why; not what is no scan anyway."""
        return [
            Refusal(one.source, one.message)
            for one in self.findings
            if one.outcome is Outcome.REFUSED or one.cause is Cause.ALREADY_THERE
        ]

    def lines(self) -> list[str]:
        """Return the report to read: a summary, the notes, then what was refused and why."""
        test = sum(case.split == Split.TEST for case in self.imported)
        start = sum(case.delineated for case in self.imported if case.split != Split.TEST)
        waiting = len(self.imported) - test - start
        summary = (
            f"{_scans(len(self.imported))} imported: {start} delineated to start from, {waiting} for the "
            f"readers, {test} set apart for testing."
        )
        refused = [f"Not imported: {refusal.file}: {refusal.sentence}" for refusal in self.refused]
        return [summary, *self.notes, *refused]


def import_folder(
    *,
    project: Project,
    folder: Path,
    on_progress: OnProgress = ignore_progress,
    delineated: int | None = None,
    leave_some: bool = False,
    allowed: Allowed | None = None,
) -> ImportReport:
    """Import every scan below a folder, zips included; what cannot be imported is reported.

    `delineated` is how many pool cases keep the delineation that came with them (None: all);
    `leave_some` keeps some of a wholly delineated folder for the readers (see `splits.place`).
    Raises Refused when there is no folder, or nothing in it that could be a scan.
    """
    check_folder(folder)
    return _imported(project, [folder], on_progress, delineated, leave_some=leave_some, allowed=allowed)


def import_paths(
    *,
    project: Project,
    paths: Sequence[Path],
    on_progress: OnProgress = ignore_progress,
    allowed: Allowed | None = None,
) -> ImportReport:
    """Import every scan in files, folders and zips; what cannot be imported is reported, the rest goes on.

    Raises Refused when nothing in them could be a scan.
    """
    return _imported(project, paths, on_progress, allowed=allowed)


def _imported(
    project: Project,
    paths: Sequence[Path],
    on_progress: OnProgress,
    delineated: int | None = None,
    *,
    leave_some: bool = False,
    allowed: Allowed | None,
) -> ImportReport:
    with Decoder() as decoder, searchable(paths, decoder) as (folders, unopened):
        found = Survey(findings=list(unopened))
        for folder in folders:
            part = survey(folder, decoder, lambda done, n: on_progress(Progress("looking", done, n)))
            found.scans += part.scans
            found.findings += part.findings
            found.notes += part.notes
        if not found.scans and not found.findings:
            raise nothing_found(paths)
        wanted = _wanted(found)
        # Without tables of names, a new project gets the structures of its files, case by case.
        drawn = any(scan.drawings for scan in found.scans) and not any(scan.labels for scan in found.scans)
        adds = drawn and not delineations.entries_of(project)
        work = _Import(project, decoder, wanted, allowed or Allowed(), adds)
        return work.run(found, on_progress, delineated, leave_some=leave_some)


def _scans(count: int) -> str:
    return "1 scan" if count == 1 else f"{count} scans"


@dataclass
class _Import:
    """One import under way."""

    project: Project
    decoder: Decoder
    wanted: list[tuple[str, int]]
    allowed: Allowed
    adds_structures: bool
    report: ImportReport = field(default_factory=ImportReport)
    left_out: set[str] = field(default_factory=set)

    def run(
        self,
        found: Survey,
        on_progress: OnProgress,
        delineated: int | None = None,
        *,
        leave_some: bool = False,
    ) -> ImportReport:
        """Import all that was found."""
        placed, notes = place(found.scans, delineated, leave_some=leave_some)
        self.report.findings.extend(found.findings)
        self.report.notes.extend([*found.notes, *notes])
        on_names = _note_on_names(self.project, found)
        began = time.monotonic()
        for done, item in enumerate(placed):
            left = (time.monotonic() - began) / done * (len(placed) - done) if done else None
            on_progress(Progress("importing", done, len(placed), seconds_left=left))
            self.report.findings.append(self._finding(item))
        on_progress(Progress("importing", len(placed), len(placed)))
        return self.finished(on_names)

    def _finding(self, item: Placed) -> Finding:
        """Import one scan, or say why not."""
        shown = item.scan.shown
        try:
            read = self._read(item.scan)
            drawn = self._drawn(item, read)
            case = self._case(item, read, drawn)
        except Refused as refused:
            finding = _not_imported(shown, refused)
            cause = finding.cause if finding.outcome is Outcome.SKIPPED else Cause.LABELS
            self.report.findings.extend(
                replace(finding, source=path.name, cause=cause, message=_WITHOUT_SCAN)
                for path in item.scan.drawings
            )
            return finding
        has_labels = case.accepted_revision_id is not None
        self.report.imported.append(Imported(case.pk, case.number, case.name, case.split, has_labels))
        mark, said = worst(read.marks), " ".join(one.message for one in read.marks)
        if said:
            self.report.notes.append(f"Case {case.number} ({case.name}): {said}")
        if drawn is not None:
            self._tell(drawn, item.scan, case)
        grid = read.volume.geometry
        return Finding(shown, mark.outcome, mark.cause, said, case.number, grid.shape, grid.spacing_mm)

    def _read(self, scan: Scan) -> Reading:
        if not scan.is_dicom:
            return Reading(self.decoder.image(scan.files[0]), (), {})
        read = self.decoder.series(scan.files, scan.slices, self.allowed)
        return Reading(read.volume, (*scan.marks, *read.marks), read.header)

    def _drawn(self, item: Placed, read: Reading) -> Drawn | None:
        """Read the SEG and RTSTRUCT of a scan; None: there are none, or they are held back."""
        if not (item.delineated and item.scan.drawings):
            return None
        grid = read.volume.geometry
        return drawings.read(item.scan.drawings, item.scan.files, grid, self.decoder)

    def _tell(self, drawn: Drawn, scan: Scan, case: Case) -> None:
        """Report what became of each file that was drawn on a scan."""
        refused = dict(drawn.refused)
        for path in scan.drawings:
            sentence = refused.get(path.name, "")
            outcome, cause = (
                (Outcome.REFUSED, Cause.LABELS) if sentence else (Outcome.ACCEPTED, Cause.REGULAR)
            )
            self.report.findings.append(Finding(path.name, outcome, cause, sentence, case.number))
        if drawn.empty:
            names = ", ".join(sorted(set(drawn.empty))[:5])
            drawn.notes.append(f"Named without a voxel, so taken as not looked at: {names}.")
        self.report.notes.extend(f"Case {case.number} ({case.name}): {note}" for note in drawn.notes)

    def finished(self, on_names: Sequence[str]) -> ImportReport:
        """Return the report with what only the end knows."""
        if self.report.imported:
            delineations.ensure_schema(self.project, self.wanted)
        self.report.notes.extend(on_names if self.report.imported else ())
        if self.left_out:
            names = sorted(self.left_out)
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            self.report.notes.append(
                f"Structures that the project does not have were left out: {', '.join(names[:5])}{more}."
            )
        return self.report

    def _case(self, item: Placed, read: Reading, drawn: Drawn | None) -> Case:
        scan, volume = item.scan, read.volume
        labels = scan.labels if item.delineated else None
        voxels = labels_on(volume, self.decoder, labels.path) if labels else None
        patient = hashed_patient(scan.patient)
        name = (
            f"patient {patient[:8]}" if scan.is_dicom else scan.name
        )  # folders of DICOM often name patients
        split = Split.TEST if item.is_test else Split.POOL
        fixed = split_of(self.project, patient)
        with transaction.atomic():  # with the schema, if this is the first case of all
            delineation = None
            if drawn is not None and drawn.masks:
                adds = self.adds_structures
                delineation = drawings.in_project(self.project, drawn, adds_structures=adds)
            if not self.adds_structures:
                delineations.ensure_schema(self.project, self.wanted)
            if labels is not None and voxels is not None:
                delineation = delineations.in_project_values(
                    self.project, voxels, labels.names, labels.path.name
                )
            case = add_case(
                project=self.project,
                volume=volume,
                name=name,
                patient_key=patient,
                split=fixed or split,
                labels=delineation.labels if delineation else None,
                annotated=delineation.annotated if delineation else (),
                header=read.header,
                marks=read.marks,
            )
        if delineation:
            self.left_out.update(delineation.left_out)
        if fixed and fixed != split:
            self.report.notes.append(f"Case {case.number} ({name}) joined its patient's split, “{fixed}”.")
        return case


def _not_imported(shown: str, refused: Refused) -> Finding:
    if isinstance(refused, AlreadyThere):
        return Finding(shown, Outcome.SKIPPED, Cause.ALREADY_THERE, refused.sentence, refused.number)
    cause = Cause.OTHER_SPLIT if isinstance(refused, OtherSplit) else cause_of(refused)
    return Finding(shown, Outcome.REFUSED, cause, refused.sentence)


def _wanted(found: Survey) -> list[tuple[str, int]]:
    labels = [scan.labels for scan in found.scans if scan.labels]
    return delineations.wanted_structures(
        [known.names.by_value for known in labels if known.names],
        [unknown.values for unknown in labels if not unknown.names],
    )


def _note_on_names(project: Project, found: Survey) -> list[str]:
    labels = [scan.labels for scan in found.scans if scan.labels]
    entries = delineations.entries_of(project)
    write = 'Write a labels.json such as {"1": "liver"} beside the label maps to name their values.'
    if labels and all(known.names for known in labels):
        return []
    if entries and labels:
        own = ", ".join(f"{entry.value} {entry.structure.name}" for entry in entries[:5])
        return [f"Label maps without names were read in the project's values ({own}). {write}"]
    if entries or any(known.names for known in labels):
        return []
    return [f"No names of structures were found, so the project has one, “{delineations.UNNAMED}”. {write}"]
