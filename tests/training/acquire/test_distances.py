"""Typicality, k-centre, effort, need and features."""

import numpy as np
import pytest

from training.acquire import Goal, Reached, fit_effort, need_of, scan_features, surface_cm2
from training.acquire.distances import (
    distances,
    farthest_first,
    kmeans,
    likeness,
    standardised,
    typical_first,
)
from training.acquire.distances import typicality as typicality_of
from training.acquire.features import NAMES
from training.phantom import make_phantom

RNG = np.random.default_rng(0)
CLOUDS = np.concatenate([RNG.normal(at, 0.3, (size, 2)) for at, size in ((0, 12), (10, 7), (20, 4))])


def test_distances_are_euclidean() -> None:
    one, other = RNG.normal(size=(5, 3)), RNG.normal(size=(4, 3))
    slow = [[float(np.linalg.norm(a - b)) for b in other] for a in one]
    np.testing.assert_allclose(distances(one, other), slow, atol=1e-9)


@pytest.mark.parametrize("read", [0, 3])
def test_the_farthest_come_first(read: int) -> None:
    items, before = CLOUDS[read:], CLOUDS[:read]
    found = farthest_first(items, before, 6)
    chosen = list(before)
    if not read:
        first = min(range(len(items)), key=lambda n: float(np.linalg.norm(items[n] - items.mean(axis=0))))
        assert found[0][0] == first
        chosen.append(items[first])
    for item, away in found[0 if read else 1 :]:
        near = [min(float(np.linalg.norm(one - other)) for other in chosen) for one in items]
        assert away == pytest.approx(max(near), abs=1e-6)
        assert near[item] == pytest.approx(max(near), abs=1e-6)
        chosen.append(items[item])
    assert farthest_first(np.zeros((0, 2)), before, 3) == []


def test_typical_items_come_from_every_cloud_the_largest_first() -> None:
    found = typical_first(CLOUDS, np.zeros((0, 2)), 3, np.random.default_rng(1))
    assert [0 if n < 12 else 1 if n < 19 else 2 for n, _ in found] == [0, 1, 2]
    for (item, score), own in zip(found, (CLOUDS[:12], CLOUDS[12:19], CLOUDS[19:]), strict=True):
        slow = [1 / np.mean(sorted(np.linalg.norm(a - b) for b in own)[1:21]) for a in own]
        assert score == pytest.approx(max(slow), rel=1e-6)
        assert any(np.array_equal(CLOUDS[item], one) for one in own)


def test_clouds_that_were_read_come_last() -> None:
    found = typical_first(CLOUDS[1:], CLOUDS[:1], 2, np.random.default_rng(1))
    assert all(n >= 11 for n, _ in found)


def test_k_means_finds_separate_clouds_and_stands_doubles() -> None:
    clusters = kmeans(CLOUDS, 3, np.random.default_rng(2))
    assert len({*clusters[:12]}) == len({*clusters[12:19]}) == len({*clusters[19:]}) == 1
    assert len({*clusters}) == 3
    assert len(typical_first(np.ones((6, 2)), np.zeros((0, 2)), 6, np.random.default_rng(0))) == 6
    assert typicality_of(np.ones((1, 2)), np.zeros(1, np.int64)).tolist() == [0.0]


def test_features_that_are_alike_say_nothing() -> None:
    found = standardised(np.array([[1.0, 5.0], [3.0, 5.0]]))
    np.testing.assert_allclose(found, [[-1, 0], [1, 0]])
    assert standardised(np.zeros((0, 3))).shape == (0, 3)


def test_likeness_is_full_at_no_distance_and_fades() -> None:
    features = np.array([[0.0], [0.0], [1.0], [9.0]])
    found = likeness(features, 2.0)([0])
    assert found[:2].tolist() == [2.0, 2.0]
    assert found[2] > found[3] > 0 or found[3] < 1e-6


# ── Effort ───────────────────────────────────────────────────────────────────


def test_effort_finds_what_minutes_depend_on() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 3))
    minutes = np.exp(1.5 + 0.8 * x[:, 0] - 0.3 * x[:, 2] + rng.normal(0, 0.05, 200))
    effort = fit_effort(x.tolist(), minutes.tolist())
    assert effort is not None
    inside = effort.expected(x)
    assert float(np.median(np.abs(np.log(inside / minutes)))) < 0.06
    at = (x - x.mean(axis=0)) / x.std(axis=0)
    slow = np.linalg.lstsq(
        np.vstack([at, np.eye(3)]), np.concatenate([np.log(minutes) - np.log(minutes).mean(), np.zeros(3)])
    )[0]
    np.testing.assert_allclose(effort.weights, slow, atol=1e-8)


def test_few_corrections_say_the_median_and_none_nothing() -> None:
    effort = fit_effort([[1.0], [2.0], [3.0]], [2.0, 4.0, 60.0])
    assert effort is not None
    assert effort.expected(np.array([[99.0]])).tolist() == pytest.approx([4.0])
    assert fit_effort([], []) is None
    assert fit_effort([[1.0]], [0.0]) is None


def test_expected_minutes_stay_near_what_was_seen() -> None:
    x = [[float(n)] for n in range(20)]
    effort = fit_effort(x, [float(np.exp(n / 5)) for n in range(20)])
    assert effort is not None
    assert effort.expected(np.array([[1e6], [-1e6]])).tolist() == pytest.approx(
        [2 * float(np.exp(19 / 5)), 0.5]
    )


def test_the_surface_of_a_block_is_that_of_its_faces() -> None:
    labels = np.zeros((2, 8, 8, 8), np.uint8)
    labels[1, 2:4, 2:5, 1:6] = 3
    faces_mm2 = 2 * (2 * 3 * 1 * 2 + 2 * 5 * 1 * 4 + 3 * 5 * 2 * 4)
    assert surface_cm2(labels, (1.0, 2.0, 4.0)) == pytest.approx(faces_mm2 / 100)


# ── Need ─────────────────────────────────────────────────────────────────────


def test_need_is_the_larger_lack() -> None:
    goals = {"liver": Goal(dice=0.9), "aorta": Goal(dice=0.8, cases=20), "spleen": Goal(cases=10)}
    reached = {"liver": Reached(0.45, 3), "aorta": Reached(0.8, 5), "spleen": Reached(None, 30)}
    found = need_of(["liver", "aorta", "spleen", "colon"], goals, reached)
    assert found == pytest.approx({"liver": 0.5, "aorta": 0.75, "spleen": 0.1, "colon": 0.1})
    assert need_of(["liver"], {}, reached) == {"liver": 1.0}
    assert need_of(["liver"], {"liver": Goal(dice=0.9)}, {}) == {"liver": 1.0}


# ── Features ─────────────────────────────────────────────────────────────────


def test_scan_features_tell_bodies_apart_and_stand_anything() -> None:
    phantom = make_phantom(0, shape=(24, 24, 16), spacing_mm=(12.0, 12.0, 12.0))
    own = scan_features(phantom.image.voxels, (12.0, 12.0, 12.0))
    assert own.shape == (len(NAMES),)
    assert own[NAMES.index("length along k, mm (log)")] == pytest.approx(np.log(192))
    shares = own[: len(NAMES) - 5]
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (np.diff(shares) >= 0).all()
    denser = scan_features(phantom.image.voxels + np.int16(100), (12.0, 12.0, 12.0))
    assert denser[5] < own[5]
    for odd in (np.full((3, 2, 1), -1024, np.int16), np.zeros((1, 1, 1), np.int16)):
        assert np.isfinite(scan_features(odd, (1.0, 1.0, 1.0))).all()
        assert np.isfinite(scan_features(odd, (1.0, 1.0, 1.0), "MR")).all()
