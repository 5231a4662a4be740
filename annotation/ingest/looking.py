"""What an import would bring, before anything is stored: the data set, or the incoming labels by name.

    look(paths, project) -> Looked

Everything is read in the child process; nothing is written to the database or the store.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from annotation.errors import Refused
from annotation.imaging.folder import survey
from annotation.imaging.sandbox import Decoder
from annotation.imaging.scans import DrawnFile, Scan, Survey
from annotation.ingest.choosing import data_sets_in
from annotation.ingest.sources import nothing_found, searchable
from annotation.models import Project
from annotation.recipes import Proposal, Recognised, propose
from training.progress import OnProgress, Progress, Repeating, ignore_progress

Label = tuple[str, int | None]


@dataclass(frozen=True)
class DataSetSeen:
    """A public data set that the files may be. `refused`: why its labels are not taken, or empty."""

    key: str
    title: str
    licence: str
    citation: str
    non_commercial: bool
    cases: int
    labelled: int
    refused: str


@dataclass(frozen=True)
class LabelSeen:
    """An incoming label: its name ("" where it has none), its value in a label map (None: it has none there),
    in how many files it is, and what it may stand for.
    """

    name: str
    value: int | None
    files: int
    proposal: Proposal


@dataclass(frozen=True)
class Looked:
    """What was found. `recognised` is the data set whose recipe an import would use by itself, or None.

    `alike`: data sets that the layout fits equally well, of which somebody has to choose one. `names` are the
    incoming labels, none where a data set was recognised. `refused` are (file, sentence).
    """

    recognised: DataSetSeen | None
    alike: tuple[DataSetSeen, ...]
    scans: int
    delineated: int
    names: tuple[LabelSeen, ...]
    refused: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON: lists and plain values alone."""
        words = asdict(self)
        words["refused"] = [{"file": file, "sentence": sentence} for file, sentence in self.refused]
        return words


def look(
    paths: Sequence[Path],
    project: Project,
    on_progress: OnProgress = ignore_progress,
    *,
    by_names: bool = False,
) -> Looked:
    """Look at what files, folders and zips hold. With `by_names`, data sets are passed over: labels by name.

    Raises Refused when nothing in them could be a scan.
    """
    told = Repeating(on_progress, Progress("looking", 0, 0))
    with Decoder(on_wait=told.again) as decoder, searchable(paths, decoder) as (folders, unopened):
        if not by_names:
            for folder in folders:
                recognised = data_sets_in(folder)
                if recognised:
                    return _of_data_set(recognised)
        found = Survey(findings=list(unopened))
        for folder, place in folders.items():
            part = survey(
                folder, decoder, lambda done, n: told(Progress("looking", done, n)), where=place.where
            )
            found.scans += part.scans
            found.findings += part.findings
            found.notes += part.notes
        if not found.scans and not found.findings:
            raise nothing_found(paths)
        return _of_survey(found, decoder)


def _of_data_set(recognised: Sequence[Recognised]) -> Looked:
    seen = tuple(_seen(one) for one in recognised)
    first = seen[0]
    alone = first if len(seen) == 1 else None
    notes = recognised[0].recipe.notes if alone else ()
    return Looked(alone, () if alone else seen, first.cases, first.labelled, (), (), tuple(notes))


def _seen(one: Recognised) -> DataSetSeen:
    recipe, source = one.recipe, one.recipe.source
    return DataSetSeen(
        recipe.key,
        recipe.title,
        source.licence,
        source.citation,
        source.non_commercial,
        one.cases,
        one.labelled,
        one.refused,
    )


def _of_survey(found: Survey, decoder: Decoder) -> Looked:
    counts: Counter[Label] = Counter()
    refused = list(found.refused)
    for scan in found.scans:
        try:
            counts.update(set(_labels_of(scan, decoder)))
        except Refused as one:
            refused.append((scan.shown, one.sentence))
    ordered = sorted(counts, key=lambda label: (label[1] is None, label[1] or 0, label[0]))
    proposals = propose(name for name, _ in ordered)
    names = tuple(
        LabelSeen(name, value, counts[name, value], proposal)
        for (name, value), proposal in zip(ordered, proposals, strict=True)
    )
    delineated = sum(scan.is_delineated for scan in found.scans)
    return Looked(None, (), len(found.scans), delineated, names, tuple(refused), tuple(found.notes))


def _labels_of(scan: Scan, decoder: Decoder) -> Iterator[Label]:
    """Yield name and value of what was drawn on a scan."""
    if scan.labels is not None:
        names = scan.labels.names.by_value if scan.labels.names else {}
        yield from ((names.get(value, ""), value) for value in scan.labels.values)
    for drawn in scan.drawings:
        yield from _labels_in(drawn, decoder)


def _labels_in(drawn: DrawnFile, decoder: Decoder) -> Iterator[Label]:
    if drawn.masks:
        yield from ((name, None) for name in drawn.masks)
    elif drawn.is_numbered:
        names = drawn.names.by_value if drawn.names else {}
        yield from ((names.get(value, ""), value) for value in drawn.values)
    else:
        yield from ((name, None) for name in decoder.structures(drawn.files[0]))
