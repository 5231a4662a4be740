"""Margin against scipy's exact distances and SimpleITK's signed distance map."""

from typing import Any

import numpy as np
import pytest
import SimpleITK

from tests.oracles.expected import margin
from tests.oracles.scans import SPACINGS, Triple, blobs, noise, reach
from tests.oracles.workbench import Refused, Workbench, structure

ITK: Any = SimpleITK  # has no types


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("margin_mm", [-5.0, -2.1, -1.0, 1.0, 2.1, 3.0, 7.5])
@pytest.mark.parametrize("scan", ["organs", "specks"])
def test_margin_equals_scipys_distances(
    workbench: Workbench, spacing_mm: Triple, margin_mm: float, scan: str
) -> None:
    labels = blobs(4, (37, 31, 23), structures=3) if scan == "organs" else noise(5, (30, 29, 17), share=0.02)
    mask = labels == 1
    wanted = margin(mask, margin_mm, spacing_mm)
    params = {"target": structure(1), "margin_mm": margin_mm}
    if not wanted.any() or abs(margin_mm) < min(spacing_mm):
        with pytest.raises(Refused):
            workbench.operate("margin", params, labels, spacing_mm)
        return
    ours = workbench.operate("margin", params, labels, spacing_mm).layers[0]
    assert np.array_equal(ours == 1, wanted)
    others = ~wanted & ~mask
    assert np.array_equal(ours[others], labels[others])
    assert not ours[mask & ~wanted].any()


@pytest.mark.parametrize("margin_mm", [2.0, 4.5])
def test_margin_equals_simpleitks_distance_map(workbench: Workbench, margin_mm: float) -> None:
    spacing_mm = (0.9, 1.1, 2.3)
    labels = blobs(9, (40, 33, 21))
    image = ITK.GetImageFromArray(np.ascontiguousarray(labels.transpose(2, 1, 0)))
    image.SetSpacing(spacing_mm)
    # Outside, distances run from the structure's own voxels, as here; inside they do so too, unlike here.
    distance = ITK.SignedMaurerDistanceMap(
        image == 1, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
    )
    theirs = ITK.GetArrayFromImage(distance).transpose(2, 1, 0)
    ours = workbench.operate("margin", {"target": structure(1), "margin_mm": margin_mm}, labels, spacing_mm)
    outside = labels != 1
    assert np.array_equal((ours.layers[0] == 1)[outside], theirs[outside] <= reach(margin_mm) ** 0.5)
