"""Experiments of many runs: what is run, what is kept, and what is said of the results."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from bench.learning import Kind, main
from tests.training.conftest import KEYS, case_on_disk
from training.dataset import DatasetCase
from training.experiments.compare_networks import (
    comparison,
    network_recipe,
    network_trials,
)
from training.experiments.curve_runs import (
    CurveOrder,
    curve_rows,
    curve_trials,
    curves_of,
    gains_of,
)
from training.experiments.figures import Scores, case_spread, seed_mean, structure_means
from training.experiments.partial_labels import BACKGROUND, COMPLETE, MARGINAL, forget, partial_arms
from training.experiments.sparse_labels import sparse_cases, sparsely
from training.experiments.trial import RESULT, Recipe, Result, Trial, kept, run_trial, run_trials
from training.labels import IGNORE
from training.manifest import Case, CaseScore, Manifest
from training.phantom import STRUCTURES
from training.progress import Progress, TrainingError, ignore_progress, never_stop
from training.ranking import holm, mean_over_structures, mean_ranks, paired_tests

RECIPE = Recipe(steps=2)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, ...]:
    folder = tmp_path_factory.mktemp("cases")
    return tuple(case_on_disk(folder, seed) for seed in range(3))


def _trial(cases: Sequence[Case], name: str = "run", steps: int = 2) -> Trial:
    manifest = Manifest(STRUCTURES, tuple(cases[:2]), tuple(cases[2:]), None, 0.0, 1)
    return Trial(name, {"arm": "x", "seed": 1}, manifest, Recipe(steps=steps))


def _result(arm: str, seed: int, dice: Scores, **about: int) -> Result:
    scores = tuple(CaseScore(case, name, d, d) for (case, name), d in dice.items())
    return Result(arm, {"arm": arm, "seed": seed, **about}, scores, 10, 1.0, 5.0, Path("m"), "v")


def test_a_finished_run_is_kept_and_never_repeated(cases: tuple[Case, ...], tmp_path: Path) -> None:
    seen: list[Progress] = []
    first = run_trial(_trial(cases), tmp_path, on_progress=seen.append, should_stop=never_stop)
    assert first.steps == 2
    assert {s.case_id for s in first.scores} == {cases[2].id}
    assert first.kvoxels_per_s > 0
    assert any(p.stage == "train" for p in seen)
    seen.clear()
    again = run_trial(_trial(cases), tmp_path, on_progress=seen.append, should_stop=never_stop)
    assert again == first
    assert not seen
    with pytest.raises(TrainingError, match="of another experiment"):
        kept(_trial(cases, steps=3), tmp_path)
    (tmp_path / "run" / RESULT).write_text("{")
    with pytest.raises(TrainingError, match=r"result\.json is damaged; delete it"):
        kept(_trial(cases), tmp_path)


def test_runs_need_different_names(cases: tuple[Case, ...], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="same name"):
        run_trials(
            [_trial(cases), _trial(cases)], tmp_path, on_progress=ignore_progress, should_stop=never_stop
        )


def test_the_identity_sees_what_matters(cases: tuple[Case, ...]) -> None:
    trial = _trial(cases)
    moved = replace(cases[0], image=Path("elsewhere"))
    assert _trial([moved, *cases[1:]]).identity() == trial.identity()
    fewer = replace(cases[0], annotated=KEYS[:2])
    others = [
        _trial([fewer, *cases[1:]]),
        _trial(cases, steps=5),
        replace(trial, about={"arm": "y", "seed": 1}),
        replace(trial, manifest=replace(trial.manifest, seed=2)),
        replace(trial, recipe=replace(trial.recipe, network="resenc_unet")),
    ]
    assert len({t.identity() for t in [trial, *others]}) == 1 + len(others)


def _rows(converted: Sequence[Case]) -> tuple[DatasetCase, ...]:
    return tuple(DatasetCase(c.id, c.image, c.labels, c.annotated, c.id) for c in converted)


def test_curve_runs_are_nested_and_named(cases: tuple[Case, ...], tmp_path: Path) -> None:
    order = CurveOrder((1, 2), 2, RECIPE)
    trials = curve_trials(order, STRUCTURES, _rows(cases[:2]), cases[:2], cases[2:])
    assert [trial.name for trial in trials] == [
        "scratch-0001-seed0",
        "scratch-0002-seed0",
        "scratch-0001-seed1",
        "scratch-0002-seed1",
    ]
    for small, large in zip(trials[::2], trials[1::2], strict=True):
        assert set(small.manifest.train) < set(large.manifest.train)
        assert small.manifest.seed == large.manifest.seed
    assert all(trial.manifest.test == cases[2:] for trial in trials)
    with_init = curve_trials(
        replace(order, init=tmp_path), STRUCTURES, _rows(cases[:2]), cases[:2], cases[2:]
    )
    assert [t.manifest.parent for t in with_init[:4]] == [None, None, tmp_path, tmp_path]
    only = replace(order, init=tmp_path, scratch=False)
    assert set(only.arms()) == {"pretrained"}


def test_curve_runs_that_are_not_possible(cases: tuple[Case, ...]) -> None:
    for order, test, sentence in (
        (CurveOrder((1, 5), 1, RECIPE), cases[2:], "there are 2"),
        (CurveOrder((1, 2), 0, RECIPE), cases[2:], "At least one seed"),
        (CurveOrder((1, 2), 1, RECIPE), (), "no test case"),
    ):
        with pytest.raises(TrainingError, match=sentence):
            curve_trials(order, STRUCTURES, _rows(cases[:2]), cases[:2], test)


def _curve_results(arms: dict[str, float], sizes: Sequence[int] = (2, 4, 8, 16)) -> list[Result]:
    return [
        _result(
            arm,
            seed,
            {(f"c{i}", s): c - 0.5 / n + 0.01 * seed for i in range(4) for s in ("liver", "spleen")},
            size=n,
        )
        for arm, c in arms.items()
        for n in sizes
        for seed in range(2)
    ]


def test_curves_rows_and_gains_of_results() -> None:
    results = _curve_results({"scratch": 0.8, "pretrained": 0.9})
    curves = curves_of(results)
    assert curves["scratch"].overall.c == pytest.approx(0.805, abs=1e-3)
    assert curves["pretrained"].overall.b == pytest.approx(1.0, abs=0.02)
    rows = {(row["arm"], row["size"]): row for row in curve_rows(results)}
    assert rows["scratch", 4]["dice"]["mean"] == pytest.approx(0.68)
    assert rows["scratch", 4]["dice"]["sd"] == pytest.approx(0.01 / 2**0.5)
    assert rows["scratch", 4]["structures"]["liver"]["mean"] == pytest.approx(0.68)
    gains = gains_of(results)
    assert [gain.size for gain in gains] == [2, 4, 8, 16]
    assert gains[0].difference.mean == pytest.approx(0.1)
    assert "changes Dice by +0.100" in str(gains[0])


def test_too_few_sizes_give_rows_but_no_curve() -> None:
    results = _curve_results({"scratch": 0.8}, sizes=(2, 4, 8))
    assert curves_of(results) == {}
    assert len(curve_rows(results)) == 3
    assert gains_of(results) == []


def test_means_leave_out_what_is_not_applicable() -> None:
    scores = {("a", "x"): 0.5, ("b", "x"): None, ("a", "y"): 0.9, ("b", "y"): 0.7, ("b", "z"): None}
    assert structure_means(scores) == pytest.approx({"x": 0.5, "y": 0.8})
    assert case_spread(scores)["mean"] == pytest.approx(0.65)
    assert seed_mean([scores, {("a", "x"): 0.7, ("b", "x"): 0.1}]) == pytest.approx(
        {**scores, ("a", "x"): 0.6, ("b", "x"): 0.1}
    )


def test_ranks_share_ties_and_need_every_network() -> None:
    dice: dict[str, dict[tuple[str, str], float | None]] = {
        "a": {("c", "x"): 0.9, ("c", "y"): 0.5, ("d", "x"): None, ("e", "x"): 0.1},
        "b": {("c", "x"): 0.8, ("c", "y"): 0.5, ("d", "x"): 0.4},
    }
    assert mean_ranks(dice) == {"a": 1.25, "b": 1.75}
    assert mean_ranks({"a": {("c", "x"): None}, "b": {("c", "x"): 0.5}}) == {}


def test_the_mean_over_structures_weighs_each_alike_however_many_cases_show_it() -> None:
    scores: Scores = {("c", "x"): 0.9, ("d", "x"): 0.7, ("c", "y"): 0.4, ("d", "y"): None}
    found = mean_over_structures(scores)
    assert found is not None
    assert found.mean == pytest.approx((0.8 + 0.4) / 2)
    assert found.low <= found.mean <= found.high
    assert mean_over_structures({("c", "x"): None}) is None


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_pairs_are_tested_over_cases() -> None:
    rng = np.random.default_rng(0)
    ours = {(f"c{i}", s): float(rng.uniform(0.6, 0.9)) for i in range(10) for s in ("x", "y")}
    theirs = {key: value - 0.05 + float(rng.normal(0, 0.02)) for key, value in ours.items()}
    (pair,) = paired_tests({"a": ours, "b": theirs})
    gaps = [np.mean([ours[c, s] - theirs[c, s] for s in ("x", "y")]) for c in sorted({c for c, _ in ours})]
    assert pair["p"] == pytest.approx(stats.wilcoxon(gaps).pvalue)
    assert pair["p_holm"] == pair["p"] < 0.05
    assert pair["cases"] == 10
    assert pair["difference"]["low"] > 0
    (same,) = paired_tests({"a": ours, "b": ours})
    assert same["p"] == 1.0
    (none,) = paired_tests({"a": ours, "b": {}})
    assert none["p"] is none["p_holm"] is none["difference"] is None


def test_a_comparison_sorts_networks_by_dice() -> None:
    scores = {(f"c{i}", "x"): 0.5 + 0.01 * i for i in range(4)}
    better = {key: value + 0.1 for key, value in scores.items()}
    found = comparison([_result(n, s, d) for s in (0, 1) for n, d in (("low", scores), ("high", better))])
    assert [row["network"] for row in found["networks"]] == ["high", "low"]
    assert [row["rank"] for row in found["networks"]] == [1.0, 2.0]
    assert found["networks"][0]["seeds"] == 2
    assert found["pairs"][0]["first"] == "high"
    assert json.loads(json.dumps(found)) == found


def test_networks_are_run_in_turn(cases: tuple[Case, ...]) -> None:
    recipes = {word: network_recipe(word, RECIPE) for word in ("plain_unet", "resenc_unet:m")}
    assert (recipes["resenc_unet:m"].network, recipes["resenc_unet:m"].preset) == ("resenc_unet", "m")
    trials = network_trials(recipes, 2, STRUCTURES, cases[:2], cases[2:])
    assert [trial.name for trial in trials] == [
        "plain_unet-seed0",
        "resenc_unet-m-seed0",
        "plain_unet-seed1",
        "resenc_unet-m-seed1",
    ]
    for seeds, some, test, sentence in (
        (1, {"a": RECIPE}, cases[2:], "at least two"),
        (0, recipes, cases[2:], "At least one seed"),
        (1, recipes, (), "no test case"),
    ):
        with pytest.raises(TrainingError, match=sentence):
            network_trials(some, seeds, STRUCTURES, cases[:2], test)


def test_arms_of_partial_labels(cases: tuple[Case, ...]) -> None:
    partly = (replace(cases[0], annotated=KEYS[:2]), *cases[1:])
    arms = partial_arms(partly, STRUCTURES)
    assert arms[MARGINAL] == partly
    assert all(case.annotated == KEYS for case in arms[BACKGROUND])
    assert arms[COMPLETE] == cases[1:]
    assert COMPLETE not in partial_arms([partly[0]], STRUCTURES)
    with pytest.raises(TrainingError, match="no partial labels"):
        partial_arms(cases, STRUCTURES)


def test_what_is_forgotten_is_gone_from_the_labels(cases: tuple[Case, ...], tmp_path: Path) -> None:
    known = forget(cases, STRUCTURES, 2, 0, tmp_path)
    assert all(len(case.annotated) == 2 for case in known)
    assert {key for case in known for key in case.annotated} == set(KEYS)
    for before, after in zip(cases, known, strict=True):
        old, new = np.load(before.labels), np.load(after.labels)
        for s in STRUCTURES:
            assert np.array_equal(new == s.value, (old == s.value) & (s.key in after.annotated))
    assert forget(cases, STRUCTURES, 2, 0, tmp_path) == known


def test_sparse_labels_keep_slices_through_what_is_drawn(cases: tuple[Case, ...], tmp_path: Path) -> None:
    labels = np.load(cases[0].labels)
    sparse = sparsely(labels, 3)
    seen = sparse != IGNORE
    assert np.array_equal(sparse[seen], labels[seen])
    assert seen[0].any(axis=(1, 2)).all()  # slices of the other axes cross everything
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        whole = np.flatnonzero(seen[0].all(axis=others))
        drawn = np.flatnonzero((labels[0] > 0).any(axis=others))
        assert len(whole) == 3
        assert drawn[0] <= whole[0] < whole[-1] <= drawn[-1]
    (case,) = sparse_cases(cases[:1], 3, tmp_path)
    assert np.array_equal(np.load(case.labels), sparse)
    with pytest.raises(TrainingError, match="At least one slice"):
        sparse_cases(cases, 0, tmp_path)


def test_sparse_labels_of_an_empty_or_flat_scan() -> None:
    empty = sparsely(np.zeros((1, 5, 5, 5), np.uint8), 2)
    assert (empty == 0).any()
    flat = sparsely(np.ones((1, 5, 5, 1), np.uint8), 3)
    assert (flat == 1).all()


def test_learning_tells_kinds_apart_and_refuses_nonsense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Kind("curve", "48", "300s").name == "curve-48-300s"
    out = str(tmp_path / "out.jsonl")
    assert main([out, "--only", "magic"]) == 2
    assert "no experiment magic" in capsys.readouterr().err
    assert main([out, "--data", str(tmp_path)]) == 2
    assert "does not exist" in capsys.readouterr().err
    assert main([out, "--summary"]) == 0
    assert "No run is finished yet" in capsys.readouterr().out


def _line(experiment: str, arm: str, seed: int, dice: float) -> str:
    scores = [[f"c{i}", organ, dice + 0.01 * i, dice] for i in range(5) for organ in ("Larynx", "Mandible")]
    organs = {"Larynx": dice + 0.02, "Mandible": dice + 0.02}
    line = {
        "key": f"{experiment}-{arm}-300s/seed{seed}",
        "label": "",
        "experiment": experiment,
        "arm": arm,
        "time": "300s",
        "seed": seed,
        "recipe": "auto plain_unet",
        "dice": dice + 0.02,
        "surface_dice": dice,
        "organs": organs,
        "surface_organs": organs,
        "steps": 100,
        "seconds": 300.0,
        "kvoxels_per_s": 900.0,
        "scores": scores,
    }
    return json.dumps(line)


def test_learning_summarises_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    lines = [_line("curve", str(n), s, 0.7 - 1 / n) for n in (6, 12, 24, 48) for s in (0, 1)]
    lines += [_line("partial", "background", s, 0.6) for s in (0, 1)]
    out.write_text("\n".join([*lines, '{"key": "cut sho']))
    assert main([str(out), "--summary"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "curve-48-300s - partial-background-300s: Dice +0.079" in said
    assert "2 common seeds" in said
    assert "300s all organs: Dice(n) = 0.720 - 1.000 n^-1.00" in said
    assert main([str(out), "--summary", "--against", "curve-6-300s"]) == 0
    assert "curve-12-300s - curve-6-300s: Dice +0.083" in " ".join(capsys.readouterr().out.split())
    assert main([str(out), "--summary", "--against", "nothing"]) == 2


@pytest.mark.shared_data
def test_learning_repeats_nothing_and_mixes_no_recipes(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text(_line("curve", "6", 0, 0.7) + "\n")
    words = [str(out), "--data", str(shared_data / "openkbp"), "--only", "curve", "--sizes", "6"]
    words += ["--seeds", "1", "--budgets", "300"]
    assert main(words) == 0
    assert len(out.read_text().splitlines()) == 1
    assert main([*words, "--network", "resenc_unet"]) == 2
    assert "by another recipe; give another --label" in capsys.readouterr().err
