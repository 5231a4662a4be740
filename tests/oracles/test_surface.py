"""Surfaces against analytic shapes and scipy's distances."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from tests.oracles.scans import SPACINGS, Mask, Triple, ball, blobs, noise
from tests.oracles.workbench import Workbench
from training.volume import read_label_map

Mesh = dict[str, NDArray[Any]]


def surface(workbench: Workbench, mask: Mask, spacing_mm: Triple, **options: float) -> Mesh:
    box = {"low": [0, 0, 0], "size": list(mask.shape)}
    chosen = {"smoothing": 20, "most_voxels": 1e9} | options
    found = workbench.call("surface", "surfaceOf", mask.astype(np.uint8), box, 1, list(spacing_mm), chosen)
    return {
        "points": found["positions"].reshape(-1, 3).astype(float),
        "normals": found["normals"].reshape(-1, 3).astype(float),
        "triangles": found["triangles"].reshape(-1, 3).astype(np.int64),
    }


def enclosed(mesh: Mesh) -> float:
    a, b, c = (mesh["points"][mesh["triangles"][:, n]] for n in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def assert_closed(mesh: Mesh) -> None:
    """Every edge runs exactly once each way, and every vertex is used."""
    triangles = mesh["triangles"]
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    count = len(mesh["points"])
    forth = np.sort(edges[:, 0] * count + edges[:, 1])
    back = np.sort(edges[:, 1] * count + edges[:, 0])
    assert (np.diff(forth) > 0).all()
    assert np.array_equal(forth, back)
    assert np.array_equal(np.unique(triangles), np.arange(count))


def pieces(mesh: Mesh) -> int:
    triangles, count = mesh["triangles"], len(mesh["points"])
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    joined = sparse.csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    return int(csgraph.connected_components(joined, directed=False)[0])


def shells(mask: Mask) -> int:
    """Surfaces of a set of voxels that are joined over faces: of each part one, and of each hole in it."""
    padded = np.pad(mask, 1)
    inside = ndimage.label(padded)[1]
    outside = ndimage.label(~padded, np.ones((3, 3, 3)))[1]
    return int(inside + outside - 1)


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("most_voxels", [1e9, 4000])
def test_organs_are_closed_and_keep_their_volume(
    workbench: Workbench, spacing_mm: Triple, most_voxels: float
) -> None:
    mask = blobs(2, (33, 31, 29), smooth=3.0) == 1
    mesh = surface(workbench, mask, spacing_mm, most_voxels=most_voxels)
    assert_closed(mesh)
    assert enclosed(mesh) == pytest.approx(mask.sum() * np.prod(spacing_mm), rel=0.02)
    assert np.allclose(np.linalg.norm(mesh["normals"], axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("share", [0.1, 0.35, 0.5, 0.8])
def test_voxels_strewn_at_random_are_closed(workbench: Workbench, share: float) -> None:
    mask = noise(7, (24, 23, 22), share) == 1
    mesh = surface(workbench, mask, (1.0, 1.0, 1.0), smoothing=0)
    assert_closed(mesh)


def test_there_is_one_surface_for_each_part_and_each_hole(workbench: Workbench) -> None:
    shape, spacing_mm = (48, 30, 30), (1.0, 1.0, 1.0)
    mask = ball(shape, (13, 15, 15), 11.0, spacing_mm) & ~ball(shape, (13, 15, 15), 5.0, spacing_mm)
    mask |= ball(shape, (36, 15, 15), 8.0, spacing_mm)
    mesh = surface(workbench, mask, spacing_mm)
    assert shells(mask) == 3
    assert pieces(mesh) == 3


@pytest.mark.parametrize("most_voxels", [1e9, 20000])
def test_a_ball_is_smooth_and_its_normals_point_outward(workbench: Workbench, most_voxels: float) -> None:
    shape, spacing_mm = (62, 62, 26), (0.8, 0.8, 2.0)
    centre = np.array([30.0, 30.0, 12.0])
    mesh = surface(
        workbench, ball(shape, (30, 30, 12), 20.0, spacing_mm), spacing_mm, most_voxels=most_voxels
    )
    away = mesh["points"] - centre * spacing_mm
    radius = np.linalg.norm(away, axis=1)
    # Stairs of voxels are 2 mm high.
    assert np.abs(radius - 20).max() < 1.0
    assert np.abs(radius - 20).mean() < 0.25
    cosine = np.einsum("ij,ij->i", mesh["normals"], away / radius[:, None])
    assert cosine.min() > 0.4
    assert cosine.mean() > 0.98


@pytest.mark.shared_data
def test_every_structure_of_a_real_scan(workbench: Workbench, shared_data: Path) -> None:
    found = read_label_map(shared_data / "ts_abdomen" / "seg_model_full.nii.gz")
    spacing_mm = found.geometry.spacing_mm
    assert spacing_mm is not None
    for value in np.unique(found.voxels)[1:].tolist():
        mask = found.voxels == value
        if mask.sum() < 50:
            continue
        mesh = surface(workbench, mask, spacing_mm)
        assert_closed(mesh)
        assert enclosed(mesh) == pytest.approx(mask.sum() * np.prod(spacing_mm), rel=0.03), value
        # Nowhere does the surface leave the border between inside and outside by more than a voxel.
        inside = ndimage.distance_transform_edt(np.pad(mask, 2), sampling=spacing_mm)
        outside = ndimage.distance_transform_edt(~np.pad(mask, 2), sampling=spacing_mm)
        at = (mesh["points"] / spacing_mm + 2).T
        depth = ndimage.map_coordinates(inside - outside, at, order=1)
        assert np.abs(depth).max() < 1.5 * max(spacing_mm), value
