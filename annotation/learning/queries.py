"""What a strategy put forward, for leads: which cases, in which arm, by what score, and why, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from annotation.learning.acquisition import PROFILE
from annotation.learning.candidates import effort_of, minutes_of, unopened
from annotation.learning.policy import policy_of
from annotation.learning.runs import serving_model
from annotation.models import (
    ACTIVE_STATES,
    Acquisition,
    Arm,
    Assignment,
    AssignmentRole,
    AssignmentState,
    Model,
    Prediction,
    Project,
    SchemaStructure,
    Strategy,
    Unit,
)
from annotation.regions import Region

MOST_ROWS = 200


@dataclass(frozen=True)
class Chosen:
    """One case that was put forward; `minutes` is what correcting it is expected to take.

    Of a part that is not told, for what is known is of whole scans. `region_mm` is the part's size (i, j, k),
    `place` says its first and last voxels. `read_id` is the case's newest read.
    """

    acquisition: Acquisition
    structure_name: str
    minutes: float | None
    why: str
    is_open: bool
    region: Region | None
    region_mm: tuple[float, float, float] | None
    place: str
    read_id: int | None


@dataclass(frozen=True)
class Predicted:
    """Unread scans that the serving model has predicted: of how many no slab and no cube can be chosen.

    What parts are chosen by was not kept of them.
    """

    scans: int
    no_slab: int
    no_cube: int


@dataclass(frozen=True)
class Queries:
    """The batches so far, the newest first, and when the next one comes."""

    strategy: Strategy
    cold_start: Strategy
    control_share: float
    query_size: int
    unit: Unit
    slab_mm: float
    cube_mm: float
    model_version: int | None
    at: datetime | None
    left: int
    next: str
    predicted: Predicted
    chosen: list[Chosen]


_WHY: Mapping[str, str] = {
    Strategy.RANDOM: "drawn at random",
    Strategy.FG_RANDOM: "drawn at random, with an eye to what the model drew",
    Strategy.ENTROPY: "the model is unsure of much of it",
    Strategy.BALD: "the networks that were asked contradict each other",
    Strategy.POWER_BALD: "the networks that were asked contradict each other, with some chance",
    Strategy.CLASP_PE: "the model is unsure of much of it, whatever the structure",
    Strategy.TYPICLUST: "typical of scans like it, of which none was read",
    Strategy.KCENTER: "unlike all that was read",
    Strategy.EDIT_TIME: "much to learn for each minute that correcting it should take",
}


def queries(project: Project) -> Queries:
    """What was chosen, the newest first, for a lead's page."""
    policy, model = policy_of(project), serving_model(project)
    rows = _newest(project)
    open_ = set(unopened(project).filter(pk__in=[row.case_id for row in rows]).values_list("pk", flat=True))
    entries = SchemaStructure.objects.filter(schema__project=project).select_related("structure")
    names = {entry.structure.key: entry.structure.name for entry in entries}
    effort = effort_of(project)
    predictions = {
        (one.case_id, one.model_id): one
        for one in Prediction.objects.filter(case__in=[row.case_id for row in rows]).defer("regions")
    }
    reads = _reads(row.case_id for row in rows)
    left = sum(1 for row in rows if row.case_id in open_ and row.model_id == (model and model.pk))
    return Queries(
        strategy=Strategy(policy.strategy),
        cold_start=Strategy(policy.cold_start),
        control_share=policy.control_share,
        query_size=policy.query_size,
        unit=Unit(policy.unit),
        slab_mm=policy.slab_mm,
        cube_mm=policy.cube_mm,
        model_version=model.version if model else None,
        at=rows[0].at if rows else None,
        left=left,
        next=_next(model, left, policy.query_size, policy.cold_cases),
        predicted=_predicted(project, model),
        chosen=[
            _chosen(
                row,
                names,
                minutes_of(effort, predictions.get((row.case_id, row.model_id))),
                row.case_id in open_,
                reads.get(row.case_id),
            )
            for row in rows
        ],
    )


def _chosen(
    row: Acquisition, names: Mapping[str, str], minutes: float | None, is_open: bool, read: int | None
) -> Chosen:
    region = Region.of(row.region)
    name = names.get(row.structure, row.structure)
    if region is None:
        return Chosen(row, name, minutes, why(row, names), is_open, None, None, "", read)
    size_mm = region.size_mm(row.case.volume.spacing_mm)
    place = region.words(row.case.volume.shape)
    return Chosen(row, name, None, why(row, names), is_open, region, size_mm, place, read)


def _reads(cases: Iterable[int]) -> dict[int, int]:
    """The newest read of each case, for a lead to open."""
    begun = (*ACTIVE_STATES, AssignmentState.DONE)
    reads = Assignment.objects.filter(case__in=set(cases), role=AssignmentRole.ANNOTATE, state__in=begun)
    return dict(reads.order_by("pk").values_list("case", "pk"))


def _predicted(project: Project, model: Model | None) -> Predicted:
    if model is None:
        return Predicted(0, 0, 0)
    # Those of a calibration set are read as a whole in any case.
    cases = unopened(project).filter(calibration__isnull=True)
    found = Prediction.objects.filter(model=model, case__in=cases).aggregate(
        scans=Count("pk"),
        no_slab=Count("pk", filter=~Q(scores__has_key=PROFILE)),
        no_cube=Count("pk", filter=Q(cells__isnull=True)),
    )
    return Predicted(found["scans"], found["no_slab"], found["no_cube"])


def _newest(project: Project) -> list[Acquisition]:
    """The newest batch first, each in the order of its ranks."""
    rows = Acquisition.objects.filter(case__project=project).select_related("case__volume", "model")
    newest = list(rows.order_by("-pk")[:MOST_ROWS])
    batch = {row.seed: row.pk for row in newest}  # the first of each, for the last one that is seen stays
    return sorted(newest, key=lambda row: (-batch[row.seed], row.rank))


def why(row: Acquisition, names: Mapping[str, str]) -> str:
    """Say why a case was put forward."""
    if row.arm == Arm.CONTROL:
        return "control: drawn at random, so that what the strategy gains can be measured"
    if row.strategy == Strategy.CLASP_PE and row.structure:
        return f"the model is unsure about the {names.get(row.structure, row.structure).lower()}"
    return _WHY[row.strategy]


def _next(model: Model | None, left: int, size: int, cold: int) -> str:
    if model is None:
        return f"Without a model the first {cold} cases are chosen by what their scans look like."
    if left:
        return (
            f"Cases are chosen again when the {left} that are left have been opened, or a new model serves."
        )
    return f"The next {size} cases are chosen as soon as model {model.version} has predicted the pool."
