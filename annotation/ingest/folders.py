"""A folder of scans becomes cases, one transaction each, and a report of what became of every file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from annotation.errors import Refused
from annotation.imaging.folder import Survey, survey
from annotation.imaging.sandbox import Decoder
from annotation.imaging.splits import Placed, place
from annotation.ingest import delineations
from annotation.ingest.cases import add_case, hashed_patient, labels_on, split_of
from annotation.models import Case, Project, Split
from training.progress import OnProgress, Progress, ignore_progress


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
    """What became of a folder."""

    imported: list[Imported] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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
) -> ImportReport:
    """Import every scan below a folder; what cannot be imported is reported and the rest goes on.

    `delineated` is how many pool cases keep the delineation that came with them (None: all);
    `leave_some` keeps some of a wholly delineated folder for the readers (see `splits.place`).
    Raises Refused when there is no folder, or nothing in it that could be a scan.
    """
    with Decoder() as decoder:
        found = survey(folder, decoder, lambda done, n: on_progress(Progress("looking", done, n)))
        if not found.scans and not found.refused:
            raise Refused(f"No scan was found in {folder.name}; it needs NIfTI files or DICOM CT series.")
        placed, notes = place(found.scans, delineated, leave_some=leave_some)
        work = _Import(project, decoder, _wanted(found))
        work.report.refused.extend(Refusal(file, sentence) for file, sentence in found.refused)
        work.report.notes.extend([*found.notes, *notes])
        on_names = _note_on_names(project, found)
        began = time.monotonic()
        for done, item in enumerate(placed):
            left = (time.monotonic() - began) / done * (len(placed) - done) if done else None
            on_progress(Progress("importing", done, len(placed), seconds_left=left))
            work.add(item)
        on_progress(Progress("importing", len(placed), len(placed)))
    return work.finished(on_names)


def _scans(count: int) -> str:
    return "1 scan" if count == 1 else f"{count} scans"


@dataclass
class _Import:
    """One import under way."""

    project: Project
    decoder: Decoder
    wanted: list[tuple[str, int]]
    report: ImportReport = field(default_factory=ImportReport)
    left_out: set[str] = field(default_factory=set)

    def add(self, item: Placed) -> None:
        """Import one scan, or say why not."""
        try:
            case = self._case(item)
        except Refused as refused:
            self.report.refused.append(Refusal(item.scan.shown, refused.sentence))
            return
        self.report.imported.append(
            Imported(
                case.pk, case.number, case.name, case.split, delineated=case.accepted_revision_id is not None
            )
        )

    def finished(self, on_names: Sequence[str]) -> ImportReport:
        """Return the report with what only the end knows."""
        self.report.notes.extend(on_names if self.report.imported else ())
        if self.left_out:
            names = sorted(self.left_out)
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            self.report.notes.append(
                f"Structures that the project does not have were left out: {', '.join(names[:5])}{more}."
            )
        return self.report

    def _case(self, item: Placed) -> Case:
        scan = item.scan
        volume = self.decoder.series(scan.files) if scan.is_dicom else self.decoder.image(scan.files[0])
        drawn = scan.labels if item.delineated else None
        voxels = labels_on(volume, self.decoder, drawn.path) if drawn else None
        patient = hashed_patient(scan.patient)
        name = (
            f"patient {patient[:8]}" if scan.is_dicom else scan.name
        )  # folders of DICOM often name patients
        split = Split.TEST if item.is_test else Split.POOL
        fixed = split_of(self.project, patient)
        with transaction.atomic():  # with the schema, if this is the first case of all
            delineations.ensure_schema(self.project, self.wanted)
            delineation = None
            if drawn is not None and voxels is not None:
                delineation = delineations.in_project_values(
                    self.project, voxels, drawn.names, drawn.path.name
                )
            case = add_case(
                project=self.project,
                volume=volume,
                name=name,
                patient_key=patient,
                split=fixed or split,
                labels=delineation.labels if delineation else None,
                annotated=delineation.annotated if delineation else (),
            )
        if delineation:
            self.left_out.update(delineation.left_out)
        if fixed and fixed != split:
            self.report.notes.append(f"Case {case.number} ({name}) joined its patient's split, “{fixed}”.")
        return case


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
