"""Where crops are cut: what must be shown, what is as likely, and what nobody looked at."""

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.test_patches import SMALL, scan
from training.patches import Prepared, draw_batch, prepare
from training.patches.sampling import Place, class_balanced, foreground, places, sampler_of
from training.plan import Plan
from training.progress import TrainingError


def sampling(share: float, batch_size: int = 1, **args: Any) -> Plan:
    return dataclasses.replace(SMALL, batch_size=batch_size, sampler_args={"share": share, **args})


def place(number: int, *, forced: bool) -> Place:
    return Place(0, number, forced, np.random.default_rng(number))


@pytest.fixture
def cases(tmp_path: Path) -> list[Prepared]:
    """One scan with three structures, and three scans with the liver alone."""
    livers = [dataclasses.replace(scan(seed=n), annotated=frozenset({"liver"})) for n in range(1, 4)]
    return [prepare(sample, SMALL, tmp_path) for sample in (scan(), *livers)]


@given(batch_size=st.integers(2, 9), step=st.integers(0, 1000))
def test_the_last_third_of_a_batch_shows_a_structure(batch_size: int, step: int) -> None:
    forced = [p.forced for p in places(sampling(1 / 3, batch_size), 0, step)]
    assert forced == sorted(forced)
    assert sum(forced) == batch_size - round(batch_size * 2 / 3)
    assert any(forced)


@given(share=st.floats(0, 1), steps=st.integers(1, 200))
def test_single_crops_show_a_structure_in_proportion_over_the_steps(share: float, steps: int) -> None:
    forced = sum(places(sampling(share), 0, step)[0].forced for step in range(steps))
    assert abs(forced - share * steps) <= 1


def test_a_place_is_its_own_generator_and_never_comes_twice() -> None:
    found = [p for step in range(10) for p in places(sampling(0.5, 3), 5, step)]
    assert [p.number for p in found] == list(range(30))
    assert len({float(p.rng.random()) for p in found}) == 30


def test_a_forced_crop_is_centred_on_a_structure_each_as_likely(cases: list[Prepared]) -> None:
    seen: Counter[int] = Counter()
    for number in range(600):
        case, voxel = foreground(cases[:1], place(number, forced=True), {})
        i, j, k = voxel
        shown = case.target[:, i, j, k]
        assert (shown > 0).any()
        seen[int(shown[0]) if shown[0] > 0 else 3] += 1
    assert set(seen) == {1, 2, 3}
    assert min(seen.values()) > 150


def test_jitter_moves_the_centre(cases: list[Prepared]) -> None:
    exact = [foreground(cases[:1], place(n, forced=True), {})[1] for n in range(50)]
    moved = [foreground(cases[:1], place(n, forced=True), {"jitter": 2})[1] for n in range(50)]
    apart = np.abs(np.array(exact) - np.array(moved))
    assert apart.max() == 2


def test_rare_structures_and_the_scans_that_hold_them_are_as_likely(cases: list[Prepared]) -> None:
    balanced: Counter[int] = Counter()
    plain: Counter[int] = Counter()
    for number in range(600):
        for seen, sampler in ((balanced, class_balanced), (plain, foreground)):
            case, (i, j, k) = sampler(cases, place(number, forced=True), {})
            shown = case.target[:, i, j, k]
            seen[int(shown[0]) if shown[0] > 0 else 3] += 1
    assert min(balanced.values()) > 150
    assert min(plain.values()) < 90  # each of both others: a third of a quarter of the crops


def test_scans_without_a_structure_are_visited_all_the_same(cases: list[Prepared]) -> None:
    empty = dataclasses.replace(cases[0], present=(), centres=())
    for sampler in (foreground, class_balanced):
        case, voxel = sampler([empty], place(0, forced=True), {})
        assert case is empty
        assert (voxel < empty.image.shape).all()


def test_free_crops_lie_where_somebody_looked(tmp_path: Path) -> None:
    half = prepare(scan(looked_at=False), SMALL, tmp_path)
    for number in range(50):
        _, (i, _, _) = foreground([half], place(number, forced=False), {})
        assert i < 12


def test_unknown_samplers_and_shares_are_refused(cases: list[Prepared]) -> None:
    with pytest.raises(TrainingError, match=r"no sampler called magic; known are foreground, class_balanced"):
        sampler_of(dataclasses.replace(SMALL, sampler="magic"))
    with pytest.raises(TrainingError, match="share is a part of the crops"):
        draw_batch(cases, sampling(1.5), 0, 0)
