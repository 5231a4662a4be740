"""What the strategies choose, each against the slow way, and what must hold of all of them."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.training.acquire.world import KEYS, candidates_of, maps_of
from training.acquire import STRATEGIES, Candidate, Pick, Query, ScoreMaps, choose, choose_patches
from training.acquire.choosing import control_count, interleaved
from training.acquire.maps import patch_cells, patch_means
from training.acquire.places import Pool, places_of
from training.acquire.rankers import RANKERS, Turn
from training.acquire.table import Draft, gumbel, power, quotas
from training.progress import TrainingError

PURE = Query("entropy", 5, 0, control=0.0)


def _own(picks: tuple[Pick, ...]) -> list[str]:
    return [pick.id for pick in picks if pick.arm == "strategy"]


# ── All strategies ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("count", [0, 1, 7, 12, 40])
def test_each_item_is_chosen_once_and_as_many_as_asked_for(strategy: str, count: int) -> None:
    candidates = candidates_of(0, 12)
    query = Query(strategy, count, seed=3, loop=2)
    picks = choose(candidates, query, read=[(0.0, 1.0, 2.0, 3.0)])
    assert len(picks) == min(count, 12)
    assert len({pick.id for pick in picks}) == len(picks)
    assert picks == choose(candidates[::-1], query, read=[(0.0, 1.0, 2.0, 3.0)])
    assert {pick.strategy for pick in picks if pick.arm == "control"} <= {"fg_random"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_control_is_the_same_whatever_the_strategy(strategy: str) -> None:
    controls = [
        {pick.id for pick in choose(candidates_of(1, 30), Query(name, 10, 5)) if pick.arm == "control"}
        for name in (strategy, "entropy")
    ]
    assert controls[0] == controls[1]
    assert len(controls[0]) == 2


@pytest.mark.parametrize("strategy", ["fg_random", "entropy", "bald", "power_bald", "clasp_pe", "edit_time"])
def test_scans_that_no_model_has_seen_come_last(strategy: str) -> None:
    candidates = [*candidates_of(2, 4), *(Candidate(f"new-{n}", features=(0.0,) * 4) for n in range(3))]
    picks = choose(candidates, Query(strategy, 7, 1, control=0.0))
    assert len(picks) == 7
    if strategy != "fg_random":
        assert all(pick.id.startswith("case") for pick in picks[:4])


def test_a_share_is_drawn_as_a_control_and_never_all_or_none() -> None:
    rng = np.random.default_rng(0)
    assert [control_count(n, 0.15, rng) for n in (0, 2, 6, 10, 20)] == [0, 1, 1, 2, 3]
    assert control_count(10, 0.0, rng) == 0
    assert control_count(10, 1.0, rng) == 10
    assert control_count(10, 0.99, rng) == 9
    alone = np.mean([control_count(1, 0.15, np.random.default_rng(n)) for n in range(2000)])
    assert 0.12 < alone < 0.18


@pytest.mark.parametrize(("count", "controls"), [(10, 2), (7, 3), (5, 5), (4, 0)])
def test_controls_are_spread_over_the_ranks(count: int, controls: int) -> None:
    for seed in range(20):
        places = interleaved(count, controls, np.random.default_rng(seed))
        assert sum(places) == controls
        if controls == 2:
            assert any(places[:5]) and any(places[5:])  # noqa: PT018


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (replace(PURE, strategy="best"), "no strategy 'best'; known are random"),
        (replace(PURE, count=-1), "at least 0"),
        (replace(PURE, control=1.5), "between 0 and 1"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(query: Query, sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        choose(candidates_of(0, 3), query)


def test_candidates_that_contradict_each_other_are_refused() -> None:
    one, two = candidates_of(0, 2)
    with pytest.raises(TrainingError, match="given twice"):
        choose([one, one], PURE)
    with pytest.raises(TrainingError, match="same features"):
        choose([one, replace(two, features=(1.0,))], PURE)
    with pytest.raises(TrainingError, match="needs the features"):
        choose([Candidate("a"), Candidate("b")], Query("typiclust", 1, 0))
    assert choose([], PURE) == ()


# ── Each by its own rule ─────────────────────────────────────────────────────


def test_entropy_and_bald_take_the_highest() -> None:
    candidates = candidates_of(4, 20)
    for name in ("entropy", "bald"):
        ordered = sorted(candidates, key=lambda one: -one.scores[name]["all"])
        picks = choose(candidates, replace(PURE, strategy=name))
        assert [pick.id for pick in picks] == [one.id for one in ordered[:5]]
        assert [pick.score for pick in picks] == [one.scores[name]["all"] for one in ordered[:5]]


def test_edit_time_takes_what_teaches_most_per_minute() -> None:
    candidates = candidates_of(4, 20)
    candidates[0] = replace(candidates[0], minutes=None)
    median = float(np.median([one.minutes for one in candidates if one.minutes is not None]))
    ordered = sorted(candidates, key=lambda one: -one.scores["entropy"]["all"] / (one.minutes or median))
    assert _own(choose(candidates, replace(PURE, strategy="edit_time"))) == [one.id for one in ordered[:5]]


def test_power_bald_draws_by_the_size_of_the_score() -> None:
    candidates = [
        Candidate(name, {"bald": {"all": value}}) for name, value in (("a", 0.6), ("b", 0.3), ("c", 0.1))
    ]
    first = Counter(
        choose(candidates, Query("power_bald", 1, seed, control=0.0))[0].id for seed in range(3000)
    )
    assert first["a"] / 3000 == pytest.approx(0.6, abs=0.04)
    assert first["b"] / 3000 == pytest.approx(0.3, abs=0.04)


def test_random_gives_everybody_the_same_chance() -> None:
    candidates = candidates_of(0, 5)
    first = Counter(choose(candidates, Query("random", 1, seed, control=0.0))[0].id for seed in range(3000))
    assert all(count / 3000 == pytest.approx(0.2, abs=0.03) for count in first.values())


def test_fg_random_draws_a_third_each_of_anything_a_structure_and_its_border() -> None:
    """Of two scans, one shows all that the model drew: it is chosen but for half of one third."""
    shown = {"drawn_ml": {"liver": 5.0}, "border_cells": {"liver": 2.0}}
    empty = {"drawn_ml": {"liver": 0.0}, "border_cells": {"liver": 0.0}}
    candidates = [Candidate("a", empty), Candidate("b", shown)]
    first = Counter(
        choose(candidates, Query("fg_random", 1, seed, control=0.0))[0].id for seed in range(3000)
    )
    assert first["b"] / 3000 == pytest.approx(5 / 6, abs=0.03)


def test_a_rare_structure_is_as_likely_as_a_frequent_one_for_fg_random() -> None:
    rare = Candidate("rare", {"drawn_ml": {"aorta": 1.0, "liver": 0.0}})
    others = [Candidate(f"liver-{n}", {"drawn_ml": {"aorta": 0.0, "liver": 9.0}}) for n in range(9)]
    first = Counter(
        choose([rare, *others], Query("fg_random", 1, seed, control=0.0))[0].id for seed in range(3000)
    )
    assert first["rare"] / 3000 == pytest.approx(0.5 / 3 + 2 / 3 * 0.1, abs=0.03)


# ── ClaSP-PE ─────────────────────────────────────────────────────────────────


def test_the_noise_of_clasp_pe_fades() -> None:
    assert [power(t, 10) for t in (0, 9)] == pytest.approx([1.0, 100.0])
    assert power(3, 10) == pytest.approx(100 ** (3 / 9))
    assert power(50, 10) == pytest.approx(100.0)
    assert power(0, 1) == 1.0
    noise = gumbel(np.full(20000, 0.5), 10.0, np.random.default_rng(0)) - np.log(0.5)
    assert float(noise.std()) == pytest.approx(np.pi / np.sqrt(6) / 10, rel=0.05)


@pytest.mark.parametrize("count", [1, 5, 13, 100])
def test_quotas_are_even_but_for_one(count: int) -> None:
    for seed in range(10):
        shares = quotas(count, np.ones(7), np.random.default_rng(seed))
        assert sum(shares) == count
        assert max(shares) - min(shares) <= 1


def test_quotas_follow_need() -> None:
    weights = np.array([1.0, 2.0, 0.0, 0.5])
    found = np.array([quotas(5, weights, np.random.default_rng(seed)) for seed in range(2000)])
    assert (found.sum(axis=1) == 5).all()
    np.testing.assert_allclose(found.mean(axis=0), 5 * weights / weights.sum(), atol=0.06)
    assert sum(quotas(4, np.zeros(3), np.random.default_rng(0))) == 4
    assert quotas(4, np.ones(0), np.random.default_rng(0)) == []


def _slow_clasp(candidates: list[Candidate], query: Query) -> list[str]:
    """The published steps, item by item."""
    rng = np.random.default_rng([query.seed, query.loop, 0])
    beta = 100 ** (query.loop / (query.loops - 1))
    weighted = np.array([[one.scores["weighted"][key] for one in candidates] for key in KEYS])
    overall = np.array([one.scores["entropy"]["all"] for one in candidates])
    noised = np.log(weighted) + rng.gumbel(0, 1 / beta, weighted.shape)
    noised_all = np.log(overall) + rng.gumbel(0, 1 / beta, overall.shape)
    shares = quotas(round(0.66 * query.count), np.ones(len(KEYS)), rng)
    chosen: list[int] = []
    for row in rng.permutation(len(KEYS)):
        for _ in range(shares[row]):
            chosen.append(max((n for n in range(len(candidates)) if n not in chosen), key=noised[row].item))
    while len(chosen) < query.count:
        chosen.append(max((n for n in range(len(candidates)) if n not in chosen), key=noised_all.item))
    return [candidates[n].id for n in chosen]


@pytest.mark.parametrize("loop", [0, 4, 9])
@pytest.mark.parametrize("count", [1, 4, 10])
def test_clasp_pe_is_what_its_steps_give(loop: int, count: int) -> None:
    candidates = candidates_of(loop, 25)
    query = Query("clasp_pe", count, seed=7, loop=loop, control=0.0)
    picks = choose(candidates, query)
    assert [pick.id for pick in picks] == _slow_clasp(candidates, query)
    for pick in picks:
        scores = next(one.scores for one in candidates if one.id == pick.id)
        own = scores["weighted"][pick.structure] if pick.structure else scores["entropy"]["all"]
        assert pick.score == own


def test_clasp_pe_gives_a_structure_in_need_more_of_the_choice() -> None:
    candidates = candidates_of(0, 60)
    need = {"liver": 1.0, "aorta": 0.1, "spleen": 0.1}
    picks = choose(candidates, Query("clasp_pe", 20, 0, control=0.0, need=need))
    counts = Counter(pick.structure for pick in picks)
    assert counts["liver"] > counts["aorta"] + counts["spleen"]
    assert counts[""] == 7


def test_what_is_like_what_was_chosen_waits() -> None:
    scores = {"entropy": {"all": 1.0}}
    twins = [Candidate("a", scores, (0.0, 0.0)), Candidate("b", {"entropy": {"all": 0.99}}, (0.0, 0.01))]
    other = Candidate("c", {"entropy": {"all": 0.6}}, (5.0, 5.0))
    plain = choose([*twins, other], Query("entropy", 2, 0, control=0.0))
    varied = choose([*twins, other], Query("entropy", 2, 0, control=0.0, diversity=3.0))
    assert [pick.id for pick in plain] == ["a", "b"]
    assert [pick.id for pick in varied] == ["a", "c"]


# ── Patches ──────────────────────────────────────────────────────────────────

POOL = {f"scan-{n}": maps_of(n) for n in range(3)}
CUBE, SLAB = (20.0, 20.0, 20.0), (None, None, 20.0)


@pytest.mark.parametrize("strategy", ["random", "fg_random", "entropy", "bald", "power_bald", "clasp_pe"])
@pytest.mark.parametrize("size", [CUBE, SLAB])
def test_patches_overlap_neither_each_other_nor_what_was_read(
    strategy: str, size: tuple[float | None, float | None, float]
) -> None:
    first = choose_patches(POOL, Query(strategy, 6, 1), size)
    taken = {name: [pick.box for pick in first if pick.id == name and pick.box] for name in POOL}
    second = choose_patches(POOL, Query(strategy, 6, 2), size, taken)
    for name, maps in POOL.items():
        seen = np.zeros(maps.shape, int)
        for pick in (*first, *second):
            if pick.id == name:
                assert pick.box is not None
                seen[pick.box] += 1
        assert seen.max(initial=0) <= 1
    assert len(first) == 6
    if size == SLAB:
        assert all(pick.box is not None and pick.box[0] == slice(0, 10) for pick in first)


def test_the_first_patch_by_entropy_is_the_highest_of_all() -> None:
    pick = choose_patches(POOL, Query("entropy", 1, 0, control=0.0), CUBE)[0]
    best = max(float(patch_means(m.entropy, m.voxels, patch_cells(m, CUBE)).max()) for m in POOL.values())
    assert pick.score == pytest.approx(best)


@pytest.mark.parametrize("strategy", ["random", "fg_random", "entropy", "bald", "power_bald", "clasp_pe"])
@pytest.mark.parametrize("count", [2, 9])
def test_a_scan_gives_one_patch_at_most_where_that_is_asked(strategy: str, count: int) -> None:
    picks = choose_patches(POOL, Query(strategy, count, 1), SLAB, one_each=True)
    assert len({pick.id for pick in picks}) == len(picks) == min(count, len(POOL))


def _drawn_at(
    *shares: tuple[tuple[int, int, int], float], cells: tuple[int, int, int] = (6, 5, 7)
) -> ScoreMaps:
    """A scan of which the model drew a share of some cells, with as many voxels in each."""
    maps = replace(maps_of(0, cells), voxels=np.full(cells, 8.0))
    maps.drawn[...] = 0
    for place, share in shares:
        maps.drawn[KEYS.index("liver")][place] = share
    return maps


def _holds(pick: Pick, maps: ScoreMaps, cell: tuple[int, int, int]) -> bool:
    assert pick.box is not None
    middles = ((at + 0.5) * n / c for at, n, c in zip(cell, maps.shape, maps.cells, strict=True))
    return all(side.start <= at < side.stop for side, at in zip(pick.box, middles, strict=True))


@pytest.mark.parametrize("cell", [(2, 2, 3), (0, 0, 0), (5, 4, 6), (0, 2, 6)])
@pytest.mark.parametrize("share", [0.01, 1.0])
def test_every_patch_of_fg_random_holds_what_the_model_drew(cell: tuple[int, int, int], share: float) -> None:
    maps = _drawn_at((cell, share))
    for seed in range(20):
        (pick,) = choose_patches({"a": maps}, Query("fg_random", 1, seed, control=0.0), CUBE)
        assert _holds(pick, maps, cell)


def test_in_a_scan_of_few_slices_what_the_model_drew_is_held_wherever_it_is() -> None:
    for k in range(3):
        maps = _drawn_at(((1, 3, k), 0.5), cells=(6, 5, 3))
        for seed in range(20):
            (pick,) = choose_patches(
                {"a": maps}, Query("fg_random", 1, seed, control=0.0), (20.0, 20.0, 40.0)
            )
            assert _holds(pick, maps, (1, 3, k))


def _boxes_drawn(maps: ScoreMaps, edge_mm: float, times: int) -> Counter[tuple[tuple[int, int], ...]]:
    """How often fg_random draws which box of the scan, each time from all of them."""
    places = places_of("a", maps, (edge_mm, edge_mm, edge_mm))
    table = Pool((places,)).table(np.ones(len(KEYS)), one_each=True)
    found = Counter[tuple[tuple[int, int], ...]]()
    for seed in range(times):
        draft = Draft(table)
        RANKERS["fg_random"](draft, Turn(1, 0, 1, np.random.default_rng(seed)))
        box = places.box(draft.taken[0].item)
        found[tuple((side.start, side.stop) for side in box)] += 1
    return found


def test_fg_random_draws_a_voxel_of_what_was_drawn_each_as_likely() -> None:
    """Both cells are on the border of the structure, a third of the draws; the others go by voxels."""
    maps = _drawn_at(((0, 0, 0), 0.2), ((5, 4, 6), 0.8))
    found = _boxes_drawn(maps, 20.0, 1500)
    many = found[((8, 12), (6, 10), (10, 14))] / 1500
    assert found.total() == found[((8, 12), (6, 10), (10, 14))] + found[((0, 4), (0, 4), (0, 4))]
    assert many == pytest.approx(2 / 3 * 0.8 + 1 / 3 * 0.5, abs=0.03)


def test_where_the_model_drew_nothing_fg_random_draws_from_the_body() -> None:
    body = np.zeros((6, 5, 7), np.float32)
    body[2:4, 1:3, 6] = (0.5, 1.0)
    found = _boxes_drawn(replace(_drawn_at(), body=body), 10.0, 1200)
    assert len(found) == 4
    for i in (2, 3):
        for j, share in ((1, 1 / 6), (2, 1 / 3)):
            own = found[((2 * i, 2 * i + 2), (2 * j, 2 * j + 2), (12, 14))]
            assert own / 1200 == pytest.approx(share, abs=0.06)


def test_where_nothing_is_known_of_the_body_every_patch_has_the_same_chance() -> None:
    found = _boxes_drawn(_drawn_at(), 30.0, 600)
    assert len(found) == 4 * 3 * 5
    assert max(found.values()) < 10 + 6 * np.sqrt(10)


def test_strategies_of_distance_know_no_patches() -> None:
    with pytest.raises(TrainingError, match="chooses whole scans"):
        choose_patches(POOL, Query("typiclust", 1, 0), CUBE)
    assert choose_patches({}, PURE, CUBE) == ()
