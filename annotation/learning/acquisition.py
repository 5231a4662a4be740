"""What is read next for the model's sake: cases that a strategy chose, with a control drawn beside them.

A batch is chosen when the serving model has predicted the pool, and again when readers have opened all of it;
before there is a model, the first cases are chosen by how typical they are. The worklist knows nothing of
this: a rank is written as the case's `acquisition`, above all that mere uncertainty gives, and the slab or
cube that was chosen of a case as its `region`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from numpy.typing import NDArray

from annotation.learning.candidates import UNOPENED, candidates, need_in, read_features, unopened
from annotation.learning.cells import KeptCells
from annotation.learning.policy import policy_of
from annotation.learning.runs import lock, serving_model
from annotation.models import (
    Acquisition,
    Arm,
    Case,
    Job,
    JobKind,
    JobState,
    LearningPolicy,
    Model,
    Prediction,
    Project,
    SnapshotItem,
    Unit,
)
from annotation.regions import Region
from training.acquire import (
    ALL,
    CONTROL_ARM,
    NEEDS_MEMBERS,
    Candidate,
    Pick,
    Query,
    ScoreMaps,
    SizeMm,
    axial,
    choose,
    choose_patches,
    surface_cm2,
    volume_scores,
)
from training.acquire.maps import structures_in

ABOVE = 2.0  # uncertainty, by which cases are ordered that nobody chose, is 1 at the most
LOOPS = 10  # of a project, as far as the fading of noise is concerned
DIGITS = 6
PROFILE = "profile"  # beside the measures: what slabs are chosen by
MOST_SCORES = 1 << 25  # of all places that are compared, in memory: of large pools some are drawn by lot


def scores_of(
    maps: ScoreMaps | None, labels: NDArray[np.uint8], spacing_mm: tuple[float, float, float]
) -> dict[str, Any]:
    """What is kept of a prediction for strategies: measure → structure key or "all" → value."""
    if maps is None:
        return {}
    measures = volume_scores(maps) | {"surface_cm2": {ALL: surface_cm2(labels, spacing_mm)}}
    plain = {
        name: {key: float(f"{value:.{DIGITS}g}") for key, value in values.items()}
        for name, values in measures.items()
    }
    return plain | {PROFILE: axial.to_dict(axial.profile_of(maps))}


def asks_for_views(project: Project) -> bool:
    """Whether the project's strategy compares several answers to one scan."""
    return policy_of(project).strategy in NEEDS_MEMBERS


def choose_if_due(project: Project) -> list[Acquisition]:
    """Choose the next cases where that is due, and put what was chosen into order. Safe at any time.

    Not due while the serving model has cases to predict, or while a chosen case waits for its reader.
    """
    model, policy = serving_model(project), policy_of(project)
    count = _wanted(project, model, policy)
    chosen = _chosen(project, model, policy, count) if count > 0 else []
    _put_in_order(project, model)
    return chosen


def _wanted(project: Project, model: Model | None, policy: LearningPolicy) -> int:
    """How many cases to choose now."""
    if model is None:
        before = Acquisition.objects.filter(case__project=project, model__isnull=True).count()
        return policy.cold_cases - before
    predicting = Job.objects.filter(
        project=project,
        kind=JobKind.PREDICT,
        ids__model=model.pk,
        state__in=(JobState.QUEUED, JobState.RUNNING),
    )
    open_ = unopened(project).filter(acquisitions__model=model)
    return 0 if predicting.exists() or open_.exists() else policy.query_size


def _chosen(project: Project, model: Model | None, policy: LearningPolicy, count: int) -> list[Acquisition]:
    strategy = policy.cold_start if model is None else policy.strategy
    # The cold start chooses by how scans differ, and knows no scores to take anything from.
    diversity = 0.0 if model is None else policy.diversity
    free = candidates(project, model, strategy, compared=diversity > 0)
    if not free:
        return []
    batch = _batches(project, model)
    seed = _seed(project, model, batch)
    query = Query(
        strategy,
        count,
        seed,
        loop=0 if model is None else _loop(project),
        loops=LOOPS,
        # Before there is a model nobody can be drawn by what it drew.
        control=0.0 if model is None else policy.control_share,
        need=need_in(project, model, structures_in(one.scores for one in free)),
        diversity=diversity,
    )
    if maps := _maps(project, model, policy, free):
        # Of each place two scores are compared, and three of each structure.
        most = MOST_SCORES // (2 + 3 * len(structures_in(one.scores for one in free)))
        picks = choose_patches(maps, query, _size_mm(policy), one_each=True, most=most)
    else:
        picks = choose(free, query, read_features(project, strategy))
    return _keep(project, model, picks, batch, seed)


def _maps(
    project: Project, model: Model | None, policy: LearningPolicy, free: Sequence[Candidate]
) -> Mapping[str, ScoreMaps]:
    """What parts of scans are chosen from, by case: not of calibration cases, which are read as a whole.

    Empty where whole cases are chosen: before there is a model, and where all was predicted before such maps
    were kept.
    """
    if model is None or policy.unit == Unit.VOLUME:
        return {}
    apart = set(Case.objects.filter(project=project, calibration__isnull=False).values_list("pk", flat=True))
    own = [one for one in free if int(one.id) not in apart]
    if policy.unit == Unit.CUBE:
        return KeptCells(model, [one.id for one in own])
    return {one.id: axial.from_dict(one.scores[PROFILE]) for one in own if PROFILE in one.scores}


def _size_mm(policy: LearningPolicy) -> SizeMm:
    """How large a part is; None = all along that axis."""
    if policy.unit == Unit.CUBE:
        return policy.cube_mm, policy.cube_mm, policy.cube_mm
    return None, None, policy.slab_mm


@transaction.atomic
def _keep(
    project: Project, model: Model | None, picks: Sequence[Pick], batch: int, seed: int
) -> list[Acquisition]:
    """Store a batch, without what a reader has opened meanwhile; nothing if somebody else was faster."""
    lock(project)
    current = serving_model(project)
    if (current and current.pk) != (model and model.pk) or _batches(project, model) != batch:
        return []
    cases = [int(pick.id) for pick in picks]
    locked = unopened(project).filter(pk__in=cases).order_by("pk").select_related("volume")
    free = {case.pk: case for case in locked.select_for_update(no_key=True, of=("self",))}
    last = Acquisition.objects.filter(case__project=project, model=model).aggregate(last=Max("rank"))["last"]
    first = 0 if last is None else last + 1
    kept = [pick for pick in picks if int(pick.id) in free]
    return Acquisition.objects.bulk_create(
        [
            Acquisition(
                case_id=int(pick.id),
                model=model,
                strategy=pick.strategy,
                arm=_arm(pick, model),
                score=pick.score,
                structure=pick.structure,
                region=_region(pick, free[int(pick.id)]),
                rank=first + place,
                seed=seed,
            )
            for place, pick in enumerate(kept)
        ]
    )


def _region(pick: Pick, case: Case) -> list[int] | None:
    """The part of the scan, as rows keep it; None where it is all of it."""
    if pick.box is None:
        return None
    i, j, k = pick.box
    region = Region((i.start, j.start, k.start), (i.stop, j.stop, k.stop))
    return None if region == Region((0, 0, 0), case.volume.geometry.shape) else region.kept()


def _arm(pick: Pick, model: Model | None) -> Arm:
    if model is None:
        return Arm.COLD_START
    return Arm.CONTROL if pick.arm == CONTROL_ARM else Arm.STRATEGY


@transaction.atomic
def _put_in_order(project: Project, model: Model | None) -> None:
    """Write ranks where the worklist looks; what is not chosen (any more) follows by uncertainty.

    Only what differs is written, so that no reader's claim waits for nothing.
    """
    rows = Acquisition.objects.filter(model=model, case__in=unopened(project))
    chosen = {case: ABOVE + 1 / (1 + rank) for case, rank in rows.values_list("case", "rank")}
    doubts = dict(
        Prediction.objects.filter(model=model, case__in=unopened(project)).values_list("case", "uncertainty")
        if model is not None
        else ()
    )
    for pk, now in unopened(project).order_by("pk").values_list("pk", "acquisition"):
        due = chosen.get(pk, doubts.get(pk, now if now is None or now <= 1 else None))
        if due != now:
            # Whoever opened it meanwhile is not affected: the order of what is read says nothing to them.
            Case.objects.filter(pk=pk).update(acquisition=due)
    _ask_for_parts(project, dict(rows.values_list("case", "region")))


def _ask_for_parts(project: Project, regions: Mapping[int, list[int] | None]) -> None:
    """Write what is asked of readers to the cases that nobody has opened, but for those in a frozen set."""
    frozen = Exists(SnapshotItem.objects.filter(case=OuterRef("pk")))
    free = unopened(project).filter(calibration__isnull=True).exclude(frozen)
    for pk, now in free.order_by("pk").values_list("pk", "region"):
        due = regions.get(pk)
        if due != now:
            # Whoever opened it meanwhile keeps what the page showed: then the row is no longer among these.
            Case.objects.filter(pk=pk, state__in=UNOPENED).update(region=due)


def _batches(project: Project, model: Model | None) -> int:
    rows = Acquisition.objects.filter(case__project=project, model=model)
    return rows.order_by().values("seed").distinct().count()


def _loop(project: Project) -> int:
    """How many batches were chosen by models so far: the noise of ClaSP-PE fades with them."""
    rows = Acquisition.objects.filter(case__project=project, model__isnull=False)
    return rows.order_by().values("seed").distinct().count()


def _seed(project: Project, model: Model | None, batch: int) -> int:
    """A number of its own for every batch, the same however often it is asked for."""
    what = f"{project.pk}/{model.pk if model else 0}/{batch}".encode()
    return int.from_bytes(hashlib.blake2b(what, digest_size=8).digest()) >> 1
