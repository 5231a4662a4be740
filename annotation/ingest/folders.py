"""Folders and archives of scans become cases, one transaction each, with a report of every file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict, Unpack

from annotation.errors import Refused
from annotation.imaging.dicom import Allowed
from annotation.imaging.findings import Finding
from annotation.imaging.folder import check_folder, survey
from annotation.imaging.sandbox import Decoder
from annotation.imaging.scans import Survey
from annotation.ingest import data_sets, delineations
from annotation.ingest.brought import known_values, regions_of
from annotation.ingest.choosing import Chosen, chosen_for, recipe_named
from annotation.ingest.importing import Import, OnFindings, ignore_findings, names_of
from annotation.ingest.numbered import Numbered
from annotation.ingest.reports import ImportReport, sentence_on
from annotation.ingest.sources import Place, nothing_found, searchable
from annotation.models import Project
from annotation.recipes import Recipe
from annotation.sites import site_name
from training.progress import OnProgress, Progress, Repeating, ignore_progress


class Options(TypedDict, total=False):
    """How an import is to be done.

    `allowed`: what geometry is let in (absent or None: as the project says). `recipe`: by which labels are
    read: "" = that of the data set that the folder is, if any; a data set's key; name or number of a saved
    one; "none" = the names of files and labels alone. `site`: where all of the scans were made. `by_number`:
    cases are called by their numbers, and so are files in what is said of them. `delineated`: how many pool
    cases keep the delineation that came with them (None: all). `leave_some`: some of a wholly delineated
    folder are kept for the readers (see `splits.place`).
    """

    allowed: Allowed | None
    recipe: str
    site: str
    by_number: bool
    delineated: int | None
    leave_some: bool


def import_folder(
    *,
    project: Project,
    folder: Path,
    on_progress: OnProgress = ignore_progress,
    on_findings: OnFindings = ignore_findings,
    **options: Unpack[Options],
) -> ImportReport:
    """Import every scan below a folder, as `import_paths`. Raises Refused when there is no folder, too."""
    check_folder(folder)
    return import_paths(
        project=project, paths=[folder], on_progress=on_progress, on_findings=on_findings, **options
    )


def import_paths(
    *,
    project: Project,
    paths: Sequence[Path],
    on_progress: OnProgress = ignore_progress,
    on_findings: OnFindings = ignore_findings,
    **options: Unpack[Options],
) -> ImportReport:
    """Import every scan in files, folders and zips; what cannot be imported is reported, the rest goes on.

    `on_findings` is told of each series at once; `on_progress` at least each second while a file is read.
    Raises Refused when nothing could be a scan, or the recipe does not fit.
    """
    work = _Work(
        project,
        Repeating(on_progress, Progress("looking", 0, 0)),
        options.get("allowed") or allowed_in(project),
        options.get("recipe", ""),
        site_name(options.get("site", "")),
        by_number=options.get("by_number", False),
        on_findings=on_findings,
    )
    return work.run(paths, options.get("delineated"), leave_some=options.get("leave_some", False))


def allowed_in(project: Project) -> Allowed:
    """Return what a project allows where nobody says otherwise."""
    return Allowed(resample=project.resamples_gaps)


@dataclass
class _Work:
    """What was found in the folders of one import, and by which recipes its labels are read."""

    project: Project
    on_progress: Repeating
    allowed: Allowed
    given: str
    site: str = ""
    by_number: bool = False
    on_findings: OnFindings = ignore_findings
    found: Survey = field(default_factory=Survey)
    empty: list[Finding] = field(default_factory=list)
    by_recipe: dict[tuple[Path, ...], tuple[Recipe, str]] = field(default_factory=dict)
    report: ImportReport = field(default_factory=ImportReport)

    def run(self, paths: Sequence[Path], delineated: int | None, *, leave_some: bool) -> ImportReport:
        """Look at what lies at some paths, then import it."""
        asked = recipe_named(self.project, self.given)
        with (
            Decoder(on_wait=self.on_progress.again) as decoder,
            searchable(paths, decoder) as (folders, unopened),
        ):
            self.found.findings += unopened
            numbered = Numbered.of([*paths, *folders]) if self.by_number else Numbered({}, {})
            try:
                for folder, place in folders.items():
                    self._look(folder, place, chosen_for(folder, asked, given=self.given), decoder)
                if not self.found.scans and not self.found.findings:
                    raise nothing_found(paths)
                self.found.findings += self.empty
                report = self._import(decoder, numbered, delineated, leave_some=leave_some)
            except Refused as refused:
                numbered.rewrite(refused)
                raise
        report.findings = [numbered.finding(one) for one in report.findings]
        report.notes = [numbered.text(note) for note in report.notes]
        return report

    def _import(
        self, decoder: Decoder, numbered: Numbered, delineated: int | None, *, leave_some: bool
    ) -> ImportReport:
        self.found.scans = [numbered.scan(scan) for scan in self.found.scans]
        work = Import(
            self.project,
            decoder,
            names_of(self.found, self.by_recipe),
            self.allowed,
            self._adds_structures(),
            self.by_recipe,
            self.report,
            site=self.site,
            by_number=self.by_number,
            on_findings=lambda new: self.on_findings([numbered.finding(one) for one in new]),
        )
        return work.run(self.found, self.on_progress, delineated, leave_some=leave_some)

    def _look(self, folder: Path, place: Place, chosen: Chosen | None, decoder: Decoder) -> None:
        """Add the scans of a folder: by the layout of its data set, else by the names of its files."""
        if chosen is not None and chosen.by_layout:
            part, called = data_sets.survey_of(chosen.recipe, folder, decoder)
        else:
            known = known_values(chosen.recipe) if chosen is not None else None
            part = survey(folder, decoder, self._looking, known, where=place.where)
            called = {scan.files: scan.name for scan in part.scans}
        self.found.scans += part.scans
        self.found.findings += part.findings
        if place.empty is not None and not part.scans and not part.findings:
            self.empty.append(place.empty)
        self.found.notes += part.notes
        if chosen is None:
            return
        if chosen.recipe not in self.report.recipes and part.scans:
            self.report.recipes.append(chosen.recipe)
            self.report.notes.append(sentence_on(chosen.recipe))
        self.by_recipe.update({files: (chosen.recipe, case) for files, case in called.items()})

    def _looking(self, done: int, total: int) -> None:
        self.on_progress(Progress("looking", done, total))

    def _adds_structures(self) -> bool:
        """Tell whether a project without structures gets those of the files, case by case.

        Where tables name the values of label maps, it gets these, all at once.
        """
        if delineations.entries_of(self.project):
            return False
        scans = self.found.scans
        drawn = any(scan.drawings or regions_of(scan) for scan in scans)
        has_tables = any(scan.labels and regions_of(scan) is None for scan in scans)
        return (drawn and not has_tables) or bool(self.by_recipe)
