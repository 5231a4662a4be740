"""Scores stop counting when a side changes, and sums are the same however they came about."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation import agreement, corrections, jobs, planning, reviews
from annotation.agreement import summaries
from annotation.models import (
    AgreementGroup,
    AgreementScore,
    AgreementSummary,
    Assignment,
    AssignmentState,
    Case,
    CaseSummary,
    GoldCase,
    Job,
    Project,
    ReadSummary,
)
from tests.annotation.agreement.world import (
    counting,
    draw,
    give_back,
    gold,
    hand_in,
    new_case,
    organs,
    read_by,
    work,
)
from tests.annotation.factories import make_read, make_review, stroke

pytestmark = pytest.mark.django_db


def dumps(project: Project) -> list[Any]:
    groups = list(AgreementGroup.objects.filter(project=project).values_list("pk", flat=True))
    return [summaries.dump(table, groups) for table in (AgreementSummary, CaseSummary)]


def test_a_returned_read_counts_no_more_until_it_is_handed_in_again(
    project: Project, ana: User, ben: User
) -> None:
    case = new_case(project)
    mine = read_by(case, ana, organs(2))
    read_by(case, ben, organs())
    work(project)
    assert len(counting(case)) == 3
    assert all(dumps(project))
    give_back(mine)
    assert counting(case) == []
    assert dumps(project) == [[], []]
    assert AgreementScore.objects.filter(case=case, stale=True).count() == 3
    assert not ReadSummary.objects.filter(read=mine).exists()

    draw(mine, organs(1))
    hand_in(mine)
    work(project)
    found = counting(case)
    assert len(found) == 3
    assert all(one.revision_a.number == mine.mask.head or one.revision_b_id for one in found)
    assert AgreementScore.objects.filter(case=case).count() == 6


def test_a_reviewers_return_marks_in_its_own_transaction(project: Project, ana: User, rui: User) -> None:
    read = make_read(ana, project)
    stroke(read)
    corrections.submit(assignment=read, revision=1)
    gold(read.case, organs())
    work(project)
    review = make_review(rui, read)
    assert counting(read.case)
    with transaction.atomic():
        reviews.return_to_reader(assignment=review, revision=0, comment="Leak.")
        assert counting(read.case) == []
        transaction.set_rollback(True)
    assert counting(read.case)
    reviews.return_to_reader(assignment=review, revision=0, comment="Leak.")
    assert counting(read.case) == []


def test_a_withdrawn_gold_answer_takes_its_scores_along(project: Project, ana: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs(1))
    answer = gold(case, organs())
    work(project)
    assert len(counting(case)) == 3
    with transaction.atomic():
        GoldCase.objects.filter(pk=answer.pk).update(excluded=True)
        agreement.gold_changed(case)
    work(project)
    assert counting(case) == []
    with transaction.atomic():
        GoldCase.objects.filter(pk=answer.pk).update(excluded=False)
        agreement.gold_changed(case)
    work(project)
    assert len(counting(case)) == 3
    assert AgreementScore.objects.filter(case=case).count() == 3, "the stale rows came back, none was doubled"


def test_excluding_a_gold_case_in_the_plan_does_the_same(project: Project, ana: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs(1))
    answer = gold(case, organs())
    work(project)
    accepted = {"state": "accepted", "accepted_revision": answer.revision, "accepted_at": timezone.now()}
    Case.objects.filter(pk=case.pk).update(**accepted)
    for excluded, left in ((True, 0), (False, 3)):
        draft = planning.DraftGold(number=case.number, source="", excluded=excluded)
        planning.change_gold(project=project, drafts=[draft])
        work(project)
        assert len(counting(case)) == left
    planning.change_gold(project=project, drafts=[])
    assert counting(case) == []


def test_a_read_that_is_given_back_while_it_is_compared_is_not_stored(
    project: Project, ana: User, ben: User
) -> None:
    case = new_case(project)
    read_by(case, ana, organs(1))
    other = read_by(case, ben, organs())
    given: list[int] = []

    def give_back_once(_: object) -> None:
        if not given:
            given.append(1)
            give_back(other)

    work(project, give_back_once)
    assert counting(case) == []
    assert set(ReadSummary.objects.values_list("reader", flat=True)) == {ana.pk}


def test_a_lost_lease_stores_nothing(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs(1))
    read_by(case, ben, organs())
    job = Job.objects.filter(kind="score", state="queued").order_by("pk").last()
    assert job is not None
    lease = jobs.claim(job.pk)
    assert lease is not None
    Job.objects.filter(pk=job.pk).update(fence=lease.fence + 1)
    with pytest.raises(jobs.LeaseLost):
        agreement.run(job, lease)
    assert not AgreementScore.objects.exists()


# ── Sums ─────────────────────────────────────────────────────────────────────


class Story:
    """Reads of two cases that are handed in, given back, changed and scored in some order."""

    def __init__(self, project: Project, readers: list[User]) -> None:
        self.project, self.readers = project, readers
        self.cases = [new_case(project), new_case(project)]
        self.reads: dict[tuple[int, int], Assignment] = {}

    def step(self, what: str, number: int, shift: float) -> None:
        case, reader = self.cases[number % 2], self.readers[number % len(self.readers)]
        read = self.reads.get((case.pk, reader.pk))
        if what == "work":
            work(self.project)
        elif what == "gold":
            GoldCase.objects.filter(case=case).delete()
            gold(case, organs(shift))
        elif read is None:
            self.reads[case.pk, reader.pk] = read_by(case, reader, organs(shift))
        elif read.state == AssignmentState.RETURNED:
            draw(read, organs(shift))
            self.reads[case.pk, reader.pk] = hand_in(read)
        else:
            give_back(read)

    def check(self) -> None:
        before = dumps(self.project)
        assert summaries.recount(self.project) is False
        assert dumps(self.project) == before
        for table in (AgreementSummary, CaseSummary):
            assert not table.objects.filter(n__lte=0).exists()
        assert sum(table.n for table in CaseSummary.objects.all()) == len(counting())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["read", "read", "read", "gold", "work"]),
        st.integers(0, 5),
        st.sampled_from([0.0, 0.5, 1.0, 2.5]),
    ),
    min_size=4,
    max_size=12,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_sums_after_any_story_are_those_of_a_recount(
    project: Project, ana: User, ben: User, rui: User, steps: list[tuple[str, int, float]]
) -> None:
    story = Story(project, [ana, ben, rui])
    for what, number, shift in steps:
        story.step(what, number, shift)
    story.check()
    work(project)
    story.check()


def test_a_recount_says_when_sums_were_wrong(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs(1))
    read_by(case, ben, organs())
    work(project)
    right = dumps(project)
    AgreementSummary.objects.update(dice_sum=1)
    assert summaries.recount(project) is True
    assert dumps(project) == right


def test_sums_are_exact(project: Project, ana: User, ben: User) -> None:
    case = new_case(project)
    read_by(case, ana, organs(1))
    read_by(case, ben, organs())
    work(project)
    liver = next(one for one in counting(case) if one.group.structure == "liver")
    row = AgreementSummary.objects.get(group=liver.group)
    assert liver.dice is not None
    assert liver.hd95_mm is not None
    millionths = round(liver.dice * 1_000_000)
    assert (row.dice_sum, int(row.dice_squares), row.dice_n, row.n) == (millionths, millionths**2, 1, 1)
    assert row.hd95_mm_sum == round(liver.hd95_mm * 1_000_000)
    empty = CaseSummary.objects.get(group__structure="kidney_left")
    assert (empty.n, empty.both_empty, empty.dice_n, empty.dice_sum) == (1, 1, 0, 0)
