"""What models reach on frozen references, and at which tolerance that was measured."""

from collections.abc import Iterable

from django.db.models import Q

from annotation.learning.comparisons import test_items
from annotation.learning.manifests import structures_of
from annotation.models import Model, ModelScore, SchemaStructure
from training.manifest import CaseScore

_NOTHING = Q(pk__in=())


def keep_scores(*, model: Model, snapshot: int, scores: Iterable[CaseScore]) -> None:
    """Keep scores under the reference revision they were measured against; the newest tolerance stands."""
    tolerances = {spec.key: spec.tolerance_mm for spec in structures_of(model.project_id)}
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
                tolerance_mm=tolerances.get(score.structure),
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
    scored = ModelScore.objects.filter(model=model)
    now = scored.exclude(revision__in=scored.filter(_outdated(model.project_id)).values("revision"))
    items = test_items(snapshot).exclude(revision__in=now.values("revision"))
    return [str(case_id) for case_id in items.values_list("case_id", flat=True)]


def _outdated(project_id: int) -> Q:
    found = _NOTHING
    for entry in SchemaStructure.objects.filter(schema__project=project_id).select_related("structure"):
        other = Q(tolerance_mm__isnull=False) & ~Q(tolerance_mm=entry.tolerance_mm)
        unsaid = Q(tolerance_mm__isnull=True) if entry.own_tolerance_mm is not None else _NOTHING
        found |= Q(structure=entry.structure.key) & (other | unsaid)
    return found
