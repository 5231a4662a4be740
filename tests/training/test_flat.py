"""Plans of single slices, nnU-Net's 2d: planned, trained and predicted, whatever lies between the slices."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.training.conftest import MakeManifest
from tests.training.test_plan import LEFT, LIVER, fingerprint
from tests.training.test_predict import PLAN, Thresholds, draw
from training.model import read_description
from training.patches import prepare, shape_on_grid
from training.phantom import STRUCTURES
from training.plan import Plan, Sample, check, configurations
from training.predict import Member
from training.predict.window import starts
from training.progress import TrainingError, ignore_progress, never_stop
from training.run import Predictor, train

THICK = fingerprint((0.8, 0.8, 5.0), (400.0, 320.0, 200.0))


def flat_plan() -> Plan:
    return check(configurations(THICK, (LIVER, LEFT), budget_s=1, memory_gb=8, flat=True)["2d"])


def test_the_plan_is_one_slice_thick_along_the_coarsest_axis() -> None:
    plan = flat_plan()
    assert plan.name == "2d"
    assert plan.patch_size[2] == 1
    assert min(plan.patch_size[:2]) > 200
    assert plan.batch_size >= 2
    assert all(stride[2] == 1 for stride in plan.network_args["strides"])
    assert all(kernel == [3, 3, 1] for kernel in plan.network_args["kernels"])
    assert max(plan.network_args["features"]) == 512
    assert 2 not in plan.mirror_axes
    assert plan.loss_args["batch_dice"] is True


def test_long_slices_turn_less() -> None:
    long = fingerprint((1.0, 1.0, 5.0), (100.0, 500.0, 200.0))
    plans = [configurations(of, (LIVER,), budget_s=1, memory_gb=8, flat=True)["2d"] for of in (THICK, long)]
    assert [plan.augmentation[0].args["rotation_deg"] for plan in plans] == [180.0, 15.0]


def test_only_nnu_nets_rules_have_one() -> None:
    assert "2d" not in configurations(THICK, (LIVER,), budget_s=1, memory_gb=8)
    for network, memory_gb in (("plain_unet", None), ("swin_unetr", 8.0)):
        with pytest.raises(TrainingError, match="A plan of single slices follows nnU-Net's rules"):
            configurations(THICK, (LIVER,), budget_s=1, flat=True, network=network, memory_gb=memory_gb)


def test_slices_are_taken_as_they_come(tmp_path: Path) -> None:
    plan = dataclasses.replace(PLAN, patch_size=(16, 16, 1))
    image = np.zeros((20, 20, 7), np.int16)
    assert shape_on_grid(image, (6.0, 6.0, 11.0), plan) == (40, 40, 7)
    labels = np.zeros((2, *image.shape), np.uint8)
    labels[0, 5:9, 5:9, 3] = 5
    sample = Sample(image, labels, (6.0, 6.0, 11.0), frozenset({"liver", "kidney_left", "spinal_cord"}))
    case = prepare(sample, plan, tmp_path)
    assert case.image.shape == (40, 40, 7)
    assert np.flatnonzero((case.target[0] == 1).any((0, 1))).tolist() == [3]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_slice_is_seen_once_and_drawn(axis: int) -> None:
    assert starts(9, 1) == list(range(9))
    assert starts(1, 1) == [0]
    assert starts(16, 2) == list(range(15))
    patch = [8, 8, 8]
    patch[axis] = 1
    others = [a for a in (2, 1, 0) if a != axis]
    order = axis, others[0], others[1]
    plan = dataclasses.replace(PLAN, patch_size=(patch[0], patch[1], patch[2]), axis_order=order)
    rng = np.random.default_rng(0)
    image = rng.choice(np.array([-200, 0, 75, 300], np.int16), (12, 14, 10))
    expected = draw(image).labels
    found = draw(image, plan=plan, members=(Member(Thresholds(), plan),)).labels
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("network", ["plain_unet", "resenc_unet"])
def test_it_trains_and_predicts(make_manifest: MakeManifest, tmp_path: Path, network: str) -> None:
    manifest = make_manifest(validation=(5,), test=(8,))
    of = fingerprint((12.0, 12.0, 12.0), (288.0, 288.0, 192.0))
    of = dataclasses.replace(of, shares=((0.4, *[0.1] * 6),))
    rules = configurations(of, STRUCTURES, budget_s=1, network=network, memory_gb=8, flat=True)["2d"]
    features = [4 * 2**n for n in range(len(rules.network_args["features"]))]
    small = dataclasses.replace(
        rules,
        network_args=rules.network_args | {"features": features},
        batch_size=2,
        min_steps=4,
        max_steps=4,
        epoch_steps=2,
    )
    assert sorted(small.patch_size)[0] == 1
    report = train(
        manifest, tmp_path / "out", on_progress=ignore_progress, should_stop=never_stop, plan=small
    )
    assert report.steps == 4
    assert len(report.scores) == len(STRUCTURES)
    assert read_description(report.model_dir)["plan"]["name"] == "2d"
    scan = np.load(manifest.test[0].image)[:, :, ::2]
    result = Predictor.load(report.model_dir).predict(scan, (12.0, 12.0, 24.0))
    assert result.labels.shape == (1, *scan.shape)
