"""Crops: where they lie, what they hold, and that they depend on seed and step alone."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.training.test_plan import plan
from training.labels import IGNORE
from training.patches import (
    Batch,
    Prepared,
    ahead,
    draw_batch,
    draw_crops,
    image_on_grid,
    labels_on_grid,
    prepare,
    source_size,
)
from training.plan import Plan, Resampling, Sample, Step
from training.progress import TrainingError

SMALL = dataclasses.replace(plan(), patch_size=(16, 16, 16), batch_size=1)


def scan(shape: tuple[int, int, int] = (24, 20, 18), *, looked_at: bool = True, seed: int = 0) -> Sample:
    labels = np.zeros((2, *shape), np.uint8)
    labels[0, 4:8, 4:8, 4:8] = 5
    labels[0, 15:18, 10:13, 10:13] = 9
    labels[1, 10:12, 10:12, 2:16] = 1
    if not looked_at:
        labels[:, 12:] = IGNORE
    image = np.where(labels[0] > 0, 200, seed).astype(np.int16)
    keys = frozenset({"liver", "kidney_left", "spinal_cord"})
    return Sample(image, labels, (3.0, 3.0, 3.0), keys)


def prepared(folder: Path, sample: Sample, of: Plan = SMALL) -> Prepared:
    return prepare(sample, of, folder)


def test_a_prepared_scan_holds_channels_not_values(tmp_path: Path) -> None:
    case = prepared(tmp_path, scan())
    assert case.image.shape == (24, 20, 18)
    assert case.target[0, 5, 5, 5] == 1
    assert case.target[0, 16, 11, 11] == 2
    assert case.target[1, 10, 10, 5] == 1
    assert case.known.tolist() == [True] * 5
    assert len(case.centres) == 3
    assert case.looked_at is None
    assert case.image[5, 5, 5] == pytest.approx((200 - 90) / 50, abs=0.01)


def test_a_scan_smaller_than_a_patch_is_padded_with_air_that_nobody_looked_at(tmp_path: Path) -> None:
    case = prepared(tmp_path, scan((18, 16, 12)), dataclasses.replace(SMALL, patch_size=(24, 16, 16)))
    assert case.image.shape == (24, 16, 16)
    assert (case.target[:, :3] == IGNORE).all()
    assert case.image[0, 0, 0] == pytest.approx(-2.8, abs=0.01)


def test_a_scan_is_brought_onto_the_grid_of_the_plan(tmp_path: Path) -> None:
    fine = dataclasses.replace(scan(), spacing_mm=(6.0, 3.0, 3.0))
    assert prepared(tmp_path, fine).image.shape == (48, 20, 18)


def test_what_was_not_annotated_is_unknown(tmp_path: Path) -> None:
    case = prepared(tmp_path, dataclasses.replace(scan(), annotated=frozenset({"liver"})))
    assert case.known.tolist() == [True, True, False, True, False]
    assert case.target[0, 16, 11, 11] == 0


def test_a_scan_is_prepared_once_for_one_grid(tmp_path: Path) -> None:
    prepared(tmp_path, scan())
    (file,) = tmp_path.glob("*.npy")
    written = file.stat().st_mtime_ns
    again = prepared(tmp_path, scan())
    assert file.stat().st_mtime_ns == written
    assert len(again.centres) == 3
    prepared(tmp_path, scan(), dataclasses.replace(SMALL, learning_rate=1.0))
    assert len(list(tmp_path.glob("*.npy"))) == 1
    prepared(tmp_path, scan(seed=1))
    prepared(tmp_path, dataclasses.replace(scan(), annotated=frozenset({"liver"})))
    prepared(tmp_path, scan(), dataclasses.replace(SMALL, spacing_mm=(4.0, 4.0, 4.0)))
    assert len(list(tmp_path.glob("*.npy"))) == 4


def test_a_scan_whose_preparation_was_interrupted_is_prepared_again(tmp_path: Path) -> None:
    whole = prepared(tmp_path, scan())
    image, target = np.array(whole.image), np.array(whole.target)
    (file,), (about,) = tmp_path.glob("*.npy"), tmp_path.glob("*.json")
    about.unlink()
    half = file.read_bytes()[:100]
    file.unlink()
    file.write_bytes(half)
    again = prepared(tmp_path, scan())
    assert np.array_equal(again.image, image)
    assert np.array_equal(again.target, target)
    file.unlink()
    file.write_bytes(b"")
    about.write_text("{}")
    assert np.array_equal(prepared(tmp_path, scan()).image, image)


def test_thick_slices_are_resampled_each_in_its_plane(tmp_path: Path) -> None:
    rules = Resampling(image_order=3, separate_z=True, out_of_plane_order=0)
    thick = dataclasses.replace(
        SMALL, spacing_mm=(3.0, 1.5, 3.0), axis_order=(0, 1, 2), patch_size=(8, 8, 8), resampling=rules
    )
    rng = np.random.default_rng(0)
    image = rng.normal(100, 50, (8, 20, 20))
    moved = image_on_grid(image.astype(np.int16), (6.0, 3.0, 3.0), thick)
    assert moved.shape == (16, 40, 20)
    assert np.array_equal(moved[0::2], moved[1::2])  # every slice twice, nothing between them
    assert not np.array_equal(moved[:, 0::2], moved[:, 1::2])
    labels = (rng.random((8, 20, 20)) < 0.3).astype(np.uint8) * 5
    drawn = labels_on_grid(labels, (6.0, 3.0, 3.0), thick)
    assert np.array_equal(drawn[0::2], drawn[1::2])
    assert set(np.unique(drawn)) == {0, 5}
    nearest = dataclasses.replace(thick, resampling=Resampling(label_order=0))
    doubled = labels.repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(labels_on_grid(labels, (6.0, 3.0, 3.0), nearest), doubled)
    bad = dataclasses.replace(thick, resampling=Resampling(image_order=2))
    with pytest.raises(TrainingError, match="spline orders 0, 1 and 3, not 2"):
        image_on_grid(image.astype(np.int16), (6.0, 3.0, 3.0), bad)


def test_crops_cut_ahead_are_the_same(tmp_path: Path) -> None:
    case = prepared(tmp_path, scan())
    asked = []

    def cut(step: int) -> Batch:
        asked.append(step)
        return draw_crops([case], SMALL, 1, step)

    with ahead(cut) as ready:
        for step in (0, 1, 2, 7, 8, 3):
            assert torch.equal(ready(step).image, draw_crops([case], SMALL, 1, step).image)
    assert asked == [0, 1, 2, 3, 7, 8, 9, 3, 4]
    batches = [draw_crops([case], SMALL, 1, 0)]
    with pytest.raises(IndexError), ahead(lambda step: batches[step]) as ready:
        ready(1)


def test_what_lies_outside_the_scan_is_air_and_ignored(tmp_path: Path) -> None:
    turned = dataclasses.replace(
        SMALL, augmentation=(Step("spatial", {"rotation_deg": 0, "scale": [1.0, 1.5], "p_scale": 1.0}),)
    )
    case = prepared(tmp_path, scan(), turned)
    crops = draw_crops([case], turned, 0, 0)
    assert crops.image.shape == (1, 1, *source_size(turned)) == (1, 1, 24, 24, 24)
    assert crops.image.dtype == torch.float16
    outside = (crops.target == IGNORE).all(1)[0]
    assert outside.any()
    assert crops.image[0, 0][outside].numpy() == pytest.approx(SMALL.normalisation.air, abs=0.01)
    assert (~outside).sum() > 16**3


def test_a_batch_depends_on_seed_and_step_alone(tmp_path: Path) -> None:
    case = prepared(tmp_path, scan())
    first, again = (draw_batch([case], SMALL, 1, 7) for _ in range(2))
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.target, again.target)
    assert not torch.equal(first.image, draw_batch([case], SMALL, 1, 8).image)
    assert not torch.equal(first.image, draw_batch([case], SMALL, 2, 7).image)
    assert first.image.shape == (1, 1, 16, 16, 16)
    assert first.target.shape == (1, 2, 16, 16, 16)
    assert first.target.dtype == torch.uint8


def test_every_scan_is_seen_once_per_round(tmp_path: Path) -> None:
    # Each scan has another set of annotated structures, by which it is recognised in the batch.
    whole_round = dataclasses.replace(SMALL, batch_size=4)
    sets = ((), ("liver",), ("kidney_left",), ("liver", "spinal_cord"))
    cases = [
        prepare(dataclasses.replace(scan(), annotated=frozenset(keys)), SMALL, tmp_path) for keys in sets
    ]
    orders = set()
    for step in range(6):
        known = [tuple(row) for row in draw_batch(cases, whole_round, 1, step).known.tolist()]
        assert len(set(known)) == 4
        orders.add(tuple(known))
    assert len(orders) > 1


def test_every_structure_is_aimed_at_and_ignored_regions_are_not(tmp_path: Path) -> None:
    always = dataclasses.replace(SMALL, patch_size=(8, 8, 8), sampler_args={"share": 1.0})
    case = prepared(tmp_path, scan(), always)
    seen = np.zeros(3)
    for step in range(60):
        target = draw_batch([case], always, 0, step).target
        seen += [(target[0, 0] == 1).any(), (target[0, 0] == 2).any(), (target[0, 1] == 1).any()]
    assert seen.min() > 8
    never = dataclasses.replace(always, sampler_args={"share": 0.0})
    half = prepared(tmp_path, scan(looked_at=False), never)
    for step in range(30):
        assert (draw_batch([half], never, 0, step).target != IGNORE).any()


def test_image_and_labels_are_turned_together(tmp_path: Path) -> None:
    # The image is bright exactly where layer 0 is drawn, so they must agree after any augmentation.
    case = prepared(tmp_path, scan())
    agreement = []
    for step in range(40):
        batch = draw_batch([case], SMALL, 3, step)
        drawn = (batch.target[0, 0] > 0) & (batch.target[0, 0] != IGNORE)
        if drawn.any() and not drawn.all():
            cut = (batch.image[0, 0][drawn].mean() + batch.image[0, 0][~drawn].mean()) / 2
            agreement.append(_overlap((batch.image[0, 0] > cut).numpy(), drawn.numpy()))
    assert np.mean(agreement) > 0.85


def test_left_and_right_are_never_exchanged(tmp_path: Path) -> None:
    # One structure lies at low i (right), the other at high i (left); crops must keep that order.
    whole = dataclasses.replace(SMALL, patch_size=(24, 20, 18))
    case = prepared(tmp_path, scan(), whole)
    for step in range(40):
        target = draw_batch([case], whole, 0, step).target[0, 0].numpy()
        first, second = np.argwhere(target == 1), np.argwhere(target == 2)
        if len(first) and len(second):
            assert first[:, 0].mean() < second[:, 0].mean()


def _overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))
