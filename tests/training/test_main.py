"""The commands of a shell user, from the first to the last, and what they answer to bad input."""

import errno
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.__main__ import COMMANDS, main
from training.commands.bars import Bars, interruptible, shown
from training.progress import Progress
from training.volume import Volume, read_label_map, read_nifti, write_nifti


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four synthetic patients on a coarse grid and two for testing; nobody may change them."""
    folder = tmp_path_factory.mktemp("main") / "patients"
    assert main(["phantom", str(folder), "--cases", "4", "--test", "2", "--voxel-mm", "12"]) == 0
    return folder


@pytest.fixture(scope="module")
def fitted(patients: Path) -> Path:
    """The folder of a finished `fit`; nobody may change it."""
    out = patients.parent / "fitted"
    assert main(["fit", "auto", str(patients), "--out", str(out), "--steps", "3"]) == 0
    return out


@pytest.fixture
def own(patients: Path, tmp_path: Path) -> Path:
    """A copy of the patients that a test may spoil."""
    return Path(shutil.copytree(patients, tmp_path / "own"))


def test_phantom_fit_predict_score(
    patients: Path, fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "drawn"
    report = json.loads((fitted / "report.json").read_text())
    assert {s["case_id"] for s in report["scores"]} == {"phantom-004", "phantom-005"}
    assert report["steps"] == 3
    assert main(["predict", str(fitted / "model"), str(patients / "test" / "images"), str(drawn)]) == 0
    prediction = read_label_map(drawn / "phantom-004.nii.gz")
    truth = read_label_map(patients / "test" / "labels" / "phantom-004.nii.gz")
    assert prediction.geometry.is_close(truth.geometry)
    capsys.readouterr()
    words = ["score", str(patients / "test" / "labels"), str(drawn), "--json"]
    assert main([*words, "--labels", str(patients / "labels.json")]) == 0
    cases = json.loads(capsys.readouterr().out)["cases"]
    scores = {(c["case"], name): s["dice"] for c in cases for name, s in c["structures"].items()}
    assert scores == {(s["case_id"], s["structure"]): s["dice"] for s in report["scores"]}


def test_fit_by_a_plan_file_from_a_model_with_validation(
    patients: Path, fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, out = tmp_path / "plan.json", tmp_path / "out"
    assert main(["plan", str(patients), "--out", str(plan)]) == 0
    words = ["fit", str(plan), str(patients), "--out", str(out), "--steps", "2", "--seed", "5"]
    assert main([*words, "--init", str(fitted / "model"), "--val", "0.25"]) == 0
    report = json.loads((out / "report.json").read_text())
    assert report["validation"]
    assert {s["case_id"] for s in report["scores"]} == {"phantom-004", "phantom-005"}
    about = json.loads((out / "model" / "model.json").read_text())
    assert (len(about["train_cases"]), about["seed"]) == (3, 5)
    assert f"The model is in {out / 'model'} (2 steps" in capsys.readouterr().out


def test_fit_without_a_test_set_scores_what_it_held_out(own: Path, tmp_path: Path) -> None:
    shutil.rmtree(own / "test")
    out = tmp_path / "out"
    assert main(["fit", "auto", str(own), "--out", str(out), "--steps", "1", "--val", "0.5"]) == 0
    report = json.loads((out / "report.json").read_text())
    trained = json.loads((out / "model" / "model.json").read_text())["train_cases"]
    assert len({s["case_id"] for s in report["scores"]}) == len(trained) == 2
    assert not {s["case_id"] for s in report["scores"]} & set(trained)


def test_curve(patients: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    words = ["curve", str(patients), "--sizes", "1,2,3,4", "--seeds", "1", "--steps", "1", "--out", str(out)]
    assert main([*words, "--target", "0.99"]) == 0
    said = capsys.readouterr().out
    assert "0.990" in said or "does not grow" in said
    content = json.loads((out / "curve.json").read_text())
    assert [row["size"] for row in content["rows"]] == [1, 2, 3, 4]
    assert content["curves"]["scratch"]["overall"]["forecasts"][0]["target"] == 0.99
    weights = [path.stat().st_mtime_ns for path in sorted(out.rglob("model.safetensors"))]
    assert len(weights) == 4
    assert main(words) == 0  # nothing is trained again
    assert [path.stat().st_mtime_ns for path in sorted(out.rglob("model.safetensors"))] == weights


def test_compare(patients: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    words = ["compare", str(patients), "--networks", "plain_unet,resenc_unet", "--steps", "1"]
    assert main([*words, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "resenc_unet" in said
    assert "Wilcoxon" in said
    content = json.loads((out / "compare.json").read_text())
    assert {row["network"] for row in content["networks"]} == {"plain_unet", "resenc_unet"}
    assert len(content["pairs"]) == 1
    assert (len(content["train"]), len(content["test"])) == (4, 2)


def test_crossval(patients: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["crossval", str(patients), "--folds", "2", "--steps", "1", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "The best is plain_unet" in said
    assert "--models" in said
    assert len(list((out / "predictions").iterdir())) == 4
    assert json.loads((out / "crossval.json").read_text())["best"] == "plain_unet"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: python -m training {command}" in capsys.readouterr().out


def test_the_list_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(command in said for command in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["train"],
        ["fit", "auto", "DIR"],
        ["fit", "auto", "DIR", "--out", "o", "--budget-s", "-1"],
        ["fit", "auto", "DIR", "--out", "o", "--budget-s", "1", "--steps", "1"],
        ["curve", "DIR", "--out", "o", "--sizes", "6,twelve"],
        ["curve", "DIR", "--out", "o", "--sizes", ","],
        ["curve", "DIR", "--out", "o", "--sizes", "6", "--seeds", "0"],
        ["crossval", "DIR", "--out", "o", "--folds", "1"],
        ["phantom", "o", "--cases", "none"],
    ],
)
def test_words_that_make_no_sense(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def _no_label(folder: Path) -> None:
    (folder / "labels" / "phantom-001.nii.gz").unlink()


def _other_shape(folder: Path) -> None:
    volume = read_label_map(folder / "labels" / "phantom-001.nii.gz")
    write_nifti(folder / "labels" / "phantom-001.nii.gz", Volume(volume.voxels[:-1], volume.geometry))


def _unknown_value(folder: Path) -> None:
    volume = read_label_map(folder / "labels" / "phantom-001.nii.gz")
    write_nifti(folder / "labels" / "phantom-001.nii.gz", Volume(volume.voxels + 100, volume.geometry))


def _not_a_number(folder: Path) -> None:
    volume = read_nifti(folder / "images" / "phantom-001.nii.gz")
    voxels = volume.voxels.astype(np.float32)
    voxels[0, 0, 0] = np.nan
    write_nifti(folder / "images" / "phantom-001.nii.gz", Volume(voxels, volume.geometry))


def _one_case(folder: Path) -> None:
    for path in [*folder.glob("images/*"), *folder.glob("labels/*")]:
        if "000" not in path.name:
            path.unlink()


def _all_background(folder: Path) -> None:
    for path in folder.rglob("labels/*.nii.gz"):
        volume = read_label_map(path)
        write_nifti(path, Volume(np.zeros_like(volume.voxels), volume.geometry))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_no_label, "has no label map"),
        (_other_shape, "labels/phantom-001.nii.gz has the shape"),
        (_unknown_value, "labels/phantom-001.nii.gz holds the value 100"),
        (_not_a_number, "images/phantom-001.nii.gz holds voxels that are not numbers"),
        (_one_case, "only one case"),
        (_all_background, "Nothing is drawn"),
    ],
)
@pytest.mark.parametrize("command", ["fit auto", "curve", "crossval"])
def test_bad_data_gives_one_sentence_and_2(
    own: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    spoil: Callable[[Path], None],
    sentence: str,
) -> None:
    spoil(own)
    more = ["--sizes", "1,2"] if command == "curve" else []
    capsys.readouterr()
    assert main([*command.split(), str(own), "--out", str(tmp_path / "out"), "--steps", "1", *more]) == 2
    _one_sentence(capsys.readouterr().err, sentence)


def test_bad_words_give_one_sentence_and_2(
    patients: Path, fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "plan.json").write_text("{")
    pickled = tmp_path / "pickled"
    shutil.copytree(fitted / "model", pickled)
    (pickled / "model.safetensors").write_bytes(b"\x80\x04\x95pickle")
    out = ["--out", str(tmp_path / "out"), "--steps", "1"]
    data, images = str(patients), str(patients / "images")
    capsys.readouterr()
    for words, sentence in (
        (["fit", "auto", str(tmp_path / "empty"), *out], "holds no data set"),
        (["fit", "auto", str(tmp_path / "absent"), *out], "is not a folder"),
        (["fit", "absent.json", data, *out], "neither a plan file nor the word auto"),
        (["fit", str(tmp_path / "plan.json"), data, *out], "not JSON"),
        (["fit", "auto", data, *out, "--val", "many"], "--val is a share"),
        (["fit", "auto", data, *out, "--val", "1.5"], "between 0 and 1"),
        (["fit", "auto", data, *out, "--init", str(tmp_path / "empty")], "model folder"),
        (["curve", data, *out, "--sizes", "1,9"], "there are 4"),
        (["curve", data, *out, "--sizes", "1,2", "--target", "80"], "between 0 and 1"),
        (["compare", data, *out, "--networks", "plain_unet"], "at least two"),
        (["compare", data, *out, "--networks", "plain_unet,magic_net"], "magic_net"),
        (["crossval", data, *out, "--folds", "9"], "9 folds need at least 9 patients"),
        (["predict", str(tmp_path / "empty"), images, str(tmp_path / "p")], "model folder"),
        (["predict", str(pickled), images, str(tmp_path / "p")], "changed since training"),
        (["score", str(tmp_path / "absent"), images], "absent"),
        (["phantom", str(tmp_path / "plan.json" / "below"), "--cases", "1"], os.strerror(errno.ENOTDIR)),
    ):
        assert main(words) == 2, words
        _one_sentence(capsys.readouterr().err, sentence)


def test_a_folder_of_another_run_is_left_alone(
    patients: Path, fitted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = (fitted / "model" / "model.safetensors").read_bytes()
    words = ["fit", "auto", str(patients), "--out", str(fitted)]
    for more, sentence in (
        (["--steps", "4"], "holds a run of 3 steps"),
        (["--budget-s", "1"], "holds a run of 3 steps"),
        (["--steps", "3", "--seed", "1"], "another plan or other cases"),
    ):
        assert main([*words, *more]) == 2
        _one_sentence(capsys.readouterr().err, sentence)
    assert (fitted / "model" / "model.safetensors").read_bytes() == weights


def test_kept_results_of_another_experiment_are_left_alone(
    patients: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["curve", str(patients), "--sizes", "1,2", "--seeds", "1", "--out", str(tmp_path / "out")]
    assert main([*words, "--steps", "1"]) == 0
    assert "fewer than 4 sizes" in capsys.readouterr().out
    assert main([*words, "--steps", "2"]) == 2
    _one_sentence(capsys.readouterr().err, "of another experiment")


def _one_sentence(said: str, sentence: str) -> None:
    """The last line is the sentence; before it there may be bars, but never a traceback."""
    assert sentence in said.rstrip("\n").rpartition("\n")[2], said
    assert "Traceback" not in said


def test_ctrl_c_saves_and_ends_with_130(
    patients: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"

    def press() -> None:
        while not (out / "plan.json").exists():
            time.sleep(0.05)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    assert main(["fit", "auto", str(patients), "--out", str(out), "--steps", "100000"]) == 130
    pressing.join()
    assert (out / "checkpoint" / "checkpoint.safetensors").is_file()
    _one_sentence(capsys.readouterr().err, "The same command goes on from here")


def test_a_second_ctrl_c_ends_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as should_stop:
        assert not should_stop()
        signal.raise_signal(signal.SIGINT)
        assert should_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_bars_start_again_with_the_next_run(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as report:
        for run in ("one", "two"):
            for done in range(4):
                report(Progress("train", done, 3, f"Training {run}"))
        report(Progress("done", 1, 1, "over at once"))
    said = capsys.readouterr().err
    assert "Training two" in said
    assert "3/3" in said
    assert "over at once" not in said


def test_scores_as_tables_show_them() -> None:
    assert shown(None) == "n/a"
    assert shown(0.5) == "0.500"
    assert shown(0.5, 0.1234) == "0.500 ± 0.123"
