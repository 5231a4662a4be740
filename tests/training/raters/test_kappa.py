"""κ against scikit-learn and statsmodels, and its intervals against the truth."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from tests.training.raters.simulate import Random, assert_covers, numbers, ratings
from training.raters import Counts, Estimate, Weights, cohen_kappa, fleiss_kappa

SHARES = (0.4, 0.3, 0.2, 0.1)


@pytest.mark.parametrize(
    ("weights", "theirs"),
    [(Weights.NONE, None), (Weights.LINEAR, "linear"), (Weights.QUADRATIC, "quadratic")],
)
@pytest.mark.parametrize("seed", range(5))
def test_cohen_is_scikit_learns_and_statsmodels(weights: Weights, theirs: str | None, seed: int) -> None:
    one, other = ratings(np.random.default_rng(seed), (40, 2), SHARES, 0.7).T
    found = cohen_kappa(one.tolist(), other.tolist(), weights)
    assert found.estimate == pytest.approx(cohen_kappa_score(one, other, weights=theirs), abs=1e-12)
    table = np.zeros((4, 4))
    np.add.at(table, (one, other), 1)
    again = inter_rater.cohens_kappa(table, wt=theirs)
    assert found.estimate == pytest.approx(again.kappa, abs=1e-12)
    assert found.counts == Counts(40, 2, 80, 0)


@pytest.mark.parametrize("weights", Weights)
def test_many_cases_give_the_asymptotic_error(weights: Weights) -> None:
    """Fleiss, Cohen and Everitt 1969, as statsmodels has it, on the scale of log(1 − κ)."""
    one, other = ratings(np.random.default_rng(9), (4000, 2), SHARES, 0.8).T
    table = np.zeros((4, 4))
    np.add.at(table, (one, other), 1)
    theirs = inter_rater.cohens_kappa(
        table, wt={Weights.LINEAR: "linear", Weights.QUADRATIC: "quadratic"}.get(weights)
    )
    low, value, high = numbers(cohen_kappa(one.tolist(), other.tolist(), weights))
    error = np.log((1 - low) / (1 - high)) / 2 / 1.96 * (1 - value)
    assert error == pytest.approx(theirs.std_kappa, rel=0.01)


@pytest.mark.parametrize("k", [2, 3, 6])
def test_fleiss_is_statsmodels(k: int) -> None:
    values = ratings(np.random.default_rng(k), (30, k), SHARES, 0.7)
    counts, _ = inter_rater.aggregate_raters(values, n_cat=4)
    assert fleiss_kappa(values.tolist()).estimate == pytest.approx(inter_rater.fleiss_kappa(counts))


@pytest.mark.parametrize(("n", "sure"), [(30, 0.8), (60, 0.9), (100, 0.95)])
def test_intervals_of_cohen_cover(n: int, sure: float) -> None:
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        one, other = ratings(random, (n, 2), (0.5, 0.3, 0.2), sure).T.tolist()
        return [(cohen_kappa(one, other, weights), sure**2) for weights in Weights]

    assert_covers(draw)


@pytest.mark.parametrize(
    ("shape", "sure"), [((30, 5), 0.8), ((60, 3), 0.9), ((100, 2), 0.7), ((100, 2), 0.95), ((15, 3), 0.8)]
)
def test_intervals_of_fleiss_cover(shape: tuple[int, int], sure: float) -> None:
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        return [(fleiss_kappa(ratings(random, shape, (0.5, 0.3, 0.2), sure).tolist()), sure**2)]

    assert_covers(draw)


@pytest.mark.parametrize("n", [10, 40])
def test_perfect_agreement_leaves_room_below(n: int) -> None:
    """The bound is the κ at which so many cases without any disagreement are 2.5 % likely."""
    values = ["yes", "no"] * (n // 2)
    for found in (cohen_kappa(values, values), fleiss_kappa(list(zip(values, values, strict=True)))):
        low, value, high = numbers(found)
        assert (value, high) == (1, 1)
        assert (1 - (1 - low) / 2) ** n == pytest.approx(0.025)


def test_categories_that_are_words_keep_their_order() -> None:
    order = ["poor", "fair", "good"]
    one, other = ["poor", "good", "fair", "good"], ["fair", "good", "fair", "poor"]
    numbers_of = {name: number for number, name in enumerate(order)}
    theirs = cohen_kappa_score([numbers_of[a] for a in one], [numbers_of[b] for b in other], weights="linear")
    assert cohen_kappa(one, other, Weights.LINEAR, order).estimate == pytest.approx(theirs)
    with pytest.raises(ValueError, match="'poor' is none of the categories"):
        cohen_kappa(one, other, Weights.LINEAR, order[1:])
    with pytest.raises(ValueError, match="none of the categories"):
        fleiss_kappa([one, other], order[1:])


def test_what_is_not_rated_is_dropped_and_counted() -> None:
    found = cohen_kappa([1, 2, None, 1], [1, None, None, 2])
    assert found.counts == Counts(2, 2, 4, 1)
    several = fleiss_kappa([[1, 1, 2], [2, None, 2], [2, 2, 2], [None, None, None]])
    assert several.counts == Counts(2, 3, 6, 2)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (cohen_kappa([], []), "Two cases"),
        (cohen_kappa([1, None], [1, 2]), "Two cases"),
        (cohen_kappa([1, 1], [1, 1]), "one category"),
        (fleiss_kappa([]), "Two cases"),
        (fleiss_kappa([[1], [2]]), "Two cases"),
        (fleiss_kappa([[1, 1], [1, 1]]), "one category"),
    ],
)
def test_too_little_gives_a_reason(found: Estimate, reason: str) -> None:
    assert found.estimate is found.low is found.high is None
    assert reason in found.reason


def test_a_reader_with_one_category_gives_no_interval() -> None:
    found = cohen_kappa([1] * 9 + [2], [1] * 10)
    assert found.estimate == pytest.approx(0)
    assert found.low is found.high is None
    assert "one category only" in found.reason.lower()


def test_different_numbers_of_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="for every case"):
        cohen_kappa([1], [1, 2])
