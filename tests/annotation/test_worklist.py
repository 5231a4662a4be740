import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation import corrections, worklist
from annotation.errors import Conflict
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    CaseState,
    JobState,
    Membership,
    ModelState,
    Project,
    Role,
    Split,
    StartFrom,
)
from tests.annotation.factories import (
    make_branch,
    make_case,
    make_job,
    make_model,
    make_prediction,
    make_review,
    make_submitted,
    stroke,
)
from tests.annotation.threads import at_once


def expire(assignment: Assignment) -> None:
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def next_case(reader: User, project: Project) -> Assignment:
    assignment = worklist.next_case(reader=reader, project=project)
    assert assignment is not None
    return assignment


def state_of(case: Case) -> str:
    return Case.objects.get(pk=case.pk).state


class TestNextCase:
    def test_starts_from_the_serving_models_prediction(self, ana: User, project: Project) -> None:
        case = make_case(project)
        serving = make_model(project)
        newer = make_model(project, state=ModelState.RETIRED)
        prediction = make_prediction(case, serving)
        make_prediction(case, newer)
        assignment = next_case(ana, project)
        assert (assignment.case_id, assignment.reader_id) == (case.pk, ana.pk)
        assert assignment.start_from == StartFrom.PREDICTION
        assert assignment.start_revision == prediction.mask.revisions.get()
        assert (assignment.mask.base_id, assignment.mask.base_revision) == (prediction.mask_id, 1)
        assert (assignment.mask.author_id, assignment.mask.head) == (ana.pk, 0)
        assert state_of(case) == CaseState.IN_PROGRESS
        assert assignment.lease_until > timezone.now() + timedelta(seconds=115)

    def test_else_from_the_newest_prediction_that_was_not_rejected(self, ana: User, project: Project) -> None:
        case = make_case(project)
        make_prediction(case, make_model(project, state=ModelState.RETIRED))
        newest = make_prediction(case, make_model(project, state=ModelState.RETIRED))
        make_prediction(case, make_model(project, state=ModelState.REJECTED))
        assert next_case(ana, project).mask.base_id == newest.mask_id

    def test_else_from_scratch(self, ana: User, project: Project) -> None:
        make_case(project)
        assignment = next_case(ana, project)
        assert assignment.start_from == StartFrom.SCRATCH
        assert assignment.mask.base is None

    def test_lowest_number_first_and_only_ready_pool_cases(self, ana: User, project: Project) -> None:
        make_case(project, state=CaseState.IN_REVIEW)
        make_case(project, split=Split.TEST)
        make_case(project, state=CaseState.RETURNED)
        expected = make_case(project)
        make_case(project)
        assert next_case(ana, project).case_id == expected.pk

    def test_asking_twice_gives_the_same_undrawn_case(self, ana: User, project: Project) -> None:
        make_case(project)
        make_case(project)
        first = next_case(ana, project)
        Assignment.objects.filter(pk=first.pk).update(lease_until=timezone.now() + timedelta(seconds=5))
        assert next_case(ana, project).pk == first.pk
        first.refresh_from_db()
        assert first.lease_until > timezone.now() + timedelta(seconds=115)
        stroke(first)
        assert next_case(ana, project).pk != first.pk

    def test_readers_get_different_cases_and_then_none(self, ana: User, ben: User, project: Project) -> None:
        make_case(project)
        make_case(project)
        assert next_case(ana, project).case_id != next_case(ben, project).case_id
        stroke(next_case(ana, project))
        assert worklist.next_case(reader=ana, project=project) is None

    def test_another_projects_cases_stay_there(
        self, ana: User, project: Project, other_project: Project
    ) -> None:
        make_case(other_project)
        assert worklist.next_case(reader=ana, project=project) is None

    def test_a_waiting_case_only_while_no_model_can_be_expected(self, ana: User, project: Project) -> None:
        case = make_case(project, state=CaseState.WAITING)
        job = make_job(project, state=JobState.QUEUED)
        assert worklist.next_case(reader=ana, project=project) is None
        job.state = JobState.FAILED
        job.save()
        assert next_case(ana, project).case_id == case.pk

    def test_a_waiting_case_waits_for_the_serving_model(self, ana: User, project: Project) -> None:
        make_case(project, state=CaseState.WAITING)
        make_model(project)
        assert worklist.next_case(reader=ana, project=project) is None


class TestLeases:
    def test_an_undrawn_case_goes_back_when_its_lease_is_over(
        self, ana: User, ben: User, project: Project
    ) -> None:
        case = make_case(project)
        make_prediction(case, make_model(project))
        left = next_case(ana, project)
        expire(left)
        taken = next_case(ben, project)
        assert taken.case_id == case.pk
        assert taken.sequence_no == 1
        left.refresh_from_db()
        assert left.state == AssignmentState.RELEASED

    def test_a_drawn_case_stays_with_its_reader(self, ana: User, ben: User, project: Project) -> None:
        make_case(project)
        read = next_case(ana, project)
        stroke(read)
        expire(read)
        assert worklist.release_expired() == 0
        assert worklist.next_case(reader=ben, project=project) is None

    def test_without_a_prediction_it_waits_again(self, ana: User, project: Project) -> None:
        case = make_case(project, state=CaseState.WAITING)
        expire(next_case(ana, project))
        assert worklist.release_expired() == 1
        assert state_of(case) == CaseState.WAITING

    def test_a_review_that_nobody_does_is_offered_again(
        self, ana: User, rui: User, lea: User, project: Project
    ) -> None:
        submitted = make_submitted(ana, project)
        expire(make_review(rui, submitted))
        assert make_review(lea, submitted).reader_id == lea.pk
        assert state_of(submitted.case) == CaseState.IN_REVIEW

    def test_a_lease_that_runs_is_left_alone(self, ana: User, project: Project) -> None:
        make_case(project)
        next_case(ana, project)
        assert worklist.release_expired(project=project) == 0


class TestRelease:
    def test_gives_an_undrawn_case_back(self, ana: User, project: Project) -> None:
        case = make_case(project)
        make_prediction(case, make_model(project))
        read = next_case(ana, project)
        assert worklist.release(assignment=read).state == AssignmentState.RELEASED
        assert state_of(case) == CaseState.READY
        assert worklist.release(assignment=read).state == AssignmentState.RELEASED

    def test_what_was_given_back_comes_again_only_when_there_is_nothing_else(
        self, ana: User, ben: User, project: Project
    ) -> None:
        model = make_model(project)
        first, second = (make_prediction(make_case(project), model).case for _ in range(2))
        worklist.release(assignment=next_case(ana, project))
        assert state_of(first) == CaseState.READY
        offered = worklist.upcoming(reader=ana, project=project)
        assert offered is not None
        assert offered.case == second
        other = next_case(ana, project)
        assert other.case == second
        worklist.release(assignment=other)
        assert next_case(ana, project).case == first
        assert next_case(ben, project).case == second

    def test_a_review_too(self, ana: User, rui: User, project: Project) -> None:
        first, second = make_submitted(ana, project), make_submitted(ana, project)
        for given_back in (first, second):
            review = make_review(rui, given_back)
            worklist.release(assignment=review)
        assert make_review(rui, first).subject_id == first.pk

    def test_a_case_of_which_strokes_were_kept_is_given_again(self, ana: User, project: Project) -> None:
        model = make_model(project)
        first, _ = (make_prediction(make_case(project), model).case for _ in range(2))
        read = next_case(ana, project)
        worklist.release(assignment=read)
        make_branch(read)
        assert next_case(ana, project).case == first

    def test_a_drawn_case_is_kept(self, ana: User, project: Project) -> None:
        make_case(project)
        read = next_case(ana, project)
        stroke(read)
        with pytest.raises(Conflict, match="drawn"):
            worklist.release(assignment=read)

    def test_a_submitted_case_is_kept(self, ana: User, project: Project) -> None:
        with pytest.raises(Conflict, match="handed in"):
            worklist.release(assignment=make_submitted(ana, project))


class TestClaimReview:
    def test_starts_from_what_was_submitted(self, ana: User, rui: User, project: Project) -> None:
        submitted = make_submitted(ana, project)
        review = make_review(rui, submitted)
        assert review.role == AssignmentRole.REVIEW
        assert (review.mask.base_id, review.mask.base_revision) == (submitted.mask_id, 2)
        assert review.start_revision == submitted.mask.revisions.get(number=2)

    def test_never_ones_own_read(self, rui: User, lea: User, project: Project) -> None:
        submitted = make_submitted(rui, project)
        assert worklist.claim_review(reviewer=rui, project=project) is None
        assert make_review(lea, submitted)

    def test_the_longest_waiting_first_and_each_once(
        self, ana: User, rui: User, lea: User, project: Project
    ) -> None:
        second, first = make_submitted(ana, project), make_submitted(ana, project)
        Assignment.objects.filter(pk=first.pk).update(submitted_at=timezone.now() - timedelta(days=1))
        make_review(rui, first)
        make_review(rui, first)  # asked again: the same, as nothing was drawn
        make_review(lea, second)
        assert Assignment.objects.filter(role=AssignmentRole.REVIEW).count() == 2

    def test_nothing_to_review(self, rui: User, project: Project) -> None:
        assert worklist.claim_review(reviewer=rui, project=project) is None


class TestHome:
    def test_an_empty_project(self, ana: User, project: Project) -> None:
        home = worklist.home(reader=ana, project=project)
        assert (home.available, home.waiting, home.model_version, home.median_seconds) == (
            False,
            None,
            None,
            None,
        )

    def test_a_day_of_work(self, ana: User, ben: User, rui: User, lea: User, project: Project) -> None:
        model = make_model(project)
        done = make_submitted(ana, project)
        Assignment.objects.filter(pk=done.pk).update(active_seconds=90)
        make_submitted(ben, project)
        drawn = make_case(project)
        make_prediction(drawn, model)
        read = next_case(ana, project)
        stroke(read)
        make_case(project)
        home = worklist.home(reader=ana, project=project)
        assert (home.available, home.waiting, home.model_version) == (True, None, model.version)
        assert worklist.home(reader=lea, project=project).waiting == 1
        assert home.median_seconds == 90
        assert [one.pk for one in home.in_progress] == [read.pk]
        assert [one.pk for one in home.recent] == [done.pk]
        assert worklist.model_version(home.in_progress[0]) == model.version
        assert worklist.home(reader=rui, project=project).reviews_waiting == 2
        review = worklist.claim_review(reviewer=rui, project=project)
        home_of_rui = worklist.home(reader=rui, project=project)
        assert home_of_rui.reviews_waiting == 1
        assert [one.pk for one in home_of_rui.reviews_in_progress] == [review.pk if review else None]

    def test_an_undrawn_case_counts_as_available(self, ana: User, project: Project) -> None:
        make_case(project)
        next_case(ana, project)
        home = worklist.home(reader=ana, project=project)
        assert home.available

    def test_the_same_number_of_queries_for_one_read_and_for_ten(
        self, ana: User, project: Project, django_assert_max_num_queries: object
    ) -> None:
        make_model(project)
        for _ in range(10):
            make_submitted(ana, project)
        assert callable(django_assert_max_num_queries)
        with django_assert_max_num_queries(16):
            home = worklist.home(reader=ana, project=project)
            assert [worklist.model_version(one) for one in home.recent] == [1] * 10
            assert [worklist.verdicts_on(one) for one in home.recent] == [[]] * 10


class TestCases:
    def test_by_number_with_reader_and_prediction(self, ana: User, project: Project) -> None:
        case = make_case(project)
        make_prediction(case, make_model(project))
        next_case(ana, project)
        make_case(project, split=Split.TEST)
        rows = list(worklist.cases(project=project))
        assert [row.number for row in rows] == [1, 2]
        assert getattr(rows[0], "reader_name") == "ana"  # noqa: B009 - an annotation of the query
        assert getattr(rows[0], "prediction_version") == 1  # noqa: B009
        assert [row.number for row in worklist.cases(project=project, state="in_progress")] == [1]
        assert [row.number for row in worklist.cases(project=project, state="test")] == [2]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_a_read_that_is_held_for_a_moment_still_waits_for_a_review(
        self, project: Project, ana: User, rui: User
    ) -> None:
        """As while its agreement is being stored: a reviewer is not told that there is nothing."""
        read = make_submitted(ana, project)
        held = threading.Event()

        def hold() -> None:
            with transaction.atomic():
                Assignment.objects.select_for_update(no_key=True).get(pk=read.pk)
                held.set()
                time.sleep(0.5)

        def claim() -> Assignment | None:
            held.wait(30)
            return worklist.claim_review(reviewer=rui, project=project)

        _, review = at_once([hold, claim])
        assert isinstance(review, Assignment)
        assert review.subject == read

    def test_eight_readers_never_get_the_same_case(self, project: Project) -> None:
        readers = [User.objects.create_user(f"reader{n}") for n in range(8)]
        for reader in readers:
            Membership.objects.create(project=project, user=reader, role=Role.ANNOTATOR)
            make_case(project)
        got = at_once([partial(worklist.next_case, reader=one, project=project) for one in readers])
        cases = {one.case_id for one in got if isinstance(one, Assignment)}
        assert len(cases) == 8, got

    def test_eight_readers_share_three_cases_without_waiting_or_failing(self, project: Project) -> None:
        readers = [User.objects.create_user(f"reader{n}") for n in range(8)]
        for reader in readers:
            Membership.objects.create(project=project, user=reader, role=Role.ANNOTATOR)
        for _ in range(3):
            make_case(project)
        got = at_once([partial(worklist.next_case, reader=one, project=project) for one in readers])
        taken = [one for one in got if one is not None]
        assert all(isinstance(one, Assignment) for one in taken), got
        assert len(taken) == 3
        assert Assignment.objects.values("case").distinct().count() == 3

    def test_a_double_click_takes_one_case(self, ana: User, project: Project) -> None:
        for _ in range(4):
            make_case(project)
        got = at_once([partial(worklist.next_case, reader=ana, project=project)] * 4)
        assert len({one.pk for one in got if isinstance(one, Assignment)}) == 1, got

    def test_reviewers_never_get_the_same_read(self, ana: User, project: Project) -> None:
        reviewers = [User.objects.create_user(f"reviewer{n}") for n in range(4)]
        for reviewer in reviewers:
            Membership.objects.create(project=project, user=reviewer, role=Role.REVIEWER)
        for _ in range(3):
            make_submitted(ana, project)
        got = at_once([partial(worklist.claim_review, reviewer=one, project=project) for one in reviewers])
        reviews = [one for one in got if one is not None]
        assert all(isinstance(one, Assignment) for one in reviews), got
        assert len({one.subject_id for one in reviews if isinstance(one, Assignment)}) == 3

    def test_a_save_and_the_end_of_its_lease(self, ana: User, project: Project) -> None:
        """Whoever comes first wins, and the other notices: drawn work is never given away."""
        for _ in range(5):
            make_case(project)
            read = next_case(ana, project)
            expire(read)
            calls: list[Callable[[], object]] = [partial(stroke, read), worklist.release_expired]
            saved, released = at_once(calls)
            read.refresh_from_db()
            if isinstance(saved, corrections.Saved):
                assert (released, read.state, read.mask.head) == (0, AssignmentState.OPEN, 1)
            else:
                assert isinstance(saved, Conflict)
                assert (released, read.state, read.mask.head) == (1, AssignmentState.RELEASED, 0)
