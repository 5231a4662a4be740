"""What became of an import: of every series and file a finding, and the cases that were made."""

from dataclasses import dataclass, field
from typing import Any

from annotation.imaging.findings import Cause, Finding, Outcome
from annotation.models import Split
from annotation.recipes import Recipe


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
    """What became of a folder: `findings` of every series and file, `imported` the cases made of them.

    `recipes` are those by which labels were read, in the order in which they were met.
    """

    imported: list[Imported] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recipes: list[Recipe] = field(default_factory=list)

    @property
    def refused(self) -> list[Refusal]:
        """What was not imported and why; not what is no scan anyway."""
        return [
            Refusal(one.source, one.message)
            for one in self.findings
            if one.outcome is Outcome.REFUSED or one.cause is Cause.ALREADY_THERE
        ]

    def recipe(self) -> dict[str, Any] | None:
        """Return data set or recipe as JSON, the first of several; None: labels were read by their names."""
        return described(self.recipes[0]) if self.recipes else None

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


def described(recipe: Recipe) -> dict[str, Any]:
    """Return what to say of a recipe's data set: key, title, licence, citation, non_commercial."""
    source = recipe.source
    return {
        "key": recipe.key,
        "title": recipe.title,
        "licence": source.licence,
        "citation": source.citation,
        "non_commercial": source.non_commercial,
    }


def sentence_on(recipe: Recipe) -> str:
    """Return what a lead has to know before anything of a data set is used."""
    source = recipe.source
    licence = f"licence: {source.licence}" if source.licence else "its licence is not known"
    nc = "; not for commercial use" if source.non_commercial else ""
    cite = f" Cite: {source.citation}." if source.citation else ""
    return f"Read by the recipe of {recipe.title} ({licence}{nc}).{cite}"


def _scans(count: int) -> str:
    return "1 scan" if count == 1 else f"{count} scans"
