import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import chunks, corrections, worklist
from annotation.errors import Conflict, Refused, TooLarge
from annotation.models import (
    Assignment,
    AssignmentState,
    Case,
    CaseState,
    EditEvent,
    MaskChunk,
    Project,
    ReadingSession,
    Revision,
    RevisionKind,
)
from tests.annotation.factories import (
    LIVER,
    SPLEEN,
    make_case,
    make_model,
    make_prediction,
    make_read,
    make_review,
    make_submitted,
    pack,
    stroke,
)
from tests.annotation.threads import at_once


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    """ana's read, from a prediction."""
    make_model(project)
    return make_read(ana, project)


def session_seen_ago(assignment: Assignment, seconds: float) -> ReadingSession:
    session = corrections.start_session(assignment=assignment)
    session.last_seen_at = timezone.now() - timedelta(seconds=seconds)
    session.save()
    return session


class TestSave:
    def test_a_stroke_is_a_revision_over_the_prediction(self, read: Assignment, ana: User) -> None:
        before = chunks.read_layers(read.mask)
        saved = stroke(read, value=SPLEEN)
        read.mask.refresh_from_db()
        after = chunks.read_layers(read.mask)
        assert after[0, :6, 0, 1].tolist() == [2, 2, 2, 2, 2, 0]
        assert (after != before).sum() == 5
        revision = saved.revision
        assert (revision.number, revision.kind, revision.author_id) == (1, RevisionKind.AUTOSAVE, ana.pk)
        assert (revision.chunk_count, revision.voxels_changed) == (1, 5)
        assert revision.bytes_received == len(pack([(0, 1, [(0, 5, SPLEEN)])]))
        assert not saved.replayed
        assert read.mask.head == 1

    def test_strokes_follow_each_other(self, read: Assignment) -> None:
        stroke(read, value=SPLEEN)
        stroke(read, base=1, value=LIVER, at=3)
        read.mask.refresh_from_db()
        assert chunks.read_layers(read.mask)[0, :9, 0, 1].tolist() == [2, 2, 2, 1, 1, 1, 1, 1, 0]

    def test_the_same_key_again_gets_the_same_answer(self, read: Assignment) -> None:
        save = partial(
            corrections.save,
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=pack([(0, 1, [(0, 5, 1)])]),
        )
        first, second = save(), save()
        assert (first.replayed, second.replayed) == (False, True)
        assert first.revision == second.revision
        assert Revision.objects.filter(mask=read.mask).count() == 1

    def test_even_after_the_read_was_handed_in(self, read: Assignment) -> None:
        key, edits = uuid.uuid4(), pack([(0, 1, [(0, 5, 1)])])
        corrections.save(assignment=read, base_revision=0, key=key, edits=edits)
        corrections.submit(assignment=read, revision=1)
        again = corrections.save(assignment=read, base_revision=0, key=key, edits=edits)
        assert (again.replayed, again.revision.number) == (True, 1)

    def test_a_stale_base_is_a_conflict_that_names_the_head(self, read: Assignment) -> None:
        stroke(read)
        with pytest.raises(Conflict) as conflict:
            stroke(read)
        assert conflict.value.extra == {"head": 1}
        assert Revision.objects.filter(mask=read.mask).count() == 1

    @pytest.mark.parametrize(
        "edits",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"junk", id="no gzip"),
            pytest.param(pack([(0, 1, [(0, 5, 9)])]), id="unknown value"),
            pytest.param(pack([(0, 99, [(0, 5, 1)])]), id="unknown slice"),
        ],
    )
    def test_a_wrong_body_writes_nothing(self, read: Assignment, edits: bytes) -> None:
        with pytest.raises(Refused):
            corrections.save(assignment=read, base_revision=0, key=uuid.uuid4(), edits=edits)
        assert not Revision.objects.filter(mask=read.mask).exists()
        assert not MaskChunk.objects.filter(mask=read.mask).exists()

    def test_events_are_kept_with_the_revision(self, read: Assignment) -> None:
        session = corrections.start_session(assignment=read)
        saved = corrections.save(
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=pack([(0, 1, [(0, 5, 1)])]),
            session_id=session.pk,
            events=[corrections.Event("brush", 1, 0, 5, 0), corrections.Event("eraser", 2, 0, 0, 3)],
        )
        events = EditEvent.objects.filter(revision=saved.revision).order_by("pk")
        assert [(e.tool, e.structure, e.added, e.removed, e.session_id) for e in events] == [
            ("brush", 1, 5, 0, session.pk),
            ("eraser", 2, 0, 3, session.pk),
        ]

    def test_an_event_of_an_unknown_structure_is_refused(self, read: Assignment) -> None:
        with pytest.raises(Refused, match="structure 77"):
            corrections.save(
                assignment=read,
                base_revision=0,
                key=uuid.uuid4(),
                edits=pack([(0, 1, [(0, 5, 1)])]),
                events=[corrections.Event("brush", 77, 0, 5, 0)],
            )
        with pytest.raises(TooLarge, match="1001"):
            corrections.save(
                assignment=read,
                base_revision=0,
                key=uuid.uuid4(),
                edits=pack([(0, 1, [(0, 5, 1)])]),
                events=[corrections.Event("brush", 1, 0, 5, 0)] * 1001,
            )
        assert not Revision.objects.filter(mask=read.mask).exists()

    def test_another_reads_session_is_refused(self, read: Assignment, ben: User, project: Project) -> None:
        session = corrections.start_session(assignment=make_read(ben, project))
        with pytest.raises(Refused, match="session"):
            corrections.save(
                assignment=read,
                base_revision=0,
                key=uuid.uuid4(),
                edits=pack([(0, 1, [(0, 5, 1)])]),
                session_id=session.pk,
            )
        assert not Revision.objects.filter(mask=read.mask).exists()

    def test_a_save_renews_the_lease(self, read: Assignment) -> None:
        Assignment.objects.filter(pk=read.pk).update(lease_until=timezone.now())
        stroke(read)
        read.refresh_from_db()
        assert read.lease_until > timezone.now() + timedelta(seconds=115)

    def test_not_after_handing_in(self, read: Assignment) -> None:
        corrections.submit(assignment=read, revision=0)
        with pytest.raises(Conflict, match="handed in"):
            stroke(read, base=1)

    def test_not_after_giving_back(self, read: Assignment) -> None:
        worklist.release(assignment=read)
        with pytest.raises(Conflict, match="given back"):
            stroke(read)

    def test_a_reviewer_draws_over_what_was_submitted(self, ana: User, rui: User, project: Project) -> None:
        review = make_review(rui, make_submitted(ana, project))
        stroke(review, value=SPLEEN, at=2)
        review.mask.refresh_from_db()
        assert chunks.read_layers(review.mask)[0, :8, 0, 1].tolist() == [1, 1, 2, 2, 2, 2, 2, 0]
        assert review.mask.base is not None
        assert chunks.read_layers(review.mask.base)[0, :8, 0, 1].tolist() == [1, 1, 1, 1, 1, 0, 0, 0]


class TestSubmit:
    def test_hands_the_newest_revision_in(self, read: Assignment) -> None:
        stroke(read)
        submitted = corrections.submit(assignment=read, revision=1)
        assert submitted.state == AssignmentState.SUBMITTED
        assert submitted.submitted_at is not None
        assert Case.objects.get(pk=read.case_id).state == CaseState.IN_REVIEW
        read.mask.refresh_from_db()
        assert read.mask.annotated == ["liver", "spleen", "kidney_left"]
        last = read.mask.revisions.get(number=2)
        assert (last.kind, last.chunk_count, read.mask.head) == (RevisionKind.SUBMIT, 0, 2)

    def test_an_untouched_prediction_can_be_handed_in(self, read: Assignment) -> None:
        before = chunks.read_layers(read.mask)
        corrections.submit(assignment=read, revision=0)
        read.mask.refresh_from_db()
        assert read.mask.head == 1
        assert (chunks.read_layers(read.mask) == before).all()

    def test_twice_is_once(self, read: Assignment) -> None:
        corrections.submit(assignment=read, revision=0)
        assert corrections.submit(assignment=read, revision=0).state == AssignmentState.SUBMITTED
        assert read.mask.revisions.count() == 1

    def test_a_stale_revision_is_a_conflict(self, read: Assignment) -> None:
        stroke(read)
        with pytest.raises(Conflict) as conflict:
            corrections.submit(assignment=read, revision=0)
        assert conflict.value.extra == {"head": 1}
        assert Case.objects.get(pk=read.case_id).state == CaseState.IN_PROGRESS

    def test_a_review_is_not_submitted(self, ana: User, rui: User, project: Project) -> None:
        with pytest.raises(Conflict, match="verdict"):
            corrections.submit(assignment=make_review(rui, make_submitted(ana, project)), revision=0)


class TestActiveTime:
    @pytest.mark.parametrize(("gap_s", "counted"), [(0.5, 0), (12.4, 12), (59.9, 59), (600, 60)])
    def test_a_gap_counts_up_to_a_minute(self, read: Assignment, gap_s: float, counted: int) -> None:
        session = session_seen_ago(read, gap_s)
        assert corrections.ping(session=session, visible=True).active_seconds == counted
        session.refresh_from_db()
        assert session.active_seconds == counted

    def test_a_hidden_tab_does_not_count(self, read: Assignment) -> None:
        session = session_seen_ago(read, 30)
        assert corrections.ping(session=session, visible=False).active_seconds == 0
        assert corrections.ping(session=session, visible=True).active_seconds == 0

    def test_fractions_are_not_lost(self, read: Assignment) -> None:
        session = session_seen_ago(read, 0)
        for _ in range(10):
            session.refresh_from_db()
            session.last_seen_at -= timedelta(seconds=0.8)
            session.save()
            total = corrections.ping(session=session, visible=True).active_seconds
        assert total == 8

    def test_two_tabs_do_not_count_twice(self, read: Assignment) -> None:
        one, other = session_seen_ago(read, 20), session_seen_ago(read, 20)
        corrections.ping(session=one, visible=True)
        assert corrections.ping(session=other, visible=True).active_seconds == 20

    def test_a_save_counts_too(self, read: Assignment) -> None:
        session = session_seen_ago(read, 7.5)
        saved = corrections.save(
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=pack([(0, 1, [(0, 5, 1)])]),
            session_id=session.pk,
        )
        assert saved.active_seconds == 7
        read.refresh_from_db()
        assert read.active_seconds == 7

    def test_a_ping_renews_the_lease(self, read: Assignment) -> None:
        session = session_seen_ago(read, 5)
        Assignment.objects.filter(pk=read.pk).update(lease_until=timezone.now())
        assert corrections.ping(session=session, visible=True).lease_until > timezone.now()

    def test_nothing_counts_after_handing_in(self, read: Assignment) -> None:
        session = session_seen_ago(read, 30)
        corrections.submit(assignment=read, revision=0)
        assert corrections.ping(session=session, visible=True).active_seconds == 0
        with pytest.raises(Conflict):
            corrections.start_session(assignment=read)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_saves_on_one_base(self, ana: User, project: Project) -> None:
        read = make_read(ana, project)
        got = at_once([partial(stroke, read, value=LIVER), partial(stroke, read, value=SPLEEN)])
        saved = [one for one in got if isinstance(one, corrections.Saved)]
        refused = [one for one in got if isinstance(one, Conflict)]
        assert (len(saved), len(refused)) == (1, 1), got
        assert refused[0].extra == {"head": 1}
        assert list(read.mask.revisions.values_list("number", flat=True)) == [1]

    def test_one_key_many_times(self, ana: User, project: Project) -> None:
        read = make_read(ana, project)
        save = partial(
            corrections.save,
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=pack([(0, 1, [(0, 5, 1)])]),
        )
        got = at_once([save] * 6)
        assert all(isinstance(one, corrections.Saved) for one in got), got
        assert {one.revision.pk for one in got if isinstance(one, corrections.Saved)} == {
            read.mask.revisions.get().pk
        }
        assert sum(not one.replayed for one in got if isinstance(one, corrections.Saved)) == 1

    def test_readers_of_different_cases_do_not_wait_for_each_other(
        self, ana: User, ben: User, project: Project
    ) -> None:
        model = make_model(project)
        reads = []
        for reader in (ana, ben):
            make_prediction(make_case(project), model)
            read = worklist.next_case(reader=reader, project=project)
            assert read is not None
            reads.append(read)
        for base in range(5):
            got = at_once([partial(stroke, read, base=base, at=base) for read in reads])
            assert all(isinstance(one, corrections.Saved) for one in got), got
