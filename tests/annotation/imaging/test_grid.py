from typing import Any

import numpy as np
import pytest

from annotation.errors import Refused
from annotation.imaging.findings import Cause, Outcome
from annotation.imaging.grid import Grid, Slice, grid_of


def _slice(z: float, number: int | None, **changed: object) -> Slice:
    plain: dict[str, Any] = {
        "position_lps": (-100.0, -120.0, z), "along_row": (1.0, 0.0, 0.0), "along_column": (0.0, 1.0, 0.0),
        "rows": 20, "columns": 30, "spacing_mm": (0.8, 0.7), "number": number,
    }  # fmt: skip
    return Slice(**(plain | changed))


def _stack(heights: list[float]) -> list[Slice]:
    return [_slice(z, number) for number, z in enumerate(heights, start=1)]


def test_slices_are_ordered_along_their_normal_whatever_their_order() -> None:
    grid = grid_of(_stack([10.0, 4.0, 7.0, 1.0]))
    assert isinstance(grid, Grid)
    assert grid.order == (3, 1, 2, 0)
    expected = np.array([[0.7, 0, 0, -100], [0, 0.8, 0, -120], [0, 0, 3, 1], [0, 0, 0, 1]])
    assert np.allclose(grid.affine_lps, expected)


def test_rounded_positions_are_even_enough() -> None:
    grid = grid_of(_stack([round(0.625 * k, 1) for k in range(60)]))
    assert grid.affine_lps[2, 2] == pytest.approx(0.625, 0.01)
    assert [(mark.outcome, mark.cause) for mark in grid.marks] == [(Outcome.WARNED, Cause.ROUNDED_POSITIONS)]


@pytest.mark.parametrize("missing", [1, 50, 112])
def test_a_missing_slice_is_named(missing: int) -> None:
    heights = [3.27 * k for k in range(120) if k != missing]
    numbers = [k + 1 for k in range(120) if k != missing]
    slices = [_slice(z, number) for z, number in zip(heights, numbers, strict=True)]
    with pytest.raises(
        Refused, match=rf"gap of 6.54 mm between slices {missing} and {missing + 2} \(others 3.27 mm\)"
    ):
        grid_of(slices)


def test_a_gap_of_three_slices_is_the_wider_one() -> None:
    with pytest.raises(Refused, match=r"gap of 6 mm between slices 2 and 3 \(others 3 mm\)"):
        grid_of(_stack([0.0, 3.0, 9.0]))


def test_slices_at_one_position_are_named() -> None:
    with pytest.raises(Refused, match="Slices 2 and 3 lie at the same position and differ"):
        grid_of(_stack([0.0, 3.0, 3.0, 6.0]))


def test_a_tilted_gantry_is_called_so() -> None:
    slope = np.tan(np.deg2rad(15))
    slices = [_slice(3.0 * k, k, position_lps=(-100.0, -120.0 + slope * 3.0 * k, 3.0 * k)) for k in range(10)]
    grid = grid_of(slices)
    (mark,) = grid.marks
    assert (mark.outcome, mark.cause) == (Outcome.RESAMPLED, Cause.GANTRY_TILT)
    assert mark.message.startswith("The gantry was tilted by 15.0°")
    assert grid.shifts_px is not None
    assert np.allclose(grid.shifts_px, [[0, slope * 3.0 * k / 0.8] for k in range(10)])


def test_no_gantry_is_tilted_by_sixty_degrees() -> None:
    slices = [_slice(3.0 * k, k, position_lps=(-100.0, -120.0 + 5.2 * k, 3.0 * k)) for k in range(10)]
    with pytest.raises(Refused, match="which no gantry is tilted by"):
        grid_of(slices)


def test_a_shift_within_the_plane_is_located() -> None:
    slices = [_slice(3.0 * k, k + 1, position_lps=(-100.0 + 5 * (k > 6), -120.0, 3.0 * k)) for k in range(10)]
    with pytest.raises(Refused, match="Slices 7 and 8 are shifted by 5 mm"):
        grid_of(slices)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"rows": 24}, r"different size \(4 of 30 × 20 and 1 of 30 × 24\)"),
        ({"spacing_mm": (0.9, 0.9)}, r"different pixel spacing \(0.7 to 0.9 mm\)"),
        (
            {"along_row": (0.0, 1.0, 0.0), "along_column": (0.0, 0.0, -1.0)},
            r"different orientation \(4 and 1\)",
        ),
        ({"position_lps": (0.0, float("nan"), 0.0)}, "not a number"),
        ({"spacing_mm": (0.0, 0.7)}, "usable pixel spacing"),
    ],
)
def test_mixed_slices_are_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        grid_of([*_stack([0.0, 3.0, 6.0, 9.0]), _slice(12.0, 5, **changed)])


def test_an_impossible_orientation_is_refused() -> None:
    slices = [_slice(3.0 * k, k, along_column=(0.5, 0.8, 0.0)) for k in range(3)]
    with pytest.raises(Refused, match="not at right angles"):
        grid_of(slices)


def test_one_slice_is_no_volume() -> None:
    with pytest.raises(Refused, match="only one slice"):
        grid_of(_stack([0.0]))


def test_without_instance_numbers_slices_are_counted_from_the_first() -> None:
    slices = [_slice(z, None) for z in (0.0, 3.0, 6.0, 12.0)]
    with pytest.raises(Refused, match="between slices 3 and 4"):
        grid_of(slices)
