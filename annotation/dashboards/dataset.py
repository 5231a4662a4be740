"""What the data set of a project consists of: scans, where they come from, how large, which structures.

Every figure follows from the same rows (`scans`), so that the list of cases behind it has as many.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from statistics import median
from typing import Annotated

from annotation.dashboards import scans
from annotation.dashboards.scans import ScanRow
from annotation.dashboards.structure_counts import StructureCounts, cases_with, structure_counts
from annotation.dashboards.tables import Says
from annotation.models import CaseSource, DataSource, Project, Split

MOST_LISTED = 500


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
    rows = scans.scans(project, **narrowed)
    counts = structure_counts(project, [row.case_id for row in rows])
    return Dataset(
        cases=len(rows),
        patients=len({row.patient for row in rows}),
        uncounted=sum(1 for _ in counts.uncounted),
        groups=_groups(rows),
        measures=_measures(rows),
        bars=_bars(rows),
        structures=counts.rows,
        sources=_sources(project, rows, counts.annotated),
    )


def scan_rows(project: Project, **narrowed: str) -> list[ScanRow]:
    """Every case, one row each."""
    return scans.scans(project, **narrowed)


def group_rows(project: Project, **narrowed: str) -> list[GroupRow]:
    """Every word of everything that cases can be alike in, the most frequent first."""
    return _groups(scans.scans(project, **narrowed))


def bar_rows(project: Project, **narrowed: str) -> list[BarRow]:
    """The histograms of all measures, from the left."""
    return _bars(scans.scans(project, **narrowed))


def measure_rows(project: Project, **narrowed: str) -> list[MeasureRow]:
    """Least, median and most of all measures."""
    return _measures(scans.scans(project, **narrowed))


def structure_rows(project: Project, **narrowed: str) -> list[StructureCounts]:
    """Structure by structure, in the order of the project."""
    ids = [row.case_id for row in scans.scans(project, **narrowed)]
    return structure_counts(project, ids).rows


def source_rows(project: Project, **narrowed: str) -> list[SourceRow]:
    """Data set by data set, the one with the most cases first."""
    rows = scans.scans(project, **narrowed)
    return _sources(project, rows, structure_counts(project, [row.case_id for row in rows]).annotated)


def listed(
    project: Project,
    *,
    words: Mapping[str, str],
    bar: tuple[str, float, float] | None = None,
    structure: str = "",
    shown: str = "",
) -> Listed:
    """The cases behind a figure: with these words, in this bar, with the structure in that state."""
    rows = scans.scans(project, **words)
    if bar is not None:
        rows = [row for row in rows if scans.lies_in(row, *bar)]
    if structure:
        with_it = cases_with(project, structure, shown)
        rows = [row for row in rows if row.case_id in with_it]
    return Listed(len(rows), [_listed(row) for row in rows[:MOST_LISTED]])


def _listed(row: ScanRow) -> ListedRow:
    names = ListedRow.__dataclass_fields__
    return ListedRow(**{name: value for name, value in asdict(row).items() if name in names})


def _groups(rows: Sequence[ScanRow]) -> list[GroupRow]:
    found = []
    for what in scans.GROUPED:
        cases = Counter(map(attrgetter(what, "split"), rows))
        patients = Counter(word for word, _ in set(map(attrgetter(what, "patient"), rows)))
        all_cases: Counter[str] = Counter()
        for (word, _), n in cases.items():
            all_cases[word] += n
        for word, n in sorted(all_cases.items(), key=lambda item: (-item[1], item[0])):
            by_split = (cases[word, split] for split in Split.values)
            found.append(GroupRow(what, word, n, patients[word], *by_split))
    return found


def _known(rows: Iterable[ScanRow], measure: str) -> list[float]:
    values: list[float | None] = [getattr(row, measure) for row in rows]
    return [value for value in values if value is not None]


def _bars(rows: Sequence[ScanRow]) -> list[BarRow]:
    return [
        BarRow(measure, *bar)
        for measure in scans.MEASURES
        for bar in scans.bars(_known(rows, measure), least=1.0 if measure == "slices" else 0.0)
    ]


def _measures(rows: Sequence[ScanRow]) -> list[MeasureRow]:
    found = []
    for measure in scans.MEASURES:
        known = _known(rows, measure)
        ends = (min(known), median(known), max(known)) if known else (None, None, None)
        found.append(MeasureRow(measure, len(known), len(rows) - len(known), *ends))
    return found


def _sources(
    project: Project, rows: Sequence[ScanRow], annotated: Mapping[int, Sequence[str]]
) -> list[SourceRow]:
    ids = CaseSource.objects.filter(case__project=project).values("source")
    known = {source.title: source for source in DataSource.objects.filter(pk__in=ids)}
    alike: dict[str, list[ScanRow]] = defaultdict(list)
    for row in rows:
        alike[row.source].append(row)
    found = []
    for title, members in sorted(alike.items(), key=lambda item: (-len(item[1]), item[0])):
        keys = {key for row in members for key in annotated.get(row.case_id, ())}
        source = known.get(title)
        found.append(
            SourceRow(
                source=title,
                licence=source.licence if source else "",
                citation=source.citation if source else "",
                non_commercial=source.non_commercial if source else False,
                cases=len(members),
                patients=len({row.patient for row in members}),
                structures=" ".join(sorted(keys)),
            )
        )
    return found
