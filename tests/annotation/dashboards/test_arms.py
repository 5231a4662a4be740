"""What the arms cost and bought, against sums made by hand; and the minutes that a model saves."""

from datetime import UTC, datetime, timedelta
from statistics import fmean, stdev

import pytest
from django.utils import timezone
from scipy import stats

from annotation.agreement import sides
from annotation.dashboards import table_named
from annotation.dashboards.arms import ArmRow
from annotation.dashboards.differences import difference_of
from annotation.dashboards.saved import SavedRow
from annotation.models import Acquisition, Arm, Assignment, Case, CaseState, Project, ReadSummary
from tests.annotation.dashboards import study
from tests.annotation.dashboards.learned import choose
from training.raters import Group

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def studied(project: Project) -> study.Study:
    filled = study.fill(project, NOW, cases=45)
    choose(project, filled.cases)
    return filled


def arms(project: Project) -> dict[tuple[str, str], ArmRow]:
    return {(row.arm, row.quantity): row for row in table_named(project, "arms", {}).rows}


def accepted(project: Project, arm: Arm) -> list[Case]:
    ids = Acquisition.objects.filter(arm=arm).values("case")
    return list(Case.objects.filter(project=project, pk__in=ids, state=CaseState.ACCEPTED))


def minutes_of(case: Case) -> float:
    return sum(read.active_seconds for read in Assignment.objects.filter(case=case)) / 60


def prediction_dice(studied: study.Study, case: Case) -> float | None:
    """Of the prediction that the accepted read began from, mean over structures."""
    found = {
        tuple(sorted((pair.a.revision_id, pair.b.revision_id))): pair
        for pair in sides.pairs_of(case)
        if pair.kind in ("review", "prediction")
        and case.accepted_revision_id in (pair.a.revision_id, pair.b.revision_id)
        and (pair.a.model or pair.b.model) is not None
    }
    if not found:
        return None
    (pair,) = found.values()
    scored = case.agreement_scores.filter(
        revision_a=pair.a.revision_id, revision_b=pair.b.revision_id, group__kind=pair.kind
    )
    return fmean(score.dice for score in scored if score.dice is not None)


def test_each_arm_is_the_mean_over_its_accepted_cases(studied: study.Study, project: Project) -> None:
    found = arms(project)
    for arm in (Arm.STRATEGY, Arm.CONTROL):
        cases = accepted(project, arm)
        times = [minutes_of(case) for case in cases if minutes_of(case) > 0]
        row = found[arm, "active_min"]
        assert row.cases == len(times)
        assert row.mean == pytest.approx(fmean(times))
        assert (row.low or 0) < fmean(times) < (row.high or 0)
        voxels = [
            fmean(read.changed_voxels for read in reads)
            for case in cases
            if (reads := ReadSummary.objects.filter(case=case, starts__startswith="prediction:"))
        ]
        assert found[arm, "changed_voxels"].mean == pytest.approx(fmean(voxels))


def test_predictions_are_held_against_what_was_accepted(studied: study.Study, project: Project) -> None:
    for arm in (Arm.STRATEGY, Arm.CONTROL):
        known = [
            dice for case in accepted(project, arm) if (dice := prediction_dice(studied, case)) is not None
        ]
        row = arms(project)[arm, "prediction_dice"]
        assert row.cases >= len(known) > 0
        if row.cases == len(known):
            assert row.mean == pytest.approx(fmean(known), abs=0.02)


def test_the_difference_is_welchs(studied: study.Study, project: Project) -> None:
    one, other = (
        [m for case in accepted(project, arm) if (m := minutes_of(case)) > 0]
        for arm in (Arm.STRATEGY, Arm.CONTROL)
    )
    interval = stats.ttest_ind(one, other, equal_var=False).confidence_interval()
    row = arms(project)["difference", "active_min"]
    assert row.mean == pytest.approx(fmean(one) - fmean(other))
    assert (row.low, row.high) == pytest.approx((interval.low, interval.high))


def test_a_case_stands_in_the_arm_in_which_its_read_began(studied: study.Study, project: Project) -> None:
    case = accepted(project, Arm.CONTROL)[0]
    before = arms(project)[Arm.CONTROL, "active_min"].cases
    Acquisition.objects.create(
        case=case, model=studied.models[1], strategy="bald", arm=Arm.STRATEGY, rank=0, seed=0
    )
    assert arms(project)[Arm.CONTROL, "active_min"].cases == before
    Acquisition.objects.filter(case=case, arm=Arm.STRATEGY).update(at=timezone.now() - timedelta(weeks=1))
    assert arms(project)[Arm.CONTROL, "active_min"].cases == before - 1


def test_marks_open_the_cases_of_their_arm(studied: study.Study, project: Project) -> None:
    control = {row.case_id for row in table_named(project, "arm_cases", {"arm": "control"}).rows}
    assert control == {case.pk for case in accepted(project, Arm.CONTROL)}
    both = {row.case_id for row in table_named(project, "arm_cases", {"arm": "difference"}).rows}
    assert both == control | {case.pk for case in accepted(project, Arm.STRATEGY)}


def test_one_arm_alone_is_compared_with_nothing(studied: study.Study, project: Project) -> None:
    Acquisition.objects.filter(arm=Arm.CONTROL).delete()
    row = arms(project)["difference", "active_min"]
    assert (row.mean, row.cases) == (None, 0)
    assert "control arm" in row.reason


def test_a_project_that_chose_nothing_has_no_arms(project: Project) -> None:
    assert arms(project) == {}


# ── Minutes saved ────────────────────────────────────────────────────────────


def saved(project: Project) -> list[SavedRow]:
    return list(table_named(project, "minutes_saved", {}).rows)


def minutes(project: Project, starts: str) -> list[float]:
    found = ReadSummary.objects.filter(project=project, starts=starts)
    return [read.active_seconds / 60 for read in found]


def test_minutes_saved_are_the_difference_of_means(studied: study.Study, project: Project) -> None:
    found = saved(project)
    assert [row.round for row in found] == [1, 2]
    for row in found:
        scratch, own = minutes(project, "scratch"), minutes(project, row.starts)
        assert (row.reads, row.scratch_reads) == (len(own), len(scratch))
        assert row.saved == pytest.approx(fmean(scratch) - fmean(own))
        assert 0 < (row.low or 0) < fmean(scratch) - fmean(own) < (row.high or 0)


def test_without_a_read_from_scratch_nothing_says_what_is_saved(
    studied: study.Study, project: Project
) -> None:
    ReadSummary.objects.filter(starts="scratch").delete()
    for row in saved(project):
        assert (row.saved, row.scratch_minutes, row.scratch_reads) == (None, None, 0)
        assert "from scratch" in row.reason
        assert row.minutes > 0


def test_of_one_reader_each_it_is_welchs_interval() -> None:
    one, other = [3.0, 5.0, 4.5, 7.0], [1.0, 2.0, 1.5]
    groups = [Group(len(each), fmean(each), stdev(each) ** 2) for each in (one, other)]
    found = difference_of(groups[:1], groups[1:])
    interval = stats.ttest_ind(one, other, equal_var=False).confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("other", [[Group(2, 1.0, 1.0)], [Group(1, 1.0, 0.0)] * 3, [Group(3, 1.0, 0.0)]])
def test_too_little_has_no_interval(other: list[Group]) -> None:
    found = difference_of([Group(5, 2.0, 0.0)], other)
    assert found.estimate == pytest.approx(1.0)
    assert found.low is None
    assert found.reason
