"""What the data set of a project consists of: scans, where they come from, how large, which structures.

Every figure follows from the same rows (`scans`), so that the list of cases behind it has as many.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.dashboards import scans
from annotation.dashboards.scans import ScanRow
from annotation.dashboards.structure_counts import (
    Counted,
    Group,
    StructureCounts,
    cases_with,
    structure_counts,
)
from annotation.dashboards.tables import Says
from annotation.models import CaseSource, DataSource, Project, Split

MOST_LISTED = 500

_OF_GROUPS = (*scans.GROUPED, "patient")
_OF_SOURCES = ("case_id", "patient", "source")
_OF_PAGE = (*scans.MEASURES, *_OF_GROUPS, *_OF_SOURCES, "modality")

_MOST_MARKS = 2**24

_Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GroupRow:
    """Cases that are alike in one thing."""

    what: Annotated[str, Says("In what they are alike: split, state, source, site, scanner, kernel, …")]
    word: Annotated[str, Says("The word that they share; empty = not known")]
    cases: Annotated[int, Says("Cases", "cases")]
    patients: Annotated[int, Says("Patients of these", "patients")]
    pool: Annotated[int, Says("Cases of the pool", "cases")]
    validation: Annotated[int, Says("Validation cases", "cases")]
    test: Annotated[int, Says("Test cases", "cases")]


@dataclass(frozen=True)
class BarRow:
    """One bar of the histogram of a measure; `low` belongs to it, `high` does not."""

    measure: Annotated[str, Says("in_plane_mm, gap_mm, slices, field_mm or volume_ml, as in `dataset_scans`")]
    low: Annotated[float, Says("From here on")]
    high: Annotated[float, Says("Up to here")]
    cases: Annotated[int, Says("Cases", "cases")]


@dataclass(frozen=True)
class MeasureRow:
    """A measure over all cases of which it is known."""

    measure: Annotated[str, Says("in_plane_mm, gap_mm, slices, field_mm or volume_ml, as in `dataset_scans`")]
    cases: Annotated[int, Says("Cases of which it is known", "cases")]
    not_known: Annotated[int, Says("Cases of which it is not known", "cases")]
    least: Annotated[float | None, Says("Smallest value")]
    median: Annotated[float | None, Says("Median")]
    most: Annotated[float | None, Says("Largest value")]


@dataclass(frozen=True)
class SourceRow:
    """A data set that cases came from."""

    source: Annotated[str, Says("Its title; empty = not known")]
    licence: Annotated[str, Says("Its licence; empty = not known")]
    citation: Annotated[str, Says("What has to be cited")]
    non_commercial: Annotated[bool, Says("Whether its licence forbids commercial use")]
    cases: Annotated[int, Says("Cases", "cases")]
    patients: Annotated[int, Says("Patients of these", "patients")]
    structures: Annotated[str, Says("Keys of the structures that delineations of them say something about")]


@dataclass(frozen=True)
class ListedRow:
    """One case behind a figure."""

    case_id: Annotated[int, Says("Id of the case")]
    number: Annotated[int, Says("Number of the case in its project")]
    name: Annotated[str, Says("Name of the case")]
    split: Annotated[str, Says("pool, validation or test")]
    state: Annotated[str, Says("State of the case")]
    source: Annotated[str, Says("Data set that it came from; empty = not known")]
    site: Annotated[str, Says("Where it was scanned; empty = not known")]
    scanner: Annotated[str, Says("Manufacturer and model; empty = not known")]


@dataclass(frozen=True)
class Dataset:
    """The page: how many, by what they are alike, how large, which structures, from where."""

    cases: int
    patients: int
    uncounted: int
    groups: list[GroupRow]
    measures: list[MeasureRow]
    bars: list[BarRow]
    structures: list[StructureCounts]
    sources: list[SourceRow]


@dataclass(frozen=True)
class Listed:
    """`total` cases are behind a figure; `rows` are the first of them by number."""

    total: int
    rows: list[ListedRow]


def dataset_of(project: Project, **narrowed: str) -> Dataset:
    """A handful of queries, however many cases there are; `narrowed` as `scans` takes it."""
    columns = scans.scans(project, _OF_PAGE, **narrowed)
    counts, patients = _counted(project, columns, narrowed), _patients(columns)
    return Dataset(
        cases=columns.num_rows,
        patients=patients[1],
        uncounted=counts.uncounted,
        groups=_groups(columns, patients),
        measures=_measures(columns),
        bars=_bars(columns),
        structures=counts.rows,
        sources=_sources(project, columns, counts.says, patients),
    )


def scan_rows(project: Project, **narrowed: str) -> list[ScanRow]:
    """Every case by number, one row each."""
    return scans.as_rows(scans.by_number(scans.scans(project, **narrowed)))


def group_rows(project: Project, **narrowed: str) -> list[GroupRow]:
    """Every word of everything that cases can be alike in, the most frequent first."""
    columns = scans.scans(project, _OF_GROUPS, **narrowed)
    return _groups(columns, _patients(columns))


def bar_rows(project: Project, **narrowed: str) -> list[BarRow]:
    """The histograms of all measures, from the left."""
    return _bars(scans.scans(project, scans.MEASURES, **narrowed))


def measure_rows(project: Project, **narrowed: str) -> list[MeasureRow]:
    """Least, median and most of all measures."""
    return _measures(scans.scans(project, scans.MEASURES, **narrowed))


def structure_rows(project: Project, **narrowed: str) -> list[StructureCounts]:
    """Structure by structure, in the order of the project."""
    if not any(narrowed.values()):
        return structure_counts(project).rows
    return _counted(project, scans.scans(project, ["case_id"], **narrowed), narrowed).rows


def source_rows(project: Project, **narrowed: str) -> list[SourceRow]:
    """Data set by data set, the one with the most cases first."""
    columns = scans.scans(project, _OF_SOURCES, **narrowed)
    return _sources(project, columns, _counted(project, columns, narrowed).says, _patients(columns))


def _counted(project: Project, columns: pa.Table, narrowed: Mapping[str, str]) -> Counted:
    if any(narrowed.values()):
        return structure_counts(project, columns["case_id"].to_pylist())
    is_known = "modality" in columns.column_names
    return structure_counts(
        project, None, set(columns["modality"].unique().to_pylist()) if is_known else None
    )


def listed(
    project: Project,
    *,
    words: Mapping[str, str],
    bar: tuple[str, float, float] | None = None,
    structure: str = "",
    shown: str = "",
) -> Listed:
    """The cases behind a figure: with these words, in this bar, with the structure in that state."""
    names = [field.name for field in fields(ListedRow)]
    columns = scans.scans(project, names + ([bar[0]] if bar else []), **words)
    if bar is not None:
        columns = scans.in_bar(columns, *bar)
    if structure:
        with_it = pa.array(cases_with(project, structure, shown), pa.int64())
        columns = columns.filter(pc.is_in(columns["case_id"], with_it))
    shown_rows = scans.by_number(columns).slice(0, MOST_LISTED).select(names)
    return Listed(columns.num_rows, [ListedRow(**row) for row in shown_rows.to_pylist()])


def _patients(columns: pa.Table) -> tuple[_Codes, int]:
    """A number for each case's patient, and how many patients there are."""
    coded = pc.dictionary_encode(columns["patient"]).combine_chunks()
    return np.asarray(coded.indices, np.int64), len(coded.dictionary)


def _coded(column: pa.ChunkedArray) -> tuple[_Codes, list[str]]:
    """A number for each word, and the words by number."""
    coded = pc.dictionary_encode(column).combine_chunks()
    return np.asarray(coded.indices, np.int64), coded.dictionary.to_pylist()


def _distinct_in(groups: _Codes, n_groups: int, codes: _Codes, n_codes: int) -> _Codes:
    """How many different codes each group has: by a mark for each pair where there is room, else sorted."""
    pairs = groups * n_codes + codes
    if n_groups * n_codes <= _MOST_MARKS:
        marks = np.zeros(n_groups * n_codes, np.bool_)
        marks[pairs] = True
        different: _Codes = marks.reshape(n_groups, n_codes).sum(axis=1, dtype=np.int64)
        return different
    pairs.sort()
    is_first = np.append(True, pairs[1:] != pairs[:-1])[: pairs.size]
    return np.bincount(pairs[is_first] // max(1, n_codes), minlength=n_groups)


def _groups(columns: pa.Table, patients: tuple[_Codes, int]) -> list[GroupRow]:
    found = []
    split, splits = _coded(columns["split"])
    for what in scans.GROUPED:
        word, words = _coded(columns[what])
        cells = np.bincount(word * len(splits) + split, minlength=len(words) * len(splits))
        by_split = cells.reshape(len(words), len(splits)).tolist()
        different = _distinct_in(word, len(words), *patients).tolist()
        for place in sorted(range(len(words)), key=lambda place: (-sum(by_split[place]), words[place])):
            cases = dict(zip(splits, by_split[place], strict=True))
            in_split = (cases.get(split, 0) for split in Split.values)
            found.append(GroupRow(what, words[place], sum(cases.values()), different[place], *in_split))
    return found


def _known(columns: pa.Table, measure: str) -> npt.NDArray[np.float64]:
    return np.asarray(columns[measure].drop_null(), np.float64)


def _bars(columns: pa.Table) -> list[BarRow]:
    return [
        BarRow(measure, *bar)
        for measure in scans.MEASURES
        for bar in scans.bars(_known(columns, measure), least=1.0 if measure == "slices" else 0.0)
    ]


def _measures(columns: pa.Table) -> list[MeasureRow]:
    found = []
    for measure in scans.MEASURES:
        known = _known(columns, measure)
        ends = map(float, (known.min(), np.median(known), known.max())) if known.size else (None,) * 3
        found.append(MeasureRow(measure, known.size, columns.num_rows - known.size, *ends))
    return found


def _sources(
    project: Project, columns: pa.Table, says: Iterable[Group], patients: tuple[_Codes, int]
) -> list[SourceRow]:
    ids = CaseSource.objects.filter(case__project=project).values("source")
    known = {source.title: source for source in DataSource.objects.filter(pk__in=ids)}
    keys = _keys_by_source(columns, says)
    word, titles = _coded(columns["source"])
    cases = np.bincount(word, minlength=len(titles)).tolist()
    different = _distinct_in(word, len(titles), *patients).tolist()
    found = []
    for place in sorted(range(len(titles)), key=lambda place: (-cases[place], titles[place])):
        title = titles[place]
        source = known.get(title)
        found.append(
            SourceRow(
                source=title,
                licence=source.licence if source else "",
                citation=source.citation if source else "",
                non_commercial=source.non_commercial if source else False,
                cases=cases[place],
                patients=different[place],
                structures=" ".join(sorted(keys[title])),
            )
        )
    return found


def _keys_by_source(columns: pa.Table, says: Iterable[Group]) -> Mapping[str, set[str]]:
    """What delineations of the cases of each source say something about."""
    found: dict[str, set[str]] = defaultdict(set)
    for keys, cases in says:
        of_these = columns.filter(pc.is_in(columns["case_id"], pa.array(cases, pa.int64())))
        for title in of_these["source"].unique().to_pylist():
            found[title].update(keys)
    return found
