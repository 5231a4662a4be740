"""Islands, relabelling and swapping sides against scipy's components."""

from typing import Any

import numpy as np
import pytest

from tests.oracles.expected import components
from tests.oracles.scans import Labels, blobs, noise
from tests.oracles.workbench import Refused, Workbench, structure

SHAPE = (31, 27, 19)
SPACING = (0.8, 0.8, 2.5)


@pytest.fixture(params=["organs", "specks"])
def labels(request: pytest.FixtureRequest) -> Labels:
    if request.param == "organs":
        return blobs(11, SHAPE, structures=3, smooth=1.2)
    return noise(12, SHAPE, 0.35, structures=2)


def islands(workbench: Workbench, labels: Labels, **params: Any) -> Labels:
    outcome = workbench.operate("islands", {"target": structure(1), **params}, labels, SPACING)
    return outcome.layers.get(0, labels)


@pytest.mark.parametrize("connectivity", [6, 26])
def test_keep_largest(workbench: Workbench, labels: Labels, connectivity: int) -> None:
    found = components(labels == 1, connectivity)
    largest = np.bincount(found[found > 0]).argmax()
    wanted = np.where((found > 0) & (found != largest), 0, labels)
    ours = islands(workbench, labels, action="keep_largest", connectivity=connectivity)
    assert np.array_equal(ours, wanted)


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("action", ["keep_at", "remove_at"])
def test_the_island_at_a_voxel(workbench: Workbench, labels: Labels, connectivity: int, action: str) -> None:
    found = components(labels == 1, connectivity)
    at = np.argwhere(found > 0)[5]
    chosen = found == found[tuple(at)]
    gone = (found > 0) & ~chosen if action == "keep_at" else chosen
    ours = islands(workbench, labels, action=action, at=at.tolist(), connectivity=connectivity)
    assert np.array_equal(ours, np.where(gone, 0, labels))


def test_small_by_volume(workbench: Workbench, labels: Labels) -> None:
    found = components(labels == 1, 6)
    sizes = np.bincount(found.ravel())
    least = int(sorted(sizes[1:])[-2])
    voxel_ml = SPACING[0] * SPACING[1] * SPACING[2] / 1000
    ours = islands(workbench, labels, action="remove_small", min_ml=least * voxel_ml)
    assert np.array_equal(ours, np.where((found > 0) & (sizes[found] < least), 0, labels))


def test_split_gives_the_next_largest_away(workbench: Workbench, labels: Labels) -> None:
    found = components(labels == 1, 6)
    sizes = np.bincount(found.ravel())[1:]
    order = np.argsort(-sizes, kind="stable") + 1
    other_layer = np.zeros(SHAPE, np.uint8)
    into = [structure(7), structure(4, layer=1)]
    params = {"target": structure(1), "action": "split", "into": into}
    outcome = workbench.operate("islands", params, [labels, other_layer], SPACING)
    wanted = labels.copy()
    wanted[found == order[1]] = 7
    assert len(order) > 2
    wanted[found == order[2]] = 0
    assert np.array_equal(outcome.layers[0], wanted)
    assert np.array_equal(outcome.layers[1] == 4, found == order[2])
    assert outcome.note is not None
    assert outcome.note.startswith("2 islands moved")


def test_split_needs_empty_structures(workbench: Workbench, labels: Labels) -> None:
    with pytest.raises(Refused, match="empty"):
        islands(workbench, labels, action="split", into=[structure(2)])


def test_relabel_moves_one_island(workbench: Workbench, labels: Labels) -> None:
    found = components(labels == 2, 6)
    at = np.argwhere(found > 0)[-1]
    chosen = found == found[tuple(at)]
    params: dict[str, Any] = {"at": at.tolist(), "from": structure(2), "to": structure(1)}
    ours = workbench.operate("relabel", params, labels).layers[0]
    assert np.array_equal(ours, np.where(chosen, 1, labels))
    over = np.zeros(SHAPE, np.uint8)
    over[3:9] = 9
    layers = workbench.operate("relabel", params | {"to": structure(5, layer=1)}, [labels, over]).layers
    assert np.array_equal(layers[0], np.where(chosen, 0, labels))
    assert np.array_equal(layers[1], np.where(chosen, 5, over))


def test_swap_sides(workbench: Workbench, labels: Labels) -> None:
    params: dict[str, Any] = {"left": structure(1), "right": structure(2), "at": None}
    ours = workbench.operate("swap_sides", params, labels).layers[0]
    assert np.array_equal(ours, np.array([0, 2, 1, 3], np.uint8)[labels])
    found = components(labels == 2, 6)
    at = np.argwhere(found > 0)[3]
    one = workbench.operate("swap_sides", params | {"at": at.tolist()}, labels).layers[0]
    assert np.array_equal(one, np.where(found == found[tuple(at)], 1, labels))


def test_swap_sides_between_layers(workbench: Workbench, labels: Labels) -> None:
    over = blobs(13, SHAPE, structures=2)
    params = {"left": structure(1), "right": structure(2, layer=1), "at": None}
    layers = workbench.operate("swap_sides", params, [labels, over]).layers
    assert np.array_equal(layers[0], np.where(over == 2, 1, np.where(labels == 1, 0, labels)))
    assert np.array_equal(layers[1], np.where(labels == 1, 2, np.where(over == 2, 0, over)))
