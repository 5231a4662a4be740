"""Augmentations: what each changes and what it must leave alone, on whole batches."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from tests.training.test_plan import CORD, LEFT, LIVER, fingerprint
from training.labels import StructureSpec
from training.patches import AUGMENTATIONS, Batch, augmented, source_size
from training.patches.augment import Chance
from training.plan import Plan, Step, plan_for
from training.progress import TrainingError

RIGHT = StructureSpec("kidney_right", "Right kidney", 0, 10, 3.0, "right")
PLAN = dataclasses.replace(
    plan_for(fingerprint(), (LIVER, LEFT, RIGHT, CORD), budget_s=60),
    patch_size=(12, 10, 8),
    spacing_mm=(2.0, 3.0, 4.0),
    axis_order=(2, 0, 1),
    mirror_axes=(0, 2),
)
INTENSITY = ("noise", "blur", "brightness", "contrast", "low_resolution", "gamma")


def using(*steps: tuple[str, dict[str, Any]]) -> Plan:
    return dataclasses.replace(PLAN, augmentation=tuple(Step(name, args) for name, args in steps))


def batch_for(plan: Plan, count: int = 3) -> Batch:
    """Smooth random images and labels in blocks, as large as the plan wants its crops."""
    rng = np.random.default_rng(0)
    size = source_size(plan)
    image = ndimage.gaussian_filter(rng.normal(size=(count, 1, *size)), (0, 0, 1, 1, 1))
    target = np.zeros((count, 2, *size), np.uint8)
    target[:, 0, : size[0] // 3], target[:, 0, size[0] // 2 :] = 2, 3
    target[:, 1, :, 3:6, 3:6] = 1
    known = torch.ones(count, 6, dtype=torch.bool)
    return Batch(torch.from_numpy(image.astype(np.float16)), torch.from_numpy(target), known)


def applied(name: str, args: dict[str, Any], *, seed: int = 0, count: int = 3) -> tuple[Batch, Batch]:
    """The batch as it would be without the step, and with it."""
    plan = using((name, args))
    crops = batch_for(plan, count)
    bare = dataclasses.replace(plan, augmentation=())
    return augmented(crops, bare, seed, 0), augmented(crops, plan, seed, 0)


@pytest.mark.parametrize("name", [n for n in AUGMENTATIONS if n != "mirror_sides"])
def test_the_default_keeps_shapes_and_is_decided_by_seed_and_step(name: str) -> None:
    plan = using((name, {}))
    crops = batch_for(plan)
    before = crops.image.clone(), crops.target.clone()
    changed = []
    for step in range(40):
        first, again = (augmented(crops, plan, 1, step) for _ in range(2))
        assert first.image.shape == (3, 1, 12, 10, 8)
        assert first.image.dtype == torch.float32
        assert first.target.shape == (3, 2, 12, 10, 8)
        assert first.target.dtype == torch.uint8
        assert torch.isfinite(first.image).all()
        assert torch.equal(first.image, again.image)
        assert torch.equal(first.target, again.target)
        changed.append(first.image)
    assert any(not torch.equal(changed[0], image) for image in changed)
    assert torch.equal(crops.image, before[0])
    assert torch.equal(crops.target, before[1])


@pytest.mark.parametrize("name", INTENSITY)
def test_intensities_change_and_labels_do_not(name: str) -> None:
    plain, always = applied(name, {"p": 1.0})
    assert torch.equal(plain.target, always.target)
    assert all(not torch.equal(a, b) for a, b in zip(plain.image, always.image, strict=True))
    plain, never = applied(name, {"p": 0.0})
    assert torch.equal(plain.image, never.image)


@pytest.mark.parametrize("name", [*INTENSITY, "spatial", "mirror"])
def test_crops_of_a_batch_are_changed_one_by_one(name: str) -> None:
    args = {"p": 0.5} if name != "spatial" else {"p_rotation": 0.5, "p_scale": 0.0}
    plain, some = applied(name, args, count=32)
    same = [torch.equal(a, b) for a, b in zip(plain.image, some.image, strict=True)]
    assert 2 < sum(same) < 28


def test_turning_looks_where_the_matrix_says() -> None:
    # An image whose values are positions, turned, says where each voxel looked.
    plan = using(("spatial", {"p_rotation": 1.0, "rotation_deg": [10, 20, 30], "p_scale": 1.0}))
    size = source_size(plan)
    where = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij")).astype(np.float32)
    seen = []
    for axis in range(3):
        image = torch.from_numpy(where[axis])[None, None]
        known = torch.ones(1, 6, dtype=torch.bool)
        turned = augmented(Batch(image, image.to(torch.uint8), known), plan, 4, 0)
        assert (turned.image - turned.target).abs().max() < 0.51  # labels: the nearest voxel
        seen.append(turned.image[0, 0].numpy())
    mm = (np.stack(seen) - (np.array(size) / 2 - 0.5)[:, None, None, None]) * np.array(
        PLAN.spacing_mm
    ).reshape(3, 1, 1, 1)
    middle = mm[:, 4:8, 3:7, 2:6]
    # One linear map: neighbours along an axis are all the same step apart, steps at right angles in mm.
    steps = np.stack([np.diff(middle, axis=a + 1).mean((1, 2, 3)) / PLAN.spacing_mm[a] for a in range(3)])
    assert np.abs(np.diff(middle, axis=1) - np.diff(middle, axis=1)[:, :1, :1, :1]).max() < 1e-3
    products = steps @ steps.T
    assert products == pytest.approx(np.eye(3) * products[0, 0], abs=1e-3)
    assert 0.7 <= np.sqrt(products[0, 0]) <= 1.4
    assert middle.mean((1, 2, 3)) == pytest.approx([0, 0, 0], abs=0.01)


def test_in_two_dimensions_the_coarsest_axis_stays() -> None:
    plan = using(("spatial", {"p_rotation": 1.0, "p_scale": 1.0, "dummy_2d": True}))
    size = source_size(plan)
    assert size[2] == 8
    assert size[0] > 12
    depth = np.broadcast_to(np.arange(8, dtype=np.float32), size)
    batch = Batch(
        torch.from_numpy(depth.copy())[None, None],
        torch.zeros(1, 2, *size, dtype=torch.uint8),
        torch.ones(1, 6, dtype=torch.bool),
    )
    turned = augmented(batch, plan, 0, 3).image[0, 0].numpy()
    assert turned == pytest.approx(np.broadcast_to(np.arange(8), (12, 10, 8)), abs=1e-4)


def test_crops_are_cut_larger_only_for_turning() -> None:
    assert source_size(using(("noise", {}))) == (12, 10, 8)
    assert source_size(using(("spatial", {"rotation_deg": 0, "scale": [0.8, 1.0]}))) == (12, 10, 8)
    assert source_size(using(("spatial", {"rotation_deg": 0, "scale": [0.8, 1.25]}))) == (16, 14, 10)


def test_mirroring_is_along_the_plans_axes_alone() -> None:
    plain, mirrored = applied("mirror", {"p": 1.0})
    assert torch.equal(mirrored.image, plain.image.flip(2).flip(4))
    assert torch.equal(mirrored.target, plain.target.flip(2).flip(4))
    sided = dataclasses.replace(using(("mirror", {"p": 1.0})), mirror_axes=())
    assert torch.equal(augmented(batch_for(sided), sided, 0, 0).image, plain.image)


def test_mirrored_sides_exchange_their_structures_and_what_is_known_of_them() -> None:
    plan = using(("mirror_sides", {"p": 1.0, "pairs": [["kidney_left", "kidney_right"]]}))
    crops = batch_for(plan)
    crops.known[0, 2] = False  # the left kidney of the first scan
    mirrored = augmented(crops, plan, 0, 0)
    flipped = crops.target.flip(2)
    assert torch.equal(mirrored.target[:, 0] == 3, flipped[:, 0] == 2)
    assert torch.equal(mirrored.target[:, 0] == 2, flipped[:, 0] == 3)
    assert torch.equal(mirrored.target[:, 1], flipped[:, 1])
    assert torch.equal(mirrored.image, crops.image.flip(2).float())
    assert mirrored.known[0].tolist() == [True, True, True, False, True, True]
    for pairs, sentence in (
        ([["kidney_left", "nose"]], "has not both"),
        ([["kidney_left", "spinal_cord"]], "different layers"),
    ):
        with pytest.raises(TrainingError, match=sentence):
            augmented(crops, using(("mirror_sides", {"p": 1.0, "pairs": pairs})), 0, 0)


def test_blur_is_a_gaussian() -> None:
    plain, blurred = applied("blur", {"p": 1.0, "sigma": [0.8, 0.8]})
    expected = ndimage.gaussian_filter(plain.image[0, 0].numpy(), 0.8, mode="nearest", radius=3)
    assert blurred.image[0, 0].numpy() == pytest.approx(expected, abs=1e-5)


def test_noise_has_the_standard_deviation_asked_for() -> None:
    plain, noisy = applied("noise", {"p": 1.0, "sd": [0.2, 0.2]}, count=8)
    added = noisy.image - plain.image
    assert float(added.std()) == pytest.approx(0.2, rel=0.05)
    assert float(added.mean()) == pytest.approx(0, abs=0.01)
    assert not torch.equal(added[0], added[1])


def test_brightness_and_contrast_are_linear_and_keep_what_they_should() -> None:
    plain, brighter = applied("brightness", {"p": 1.0, "factor": [1.2, 1.2], "shift": [0.3, 0.3]})
    assert torch.allclose(brighter.image, plain.image * 1.2 + 0.3)
    plain, stretched = applied("contrast", {"p": 1.0, "factor": [1.2, 1.2], "keep_range": False})
    mean = _by_crop(plain.image, torch.mean)
    assert torch.allclose(stretched.image, (plain.image - mean) * 1.2 + mean, atol=1e-5)
    _, kept = applied("contrast", {"p": 1.0, "factor": [1.2, 1.2]})
    assert torch.equal(_by_crop(kept.image, torch.amax), _by_crop(plain.image, torch.amax))
    assert torch.equal(_by_crop(kept.image, torch.amin), _by_crop(plain.image, torch.amin))
    _, scaled = applied("contrast", {"p": 1.0, "factor": [1.2, 1.2], "keep_range": False, "about_zero": True})
    assert torch.allclose(scaled.image, plain.image * 1.2)


@pytest.mark.parametrize("invert", [False, True])
def test_gamma_keeps_order_mean_and_deviation(invert: bool) -> None:
    plain, bent = applied("gamma", {"p": 1.0, "gamma": [1.4, 1.4], "invert": invert})
    for a, b in zip(plain.image, bent.image, strict=True):
        order = a.flatten().argsort()
        assert (b.flatten()[order].diff() >= -1e-5).all()
        assert float(a.mean()) == pytest.approx(float(b.mean()), abs=1e-4)
        assert float(a.std()) == pytest.approx(float(b.std()), rel=1e-3)
    _, other = applied("gamma", {"p": 1.0, "gamma": [1.4, 1.4], "invert": not invert})
    assert not torch.allclose(bent.image, other.image, atol=1e-2)


def test_low_resolution_loses_detail_and_spares_the_coarsest_axis_when_asked() -> None:
    plain, low = applied("low_resolution", {"p": 1.0, "scale": [0.5, 0.5]})
    assert _roughness(low.image, 4) < 0.8 * _roughness(plain.image, 4)
    plan = using(("low_resolution", {"p": 1.0, "scale": [0.5, 0.5], "dummy_2d": True}))
    crops = batch_for(plan)
    checks = (torch.arange(8) % 2).float().expand_as(crops.image)  # changes along the coarsest axis alone
    out = augmented(Batch(checks.contiguous(), crops.target, crops.known), plan, 0, 0)
    assert torch.allclose(out.image, checks)


def test_factors_lie_below_and_above_one_equally_often() -> None:
    factors = np.array(Chance(0, 0).about_one((0.7, 1.5), 2000))
    assert 0.7 <= factors.min() < 0.75
    assert 1.45 < factors.max() <= 1.5
    assert (factors < 1).mean() == pytest.approx(0.5, abs=0.04)
    assert all(1.2 <= f <= 1.3 for f in Chance(0, 0).about_one((1.2, 1.3), 50))


def test_unknown_augmentations_are_named() -> None:
    with pytest.raises(TrainingError, match="no augmentation called elastic; known are spatial"):
        augmented(batch_for(using()), using(("elastic", {})), 0, 0)


def _by_crop(image: Tensor, reduce: Any) -> Tensor:
    reduced: Tensor = reduce(image, (1, 2, 3, 4), keepdim=True)
    return reduced


def _roughness(image: Tensor, axis: int) -> float:
    return float(image.diff(dim=axis).abs().mean())
