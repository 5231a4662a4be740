"""What models reach on frozen references, and which of it is still to be measured."""

from collections.abc import Iterable

from annotation.learning.comparisons import test_items
from annotation.learning.tolerances import tolerances_of
from annotation.models import Model, ModelScore
from training.manifest import CaseScore


def keep_scores(*, model: Model, snapshot: int, scores: Iterable[CaseScore]) -> None:
    """Keep scores under the reference revision they were measured against; the newest tolerance stands."""
    tolerances = tolerances_of(model.project_id)
    revision_of = {str(item.case_id): item.revision_id for item in test_items(snapshot)}
    ModelScore.objects.bulk_create(
        [
            ModelScore(
                model=model,
                case_id=int(score.case_id),
                revision_id=revision_of[score.case_id],
                structure=score.structure,
                dice=score.dice,
                surface_dice=score.surface_dice,
                tolerance_mm=score.tolerance_mm or tolerances.in_force.get(score.structure),
            )
            for score in scores
        ],
        update_conflicts=True,
        unique_fields=["model", "revision", "structure"],
        update_fields=["dice", "surface_dice", "tolerance_mm"],
    )


def unscored_cases(model: Model, snapshot: int) -> list[str]:
    """Test cases of a frozen set (ids as in the manifest) that the model has no score for as things are now.

    That is none at this reference, or one at another tolerance than the project's.
    """
    tolerances = tolerances_of(model.project_id)
    items = dict(test_items(snapshot).values_list("case_id", "revision"))
    scored, outdated = set(), set()
    rows = ModelScore.objects.filter(model=model, revision__in=items.values())
    for revision, structure, mm in rows.values_list("revision", "structure", "tolerance_mm"):
        scored.add(revision)
        if tolerances.is_other(structure, mm):
            outdated.add(revision)
    return [str(case_id) for case_id, revision in items.items() if revision not in scored - outdated]
