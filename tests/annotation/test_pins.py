from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.models import User

from annotation import reviews, worklist
from annotation.errors import Conflict, Refused
from annotation.models import Assignment, ErrorCode, Pin, PinNote, PinState, Project
from tests.annotation.factories import make_review, make_submitted
from tests.annotation.threads import at_once

INSIDE = (-5.0, -12.5, 4.0)  # the scan begins at (-10, -20, -30)


@pytest.fixture
def submitted(ana: User, project: Project) -> Assignment:
    return make_submitted(ana, project)


@pytest.fixture
def review(rui: User, submitted: Assignment) -> Assignment:
    return make_review(rui, submitted)


def drop(review: Assignment, text: str = "The tip is missing.", **given: object) -> Pin:
    said = {"structure": "liver", "point_lps": INSIDE, "error_code": ErrorCode.MISSING} | given
    return reviews.drop_pin(assignment=review, text=text, **said)  # type: ignore[arg-type]  # overrides


def texts(pins: list[Pin]) -> list[list[str]]:
    return [[note.text for note in pin.notes.all()] for pin in pins]


def test_a_pin_has_its_place_code_and_first_note(review: Assignment, rui: User) -> None:
    pin = drop(review)
    pin.refresh_from_db()
    assert pin.point_lps == list(INSIDE)
    assert (pin.structure, pin.error_code, pin.state) == ("liver", "missing", "open")
    assert (pin.assignment_id, pin.review_id, pin.created_by) == (review.subject_id, review.pk, rui)
    assert texts([pin]) == [["The tip is missing."]]


def test_a_pin_needs_no_words(review: Assignment) -> None:
    assert texts([drop(review, "  ")]) == [[]]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("end", ["low", "high"])
def test_a_pin_lies_in_the_scan(review: Assignment, axis: int, end: str) -> None:
    volume = review.mask.case.volume
    last = (volume.shape[axis] - 1) * volume.spacing_mm[axis]
    half = volume.spacing_mm[axis] / 2
    edge = volume.origin_lps[axis] + (last + half if end == "high" else -half)
    at = list(INSIDE)
    at[axis] = edge
    drop(review, point_lps=at)
    at[axis] = edge + (0.01 if end == "high" else -0.01)
    with pytest.raises(Refused, match="outside the scan"):
        drop(review, point_lps=at)


def test_a_pin_names_a_structure_of_the_read(review: Assignment) -> None:
    with pytest.raises(Refused, match="heart"):
        drop(review, structure="heart")


def test_only_in_an_open_review(review: Assignment, submitted: Assignment) -> None:
    with pytest.raises(Conflict, match="Only a review"):
        drop(submitted)
    reviews.accept(assignment=review, revision=0)
    with pytest.raises(Conflict, match="ended already"):
        drop(review)


class TestWhoSees:
    def test_the_reader_after_the_verdict(self, review: Assignment, submitted: Assignment) -> None:
        drop(review)
        assert reviews.pins_on(submitted) == []
        assert len(reviews.pins_on(review)) == 1
        reviews.return_to_reader(assignment=review, revision=0)
        assert texts(reviews.pins_on(submitted)) == [["The tip is missing."]]

    def test_nobody_once_the_review_was_given_back(
        self, review: Assignment, submitted: Assignment, lea: User
    ) -> None:
        drop(review)
        worklist.release(assignment=review)
        assert reviews.pins_on(submitted) == []
        assert reviews.pins_on(make_review(lea, submitted)) == []


class TestThread:
    def test_reply_resolve_and_open_again(self, review: Assignment, ana: User, submitted: Assignment) -> None:
        pin = drop(review)
        reviews.return_to_reader(assignment=review, revision=0)
        reviews.reply(pin=pin, by=ana, text=" Drawn now. ")
        assert reviews.set_state(pin=pin, state=PinState.RESOLVED).state == PinState.RESOLVED
        assert reviews.set_state(pin=pin, state=PinState.OPEN).state == PinState.OPEN
        assert texts(reviews.pins_on(submitted)) == [["The tip is missing.", "Drawn now."]]

    def test_every_change_of_state_is_kept(self, review: Assignment) -> None:
        pin = drop(review)
        reviews.set_state(pin=pin, state=PinState.RESOLVED)
        reviews.set_state(pin=pin, state=PinState.RESOLVED)
        reviews.set_state(pin=pin, state=PinState.OPEN)
        history = Pin.pgh_event_model.objects.filter(pgh_obj=pin).order_by("pgh_id")  # type: ignore[attr-defined]  # pghistory
        assert list(history.values_list("state", flat=True)) == ["open", "resolved", "open"]

    def test_an_empty_note(self, review: Assignment, ana: User) -> None:
        pin = drop(review)
        with pytest.raises(Refused, match="empty"):
            reviews.reply(pin=pin, by=ana, text=" \n")
        assert PinNote.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_two_notes_at_once_both_stay(self, review: Assignment, ana: User, rui: User) -> None:
        pin = drop(review)
        calls: list[Callable[[], object]] = [
            partial(reviews.reply, pin=pin, by=ana, text="one"),
            partial(reviews.reply, pin=pin, by=rui, text="two"),
        ]
        at_once(calls)
        assert set(pin.notes.values_list("text", flat=True)) == {"The tip is missing.", "one", "two"}


class TestDelete:
    def test_ones_own_while_nobody_has_seen_it(self, review: Assignment, rui: User) -> None:
        reviews.delete_pin(pin=drop(review), by=rui)
        assert not Pin.objects.exists()

    def test_not_another_ones(self, review: Assignment, lea: User) -> None:
        with pytest.raises(Conflict, match="Resolve it"):
            reviews.delete_pin(pin=drop(review), by=lea)

    def test_not_after_the_verdict(self, review: Assignment, rui: User) -> None:
        pin = drop(review)
        reviews.return_to_reader(assignment=review, revision=0)
        with pytest.raises(Conflict, match="Resolve it"):
            reviews.delete_pin(pin=pin, by=rui)


class TestCounts:
    def test_by_structure_and_code(self, ana: User, ben: User, rui: User, project: Project) -> None:
        for reader in (ana, ana, ben):
            review = make_review(rui, make_submitted(reader, project))
            drop(review, structure="spleen", error_code=ErrorCode.LEAK)
            drop(review, structure="spleen", error_code=ErrorCode.LEAK)
            if reader is ben:
                drop(review)
            reviews.return_to_reader(assignment=review, revision=0)
        counts, of = reviews.error_counts(project=project)
        assert [(one.structure, one.error_code, one.pins, one.reads) for one in counts] == [
            ("spleen", "leak", 6, 3),
            ("liver", "missing", 1, 1),
        ]
        assert of == 3
        counts, of = reviews.error_counts(project=project, reader=ana)
        assert [(one.pins, one.reads) for one in counts] == [(4, 2)]
        assert of == 2

    def test_an_open_review_does_not_count(self, review: Assignment, project: Project) -> None:
        drop(review)
        assert reviews.error_counts(project=project) == ([], 0)
