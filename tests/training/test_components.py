"""Largest components, and the choice on validation whether keeping them alone helps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from training.labels import IGNORE, StructureSpec
from training.predict.components import Validated, choose_postprocessing, keep_largest, largest_component
from training.progress import TrainingError

LIVER = StructureSpec("liver", "Liver", 0, 5, 3.0)
SPLEEN = StructureSpec("spleen", "Spleen", 0, 9, 3.0)
TUMOUR = StructureSpec("tumour", "Tumour", 1, 1, 3.0)
STRUCTURES = (LIVER, SPLEEN, TUMOUR)
PLACES = {s.key: (s.layer, s.value) for s in STRUCTURES}
BOTH = frozenset(PLACES)
Labels = NDArray[np.uint8]


def empty() -> Labels:
    return np.zeros((2, 20, 10, 10), np.uint8)


def body() -> Labels:
    """Liver and spleen side by side, a tumour inside the liver."""
    labels = empty()
    labels[0, 2:8, 2:8, 2:8] = LIVER.value
    labels[0, 8:10, 2:8, 2:8] = SPLEEN.value
    labels[1, 3:5, 3:5, 3:5] = TUMOUR.value
    return labels


@given(st.integers(0, 200), st.floats(0.05, 0.5))
def test_the_largest_component_is_scipys(seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((7, 6, 5)) < share
    components, count = ndimage.label(mask, np.ones((3, 3, 3)))
    kept = largest_component(mask)
    assert not (kept & ~mask).any()
    if count:
        assert kept.sum() == np.bincount(components.ravel())[1:].max()
        assert len(np.unique(components[kept])) == 1
    else:
        assert not kept.any()


def test_one_structure_keeps_its_largest_part_and_others_stay() -> None:
    labels = body()
    labels[0, 15:17, 2:4, 2:4] = LIVER.value
    labels[0, 18, 9, 9] = SPLEEN.value
    found = keep_largest(labels, ("liver",), PLACES)
    expected = labels.copy()
    expected[0, 15:17, 2:4, 2:4] = 0
    np.testing.assert_array_equal(found, expected)
    assert labels[0, 15, 2, 2] == LIVER.value  # the input is left alone


def test_all_together_keeps_what_touches_the_largest_part() -> None:
    labels = body()
    labels[0, 15:17, 2:4, 2:4] = SPLEEN.value
    labels[1, 18, 9, 9] = TUMOUR.value
    np.testing.assert_array_equal(keep_largest(labels, ("all",), PLACES), body())
    np.testing.assert_array_equal(keep_largest(empty(), ("all", "liver"), PLACES), empty())


def test_a_structure_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(TrainingError, match="names heart"):
        keep_largest(body(), ("heart",), PLACES)


def case(prediction: Labels, reference: Labels | None = None, annotated: frozenset[str] = BOTH) -> Validated:
    return Validated(body() if reference is None else reference, prediction, annotated)


def test_nothing_is_chosen_where_nothing_helps() -> None:
    assert choose_postprocessing([], STRUCTURES) == ()
    assert choose_postprocessing([case(body())], STRUCTURES) == ()


def test_far_islands_of_several_structures_are_removed_jointly() -> None:
    islands = body()
    islands[0, 15:17, 2:4, 2:4] = SPLEEN.value
    islands[0, 18, 8:, 8:] = LIVER.value
    assert choose_postprocessing([case(islands)], STRUCTURES) == ("all",)


def test_an_island_that_touches_another_structure_is_removed_singly() -> None:
    islands = body()
    islands[0, 2:3, 2:4, 2:4] = SPLEEN.value  # inside the liver: together all is one part
    assert choose_postprocessing([case(islands)], STRUCTURES) == ("spleen",)


def test_jointly_is_refused_where_one_structure_loses() -> None:
    truth = body()
    truth[0, 15:18, 2:6, 2:6] = SPLEEN.value  # a spleen far away, which is right
    prediction = truth.copy()
    prediction[0, 8:10] = 0
    truth[0, 8:10] = 0
    prediction[0, 19, 8:, 8:] = LIVER.value  # an island, which is wrong
    assert choose_postprocessing([case(prediction, truth)], STRUCTURES) == ("liver",)


def test_what_was_not_looked_at_does_not_count() -> None:
    islands = body()
    islands[0, 15:17, 2:4, 2:4] = SPLEEN.value
    assert choose_postprocessing([case(islands, annotated=frozenset({"liver"}))], STRUCTURES) == ()
    unseen = body()
    unseen[0, 15:] = IGNORE
    assert choose_postprocessing([case(islands, unseen)], STRUCTURES) == ()


def test_the_mean_over_cases_decides() -> None:
    two = empty()
    two[0, 2:8, 2:8, 2:8] = LIVER.value
    two[0, 15:18, 2:8, 2:8] = LIVER.value
    island = body()
    island[0, 15:16, 2:3, 2:3] = LIVER.value
    # In one case removing the smaller part costs a lot, in another it gains a little.
    cases = [Validated(two, two, frozenset({"liver"})), case(island)]
    assert "liver" not in choose_postprocessing(cases, STRUCTURES)
    assert choose_postprocessing(cases[1:], STRUCTURES) == ("all",)


def test_with_one_structure_jointly_is_singly() -> None:
    island = body()[:1]
    island[0, 15:17, 2:4, 2:4] = LIVER.value
    island[island == SPLEEN.value] = 0
    truth = body()[:1]
    truth[truth == SPLEEN.value] = 0
    assert choose_postprocessing([Validated(truth, island, BOTH)], (LIVER,)) == ("all",)
