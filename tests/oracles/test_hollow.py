"""Hollow, threshold, logical operators and pasted slices against numpy and scipy on the whole scan."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from tests.oracles.scans import SPACINGS, Mask, Triple, blobs, reach
from tests.oracles.workbench import Refused, Workbench, structure

SHAPE = (37, 30, 22)


def near(mask: Mask, distance_mm: float, spacing_mm: Triple) -> Mask:
    """Voxels within a distance of those of the mask."""
    squared = ndimage.distance_transform_edt(~mask, sampling=spacing_mm) ** 2
    return np.asarray(squared <= reach(distance_mm))


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("side", ["inside", "outside", "both"])
@pytest.mark.parametrize("shell_mm", [2.0, 3.1])
def test_hollow_equals_scipys_distances(
    workbench: Workbench, spacing_mm: Triple, side: str, shell_mm: float
) -> None:
    labels = blobs(31, SHAPE, structures=2, smooth=4)
    mask = labels == 1
    thickness = shell_mm / 2 if side == "both" else shell_mm
    outer = mask if side == "inside" else near(mask, thickness, spacing_mm)
    core = mask if side == "outside" else mask & ~near(~mask, thickness, spacing_mm)
    params = {"target": structure(1), "shell_mm": shell_mm, "side": side}
    assert core.any()
    if thickness < min(spacing_mm):
        with pytest.raises(Refused, match="neighbouring"):
            workbench.operate("hollow", params, labels, spacing_mm)
        return
    ours = workbench.operate("hollow", params, labels, spacing_mm).layers[0]
    wall = outer & ~core
    assert np.array_equal(ours == 1, wall)
    assert not ours[mask & ~wall].any()
    assert np.array_equal(ours[~mask & ~wall], labels[~mask & ~wall])


def test_a_wall_that_fills_the_structure_is_refused(workbench: Workbench) -> None:
    labels = blobs(31, SHAPE, structures=2, smooth=2)
    with pytest.raises(Refused, match="thinner"):
        workbench.operate("hollow", {"target": structure(1), "shell_mm": 90, "side": "inside"}, labels)


def test_threshold(workbench: Workbench) -> None:
    labels = blobs(32, SHAPE, structures=2)
    hu = np.random.default_rng(32).integers(-1024, 2000, SHAPE).astype(np.int16)
    params = {"target": structure(2), "hu": [-100, 300]}
    ours = workbench.operate("threshold", params, labels, hu=hu).layers[0]
    inside = (hu >= -100) & (hu <= 300)
    assert np.array_equal(ours, np.where(inside, 2, np.where(labels == 2, 0, labels)))
    with pytest.raises(Refused, match="No voxel"):
        workbench.operate("threshold", params | {"hu": [2500, 3000]}, labels, hu=hu)


@pytest.mark.parametrize("action", ["copy", "add", "subtract", "intersect", "invert", "clear"])
@pytest.mark.parametrize("other_layer", [0, 1])
def test_logical_operators(workbench: Workbench, action: str, other_layer: int) -> None:
    layers = [blobs(33, SHAPE, structures=3), blobs(34, SHAPE, structures=2)]
    own, other = layers[0] == 1, layers[other_layer] == 2
    params: dict[str, Any] = {
        "target": structure(1),
        "action": action,
        "other": None if action in ("invert", "clear") else structure(2, layer=other_layer),
    }
    if other_layer == 0 and action in ("subtract", "intersect"):
        with pytest.raises(Refused, match="never overlap"):
            workbench.operate("logical", params, layers)
        return
    wanted = {
        "copy": other,
        "add": own | other,
        "subtract": own & ~other,
        "intersect": own & other,
        "invert": ~own,
        "clear": np.zeros_like(own),
    }[action]
    outcome = workbench.operate("logical", params, layers)
    assert outcome.layers.keys() == {0}, "the second structure stays as it is"
    assert np.array_equal(outcome.layers[0], np.where(wanted, 1, np.where(own, 0, layers[0])))


@pytest.mark.parametrize(("plane", "axis"), [("sagittal", 0), ("coronal", 1), ("axial", 2)])
@pytest.mark.parametrize("step", [1, -1, 4])
def test_paste_slice(workbench: Workbench, plane: str, axis: int, step: int) -> None:
    labels = blobs(35, SHAPE, structures=2)
    source = 10
    params = {"target": structure(1), "plane": plane, "from": source, "to": source + step}
    ours = workbench.operate("paste_slice", params, labels).layers[0]
    wanted = np.moveaxis(labels.copy(), axis, 0)
    goal = wanted[source + step]
    wanted[source + step] = np.where(wanted[source] == 1, 1, np.where(goal == 1, 0, goal))
    assert np.array_equal(np.moveaxis(ours, axis, 0), wanted)
