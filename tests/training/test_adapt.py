"""Fine-tuning to a new site: measured before and after on both, with the model's own structures."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.__main__ import main
from training.experiments.adapt import Site as Sites
from training.experiments.adapt import Words, as_the_model_draws, before_and_after, translated
from training.labels import IGNORE, StructureSpec
from training.manifest import Case, CaseScore
from training.networks import load_tensors
from training.phantom import STRUCTURES, make_phantom
from training.progress import TrainingError
from training.volume import Volume, write_nifti

KEYS = [s.key for s in STRUCTURES]


def site(folder: Path, seeds: tuple[range, range], *, other: bool = False) -> Path:
    """Write a data set; the other site has thicker slices, brighter scans, more noise and its own names."""
    generator = np.random.default_rng(5)
    edge = (12.0, 12.0, 24.0) if other else (12.0, 12.0, 12.0)
    for place, group in zip((folder, folder / "test"), seeds, strict=True):
        for seed in group:
            phantom = make_phantom(seed, shape=(24, 24, round(192 / edge[2])), spacing_mm=edge)
            voxels = phantom.image.voxels
            if other:
                voxels = (voxels * 0.8 + 60 + generator.normal(0, 40, voxels.shape)).astype(np.int16)
            for kind, array in (("images", voxels), ("labels", phantom.labels)):
                (place / kind).mkdir(parents=True, exist_ok=True)
                write_nifti(place / kind / f"case-{seed:03}.nii.gz", Volume(array, phantom.geometry))
    names = {str(s.value): f"the {s.key}" if other and s.key == KEYS[0] else s.key for s in STRUCTURES}
    (folder / "labels.json").write_text(json.dumps(names))
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the first site, and both sites' data."""
    folder = tmp_path_factory.mktemp("sites")
    site(folder / "first", (range(4), range(4, 6)))
    site(folder / "second", (range(10, 12), range(12, 14)), other=True)
    words = ["fit", "auto", str(folder / "first"), "--out", str(folder / "run"), "--steps", "8"]
    assert main([*words, "--val", "test"]) == 0
    return folder


def adapted(place: Path, out: Path, *more: str) -> int:
    words = ["adapt", str(place / "run" / "model"), str(place / "second"), "--out", str(out), "--steps", "4"]
    return main([*words, *more])


def content(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "adapt.json").read_text())
    return found


def test_both_sites_are_measured_before_and_after(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = ("--names", f"the {KEYS[0]}={KEYS[0]}")
    assert adapted(place, tmp_path, "--first", str(place / "first"), *named) == 0
    said = capsys.readouterr().out
    assert "New site: Dice on 2 test cases" in said
    assert "First site: Dice on 2 test cases" in said
    found = content(tmp_path)
    new, first = found["sites"]["new"], found["sites"]["first"]
    assert new["test"] == ["case-012", "case-013"]
    assert first["test"] == ["first/case-004", "first/case-005"]
    assert first["train"] == []
    report = json.loads((place / "run" / "report.json").read_text())
    trained = {(f"first/{s['case_id']}", s["structure"]): s["dice"] for s in report["scores"]}
    assert {(s["case"], s["structure"]): s["before"] for s in first["dice"]["scores"]} == trained
    for row in new["dice"]["structures"].values():
        assert row["difference"] == pytest.approx(row["after"] - row["before"])
        assert row["low"] <= row["difference"] <= row["high"]
    assert found["model"]["weights_sha256"] != found["adapted"]["weights_sha256"]
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "adapted").rglob("*.safetensors")}
    assert adapted(place, tmp_path, "--first", str(place / "first"), *named) == 0  # nothing is done again
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_the_encoder_can_stay_and_cases_of_the_first_site_be_rehearsed(place: Path, tmp_path: Path) -> None:
    more = ("--first", str(place / "first"), "--rehearse", "2", "--frozen-encoder")
    assert adapted(place, tmp_path, *more, "--leave-out", f"the {KEYS[0]}") == 0
    found = content(tmp_path)
    assert len(found["sites"]["first"]["train"]) == 2
    about = json.loads((tmp_path / "adapted" / "model" / "model.json").read_text())
    assert set(about["train_cases"]) == {"case-010", "case-011", *found["sites"]["first"]["train"]}
    assert KEYS[0] not in found["sites"]["new"]["dice"]["structures"]
    assert [s["key"] for s in about["structures"]] == KEYS
    before, after = (
        load_tensors(model / "model.safetensors")[0]
        for model in (place / "run" / "model", tmp_path / "adapted" / "model")
    )
    frozen = [name for name in before if name.startswith("encoder.")]
    assert frozen
    assert all(before[name].equal(after[name]) for name in frozen)
    assert not all(before[name].equal(after[name]) for name in before)


def test_what_is_wrong_is_said_in_one_sentence(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*more: str) -> str:
        assert adapted(place, tmp_path / "out", *more) == 2
        return " ".join(capsys.readouterr().err.split())

    assert f"second draws the {KEYS[0]}, which the model does not know" in said()
    assert "second draws no heart_of_gold" in said("--leave-out", "heart_of_gold")
    assert "name its data with --first" in said("--rehearse", "2")
    named = ("--names", f"the {KEYS[0]}={KEYS[0]}")
    seen = shutil.copytree(place / "first", tmp_path / "seen")
    shutil.rmtree(seen / "test")
    assert "trained on every case of seen" in said(*named, "--first", str(seen))
    assert "has 4 cases to rehearse, not 9" in said(
        *named, "--first", str(place / "first"), "--rehearse", "9"
    )
    assert not (tmp_path / "out" / "adapted").exists()


LIVER, CORD = (
    StructureSpec("liver", "Liver", 0, 7, 2.0),
    StructureSpec("cord", "Cord", 1, 2, 1.0),
)
THEIRS = (StructureSpec("Leber", "Leber", 0, 1, 3.0), StructureSpec("cord", "cord", 0, 2, 3.0))


def test_labels_come_onto_the_models_layers_and_values(tmp_path: Path) -> None:
    np.save(tmp_path / "labels.npy", np.array([[[[0, 1, 2, 3, IGNORE]]]], np.uint8))
    case = Case("a", tmp_path / "image.npy", (1.0, 1.0, 1.0), tmp_path / "labels.npy", ("Leber", "spleen"))
    to = translated(THEIRS, (LIVER, CORD), Words({"Leber": "liver"}), "theirs")
    made = as_the_model_draws(case, THEIRS, to, 2, tmp_path / "made")
    assert made.annotated == ("liver",)
    assert np.load(made.labels)[:, 0, 0].tolist() == [[0, 7, 0, 0, IGNORE], [0, 0, 2, 0, IGNORE]]
    assert as_the_model_draws(case, THEIRS, to, 2, tmp_path / "made") == made


def test_two_structures_cannot_become_one() -> None:
    with pytest.raises(TrainingError, match="would be the same one"):
        translated(THEIRS, (LIVER, CORD), Words({"Leber": "cord"}), "theirs")
    with pytest.raises(TrainingError, match="Nothing that theirs draws is left"):
        translated(THEIRS, (LIVER, CORD), Words(left_out=("Leber", "cord")), "theirs")


def test_what_only_one_site_has_is_measured_there_alone() -> None:
    case = Case("a", Path("x"), (1.0, 1.0, 1.0), Path("y"), ("liver",))
    sites = {"new": Sites(test=(case,)), "first": Sites()}
    before = [CaseScore("a", "liver", 0.5, 0.25), CaseScore("a", "cord", None, None)]
    after = [CaseScore("a", "liver", 0.75, 0.5), CaseScore("a", "cord", 0.0, 0.0)]
    found = before_and_after(sites, before, after)
    assert list(found["new"]["dice"]["structures"]) == ["liver"]
    assert found["new"]["dice"]["overall"]["difference"] == pytest.approx(0.25)
    assert found["first"]["dice"]["overall"] == {"before": None, "after": None}
