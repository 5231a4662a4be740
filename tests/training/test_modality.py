"""Scans other than CT: named in dataset.json, read without a unit, each brought to its own mean and sd."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.training.test_plan import LEFT, LIVER
from tests.training.test_predict import CORD, PLAN
from training.__main__ import main
from training.dataset import convert, read_dataset
from training.plan import Normalisation
from training.predict import Manner, Member, locate
from training.progress import TrainingError, ignore_progress, never_stop
from training.run import PredictOptions, Predictor
from training.volume import Geometry, Volume, read_nifti, write_nifti

GEOMETRY = Geometry((24, 24, 16), (12.0, 12.0, 12.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
Z_SCORE = Normalisation("z_score", 0.0, 1.0, 0.0, 1.0)


@pytest.fixture
def mr(tmp_path: Path) -> Path:
    """Phantoms whose scans hold fractions between 0 and 1, as some MR scans do; each scaled by its own."""
    folder = tmp_path / "mr"
    assert main(["phantom", str(folder), "--cases", "2", "--test", "1", "--voxel-mm", "12"]) == 0
    for number, path in enumerate([*folder.glob("images/*.nii.gz"), *folder.glob("test/images/*.nii.gz")]):
        volume = read_nifti(path)
        values = (volume.voxels + 1024).astype(np.float32) / (4000 + 500 * number)
        write_nifti(path, Volume(values, volume.geometry))
    _describe(folder, channel_names={"0": "MRI"})
    return folder


def _describe(folder: Path, **content: Any) -> None:
    (folder / "dataset.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("content", "modality"),
    [
        ({}, "CT"),
        ({"channel_names": {"0": "ct"}}, "CT"),
        ({"channel_names": {"0": "T2w"}}, "T2w"),
        ({"modality": {"0": "MRI"}}, "MRI"),
        ({"modality": "CT"}, "CT"),
    ],
)
def test_the_modality_is_read(mr: Path, content: dict[str, Any], modality: str) -> None:
    _describe(mr, **content)
    assert read_dataset(mr).modality == modality


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"channel_names": {"0": "FLAIR", "1": "T1w"}}, r"names 2 channels \(FLAIR, T1w\).* keep one"),
        ({"modality": {"0": "MRI", "1": "MRI", "2": "MRI"}}, "names 3 channels"),
        ({"channel_names": {}}, "names 0 channels"),
        ({"channel_names": {"0": "noNorm"}}, "asks for the intensities noNorm; name the modality"),
    ],
)
def test_other_intensities_are_refused_in_one_sentence(
    mr: Path, content: dict[str, Any], sentence: str
) -> None:
    _describe(mr, **content)
    with pytest.raises(TrainingError, match=sentence) as refusal:
        read_dataset(mr)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 7.0, 1e6])
def test_values_without_a_unit_keep_their_proportions(tmp_path: Path, scale: float) -> None:
    rng = np.random.default_rng(1)
    values = (rng.normal(size=GEOMETRY.shape) * scale).astype(np.float32)
    values[:4] = 0
    write_nifti(tmp_path / "a.nii.gz", Volume(values, GEOMETRY))
    found = read_nifti(tmp_path / "a.nii.gz", hu=False).voxels
    assert found.dtype == np.int16
    assert ((found == 0) == (values == 0)).mean() > 0.999
    np.testing.assert_allclose(Z_SCORE(found), Z_SCORE(values), atol=1e-3)


def test_whole_numbers_are_kept_as_they_are(tmp_path: Path) -> None:
    values = np.arange(24 * 24 * 16, dtype=np.uint16).reshape(GEOMETRY.shape)
    write_nifti(tmp_path / "a.nii.gz", Volume(values, GEOMETRY))
    np.testing.assert_array_equal(read_nifti(tmp_path / "a.nii.gz", hu=False).voxels, values)


def test_scans_are_converted_again_when_they_turn_out_to_be_mr(mr: Path, tmp_path: Path) -> None:
    def first(modality: str) -> NDArray[np.int16]:
        _describe(mr, channel_names={"0": modality})
        dataset = read_dataset(mr)
        image: NDArray[np.int16] = np.load(convert(dataset, dataset.cases, tmp_path / "c")[0].image)
        return image

    assert len(np.unique(first("CT"))) < 3  # fractions rounded to HU: all but lost
    assert len(np.unique(first("MRI"))) > 100


def test_mr_is_planned_trained_and_predicted_by_its_own_mean_and_sd(
    mr: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, out = tmp_path / "plan.json", tmp_path / "out"
    assert main(["plan", str(mr), "--out", str(plan)]) == 0
    assert json.loads(plan.read_text())["normalisation"]["scheme"] == "z_score"
    assert main(["fit", "auto", str(mr), "--out", str(out), "--steps", "3"]) == 0
    content = json.loads((out / "model" / "model.json").read_text())
    assert content["plan"]["normalisation"]["scheme"] == "z_score"
    images = mr / "test" / "images"
    assert main(["predict", str(out / "model"), str(images), str(tmp_path / "one")]) == 0
    for path in images.glob("*.nii.gz"):  # another unit changes nothing
        volume = read_nifti(path, hu=False)
        write_nifti(path, Volume(volume.voxels.astype(np.float32) * 1e-4, volume.geometry))
    assert main(["predict", str(out / "model"), str(images), str(tmp_path / "two")]) == 0
    drawn = [read_nifti(next((tmp_path / n).glob("*.nii.gz"))).voxels for n in ("one", "two")]
    assert (drawn[0] == drawn[1]).mean() > 0.999
    content = json.loads(plan.read_text())
    content["normalisation"]["scheme"] = "ct"
    plan.write_text(json.dumps(content))
    assert main(["fit", str(plan), str(mr), "--out", str(tmp_path / "o"), "--steps", "1"]) == 2
    assert "The plan expects HU, but the scans are MRI; make a new plan" in capsys.readouterr().err


class FarAboveTheMean(nn.Module):
    """Draws the liver where a voxel lies eight sd above the mean."""

    def forward(self, image: Tensor) -> Tensor:
        flat = torch.zeros_like(image)
        return torch.cat([flat, image - 8, flat - 10, flat, flat - 10], dim=1)


def test_coarse_to_fine_uses_the_whole_scans_mean_and_sd() -> None:
    plan = dataclasses.replace(PLAN, normalisation=Z_SCORE)
    image = np.full((90, 60, 70), -50, np.int16)
    image[30:48, 20:35, 40:52] = 220
    coarse = dataclasses.replace(plan, spacing_mm=(9.0, 9.0, 9.0), patch_size=(8, 8, 8))
    structures = (LIVER, LEFT, CORD)
    network = FarAboveTheMean()
    fine = Predictor(plan, structures, network)
    box = locate(
        [Member(network, coarse)],
        image,
        (3, 3, 3),
        Manner(),
        wanted=["liver", "kidney_left", "spinal_cord"],
        at_least_mm=(1, 1, 1),
        on_progress=ignore_progress,
        should_stop=never_stop,
    )
    assert np.prod([side.stop - side.start for side in box]) < image.size / 2
    options = PredictOptions(coarse=Predictor(coarse, structures, network))
    plain, found = fine.predict(image, (3, 3, 3)), fine.predict(image, (3, 3, 3), options=options)
    np.testing.assert_array_equal(found.labels, plain.labels)
    assert plain.labels.any()
