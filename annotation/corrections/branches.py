"""Strokes that can no longer be saved where they were drawn: kept as a mask of their own, never lost.

That happens when the mask went on meanwhile (another tab, another machine), when the read was handed in, or
when the case went back because nothing had arrived before the lease ran out.
"""

import uuid
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import QuerySet

from annotation import chunks, regions
from annotation.corrections import events as events_
from annotation.corrections.events import Event
from annotation.corrections.reads import (
    EDITABLE,
    is_editable,
    lock,
    note_work,
    require_editable,
    require_head,
    require_within,
    session_of,
)
from annotation.corrections.saving import Saved, replayed
from annotation.errors import Conflict, Refused, TooLarge
from annotation.models import (
    Assignment,
    Branch,
    Mask,
    MaskKind,
    ReadingSession,
    Revision,
    RevisionKind,
    SchemaStructure,
    Tool,
)

MOST_BRANCHES = 50  # of one read that wait to be put on the mask


def keep(
    *,
    assignment: Assignment,
    base_revision: int,
    key: uuid.UUID,
    edits: bytes,
    continues: int | None = None,
    session_id: int | None = None,
    events: Sequence[Event] = (),
) -> Branch:
    """Store strokes as they were drawn on `base_revision`, whatever became of the read since.

    `continues` names the branch (its mask) on which they were drawn instead. The same `key` again gets the
    same branch and stores nothing. Raises Refused when the body is wrong, TooLarge above the limits; a base
    that is no longer, or not yet, the newest revision is no reason to refuse.
    """
    values = chunks.values_of(assignment.case.project_id)
    runs = chunks.decode_edits(edits, grid=chunks.Grid.over(assignment.case.volume.shape), values=values)
    events_.check(events, values)
    with transaction.atomic():
        locked = lock(assignment)
        earlier = Revision.objects.filter(mask__branch__assignment=locked, key=key).first()
        if earlier is not None:
            return branches_of(locked).get(pk=earlier.mask_id)
        branch = _begin(locked, base_revision) if continues is None else _continued(locked, continues)
        branch.mask.case = locked.case
        applied = chunks.apply(branch.mask, runs)
        require_within(locked, branch.mask, applied)
        revision = chunks.append(
            mask=branch.mask,
            kind=RevisionKind.BRANCH,
            key=key,
            base=branch.mask.head,
            changed=applied.changed,
            voxels_changed=applied.voxels,
            bytes_received=len(edits),
        )
        events_.note(events, revision, _time_spent(locked, session_id))
    return branches_of(assignment).get(pk=branch.pk)


@transaction.atomic
def keep_proposal(*, assignment: Assignment, proposed: Mask, structures: Collection[str] = ()) -> Branch:
    """A branch of the read's newest revision on which structures (by key) are as `proposed` has them.

    None named means all that the read is about. What the schema puts into the same voxels gives way, other
    structures stay. Raises Refused for a structure that the read is not about, Conflict where the read is not
    its reader's to change any more or where the proposal has nothing new.
    """
    locked = lock(assignment)
    require_editable(locked)
    places = _places(locked, structures)
    branch = _begin(locked, locked.mask.head)
    branch.mask.case = proposed.case = locked.case
    applied = chunks.taken_from(proposed, branch.mask, places)
    region = regions.region_of(locked.case)
    if region is not None:
        applied = chunks.clipped(branch.mask, applied, region)
    if not applied.changed:
        raise Conflict("The proposal has nothing in which it differs from your mask.")
    gained = [
        Event(Tool.TAKE_PROPOSAL, gain.structure, gain.layer, gain.added, gain.removed)
        for gain in chunks.gains(branch.mask, applied)
    ]
    revision = chunks.append(
        mask=branch.mask,
        kind=RevisionKind.BRANCH,
        key=uuid.uuid4(),
        base=branch.mask.head,
        changed=applied.changed,
        voxels_changed=applied.voxels,
    )
    events_.note(gained, revision, None)
    return branches_of(assignment).get(pk=branch.pk)


def _places(read: Assignment, structures: Collection[str]) -> dict[int, set[int]]:
    """Values by layer of the structures that are named, out of those that the read is about."""
    entries = SchemaStructure.objects.filter(schema__project=read.case.project_id)
    rows = entries.values_list("structure__key", "layer", "value")
    asked = {
        key: (layer, value) for key, layer, value in rows if key in read.structures or not read.structures
    }
    unknown = sorted(set(structures) - set(asked))
    if unknown:
        raise Refused(f"This read is not about a structure called {unknown[0]}.")
    places: dict[int, set[int]] = {}
    for key in structures or asked:
        layer, value = asked[key]
        places.setdefault(layer, set()).add(value)
    return places


@transaction.atomic
def apply_branch(
    *, branch: Branch, base_revision: int, key: uuid.UUID, session_id: int | None = None
) -> Saved:
    """Put what a branch changed on the newest revision, as a new one, where its reader may still edit.

    That is the read that it came from, or, where the case had gone back, the reader's new read of it. Voxels
    that the branch did not change stay as they are; the new revision carries its events. The same `key` again
    gets the same answer. Raises Conflict(head=…) when `base_revision` is not the newest.
    """
    locked = lock(_where_to_apply(branch))
    if earlier := replayed(locked, key):
        return earlier
    require_editable(locked)
    require_head(locked.mask, base_revision)
    sessions = list(locked.sessions.all())
    session = session_of(sessions, session_id) if session_id is not None else None
    applied = chunks.carried_over(branch.mask, locked.mask)
    require_within(locked, locked.mask, applied)
    revision = chunks.append(
        mask=locked.mask,
        kind=RevisionKind.MERGE,
        key=key,
        base=base_revision,
        changed=applied.changed,
        voxels_changed=applied.voxels,
    )
    events_.note(events_.carried(branch.mask), revision, session)
    branch.applied = revision
    branch.save(update_fields=["applied"])
    note_work(locked, session, sessions)
    return Saved(revision, replayed=False, active_seconds=locked.active_seconds)


def branches_of(assignment: Assignment) -> QuerySet[Branch]:
    """The read's branches, newest first."""
    return Branch.objects.filter(assignment=assignment.pk).select_related("mask")


def _begin(assignment: Assignment, base_revision: int) -> Branch:
    """A new branch of the mask as it was; a revision that is not there (any more) means the newest."""
    waiting = assignment.branches.filter(applied__isnull=True).count()
    if waiting >= MOST_BRANCHES:
        raise TooLarge(f"This read keeps {waiting} branches already. Put one of them on the mask first.")
    own = assignment.mask
    base_revision = min(base_revision, own.head)
    base, at = (own, base_revision) if base_revision else (own.base, own.base_revision)
    mask = Mask.objects.create(
        case_id=own.case_id, kind=MaskKind.READER, author_id=own.author_id, base=base, base_revision=at
    )
    return Branch.objects.create(mask=mask, assignment=assignment, base_revision=base_revision)


def _continued(assignment: Assignment, mask_id: int) -> Branch:
    branch = assignment.branches.select_related("mask").filter(pk=mask_id).first()
    if branch is None:
        raise Refused(f"This read has no branch {mask_id}. Leave `branch` empty to begin one.")
    return branch


def _time_spent(assignment: Assignment, session_id: int | None) -> ReadingSession | None:
    """Count the time while the read is its reader's. A session that is not known loses nobody's strokes."""
    sessions = list(assignment.sessions.all())
    session = next((one for one in sessions if one.pk == session_id), None)
    if is_editable(assignment):
        note_work(assignment, session, sessions)
    return session


def _where_to_apply(branch: Branch) -> Assignment:
    own = branch.assignment
    if is_editable(own):
        return own
    reads = Assignment.objects.filter(case=own.case_id, reader=own.reader_id, role=own.role)
    new = reads.filter(state__in=EDITABLE).select_related("case__volume", "mask").first()
    if new is None:
        raise Conflict(
            "This case is not yours to change any more, so the branch stays as it is. "
            "Take the case again, or ask the project lead to look at the branch."
        )
    return new
