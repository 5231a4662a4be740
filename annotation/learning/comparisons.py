"""Two models on the same frozen references: the figures behind the gate and behind a lead's decision."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from annotation.learning.gate import Compared, figures
from annotation.learning.policy import policy_of
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
from training.compare import compare


def test_items(snapshot: int | None) -> QuerySet[SnapshotItem]:
    """The frozen references that models are measured on."""
    return SnapshotItem.objects.filter(snapshot=snapshot, use=SnapshotUse.TEST).order_by("case__number")


def compare_models(model: Model, serving: Model, *, snapshot: DatasetSnapshot) -> Compared:
    """Compare on the test references of a frozen set; both models are scored there or a case is left out."""
    items = list(test_items(snapshot.pk).select_related("case"))
    revisions = [item.revision_id for item in items]
    ours, theirs = _scores(model, revisions), _scores(serving, revisions)
    margin = policy_of(model.project).margin
    both = {case for case, _ in ours.keys() & theirs.keys()}
    dice, surface = (
        compare(
            {key: pair[measure] for key, pair in ours.items()},
            {key: pair[measure] for key, pair in theirs.items()},
            margin=margin,
            seed=snapshot.pk,
        )
        for measure in (0, 1)
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


def names_of(project: Project) -> dict[str, str]:
    """The spoken name of each structure key."""
    entries = SchemaStructure.objects.filter(schema__project=project)
    return dict(entries.values_list("structure__key", "structure__name"))


def _scores(
    model: Model, revisions: Collection[int]
) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    """Dice and surface Dice by (case, structure)."""
    scores = ModelScore.objects.filter(model=model, revision__in=revisions)
    return {(str(score.case_id), score.structure): (score.dice, score.surface_dice) for score in scores}


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
