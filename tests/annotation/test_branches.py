"""Late strokes are kept, whatever became of the read; and they can be put on the mask after all."""

import uuid
from functools import partial

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import chunks, corrections, reviews, worklist
from annotation.corrections import Event
from annotation.errors import Conflict, Refused, TooLarge
from annotation.models import (
    Assignment,
    Branch,
    EditEvent,
    Mask,
    Project,
    Revision,
    RevisionKind,
)
from tests.annotation.factories import (
    KIDNEY,
    LIVER,
    SPLEEN,
    make_branch,
    make_model,
    make_read,
    make_review,
    pack,
    stroke,
)
from tests.annotation.threads import at_once

Voxel = tuple[int, ...]


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    make_model(project)
    return make_read(ana, project)


def row(mask: Mask, revision: int | None = None) -> list[int]:
    """The first voxels of slice 1, where these tests draw."""
    mask.refresh_from_db()
    return [int(value) for value in chunks.read_layers(mask, revision)[0, :16, 0, 1]]


class TestKeep:
    def test_strokes_on_a_revision_that_is_not_the_newest(self, read: Assignment) -> None:
        stroke(read, value=LIVER)
        stroke(read, base=1, value=SPLEEN, at=2)
        branch = make_branch(read, base=1, value=KIDNEY, at=4)
        assert row(branch.mask) == [1, 1, 1, 1, 3, 3, 3, 3, 3, *[0] * 7]
        assert row(read.mask) == [1, 1, 2, 2, 2, 2, 2, *[0] * 9]
        assert (branch.base_revision, branch.mask.author_id, branch.applied) == (1, read.reader_id, None)
        revision = Revision.objects.get(mask=branch.mask)
        assert (revision.kind, revision.number, revision.voxels_changed) == (RevisionKind.BRANCH, 1, 5)

    def test_on_what_the_read_began_from(self, read: Assignment) -> None:
        prediction = chunks.read_layers(read.mask)
        stroke(read)
        branch = make_branch(read, base=0, value=KIDNEY)
        assert branch.mask.base_id == read.mask.base_id
        assert int((chunks.read_layers(branch.mask) != prediction).sum()) == 5

    def test_from_scratch(self, ana: User, project: Project) -> None:
        branch = make_branch(make_read(ana, project), value=KIDNEY)
        assert branch.mask.base_id is None
        assert row(branch.mask)[:6] == [3, 3, 3, 3, 3, 0]

    @pytest.mark.parametrize("end", ["handed in", "given back", "accepted"])
    def test_after_the_read_ended(self, read: Assignment, rui: User, end: str) -> None:
        base = 0
        if end == "given back":
            worklist.release(assignment=read)
        else:
            base = stroke(read).revision.number
            corrections.submit(assignment=read, revision=base)
            if end == "accepted":
                reviews.accept(assignment=make_review(rui, read), revision=0)
        branch = make_branch(read, base=base, value=KIDNEY, at=8)
        assert row(branch.mask)[8:14] == [3, 3, 3, 3, 3, 0]

    def test_a_base_that_the_server_never_had_counts_as_the_newest(self, read: Assignment) -> None:
        stroke(read, value=LIVER)
        branch = make_branch(read, base=7, value=KIDNEY, at=3)
        assert branch.base_revision == 1
        assert row(branch.mask)[:8] == [1, 1, 1, 3, 3, 3, 3, 3]

    def test_going_on_with_a_branch(self, read: Assignment) -> None:
        first = make_branch(read, value=KIDNEY)
        again = make_branch(read, value=SPLEEN, at=3, continues=first.pk)
        assert again.pk == first.pk
        assert again.mask.head == 2
        assert row(again.mask)[:9] == [3, 3, 3, 2, 2, 2, 2, 2, 0]
        assert Branch.objects.count() == 1

    def test_a_branch_of_another_read_is_refused(self, read: Assignment, ben: User, project: Project) -> None:
        other = make_branch(make_read(ben, project))
        with pytest.raises(Refused, match="no branch"):
            make_branch(read, continues=other.pk)

    def test_sent_twice_kept_once(self, read: Assignment) -> None:
        keep = partial(
            corrections.keep,
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=pack([(0, 1, [(0, 5, KIDNEY)])]),
        )
        assert keep().pk == keep().pk
        assert (Branch.objects.count(), Revision.objects.filter(mask__branch__isnull=False).count()) == (1, 1)

    @pytest.mark.django_db(transaction=True)
    def test_sent_twice_at_once_kept_once(self, read: Assignment) -> None:
        keep = partial(
            corrections.keep,
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=pack([(0, 1, [(0, 5, KIDNEY)])]),
        )
        answers = at_once([keep] * 4)
        assert {one.pk for one in answers if isinstance(one, Branch)} == {Branch.objects.get().pk}
        assert all(isinstance(one, Branch) for one in answers)

    def test_events_and_time_are_counted(self, read: Assignment) -> None:
        session = corrections.start_session(assignment=read)
        session.last_seen_at -= session.last_seen_at - session.started_at
        branch = corrections.keep(
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=pack([(0, 1, [(0, 5, KIDNEY)])]),
            session_id=session.pk,
            events=[Event("brush", KIDNEY, 0, 3, 0), Event("scissors", KIDNEY, 0, 2, 0)],
        )
        (listed,) = corrections.branches_of(read)
        assert listed.pk == branch.pk
        assert EditEvent.objects.filter(revision__mask=branch.mask, session=session).count() == 2

    def test_an_unknown_session_loses_nobodys_strokes(self, read: Assignment) -> None:
        branch = corrections.keep(
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=pack([(0, 1, [(0, 5, KIDNEY)])]),
            session_id=10**6,
        )
        assert branch.mask.head == 1

    def test_a_wrong_body_is_refused_and_leaves_nothing(self, read: Assignment) -> None:
        for edits, events in (
            (b"x", []),
            (pack([(0, 1, [(0, 5, 77)])]), []),
            (pack([(0, 1, [(0, 5, 1)])]), [Event("magic", 1, 0, 1, 0)]),
        ):
            with pytest.raises(Refused):
                corrections.keep(
                    assignment=read, base_revision=0, key=uuid.uuid4(), edits=edits, events=events
                )
        assert not Branch.objects.exists()

    def test_there_is_an_end_to_it(self, read: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("annotation.corrections.branches.MOST_BRANCHES", 2)
        first, second = make_branch(read), make_branch(read)
        with pytest.raises(TooLarge, match="2 branches"):
            make_branch(read)
        assert make_branch(read, continues=second.pk).mask.head == 2
        corrections.apply_branch(branch=first, base_revision=0, key=uuid.uuid4())
        assert make_branch(read).mask.head == 1


class TestApply:
    def test_only_what_the_branch_changed_is_carried_over(self, read: Assignment, ana: User) -> None:
        stroke(read, value=LIVER)
        stroke(read, base=1, value=SPLEEN, at=8)
        branch = make_branch(read, base=1, value=KIDNEY, at=3)
        saved = corrections.apply_branch(branch=branch, base_revision=2, key=uuid.uuid4())
        assert row(read.mask) == [1, 1, 1, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 0, 0, 0]
        assert (saved.revision.number, saved.revision.kind) == (3, RevisionKind.MERGE)
        assert (saved.revision.author_id, saved.revision.voxels_changed) == (ana.pk, 5)
        branch.refresh_from_db()
        assert branch.applied == saved.revision

    def test_the_new_revision_carries_what_the_tools_did(self, read: Assignment) -> None:
        keep = partial(corrections.keep, assignment=read, base_revision=0)
        edits = pack([(0, 1, [(0, 5, KIDNEY)])])
        brush, scissors = Event("brush", KIDNEY, 0, 3, 1), Event("scissors", SPLEEN, 0, 0, 2)
        branch = keep(key=uuid.uuid4(), edits=edits, events=[brush, scissors])
        keep(key=uuid.uuid4(), edits=edits, events=[brush], continues=branch.pk)
        session = corrections.start_session(assignment=read)
        key = uuid.uuid4()
        for _ in range(2):
            saved = corrections.apply_branch(branch=branch, base_revision=0, key=key, session_id=session.pk)
        events = EditEvent.objects.filter(revision=saved.revision).order_by("pk")
        assert [(one.tool, one.structure, one.added, one.removed) for one in events] == [
            ("brush", KIDNEY, 6, 2),
            ("scissors", SPLEEN, 0, 2),
        ]
        assert {one.session_id for one in events} == {session.pk}

    def test_more_voxels_than_a_column_holds(self, read: Assignment) -> None:
        most = 2**31 - 1
        branch = make_branch(read)
        keep = partial(corrections.keep, assignment=read, base_revision=0, continues=branch.pk)
        for _ in range(2):
            edits = pack([(0, 1, [(0, 5, KIDNEY)])])
            keep(key=uuid.uuid4(), edits=edits, events=[Event("brush", KIDNEY, 0, most, 0)])
        saved = corrections.apply_branch(branch=branch, base_revision=0, key=uuid.uuid4())
        assert EditEvent.objects.get(revision=saved.revision).added == most

    def test_twice_with_one_key(self, read: Assignment) -> None:
        branch = make_branch(read)
        key = uuid.uuid4()
        first = corrections.apply_branch(branch=branch, base_revision=0, key=key)
        again = corrections.apply_branch(branch=branch, base_revision=0, key=key)
        assert (first.revision, first.replayed, again.replayed) == (again.revision, False, True)

    def test_a_stale_base_is_a_conflict(self, read: Assignment) -> None:
        stroke(read)
        with pytest.raises(Conflict) as refused:
            corrections.apply_branch(branch=make_branch(read), base_revision=0, key=uuid.uuid4())
        assert refused.value.extra == {"head": 1}

    def test_not_after_handing_in(self, read: Assignment) -> None:
        branch = make_branch(read)
        corrections.submit(assignment=read, revision=0)
        with pytest.raises(Conflict, match="not yours to change"):
            corrections.apply_branch(branch=branch, base_revision=1, key=uuid.uuid4())

    def test_on_the_readers_new_read_of_a_case_that_went_back(
        self, read: Assignment, ana: User, ben: User, project: Project
    ) -> None:
        worklist.release(assignment=read)
        branch = make_branch(read, value=KIDNEY)
        with pytest.raises(Conflict, match="Take the case again"):
            corrections.apply_branch(branch=branch, base_revision=0, key=uuid.uuid4())
        again = worklist.next_case(reader=ana, project=project)
        assert again is not None
        assert again.case_id == read.case_id
        stroke(again, value=SPLEEN, at=6)
        corrections.apply_branch(branch=branch, base_revision=1, key=uuid.uuid4())
        assert row(again.mask)[:12] == [3, 3, 3, 3, 3, 0, 2, 2, 2, 2, 2, 0]

    def test_a_case_that_somebody_else_has_by_now(
        self, read: Assignment, ben: User, project: Project
    ) -> None:
        worklist.release(assignment=read)
        taken = worklist.next_case(reader=ben, project=project)
        assert taken is not None
        branch = make_branch(read)
        with pytest.raises(Conflict, match="not yours"):
            corrections.apply_branch(branch=branch, base_revision=0, key=uuid.uuid4())
        assert row(taken.mask) == [0] * 16

    def test_a_branch_that_says_nothing_new(self, read: Assignment) -> None:
        branch = make_branch(read, value=LIVER)
        stroke(read, value=LIVER)
        saved = corrections.apply_branch(branch=branch, base_revision=1, key=uuid.uuid4())
        assert (saved.revision.number, saved.revision.chunk_count) == (2, 0)


class TestRestore:
    def test_the_mask_is_what_it_was(self, read: Assignment) -> None:
        stroke(read, value=LIVER)
        stroke(read, base=1, value=SPLEEN, at=2)
        stroke(read, base=2, value=0, at=0)
        read.mask.refresh_from_db()
        states = [chunks.read_layers(read.mask, number) for number in range(4)]
        for base, target in ((3, 1), (4, 3), (5, 0), (6, 2)):
            saved = corrections.restore(
                assignment=read, revision=target, base_revision=base, key=uuid.uuid4()
            )
            read.mask.refresh_from_db()
            assert (saved.revision.number, saved.revision.kind) == (base + 1, RevisionKind.RESTORE)
            assert np.array_equal(chunks.read_layers(read.mask), states[target])
        for number, state in enumerate(states):
            assert np.array_equal(chunks.read_layers(read.mask, number), state)

    def test_what_it_gave_and_took_is_noted(self, read: Assignment) -> None:
        session = corrections.start_session(assignment=read)
        stroke(read, value=LIVER)
        stroke(read, base=1, value=SPLEEN, at=3)
        saved = corrections.restore(
            assignment=read, revision=1, base_revision=2, key=uuid.uuid4(), session_id=session.pk
        )
        events = EditEvent.objects.filter(revision=saved.revision).order_by("structure")
        rows = [(one.tool, one.structure, one.added, one.removed, one.session_id) for one in events]
        assert rows == [("restore", LIVER, 2, 0, session.pk), ("restore", SPLEEN, 0, 5, session.pk)]

    def test_sent_twice(self, read: Assignment) -> None:
        stroke(read)
        key = uuid.uuid4()
        restore = partial(corrections.restore, assignment=read, revision=0, base_revision=1, key=key)
        assert restore().revision == restore().revision
        read.mask.refresh_from_db()
        assert read.mask.head == 2

    def test_what_is_refused(self, read: Assignment) -> None:
        stroke(read)
        with pytest.raises(Conflict):
            corrections.restore(assignment=read, revision=0, base_revision=0, key=uuid.uuid4())
        with pytest.raises(Refused, match="no revision 2"):
            corrections.restore(assignment=read, revision=2, base_revision=1, key=uuid.uuid4())
        corrections.submit(assignment=read, revision=1)
        with pytest.raises(Conflict, match="handed in"):
            corrections.restore(assignment=read, revision=0, base_revision=2, key=uuid.uuid4())
