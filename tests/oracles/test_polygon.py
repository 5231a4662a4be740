"""Outlines against angles summed around every voxel centre."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.oracles.scans import Mask
from tests.oracles.workbench import Refused, Workbench

COLUMNS, ROWS = 40, 31
GRID = {"columns": COLUMNS, "rows": ROWS, "spacing_mm": [0.7, 1.9]}
Ring = NDArray[np.float64]


def windings(ring: Ring) -> NDArray[np.int64]:
    """How often a ring goes around each voxel centre: the angle that it sweeps, in full turns."""
    centres = np.stack(np.meshgrid(np.arange(COLUMNS), np.arange(ROWS), indexing="ij"), axis=-1)
    away = ring[:, None, None, :] - centres
    angles = np.arctan2(away[..., 1], away[..., 0])
    swept = (np.roll(angles, -1, axis=0) - angles + np.pi) % (2 * np.pi) - np.pi
    return np.asarray(np.round(swept.sum(axis=0) / (2 * np.pi)), dtype=np.int64)


def filled(workbench: Workbench, outline: dict[str, Any], *, inside: bool = True) -> Mask:
    rows = workbench.call("polygon", "rowsOf", outline, GRID, inside)
    mask = np.zeros((COLUMNS, ROWS), np.bool_)
    for row, first, count in rows.reshape(-1, 3):
        assert not mask[first : first + count, row].any()
        mask[first : first + count, row] = True
    return mask


def scribble(seed: int, corners: int) -> Ring:
    """A closed line that crosses itself, partly outside of the slice."""
    rng = np.random.default_rng(seed)
    return rng.uniform((-6, -6), (COLUMNS + 6, ROWS + 6), (corners, 2)).round(3) + 0.0004


@pytest.mark.parametrize("corners", [3, 7, 40])
@pytest.mark.parametrize("rule", ["evenodd", "nonzero"])
def test_freehand_outlines(workbench: Workbench, corners: int, rule: str) -> None:
    for seed in range(12):
        rings = [scribble(seed, corners), scribble(seed + 50, 4)]
        outline = {"kind": "polygon", "rings": [ring.ravel() for ring in rings], "rule": rule}
        turns = sum(windings(ring) for ring in rings)
        wanted = np.asarray(turns % 2 != 0) if rule == "evenodd" else np.asarray(turns != 0)
        assert np.array_equal(filled(workbench, outline), wanted)
        assert np.array_equal(filled(workbench, outline, inside=False), ~wanted)


def test_a_circle_is_round_in_millimetres(workbench: Workbench) -> None:
    outline = {"kind": "circle", "centre": [18.3, 14.1], "edge": [30.0, 16.0]}
    column, row = np.ogrid[:COLUMNS, :ROWS]
    radius = np.hypot((30.0 - 18.3) * 0.7, (16.0 - 14.1) * 1.9)
    wanted = np.hypot((column - 18.3) * 0.7, (row - 14.1) * 1.9) <= radius
    assert np.array_equal(filled(workbench, outline), wanted)


def test_an_outline_outside_of_the_slice_holds_nothing(workbench: Workbench) -> None:
    outline = {"kind": "rectangle", "corners": [[-20, -20], [-3, -2]]}
    assert not filled(workbench, outline).any()
    assert filled(workbench, outline, inside=False).all()


def test_half_a_corner_is_refused(workbench: Workbench) -> None:
    outline = {"kind": "polygon", "rings": [np.array([0.0, 0.0, 4.0])], "rule": "evenodd"}
    with pytest.raises(Refused, match="a column and a row for every corner"):
        filled(workbench, outline)
