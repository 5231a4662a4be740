"""A plausible reader study without voxels: sixty cases, five readers, three seniors, fourteen weeks.

Errors follow from the structure, the case, the reader and where the read began; reads that began from one
prediction resemble each other. dan is careless with the last gold cases. The same seed gives the same study.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction

from annotation.agreement import charts, figures, sides, summaries
from annotation.models import (
    AgreementKind,
    AgreementScore,
    Assignment,
    AssignmentRole,
    AssignmentState,
    CalibrationCase,
    Case,
    CaseState,
    ErrorCode,
    GoldCase,
    Level,
    Mask,
    MaskKind,
    Membership,
    Model,
    ModelState,
    Part,
    Pin,
    Prediction,
    Project,
    Purpose,
    ReaderRate,
    ReadSummary,
    Review,
    Revision,
    RevisionKind,
    Role,
    SchemaStructure,
    StartFrom,
    StructureVerdict,
    Verdict,
)
from tests.annotation.factories import make_case, make_model
from training.metrics import METRIC_VERSION

READERS = {"ada": 0.8, "bo": 1.0, "cleo": 1.15, "dan": 0.95, "eve": 1.3}  # how far each errs
BIASES = {"ada": 0.0, "bo": 0.01, "cleo": -0.03, "dan": 0.02, "eve": 0.05}  # of volumes
SENIORS = ("sam", "tess", "ute")
WEEKS = 14
ERRORS = {"liver": 0.025, "spleen": 0.03, "kidney_left": 0.03, "kidney_right": 0.03, "aorta": 0.05}
SIZES_ML = {"liver": 1500.0, "spleen": 210.0, "kidney_left": 160.0, "kidney_right": 155.0, "aorta": 120.0}
TOOLS = ("brush", "eraser", "interpolate", "smooth", "undo")


@dataclass
class Study:
    """Who took part, and in what."""

    project: Project
    rng: np.random.Generator
    begun: datetime
    structures: list[str]
    readers: dict[str, User] = field(default_factory=dict)
    seniors: list[User] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    errors: dict[int, dict[str, float]] = field(default_factory=dict)  # by revision
    volumes: dict[int, dict[str, float]] = field(default_factory=dict)
    reads: list[Assignment] = field(default_factory=list)
    factors: dict[int, float] = field(default_factory=dict)  # how difficult a case is


@transaction.atomic
def fill(project: Project, now: datetime, *, cases: int = 60, seed: int = 1) -> Study:
    """Fill an empty project: calibration, gold, routine, double and repeated reads, reviews and scores."""
    keys = SchemaStructure.objects.filter(schema__project=project).values_list("structure__key", flat=True)
    rng = np.random.default_rng(seed)
    study = Study(project, rng, now - timedelta(weeks=WEEKS), list(keys))
    _people(study)
    study.models = [make_model(project, state=ModelState.RETIRED), make_model(project)]
    study.cases = [make_case(project, state=CaseState.READY) for _ in range(cases)]
    for place, case in enumerate(study.cases):
        study.factors[case.pk] = float(rng.lognormal(0, 0.25))
        _read_case(study, place, case, study.begun + timedelta(weeks=WEEKS) * ((place + 0.5) / cases))
    _repeats(study, now)
    _score(study)
    _rate(study)
    figures.refresh(project, patient=False)
    charts.keep(project, [reader.pk for reader in study.readers.values()])
    return study


def _people(study: Study) -> None:
    for place, name in enumerate((*READERS, *SENIORS)):
        user = User.objects.filter(username=name).first() or User.objects.create_user(name, password=name)
        is_senior = name in SENIORS
        level = Level.EXPERT if is_senior else (Level.JUNIOR if place < 3 else Level.EXPERIENCED)
        Membership.objects.create(
            project=study.project,
            user=user,
            role=Role.REVIEWER if is_senior else Role.ANNOTATOR,
            level=level,
        )
        if is_senior:
            study.seniors.append(user)
        else:
            study.readers[name] = user


def _read_case(study: Study, place: int, case: Case, at: datetime) -> None:
    """A fifth are calibration, two fifths gold; the newest of the others are not done yet."""
    model = study.models[1 if place > len(study.cases) // 2 else 0]
    prediction = _prediction(study, case, model, at)
    names = list(READERS)
    if place % 5 == 0:
        from_scratch = place % 10 == 0
        start = None if from_scratch else prediction
        CalibrationCase.objects.create(
            case=case, start_from=StartFrom.SCRATCH if from_scratch else StartFrom.PREDICTION
        )
        for name in names:
            _read(study, case, name, Purpose.CALIBRATION, start, at)
    elif place % 5 in (1, 3):
        answer = _revision(study, Mask(case=case, kind=MaskKind.IMPORTED), {}, at)
        study.errors[answer.pk] = dict.fromkeys(study.structures, 0.0)
        study.volumes[answer.pk] = {key: _size(study, case, key) for key in study.structures}
        GoldCase.objects.create(case=case, revision=answer, source="Consensus of the seniors")
        for name in names:
            careless = name == "dan" and place > 0.7 * len(study.cases)
            _read(study, case, name, Purpose.GOLD, prediction, at, factor=2.5 if careless else 1.0)
        _accept(case, answer, at)
    elif place < 0.8 * len(study.cases):
        _routine(study, place, case, prediction, at)
    else:
        states = [CaseState.READY, CaseState.WAITING, CaseState.IN_PROGRESS, CaseState.IN_REVIEW]
        Part.objects.filter(case=case).update(state=states[place % 4])
        Case.objects.filter(pk=case.pk).update(state=states[place % 4])


def _routine(study: Study, place: int, case: Case, prediction: Revision, at: datetime) -> None:
    """One read, every fourth time a second one; a senior reviews the first."""
    names = list(READERS)
    read = _read(study, case, names[(place // 2) % 5], Purpose.ROUTINE, prediction, at)
    if place % 4 == 0:
        _read(study, case, names[(place // 2 + 1 + (place // 4) % 4) % 5], Purpose.OVERLAP, prediction, at)
    result = _review(study, place, read, at + timedelta(hours=5))
    _accept(case, result, at + timedelta(hours=5))


def _review(study: Study, place: int, read: Assignment, at: datetime) -> Revision:
    """Most are accepted as they are; some are returned first, some are fixed."""
    submitted = Revision.objects.get(mask=read.mask, number=1)
    verdicts = (
        [Verdict.RETURN, Verdict.ACCEPT]
        if place % 7 == 1
        else [Verdict.FIX if place % 6 == 2 else Verdict.ACCEPT]
    )
    reviewer = study.seniors[place % 3]
    result = submitted
    for number, verdict in enumerate(verdicts):
        mask = Mask.objects.create(
            case=read.case,
            kind=MaskKind.READER,
            author=reviewer,
            base=read.mask,
            base_revision=1,
            annotated=study.structures,
        )
        review = Assignment.objects.create(
            case=read.case,
            part=read.part,
            reader=reviewer,
            role=AssignmentRole.REVIEW,
            sequence_no=number + 1,
            start_from=StartFrom.REVISION,
            start_revision=submitted,
            mask=mask,
            subject=read,
            state=AssignmentState.DONE,
            lease_until=at,
            submitted_at=at,
            final_at=at,
            active_seconds=int(study.rng.integers(60, 400)),
        )
        StructureVerdict.objects.create(
            assignment=review,
            structure=study.structures[0],
            verdict=verdict,
            acceptability=2 if verdict == Verdict.RETURN else 3 + place % 3,
        )
        if verdict == Verdict.FIX:
            result = _fixed(study, mask, submitted, at)
        Review.objects.create(
            assignment=review,
            revision=submitted,
            result=None if verdict == Verdict.RETURN else result,
            verdict=verdict,
            comment="The lower pole is missing." if verdict == Verdict.RETURN else "",
        )
        if verdict != Verdict.ACCEPT:
            _pin(study, read, review)
    return result


def _pin(study: Study, read: Assignment, review: Assignment) -> None:
    codes = [ErrorCode.BOUNDARY, ErrorCode.MISSING, ErrorCode.BOUNDARY, ErrorCode.LEAK]
    Pin.objects.create(
        assignment=read,
        review=review,
        structure=study.structures[read.case.number % len(study.structures)],
        point_lps=[0.0, -10.0, 20.0],
        error_code=codes[read.case.number % len(codes)],
        created_by=review.reader,
    )


def _fixed(study: Study, mask: Mask, submitted: Revision, at: datetime) -> Revision:
    errors = {key: 0.5 * error for key, error in study.errors[submitted.pk].items()}
    fixed = _revision(study, mask, errors, at)
    study.volumes[fixed.pk] = study.volumes[submitted.pk]
    return fixed


def _accept(case: Case, revision: Revision, at: datetime) -> None:
    Part.objects.filter(case=case).update(state=CaseState.ACCEPTED, accepted_revision=revision)
    Case.objects.filter(pk=case.pk).update(
        state=CaseState.ACCEPTED, accepted_revision=revision, accepted_at=at
    )


def _repeats(study: Study, now: datetime) -> None:
    """Each reader reads three calibration cases again."""
    calibrated = [read for read in study.reads if read.purpose == Purpose.CALIBRATION]
    for name, reader in study.readers.items():
        mine = [read for read in calibrated if read.reader_id == reader.pk]
        for read in mine[:4]:
            at = (read.submitted_at or now) + timedelta(days=20)
            if at < now:
                _read(study, read.case, name, Purpose.REPEAT, read.start_revision, at, sequence=2)


# ── One read ─────────────────────────────────────────────────────────────────


def _prediction(study: Study, case: Case, model: Model, at: datetime) -> Revision:
    errors = {key: 1.6 * _error(study, case, key) for key in study.structures}
    revision = _revision(
        study, Mask(case=case, kind=MaskKind.MODEL, model=model), errors, at - timedelta(days=1)
    )
    Prediction.objects.create(case=case, model=model, mask=revision.mask, uncertainty=0.1)
    study.volumes[revision.pk] = {key: _size(study, case, key) * 1.04 for key in study.structures}
    return revision


def _read(
    study: Study,
    case: Case,
    name: str,
    purpose: Purpose,
    start: Revision | None,
    at: datetime,
    *,
    sequence: int = 1,
    factor: float = 1.0,
) -> Assignment:
    anchored = 1.0 if start is None else 0.6
    errors = {key: anchored * factor * READERS[name] * _error(study, case, key) for key in study.structures}
    mask = Mask(case=case, kind=MaskKind.READER, author=study.readers[name])
    revision = _revision(study, mask, errors, at)
    bias = 1 + BIASES[name] * anchored
    study.volumes[revision.pk] = {
        key: _size(study, case, key) * bias * float(study.rng.normal(1, error))
        for key, error in errors.items()
    }
    seconds = int(study.rng.lognormal(6.9 if start is None else 5.9, 0.4))
    read = Assignment.objects.create(
        case=case,
        part=case.parts.get(),
        reader=study.readers[name],
        role=AssignmentRole.ANNOTATE,
        purpose=purpose,
        sequence_no=sequence,
        start_from=StartFrom.SCRATCH if start is None else StartFrom.PREDICTION,
        start_revision=start,
        mask=revision.mask,
        state=AssignmentState.DONE,
        lease_until=at,
        submitted_at=at,
        final_at=at,
        active_seconds=seconds,
    )
    study.reads.append(read)
    _summary(study, read, revision, errors)
    return read


def _summary(study: Study, read: Assignment, revision: Revision, errors: dict[str, float]) -> None:
    mean = float(np.mean(list(errors.values())))
    shares = study.rng.dirichlet([4, 2, 2, 1, 1])
    at = read.submitted_at or study.begun
    from_scratch = read.start_from == StartFrom.SCRATCH
    ReadSummary.objects.create(
        read=read,
        project=study.project,
        case=read.case,
        reader=read.reader,
        revision=revision,
        purpose=read.purpose,
        starts=sides.starts_of(read),
        read_at=at,
        month=at.date().replace(day=1),
        active_seconds=read.active_seconds,
        idle_seconds=int(study.rng.integers(20, 300)),
        tools={
            tool: {
                "seconds": round(0.9 * read.active_seconds * float(share)),
                "edits": 9,
                "added": 400,
                "removed": 90,
            }
            for tool, share in zip(TOOLS, shares, strict=True)
        },
        volumes_ml=study.volumes[revision.pk],
        changed_voxels=int(2e6 * mean),
        moved_share=None if from_scratch else min(1.0, 3 * mean),
        moved_mm=None if from_scratch else 20 * mean,
    )


def _revision(study: Study, mask: Mask, errors: dict[str, float], at: datetime) -> Revision:
    mask.annotated = study.structures
    mask.head = 1
    mask.save()
    kind = RevisionKind.PREDICTION if mask.kind == MaskKind.MODEL else RevisionKind.SUBMIT
    revision = Revision.objects.create(
        mask=mask,
        number=1,
        kind=kind,
        key=uuid.UUID(bytes=study.rng.bytes(16)),
        author=mask.author,
        sha256="0" * 64,
    )
    study.errors[revision.pk] = errors
    return revision


def _error(study: Study, case: Case, key: str) -> float:
    return ERRORS.get(key, 0.04) * study.factors[case.pk] * float(study.rng.lognormal(0, 0.25))


def _size(study: Study, case: Case, key: str) -> float:
    return SIZES_ML.get(key, 100.0) * float(study.factors[case.pk] ** 0.5)


# ── Scores ───────────────────────────────────────────────────────────────────


def _score(study: Study) -> None:
    pairs = [(case, pair) for case in study.cases for pair in sides.pairs_of(case)]
    names = {
        (METRIC_VERSION, pair.kind.value, key, pair.starts) for _, pair in pairs for key in study.structures
    }
    groups = summaries.locked_groups(study.project.pk, names)
    rows = [
        _row(study, case, pair, key, groups[METRIC_VERSION, pair.kind.value, key, pair.starts].pk)
        for case, pair in pairs
        for key in study.structures
    ]
    summaries.add([row.pk for row in AgreementScore.objects.bulk_create(rows)])


def _rate(study: Study) -> None:
    """STAPLE's rates, as of readers who err as these do: those who draw too large mark too much."""
    starts = dict(ReadSummary.objects.filter(project=study.project).values_list("read", "starts"))
    firsts = [read for read in study.reads if read.purpose == Purpose.CALIBRATION]
    ReaderRate.objects.bulk_create(
        ReaderRate(
            project=study.project,
            case=read.case,
            structure=key,
            starts=starts[read.pk],
            read=read,
            reader=read.reader,
            readers=len(READERS),
            sensitivity=1 - study.errors[read.mask.revisions.get().pk][key] / 2,
            specificity=0.99 - max(0.0, BIASES[read.reader.username]) / 10,
            prevalence=0.3,
            region="the box around all marks, 5 voxels wider",
            converged=True,
        )
        for read in firsts
        for key in study.structures
    )


def _row(study: Study, case: Case, pair: sides.Pair, key: str, group: int) -> AgreementScore:
    a, b = pair.a, pair.b
    both_anchored = pair.kind in (AgreementKind.INTER, AgreementKind.INTRA) and "scratch" not in pair.starts
    error = float(np.hypot(study.errors[a.revision_id][key], study.errors[b.revision_id][key]))
    error *= 0.6 if both_anchored or pair.kind == AgreementKind.PREDICTION else 1.0
    readers = [None if side.read is None else side.read.reader_id for side in (a, b)]
    return AgreementScore(
        group_id=group,
        case=case,
        revision_a_id=a.revision_id,
        revision_b_id=b.revision_id,
        read_a=a.read,
        read_b=b.read,
        reader_a_id=readers[0],
        reader_b_id=readers[1],
        model=a.model or b.model,
        start_a=a.start,
        start_b=b.start,
        start_model_a_id=a.start_model_id,
        start_model_b_id=b.start_model_id,
        tolerance_mm=3.0,
        dice=max(0.0, 1 - error),
        surface_dice=max(0.0, 1 - 1.4 * error),
        hd95_mm=80 * error,
        hd_mm=160 * error,
        assd_mm=20 * error,
        volume_a_ml=study.volumes[a.revision_id][key],
        volume_b_ml=study.volumes[b.revision_id][key],
        read_at=pair.read_at,
    )
