"""The loop replayed with the truth as reader: what is trained, asked, kept and said."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.training.conftest import KEYS, case_on_disk
from training.__main__ import main
from training.commands.simulate import content_of, show_figures
from training.experiments.reading import Reading, drawn, read_cases
from training.experiments.simulate import Point, simulate
from training.experiments.simulate_order import Scene, SimulateOrder, check_order
from training.experiments.simulated import aubc, difference, fg_efficiency, figures_of, penalties
from training.experiments.trial import Recipe, Result
from training.labels import IGNORE
from training.manifest import CaseScore
from training.phantom import STRUCTURES
from training.progress import Progress, TrainingError, ignore_progress, never_stop

ORDER = SimulateOrder(("clasp_pe", "bald", "typiclust"), 2, 2, 5, 1, Recipe(steps=1))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    cases = [case_on_disk(folder, seed) for seed in range(6)]
    fewer = replace(cases[0], annotated=KEYS[:2])
    return Scene(STRUCTURES, (fewer, *cases[1:5]), (cases[5],))


def _run(order: SimulateOrder, scene: Scene, folder: Path, seen: list[Progress] | None = None) -> list[Point]:
    report = ignore_progress if seen is None else seen.append
    return simulate(order, scene, folder, on_progress=report, should_stop=never_stop)


def test_every_strategy_begins_alike_and_nothing_is_done_twice(scene: Scene, tmp_path: Path) -> None:
    seen: list[Progress] = []
    points = _run(ORDER, scene, tmp_path, seen)
    assert len({p.name for p in (tmp_path / "runs").iterdir()}) == ORDER.trainings == 7
    for name in ORDER.strategies:
        own = [p for p in points if p.strategy == name]
        assert [p.items for p in own] == [2, 4, 5]
        assert own[0].result.name == "start-seed0-loop0"
        chosen = [pick.id for p in own for pick in p.picks]
        assert len(set(chosen)) == len(chosen) == 5
        assert "case-5" not in chosen
        assert [p.foreground for p in own] == sorted(p.foreground for p in own)
    assert len({tuple(pick.id for pick in p.picks) for p in points if p.loop == 0}) == 1
    assert {p.stage for p in seen} >= {"runs", "train", "ask"}
    assert not list((tmp_path / "runs").glob("*/model"))
    again: list[Progress] = []
    assert _run(ORDER, scene, tmp_path, again) == points
    assert not {p.stage for p in again} & {"train", "ask", "prepare"}


def test_an_interrupted_replay_ends_as_one_that_was_not(scene: Scene, tmp_path: Path) -> None:
    order = replace(ORDER, strategies=("entropy",), control=0.5, members=2, budget=4)
    whole = _run(order, scene, tmp_path / "whole")
    assert len(list((tmp_path / "whole" / "runs").iterdir())) == order.trainings == 3
    (tmp_path / "whole" / "picks" / "entropy-seed0-loop0.json").unlink()  # the models are gone by now
    assert [p.picks for p in _run(order, scene, tmp_path / "whole")] == [p.picks for p in whole]
    assert {pick.arm for pick in whole[1].picks} == {"strategy", "control"}


@pytest.mark.parametrize("unit", ["slab", "cube"])
def test_of_a_part_the_rest_is_not_annotated(unit: str, scene: Scene, tmp_path: Path) -> None:
    order = replace(ORDER, strategies=("clasp_pe", "random"), unit=unit, size_mm=60.0, budget=4)
    points = _run(order, scene, tmp_path)
    for name in ("clasp_pe", "random"):
        last = next(p for p in points if p.strategy == name and p.loop == 1)
        assert all(pick.box is not None for pick in last.picks)
        labels = sorted((tmp_path / "labels" / f"{name}-seed0-loop1").iterdir())
        assert {path.stem for path in labels} == {pick.id for pick in last.picks}
        for path in labels:
            truth = np.load(next(c.labels for c in scene.pool if c.id == path.stem))
            found, boxes = np.load(path), [p.box for p in last.picks if p.id == path.stem and p.box]
            inside = np.zeros(truth.shape[1:], bool)
            for box in boxes:
                inside[box] = True
                assert unit == "cube" or box[0] == slice(0, truth.shape[1])
            assert (found[:, inside] == truth[:, inside]).all()
            assert (found[:, ~inside] == IGNORE).all()


def test_foreground_counts_what_is_annotated_alone(scene: Scene, tmp_path: Path) -> None:
    truth = np.load(scene.pool[0].labels)
    read: Mapping[str, Reading] = {"case-0": Reading(whole=True)}
    cases, foreground = read_cases(scene.pool, STRUCTURES, read, tmp_path)
    assert cases == scene.pool[:1]
    assert foreground == int(np.isin(truth, [1, 2]).sum()) == drawn(truth, STRUCTURES[:2])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"strategies": ("best",)}, "no strategy 'best'"),
        ({"cold": "entropy"}, "at the start there is none"),
        ({"unit": "half"}, "not 'half'"),
        ({"seeds": 0}, "one seed"),
        ({"budget": 2}, "leaves nothing to choose"),
        ({"budget": 50}, "There are 5 cases to choose from; 50 are asked for"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused(
    change: dict[str, object], sentence: str, scene: Scene
) -> None:
    with pytest.raises(TrainingError, match=sentence):
        check_order(replace(ORDER, **change), scene)  # type: ignore[arg-type] # the values vary
    with pytest.raises(TrainingError, match="no test case"):
        check_order(ORDER, replace(scene, test=()))


# ── Figures ──────────────────────────────────────────────────────────────────


def _point(strategy: str, seed: int, loop: int, dice: Mapping[str, float | None], items: int = 0) -> Point:
    scores = tuple(CaseScore(case, "liver", value, value) for case, value in dice.items())
    result = Result("r", {}, scores, 1, 1.0, 1.0, Path("m"), "v")
    return Point(strategy, seed, loop, items or 6 * (loop + 1), 1000 * (loop + 1), result)


def _grow(strategy: str, gains: tuple[float, ...], seeds: int = 4, sd: float = 0.02) -> list[Point]:
    rng = np.random.default_rng([ord(strategy), seeds])
    return [
        _point(strategy, seed, loop, {f"c{n}": 0.4 + gain + sd * float(rng.normal()) for n in range(10)})
        for seed in range(seeds)
        for loop, gain in enumerate(gains)
    ]


def test_the_area_is_that_of_trapezes_over_a_budget_of_one() -> None:
    points = [
        _point("a", 0, loop, {"x": d, "y": None}, n)
        for loop, (n, d) in enumerate([(2, 0.2), (4, 0.6), (10, 0.8)])
    ]
    found = aubc({"a": points})["a"]
    assert found is not None
    assert found.mean == pytest.approx((0.2 + 0.6) / 2 * 0.25 + (0.6 + 0.8) / 2 * 0.75)
    assert found.low == found.high == pytest.approx(found.mean)
    assert aubc({"a": points[:1]})["a"] is None


def test_intervals_are_paired_and_hold_the_figure() -> None:
    better, worse = _grow("a", (0.0, 0.2, 0.3)), _grow("b", (0.0, 0.15, 0.25))
    found, gain = aubc({"a": better})["a"], difference(better, worse)
    assert found is not None
    assert gain is not None
    assert found.low < found.mean < found.high
    assert 0 < gain.low < gain.mean < gain.high
    assert gain.mean == pytest.approx(0.05 * 0.75, abs=0.02)
    assert gain.high - gain.low < 0.05


def test_efficiency_finds_the_rate_it_was_made_with() -> None:
    x = np.linspace(2e5, 3e6, 9)
    y = 0.8 - 0.3 * np.exp(-1.7 * (x - 2e5) / 1e6)
    for best in (None, 0.8):
        found = fg_efficiency(x.tolist(), y.tolist(), best)
        assert found is not None
        assert found["b_per_million"] == pytest.approx(1.7, rel=0.03)
        assert (found["c"], found["a"]) == pytest.approx((0.8, 0.3), abs=0.01)
    assert fg_efficiency([1.0, 2.0], [0.1, 0.2]) is None
    assert fg_efficiency([1.0, 2.0, 3.0], [0.5, 0.5, 0.5]) is None


def test_who_beats_whom_is_what_the_corrected_t_tests_say() -> None:
    points = {
        "a": _grow("a", (0, 0.2, 0.3)),
        "b": _grow("b", (0, 0.1, 0.3)),
        "c": _grow("c", (0, 0.15, 0), sd=1),
    }
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    wins = dict.fromkeys([*pairs, *((y, x) for x, y in pairs)], 0)
    for loop in (1, 2):
        means = {
            name: [float(np.mean(list(p.result.dice.values()))) for p in own if p.loop == loop]
            for name, own in points.items()
        }
        p_values = [float(stats.ttest_rel(means[x], means[y]).pvalue) for x, y in pairs]
        for rank, n in enumerate(np.argsort(p_values)):
            if p_values[n] * (3 - rank) >= 0.05:
                break
            x, y = pairs[n]
            wins[(x, y) if np.mean(means[x]) > np.mean(means[y]) else (y, x)] += 1
    assert wins["a", "b"] == 1
    found = penalties(points)
    assert found == {x: {y: wins[x, y] / 2 for y in points if y != x} for x in points}
    assert penalties({"a": points["a"]}) is None
    assert penalties({"a": _grow("a", (0, 0.1), 1), "b": _grow("b", (0, 0.1), 1)}) is None


def test_a_difference_that_is_always_the_same_is_no_accident() -> None:
    one = [_point("a", seed, 1, {"x": 0.5}) for seed in range(3)]
    other = [_point("b", seed, 1, {"x": 0.4}) for seed in range(3)]
    assert penalties({"a": one, "b": other}) == {"a": {"b": 1.0}, "b": {"a": 0.0}}


def test_figures_are_plain_json(scene: Scene, tmp_path: Path) -> None:
    order = replace(ORDER, strategies=("random", "kcenter"), budget=4, full=True)
    found = figures_of(_run(order, scene, tmp_path))
    again = json.loads(json.dumps(found))
    assert again == found
    assert [row["items"] for row in found["rows"]] == [2, 4, 2, 4]
    assert found["full"]["mean"] is not None
    assert set(found["against"]) == {"kcenter"}


# ── The command ──────────────────────────────────────────────────────────────


def test_efficiency_and_who_beats_whom_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    content = content_of([*_grow("a", (0, 0.2, 0.3)), *_grow("b", (0, 0.1, 0.15))])
    show_figures(content)
    rows = [cells(line) for line in capsys.readouterr().out.splitlines()]
    (heading,) = [place for place, row in enumerate(rows) if row[-1] == "FG-Eff per million voxels"]
    for row, own in zip(rows[heading + 2 :], content["strategies"], strict=False):
        assert (row[0], row[-1]) == (own["strategy"], f"{own['fg_efficiency']['b_per_million']:.3g}")
    heading = rows.index(["beats →", "a", "b"])
    wins, losses = content["penalties"]["a"]["b"], content["penalties"]["b"]["a"]
    assert wins > losses
    assert rows[heading + 2 : heading + 4] == [["a", "", f"{wins:.2f}"], ["b", f"{losses:.2f}", ""]]


def cells(line: str) -> list[str]:
    """Of a row of a printed table."""
    inner = line.replace("┃", "│").strip().removeprefix("│").removesuffix("│")
    return [cell.strip() for cell in inner.split("│")]


def test_the_command_prints_what_it_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    assert main(["phantom", str(data), "--cases", "5", "--voxel-mm", "12"]) == 0
    capsys.readouterr()
    words = ["simulate", str(data), "--strategy", "fg_random,random", "--budget", "3", "--start", "2"]
    words += ["--query", "1", "--seeds", "1", "--steps", "1", "--out", str(out)]
    assert main([*words, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "simulate.json").read_text())
    assert len(printed["points"]) == 4
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "AUBC" in shown
    assert "ask for more --seeds" in shown
    assert "FG-Eff per million voxels" in shown
    assert main([*words, "--seeds", "2"]) == 0
    shown = capsys.readouterr().out
    assert "beats →" in shown
    assert "ask for more --seeds" not in shown
    assert main([*words, "--strategy", "luck"]) == 2
    assert "no strategy 'luck'" in capsys.readouterr().err
