"""Disagreement taken apart: every differing voxel in one piece, the worst piece first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage

from annotation.reviews.components import CORNERS, FACES, Component, components

SHAPE = (12, 11, 10)
Bools = NDArray[np.bool_]


def empty() -> Bools:
    return np.zeros(SHAPE, np.bool_)


def box(low: tuple[int, int, int], high: tuple[int, int, int]) -> Bools:
    mask = empty()
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return mask


def voxels(piece: Component) -> Bools:
    flat = np.zeros(np.prod(SHAPE), np.bool_)
    flat[piece.voxels] = True
    return flat.reshape(SHAPE, order="F")


def test_equal_masks_have_none() -> None:
    organ = box((2, 2, 2), (6, 6, 6))
    assert components(organ, organ, (1, 1, 1), 1.0) == []
    assert components(empty(), empty(), (1, 1, 1), 1.0) == []


def test_a_lobe_that_only_one_has() -> None:
    organ = box((2, 2, 2), (6, 6, 6))
    longer = box((2, 2, 2), (10, 6, 6))
    (piece,) = components(longer, organ, (2.0, 1.0, 1.0), 3.0)
    assert np.array_equal(voxels(piece), longer & ~organ)
    assert (piece.low, piece.high) == ((6, 2, 2), (9, 5, 5))
    assert (piece.only_a, piece.only_b, piece.rest) == (64, 0, False)
    assert (piece.distance_mm, piece.beyond_mm) == (8.0, 5.0)
    assert piece.rank(0.5) == 64 * 0.5 * 5.0


def test_within_the_tolerance_is_the_rest() -> None:
    organ = box((2, 2, 2), (8, 8, 8))
    tighter = box((3, 3, 3), (7, 7, 7))
    (piece,) = components(organ, tighter, (1, 1, 1), 2.0)
    assert piece.rest
    assert piece.beyond_mm == 0
    assert (piece.only_a, piece.only_b) == (6**3 - 4**3, 0)


def test_worst_first_and_the_rest_last() -> None:
    organ = box((4, 2, 2), (6, 9, 8))
    a = organ | box((6, 2, 2), (11, 4, 4)) | box((4, 2, 8), (6, 9, 9))
    b = organ | box((0, 7, 6), (4, 9, 8))
    pieces = components(a, b, (1, 1, 1), 1.5)
    assert [(piece.only_a, piece.only_b, piece.rest) for piece in pieces] == [
        (20, 0, False),
        (0, 16, False),
        (14, 0, True),
    ]


def test_against_nothing_the_piece_is_as_far_as_it_is_long() -> None:
    (piece,) = components(empty(), box((1, 1, 1), (9, 3, 3)), (1.0, 1.0, 3.0), 2.0)
    assert (piece.distance_mm, piece.only_b) == (8.0, 32)


def test_corners_join_and_faces_do_not() -> None:
    apart = box((1, 1, 1), (4, 4, 4)) | box((4, 4, 4), (7, 7, 7))
    assert len(components(empty(), apart, (1, 1, 1), 0.5, CORNERS)) == 1
    assert len(components(empty(), apart, (1, 1, 1), 0.5, FACES)) == 2


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="one shape"):
        components(empty(), np.zeros((3, 3, 3), np.bool_), (1, 1, 1), 1.0)
    with pytest.raises(ValueError, match="6 or 26"):
        components(empty(), empty(), (1, 1, 1), 1.0, 18)


masks = arrays(np.bool_, SHAPE, elements=st.booleans(), fill=st.just(False))


@given(masks, masks, st.sampled_from([0.5, 1.0, 2.5]), st.sampled_from([FACES, CORNERS]))
def test_each_differing_voxel_is_in_exactly_one_piece(
    a: Bools, b: Bools, tolerance_mm: float, connectivity: int
) -> None:
    pieces = components(a, b, (1.0, 1.0, 2.0), tolerance_mm, connectivity)
    times = sum((voxels(piece).astype(int) for piece in pieces), np.zeros(SHAPE, int))
    assert np.array_equal(times, (a ^ b).astype(int))
    ranks = [piece.rank(1.0) for piece in pieces if not piece.rest]
    assert ranks == sorted(ranks, reverse=True)
    assert sum(piece.rest for piece in pieces) <= 1
    for piece in pieces:
        assert voxels(piece)[piece.centre]
        mine = voxels(piece)
        assert (piece.only_a, piece.only_b) == (int((mine & a).sum()), int((mine & b).sum()))


@given(masks, masks)
def test_with_no_tolerance_they_are_the_connected_components(a: Bools, b: Bools) -> None:
    """An independent count: scipy's labels of where the masks differ."""
    for connectivity, order in ((FACES, 1), (CORNERS, 3)):
        labels, count = ndimage.label(a ^ b, ndimage.generate_binary_structure(3, order))
        expected = {tuple(np.flatnonzero(labels.ravel("F") == one)) for one in range(1, count + 1)}
        found = components(a, b, (1.0, 1.0, 2.0), 0.0, connectivity)
        assert {tuple(piece.voxels) for piece in found} == expected
