from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import chunks, corrections, reviews, worklist
from annotation.errors import Conflict, Refused
from annotation.models import (
    Assignment,
    AssignmentState,
    Case,
    CaseState,
    ErrorCode,
    Membership,
    PinState,
    Project,
    Review,
    RevisionKind,
    TrainingRun,
    Verdict,
)
from annotation.reviews import Judgement
from tests.annotation.factories import (
    KIDNEY,
    SPLEEN,
    make_read,
    make_review,
    make_submitted,
    stroke,
)
from tests.annotation.threads import at_once


@pytest.fixture
def submitted(ana: User, project: Project) -> Assignment:
    """ana's read with one stroke, handed in at revision 2."""
    return make_submitted(ana, project)


@pytest.fixture
def review(rui: User, submitted: Assignment) -> Assignment:
    return make_review(rui, submitted)


def case_of(assignment: Assignment) -> Case:
    return Case.objects.get(pk=assignment.case_id)


def state_of(assignment: Assignment) -> str:
    return Assignment.objects.get(pk=assignment.pk).state


class TestAccept:
    def test_as_it_is(self, submitted: Assignment, review: Assignment) -> None:
        given = reviews.accept(assignment=review, revision=0)
        handed_in = submitted.mask.revisions.get(number=2)
        assert (given.verdict, given.revision, given.result) == (Verdict.ACCEPT, handed_in, handed_in)
        case = case_of(review)
        assert (case.state, case.accepted_revision) == (CaseState.ACCEPTED, handed_in)
        assert case.accepted_at is not None
        assert (state_of(review), state_of(submitted)) == (AssignmentState.DONE, AssignmentState.DONE)

    def test_with_a_fix(self, submitted: Assignment, review: Assignment, rui: User) -> None:
        stroke(review, value=SPLEEN)
        given = reviews.accept(assignment=review, revision=1, comment=" spleen, not liver ")
        assert (given.verdict, given.comment) == (Verdict.FIX, "spleen, not liver")
        fixed = given.result
        assert fixed is not None
        assert (fixed.mask_id, fixed.number, fixed.kind) == (review.mask_id, 2, RevisionKind.REVIEW_FIX)
        assert fixed.author_id == rui.pk
        assert given.revision == submitted.mask.revisions.get(number=2)
        assert case_of(review).accepted_revision == fixed
        fixed.mask.refresh_from_db()
        assert fixed.mask.annotated == ["liver", "spleen", "kidney_left"]
        assert chunks.read_layers(fixed.mask, fixed.number)[0, :6, 0, 1].tolist() == [2, 2, 2, 2, 2, 0]

    def test_painted_and_taken_back_is_no_fix(self, submitted: Assignment, review: Assignment) -> None:
        stroke(review, value=SPLEEN)
        stroke(review, base=1, value=1)
        given = reviews.accept(assignment=review, revision=2)
        assert given.verdict == Verdict.ACCEPT
        assert case_of(review).accepted_revision == submitted.mask.revisions.get(number=2)

    def test_twice_is_once(self, review: Assignment) -> None:
        first = reviews.accept(assignment=review, revision=0)
        assert reviews.accept(assignment=review, revision=0) == first
        with pytest.raises(Conflict, match="accepted"):
            reviews.return_to_reader(assignment=review, revision=0, comment="No.")

    def test_at_the_newest_revision_only(self, review: Assignment) -> None:
        stroke(review)
        with pytest.raises(Conflict) as conflict:
            reviews.accept(assignment=review, revision=0)
        assert conflict.value.extra == {"head": 1}
        assert case_of(review).state == CaseState.IN_REVIEW

    def test_not_after_giving_the_review_back(self, review: Assignment) -> None:
        worklist.release(assignment=review)
        with pytest.raises(Conflict, match="given back"):
            reviews.accept(assignment=review, revision=0)

    def test_not_a_read(self, submitted: Assignment) -> None:
        with pytest.raises(Conflict, match="review"):
            reviews.accept(assignment=submitted, revision=2)

    def test_retrains_once_enough_was_accepted(self, ana: User, rui: User, project: Project) -> None:
        project.retrain_after = 2
        project.save()
        for accepted in (1, 2):
            reviews.accept(assignment=make_review(rui, make_submitted(ana, project)), revision=0)
            assert TrainingRun.objects.filter(project=project).count() == accepted - 1
        snapshot = TrainingRun.objects.get(project=project).snapshot
        assert snapshot.items.count() == 2


class TestComplete:
    """A structure that the reader left out and the reviewer completes counts as annotated."""

    @pytest.fixture
    def review(self, ana: User, rui: User, project: Project) -> Assignment:
        """Of ana's read, who left the spleen and the left kidney out."""
        read = make_read(ana, project)
        stroke(read)
        corrections.submit(assignment=read, revision=1, not_looked_at=["spleen", "kidney_left"])
        return make_review(rui, read)

    def accepted(self, review: Assignment, revision: int) -> Review:
        given = reviews.accept(assignment=review, revision=revision)
        assert given.result is not None
        assert case_of(review).accepted_revision == given.result
        given.result.mask.refresh_from_db()
        return given

    def test_drawn(self, review: Assignment) -> None:
        stroke(review, value=SPLEEN, at=9)
        assert reviews.complete(assignment=review, structures=["spleen"]) == ["spleen"]
        given = self.accepted(review, 1)
        assert given.result is not None
        assert given.verdict == Verdict.FIX
        assert given.result.mask.annotated == ["liver", "spleen"]
        assert reviews.completed(Assignment.objects.get(pk=review.pk)) == ["spleen"]

    def test_absent(self, review: Assignment) -> None:
        reviews.complete(assignment=review, structures=["kidney_left", "spleen"])
        given = self.accepted(review, 0)
        assert given.result is not None
        assert (given.verdict, given.result.mask_id, given.result.number) == (
            Verdict.FIX,
            review.mask_id,
            1,
        )
        assert given.result.mask.annotated == ["liver", "spleen", "kidney_left"]
        assert np.array_equal(chunks.read_layers(given.result.mask), chunks.read_layers(given.revision.mask))

    def test_drawn_and_not_named_stays_unknown(self, review: Assignment) -> None:
        stroke(review, value=SPLEEN, at=9)
        given = self.accepted(review, 1)
        assert given.result is not None
        assert given.result.mask.annotated == ["liver"]

    def test_taken_back(self, review: Assignment) -> None:
        reviews.complete(assignment=review, structures=["spleen"])
        assert reviews.complete(assignment=review, structures=[]) == []
        given = self.accepted(review, 0)
        assert (given.verdict, given.result) == (Verdict.ACCEPT, given.revision)
        assert given.revision.mask.annotated == ["liver"]

    def test_nothing_of_it_reaches_the_reader_with_a_return(self, review: Assignment) -> None:
        reviews.complete(assignment=review, structures=["spleen"])
        reviews.return_to_reader(assignment=review, revision=0, comment="The tip is missing.")
        assert review.subject is not None
        review.subject.mask.refresh_from_db()
        assert review.subject.mask.annotated == ["liver"]

    def test_only_what_was_left_out(self, review: Assignment) -> None:
        for key in ("liver", "heart"):
            with pytest.raises(Refused, match=f"{key} was not left out"):
                reviews.complete(assignment=review, structures=["spleen", key])
        review.mask.refresh_from_db()
        assert review.mask.annotated == []

    def test_not_after_the_end(self, review: Assignment) -> None:
        reviews.accept(assignment=review, revision=0)
        with pytest.raises(Conflict, match="ended already"):
            reviews.complete(assignment=review, structures=["spleen"])

    def test_not_a_read(self, submitted: Assignment) -> None:
        with pytest.raises(Conflict, match="review"):
            reviews.complete(assignment=submitted, structures=[])
        assert reviews.completed(submitted) == []

    @pytest.mark.django_db(transaction=True)
    def test_while_the_verdict_is_given(self, review: Assignment) -> None:
        calls: list[Callable[[], object]] = [
            partial(reviews.complete, assignment=review, structures=["spleen"]),
            partial(reviews.accept, assignment=review, revision=0),
        ]
        got = at_once(calls)
        given = Review.objects.get()
        assert given.result is not None
        came_first = got[0] == ["spleen"]
        assert came_first or isinstance(got[0], Conflict), got
        assert given.result.mask.annotated == (["liver", "spleen"] if came_first else ["liver"])


class TestStructures:
    """A verdict on each structure, and how far it could be used in the clinic."""

    def test_kept_while_the_review_is_open(self, review: Assignment) -> None:
        said = {"liver": Judgement(Verdict.ACCEPT, 4), "spleen": Judgement(Verdict.RETURN, 2)}
        reviews.judge_structures(assignment=review, structures=said)
        said = {"liver": Judgement(Verdict.ACCEPT, 5)}
        kept = reviews.judge_structures(assignment=review, structures=said)
        assert [(one.structure, one.verdict, one.acceptability) for one in kept] == [("liver", "accept", 5)]
        assert reviews.judgements(review) == kept

    def test_a_structure_that_is_not_of_the_read(self, review: Assignment) -> None:
        with pytest.raises(Refused, match="heart"):
            reviews.judge_structures(assignment=review, structures={"heart": Judgement(Verdict.ACCEPT)})
        assert reviews.judgements(review) == []

    def test_what_is_to_go_back_cannot_be_accepted(self, review: Assignment) -> None:
        said = {"spleen": Judgement(Verdict.RETURN)}
        with pytest.raises(Refused, match="spleen is marked to go back"):
            reviews.accept(assignment=review, revision=0, structures=said)
        assert case_of(review).state == CaseState.IN_REVIEW
        assert reviews.judgements(review) == []

    def test_the_rest_is_accepted_and_what_was_drawn_is_a_fix(self, review: Assignment) -> None:
        stroke(review, value=SPLEEN, at=9)
        said = {"liver": Judgement(Verdict.ACCEPT, 5)}
        reviews.accept(assignment=review, revision=1, structures=said)
        rows = [(one.structure, one.verdict, one.acceptability) for one in reviews.judgements(review)]
        assert rows == [("kidney_left", "accept", None), ("liver", "accept", 5), ("spleen", "fix", None)]

    def test_not_after_the_end(self, review: Assignment) -> None:
        reviews.accept(assignment=review, revision=0)
        with pytest.raises(Conflict, match="ended already"):
            reviews.judge_structures(assignment=review, structures={"liver": Judgement(Verdict.ACCEPT)})


class TestReturn:
    def test_a_pin_says_why(self, review: Assignment) -> None:
        pin = reviews.drop_pin(
            assignment=review, structure="liver", point_lps=[0, 0, 0], error_code=ErrorCode.LEAK
        )
        given = reviews.return_to_reader(assignment=review, revision=0)
        assert (given.verdict, given.comment) == (Verdict.RETURN, "")
        assert reviews.pins_on(given.assignment) == [pin]

    def test_a_resolved_pin_does_not(self, review: Assignment) -> None:
        pin = reviews.drop_pin(
            assignment=review, structure="liver", point_lps=[0, 0, 0], error_code=ErrorCode.LEAK
        )
        reviews.set_state(pin=pin, state=PinState.RESOLVED)
        with pytest.raises(Refused, match="pin"):
            reviews.return_to_reader(assignment=review, revision=0)

    def test_needs_a_reason(self, review: Assignment) -> None:
        with pytest.raises(Refused, match="comment"):
            reviews.return_to_reader(assignment=review, revision=0, comment="  ")
        assert not Review.objects.exists()

    def test_gives_the_case_back_to_its_reader(self, submitted: Assignment, review: Assignment) -> None:
        stroke(review, value=KIDNEY)
        given = reviews.return_to_reader(assignment=review, revision=1, comment="The tip is missing.")
        assert (given.verdict, given.result) == (Verdict.RETURN, None)
        assert case_of(review).state == CaseState.RETURNED
        assert (state_of(review), state_of(submitted)) == (AssignmentState.DONE, AssignmentState.RETURNED)
        # What the reviewer drew is not in the reader's mask.
        submitted.mask.refresh_from_db()
        assert chunks.read_layers(submitted.mask)[0, :6, 0, 1].tolist() == [1, 1, 1, 1, 1, 0]

    def test_the_reader_sees_what_was_asked_for(
        self, ana: User, project: Project, review: Assignment
    ) -> None:
        reviews.return_to_reader(assignment=review, revision=0, comment="The tip is missing.")
        home = worklist.home(reader=ana, project=project)
        assert [one.comment for one in worklist.verdicts_on(home.returned[0])] == ["The tip is missing."]

    def test_corrected_and_handed_in_again(
        self, rui: User, lea: User, submitted: Assignment, review: Assignment
    ) -> None:
        reviews.return_to_reader(assignment=review, revision=0, comment="The tip is missing.")
        stroke(submitted, base=2, value=KIDNEY, at=9)
        corrections.submit(assignment=submitted, revision=3)
        assert case_of(review).state == CaseState.IN_REVIEW
        again = make_review(lea, submitted)
        assert again.mask.base_revision == 4
        reviews.accept(assignment=again, revision=0)
        assert case_of(review).accepted_revision == submitted.mask.revisions.get(number=4)
        assert [one.verdict for one in worklist.verdicts_on(again)] == [Verdict.RETURN, Verdict.ACCEPT]

    def test_a_returned_case_is_not_handed_to_anybody_else(
        self, ben: User, project: Project, review: Assignment
    ) -> None:
        reviews.return_to_reader(assignment=review, revision=0, comment="The tip is missing.")
        assert worklist.next_case(reader=ben, project=project) is None
        assert worklist.release_expired() == 0

    def test_twice_is_once(self, review: Assignment) -> None:
        first = reviews.return_to_reader(assignment=review, revision=0, comment="No.")
        assert reviews.return_to_reader(assignment=review, revision=0, comment="No.") == first
        with pytest.raises(Conflict, match="returned"):
            reviews.accept(assignment=review, revision=0)


class TestDisagreement:
    """A read that comes back with pins left open is decided by somebody else."""

    @pytest.fixture
    def again(self, submitted: Assignment, review: Assignment) -> Assignment:
        """Handed in unchanged after rui's return, with rui's pin open."""
        reviews.drop_pin(
            assignment=review, structure="liver", point_lps=[0, 0, 0], error_code=ErrorCode.BOUNDARY
        )
        reviews.return_to_reader(assignment=review, revision=0)
        submitted.refresh_from_db()
        return corrections.submit(assignment=submitted, revision=2)

    def test_by_another_reviewer(self, rui: User, lea: User, project: Project, again: Assignment) -> None:
        assert worklist.reviews_waiting(reader=rui, project=project) == 0
        assert worklist.claim_review(reviewer=rui, project=project) is None
        assert worklist.reviews_waiting(reader=lea, project=project) == 1
        assert make_review(lea, again).subject == again

    def test_by_the_same_once_the_pin_is_resolved(self, rui: User, again: Assignment) -> None:
        reviews.set_state(pin=again.pins.get(), state=PinState.RESOLVED)
        assert make_review(rui, again).subject == again

    def test_by_the_same_where_there_is_no_other(self, rui: User, lea: User, again: Assignment) -> None:
        Membership.objects.filter(user=lea).update(active=False)
        assert make_review(rui, again).subject == again


@pytest.mark.django_db(transaction=True)
def test_two_verdicts_at_once(ana: User, rui: User, project: Project) -> None:
    review = make_review(rui, make_submitted(ana, project))
    got = at_once(
        [
            partial(reviews.accept, assignment=review, revision=0),
            partial(reviews.return_to_reader, assignment=review, revision=0, comment="No."),
        ]
    )
    assert sum(isinstance(one, Review) for one in got) == 1, got
    assert sum(isinstance(one, Conflict) for one in got) == 1
    given = Review.objects.get()
    expected = CaseState.ACCEPTED if given.verdict == Verdict.ACCEPT else CaseState.RETURNED
    assert case_of(review).state == expected


def test_an_open_read_has_nothing_to_review(ana: User, rui: User, project: Project) -> None:
    make_read(ana, project)
    assert worklist.claim_review(reviewer=rui, project=project) is None
