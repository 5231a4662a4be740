"""Rows for tests: one function per noun, only what is required has to be given."""

import gzip
import struct
import uuid
import zlib
from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation import chunks, corrections, guidelines, handles, uploads, worklist
from annotation.chunks.grid import Voxels
from annotation.exports import Order
from annotation.models import (
    Assignment,
    Branch,
    Case,
    CaseState,
    DatasetSnapshot,
    Export,
    ExportFormat,
    ExportWhat,
    GuidelineImage,
    Job,
    JobKind,
    JobState,
    Mask,
    MaskKind,
    Model,
    ModelState,
    NetworkComparison,
    Prediction,
    Project,
    Queue,
    RevisionKind,
    Role,
    Split,
    TrainingRun,
    UploadedFile,
    Volume,
)

SHAPE = (40, 36, 34)  # two chunks along every axis, none of them full at the far edge
LIVER, SPLEEN, KIDNEY = 1, 2, 3

Run = tuple[int, int, int]  # start, length, value
Block = tuple[int, int, Sequence[Run]]  # layer, k, runs


def make_volume(shape: Sequence[int] = SHAPE) -> Volume:
    key = uuid.uuid4().hex
    return Volume.objects.create(
        store_key=f"volumes/{key}",
        shape=list(shape),
        spacing_mm=[1.0, 1.0, 2.0],
        origin_lps=[-10.0, -20.0, -30.0],
        direction=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        content_sha256=key * 2,
    )


def make_case(
    project: Project,
    *,
    state: CaseState = CaseState.READY,
    split: Split = Split.POOL,
    shape: Sequence[int] = SHAPE,
) -> Case:
    number = 1 + Case.objects.filter(project=project).count()
    case = Case.objects.create(
        project=project,
        volume=make_volume(shape),
        number=number,
        name=f"Case {number:03d}",
        patient_key=f"patient-{number}",
        split=split,
        state=state,
    )
    worklist.begin_parts([case])
    return case


def set_state(cases: Iterable[Case], state: CaseState) -> None:
    """Put every part of the cases into a state that needs no delineation."""
    for case in cases:
        case.parts.update(state=state)
        with transaction.atomic():
            worklist.settle(worklist.lock_case(case.pk))


def make_job(project: Project, *, kind: JobKind = JobKind.TRAIN, state: JobState = JobState.SUCCEEDED) -> Job:
    lease_until = timezone.now() + timedelta(minutes=1) if state == JobState.RUNNING else None
    return Job.objects.create(
        project=project, kind=kind, queue=Queue.TRAIN, state=state, lease_until=lease_until
    )


def make_run(project: Project, *, state: JobState = JobState.SUCCEEDED) -> TrainingRun:
    return TrainingRun.objects.create(
        project=project,
        snapshot=DatasetSnapshot.objects.create(project=project),
        job=make_job(project, state=state),
        budget_s=60,
    )


def make_bench(project: Project) -> NetworkComparison:
    """Two networks to compare, neither of them queued yet."""
    return NetworkComparison.objects.create(
        project=project,
        snapshot=DatasetSnapshot.objects.create(project=project),
        networks=["plain_unet", "vnet"],
        budget_s=60,
        requested_by=User.objects.get(username="lea"),
    )


def make_export(project: Project) -> Export:
    """One whose file is not there."""
    return Export.objects.create(
        project=project,
        job=make_job(project, kind=JobKind.EXPORT),
        requested_by=User.objects.get(username="lea"),
        form=ExportFormat.NIFTI,
        what=ExportWhat.ACCEPTED,
        selection=Order(ExportFormat.NIFTI, ExportWhat.ACCEPTED).selection(),
        items=1,
    )


def make_model(project: Project, *, state: ModelState = ModelState.SERVING) -> Model:
    version = 1 + Model.objects.filter(project=project).count()
    run = make_run(project)
    return Model.objects.create(
        project=project,
        version=version,
        run=run,
        store_key=f"models/{uuid.uuid4().hex}",
        weights_sha256="0" * 64,
        plan={},
        state=state,
    )


def box(shape: Sequence[int] = SHAPE, *, value: int = LIVER) -> Voxels:
    """One layer with a box that lies across the border between chunks on every axis."""
    labels = np.zeros((1, *shape), np.uint8)
    labels[0, 28:36, 28:35, 30:33] = value
    return labels


def make_prediction(case: Case, model: Model, labels: Voxels | None = None) -> Prediction:
    mask = Mask.objects.create(case=case, kind=MaskKind.MODEL, model=model)
    labels = box(case.volume.shape) if labels is None else labels
    chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.PREDICTION)
    return Prediction.objects.create(case=case, model=model, mask=mask, uncertainty=0.1)


def make_read(reader: User, project: Project) -> Assignment:
    """A case that `reader` has claimed through the worklist, from a prediction if there is a model."""
    case = make_case(project)
    model = Model.objects.filter(project=project, state=ModelState.SERVING).first()
    if model is not None:
        make_prediction(case, model)
    before = Case.objects.filter(project=project, state=CaseState.READY).exclude(pk=case.pk)
    set_state(before, CaseState.WAITING)
    assignment = worklist.next_case(reader=reader, project=project)
    assert assignment is not None
    assert assignment.case_id == case.pk, "finish or release the reader's undrawn read first"
    return assignment


def named(read: Assignment) -> handles.Namer:
    """The handles of a read's volume and masks, as its reader gets them."""
    return handles.Namer(read.reader_id, read.sequence_no)


def make_submitted(reader: User, project: Project) -> Assignment:
    assignment = make_read(reader, project)
    stroke(assignment)
    return corrections.submit(assignment=assignment, revision=1)


def make_review(reviewer: User, submitted: Assignment) -> Assignment:
    review = worklist.claim_review(reviewer=reviewer, project=submitted.case.project)
    assert review is not None
    assert review.subject_id == submitted.pk
    return review


def stroke(assignment: Assignment, *, base: int = 0, value: int = LIVER, at: int = 0) -> corrections.Saved:
    return corrections.save(
        assignment=assignment,
        base_revision=base,
        key=uuid.uuid4(),
        edits=pack([(0, 1, [(at, 5, value)])]),
    )


def make_branch(
    assignment: Assignment, *, base: int = 0, value: int = LIVER, at: int = 0, continues: int | None = None
) -> Branch:
    return corrections.keep(
        assignment=assignment,
        base_revision=base,
        key=uuid.uuid4(),
        edits=pack([(0, 1, [(at, 5, value)])]),
        continues=continues,
    )


def png(width: int = 2, height: int = 2, *extra: tuple[bytes, bytes]) -> bytes:
    """A grey picture; `extra` chunks stand before its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x80" * width) * height)
    chunks_ = [(b"IHDR", header), *extra, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks_
    )


def make_picture(project: Project) -> GuidelineImage:
    lead = User.objects.get(memberships__project=project, memberships__role=Role.LEAD)
    return guidelines.add_image(project=project, author=lead, data=png())


def make_uploaded_file(project: Project) -> UploadedFile:
    """One that was announced; nothing of it is there."""
    lead = User.objects.get(memberships__project=project, memberships__role=Role.LEAD)
    return uploads.announce(upload=uploads.begin(project=project, by=lead), path="a.dcm", size=2)


def varint(number: int) -> bytes:
    """Unsigned LEB128, written the slow and obvious way."""
    out = bytearray()
    while number >= 0x80:
        out.append(number % 0x80 + 0x80)
        number //= 0x80
    return bytes([*out, number])


def encode(blocks: Iterable[Block]) -> bytes:
    out = b""
    for layer, k, runs in blocks:
        out += varint(layer) + varint(k) + varint(len(runs))
        end = 0
        for start, length, value in runs:
            out += varint(start - end) + varint(length) + bytes([value])
            end = start + length
    return out


def pack(blocks: Iterable[Block]) -> bytes:
    return gzip.compress(encode(blocks), mtime=0)
