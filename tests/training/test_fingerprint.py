"""The fingerprint: boxes, spacings, intensities and shares of the training scans."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.training.test_plan import CORD, LEFT, LIVER
from training.labels import IGNORE
from training.plan import Fingerprint, Sample, take_fingerprint
from training.progress import TrainingError


def sample(labels: list[int], hu: list[int], annotated: set[str]) -> Sample:
    image = np.array(hu, np.int16).reshape(1, 1, -1)
    layers = np.stack([np.array(labels, np.uint8).reshape(1, 1, -1), np.zeros((1, 1, len(labels)), np.uint8)])
    return Sample(image, layers, (1.0, 2.0, 3.0), frozenset(annotated))


def scan(image: NDArray[np.int16], labels: NDArray[np.uint8] | None = None) -> Sample:
    drawn = np.ones(image.shape, np.uint8) if labels is None else labels
    return Sample(image, drawn[None] * np.uint8(5), (1.0, 1.0, 1.0), frozenset({"liver"}))


def test_only_what_was_looked_at_is_counted() -> None:
    samples = [
        sample([0, 0, 5, 5], [-1000, 0, 100, 200], {"liver", "kidney_left"}),
        sample([0, 0, 0, IGNORE], [-1000, 0, 0, 3000], {"kidney_left"}),
    ]
    found = take_fingerprint(samples, (LIVER, LEFT, CORD))
    # Liver: 2 of 4 voxels of the one scan that has it; background: 5 of the 7 voxels that were looked at.
    assert found.shares[0] == pytest.approx((5 / 7, 2 / 4, 0.0))
    assert (found.intensities.minimum, found.intensities.maximum) == (100, 200)
    assert (found.intensities.mean, found.intensities.std) == (150, 50)
    assert found.spacing_mm == (1.0, 2.0, 3.0)
    assert found.shapes == ((1, 1, 4), (1, 1, 4))
    assert found.median_mm == (1.0, 2.0, 12.0)


def test_there_must_be_cases_and_something_drawn() -> None:
    with pytest.raises(TrainingError, match="no case to train on"):
        take_fingerprint([], (LIVER, CORD))
    with pytest.raises(TrainingError, match="Nothing is drawn"):
        take_fingerprint([sample([0, 0], [1, 2], {"liver"})], (LIVER, CORD))


def test_the_box_leaves_out_the_empty_border_and_nothing_else() -> None:
    image = np.zeros((40, 7, 6), np.int16)
    image[3, 2, 1], image[36, 4, 1] = -5, 9
    inside = np.zeros_like(image, np.uint8)
    inside[3, 2, 1] = 1
    found = take_fingerprint([scan(image, inside)], (LIVER,))
    assert found.shapes == ((34, 3, 1),)
    assert found.relative_size == pytest.approx(34 * 3 / image.size)


def test_a_scan_that_is_0_everywhere_is_kept_whole() -> None:
    assert take_fingerprint([scan(np.zeros((3, 4, 5), np.int16))], (LIVER,)).shapes == ((3, 4, 5),)


def test_every_scan_weighs_the_same_however_much_is_drawn_in_it() -> None:
    large = scan(np.full((10, 10, 10), 100, np.int16))
    small = scan(np.full((1, 1, 1), 300, np.int16))
    nothing = scan(np.ones((2, 2, 2), np.int16), np.zeros((2, 2, 2), np.uint8))
    assert take_fingerprint([large, small, nothing], (LIVER,)).intensities.mean == 200


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), scans=st.integers(1, 4), noise=st.floats(2, 400))  # SDs below 1 count as 1
def test_intensities_are_what_draws_of_every_scan_tend_to(seed: int, scans: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    size = 9
    images = [rng.normal(rng.uniform(-500, 500), noise, (size,) * 3).astype(np.int16) for _ in range(scans)]
    found = take_fingerprint([scan(image) for image in images], (LIVER,)).intensities
    everything = np.concatenate([image.ravel() for image in images])  # of one size: all voxels weigh alike
    lower, median, upper = np.percentile(everything, (0.5, 50, 99.5), method="inverted_cdf")
    assert (found.lower, found.median, found.upper) == (lower, median, upper)
    assert found.mean == pytest.approx(everything.mean(), abs=1e-6)
    assert found.std == pytest.approx(everything.std(), abs=1e-6)
    assert (found.minimum, found.maximum) == (everything.min(), everything.max())


def test_a_fingerprint_is_json_and_back() -> None:
    found = take_fingerprint([scan(np.arange(60, dtype=np.int16).reshape(3, 4, 5))], (LIVER,), modality="MRI")
    assert Fingerprint.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "lacks the field 'spacings_mm'"),
        ('{"spacings_mm": [[1, 2]]}', r"spacings_mm\[0\] must be a list of 3 numbers"),
    ],
)
def test_an_unreadable_fingerprint_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        Fingerprint.from_json(text)
