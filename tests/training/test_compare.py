"""The gate's comparison, on scores written by hand."""

from collections.abc import Sequence

import pytest

from training.compare import Decision, compare, judge

CASES = [f"case{n}" for n in range(8)]


def scores(**per_structure: Sequence[float | None]) -> dict[tuple[str, str], float | None]:
    return {
        (case, name): value
        for name, values in per_structure.items()
        for case, value in zip(CASES, values, strict=False)
    }


def test_a_candidate_that_gains_everywhere_is_better() -> None:
    serving = scores(liver=[0.90, 0.91, 0.92], spleen=[0.80, 0.82, 0.84])
    candidate = scores(liver=[0.92, 0.93, 0.94], spleen=[0.84, 0.86, 0.88])
    result = compare(candidate, serving)
    assert result.decision is Decision.BETTER
    assert result.structures["liver"].mean == pytest.approx(0.02)
    assert result.structures["spleen"].mean == pytest.approx(0.04)
    assert result.overall is not None
    assert result.overall.mean == pytest.approx(0.03)
    assert result.overall.cases == 3
    # Every case gained the same, so every bootstrap sample has the same mean.
    assert (result.structures["liver"].low, result.structures["liver"].high) == pytest.approx((0.02, 0.02))


def test_one_structure_that_clearly_lost_forbids_promotion_though_the_mean_rose() -> None:
    serving = scores(liver=[0.5] * 8, pancreas=[0.80] * 8)
    candidate = scores(liver=[0.9] * 8, pancreas=[0.77, 0.78, 0.76, 0.79, 0.77, 0.78, 0.76, 0.79])
    result = compare(candidate, serving)
    assert result.decision is Decision.WORSE
    assert result.worse == ("pancreas",)
    assert result.overall is not None
    assert result.overall.mean > 0
    assert result.structures["pancreas"].mean == pytest.approx(-0.025)
    assert result.structures["pancreas"].high < 0


def test_a_loss_within_the_margin_is_allowed() -> None:
    serving = scores(liver=[0.90] * 8, spleen=[0.80] * 8)
    candidate = scores(liver=[0.895] * 8, spleen=[0.82] * 8)
    assert compare(candidate, serving).decision is Decision.BETTER
    assert compare(candidate, serving, margin=0.001).worse == ("liver",)


def test_a_loss_that_could_be_chance_does_not_forbid_promotion() -> None:
    serving = scores(liver=[0.5] * 8, spleen=[0.80] * 8)
    # Mean −0.02, but half of the cases gained: the interval reaches above 0.
    spleen = [0.90, 0.66, 0.90, 0.66, 0.90, 0.66, 0.90, 0.66]
    result = compare(scores(liver=[0.6] * 8, spleen=spleen), serving)
    assert result.structures["spleen"].mean == pytest.approx(-0.02)
    assert result.structures["spleen"].high > 0
    assert result.decision is Decision.BETTER
    assert (result.worse, result.doubtful) == ((), ("spleen",))


def test_a_loss_that_no_other_case_makes_up_for_is_not_put_down_to_chance() -> None:
    # A third of the draws leave the one case out that lost: their mean is 0, none is a gain.
    result = compare(
        scores(liver=[0.9] * 3, spleen=[0.65, 0.8, 0.8]), scores(liver=[0.5] * 3, spleen=[0.8] * 3)
    )
    assert result.structures["spleen"].high == 0
    assert result.worse == ("spleen",)


def test_either_measure_forbids_promotion_and_the_dice_says_whether_there_is_a_gain() -> None:
    lost = compare(scores(liver=[0.7, 0.7]), scores(liver=[0.8, 0.8]))
    kept = compare(scores(liver=[0.8, 0.8]), scores(liver=[0.8, 0.8]))
    gained = compare(scores(liver=[0.9, 0.9]), scores(liver=[0.8, 0.8]))
    nothing = compare({}, {})
    assert judge(gained, kept) is Decision.BETTER
    assert judge(gained, nothing) is Decision.BETTER
    assert judge(gained, lost) is Decision.WORSE
    assert judge(lost, gained) is Decision.WORSE
    assert judge(kept, gained) is Decision.NOT_BETTER
    assert judge(nothing, lost) is Decision.NOT_COMPARABLE


def test_the_same_scores_are_not_better() -> None:
    same = scores(liver=[0.9, 0.8])
    assert compare(same, same).decision is Decision.NOT_BETTER


def test_a_score_that_does_not_apply_is_counted_and_left_out() -> None:
    serving = scores(bladder=[0.8, None, 0.0, 0.8])
    candidate = scores(bladder=[0.9, None, None, 0.7])
    bladder = compare(candidate, serving).structures["bladder"]
    assert bladder.mean == pytest.approx(0.0)
    assert (bladder.cases, bladder.not_applicable) == (2, 2)


def test_structures_weigh_the_same_however_many_cases_show_them() -> None:
    serving = scores(liver=[0.5] * 8, bladder=[0.5])
    candidate = scores(liver=[0.6] * 8, bladder=[0.8])
    overall = compare(candidate, serving).overall
    assert overall is not None
    assert overall.mean == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("candidate", "serving"),
    [
        ({}, {}),
        ({("a", "liver"): 0.9}, {("b", "liver"): 0.9}),
        ({("a", "liver"): None}, {("a", "liver"): 0.9}),
    ],
)
def test_without_a_shared_applicable_pair_there_is_nothing_to_compare(
    candidate: dict[tuple[str, str], float | None], serving: dict[tuple[str, str], float | None]
) -> None:
    result = compare(candidate, serving)
    assert result.decision is Decision.NOT_COMPARABLE
    assert result.overall is None


def test_the_interval_is_that_of_resampled_cases() -> None:
    # Two cases, +0.1 and +0.3: a sample draws both alike or mixed, so its mean is 0.1, 0.2 or 0.3.
    result = compare(scores(liver=[0.6, 0.8]), scores(liver=[0.5, 0.5]))
    liver = result.structures["liver"]
    assert (liver.low, liver.high) == pytest.approx((0.1, 0.3))


def test_the_same_seed_gives_the_same_interval() -> None:
    serving = scores(liver=[0.5, 0.6, 0.7, 0.8, 0.4])
    candidate = scores(liver=[0.55, 0.58, 0.75, 0.83, 0.41])
    once = compare(candidate, serving, samples=20, seed=3)
    assert once == compare(candidate, serving, samples=20, seed=3)
    assert once != compare(candidate, serving, samples=20, seed=4)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="margin"):
        compare({}, {}, margin=-0.1)
