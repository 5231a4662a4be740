"""Sliding windows: what comes out must not depend on how the scan was cut."""

import dataclasses

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.training.test_plan import LEFT, LIVER, fingerprint
from training.labels import StructureSpec
from training.plan import Plan, plan_for
from training.predict import PredictionResult, predict
from training.progress import Cancelled, Progress, ignore_progress, never_stop

CORD = StructureSpec("spinal_cord", "Spinal cord", 1, 4, 2.0)
PLAN = dataclasses.replace(plan_for(fingerprint(), (LIVER, LEFT, CORD), budget_s=1), patch_size=(16, 16, 16))


class Thresholds(nn.Module):
    """A network whose answer is known: by intensity alone, so every window agrees with every other."""

    def forward(self, image: Tensor) -> Tensor:
        hu = image * PLAN.normalisation.std + PLAN.normalisation.mean
        flat = torch.zeros_like(hu)
        return torch.cat([50 - hu.abs(), hu - 50, -50 - hu, flat, (hu - 100) / 5], dim=1)


def draw(
    image: NDArray[np.int16], spacing_mm: tuple[float, float, float] = (3.0, 3.0, 3.0), plan: Plan = PLAN
) -> PredictionResult:
    return predict(
        Thresholds(),
        plan,
        image,
        spacing_mm,
        bf16=False,
        on_progress=ignore_progress,
        should_stop=never_stop,
    )


def blocks(shape: tuple[int, int, int]) -> NDArray[np.int16]:
    """Left half bright (above 100 from the middle on), a dark corner, the rest 0 HU."""
    image = np.zeros(shape, np.int16)
    image[: shape[0] // 2] = 90
    image[: shape[0] // 2, :, shape[2] // 2 :] = 200
    image[-3:, -3:] = -50
    return image


@pytest.mark.parametrize("shape", [(16, 16, 16), (40, 33, 50), (5, 40, 16), (17, 3, 2), (1, 1, 1)])
def test_every_voxel_gets_what_the_network_says_of_it(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    image = rng.choice(np.array([-50, 0, 90, 200], np.int16), shape)
    labels = draw(image).labels
    assert labels.dtype == np.uint8
    assert labels.shape == (2, *shape)
    # -50 HU is -50 after clipping: background 0 beats the left kidney 0 there (argmax takes the first).
    np.testing.assert_array_equal(labels[0], np.where(image > 50, LIVER.value, 0))
    np.testing.assert_array_equal(labels[1], np.where(image > 100, CORD.value, 0))


@pytest.mark.parametrize("spacing_mm", [(1.5, 1.5, 1.5), (6.0, 3.0, 3.0), (3.0, 3.0, 7.5), (2.0, 4.0, 1.0)])
def test_labels_come_back_on_the_scans_own_grid(spacing_mm: tuple[float, float, float]) -> None:
    image = blocks((40, 32, 36))
    labels = draw(image, spacing_mm).labels
    assert labels.shape == (2, 40, 32, 36)
    expected = np.where(image > 50, LIVER.value, 0)
    # Only voxels at the edge between the blocks may differ.
    assert (labels[0] != expected).mean() < 0.04
    np.testing.assert_array_equal(labels[0, :18], expected[:18])
    np.testing.assert_array_equal(labels[0, 23:36, :28], expected[23:36, :28])


def test_uncertainty_is_high_when_the_network_wavers() -> None:
    sure = draw(np.full((16, 16, 16), 250, np.int16)).uncertainty
    wavering = draw(np.full((16, 16, 16), 101, np.int16)).uncertainty
    assert 0 <= sure < 0.05 < wavering <= 1
    assert draw(np.zeros((16, 16, 16), np.int16)).uncertainty == 1.0


def test_progress_counts_every_window_and_stopping_works() -> None:
    seen: list[Progress] = []
    image = np.zeros((32, 16, 16), np.int16)
    predict(Thresholds(), PLAN, image, (3, 3, 3), bf16=False, on_progress=seen.append, should_stop=never_stop)
    assert [p.done for p in seen] == [1, 2, 3]
    assert {p.total for p in seen} == {3}
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        predict(
            Thresholds(),
            PLAN,
            image,
            (3, 3, 3),
            bf16=False,
            on_progress=ignore_progress,
            should_stop=lambda: next(asked),
        )
