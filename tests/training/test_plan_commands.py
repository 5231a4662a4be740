"""fingerprint and plan from the shell."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from training.__main__ import main
from training.commands.rate import voxels_per_s
from training.plan import Fingerprint, read_plan, read_plans

LABELS = '{"1": "liver", "2": "kidney_left"}'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    for folder in ("images", "labels"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    for number in range(2):
        hu = rng.normal(50, 100, (32, 30, 16)).astype(np.int16)
        labels = np.zeros(hu.shape, np.uint8)
        labels[5:20, 5:20, 4:9], labels[22:27, 5:9, 4:9] = 1, 2
        for folder, voxels in (("images", hu), ("labels", labels)):
            path = tmp_path / "data" / folder / f"{number}.nii.gz"
            nib.save(nib.Nifti1Image(voxels, np.diag([-2.0, -2.0, 3.0, 1.0])), path)
    (tmp_path / "data" / "labels.json").write_text(LABELS)
    return tmp_path / "data"


def test_a_fingerprint_is_shown_and_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "fingerprint.json"
    assert main(["fingerprint", str(data), "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "liver" in shown
    assert "2 of 2" in shown
    found = Fingerprint.from_json(out.read_text())
    assert found.shapes == ((32, 30, 16),) * 2
    assert found.spacing_mm == (2.0, 2.0, 3.0)


def test_a_plan_is_shown_and_written(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "plan.json"
    assert main(["plan", str(data), "--out", str(out), "--budget-s", "7"]) == 0
    made = read_plan(out)
    assert (made.batch_size, made.budget_s, made.mirror_axes) == (2, 7, ())
    assert made.channels == ("background:0", "liver", "kidney_left")
    assert "2 × 2 × 3" in capsys.readouterr().out


def test_memory_and_preset_plan_for_a_graphics_card(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    assert main(["plan", str(data), "--out", str(out), "--memory-gb", "8"]) == 0
    assert list(read_plans(out)) == ["full"]
    assert read_plan(out).optimiser == "sgd"
    words = ["--network", "resenc_unet", "--preset", "l"]
    assert main(["plan", str(data), "--out", str(out), *words]) == 0
    assert read_plan(out).network_args["blocks"][:3] == [1, 3, 4]


def test_a_step_of_a_given_time_makes_a_patch_of_what_the_machine_trains_meanwhile(
    data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plan.json"
    words = ["plan", str(data), "--out", str(out), "--step-s", "0.05"]
    assert main([*words, "--voxels-per-s", "1e9"]) == 0
    assert read_plan(out).patch_size == (32, 32, 16)


def test_the_speed_of_the_machine_is_measured(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "fingerprint.json"
    assert main(["fingerprint", str(data), "--out", str(out)]) == 0
    assert main(["plan", str(data), "--out", str(tmp_path / "plan.json")]) == 0
    content = json.loads((tmp_path / "plan.json").read_text())
    network_args = {"strides": [[1, 1, 1]] * 2, "features": [4, 4]}
    content |= {"patch_size": [16, 16, 16], "network_args": network_args, "deep_supervision": []}
    (tmp_path / "small.json").write_text(json.dumps(content))
    assert 1e3 < voxels_per_s(read_plan(tmp_path / "small.json")) < 1e10


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--preset", "l"], "The preset l belongs to resenc_unet"),
        (["--memory-gb", "0"], "memory_gb must be above 0"),
        (["--init", "nowhere"], "not a model folder"),
        (["--network", "resenc_unet", "--preset", "l", "--step-s", "1"], "A preset brings its own memory"),
    ],
)
def test_what_cannot_be_planned_is_said(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert main(["plan", str(data), "--out", str(tmp_path / "plan.json"), *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize("command", ["fingerprint", "plan"])
def test_bad_data_gives_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert str(tmp_path) in error.replace("\n", "")
    assert "Traceback" not in error
