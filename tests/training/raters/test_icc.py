"""ICC against pingouin, and its intervals against the truth."""

import warnings

import numpy as np
import pandas as pd
import pytest

from tests.training.raters.simulate import Random, assert_covers, coverage, table
from training.raters import Estimate, Interval, icc_agreement, icc_consistency, icc_one_way

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pingouin

# pandas announces the end of keywords that the oracle uses.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")


@pytest.mark.parametrize("shape", [(12, 4), (15, 5), (2, 3), (40, 2), (3, 9)])
@pytest.mark.parametrize("sds", [(1, 0.3, 0.5), (1, 2, 0.5), (0.1, 0.1, 1), (3, 0, 0.01)])
def test_values_and_f_intervals_are_pingouins(
    shape: tuple[int, int], sds: tuple[float, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pingouin.options, "round.column.CI95", 12)
    values = table(np.random.default_rng(shape[0]), shape, *sds)
    n, k = shape
    frame = pd.DataFrame(
        {"case": np.repeat(np.arange(n), k), "reader": np.tile(np.arange(k), n), "value": values.ravel()}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pingouin.intraclass_corr(frame, targets="case", raters="reader", ratings="value")
    rows = theirs.set_index("Type")
    ours = {
        "ICC(1,1)": icc_one_way(values),
        "ICC(A,1)": icc_agreement(values, Interval.F),
        "ICC(C,1)": icc_consistency(values),
    }
    for name, found in ours.items():
        assert found.estimate == pytest.approx(rows.loc[name, "ICC"], abs=1e-9)
        assert (found.low, found.high) == pytest.approx(tuple(rows.loc[name, "CI95"]), abs=1e-9)


def test_the_table_of_shrout_and_fleiss() -> None:
    # Psychol Bull 1979, 86:420, table 2: ICC(1,1) .17, ICC(2,1) .29, ICC(3,1) .71.
    values = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    found = [f(values).estimate for f in (icc_one_way, icc_agreement, icc_consistency)]
    assert found == pytest.approx([0.166, 0.290, 0.715], abs=5e-4)


@pytest.mark.parametrize(
    ("shape", "reader"), [((15, 5), 0.3), ((30, 3), 0.5), ((60, 2), 0.5), ((20, 8), 0.1)]
)
def test_generalised_interval_covers(shape: tuple[int, int], reader: float) -> None:
    truth = 1 / (1 + reader**2 + 0.16)
    assert_covers(lambda random: [(icc_agreement(table(random, shape, 1, reader, 0.4)), truth)])


def test_f_interval_of_agreement_fails_where_two_readers_differ() -> None:
    # Why it is not the default.
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        return [(icc_agreement(table(random, (60, 2), 1, 0.5, 0.3), Interval.F), 1 / 1.34)]

    assert coverage(draw)[0] < 0.8


@pytest.mark.parametrize("shape", [(15, 5), (60, 2)])
def test_other_intervals_cover(shape: tuple[int, int]) -> None:
    def draw(random: Random) -> list[tuple[Estimate, float]]:
        values = table(random, shape, 1, 0.7, 0.4)
        alone = table(random, shape, 1, 0, 0.4)
        return [(icc_consistency(values), 1 / 1.16), (icc_one_way(alone), 1 / 1.16)]

    assert_covers(draw)


def test_cases_that_a_reader_lacks_are_dropped_and_counted() -> None:
    values = table(np.random.default_rng(1), (10, 3), 1, 0.2, 0.4)
    whole = icc_agreement(values[2:])
    values[0, 1] = values[1, 0] = values[1, 2] = np.nan
    found = icc_agreement(values)
    assert (found.estimate, found.low, found.high) == (whole.estimate, whole.low, whole.high)
    assert (found.counts.cases, found.counts.readers, found.counts.values) == (8, 3, 24)
    assert found.counts.dropped == 3


@pytest.mark.parametrize("icc", [icc_agreement, icc_consistency, icc_one_way])
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((0, 3)), "Two cases"),
        (np.ones((1, 3)), "Two cases"),
        (np.ones((5, 1)), "Two readers"),
        (np.full((5, 3), 2.0), "equal"),
        (np.array([[1.0, np.nan], [np.nan, 2.0], [1.0, 3.0]]), "Two cases"),
    ],
)
def test_too_little_gives_a_reason(icc: object, values: object, reason: str) -> None:
    assert callable(icc)
    found = icc(values)
    assert found.estimate is found.low is found.high is None
    assert reason in found.reason


def test_readers_who_each_have_one_value_for_all_cases() -> None:
    found = icc_consistency([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    assert found.estimate is None
    assert "one value for all cases" in found.reason
    assert icc_agreement([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]).estimate == 0


def test_perfect_agreement_is_one() -> None:
    values = np.repeat(np.arange(6.0)[:, None], 3, axis=1)
    for found in (icc_agreement(values), icc_agreement(values, Interval.F), icc_consistency(values)):
        assert (found.estimate, found.low, found.high) == (1, 1, 1)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ValueError, match="2 dimensions"):
        icc_agreement([1.0, 2.0])
    with pytest.raises(ValueError, match="finite"):
        icc_agreement([[1.0, np.inf], [2.0, 3.0]])
