"""Cases read by several readers, from masks that the test draws, and what a worker does about them."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import agreement, chunks, corrections, jobs
from annotation.chunks.grid import Voxels
from annotation.models import (
    AgreementScore,
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    GoldCase,
    Job,
    JobKind,
    JobState,
    Mask,
    MaskKind,
    Prediction,
    Project,
    Purpose,
    Revision,
    RevisionKind,
    StartFrom,
)
from tests.annotation.factories import make_case
from training.progress import OnProgress, ignore_progress

SHAPE = (40, 36, 34)
LIVER, SPLEEN, KIDNEY = 1, 2, 3
KEYS = ("liver", "spleen", "kidney_left")


def ball(centre: Sequence[float], radius: float, value: int, shape: Sequence[int] = SHAPE) -> Voxels:
    """One layer with a ball, (1, i, j, k); radius in voxels."""
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    inside = sum((axis - c) ** 2 for axis, c in zip(axes, centre, strict=True)) < radius**2
    return np.where(inside, np.uint8(value), np.uint8(0))[None]


def organs(shift: float = 0.0, radius: float = 8.0, shape: Sequence[int] = SHAPE) -> Voxels:
    """Liver and spleen as balls; no kidney."""
    liver = ball((12 + shift, 14, 15), radius, LIVER, shape)
    return np.maximum(liver, ball((28, 24, 22 + shift), 6, SPLEEN, shape))


def open_read(
    case: Case,
    reader: User,
    *,
    start: Prediction | None = None,
    purpose: Purpose = Purpose.OVERLAP,
) -> Assignment:
    """A read that its reader has begun."""
    base = start.mask if start is not None else None
    mask = Mask.objects.create(
        case=case,
        kind=MaskKind.READER,
        author=reader,
        base=base,
        base_revision=base.head if base is not None else 0,
    )
    return Assignment.objects.create(
        case=case,
        part=case.parts.get(),
        reader=reader,
        role=AssignmentRole.ANNOTATE,
        purpose=purpose,
        sequence_no=1 + Assignment.objects.filter(case=case, reader=reader).count(),
        start_from=StartFrom.SCRATCH if base is None else StartFrom.PREDICTION,
        start_revision=None if base is None else Revision.objects.get(mask=base, number=base.head),
        mask=mask,
        lease_until=timezone.now() + timedelta(hours=1),
    )


def draw(read: Assignment, labels: Voxels) -> None:
    """One save that makes the mask equal `labels`."""
    read.mask.refresh_from_db()
    read.mask.case = read.case
    chunks.write_labels(mask=read.mask, labels=labels, kind=RevisionKind.AUTOSAVE)


def hand_in(read: Assignment, not_looked_at: Sequence[str] = ()) -> Assignment:
    read.mask.refresh_from_db()
    return corrections.submit(assignment=read, revision=read.mask.head, not_looked_at=not_looked_at)


def read_by(
    case: Case,
    reader: User,
    labels: Voxels,
    *,
    start: Prediction | None = None,
    purpose: Purpose = Purpose.OVERLAP,
    not_looked_at: Sequence[str] = (),
) -> Assignment:
    """A read that was handed in and is not reviewed."""
    read = open_read(case, reader, start=start, purpose=purpose)
    draw(read, labels)
    done = hand_in(read, not_looked_at)
    done.state, done.final_at = AssignmentState.DONE, timezone.now()
    done.save(update_fields=["state", "final_at"])
    return done


def give_back(read: Assignment) -> None:
    """What a reviewer's return does to a read."""
    read.state = AssignmentState.RETURNED
    read.save()
    agreement.reopened(read)


def gold(case: Case, labels: Voxels) -> GoldCase:
    """The right answer of a case, imported."""
    mask = Mask.objects.create(case=case, kind=MaskKind.IMPORTED, annotated=list(KEYS))
    revision = chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.IMPORT)
    found = GoldCase.objects.create(case=case, revision=revision)
    agreement.gold_changed(case)
    return found


def work(project: Project, on_progress: OnProgress = ignore_progress) -> int:
    """Do the score jobs that wait, as a worker does. Returns how many."""
    waiting = Job.objects.filter(project=project, kind=JobKind.SCORE, state=JobState.QUEUED).order_by("pk")
    done = 0
    for job in waiting:
        lease = jobs.claim(job.pk)
        assert lease is not None
        agreement.run(Job.objects.select_related("project").get(pk=job.pk), lease, on_progress)
        done += 1
    return done


def counting(case: Case | None = None, **only: object) -> list[AgreementScore]:
    """Scores that count, in a fixed order."""
    rows = AgreementScore.objects.filter(stale=False, **only).select_related("group")
    if case is not None:
        rows = rows.filter(case=case)
    return list(rows.order_by("group__kind", "group__structure", "revision_a", "revision_b"))


def new_case(project: Project) -> Case:
    case = make_case(project)
    case.refresh_from_db()
    return case


def key() -> uuid.UUID:
    return uuid.uuid4()
