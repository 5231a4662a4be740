"""Two human raters on real scans against published reference values."""

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from training.metrics import score

pytestmark = pytest.mark.shared_data
CASES = ("0522c0014", "TCGA-CV-5977")


def tolerance_mm(organ: str, table: dict[str, float]) -> float:
    return next(v for name, v in table.items() if organ == name or organ.startswith(f"{name}-"))


@pytest.mark.parametrize("case", CASES)
def test_equal_to_the_published_values(shared_data: Path, case: str) -> None:
    folder = shared_data / "two_raters_hn"
    organs = json.loads((folder / "organs.json").read_text())
    published = json.loads((folder / "reference_metrics.json").read_text())
    bits: dict[str, Any] = {}
    for rater in ("oncologist", "radiographer"):
        image: Any = nib.load(folder / case / f"{rater}.bits.nii.gz")
        bits[rater] = np.asanyarray(image.dataobj)
        sizes = [float(s) for s in image.header.get_zooms()]
    compared = 0
    for row in (r for r in published["rows"] if r["case"] == case):
        # The masks overlap (cord in canal), so each organ is compared on its own.
        bit = organs.index(row["organ"])
        a, b = (((bits[r] >> bit) & 1).astype(np.uint8) for r in ("oncologist", "radiographer"))
        spacing_mm = (sizes[0], sizes[1], sizes[2])
        tolerance = tolerance_mm(row["organ"], published["tau_mm"])
        result = score(a, b, spacing_mm, {1: tolerance})[1]
        if a.any() and b.any():
            assert result.dice == pytest.approx(row["dice"], abs=1e-5)
            assert result.surface_dice == pytest.approx(row["surface_dice_at_tau"], abs=1e-5), row["organ"]
            compared += 1
        else:
            assert result.dice in (None, 0.0)
    assert compared >= 18
