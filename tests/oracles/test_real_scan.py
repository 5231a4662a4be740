"""The same comparisons on forty structures of a real abdomen."""

from pathlib import Path

import numpy as np
import pytest

from tests.oracles.expected import closed, components, margin, median, opened, together
from tests.oracles.scans import Labels, Triple, footprint
from tests.oracles.workbench import Refused, Workbench, structure
from training.volume import read_label_map

pytestmark = pytest.mark.shared_data
RADIUS_MM = 4.5


@pytest.fixture(scope="module")
def scan(shared_data: Path) -> tuple[Labels, Triple]:
    found = read_label_map(shared_data / "ts_abdomen" / "seg_model_full.nii.gz")
    labels = found.voxels.astype(np.uint8)
    assert found.geometry.spacing_mm is not None
    return labels, found.geometry.spacing_mm


@pytest.mark.parametrize("margin_mm", [-3.0, 6.0])
def test_margins(workbench: Workbench, scan: tuple[Labels, Triple], margin_mm: float) -> None:
    labels, spacing_mm = scan
    for value in np.unique(labels)[1:].tolist():
        params = {"target": structure(value), "margin_mm": margin_mm}
        wanted = margin(labels == value, margin_mm, spacing_mm)
        if wanted.any():
            ours = workbench.operate("margin", params, labels, spacing_mm).layers[0]
            assert np.array_equal(ours == value, wanted), value
        else:
            with pytest.raises(Refused, match="Nothing would be left"):
                workbench.operate("margin", params, labels, spacing_mm)


@pytest.mark.parametrize("method", ["opening", "closing", "median"])
def test_smoothing(workbench: Workbench, scan: tuple[Labels, Triple], method: str) -> None:
    labels, spacing_mm = scan
    kernel = footprint(RADIUS_MM, spacing_mm)
    smoothed = {"opening": opened, "closing": closed, "median": median}[method]
    for value in np.unique(labels)[1:].tolist():
        params = {"target": [structure(value)], "method": method, "radius_mm": RADIUS_MM}
        wanted = smoothed(labels == value, kernel)
        if wanted.any():
            ours = workbench.operate("smooth", params, labels, spacing_mm).layers[0]
            assert np.array_equal(ours == value, wanted), value
        else:
            with pytest.raises(Refused, match="would vanish"):
                workbench.operate("smooth", params, labels, spacing_mm)


def test_joint_smoothing_of_all(workbench: Workbench, scan: tuple[Labels, Triple]) -> None:
    labels, spacing_mm = scan
    values = np.unique(labels)[1:].tolist()
    params = {"target": [structure(v) for v in values], "method": "joint", "radius_mm": RADIUS_MM}
    ours = workbench.operate("smooth", params, labels, spacing_mm).layers[0]
    assert np.array_equal(ours, together(labels, values, footprint(RADIUS_MM, spacing_mm)))


@pytest.mark.parametrize("connectivity", [6, 26])
def test_islands(workbench: Workbench, scan: tuple[Labels, Triple], connectivity: int) -> None:
    labels, spacing_mm = scan
    broken = 0
    for value in np.unique(labels)[1:].tolist():
        found = components(labels == value, connectivity)
        sizes = np.bincount(found.ravel())
        wanted = np.where((found > 0) & (found != sizes[1:].argmax() + 1), 0, labels)
        params = {"target": structure(value), "action": "keep_largest", "connectivity": connectivity}
        ours = workbench.operate("islands", params, labels, spacing_mm).layers.get(0, labels)
        assert np.array_equal(ours, wanted), value
        broken += len(sizes) > 2
    assert broken > 5, "the model's labels are known to have islands"
