"""Majority, STAPLE and conformity: SimpleITK on the same masks, and by hand."""

from typing import Any

import numpy as np
import pytest
import SimpleITK as UntypedITK
from numpy.typing import NDArray
from scipy import ndimage

from training.raters import (
    conformity_index,
    conformity_of_pairs,
    conformity_of_votes,
    majority,
    region_of,
    staple,
)

Mask = NDArray[np.bool_]
SimpleITK: Any = UntypedITK


def readers(seed: int, k: int, shape: tuple[int, int, int] = (28, 26, 20)) -> list[Mask]:
    """A ball as several readers see it: shifted edges, some of them always wide."""
    random = np.random.default_rng(seed)
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"))
    centre = np.array(shape)[:, None, None, None] / 2
    distance = np.sqrt(((ijk - centre) ** 2).sum(axis=0))
    wide = np.arange(k) * 0.4
    noise = [ndimage.gaussian_filter(random.normal(size=shape), 1.5) * 6 for _ in range(k)]
    return [np.asarray(distance + noise[r] < 6 + wide[r]) for r in range(k)]


def images(masks: list[Mask]) -> list[Any]:
    return [SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in masks]


@pytest.mark.parametrize("k", [3, 4, 5, 6])
@pytest.mark.parametrize("seed", range(3))
def test_staple_is_simpleitks(k: int, seed: int) -> None:
    masks = readers(seed, k)
    found = staple(masks)
    assert found.region is not None
    assert found.probability is not None
    theirs = SimpleITK.STAPLEImageFilter()
    theirs.SetForegroundValue(1)
    probability = SimpleITK.GetArrayFromImage(
        theirs.Execute(images([mask[found.region.slices] for mask in masks]))
    )
    assert found.converged
    assert found.sensitivity == pytest.approx(theirs.GetSensitivity(), abs=2e-5)
    assert found.specificity == pytest.approx(theirs.GetSpecificity(), abs=2e-5)
    np.testing.assert_allclose(found.probability, probability, atol=1e-3)


def test_staple_names_the_reader_who_marks_too_much() -> None:
    masks = readers(0, 3)
    masks[2] = ndimage.binary_dilation(masks[2], iterations=3)
    found = staple(masks)
    assert found.sensitivity is not None
    assert found.specificity is not None
    assert found.sensitivity[2] > max(found.sensitivity[:2])
    assert found.specificity[2] < min(found.specificity[:2]) - 0.02


def test_staple_finds_rates_that_masks_were_drawn_with() -> None:
    random = np.random.default_rng(1)
    truth = np.zeros((40, 40, 30), np.bool_)
    truth[5:35, 5:35, 5:25] = True
    rates = [(0.95, 0.99), (0.9, 0.97), (0.8, 0.95), (0.99, 0.9)]
    masks = [
        np.where(truth, random.random(truth.shape) < p, random.random(truth.shape) > q) for p, q in rates
    ]
    found = staple(masks)
    assert found.sensitivity == pytest.approx([p for p, _ in rates], abs=0.01)
    assert found.specificity == pytest.approx([q for _, q in rates], abs=0.01)


@pytest.mark.parametrize("k", [3, 4, 5])
def test_majority_is_simpleitks_vote(k: int) -> None:
    masks = readers(4, k)
    vote = SimpleITK.LabelVotingImageFilter()
    vote.SetLabelForUndecidedPixels(0)
    theirs = SimpleITK.GetArrayFromImage(vote.Execute(images(masks)))
    np.testing.assert_array_equal(majority(masks), theirs == 1)


def test_region_is_the_union_and_five_voxels_within_the_scan() -> None:
    masks = [np.zeros((30, 30, 10), np.bool_) for _ in range(4)]
    masks[0][2, 10, 4] = masks[1][12, 20, 9] = True
    region = region_of(masks)
    assert region is not None
    assert region.box == ((0, 18), (5, 26), (0, 10))
    assert region.voxels == 18 * 21 * 10
    assert region.rule == ("box around the union of all masks, 5 voxels wider on every side, within the scan")
    found = staple(masks)
    assert found.region == region
    assert found.prevalence == pytest.approx(0.5 / (18 * 21 * 10))


def test_too_little_gives_a_reason() -> None:
    empty = np.zeros((4, 4, 4), np.bool_)
    assert staple([empty] * 3).reason == "Every mask is empty."
    assert staple([~empty] * 2).reason == "Three readers are needed."
    assert staple([empty] * 3).sensitivity is None
    assert region_of([empty]) is None


def test_one_empty_mask_is_a_reader_who_marks_nothing() -> None:
    masks = [*readers(2, 3), np.zeros((28, 26, 20), np.bool_)]
    found = staple(masks)
    assert found.sensitivity is not None
    assert found.sensitivity[3] == pytest.approx(0, abs=1e-6)


def test_conformity_is_the_sum_over_pairs() -> None:
    masks = readers(3, 5)
    pairs = [(a, b) for i, a in enumerate(masks) for b in masks[i + 1 :]]
    expected = sum((a & b).sum() for a, b in pairs) / sum((a | b).sum() for a, b in pairs)
    assert conformity_index(masks) == pytest.approx(expected)
    overlaps = [((a & b).sum(), a.sum(), b.sum()) for a, b in pairs]
    assert conformity_of_pairs(overlaps) == pytest.approx(expected)


def test_conformity_of_two_is_jaccard() -> None:
    overlap = SimpleITK.LabelOverlapMeasuresImageFilter()
    one, other = readers(5, 2)
    overlap.Execute(*images([one, other]))
    assert conformity_index([one, other]) == pytest.approx(overlap.GetJaccardCoefficient())
    assert conformity_of_votes([10, 2, 6]) == pytest.approx(6 / 8)


def test_empty_masks_have_no_conformity() -> None:
    empty = np.zeros((3, 3, 3), np.bool_)
    assert conformity_index([empty, empty]) is None
    assert conformity_of_pairs([(0, 0, 0)]) is None
    assert conformity_index([empty, ~empty]) == 0


def test_what_does_not_fit_is_refused() -> None:
    empty = np.zeros((3, 3, 3), np.bool_)
    numbers: Any = np.zeros((3, 3, 3))
    with pytest.raises(ValueError, match="one shape"):
        conformity_index([empty])
    with pytest.raises(ValueError, match="one shape"):
        majority([empty, empty[:2]])
    with pytest.raises(ValueError, match="bool"):
        region_of([numbers])
    with pytest.raises(ValueError, match="up to 20 readers"):
        staple([empty] * 21)
    with pytest.raises(ValueError, match="common volume"):
        conformity_of_pairs([(1, 2)])
    with pytest.raises(ValueError, match="or more"):
        conformity_of_votes([1, 2])
