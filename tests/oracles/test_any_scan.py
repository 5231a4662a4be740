"""Any small scan: flat, thin, with voxels of any proportion, full or nearly empty, in every corner."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.expected import closed, components, margin, median, opened, together
from tests.oracles.scans import Labels, Mask, Triple, footprint, noise, reach
from tests.oracles.workbench import Outcome, Refused, Workbench, structure

SPACINGS = st.tuples(*[st.sampled_from([0.3, 0.7, 1.0, 1.3, 2.5, 5.0])] * 3)
LENGTHS_MM = st.sampled_from([0.3, 0.7, 1.0, 1.4, 2.1, 2.5, 3.3, 5.0])
WIDEST_VOXELS = 6  # of a kernel: scipy's median sorts all of it for every voxel
SCANS = st.builds(
    noise,
    seed=st.integers(0, 10**6),
    shape=st.tuples(*[st.integers(1, 11)] * 3),
    share=st.sampled_from([0.01, 0.2, 0.6, 0.95, 1.0]),
    structures=st.integers(1, 3),
)


def outcome(
    workbench: Workbench, name: str, params: Any, labels: Labels, spacing_mm: Triple
) -> Outcome | None:
    try:
        return workbench.operate(name, params, labels, spacing_mm)
    except Refused:
        return None


def agrees(ours: Outcome | None, labels: Labels, wanted: Mask, length_mm: float, spacing_mm: Triple) -> None:
    """Equal, or rightly refused: nothing to work on, nothing left, or no neighbour within reach."""
    if ours is None:
        assert not wanted.any() or reach(length_mm) < min(spacing_mm) ** 2
    elif ours.box is None:
        assert not (labels == 1).any()
    else:
        assert np.array_equal(ours.layers[0] == 1, wanted)


@settings(max_examples=80)
@given(labels=SCANS, spacing_mm=SPACINGS, length_mm=LENGTHS_MM, sign=st.sampled_from([-1, 1]))
def test_margin(
    workbench: Workbench, labels: Labels, spacing_mm: Triple, length_mm: float, sign: int
) -> None:
    params = {"target": structure(1), "margin_mm": sign * length_mm}
    ours = outcome(workbench, "margin", params, labels, spacing_mm)
    mask = labels == 1
    if mask.any() and not mask.all():  # scipy has no distance to nothing
        agrees(ours, labels, margin(mask, sign * length_mm, spacing_mm), length_mm, spacing_mm)
    elif ours is not None and ours.box is not None:
        assert np.array_equal(ours.layers[0], labels)


@settings(max_examples=120)
@given(
    labels=SCANS,
    spacing_mm=SPACINGS,
    length_mm=LENGTHS_MM,
    method=st.sampled_from(["opening", "closing", "median"]),
)
def test_smoothing(
    workbench: Workbench, labels: Labels, spacing_mm: Triple, length_mm: float, method: str
) -> None:
    length_mm = min(length_mm, WIDEST_VOXELS * min(spacing_mm))
    params = {"target": [structure(1)], "method": method, "radius_mm": length_mm}
    kernel = footprint(length_mm, spacing_mm)
    wanted = {"opening": opened, "closing": closed, "median": median}[method](labels == 1, kernel)
    agrees(outcome(workbench, "smooth", params, labels, spacing_mm), labels, wanted, length_mm, spacing_mm)


@settings(max_examples=60)
@given(labels=SCANS, spacing_mm=SPACINGS, length_mm=LENGTHS_MM)
def test_joint_smoothing(workbench: Workbench, labels: Labels, spacing_mm: Triple, length_mm: float) -> None:
    length_mm = min(length_mm, WIDEST_VOXELS * min(spacing_mm))
    values = [value for value in (2, 1) if (labels == value).any()]
    params = {"target": [structure(v) for v in values], "method": "joint", "radius_mm": length_mm}
    ours = outcome(workbench, "smooth", params, labels, spacing_mm)
    if ours is not None and ours.box is not None:
        assert np.array_equal(ours.layers[0], together(labels, values, footprint(length_mm, spacing_mm)))
    else:
        assert not values or reach(length_mm) < min(spacing_mm) ** 2


@settings(max_examples=80)
@given(labels=SCANS, connectivity=st.sampled_from([6, 26]), least=st.integers(1, 30))
def test_islands(workbench: Workbench, labels: Labels, connectivity: int, least: int) -> None:
    params = {
        "target": structure(1),
        "action": "remove_small",
        "min_voxels": least,
        "connectivity": connectivity,
    }
    ours = outcome(workbench, "islands", params, labels, (1.0, 1.0, 1.0))
    found = components(labels == 1, connectivity)
    sizes = np.bincount(found.ravel())
    wanted = np.where((found > 0) & (sizes[found] < least), 0, labels)
    if ours is None:
        assert not (wanted == 1).any()
    else:
        assert np.array_equal(ours.layers.get(0, labels), wanted)
