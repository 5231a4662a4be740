"""What is kept of a scan from its first slice to its last, against the maps that it was made of."""

import json

import numpy as np
import pytest

from tests.training.acquire.world import maps_of
from training.acquire import Query, axial, choose_patches
from training.acquire.maps import patch_cells, patch_means

SLAB = (None, None, 20.0)


@pytest.mark.parametrize("thick_mm", [10.0, 20.0, 35.0, 500.0])
def test_a_slab_has_the_mean_that_it_has_in_the_whole_maps(thick_mm: float) -> None:
    maps = maps_of(1)
    profile = axial.profile_of(maps)
    for whole, own in ((maps.entropy, profile.entropy), (maps.weighted, profile.weighted)):
        expected = patch_means(whole, maps.voxels, patch_cells(maps, (None, None, thick_mm)))
        found = patch_means(own, profile.voxels, patch_cells(profile, (None, None, thick_mm)))
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_it_goes_through_json_and_back() -> None:
    profile = axial.profile_of(maps_of(2))
    again = axial.from_dict(json.loads(json.dumps(axial.to_dict(profile))))
    assert (again.structures, again.shape, again.spacing_mm) == (
        tuple(sorted(profile.structures)), profile.shape, profile.spacing_mm,
    )  # fmt: skip
    np.testing.assert_allclose(again.entropy, profile.entropy, rtol=1e-5)
    for key in profile.structures:
        row, other = profile.structures.index(key), again.structures.index(key)
        np.testing.assert_allclose(again.weighted[other], profile.weighted[row], rtol=1e-5)
        np.testing.assert_allclose(again.drawn[other], profile.drawn[row], rtol=1e-5)


@pytest.mark.parametrize("strategy", ["entropy", "bald"])
def test_it_chooses_the_slabs_that_the_whole_maps_choose(strategy: str) -> None:
    pool = {f"scan-{n}": maps_of(n) for n in range(4)}
    profiles = {name: axial.profile_of(maps) for name, maps in pool.items()}
    query = Query(strategy, 5, 3, control=0.0)
    whole, own = (choose_patches(each, query, SLAB) for each in (pool, profiles))
    assert [(pick.id, pick.box) for pick in own] == [(pick.id, pick.box) for pick in whole]
