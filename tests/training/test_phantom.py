"""The synthetic patient: the same for a seed, different between seeds, anatomically in place."""

import numpy as np
import pytest

from training.phantom import NOISE_HU, STRUCTURES, make_phantom


def test_a_seed_is_one_patient() -> None:
    first, again, other = make_phantom(5), make_phantom(5), make_phantom(6)
    np.testing.assert_array_equal(first.image.voxels, again.image.voxels)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.labels != other.labels).mean() > 0.01
    assert first.image.voxels.dtype == np.int16
    assert first.labels.dtype == np.uint8
    assert first.geometry.shape == first.labels.shape == (96, 96, 64)


@pytest.mark.parametrize("shape", [(96, 96, 64), (64, 64, 48), (32, 32, 24)])
def test_every_structure_is_in_every_patient(shape: tuple[int, int, int]) -> None:
    for seed in range(20):
        counts = np.bincount(make_phantom(seed, shape=shape).labels.ravel(), minlength=7)
        assert counts[1:].min() >= 5, (seed, counts)
        assert len(counts) == 1 + len(STRUCTURES)


def test_left_is_left_and_the_bladder_is_below_the_liver() -> None:
    for seed in range(5):
        phantom = make_phantom(seed)
        centre = {s.key: phantom.geometry.index_to_lps(_centre(phantom.labels, s.value)) for s in STRUCTURES}
        assert centre["kidney_left"][0] > 20 > -20 > centre["kidney_right"][0]
        assert centre["spleen"][0] > 0 > centre["liver"][0]
        assert centre["urinary_bladder"][2] < centre["liver"][2] - 60
        assert centre["aorta"][1] > centre["urinary_bladder"][1]


def test_tissues_have_plausible_hounsfield_units() -> None:
    phantom = make_phantom(2)
    hu = phantom.image.voxels
    assert hu[0, 0].mean() == pytest.approx(-1000, abs=15)
    assert hu[:4, :4].std() == pytest.approx(NOISE_HU, rel=0.3)
    assert 30 < hu[phantom.labels == 1].mean() < 200
    assert -20 < hu[phantom.labels == 6].mean() < 40


def _centre(
    labels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", value: int
) -> tuple[float, float, float]:
    i, j, k = np.argwhere(labels == value).mean(axis=0)
    return float(i), float(j), float(k)
