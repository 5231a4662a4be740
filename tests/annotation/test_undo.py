"""An undo that names a revision is the same as one that sends the voxels, byte for byte."""

import random
import uuid
from functools import partial

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import chunks, corrections
from annotation.errors import Conflict, Refused
from annotation.models import Assignment, EditEvent, Project, RevisionKind
from tests.annotation.factories import (
    KIDNEY,
    LIVER,
    SHAPE,
    SPLEEN,
    Block,
    make_model,
    make_read,
    pack,
    stroke,
)


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    make_model(project)
    return make_read(ana, project)


def labels(read: Assignment) -> bytes:
    read.mask.refresh_from_db()
    return chunks.read_layers(read.mask).tobytes(order="F")


def undo(read: Assignment, revision: int, base: int) -> corrections.Saved:
    return corrections.undo(assignment=read, revision=revision, base_revision=base, key=uuid.uuid4())


def random_blocks(rng: random.Random) -> list[Block]:
    blocks: list[Block] = []
    for _ in range(rng.randint(1, 5)):
        runs, at = [], 0
        for _ in range(rng.randint(1, 6)):
            at += rng.randint(0, 200)
            length = rng.randint(1, 60)
            runs.append((at, length, rng.choice([0, LIVER, SPLEEN, KIDNEY])))
            at += length
        blocks.append((0, rng.randrange(SHAPE[2]), runs))
    return blocks


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_strokes_undos_and_redos(read: Assignment, seed: int) -> None:
    """As an editor does them: what was undone last is redone first, and a stroke ends what can be redone."""
    rng = random.Random(seed)
    head, now = 0, labels(read)
    done: list[tuple[int, bytes]] = []  # the revision that made a step, and the mask before it
    undone: list[list[Block]] = []
    drawn: dict[int, list[Block]] = {}
    for _ in range(24):
        act = rng.choice(["draw", "draw", "undo", "undo", "redo"])
        if act == "undo" and done:
            revision, before = done.pop()
            assert undo(read, revision, head).revision.number == head + 1
            undone.append(drawn[revision])
            now = before
        elif act == "draw" or (act == "redo" and undone):
            blocks = undone.pop() if act == "redo" else random_blocks(rng)
            undone = undone if act == "redo" else []
            corrections.save(assignment=read, base_revision=head, key=uuid.uuid4(), edits=pack(blocks))
            done.append((head + 1, now))
            drawn[head + 1] = blocks
            now = labels(read)
        else:
            continue
        head += 1
        assert labels(read) == now


def test_over_the_prediction(ana: User, project: Project, read: Assignment) -> None:
    """What was never stored in the read itself comes back from what it began from."""
    base = read.mask.base
    assert base is not None
    read.mask.refresh_from_db()
    before = chunks.read_layers(read.mask)
    stroke(read, value=SPLEEN)
    undo(read, 1, 1)
    read.mask.refresh_from_db()
    assert np.array_equal(chunks.read_layers(read.mask), before)


def test_what_it_gave_and_took_is_noted(read: Assignment) -> None:
    session = corrections.start_session(assignment=read)
    stroke(read, value=LIVER)
    stroke(read, base=1, value=SPLEEN, at=3)
    saved = corrections.undo(
        assignment=read, revision=2, base_revision=2, key=uuid.uuid4(), session_id=session.pk
    )
    assert (saved.revision.kind, saved.revision.voxels_changed) == (RevisionKind.AUTOSAVE, 5)
    events = EditEvent.objects.filter(revision=saved.revision).order_by("structure")
    rows = [(one.tool, one.structure, one.added, one.removed, one.session_id) for one in events]
    assert rows == [("undo", LIVER, 2, 0, session.pk), ("undo", SPLEEN, 0, 5, session.pk)]


def test_of_an_older_revision_leaves_what_was_drawn_elsewhere(read: Assignment) -> None:
    stroke(read, value=LIVER)
    stroke(read, base=1, value=SPLEEN, at=10)
    undo(read, 1, 2)
    read.mask.refresh_from_db()
    row = chunks.read_layers(read.mask)[0, :16, 0, 1].tolist()
    assert row == [0] * 10 + [SPLEEN] * 5 + [0]


def test_sent_twice(read: Assignment) -> None:
    stroke(read)
    again = partial(corrections.undo, assignment=read, revision=1, base_revision=1, key=uuid.uuid4())
    first, second = again(), again()
    assert (first.revision, first.replayed, second.replayed) == (second.revision, False, True)
    read.mask.refresh_from_db()
    assert read.mask.head == 2


def test_what_is_refused(read: Assignment) -> None:
    stroke(read)
    stroke(read, base=1, value=SPLEEN, at=3)
    before = labels(read)
    with pytest.raises(Refused, match="changed again since"):
        undo(read, 1, 2)
    with pytest.raises(Refused, match="no revision 3"):
        undo(read, 3, 2)
    with pytest.raises(Refused, match="from 1 on"):
        undo(read, 0, 2)
    with pytest.raises(Conflict):
        undo(read, 2, 1)
    corrections.submit(assignment=read, revision=2)
    with pytest.raises(Conflict, match="handed in"):
        undo(read, 2, 3)
    assert labels(read) == before
