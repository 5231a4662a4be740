"""A model of low resolution beside the full one: asked for, planned, stopped, killed, and used."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.conftest import MakeManifest
from tests.training.test_plan import LIVER, fingerprint
from training.__main__ import main
from training.manifest import Manifest, Report
from training.model import open_model, read_description
from training.plan import Plan, coarse_plan_for, plan_for, read_plan, write_plans
from training.progress import Cancelled, Progress, ignore_progress, never_stop
from training.run import PredictOptions, Predictor, train


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("low") / "patients"
    assert main(["phantom", str(folder), "--cases", "3", "--test", "1", "--voxel-mm", "12"]) == 0
    return folder


@pytest.fixture(scope="module")
def fitted(patients: Path) -> Path:
    """The folder of a finished `fit --coarse`; nobody may change it."""
    out = patients.parent / "fitted"
    assert main(["fit", "auto", str(patients), "--out", str(out), "--steps", "8", "--coarse", "0.5"]) == 0
    return out


def fit(plan: str, patients: Path, out: Path, *words: str) -> int:
    return main(["fit", plan, str(patients), "--out", str(out), *words])


def low_of(out: Path) -> dict[str, Any]:
    return read_description(out / "model" / "low")


def test_one_folder_holds_both_and_predicts_coarse_to_fine(
    patients: Path, fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, low = read_description(fitted / "model"), low_of(fitted)
    assert (own["steps"], low["steps"]) == (8, 4)
    assert (own["plan"]["name"], low["plan"]["name"]) == ("full", "low")
    assert low["plan"]["spacing_mm"] == [24.0, 24.0, 24.0]
    assert low["train_cases"] == own["train_cases"]
    assert any("low resolution" in n for n in json.loads((fitted / "report.json").read_text())["notes"])
    words = ["predict", str(fitted / "model"), str(patients / "test" / "images"), str(tmp_path / "drawn")]
    assert main([*words, "--coarse"]) == 0
    assert len(list((tmp_path / "drawn").glob("*.nii.gz"))) == 1
    capsys.readouterr()


def test_the_low_model_is_what_prediction_looks_with(parent: tuple[Manifest, Report], fitted: Path) -> None:
    predictor, coarse = Predictor.load(fitted / "model"), Predictor.load(fitted / "model" / "low")
    case = parent[0].test[0]
    stages: list[str] = []
    result = predictor.predict(
        np.load(case.image),
        case.spacing_mm,
        options=PredictOptions(coarse=coarse),
        on_progress=lambda p: stages.append(p.stage),
    )
    assert list(dict.fromkeys(stages)) == ["locate", "predict"]
    assert result.labels.shape == (1, 24, 24, 16)


def test_the_time_is_shared(patients: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert fit("auto", patients, out, "--budget-s", "1", "--coarse", "0.25") == 0
    kept = [json.loads((folder / "plan.json").read_text())["plan"] for folder in (out, out / "low")]
    assert [plan["budget_s"] for plan in kept] == [0.75, 0.25]


def test_a_plan_called_low_is_trained_without_being_asked_for(
    patients: Path, fitted: Path, tmp_path: Path
) -> None:
    full, low = open_model(fitted / "model")[0], open_model(fitted / "model" / "low")[0]
    path = tmp_path / "plans.json"
    write_plans(path, {"full": full, "low": low})
    assert fit(str(path), patients, tmp_path / "both", "--steps", "2") == 0
    assert Plan.from_dict(low_of(tmp_path / "both")["plan"]).patch_size == read_plan(path, "low").patch_size
    for name, words in (("none", ("--coarse", "0")), ("named", ())):
        plan = f"{path}:full" if name == "named" else str(path)
        assert fit(plan, patients, tmp_path / name, "--steps", "2", *words) == 0
        assert not (tmp_path / name / "model" / "low").exists()


def test_without_the_flag_nothing_changes(patients: Path, fitted: Path, tmp_path: Path) -> None:
    assert fit("auto", patients, tmp_path / "out", "--steps", "8") == 0
    assert not (tmp_path / "out" / "low").exists()
    digests = {read_description(out / "model")["weights_sha256"] for out in (fitted, tmp_path / "out")}
    assert len(digests) == 1


def test_a_low_model_starts_from_the_parents_own(patients: Path, fitted: Path, tmp_path: Path) -> None:
    words = ["--steps", "2", "--coarse", "0.5", "--init", str(fitted / "model")]
    assert fit("auto", patients, tmp_path / "child", *words) == 0
    names = ("spacing_mm", "patch_size", "network_args", "normalisation")
    old, new = low_of(fitted)["plan"], low_of(tmp_path / "child")["plan"]
    assert {n: new[n] for n in names} == {n: old[n] for n in names}
    assert new["learning_rate"] < old["learning_rate"]


def test_a_share_of_everything_is_refused(
    patients: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("auto", patients, tmp_path / "out", "--coarse", "1") == 2
    assert "--coarse takes a share of the time below 1, not 1." in capsys.readouterr().err


def test_voxels_are_six_millimetres_or_twice_as_wide_as_the_full_plans() -> None:
    structures = (LIVER,)
    for own, expected in (((0.8, 0.8, 2.0), 6.0), ((1.0, 1.0, 8.0), 6.0), ((4.0, 4.0, 4.0), 8.0)):
        of = fingerprint(own, (400.0, 400.0, 300.0))
        full = plan_for(of, structures, budget_s=1)
        low = coarse_plan_for(of, structures, full, budget_s=7)
        finest = max(expected, 2 * min(full.spacing_mm))
        assert low.spacing_mm[:2] == pytest.approx((finest, finest), rel=1e-6)
        assert low.spacing_mm[2] >= finest
        assert (low.name, low.budget_s) == ("low", 7)
        assert low.channels == full.channels


# ── Interruption ──────────────────────────────────────────────────────────────
def _until(stage: str) -> tuple[Callable[[Progress], None], Callable[[], bool]]:
    """Return a report and a should_stop that asks to stop as soon as the stage has begun."""
    seen: list[str] = []
    return lambda p: seen.append(p.stage), lambda: stage in seen


def test_stopped_in_either_part_it_goes_on_and_ends_alike(
    make_manifest: MakeManifest, fitted: Path, tmp_path: Path
) -> None:
    manifest = make_manifest()
    plans = [
        Plan.from_dict(read_description(folder)["plan"] | {"min_steps": 4, "max_steps": 4, "epoch_steps": 2})
        for folder in (fitted / "model", fitted / "model" / "low")
    ]

    def run(out: Path, stage: str | None = None) -> None:
        report, stop = _until(stage) if stage else (ignore_progress, never_stop)
        train(manifest, out, on_progress=report, should_stop=stop, plan=plans[0], low=plans[1])

    run(tmp_path / "whole")
    for stage in ("low-prepare", "low-train", "prepare", "train"):
        with pytest.raises(Cancelled):
            run(tmp_path / "cut", stage)
        assert not (tmp_path / "cut" / "model" / "model.json").exists()
    run(tmp_path / "cut")
    for folder in ("model", "model/low"):
        digests = {read_description(tmp_path / out / folder)["weights_sha256"] for out in ("whole", "cut")}
        assert len(digests) == 1


@pytest.mark.slow
def test_killed_in_either_part_it_goes_on_and_ends_alike(
    patients: Path, fitted: Path, tmp_path: Path
) -> None:
    plans = [
        Plan.from_dict(read_description(folder)["plan"] | {"epoch_steps": 2})
        for folder in (fitted / "model", fitted / "model" / "low")
    ]
    write_plans(tmp_path / "plan.json", dict(zip(("full", "low"), plans, strict=True)))
    words = [str(tmp_path / "plan.json"), str(patients), "--steps", "12", "--coarse", "0.99"]

    def started(out: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "training", "fit", *words, "--out", str(out)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)

    assert started(tmp_path / "whole").wait(timeout=300) == 0
    cut = tmp_path / "cut"
    for folder in (cut / "low", cut):
        process = started(cut)
        _wait_for(folder / "checkpoint" / "checkpoint.safetensors", process)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
        assert not (cut / "model" / "model.json").exists()
    assert started(cut).wait(timeout=300) == 0
    for name in ("model", "model/low"):
        digests = {read_description(tmp_path / out / name)["weights_sha256"] for out in ("whole", "cut")}
        assert len(digests) == 1


def _wait_for(path: Path, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 200
    while not path.is_file():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.005)
