"""The comparison with nnU-Net and the GPU benchmark, as far as neither nnU-Net nor a GPU is needed."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.finished import append_line
from bench.gpu import NOTHING, main
from bench.nnunet.__main__ import needed_first
from bench.nnunet.scoring import compare_with, means, score_folder
from bench.nnunet.settings import Settings
from bench.nnunet.unknown import MARGIN_MM, boxes, hide
from bench.openkbp import read_openkbp
from bench.stepping import dummy_batch, in_turn, plan_of, stepper, unet_args
from training.dataset import read_case
from training.manifest import CaseScore
from training.networks import device
from training.progress import TrainingError
from training.volume import Volume, write_nifti

ROOT = Path(__file__).resolve().parents[1]
LEFT, RIGHT, ORGAN, IGNORE = 1, 2, 3, 9
SPACING = (2.0, 2.0, 3.0)


def _head(organ_at: tuple[int, int, int] | None, shift: int = 0) -> NDArray[np.uint8]:
    """Two parotids, and an organ of 2x2x2 voxels below the middle between them, or none."""
    labels = np.zeros((24, 24, 24), np.uint8)
    labels[4 + shift, 10, 16], labels[14 + shift, 10, 16] = LEFT, RIGHT
    if organ_at is not None:
        i, j, k = organ_at
        labels[i + shift : i + shift + 2, j : j + 2, k : k + 2] = ORGAN
    return labels


def test_an_organ_not_drawn_is_ignored_wherever_it_was_drawn_elsewhere() -> None:
    drawn = [_head((8, 9, 4)), _head((9, 11, 6), shift=2)]
    known = boxes(((labels, SPACING) for labels in drawn), (LEFT, RIGHT, ORGAN), (LEFT, RIGHT))
    hidden = hide(_head(None), SPACING, [ORGAN], known, (LEFT, RIGHT), IGNORE)
    for labels, shift in ((drawn[0], 0), (drawn[1], 2)):
        organ = np.argwhere(labels == ORGAN) - (shift, 0, 0)
        assert (hidden[tuple(organ.T)] == IGNORE).all()
    assert (hidden[_head(None) > 0] == _head(None)[_head(None) > 0]).all()
    reach = np.ceil(MARGIN_MM / np.asarray(SPACING)).astype(int)
    far = np.ones_like(hidden, bool)
    far[8 - reach[0] : 11 + reach[0], 9 - reach[1] : 13 + reach[1], 4 - reach[2] : 8 + reach[2]] = False
    assert (hidden[far] != IGNORE).all()


@settings(max_examples=30)
@given(st.integers(-3, 8), st.tuples(st.integers(3, 9), st.integers(2, 18), st.integers(1, 12)))
def test_the_box_moves_with_the_patient(shift: int, at: tuple[int, int, int]) -> None:
    known = boxes([(_head(at), SPACING)], (ORGAN,), (LEFT, RIGHT))
    hidden = hide(_head(None, shift), SPACING, [ORGAN], known, (LEFT, RIGHT), IGNORE)
    i, j, k = at[0] + shift, at[1], at[2]
    assert (hidden[max(i, 0) : i + 2, j : j + 2, k : k + 2] == IGNORE).all()


def test_nothing_missing_changes_nothing() -> None:
    labels = _head((8, 9, 4))
    assert (hide(labels, SPACING, [], {}, (LEFT, RIGHT), IGNORE) == labels).all()


def test_the_mean_is_over_organs_of_the_mean_over_cases_in_which_they_were_drawn() -> None:
    scores = [
        CaseScore("a", "cord", 0.8, 0.9),
        CaseScore("b", "cord", 0.6, 0.7),
        CaseScore("a", "larynx", 0.2, 0.4),
        CaseScore("b", "larynx", None, None),
    ]
    rows = {name: (dice, surface) for name, dice, surface in means(scores, ["cord", "larynx"])}
    assert rows["cord"] == pytest.approx((0.7, 0.8))
    assert rows["mean"] == pytest.approx((0.45, 0.6))


def test_finished_runs_of_ours_are_compared_case_by_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = [CaseScore("a", "cord", 0.5, 0.6), CaseScore("b", "cord", 0.9, None)]
    out = tmp_path / "out.jsonl"
    for seed, (a, b, cases) in enumerate([(0.6, 0.9, 48), (0.8, 1.0, 48), (0.0, 0.0, 6)]):
        kind = {"key": f"curve-{cases}-900s/seed{seed}", "experiment": "curve", "cases": cases}
        append_line(out, kind | {"scores": [["a", "cord", a, 0.7], ["b", "cord", b, 0.9]]})
    compare_with(out, theirs, 48)
    said = capsys.readouterr().out
    assert said.startswith("curve-48-900s - nnU-Net: Dice +0.125, 95 % interval +0.050 to +0.200; ")
    assert "surface Dice +0.100" in said
    assert "seeds of ours: 2" in said
    assert "curve-6" not in said
    with pytest.raises(TrainingError, match="with all 24 cases"):
        compare_with(out, theirs, 24)


@pytest.mark.shared_data
def test_the_truth_as_prediction_scores_one(shared_data: Path, tmp_path: Path) -> None:
    dataset = read_openkbp(shared_data / "openkbp")
    for case in dataset.test:
        image, labels = read_case(dataset, case)
        assert labels is not None
        write_nifti(tmp_path / f"{case.id}.nii.gz", Volume(labels[0], image.geometry))
    scores = score_folder(dataset, tmp_path)
    assert len(scores) == sum(len(case.annotated) for case in dataset.test)
    assert all(s.dice == s.surface_dice == 1 for s in scores)


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_refuses_a_folder_without_the_scans(tmp_path: Path) -> None:
    done = _bench("bench.nnunet", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "does not hold OpenKBP" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(importlib.util.find_spec("nnunetv2") is not None, reason="nnunetv2 is installed here")
def test_it_refuses_without_nnunet(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "cases.json").write_text("{}")
    done = _bench("bench.nnunet", "--data", str(tmp_path), "--work", str(tmp_path / "work"))
    assert done.returncode == 2
    assert done.stderr.startswith("nnunetv2 is not installed here")
    assert not (tmp_path / "work").exists()


def test_a_part_says_what_it_needs_first(tmp_path: Path) -> None:
    here = Settings(
        data=tmp_path,
        work=tmp_path,
        budget_s=900,
        clock="wall",
        threads=2,
        seed=0,
        unknown="ignore",
        bf16=False,
        optimiser="sgd",
        mirror=False,
        volume=None,
        spacing_mm=1.5,
        steps=1,
        beside=None,
    )
    assert needed_first("train", here) == "prepare"
    assert needed_first("prepare", here) == needed_first("ours", here) == ""
    here.run.mkdir(parents=True)
    (here.run / "train.json").touch()
    assert needed_first("predict", here) == ""
    other = [replace(here, seed=1), replace(here, bf16=True), replace(here, unknown="background")]
    assert all(needed_first("predict", each) == "train" for each in other)


def test_it_refuses_an_unknown_part(tmp_path: Path) -> None:
    done = _bench("bench.nnunet", "bake", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "bake" in done.stderr


def test_a_plan_of_a_given_size_trains() -> None:
    arguments = unet_args((16, 16, 16), residual=False, first=4, most=8)
    assert arguments["strides"] == [[1, 1, 1], [2, 2, 2], [2, 2, 2]]
    assert arguments["features"] == [4, 8, 8]
    plan = plan_of("plain_unet", arguments, (16, 16, 16), batch=2, structures=["liver", "spleen"])
    batch = dummy_batch(plan, device())
    assert batch.image.is_contiguous(memory_format=torch.channels_last_3d)
    run = stepper(plan, bf16=False)
    before = [p.detach().clone() for p in run.network.parameters()]
    assert np.isfinite(float(run.step(batch)))
    assert any((a != b).any() for a, b in zip(before, run.network.parameters(), strict=True))


def test_work_is_timed_in_turn_after_warming_up() -> None:
    calls: list[str] = []
    work = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    found = in_turn(work, rounds=3, warm=1, done=lambda: None)
    assert calls == ["a", "b"] * 4
    assert set(found) == {"a", "b"}
    assert all(taken.seconds >= 0 and taken.cpu_s >= 0 for taken in found.values())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_so_and_makes_nothing_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.strip() == NOTHING


def test_every_part_of_the_gpu_benchmark_runs_on_a_processor(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert main(["train", "data", "predict", "--device", "cpu", "--tiny"]) == 0
    printed = capsys.readouterr().out
    rows = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    asked = {(row["what"], row["network"], row["batch"], row["way"]) for row in rows}
    assert len(asked) == len(rows) == 2 * (2 + 3) + 3 + 2 * 2
    assert all(row["ms"] > 0 and row["peak_gib"] is None for row in rows)
    assert "these numbers mean nothing" in " ".join(printed.split())
