"""What networks that were trained on one frozen set reached on its test cases, side by side.

Rows are structures, columns are networks, as in the tables of the literature: mean over cases, standard
deviation and 95 % interval, of Dice and of surface Dice; below them the mean in which every structure weighs
the same, the mean rank, and the tests of every pair of networks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from annotation.learning.benches import Bench, Entry
from annotation.learning.comparisons import test_items
from annotation.learning.manifests import structures_of
from annotation.models import ModelScore
from training.compare import Difference
from training.ranking import mean_over_structures, mean_ranks, paired_tests
from training.raters import FEWEST_CASES, Group, mean_of_groups

_WITHIN = (0.0, 1.0)
_EQUAL = 1e-9  # means of the same scores in another order
_SHOWN = 3  # decimals in which the best of a row is told from the others

Scores = dict[tuple[str, str], float | None]  # by case and structure


@dataclass(frozen=True)
class Cell:
    """Mean over `n` cases with SD and 95 % interval; None where too few cases tell it."""

    network: str
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    n: int
    best: bool = False


@dataclass(frozen=True)
class BenchRow:
    """One structure in every network that has a model; the mean over structures has an empty key."""

    key: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Pair:
    """First minus second: mean difference with its interval, Wilcoxon's p, raw and by Holm."""

    first: str
    second: str
    cases: int
    difference: Difference | None
    p: float | None
    p_holm: float | None


@dataclass(frozen=True)
class MeasureTable:
    """One measure. `ranks` by network, 1 is best; `left_out`: names of structures that cannot be compared."""

    structures: tuple[BenchRow, ...]
    overall: BenchRow
    ranks: Mapping[str, float]
    pairs: tuple[Pair, ...]
    left_out: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[BenchRow, ...]:
        """The structures, and the mean over them where there is any."""
        return (*self.structures, self.overall) if self.structures else ()


@dataclass(frozen=True)
class BenchTable:
    """Everything that there is to say of a comparison so far."""

    bench: Bench
    dice: MeasureTable
    surface_dice: MeasureTable


def bench_table(bench: Bench) -> BenchTable:
    """A handful of queries, however many networks there are."""
    trained = [entry for entry in bench.entries if entry.model is not None]
    names = {spec.key: spec.name for spec in structures_of(bench.comparison.project_id)}
    dice: dict[str, Scores] = {entry.network: {} for entry in trained}
    surface: dict[str, Scores] = {entry.network: {} for entry in trained}
    tolerances: dict[str, set[float | None]] = {}
    for network, row in _scores(bench, trained):
        key = (str(row.case_id), row.structure)
        dice[network][key], surface[network][key] = row.dice, row.surface_dice
        tolerances.setdefault(row.structure, set()).add(row.tolerance_mm)
    mixed = {key for key, found in tolerances.items() if len(found) > 1}
    alike = {name: _without(scores, mixed) for name, scores in surface.items()}
    return BenchTable(
        bench,
        measure_table(dice, names),
        replace(measure_table(alike, names), left_out=tuple(sorted(names.get(key, key) for key in mixed))),
    )


def measure_table(scores: Mapping[str, Scores], names: Mapping[str, str]) -> MeasureTable:
    """The table of one measure: scores by (case, structure) of each network; None = not applicable."""
    found = {structure for own in scores.values() for _, structure in own}
    keys = [key for key in names if key in found] + sorted(found - names.keys())
    return MeasureTable(
        structures=tuple(
            BenchRow(
                key, names.get(key, key), _marked([_cell(name, own, key) for name, own in scores.items()])
            )
            for key in keys
        ),
        overall=BenchRow("", "Mean", _marked([_overall(name, own) for name, own in scores.items()])),
        ranks=mean_ranks(scores),
        pairs=tuple(
            Pair(
                pair["first"],
                pair["second"],
                pair["cases"],
                None if pair["difference"] is None else Difference(**pair["difference"]),
                pair["p"],
                pair["p_holm"],
            )
            for pair in paired_tests(scores)
        ),
    )


def _scores(bench: Bench, trained: Sequence[Entry]) -> list[tuple[str, ModelScore]]:
    """What the networks reached on the references of the frozen set; later ones serve the gate."""
    network_of = {entry.model.pk: entry.network for entry in trained if entry.model is not None}
    references = test_items(bench.comparison.snapshot_id).values("revision")
    rows = ModelScore.objects.filter(model__in=network_of, revision__in=references).order_by("pk")
    return [(network_of[row.model_id], row) for row in rows]


def _without(scores: Scores, structures: set[str]) -> Scores:
    return {key: value for key, value in scores.items() if key[1] not in structures}


def _cell(network: str, scores: Scores, structure: str) -> Cell:
    values = [value for (_, key), value in scores.items() if key == structure and value is not None]
    groups = [Group.of_sums(len(values), sum(values), sum(v**2 for v in values))] if values else []
    found = mean_of_groups(groups, _WITHIN)
    return Cell(network, found.estimate, _sd(values), found.low, found.high, len(values))


def _overall(network: str, scores: Scores) -> Cell:
    """The interval is for other cases; the SD is that of the cases' own means."""
    by_case: dict[str, list[float]] = {}
    for (case, _), value in scores.items():
        if value is not None:
            by_case.setdefault(case, []).append(value)
    found = mean_over_structures(scores)
    sd = _sd([fmean(values) for values in by_case.values()])
    if found is None:
        return Cell(network, None, None, None, None, 0)
    told = found.cases >= FEWEST_CASES
    return Cell(
        network, found.mean, sd, found.low if told else None, found.high if told else None, found.cases
    )


def _sd(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def _marked(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Mark the best of a row; all of them where what is shown of them is equal."""
    means = [round(cell.mean, _SHOWN) for cell in cells if cell.mean is not None]
    if len(means) < 2:
        return tuple(cells)
    highest = max(means) - _EQUAL
    return tuple(
        replace(cell, best=cell.mean is not None and round(cell.mean, _SHOWN) >= highest) for cell in cells
    )
