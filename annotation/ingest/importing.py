"""One import under way: each scan decoded, its delineation brought into the project, its case made."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.db import transaction

from annotation.errors import Refused
from annotation.imaging.dicom import Allowed, Reading
from annotation.imaging.findings import SPACING_UNKNOWN, Cause, Finding, Mark, Outcome, cause_of, worst
from annotation.imaging.sandbox import Decoder
from annotation.imaging.scans import Scan, Survey
from annotation.imaging.splits import Placed, place
from annotation.ingest import brought, copies, delineations, drawings, origins
from annotation.ingest.brought import Brought
from annotation.ingest.cases import (
    AlreadyThere,
    OtherSplit,
    add_case,
    hashed_patient,
    labels_on,
    split_of,
)
from annotation.ingest.delineations import Delineation
from annotation.ingest.drawings import Drawn
from annotation.ingest.reports import Imported, ImportReport
from annotation.models import Case, Project
from annotation.recipes import Recipe, centroids_of_labels, check_anatomy
from training.progress import OnProgress, Progress
from training.volume import Geometry

OnFindings = Callable[[Sequence[Finding]], None]
"""Is told what became of some series and files, as soon as it is known."""

_WITHOUT_SCAN = "The scan that it was drawn on was not imported."
_NO_WAY_BACK = (
    "Its original UIDs were not kept: only slices of single files that were not resampled can be drawn on "
    "where they came from."
)


def ignore_findings(_: Sequence[Finding]) -> None:
    """Tell nobody."""


@dataclass
class Import:
    """Scans on their way into a project.

    `by_recipe`: by a scan's files the recipe of its labels, and what its data set calls the case.
    `adds_structures`: the project had none, and those of the files are not known before they are decoded.
    `site`: where all of them were scanned. `by_number`: cases are called by their numbers, not by files.
    """

    project: Project
    decoder: Decoder
    wanted: list[tuple[str, int]]
    allowed: Allowed
    adds_structures: bool
    by_recipe: Mapping[tuple[Path, ...], tuple[Recipe, str]] = field(default_factory=dict)
    report: ImportReport = field(default_factory=ImportReport)
    left_out: set[str] = field(default_factory=set)
    site: str = ""
    by_number: bool = False
    on_findings: OnFindings = ignore_findings
    told: int = 0

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
        had_structures = bool(delineations.entries_of(self.project))
        began = time.monotonic()
        for done, item in enumerate(placed):
            left = (time.monotonic() - began) / done * (len(placed) - done) if done else None
            self._tell_new()
            on_progress(Progress("importing", done, len(placed), seconds_left=left))
            self.report.findings.append(self._finding(item))
        self._tell_new()
        on_progress(Progress("importing", len(placed), len(placed)))
        return self._finished(found, had_structures)

    def _tell_new(self) -> None:
        """Hand on what was found since the last time."""
        new = self.report.findings[self.told :]
        if new:
            self.on_findings(new)
        self.told += len(new)

    def _finding(self, item: Placed) -> Finding:
        """Import one scan, or say why not."""
        scan = item.scan
        try:
            read = self._read(scan)
            came = self._came(item, read)
            case, delineation, marks = self._case(item, read, came)
        except Refused as refused:
            return self._not_imported(scan, refused)
        has_labels = delineation is not None
        self.report.imported.append(Imported(case.pk, case.number, case.name, case.split, has_labels))
        mark, said = worst(marks), " ".join(one.message for one in marks)
        if said:
            self.report.notes.append(f"Case {case.number} ({case.name}): {said}")
        notes = [*(delineation.notes if delineation else ()), *copies.notes_on(case, item.split)]
        if isinstance(came, Drawn):
            notes += self._tell(came, scan, case)
        if self.project.keeps_uids and scan.is_dicom and read.original is None:
            notes.append(_NO_WAY_BACK)
        grid = read.volume.geometry
        spacing_mm = grid.spacing_mm if case.volume.spacing_known else None
        return Finding(
            scan.shown, mark.outcome, mark.cause, said, case.number, grid.shape, spacing_mm, tuple(notes)
        )

    def _not_imported(self, scan: Scan, refused: Refused) -> Finding:
        finding = _finding_on(scan.shown, refused)
        cause = finding.cause if finding.outcome is Outcome.SKIPPED else Cause.LABELS
        self.report.findings.extend(
            replace(finding, source=file.shown, cause=cause, message=_WITHOUT_SCAN) for file in scan.drawings
        )
        return finding

    def _read(self, scan: Scan) -> Reading:
        if not scan.is_dicom:
            return Reading(self.decoder.image(scan.files[0]), scan.marks, {})
        keeps_uids = self.project.keeps_uids
        read = self.decoder.series(scan.files, scan.slices, self.allowed, keeps_uids=keeps_uids)
        return replace(read, marks=(*scan.marks, *read.marks))

    def _came(self, item: Placed, read: Reading) -> Brought | None:
        """Decode what came with a scan; None: nothing did, or it is held back."""
        scan = item.scan
        if not item.delineated:
            return None
        if scan.files in self.by_recipe:
            recipe, called = self.by_recipe[scan.files]
            return brought.by_recipe(recipe, called, scan, read.volume, self.decoder)
        regions = brought.regions_of(scan)
        if regions is not None and scan.labels is not None:
            voxels = labels_on(read.volume, self.decoder, scan.labels.path)
            return drawings.of_regions(voxels, read.volume.geometry, regions)
        if scan.labels is not None:
            return brought.from_labels(scan, read.volume, self.decoder)
        if not _is_label_map(scan):
            return drawings.read(scan, read.volume, self.decoder)
        try:
            return brought.from_labels(scan, read.volume, self.decoder)
        except Refused as refused:  # it was found beside the series by its folder alone
            shown = scan.drawings[0].shown
            return Drawn(read.volume.geometry, refused=[(shown, refused.sentence)])

    def _tell(self, drawn: Drawn, scan: Scan, case: Case) -> list[str]:
        """Report what became of each file that was drawn on a scan; return what else was noticed."""
        refused = dict(drawn.refused)
        for file in scan.drawings:
            sentence = refused.get(file.shown, "")
            outcome, cause = (
                (Outcome.REFUSED, Cause.LABELS) if sentence else (Outcome.ACCEPTED, Cause.REGULAR)
            )
            self.report.findings.append(Finding(file.shown, outcome, cause, sentence, case.number))
        notes = list(drawn.notes)
        if drawn.empty:
            names = ", ".join(sorted(set(drawn.empty))[:5])
            notes.append(f"Named without a voxel, so taken as not looked at: {names}.")
        self.report.notes.extend(f"Case {case.number} ({case.name}): {note}" for note in notes)
        return notes

    def _case(
        self, item: Placed, read: Reading, came: Brought | None
    ) -> tuple[Case, Delineation | None, tuple[Mark, ...]]:
        scan, volume = item.scan, read.volume
        patient = hashed_patient(scan.patient)
        recipe, called = self.by_recipe.get(scan.files, (None, ""))
        # Folders of DICOM often name patients; a data set's cases have its own numbers.
        name = "" if self.by_number else scan.name or f"patient {patient[:8]}"
        fixed = split_of(self.project, patient)
        spacing_known = recipe is None or not recipe.has_unknown_spacing(called)
        with transaction.atomic():  # with the schema, if this is the first case of all
            delineation = self._in_project(came)
            marks = read.marks
            if not spacing_known and SPACING_UNKNOWN not in marks:
                marks += (SPACING_UNKNOWN,)
            if delineation is not None and SPACING_UNKNOWN not in marks:
                marks += self._anatomy(delineation, volume.geometry)
            case = add_case(
                project=self.project,
                volume=volume,
                name=name,
                patient_key=patient,
                split=fixed or item.split,
                labels=delineation.labels if delineation else None,
                annotated=delineation.annotated if delineation else (),
                header=read.header,
                marks=marks,
                spacing_known=spacing_known,
                identity=scan.identity,
                original=read.original,
                site=self.site,
            )
            if recipe is not None:
                origins.remember(case, recipe)
        if delineation:
            self.left_out.update(delineation.left_out)
        if fixed and fixed != item.split:
            joined = f"Case {case.number} ({case.name}) joined its patient's split, “{fixed}”."
            self.report.notes.append(joined)
        return case, delineation, marks

    def _in_project(self, came: Brought | None) -> Delineation | None:
        adds = self.adds_structures and not isinstance(came, brought.FromLabels)
        if not adds:
            delineations.ensure_schema(self.project, self.wanted)
        return came.in_project(self.project, adds_structures=adds) if came is not None else None

    def _anatomy(self, delineation: Delineation, geometry: Geometry) -> tuple[Mark, ...]:
        """Compare where structures lie with what is known of people; nothing is turned."""
        centroids = {}
        for layer, labels in enumerate(delineation.labels):
            entries = [one for one in delineations.entries_of(self.project) if one.layer == layer]
            keys = {one.value: one.structure.key for one in entries}
            centroids.update(centroids_of_labels(labels, keys, geometry))
        sentences = check_anatomy(centroids).sentences()
        return (Mark(Outcome.WARNED, Cause.ANATOMY, " ".join(sentences)),) if sentences else ()

    def _finished(self, found: Survey, had_structures: bool) -> ImportReport:
        """Return the report with what only the end knows."""
        if self.report.imported:
            self._ensure_schema()
            self.report.notes.extend(_note_on_names(self.project, found, self.by_recipe, had_structures))
        if self.left_out:
            names = sorted(self.left_out)
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            self.report.notes.append(
                f"Structures that the project does not have were left out: {', '.join(names[:5])}{more}."
            )
        return self.report

    def _ensure_schema(self) -> None:
        """Give a project that got none with its cases the structures of the recipes, else of the tables."""
        if self.adds_structures:
            for recipe in self.report.recipes:
                brought.add_structures_of(recipe, self.project)
        delineations.ensure_schema(self.project, self.wanted)


def _is_label_map(scan: Scan) -> bool:
    """Tell whether a label map alone was found beside a DICOM series."""
    files = scan.drawings
    return len(files) == 1 and files[0].is_numbered and not files[0].may_overlap


def _finding_on(shown: str, refused: Refused) -> Finding:
    if isinstance(refused, AlreadyThere):
        return Finding(shown, Outcome.SKIPPED, Cause.ALREADY_THERE, refused.sentence, refused.number)
    cause = Cause.OTHER_SPLIT if isinstance(refused, OtherSplit) else cause_of(refused)
    return Finding(shown, Outcome.REFUSED, cause, refused.sentence)


def names_of(found: Survey, by_recipe: Mapping[tuple[Path, ...], object]) -> list[tuple[str, int]]:
    """Return names and values for the schema of a project without one, from the tables beside label maps."""
    tables, unnamed = [], []
    for scan in found.scans:
        if scan.files in by_recipe or brought.regions_of(scan) is not None:
            continue
        labels = scan.labels or (scan.drawings[0] if _is_label_map(scan) else None)
        if labels is not None and labels.names is not None:
            tables.append(labels.names.by_value)
        elif labels is not None:
            unnamed.append(labels.values)
    return delineations.wanted_structures(tables, unnamed)


def _note_on_names(
    project: Project, found: Survey, by_recipe: Mapping[tuple[Path, ...], object], had_structures: bool
) -> list[str]:
    """Tell of names that are missing, once all is imported: drawings bring names of their own."""
    labels = [scan.labels for scan in found.scans if scan.labels and scan.files not in by_recipe]
    entries = delineations.entries_of(project)
    write = 'Write a labels.json such as {"1": "liver"} beside the label maps to name their values.'
    if (labels and all(known.names for known in labels)) or by_recipe:
        return []
    if had_structures and labels:
        own = ", ".join(f"{entry.value} {entry.structure.name}" for entry in entries[:5])
        return [f"Label maps without names were read in the project's values ({own}). {write}"]
    names = [entry.structure.name for entry in entries]
    if had_structures or names != [delineations.UNNAMED]:
        return []
    return [f"No names of structures were found, so the project has one, “{delineations.UNNAMED}”. {write}"]
