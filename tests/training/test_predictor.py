"""Model folders become predictions: coarse to fine, ensembles, post-processing, and refusals."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.training.test_plan import LEFT, LIVER
from tests.training.test_predict import CORD, PLAN, Always, Thresholds
from training.__main__ import main
from training.manifest import Manifest, Report
from training.plan import Plan
from training.predict import Manner, Member, locate
from training.predict.locate import box_about
from training.progress import Cancelled, Progress, TrainingError, ignore_progress, never_stop
from training.run import PredictOptions, Predictor
from training.volume import Geometry, Volume, read_label_map, write_nifti

Parent = tuple[Manifest, Report]
STRUCTURES = (LIVER, LEFT, CORD)
COARSE = dataclasses.replace(PLAN, spacing_mm=(9.0, 9.0, 9.0), patch_size=(8, 8, 8))


def predictor(network: nn.Module | None = None, plan: Plan = PLAN, *others: Member) -> Predictor:
    return Predictor(plan, STRUCTURES, network or Thresholds(), others)


def scan() -> NDArray[np.int16]:
    """A bright block in a large dark scan."""
    image = np.full((90, 60, 70), -50, np.int16)
    image[30:48, 20:35, 40:52] = 220
    return image


class Counting(Thresholds):
    """Remembers how many windows it has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def forward(self, image: Tensor) -> Tensor:
        self.seen += len(image)
        return super().forward(image)


def test_coarse_to_fine_finds_the_same_with_less_work() -> None:
    image = scan() + np.random.default_rng(0).integers(-4, 5, (90, 60, 70)).astype(np.int16)
    whole, fine = Counting(), Counting()
    plain = predictor(whole).predict(image, (3, 3, 3))
    options = PredictOptions(coarse=predictor(Thresholds(), COARSE), entropy=True)
    found = predictor(fine).predict(image, (3, 3, 3), options=options)
    assert (plain.labels[0] == LIVER.value).sum() == 18 * 15 * 12
    np.testing.assert_array_equal(found.labels, plain.labels)
    assert fine.seen < whole.seen / 4
    assert found.uncertainty == pytest.approx(plain.uncertainty, abs=1e-4)
    assert found.entropy is not None
    assert found.entropy.shape == (2, 90, 60, 70)
    assert found.entropy[0, :10].max() == 0


def test_where_nothing_is_found_coarsely_the_whole_scan_is_computed() -> None:
    image = scan()
    blind = predictor(Always(9, 0, 0, 9, 0), COARSE)
    found = predictor().predict(image, (3, 3, 3), options=PredictOptions(coarse=blind))
    np.testing.assert_array_equal(found.labels, predictor().predict(image, (3, 3, 3)).labels)


def test_the_coarse_model_looks_for_the_wanted_structures_it_knows() -> None:
    image = scan()
    coarse = (Member(Thresholds(), COARSE),)

    def box(*wanted: str) -> tuple[slice, slice, slice]:
        return locate(
            coarse,
            image,
            (3, 3, 3),
            Manner(),
            wanted=wanted,
            at_least_mm=(3, 3, 3),
            margin_mm=0,
            on_progress=ignore_progress,
            should_stop=never_stop,
        )

    for wanted in ("liver", "heart"):  # nobody knows the heart: then all that is found counts
        for side, (low, high) in zip(box(wanted), ((30, 48), (20, 35), (40, 52)), strict=True):
            assert low - 6 <= side.start <= low + 3
            assert high - 3 <= side.stop <= high + 6
    assert box("kidney_left") == (slice(0, 90), slice(0, 60), slice(0, 70))


@given(st.data())
def test_a_box_holds_its_mask_margin_and_least_size_and_stays_inside(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(*[st.integers(1, 60)] * 3))
    ratio = data.draw(st.integers(1, 4))
    small = tuple(max(1, n // ratio) for n in shape)
    mask = np.zeros(small, bool)
    voxel = tuple(data.draw(st.integers(0, n - 1)) for n in small)
    mask[voxel] = True
    margin_mm, least_mm = data.draw(st.floats(0, 30)), data.draw(st.floats(1, 60))
    spacing_mm = 1.5, 2.0, 3.0
    box = box_about(mask, shape, spacing_mm, margin_mm=margin_mm, at_least_mm=(least_mm,) * 3)
    for n, side, coarse, at, mm in zip(shape, box, small, voxel, spacing_mm, strict=True):
        assert 0 <= side.start < side.stop <= n
        assert side.start <= max(0, at * n / coarse - margin_mm / mm)
        assert side.stop >= min(n, (at + 1) * n / coarse + margin_mm / mm)
        assert side.stop - side.start >= min(n, least_mm / mm)


def test_the_plans_post_processing_is_applied_unless_it_is_not_wanted() -> None:
    image = scan()
    image[80:84, 50:54, 5:9] = 220
    plan = dataclasses.replace(PLAN, postprocessing=("liver",))
    found = predictor(plan=plan).predict(image, (3, 3, 3)).labels
    raw = predictor(plan=plan).predict(image, (3, 3, 3), options=PredictOptions(postprocess=False)).labels
    assert (raw[0, 80:84, 50:54, 5:9] == LIVER.value).all()
    assert found[0, 80:].max() == 0
    assert raw[1, 80:].max() == found[1, 80:].max() == CORD.value
    np.testing.assert_array_equal(found[:, :70], raw[:, :70])


def test_several_folders_make_an_ensemble(parent: Parent, tmp_path: Path) -> None:
    manifest, report = parent
    case = manifest.test[0]
    image = np.load(case.image)
    alone = Predictor.load(report.model_dir).predict(image, case.spacing_mm)
    twice = Predictor.load_many([report.model_dir, report.model_dir]).predict(image, case.spacing_mm)
    np.testing.assert_array_equal(twice.labels, alone.labels)
    assert twice.uncertainty == pytest.approx(alone.uncertainty)
    assert set(twice.disagreement.values()) == {0.0}
    assert twice.disagreement.keys() == alone.structure_uncertainty.keys()
    with pytest.raises(TrainingError, match="at least one"):
        Predictor.load_many([])


def test_an_ensemble_of_other_structures_is_refused(parent: Parent, tmp_path: Path) -> None:
    folder = shutil.copytree(parent[1].model_dir, tmp_path / "other")
    content = json.loads((folder / "model.json").read_text())
    content["plan"]["channels"][1] = "lung"
    (folder / "model.json").write_text(json.dumps(content))
    with pytest.raises(TrainingError, match="other does not draw the same structures as model"):
        Predictor.load_many([parent[1].model_dir, folder])


@pytest.mark.parametrize(
    ("image", "spacing_mm", "sentence"),
    [
        (np.zeros((4, 4), np.int16), (1, 1, 1), "three axes"),
        (np.zeros((4, 4, 4, 2), np.int16), (1, 1, 1), "three axes"),
        (np.zeros((4, 0, 4), np.int16), (1, 1, 1), "three axes"),
        (np.full((4, 4, 4), np.nan, np.float32), (1, 1, 1), "not numbers"),
        (np.zeros((4, 4, 4), complex), (1, 1, 1), "image of numbers"),
        (np.zeros((4, 4, 4), np.int16), (1, 0, 1), "voxel size"),
        (np.zeros((4, 4, 4), np.int16), (1, float("nan"), 1), "voxel size"),
    ],
)
def test_what_is_no_scan_is_refused(
    image: NDArray[np.int16], spacing_mm: tuple[float, float, float], sentence: str
) -> None:
    with pytest.raises(TrainingError, match=sentence):
        predictor().predict(image, spacing_mm)


def test_a_scan_smaller_than_a_window_is_drawn() -> None:
    image = np.full((3, 2, 1), 220, np.int16)
    assert (predictor().predict(image, (3, 3, 3)).labels[0] == LIVER.value).all()
    coarse = PredictOptions(coarse=predictor(Thresholds(), COARSE))
    assert (predictor().predict(image, (3, 3, 3), options=coarse).labels[0] == LIVER.value).all()


def test_stopping_and_progress_reach_both_stages() -> None:
    seen: list[Progress] = []
    options = PredictOptions(coarse=predictor(Thresholds(), COARSE))
    predictor().predict(scan(), (3, 3, 3), on_progress=seen.append, options=options)
    stages = list(dict.fromkeys(p.stage for p in seen))
    assert stages == ["locate", "predict"]
    for stage in stages:
        own = [p for p in seen if p.stage == stage]
        assert [p.done for p in own] == list(range(1, own[-1].total + 1))
    with pytest.raises(Cancelled):
        predictor().predict(scan(), (3, 3, 3), should_stop=lambda: True, options=options)


def damaged(folder: Path, kind: str) -> Path:
    weights = folder / "model.safetensors"
    if kind == "file":
        return weights
    if kind == "truncated":
        weights.write_bytes(weights.read_bytes()[:-1000])
    if kind == "pickle":
        weights.write_bytes(b"\x80\x04}\x94.")
    if kind in ("truncated and described", "pickle and described"):
        damaged(folder, kind.split()[0])
        description = json.loads((folder / "model.json").read_text())
        description["weights_sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
        (folder / "model.json").write_text(json.dumps(description))
    if kind == "empty":
        weights.unlink()
        (folder / "model.json").unlink()
    return folder


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("empty", "is not a model folder"),
        ("file", "is a file; give the model's folder"),
        ("truncated", "missing or were changed"),
        ("pickle", "missing or were changed"),
        ("truncated and described", "damaged"),
        ("pickle and described", "damaged"),
    ],
)
def test_damaged_models_end_with_one_sentence(
    parent: Parent, tmp_path: Path, kind: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = damaged(shutil.copytree(parent[1].model_dir, tmp_path / "model"), kind)
    image = tmp_path / "scan.nii.gz"
    write(image, np.zeros((8, 8, 8), np.int16))
    assert main(["predict", str(folder), str(image), str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.strip().count("\n") == 0


def write(path: Path, voxels: NDArray[Any], spacing_mm: float = 12.0) -> None:
    straight = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    write_nifti(path, Volume(voxels, Geometry(voxels.shape, (spacing_mm,) * 3, (0.0, 0.0, 0.0), straight)))


def test_the_command_writes_label_maps_entropy_and_uncertainty(
    parent: Parent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, report = parent
    (tmp_path / "scans").mkdir()
    for case in manifest.test:
        write(tmp_path / "scans" / f"{case.id}.nii.gz", np.load(case.image))
    model, out = str(report.model_dir), tmp_path / "out"
    words = ["--models", model, "--tta", "--entropy", "--coarse", model, "--device", "cpu"]
    assert main(["predict", model, str(tmp_path / "scans"), str(out), *words]) == 0
    told = capsys.readouterr().out
    assert "2 label maps are in" in told
    assert "left from right" in told
    uncertainty = json.loads((out / "uncertainty.json").read_text())
    names = json.loads((out / "labels.json").read_text())
    assert uncertainty.keys() == {case.id for case in manifest.test}
    for case in manifest.test:
        labels = read_label_map(out / f"{case.id}.nii.gz")
        entropy = read_label_map(out / "entropy" / f"{case.id}.nii.gz")
        assert labels.voxels.shape == entropy.voxels.shape == np.load(case.image).shape
        assert {names[str(v)] for v in np.unique(labels.voxels) if v} == uncertainty[case.id][
            "structures"
        ].keys()
        assert set(uncertainty[case.id]["disagreement"].values()) <= {0.0}
        assert 0 < uncertainty[case.id]["uncertainty"] <= 1


def test_the_command_refuses_with_one_sentence(
    parent: Parent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(parent[1].model_dir)
    for name, voxels in (
        ("flat", np.zeros((8, 8), np.int16)),
        ("four", np.zeros((8, 8, 8, 2), np.int16)),
        ("nan", np.full((8, 8, 8), np.nan, np.float32)),
    ):
        write(tmp_path / f"{name}.nii.gz", voxels)
    write(tmp_path / "good.nii.gz", np.zeros((8, 8, 8), np.int16))
    good = str(tmp_path / "good.nii.gz")
    for words, sentence in (
        ([model, str(tmp_path / "flat.nii.gz")], "3-D image is needed"),
        ([model, str(tmp_path / "four.nii.gz")], "3-D image is needed"),
        ([model, str(tmp_path / "nan.nii.gz")], "not numbers"),
        ([model, str(tmp_path / "absent")], "not a folder"),
        ([str(tmp_path), good], "not a model folder"),
        ([model, good, "--coarse"], "no low-resolution model"),
        ([model, good, "--device", "toaster"], "no device called toaster"),
    ):
        assert main(["predict", *words[:2], str(tmp_path / "out"), *words[2:]]) == 2, words
        said = capsys.readouterr().err
        assert sentence in said
        assert said.strip().count("\n") == 0
