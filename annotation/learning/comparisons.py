"""Two models on the same frozen references: the figures behind the gate and behind a lead's decision."""

from collections.abc import Collection
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from django.db.models import QuerySet

from annotation.learning.gate import Compared, figures
from annotation.learning.policy import policy_of
from annotation.learning.tolerances import tolerances_of
from annotation.models import (
    DatasetSnapshot,
    Model,
    ModelScore,
    ModelState,
    Project,
    SchemaStructure,
    SnapshotItem,
    SnapshotUse,
)
from training.compare import Difference, compare

Figures = tuple[float | None, float | None, float | None]  # Dice, surface Dice, and at which mm that is


def test_items(snapshot: int | None) -> QuerySet[SnapshotItem]:
    """The frozen references that models are measured on."""
    return SnapshotItem.objects.filter(snapshot=snapshot, use=SnapshotUse.TEST).order_by("case__number")


def compare_models(model: Model, serving: Model, *, snapshot: DatasetSnapshot) -> Compared:
    """Compare on the test references of a frozen set; both models are scored there or a case is left out.

    So is the surface Dice where the two were measured at different tolerances.
    """
    items = list(test_items(snapshot.pk).select_related("case"))
    revisions = [item.revision_id for item in items]
    ours, theirs = _scores(model, revisions), _scores(serving, revisions)
    margin = policy_of(model.project).margin
    shared = ours.keys() & theirs.keys()
    both = {case for case, _ in shared}
    alike = {key for key in shared if ours[key][2] == theirs[key][2]}
    dice, surface = (
        compare(
            {key: ours[key][measure] for key in keys},
            {key: theirs[key][measure] for key in keys},
            margin=margin,
            seed=snapshot.pk,
        )
        for measure, keys in ((0, shared), (1, alike))
    )
    return Compared(
        version=model.version,
        serving=serving.version,
        dice=dice,
        surface=surface,
        cases=tuple(item.case.number for item in items if str(item.case_id) in both),
        snapshot_sha256=snapshot.sha256,
        identical=model.weights_sha256 == serving.weights_sha256,
    )


@dataclass(frozen=True)
class Change:
    """Mean Dice of a structure before and after, over the cases that tell, and the paired difference."""

    key: str
    before: float
    after: float
    difference: Difference


@dataclass(frozen=True)
class BeforeAfter:
    """A model beside the one that it started from, on the frozen test cases of its own run."""

    parent: Model
    changes: tuple[Change, ...]
    overall: Difference | None
    cases: int


def before_and_after(model: Model) -> BeforeAfter | None:
    """What fine-tuning changed; None where the model started from none, or was not trained here."""
    if model.run is None or model.parent is None:
        return None
    compared = compare_models(model, model.parent, snapshot=model.run.snapshot)
    revisions = list(test_items(model.run.snapshot_id).values_list("revision", flat=True))
    after, before = _scores(model, revisions), _scores(model.parent, revisions)
    changes = []
    for key, difference in compared.dice.structures.items():
        pairs = [
            (old, new)
            for place in before.keys() & after.keys()
            if place[1] == key
            and (old := before[place][0]) is not None
            and (new := after[place][0]) is not None
        ]
        changes.append(Change(key, fmean(a for a, _ in pairs), fmean(b for _, b in pairs), difference))
    return BeforeAfter(model.parent, tuple(changes), compared.dice.overall, len(compared.cases))


def names_of(project: Project) -> dict[str, str]:
    """The spoken name of each structure key."""
    entries = SchemaStructure.objects.filter(schema__project=project)
    return dict(entries.values_list("structure__key", "structure__name"))


def _scores(model: Model, revisions: Collection[int]) -> dict[tuple[str, str], Figures]:
    """By (case, structure)."""
    tolerances = tolerances_of(model.project_id)
    scores = ModelScore.objects.filter(model=model, revision__in=revisions)
    return {
        (str(one.case_id), one.structure): (
            one.dice,
            one.surface_dice,
            tolerances.of(one.structure, one.tolerance_mm),
        )
        for one in scores
    }


def comparison_of(model: Model) -> dict[str, Any] | None:
    """The figures that the gate saw; else those against the serving model on the newest frozen references.

    None where there is nothing to compare with: the first model, and the one that serves.
    """
    if "surface" in model.gate:
        return {key: value for key, value in model.gate.items() if key not in ("decision", "sentence")}
    serving = Model.objects.filter(project=model.project_id, state=ModelState.SERVING).first()
    frozen = DatasetSnapshot.objects.filter(project=model.project_id, items__use=SnapshotUse.TEST)
    newest = frozen.order_by("-pk").first()
    if serving is None or serving == model or newest is None:
        return None
    return figures(compare_models(model, serving, snapshot=newest))
