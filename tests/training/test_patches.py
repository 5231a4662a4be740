"""Crops: where they lie, what they hold, and that they depend on seed and step alone."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.training.test_plan import plan
from training.labels import IGNORE
from training.patches import Prepared, draw_batch, prepare
from training.plan import Plan, Sample

SMALL = dataclasses.replace(plan(), patch_size=(16, 16, 16))


def scan(
    shape: tuple[int, int, int] = (24, 20, 18), *, looked_at: bool = True, seed: int = 0
) -> Sample:
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
        prepare(dataclasses.replace(scan(), annotated=frozenset(keys)), SMALL, tmp_path)
        for keys in sets
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
