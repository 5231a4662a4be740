"""The figures of a comparison of networks, against scipy, numpy and statsmodels used directly."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from scipy import stats
from scipy.special import expit, logit
from statsmodels.stats.multitest import multipletests

from annotation import jobs, learning
from annotation.dashboards import table_named, to_file
from annotation.errors import NotFound
from annotation.models import Case, ModelScore, Project, Split, TrainingRun
from tests.annotation.learning_loop import accepted, report

NETWORKS = ["plain_unet", "resenc_unet", "vnet"]
STRUCTURES = ["liver", "spleen", "kidney_left"]
CASES = 6


@pytest.fixture
def truth() -> dict[str, Any]:
    """Dice as (network, case, structure); NaN = not applicable, the same in every network."""
    generator = np.random.default_rng(3)
    dice = np.round(generator.uniform(0.5, 0.95, (3, CASES, 3)), 4)
    dice[:, 0, 2] = np.nan
    dice[2] = np.minimum(dice[2], dice[0] - 0.05)
    return {"dice": dice, "surface": dice - 0.1}


@pytest.fixture
def table(
    project: Project, lea: User, truth: dict[str, Any], tmp_path: Path, transactional_db: None
) -> learning.BenchTable:
    accepted(project)
    learning.change_policy(project=project, changes={"automatic": False})
    tests = [accepted(project, Split.TEST) for _ in range(CASES)]
    bench = learning.request_bench(project=project, by=lea, networks=NETWORKS, budget_s=60, seed=0)
    for number in range(len(NETWORKS)):
        run = TrainingRun.objects.get(job__state="queued")
        lease = jobs.claim(run.job_id)
        assert lease is not None
        made = report(
            tmp_path,
            _scores(tests, truth["dice"][number]),
            surface=_scores(tests, truth["surface"][number]),
            content=str(number).encode(),
        )
        learning.record(run=run, report=made, lease=lease)
    return learning.bench_table(learning.bench_named(project, bench.comparison.pk))


def _scores(tests: list[Case], values: Any) -> dict[Case, dict[str, float | None]]:
    return {
        case: {key: None if np.isnan(v) else float(v) for key, v in zip(STRUCTURES, row, strict=True)}
        for case, row in zip(tests, values, strict=True)
    }


@pytest.mark.parametrize("measure", ["dice", "surface"])
def test_cells_are_mean_sd_and_t_interval_on_the_logit_scale(
    table: learning.BenchTable, truth: dict[str, Any], measure: str
) -> None:
    found = table.dice if measure == "dice" else table.surface_dice
    assert [row.key for row in found.structures] == STRUCTURES
    for row in found.structures:
        column = STRUCTURES.index(row.key)
        best = np.nanmean(truth[measure][:, :, column], axis=1).argmax()
        for number, cell in enumerate(row.cells):
            values = truth[measure][number, :, column]
            values = values[np.isfinite(values)]
            assert (cell.network, cell.n) == (NETWORKS[number], len(values))
            assert cell.mean == pytest.approx(values.mean())
            assert cell.sd == pytest.approx(values.std(ddof=1))
            slope = 1 / (values.mean() * (1 - values.mean()))
            ends = stats.t.interval(0.95, len(values) - 1, logit(values.mean()), slope * stats.sem(values))
            assert (cell.low, cell.high) == pytest.approx(tuple(expit(ends)))
            assert cell.best == (number == best)


def test_in_the_mean_every_structure_weighs_the_same(
    table: learning.BenchTable, truth: dict[str, Any]
) -> None:
    for number, cell in enumerate(table.dice.overall.cells):
        values = truth["dice"][number]
        assert cell.mean == pytest.approx(np.nanmean(values, axis=0).mean())
        assert cell.sd == pytest.approx(np.nanmean(values, axis=1).std(ddof=1))
        draws = np.random.default_rng(11).integers(0, CASES, (4000, CASES))
        means = [np.nanmean(values[draw], axis=0) for draw in draws if not (draw == 0).all()]
        low, high = np.quantile(np.nanmean(means, axis=1), [0.025, 0.975])
        assert (cell.low, cell.high) == pytest.approx((low, high), abs=0.01)
        assert cell.n == CASES


def test_ranks_and_pairs(table: learning.BenchTable, truth: dict[str, Any]) -> None:
    flat = truth["dice"].reshape(3, -1)
    flat = flat[:, np.isfinite(flat).all(axis=0)]
    ranks = stats.rankdata(-flat, axis=0).mean(axis=1)
    assert table.dice.ranks == pytest.approx(dict(zip(NETWORKS, ranks, strict=True)))
    pairs, p = [(0, 1), (0, 2), (1, 2)], []
    for pair, (a, b) in zip(table.dice.pairs, pairs, strict=True):
        by_case = np.nanmean(truth["dice"][a] - truth["dice"][b], axis=1)
        p.append(stats.wilcoxon(by_case).pvalue)
        assert (pair.first, pair.second, pair.cases) == (NETWORKS[a], NETWORKS[b], CASES)
        assert pair.difference is not None
        assert pair.difference.mean == pytest.approx(
            np.nanmean(truth["dice"][a] - truth["dice"][b], axis=0).mean()
        )
    assert [pair.p for pair in table.dice.pairs] == pytest.approx(p)
    assert [pair.p_holm for pair in table.dice.pairs] == pytest.approx(multipletests(p, method="holm")[1])


def test_as_a_file_every_network_in_every_structure_and_measure(
    project: Project, other_project: Project, table: learning.BenchTable
) -> None:
    pk = table.bench.comparison.pk
    found = table_named(project, "networks_compared", {"comparison": pk})
    assert len(found.rows) == len(NETWORKS) * (len(STRUCTURES) + 1) * 2
    row = next(row for row in found.rows if (row.network, row.structure) == ("vnet", ""))
    assert (row.metric, row.model, row.rank, row.steps) == ("dice", 3, table.dice.ranks["vnet"], 10)
    assert to_file(found, "csv").decode().splitlines()[0].startswith("network,model,structure,metric,mean,sd")
    with pytest.raises(NotFound):
        table_named(other_project, "networks_compared", {"comparison": pk})


def test_surface_dice_at_two_tolerances_is_not_compared(project: Project, table: learning.BenchTable) -> None:
    ModelScore.objects.filter(model__version=3, structure="liver").update(tolerance_mm=9.0)
    again = learning.bench_table(table.bench)
    assert again.surface_dice.left_out == ("liver",)
    assert [row.key for row in again.surface_dice.structures] == ["spleen", "kidney_left"]
    assert [row.key for row in again.dice.structures] == STRUCTURES
    assert not again.dice.left_out


def test_a_comparison_of_which_nothing_is_trained_yet(
    project: Project, lea: User, transactional_db: None
) -> None:
    accepted(project)
    accepted(project, Split.TEST)
    bench = learning.request_bench(project=project, by=lea, networks=NETWORKS, budget_s=60, seed=0)
    table = learning.bench_table(bench)
    assert (table.dice.structures, table.dice.ranks, table.dice.pairs) == ((), {}, ())
    assert table_named(project, "networks_compared", {"comparison": bench.comparison.pk}).rows == []


def test_equal_means_are_all_best_and_one_network_is_never_best() -> None:
    scores = {("1", "liver"): 0.81234, ("2", "liver"): 0.5}
    alike = {("1", "liver"): 0.81239, ("2", "liver"): 0.5}
    rows = learning.measure_table({"a": dict(scores), "b": dict(alike)}, {}).structures
    assert [cell.best for cell in rows[0].cells] == [True, True]
    rows = learning.measure_table({"a": dict(scores)}, {}).structures
    assert [cell.best for cell in rows[0].cells] == [False]
