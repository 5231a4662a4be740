"""What readers are given under a reliability plan, how it is balanced, and how reads end early."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import combinations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import corrections, reviews, worklist
from annotation.errors import Conflict, Refused
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Branch,
    CalibrationCase,
    Case,
    CaseState,
    GoldCase,
    Level,
    Membership,
    Part,
    Project,
    Purpose,
    ReliabilityPlan,
    RevisionKind,
    Role,
    Split,
    StartFrom,
    StructureGroup,
    Volume,
)
from annotation.worklist import blocks
from tests.annotation.factories import (
    make_case,
    make_model,
    make_prediction,
    make_read,
    make_review,
    make_submitted,
    stroke,
)
from tests.annotation.learning_loop import accept
from tests.annotation.threads import at_once

SILENT = {"double_share": 0.0, "repeat_share": 0.0, "gold_share": 0.0}


def plan_for(project: Project, **shares: float) -> ReliabilityPlan:
    return ReliabilityPlan.objects.create(project=project, **(SILENT | shares))


def annotators(project: Project, count: int) -> list[User]:
    users = [User.objects.create(username=f"reader{n:03d}") for n in range(count)]
    for user in users:
        Membership.objects.create(project=project, user=user, role=Role.ANNOTATOR)
    return users


def many_cases(project: Project, count: int) -> None:
    """Ready cases of one volume's shape, without any bytes."""
    first = 1 + Case.objects.filter(project=project).count()
    volumes = Volume.objects.bulk_create(
        Volume(
            store_key=f"volumes/{project.pk}-{first + n}",
            shape=[8, 8, 8],
            spacing_mm=[1.0, 1.0, 1.0],
            origin_lps=[0.0, 0.0, 0.0],
            direction=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            content_sha256=f"{first + n:064d}",
        )
        for n in range(count)
    )
    cases = Case.objects.bulk_create(
        Case(
            project=project,
            volume=volume,
            number=first + n,
            name=f"Case {first + n}",
            patient_key=str(first + n),
            state=CaseState.READY,
        )
        for n, volume in enumerate(volumes)
    )
    worklist.begin_parts(cases)


def given(reader: User, project: Project) -> Assignment:
    read = worklist.next_case(reader=reader, project=project)
    assert read is not None
    return read


def end(read: Assignment, *, days_ago: float = 0) -> Assignment:
    """The read is handed in and over, so many days ago."""
    read.refresh_from_db()
    corrections.submit(assignment=read, revision=read.mask.head)
    then = timezone.now() - timedelta(days=days_ago, seconds=31)
    Assignment.objects.filter(pk=read.pk).update(submitted_at=then)
    worklist.finish_due()
    Assignment.objects.filter(pk=read.pk, state=AssignmentState.DONE).update(final_at=then)
    read.refresh_from_db()
    return read


def close(reads: Sequence[Assignment]) -> None:
    """As `end`, for tests that need nothing but that the reads are over."""
    now = timezone.now()
    for read in reads:
        Assignment.objects.filter(pk=read.pk).update(state=AssignmentState.DONE, final_at=now)


class TestBlocks:
    def test_shares_hold_over_many_blocks_and_the_order_differs(self, project: Project) -> None:
        plan = plan_for(project, gold_share=0.07, repeat_share=0.03, double_share=0.1)
        counts: Counter[str] = Counter()
        orders = []
        for number in range(50):
            order = blocks.block(number, counts, plan, reader=7)
            assert len(order) == blocks.BLOCK
            counts.update(order)
            orders.append(tuple(order))
        assert (counts[Purpose.GOLD], counts[Purpose.REPEAT], counts[Purpose.OVERLAP]) == (70, 30, 100)
        assert len(set(orders)) > 40
        assert blocks.block(3, {}, plan, 7) == blocks.block(3, {}, plan, 7)
        assert blocks.block(3, {}, plan, 7) != blocks.block(3, {}, plan, 8)

    def test_what_could_not_be_given_is_owed_but_not_without_end(self, project: Project) -> None:
        plan = plan_for(project, gold_share=0.1)
        owed = [blocks.block(n, {}, plan, 1).count(Purpose.GOLD) for n in range(9)]
        assert owed == [2, 4, 4, 4, 4, 4, 4, 4, 4]


class TestPairs:
    def test_every_pair_shares_as_many_cases_within_one(self, project: Project) -> None:
        """500 reads of five readers who come in no order, at a quarter of double reads."""
        Membership.objects.filter(project=project).delete()
        readers = annotators(project, 5)
        plan_for(project, double_share=0.25)
        many_cases(project, 420)
        for number in range(500):
            reader = readers[blocks.draw("who", number) % 5]
            close([given(reader, project)])
            if number % 100 == 99:
                counts = worklist.pair_counts(project)
                pairs = [counts[frozenset((a.pk, b.pk))] for a, b in combinations(readers, 2)]
                assert max(pairs) - min(pairs) <= 1
        assert sum(pairs) >= 70
        twice = Part.objects.filter(case__project=project, reads_wanted=2)
        assert twice.count() == sum(pairs)
        for part in twice:
            first, second = part.assignments.order_by("pk")
            assert first.reader_id != second.reader_id
            assert (first.start_from, second.rival_id) == (second.start_from, first.pk)

    def test_the_second_reader_is_given_it_next_and_both_are_compared(
        self, ana: User, ben: User, project: Project
    ) -> None:
        plan_for(project, double_share=1.0)
        model = make_model(project)
        case = make_prediction(make_case(project), model).case
        make_prediction(make_case(project), model)
        first, second = given(ana, project), given(ben, project)
        assert first.case == second.case == case
        assert (first.purpose, second.purpose) == (Purpose.OVERLAP, Purpose.OVERLAP)
        assert first.mask.base_id == second.mask.base_id is not None
        end(first)
        part = case.parts.get()
        assert (first.state, part.state) == (AssignmentState.DONE, CaseState.IN_PROGRESS)
        end(second)
        part.refresh_from_db()
        case.refresh_from_db()
        assert (part.state, case.state) == (CaseState.COMPARING, CaseState.COMPARING)
        Membership.objects.filter(user=ben).update(level=Level.EXPERT)
        worklist.compared(part=part, agree=True)
        case.refresh_from_db()
        assert case.state == CaseState.ACCEPTED
        assert case.accepted_revision == second.mask.revisions.get(number=second.mask.head)

    def test_two_reads_that_differ_are_adjudicated(self, ana: User, ben: User, project: Project) -> None:
        plan_for(project, double_share=1.0)
        make_case(project)
        reads = [given(ana, project), given(ben, project)]
        for read in reads:
            end(read)
        worklist.compared(part=reads[0].part, agree=False)
        assert Case.objects.get(project=project).state == CaseState.ADJUDICATION

    def test_who_skips_a_second_read_is_replaced_or_it_is_read_once(
        self, ana: User, ben: User, project: Project
    ) -> None:
        plan_for(project, double_share=1.0)
        (cora,) = annotators(project, 1)
        make_case(project)
        first = end(given(ana, project))
        for reader in (ben, cora):
            assert Assignment.objects.get(state=AssignmentState.PLANNED).reader == reader
            second = given(reader, project)
            worklist.skip(assignment=second, reason="Motion.")
        first.refresh_from_db()
        assert (first.purpose, first.state) == (Purpose.ROUTINE, AssignmentState.SUBMITTED)
        assert (first.part.reads_wanted, Case.objects.get().state) == (1, CaseState.IN_REVIEW)

    def test_its_number_tells_nothing_of_the_day_it_was_planned(
        self, ana: User, ben: User, lea: User, project: Project
    ) -> None:
        plan_for(project, double_share=1.0)
        make_case(project)
        first = given(ana, project)
        planned = Assignment.objects.get(state=AssignmentState.PLANNED, reader=ben)
        by_name = worklist.assign(project=project, cases=[make_case(project).number], to="ben", by=lea)
        Assignment.objects.filter(pk=planned.pk).update(due_at=timezone.now())
        newest = max(planned.pk, by_name[0].pk)
        second = given(ben, project)
        assert second.pk > newest
        assert (second.purpose, second.rival, second.part) == (Purpose.OVERLAP, first, first.part)
        assert (second.state, second.sequence_no) == (AssignmentState.OPEN, 1)
        assert second.start_revision == first.start_revision
        assert not Assignment.objects.filter(pk=planned.pk).exists()


class TestRepeats:
    def test_never_before_the_wash_out(self, ana: User, project: Project) -> None:
        plan_for(project, repeat_share=1.0, review_share_first=0.0, review_share_least=0.0)
        model = make_model(project)
        old, young = (make_prediction(make_case(project), model).case for _ in range(2))
        reads = []
        for _ in range(2):
            reads.append(given(ana, project))
            stroke(reads[-1])
        first = end(reads[0], days_ago=15)
        end(reads[1], days_ago=13)
        assert first.case == old
        again = given(ana, project)
        assert (again.case, again.purpose, again.sequence_no) == (old, Purpose.REPEAT, 2)
        assert again.mask.base_id == first.mask.base_id
        assert again.alias != first.alias
        end(again)
        assert worklist.next_case(reader=ana, project=project) is None
        assert not Assignment.objects.filter(case=young, purpose=Purpose.REPEAT).exists()
        assert Case.objects.get(pk=old.pk).state == CaseState.ACCEPTED

    def test_a_look_at_the_finished_read_begins_it_anew(self, ana: User, project: Project) -> None:
        plan_for(project, repeat_share=1.0, review_share_first=0.0, review_share_least=0.0)
        make_case(project)
        read = end(given(ana, project), days_ago=15)
        worklist.note_seen(read)
        assert worklist.next_case(reader=ana, project=project) is None


class TestGold:
    def test_given_blind_once_and_not_to_its_author(self, ana: User, ben: User, project: Project) -> None:
        plan_for(project, gold_share=1.0)
        drawn = make_submitted(ben, project)
        case = drawn.case
        answer = accept(case)
        Assignment.objects.filter(pk=drawn.pk).update(state=AssignmentState.DONE, final_at=timezone.now())
        GoldCase.objects.create(case=case, revision=answer)
        assert worklist.next_case(reader=ben, project=project) is None
        read = given(ana, project)
        assert (read.case, read.purpose) == (case, Purpose.GOLD)
        end(read)
        assert read.state == AssignmentState.DONE
        assert Case.objects.get(pk=case.pk).accepted_revision == answer
        assert worklist.next_case(reader=ana, project=project) is None

    def test_an_excluded_one_is_not_given(self, ana: User, project: Project) -> None:
        plan_for(project, gold_share=1.0)
        case = make_case(project)
        GoldCase.objects.create(case=case, revision=accept(case), excluded=True)
        assert worklist.next_case(reader=ana, project=project) is None


class TestCalibration:
    def test_every_reader_first_and_from_the_same_start(
        self, ana: User, ben: User, rui: User, project: Project
    ) -> None:
        plan_for(project)
        model = make_model(project)
        drawn, scratch, routine = (make_prediction(make_case(project), model).case for _ in range(3))
        for case, start in ((drawn, StartFrom.PREDICTION), (scratch, StartFrom.SCRATCH)):
            CalibrationCase.objects.create(case=case, start_from=start)
            worklist.settle(case)
        bases = []
        for reader in (ana, ben):
            reads = [end(given(reader, project)) for _ in range(2)]
            assert {read.case_id for read in reads} == {drawn.pk, scratch.pk}
            assert {read.purpose for read in reads} == {Purpose.CALIBRATION}
            bases.append({read.case_id: read.mask.base_id for read in reads})
        assert bases[0] == bases[1]
        assert (bases[0][scratch.pk], bases[0][drawn.pk] is None) == (None, False)
        # Who is no annotator takes no part in it, and nobody reads such a case as routine.
        assert given(rui, project).case == routine


class TestOrder:
    def test_due_then_priority_then_what_the_model_learns_then_age(self, ana: User, project: Project) -> None:
        cases = [make_case(project) for _ in range(5)]
        Case.objects.filter(pk=cases[4].pk).update(due_at=timezone.now())
        Case.objects.filter(pk=cases[3].pk).update(priority=1.0)
        Case.objects.filter(pk=cases[2].pk).update(acquisition=0.3)
        got = []
        for _ in range(5):
            read = given(ana, project)
            stroke(read)
            got.append(read.case)
        assert got == [cases[4], cases[3], cases[2], cases[0], cases[1]]

    def test_only_those_of_the_level(self, ana: User, ben: User, project: Project) -> None:
        case = make_case(project)
        case.parts.update(needs_level=Level.EXPERT)
        Membership.objects.filter(user=ben).update(level=Level.EXPERT)
        assert worklist.next_case(reader=ana, project=project) is None
        assert given(ben, project).case == case

    def test_a_planned_read_comes_first(self, ana: User, lea: User, project: Project) -> None:
        make_case(project)
        second = make_case(project)
        worklist.assign(project=project, cases=[second.number], to="ana", by=lea)
        read = given(ana, project)
        assert (read.case, read.assigned_by) == (second, lea)


class TestEnding:
    def test_a_skipped_case_goes_to_others(self, ana: User, ben: User, project: Project) -> None:
        case = make_case(project)
        read = given(ana, project)
        with pytest.raises(Refused, match="why"):
            worklist.skip(assignment=read, reason=" ")
        worklist.skip(assignment=read, reason="Wrong region.")
        assert worklist.next_case(reader=ana, project=project) is None
        assert given(ben, project).case == case

    def test_one_for_an_expert_only_to_experts(self, ana: User, ben: User, project: Project) -> None:
        make_case(project)
        worklist.send_to_expert(assignment=given(ana, project), reason="Rare anatomy.")
        assert worklist.next_case(reader=ben, project=project) is None
        Membership.objects.filter(user=ben).update(level=Level.EXPERT)
        assert given(ben, project)

    def test_a_lead_takes_a_read_over_and_its_strokes_stay(
        self, ana: User, ben: User, project: Project
    ) -> None:
        read = make_read(ana, project)
        stroke(read)
        worklist.take_over(assignment=read)
        assert Branch.objects.get(assignment=read).mask_id == read.mask_id
        with pytest.raises(Conflict, match="taken over"):
            stroke(read, base=1)
        assert given(ben, project).case == read.case

    def test_a_submit_is_taken_back_within_half_a_minute(self, ana: User, project: Project) -> None:
        read = make_submitted(ana, project)
        back = worklist.unsubmit(assignment=read)
        assert (back.state, Case.objects.get().state) == (AssignmentState.OPEN, CaseState.IN_PROGRESS)
        stroke(back, base=2)
        corrections.submit(assignment=back, revision=3)
        Assignment.objects.filter(pk=read.pk).update(submitted_at=timezone.now() - timedelta(seconds=31))
        with pytest.raises(Conflict, match="30 seconds"):
            worklist.unsubmit(assignment=read)

    def test_but_not_once_a_reviewer_has_opened_it(self, ana: User, rui: User, project: Project) -> None:
        read = make_submitted(ana, project)
        review = make_review(rui, read)
        with pytest.raises(Conflict, match="reviewer"):
            worklist.unsubmit(assignment=read)
        reviews.return_to_reader(assignment=review, revision=0, comment="More.")
        corrections.submit(assignment=read, revision=read.mask.head)
        assert worklist.unsubmit(assignment=read).state == AssignmentState.RETURNED

    def test_the_share_that_is_reviewed_falls_with_the_record(
        self, ana: User, rui: User, project: Project
    ) -> None:
        plan = plan_for(project, review_share_first=1.0, review_share_least=0.2)
        plan.review_window = 4
        plan.save()
        assert worklist.review_share(ana.pk, plan) == 1.0
        for _ in range(2):
            read = make_submitted(ana, project)
            while not worklist.is_reviewed(read):  # drawn by its number, with the share of then
                read = make_submitted(ana, project)
            reviews.accept(assignment=make_review(rui, read), revision=0)
        assert worklist.review_share(ana.pk, plan) == pytest.approx(0.6)

    def test_a_lead_moves_what_is_planned_but_not_what_is_begun(
        self, ana: User, lea: User, project: Project
    ) -> None:
        case = make_case(project)
        worklist.assign(project=project, cases=[1], to="ana", by=lea)
        (moved,) = worklist.assign(project=project, cases=[1], to="ben", by=lea)
        assert Assignment.objects.get(reader=ana).state == AssignmentState.WITHDRAWN
        Assignment.objects.filter(pk=moved.pk).update(state=AssignmentState.OPEN)
        with pytest.raises(Conflict, match="being read"):
            worklist.assign(project=project, cases=[case.number], to="ana", by=lea)
        for cases, to in (([1], "nobody"), ([99], "ana")):
            with pytest.raises(Refused):
                worklist.assign(project=project, cases=cases, to=to, by=lea)


class TestParts:
    def test_two_readers_and_one_delineation(self, ana: User, ben: User, rui: User, project: Project) -> None:
        for name, keys in (("liver", ["liver"]), ("rest", ["spleen", "kidney_left"])):
            StructureGroup.objects.create(project=project, name=name, structures=keys)
        case = make_case(project)
        reads = [given(ana, project), given(ben, project)]
        assert [read.case for read in reads] == [case, case]
        assert [read.structures for read in reads] == [["liver"], ["spleen", "kidney_left"]]
        for read, value, at in zip(reads, (1, 2), (0, 20), strict=True):
            stroke(read, value=value, at=at)
            stroke(read, base=1, value=3, at=10)  # the left kidney, which only one of them was asked for
            corrections.submit(assignment=read, revision=2)
            case.refresh_from_db()
            assert case.state != CaseState.ACCEPTED
            review = worklist.claim_review(reviewer=rui, project=project)
            assert review is not None
            reviews.accept(assignment=review, revision=0)
        case.refresh_from_db()
        whole = case.accepted_revision
        assert whole is not None
        assert (case.state, whole.kind) == (CaseState.ACCEPTED, RevisionKind.MERGE)
        assert whole.mask.annotated == ["kidney_left", "liver", "spleen"]
        assert case.split == Split.POOL


@pytest.mark.django_db(transaction=True)
def test_two_hundred_readers_at_once_never_get_one_part_twice(project: Project) -> None:
    """Over fifty connections: more than a small server has."""
    readers = annotators(project, 200)
    plan_for(project, double_share=0.2)
    many_cases(project, 260)
    got = at_once([partial(worklist.next_case, reader=one, project=project) for one in readers], 50)
    assert all(isinstance(one, Assignment) for one in got), [one for one in got if isinstance(one, Exception)]
    own = Assignment.objects.filter(role=AssignmentRole.ANNOTATE, rival__isnull=True)
    assert own.values("part").distinct().count() == own.count()
    assert Assignment.objects.values("part", "reader").distinct().count() == Assignment.objects.count()
    counts = worklist.pair_counts(project)
    assert max(counts.values(), default=0) <= 1
