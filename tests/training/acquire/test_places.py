"""Patches of many scans: what is kept of maps, and a choice that does not hold all of them at once."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest

from tests.training.acquire.world import maps_of
from training.acquire import Query, ScoreMaps, choose_patches
from training.acquire.packed import FAINT, pack, unpack
from training.acquire.places import places_of
from training.progress import TrainingError

CUBE = (20.0, 20.0, 20.0)


def test_maps_come_back_as_they_were() -> None:
    maps = maps_of(3)
    maps.weighted[1] *= 1e-6
    maps.weighted[2] = 0
    again = unpack(pack(maps))
    assert (again.structures, again.shape, again.spacing_mm) == (maps.structures, maps.shape, maps.spacing_mm)
    for name in ("weighted", "entropy", "mutual", "drawn", "voxels"):
        before, after = getattr(maps, name), getattr(again, name)
        assert before.dtype == after.dtype
        highest = before.max(axis=(-3, -2, -1), keepdims=True)
        assert (np.abs(after - before) <= np.maximum(1e-3 * before, FAINT * highest)).all()
    assert not again.weighted[2].any()


def test_the_body_is_kept_where_it_was_looked_at() -> None:
    maps = maps_of(3)
    assert unpack(pack(maps)).body is None, "as in what was kept before bodies were"
    body = np.random.default_rng(0).random(maps.cells, np.float32)
    again = unpack(pack(replace(maps, body=body)))
    assert again.body is not None
    np.testing.assert_allclose(again.body, body, atol=1e-3)
    np.testing.assert_allclose(again.drawn, maps.drawn, atol=1e-3)


def test_what_is_damaged_is_refused() -> None:
    packed = pack(maps_of(1))
    for damaged in (b"", b"no archive", packed[:200], packed[:-30]):
        with pytest.raises(TrainingError, match="predict it again"):
            unpack(damaged)


def test_a_choice_from_kept_maps_is_that_from_whole_ones() -> None:
    pool = {f"scan-{n}": maps_of(n) for n in range(6)}
    kept = {name: unpack(pack(maps)) for name, maps in pool.items()}
    query = Query("entropy", 6, 3, control=0.0)
    whole, own = (choose_patches(each, query, CUBE, one_each=True) for each in (pool, kept))
    assert [(pick.id, pick.box) for pick in own] == [(pick.id, pick.box) for pick in whole]


def test_of_large_pools_some_places_of_each_scan_are_compared_each_with_the_same_chance() -> None:
    maps = maps_of(1)
    total = places_of("scan", maps, CUBE).count
    seen: Counter[int] = Counter()
    for seed in range(400):
        places = places_of("scan", maps, CUBE, most=total // 3, seed=seed)
        assert places.count == total // 3
        seen.update(places.kept.tolist())
    assert set(seen) == set(range(total))
    expected = 400 * (total // 3) / total
    assert max(abs(count - expected) for count in seen.values()) < 5 * np.sqrt(expected)


def test_a_drawn_place_has_the_scores_and_the_box_that_it_has_among_all() -> None:
    maps = maps_of(2)
    every, some = places_of("scan", maps, CUBE), places_of("scan", maps, CUBE, most=5, seed=7)
    for item, place in enumerate(some.kept.tolist()):
        assert some.box(item) == every.box(place)
        assert some.entropy[item] == every.entropy[place]
        assert np.array_equal(some.weighted[:, item], every.weighted[:, place])
        assert np.array_equal(some.clash(item), every.clash(place)[some.kept])


class MadeWhenAsked(Mapping[str, ScoreMaps]):
    """Maps that are made when they are asked for, and counted."""

    def __init__(self, names: list[str]) -> None:
        self.names, self.given = names, 0

    def __getitem__(self, name: str) -> ScoreMaps:
        self.given += 1
        return maps_of(self.names.index(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def test_every_scan_is_read_once_and_gives_one_patch_at_most() -> None:
    pool = MadeWhenAsked([f"scan-{n}" for n in range(5)])
    picks = choose_patches(pool, Query("clasp_pe", 9, 1), CUBE, one_each=True, most=60)
    assert pool.given == 5
    assert Counter(pick.id for pick in picks) == dict.fromkeys(pool, 1)


def test_scans_of_different_structures_are_refused() -> None:
    pool = {"a": maps_of(1), "b": replace(maps_of(2), structures=("aorta", "liver", "lung"))}
    with pytest.raises(TrainingError, match="same structures"):
        choose_patches(pool, Query("entropy", 1, 1), CUBE)
