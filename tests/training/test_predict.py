"""Delineating a scan: what comes out must not depend on how the scan was cut."""

import dataclasses

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.training.test_plan import LEFT, LIVER, fingerprint
from training.labels import StructureSpec
from training.plan import Plan, Resampling, plan_for
from training.predict import Manner, Member, PredictionResult, delineate
from training.progress import Cancelled, Progress, TrainingError, ignore_progress, never_stop

CORD = StructureSpec("spinal_cord", "Spinal cord", 1, 4, 2.0)
PLAN = dataclasses.replace(
    plan_for(fingerprint(), (LIVER, LEFT, CORD), budget_s=1),
    patch_size=(16, 16, 16),
    spacing_mm=(3.0, 3.0, 3.0),
    resampling=Resampling(image_order=1),
)
Shape = tuple[int, int, int]
Triple = tuple[float, float, float]


class Thresholds(nn.Module):
    """A network whose answer is known: by intensity alone, so every window agrees with every other."""

    def forward(self, image: Tensor) -> Tensor:
        hu = image * PLAN.normalisation.std + PLAN.normalisation.mean
        flat = torch.zeros_like(hu)
        return torch.cat([50 - hu.abs(), hu - 50, -50 - hu, flat, (hu - 100) / 5], dim=1)


class Always(nn.Module):
    """Answers one logit per channel, everywhere."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self._logits = torch.tensor(logits)[None, :, None, None, None]

    def forward(self, image: Tensor) -> Tensor:
        return self._logits.expand(len(image), -1, *image.shape[2:]).clone()


def draw(
    image: NDArray[np.int16],
    spacing_mm: Triple = (3.0, 3.0, 3.0),
    *,
    plan: Plan = PLAN,
    manner: Manner | None = None,
    members: tuple[Member, ...] = (),
) -> PredictionResult:
    return delineate(
        members or (Member(Thresholds(), plan),),
        image,
        spacing_mm,
        manner or Manner(),
        on_progress=ignore_progress,
        should_stop=never_stop,
    )


def blocks(shape: Shape) -> NDArray[np.int16]:
    """Left half bright (above 100 from the middle on), a dark corner, the rest 0 HU."""
    image = np.zeros(shape, np.int16)
    image[: shape[0] // 2] = 90
    image[: shape[0] // 2, :, shape[2] // 2 :] = 200
    image[-3:, -3:] = -50
    return image


@pytest.mark.parametrize("entropy", [False, True])
@pytest.mark.parametrize(
    "shape", [(16, 16, 16), (40, 33, 50), (60, 33, 20), (5, 40, 16), (17, 3, 2), (1, 1, 1)]
)
def test_every_voxel_gets_what_the_network_says_of_it(shape: Shape, entropy: bool) -> None:
    rng = np.random.default_rng(0)
    image = rng.choice(np.array([-50, 0, 90, 200], np.int16), shape)
    labels = draw(image, manner=Manner(entropy=entropy)).labels
    assert labels.dtype == np.uint8
    assert labels.shape == (2, *shape)
    # -50 HU is -50 after clipping: background 0 beats the left kidney 0 there (argmax takes the first).
    np.testing.assert_array_equal(labels[0], np.where(image > 50, LIVER.value, 0))
    np.testing.assert_array_equal(labels[1], np.where(image > 100, CORD.value, 0))


@pytest.mark.parametrize("separate_z", [False, True])
@pytest.mark.parametrize("spacing_mm", [(1.5, 1.5, 1.5), (6.0, 3.0, 3.0), (3.0, 3.0, 7.5), (2.0, 4.0, 1.0)])
def test_labels_come_back_on_the_scans_own_grid(spacing_mm: Triple, separate_z: bool) -> None:
    image = blocks((40, 32, 36))
    resampling = Resampling(image_order=1, separate_z=separate_z)
    labels = draw(image, spacing_mm, plan=dataclasses.replace(PLAN, resampling=resampling)).labels
    assert labels.shape == (2, 40, 32, 36)
    expected = np.where(image > 50, LIVER.value, 0)
    # Only voxels at the edge between the blocks may differ.
    assert (labels[0] != expected).mean() < 0.04
    np.testing.assert_array_equal(labels[0, :18], expected[:18])
    np.testing.assert_array_equal(labels[0, 23:36, :28], expected[23:36, :28])


def test_a_cubic_way_back_is_refused() -> None:
    plan = dataclasses.replace(PLAN, resampling=Resampling(logits_order=3))
    with pytest.raises(TrainingError, match="order 0 or 1, not 3"):
        draw(blocks((20, 20, 20)), (2.0, 2.0, 2.0), plan=plan)


def test_uncertainty_is_high_when_the_network_wavers() -> None:
    sure = draw(np.full((16, 16, 16), 250, np.int16)).uncertainty
    wavering = draw(np.full((16, 16, 16), 101, np.int16)).uncertainty
    assert 0 <= sure < 0.05 < wavering <= 1
    assert draw(np.zeros((16, 16, 16), np.int16)).uncertainty == 1.0


def test_entropy_is_mapped_and_told_per_structure() -> None:
    image = np.zeros((20, 18, 16), np.int16)
    image[:8] = 250
    image[8:10] = 101
    plain, mapped = draw(image), draw(image, manner=Manner(entropy=True))
    assert plain.entropy is None
    assert mapped.entropy is not None
    assert mapped.entropy.shape == (2, 20, 18, 16)
    np.testing.assert_array_equal(plain.labels, mapped.labels)
    assert plain.uncertainty == pytest.approx(mapped.uncertainty)
    # At 101 HU the cord is ahead by 0.2 of a logit: two channels, p = 0.55.
    p = 1 / (1 + np.exp(-0.2))
    wavering = -(p * np.log(p) + (1 - p) * np.log(1 - p)) / np.log(2)
    assert set(np.unique(mapped.entropy[1, 8:10])) == {round(255 * wavering)}
    assert mapped.entropy[1, :8].max() == 0
    assert mapped.structure_uncertainty.keys() == {"liver", "spinal_cord"}
    assert mapped.structure_uncertainty["spinal_cord"] == pytest.approx(2 * wavering / 10, rel=1e-3)
    assert mapped.disagreement == {}


def test_logits_of_an_ensemble_are_averaged() -> None:
    image = np.zeros((20, 18, 16), np.int16)
    timid = Member(Always(0, -1, -1, 0, -3), PLAN)
    bold = Member(Always(0, 4, -1, 0, 1), PLAN)
    for manner in (Manner(), Manner(disagreement=False)):
        both = draw(image, members=(timid, bold), manner=manner)
        assert (both.labels[0] == LIVER.value).all()  # 1.5 on average
        assert (both.labels[1] == 0).all()  # -1 on average
        logits = torch.tensor([0, 1.5, -1]).double()
        p = logits.softmax(0)
        expected = float(-(p * p.log()).sum() / np.log(3))
        assert both.structure_uncertainty == {"liver": pytest.approx(expected, abs=2e-3)}
    assert draw(image, members=(timid, bold)).disagreement == {"liver": 1.0, "spinal_cord": 1.0}
    assert draw(image, members=(bold, bold)).disagreement == {"liver": 0.0, "spinal_cord": 0.0}


@pytest.mark.parametrize("spacing_mm", [(3.0, 3.0, 3.0), (2.0, 2.5, 4.0)])
def test_members_with_other_grids_are_averaged_on_the_scans(spacing_mm: Triple) -> None:
    coarse = dataclasses.replace(PLAN, spacing_mm=(4.0, 4.0, 4.0), patch_size=(16, 8, 16))
    image = blocks((40, 32, 36))
    members = (Member(Thresholds(), PLAN), Member(Thresholds(), coarse))
    both = draw(image, spacing_mm, members=members)
    expected = np.where(image > 50, LIVER.value, 0)
    assert (both.labels[0] != expected).mean() < 0.04
    assert both.disagreement["liver"] < 0.1


@pytest.mark.parametrize("separate_z", [False, True])
def test_averaging_on_the_scans_grid_is_averaging_on_the_plans(separate_z: bool) -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(-60, 260, (30, 21, 18)).astype(np.int16)
    plan = dataclasses.replace(PLAN, resampling=Resampling(image_order=1, separate_z=separate_z))
    # Other windows, but a network that does not care: so both members say the same.
    other = dataclasses.replace(plan, patch_size=(8, 24, 16))
    members = (Member(Thresholds(), plan), Member(Thresholds(), other))
    alone = draw(image, (2.0, 2.5, 4.0), plan=plan, manner=Manner(sums=torch.float32))
    both = draw(image, (2.0, 2.5, 4.0), members=members, manner=Manner(sums=torch.float32))
    assert alone.labels.any()
    np.testing.assert_array_equal(both.labels, alone.labels)
    assert both.uncertainty == pytest.approx(alone.uncertainty, abs=1e-5)
    assert both.disagreement == {"liver": 0.0, "spinal_cord": 0.0}


def test_members_must_draw_the_same_structures() -> None:
    other = plan_for(fingerprint(), (LIVER,), budget_s=1)
    with pytest.raises(TrainingError, match="same structures"):
        draw(blocks((16, 16, 16)), members=(Member(Thresholds(), PLAN), Member(Thresholds(), other)))


class LeftRight(nn.Module):
    """Says that the first half of the window along i is liver, whatever it sees."""

    def forward(self, image: Tensor) -> Tensor:
        logits = torch.zeros(len(image), 5, *image.shape[2:])
        logits[:, 1] = torch.linspace(3, -1, image.shape[2])[:, None, None]
        return logits


def test_mirroring_averages_over_both_sides_only_where_the_plan_allows() -> None:
    image = np.random.default_rng(0).integers(-50, 250, (16, 16, 16)).astype(np.int16)
    member = Member(LeftRight(), dataclasses.replace(PLAN, mirror_axes=(0, 2)))
    plain = draw(image, members=(member,)).labels[0]
    assert (plain[:12] > 0).all()
    assert (plain[12:] == 0).all()
    assert (draw(image, members=(member,), manner=Manner(tta=True)).labels[0] > 0).all()  # 1 on average
    kept = Member(LeftRight(), dataclasses.replace(PLAN, mirror_axes=()))
    np.testing.assert_array_equal(draw(image, members=(kept,), manner=Manner(tta=True)).labels[0], plain)


def test_progress_counts_every_window_and_stopping_works() -> None:
    seen: list[Progress] = []
    image = np.zeros((32, 16, 16), np.int16)
    member = (Member(Thresholds(), PLAN),)
    delineate(member, image, (3, 3, 3), Manner(), on_progress=seen.append, should_stop=never_stop)
    assert [p.done for p in seen] == [1, 2, 3]
    assert {p.total for p in seen} == {3}
    assert seen[0].seconds_left is None
    assert all(p.seconds_left is not None and p.seconds_left >= 0 for p in seen[1:])
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        delineate(
            member,
            image,
            (3, 3, 3),
            Manner(),
            on_progress=ignore_progress,
            should_stop=lambda: next(asked),
        )
