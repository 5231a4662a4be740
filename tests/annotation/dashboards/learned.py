"""A project whose models follow a known learning curve: scores as rows, nothing is trained."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from django.contrib.auth.models import User
from django.utils import timezone

from annotation.models import (
    Acquisition,
    Arm,
    Case,
    CaseState,
    DatasetSnapshot,
    Mask,
    MaskKind,
    Model,
    ModelScore,
    ModelState,
    NetworkComparison,
    Part,
    Project,
    Revision,
    RevisionKind,
    SchemaStructure,
    SnapshotItem,
    SnapshotUse,
    Split,
    Structure,
    StructureGoal,
    TrainingRun,
    Trigger,
)
from tests.annotation.factories import make_case, make_job

TRUE = (0.88, 0.7, 0.6)  # c, a, b of the curve that the scores follow
METRIC = "test 1"


def truth(n: float, curve: tuple[float, float, float] = TRUE) -> float:
    c, a, b = curve
    return float(c - a * n**-b)


def needed(goal: float, curve: tuple[float, float, float] = TRUE) -> float:
    """Training cases that the true curve needs for a goal."""
    c, a, b = curve
    return float((a / (c - goal)) ** (1 / b))


def accept_rows(cases: Sequence[Case]) -> None:
    """Accepted, with a delineation that is a row alone."""
    now = timezone.now()
    for case in cases:
        mask = Mask.objects.create(case=case, kind=MaskKind.IMPORTED, head=1)
        revision = Revision.objects.create(
            mask=mask, number=1, kind=RevisionKind.IMPORT, key=uuid.uuid4(), sha256="0" * 64
        )
        Part.objects.filter(case=case).update(state=CaseState.ACCEPTED, accepted_revision=revision)
        Case.objects.filter(pk=case.pk).update(
            state=CaseState.ACCEPTED, accepted_revision=revision, accepted_at=now
        )
        case.refresh_from_db()


def accepted_cases(project: Project, number: int, split: Split) -> list[Case]:
    cases = [make_case(project, split=split) for _ in range(number)]
    accept_rows(cases)
    return cases


def add_model(
    project: Project,
    train: Sequence[Case],
    *,
    state: ModelState = ModelState.RETIRED,
    metric_version: str = METRIC,
    **run: object,
) -> Model:
    """A model with the snapshot that it was trained on, without scores."""
    snapshot = DatasetSnapshot.objects.create(project=project)
    SnapshotItem.objects.bulk_create(
        SnapshotItem(snapshot=snapshot, case=case, revision=case.accepted_revision, use=SnapshotUse.TRAIN)
        for case in train
    )
    return Model.objects.create(
        project=project,
        version=1 + Model.objects.filter(project=project).count(),
        run=TrainingRun.objects.create(
            project=project, snapshot=snapshot, job=make_job(project), budget_s=60, **run
        ),
        store_key=f"models/{uuid.uuid4().hex}",
        weights_sha256="0" * 64,
        plan={},
        metric_version=metric_version,
        state=state,
    )


def add_scores(model: Model, tests: Sequence[Case], values: Mapping[str, Sequence[float | None]]) -> None:
    """By structure, one figure for each test case; the surface Dice is a little lower."""
    ModelScore.objects.bulk_create(
        ModelScore(
            model=model,
            case=case,
            revision=case.accepted_revision,
            structure=key,
            dice=dice,
            surface_dice=None if dice is None else 0.95 * dice,
        )
        for key, each in values.items()
        for case, dice in zip(tests, each, strict=True)
    )


def learn(
    project: Project, sizes: Sequence[int] = (3, 6, 12, 24), *, tests: int = 8, seed: int = 3
) -> list[Model]:
    """Models of these sizes, every third refused, the newest serving; two goals; a few cases in arms."""
    rng = np.random.default_rng(seed)
    keys = list(
        SchemaStructure.objects.filter(schema__project=project)
        .order_by("value")
        .values_list("structure__key", flat=True)
    )
    pool = list(
        Case.objects.filter(project=project, split=Split.POOL, state=CaseState.ACCEPTED).order_by("pk")
    )
    pool += accepted_cases(project, max(0, max(sizes) - len(pool)), Split.POOL)
    measured = accepted_cases(project, tests, Split.TEST)
    difficulty = rng.normal(0, 0.02, (len(keys), tests))
    Model.objects.filter(project=project, state=ModelState.SERVING).update(state=ModelState.RETIRED)
    models = []
    for place, size in enumerate(sizes):
        refused = ModelState.REJECTED if place % 3 == 1 else ModelState.RETIRED
        state = ModelState.SERVING if place == len(sizes) - 1 else refused
        model = add_model(project, pool[:size], state=state)
        noise = rng.normal(0, 0.004, difficulty.shape)
        add_scores(
            model, measured, dict(zip(keys, (truth(size) + difficulty + noise).clip(0, 1), strict=True))
        )
        models.append(model)
    for key, goal in zip(keys, (0.8, 0.95), strict=False):
        StructureGoal.objects.create(project=project, structure=Structure.objects.get(key=key), dice=goal)
    choose(project, pool)
    return models


def choose(project: Project, cases: Sequence[Case]) -> None:
    """Every fourth case is a control; long before anybody read it."""
    Acquisition.objects.bulk_create(
        Acquisition(
            case=case,
            strategy="clasp_pe",
            arm=Arm.CONTROL if place % 4 == 0 else Arm.STRATEGY,
            rank=place,
            seed=1,
        )
        for place, case in enumerate(cases)
    )
    Acquisition.objects.filter(case__project=project).update(at=timezone.now() - timedelta(weeks=30))


def compare_networks(models: Sequence[Model], by: User) -> NetworkComparison:
    """These models as networks of one comparison, on the test cases that the first was scored on."""
    project = models[0].project
    snapshot = DatasetSnapshot.objects.create(project=project)
    scored = dict(models[0].scores.values_list("case", "revision"))
    SnapshotItem.objects.bulk_create(
        SnapshotItem(snapshot=snapshot, case_id=case, revision_id=revision, use=SnapshotUse.TEST)
        for case, revision in scored.items()
    )
    networks = ["plain_unet", "resenc_unet", "vnet"][: len(models)]
    for model, network in zip(models, networks, strict=True):
        TrainingRun.objects.filter(model=model).update(
            snapshot=snapshot, trigger=Trigger.COMPARISON, network=network
        )
    return NetworkComparison.objects.create(
        project=project, snapshot=snapshot, networks=networks, budget_s=60, requested_by=by
    )
