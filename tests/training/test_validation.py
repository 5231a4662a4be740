"""Validation during training: windows that cover a scan, Dice of what was annotated and nothing else."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training.test_patches import SMALL, scan
from training.fit import dice_of, mean_dice
from training.fit.validation import _windows
from training.labels import IGNORE
from training.patches import Prepared, prepare


class Bright(nn.Module):
    """Draws the liver wherever the image is bright, and the cord nowhere."""

    def forward(self, image: Tensor) -> Tensor:
        drawn = torch.zeros(len(image), 5, *image.shape[2:])
        drawn[:, 1:2] = image * 10
        drawn[:, 3] = 1
        return drawn


@pytest.fixture
def case(tmp_path: Path) -> Prepared:
    return prepare(scan(), SMALL, tmp_path)


def test_windows_cover_every_voxel_once_or_more() -> None:
    for shape in ((16, 16, 16), (17, 20, 40), (33, 16, 29)):
        seen = np.zeros(shape, int)
        for window in _windows(shape, (16, 16, 16)):
            assert seen[window].shape == (16, 16, 16)
            seen[window] += 1
        assert seen.min() >= 1


def test_dice_of_each_structure_is_that_of_the_whole_scan(case: Prepared) -> None:
    dice = dice_of(Bright().eval(), False, plan=SMALL, cases=[case])
    liver, kidney = 4**3, 3**3
    assert dice["liver"] == pytest.approx(2 * liver / (2 * liver + kidney))
    assert dice["kidney_left"] == 0
    assert dice["spinal_cord"] == 0
    assert mean_dice(dice) == pytest.approx((dice["liver"] or 0) / 3)


def test_what_was_not_annotated_does_not_count(case: Prepared, tmp_path: Path) -> None:
    other = prepare(dataclasses.replace(scan(), annotated=frozenset({"liver"})), SMALL, tmp_path)
    dice = dice_of(Bright().eval(), False, plan=SMALL, cases=[other])
    assert dice["kidney_left"] is None
    assert dice["spinal_cord"] is None
    assert dice["liver"] is not None
    target = np.array(case.target)
    target[0, 12:] = IGNORE  # the kidney, which is taken for a liver
    unseen = dataclasses.replace(case, target=target)
    assert dice_of(Bright().eval(), False, plan=SMALL, cases=[unseen])["liver"] == 1


def test_a_structure_neither_drawn_nor_predicted_is_not_applicable(case: Prepared) -> None:
    empty = dataclasses.replace(case, target=np.zeros_like(case.target))
    dice = dice_of(Bright().eval(), False, plan=SMALL, cases=[empty])
    assert dice == {"liver": 0.0, "kidney_left": None, "spinal_cord": None}
    both = dice_of(Bright().eval(), False, plan=SMALL, cases=[empty, case])
    assert both["kidney_left"] == 0
    assert mean_dice({"liver": None}) is None
