"""Networks that were trained on one frozen set, structure by structure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from annotation import learning
from annotation.dashboards.tables import Says
from annotation.learning import BenchTable, MeasureTable
from annotation.models import Project

METRICS = ("dice", "surface_dice")


@dataclass(frozen=True)
class BenchedRow:
    """One network in one structure and measure."""

    network: Annotated[str, Says("Network")]
    model: Annotated[int, Says("Version of the model that it became")]
    structure: Annotated[
        str, Says("Key of the structure; empty = mean in which every structure weighs alike")
    ]
    metric: Annotated[str, Says("dice or surface_dice")]
    mean: Annotated[float | None, Says("Mean over the test cases")]
    sd: Annotated[float | None, Says("Standard deviation over the test cases")]
    low: Annotated[float | None, Says("Lower end of the 95 % interval (other test cases)")]
    high: Annotated[float | None, Says("Upper end of the 95 % interval")]
    cases: Annotated[int, Says("Test cases that the mean rests on", "cases")]
    best: Annotated[bool, Says("Whether no network is better")]
    rank: Annotated[
        float | None,
        Says("Mean rank over test cases and structures, 1 = best; in the rows of the mean alone"),
    ]
    steps: Annotated[int | None, Says("Steps of its training")]
    train_seconds: Annotated[float | None, Says("Time of training alone", "s")]
    parameters: Annotated[int | None, Says("Parameters of the network")]
    seed: Annotated[int, Says("Seed of its training")]
    metric_version: Annotated[str, Says("Definition of the metric")]


def benched_rows(project: Project, comparison: int) -> list[BenchedRow]:
    """Every network that has a model. Raises NotFound."""
    table = learning.bench_table(learning.bench_named(project, comparison))
    return [row for metric in METRICS for row in _of(table, metric, getattr(table, metric))]


def _of(table: BenchTable, metric: str, found: MeasureTable) -> Iterator[BenchedRow]:
    entries = {entry.network: entry for entry in table.bench.entries}
    for row in found.rows:
        for cell in row.cells:
            entry = entries[cell.network]
            if entry.model is None:
                continue
            yield BenchedRow(
                network=cell.network,
                model=entry.model.version,
                structure=row.key,
                metric=metric,
                mean=cell.mean,
                sd=cell.sd,
                low=cell.low,
                high=cell.high,
                cases=cell.n,
                best=cell.best,
                rank=found.ranks.get(cell.network) if row.key == "" else None,
                steps=entry.steps,
                train_seconds=entry.train_seconds,
                parameters=entry.parameters,
                seed=table.bench.comparison.seed,
                metric_version=entry.model.metric_version,
            )
