"""Even-odd fill at pixel centres, against a ray cast by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from annotation.imaging.segmentations.filling import fill, outlines

SIZE = (12, 9)


def ray(contours: list[NDArray[np.float64]], a: int, b: int) -> bool | None:
    """Count the edges that a ray from a centre towards lower a crosses, one by one; None: one is met."""
    crossed = 0
    for contour in contours:
        for (a0, b0), (a1, b1) in zip(contour, np.roll(contour, -1, axis=0), strict=True):
            if (b0 <= b < b1) or (b1 <= b < b0):
                at = a0 + (b - b0) / (b1 - b0) * (a1 - a0)
                if abs(at - a) < 1e-3:
                    return None
                crossed += at < a
    return bool(crossed % 2)


# Off the centres by a third, so that no corner lies on one.
coordinate = st.integers(-2, 13).map(lambda n: n + 1 / 3)
contour = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9).map(np.array)


@given(st.lists(contour, min_size=1, max_size=4))
def test_as_many_rays_say(contours: list[NDArray[np.float64]]) -> None:
    filled = fill(contours, SIZE)
    assert filled.shape == SIZE
    for a, b in np.ndindex(SIZE):
        expected = ray(contours, a, b)
        assert expected is None or filled[a, b] == expected, (a, b)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_outlines_of_any_pixels_fill_to_the_same_pixels(seed: int, share: float) -> None:
    plane = np.random.default_rng(seed).random(SIZE) < share
    assert np.array_equal(fill(outlines(plane), SIZE), plane)


def test_a_contour_within_a_contour_is_a_hole() -> None:
    square = np.array([[1.5, 1.5], [8.5, 1.5], [8.5, 7.5], [1.5, 7.5]])
    inner = np.array([[3.5, 3.5], [5.5, 3.5], [5.5, 5.5], [3.5, 5.5]])
    filled = fill([square, inner], SIZE)
    assert filled.sum() == 7 * 6 - 2 * 2
    assert not filled[4:6, 4:6].any()


def test_neighbours_that_share_an_edge_on_centres_share_no_pixel() -> None:
    left = np.array([[1.0, 1.0], [4.0, 1.0], [4.0, 6.0], [1.0, 6.0]])
    right = np.array([[4.0, 1.0], [7.0, 1.0], [7.0, 6.0], [4.0, 6.0]])
    a, b = fill([left], SIZE), fill([right], SIZE)
    assert not (a & b).any()
    assert (a | b).sum() == 6 * 5


@pytest.mark.parametrize("far", [1e6, 1e12])
def test_contours_far_outside_cost_nothing(far: float) -> None:
    wide = np.array([[-far, -far], [far, -far], [far, far], [-far, far]])
    assert fill([wide], SIZE).all()
    assert not fill([wide + 3 * far], SIZE).any()
    assert not fill([], SIZE).any()
