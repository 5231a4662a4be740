"""Two human raters on seven real scans: the published reference values, and the package that made them."""

import json
import warnings
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from training.metrics import score_masks

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # see test_metrics_oracles
    import surface_distance

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.filterwarnings("ignore:Please import:DeprecationWarning"),
]
CASES = (
    "0522c0014",
    "0522c0519",
    "0522c0576",
    "0522c0727a",
    "0522c0727b",
    "TCGA-CV-5977",
    "TCGA-CV-5978",
)
FIGURES = {  # in the published table: ours, and half a unit of its last digit
    "dice": ("dice", 0.5e-5),
    "surface_dice_at_tau": ("surface_dice", 0.5e-5),
    "hd95_mm": ("hd95_mm", 0.5e-3),
    "hd100_mm": ("hd_mm", 0.5e-3),
    "asd_onc_to_rad_mm": ("asd_ref_to_pred_mm", 0.5e-4),
    "asd_rad_to_onc_mm": ("asd_pred_to_ref_mm", 0.5e-4),
}
WITH_PACKAGE = ("Cochlea", "Lens", "Optic-Nerve", "Submandibular", "Parotid")  # small, so that this is quick
Mask = NDArray[np.bool_]


def tolerance_mm(organ: str, table: dict[str, float]) -> float:
    return next(v for name, v in table.items() if organ == name or organ.startswith(f"{name}-"))


def raters(folder: Path, case: str) -> tuple[Any, Any, list[Any]]:
    """Both raters' voxels, one bit per organ, and for each axis the bits that occur at each index."""
    images: list[Any] = [
        nib.load(folder / case / f"{rater}.bits.nii.gz") for rater in ("oncologist", "radiographer")
    ]
    oncologist, radiographer = (np.asanyarray(image.dataobj) for image in images)
    either = oncologist | radiographer
    planes = np.bitwise_or.reduce(either, axis=2)
    shadows = [np.bitwise_or.reduce(planes, axis=1), np.bitwise_or.reduce(planes, axis=0)]
    return oncologist, radiographer, [*shadows, np.bitwise_or.reduce(either, axis=(0, 1))]


def box_of(bit: int, shadows: list[Any]) -> tuple[slice, ...] | None:
    """Where an organ is in either rater's delineation. Background farther out changes nothing."""
    found = [np.flatnonzero((shadow >> bit) & 1) for shadow in shadows]
    return tuple(slice(f[0], f[-1] + 1) for f in found) if found[0].size else None


@pytest.mark.parametrize("case", CASES)
def test_equal_to_the_published_values(shared_data: Path, case: str) -> None:
    folder = shared_data / "two_raters_hn"
    published = json.loads((folder / "reference_metrics.json").read_text())
    organs = json.loads((folder / "organs.json").read_text())
    assert {row["case"] for row in published["rows"]} == set(CASES)
    rows = [row for row in published["rows"] if row["case"] == case]
    assert len(rows) == 21
    oncologist, radiographer, shadows = raters(folder, case)
    for row in rows:
        organ, bit = row["organ"], organs.index(row["organ"])
        box = box_of(bit, shadows)
        if box is None:
            assert row["dice"] is row["hd95_mm"] is None
            continue
        # The masks overlap (cord in canal), so each is compared on its own.
        a, b = (((bits[box] >> bit) & 1).astype(bool) for bits in (oncologist, radiographer))
        tolerance = tolerance_mm(organ, published["tau_mm"])
        ours = score_masks(a, b, tuple(row["spacing"]), tolerance)
        for name, (own, half) in FIGURES.items():
            assert abs(getattr(ours, own) - row[name]) <= half * (1 + 1e-6), (organ, name)
        assert ours.volume_ref_ml == pytest.approx(
            row["voxels_oncologist"] * float(np.prod(row["spacing"])) / 1000
        )
        if case == CASES[0] and organ.startswith(WITH_PACKAGE):
            _equal_to_the_package(ours, a, b, row["spacing"], tolerance)


def _equal_to_the_package(ours: Any, a: Mask, b: Mask, spacing_mm: list[float], tolerance: float) -> None:
    distances = surface_distance.compute_surface_distances(a, b, spacing_mm)
    asd = surface_distance.compute_average_surface_distance(distances)
    for name, theirs in (
        ("surface_dice", surface_distance.compute_surface_dice_at_tolerance(distances, tolerance)),
        ("hd95_mm", surface_distance.compute_robust_hausdorff(distances, 95)),
        ("hd_mm", surface_distance.compute_robust_hausdorff(distances, 100)),
        ("asd_ref_to_pred_mm", asd[0]),
        ("asd_pred_to_ref_mm", asd[1]),
    ):
        assert getattr(ours, name) == pytest.approx(theirs, abs=1e-9), name
