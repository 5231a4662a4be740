"""Which of a project's models were measured alike: on the same frozen revisions, by one metric version.

The set of revisions is the newest that allows a curve: that of the newest model, or, as long as fewer than
four sizes were scored on all of it, what it shares with the model before, and the one before that. A test
case that was accepted yesterday thus starts no new curve, and no curve has two test sets.

Nor two tolerances: surface Dice that was measured at another one than that in force is on no curve, structure
by structure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Count

from annotation.learning.tolerances import Tolerances, tolerances_of
from annotation.models import Case, Model, ModelState, Project, SnapshotItem, SnapshotUse, Split, Trigger
from training.curve import FEWEST_SIZES, CurveRun

METRICS = ("dice", "surface_dice")
Key = tuple[str, str]  # revision, structure
Values = Mapping[Key, float | None]


@dataclass(frozen=True)
class Measured:
    """A model with its scores by metric; `left_out` says why it is on no curve.

    `elsewhere`: surface Dice that was measured at another tolerance than the one in force. `blunt`: the
    structures of these, none of whose surface Dice is among the scores of a model on a curve.
    """

    model: Model
    cases: int
    scores: Mapping[str, Values]
    elsewhere: frozenset[Key] = frozenset()
    blunt: frozenset[str] = frozenset()
    left_out: str = ""

    @property
    def promoted(self) -> bool:
        return self.model.state in (ModelState.SERVING, ModelState.RETIRED)

    @property
    def revisions(self) -> frozenset[str]:
        return frozenset(revision for revision, _ in self.scores[METRICS[0]])

    def run(self, metric: str) -> CurveRun:
        """As the curve takes it."""
        return CurveRun(self.cases, self.model.version, self.scores[metric])


@dataclass(frozen=True)
class Alike:
    """Models that were measured alike, oldest first, on how many test cases; and the others."""

    on_curve: tuple[Measured, ...]
    left_out: tuple[Measured, ...]
    revisions: frozenset[str]
    newer_tests: int  # test cases of the newest model that are not among them

    def of(self, metric: str) -> tuple[Measured, ...]:
        """Those on the curve that have any figure of a metric."""
        return tuple(
            one for one in self.on_curve if any(value is not None for value in one.scores[metric].values())
        )


def alike(project: Project, *, network: str | None = None) -> Alike:
    """A handful of queries, however many models there are. `network`: None = the newest model's."""
    measured = _measured(project)
    own = (one for one in reversed(measured) if not _own_reason(one))
    newest = next((one for one in own if network in (None, _network(one))), None)
    if newest is None:
        return Alike((), tuple(_without(one, _own_reason(one)) for one in measured), frozenset(), 0)
    reasons = {one.model.pk: _own_reason(one) or _unlike(one, newest) for one in measured}
    usable = [one for one in measured if not reasons[one.model.pk]]
    revisions = _common(usable)
    for one in usable:
        if not revisions <= one.revisions:
            reasons[one.model.pk] = "It was not scored on the test cases of this curve."
    return Alike(
        tuple(_on(one, revisions) for one in usable if not reasons[one.model.pk]),
        tuple(_without(one, reasons[one.model.pk]) for one in measured if reasons[one.model.pk]),
        revisions,
        len(newest.revisions - revisions),
    )


def accepted_cases(project: Project) -> int:
    """Cases that a training could learn from now."""
    return Case.objects.filter(project=project, split=Split.POOL, accepted_revision__isnull=False).count()


def _own_reason(one: Measured) -> str:
    """Why the model could be on no curve whatever."""
    if one.model.run is None:
        return "It was not trained here."
    if not one.scores[METRICS[0]]:
        return "It has no scores on test cases."
    if one.model.run.trigger == Trigger.COMPARISON:
        return "It was trained to compare networks."
    return ""


def _unlike(one: Measured, newest: Measured) -> str:
    if one.model.metric_version != newest.model.metric_version:
        return f"Its scores are of another metric version, {one.model.metric_version or 'an unnamed one'}."
    if (network := _network(one)) != _network(newest):
        return f"It is another network, {network}."
    return ""


def _network(one: Measured) -> str:
    return "" if one.model.run is None else one.model.run.network


def _common(usable: list[Measured]) -> frozenset[str]:
    """The revisions of the newest model; fewer where only fewer were seen by models of four sizes."""
    newest = usable[-1].revisions
    common = newest
    for one in reversed(usable):
        if one.revisions & common:
            common &= one.revisions
        if len({other.cases for other in usable if common <= other.revisions}) >= FEWEST_SIZES:
            return common
    return newest


def _on(one: Measured, revisions: frozenset[str]) -> Measured:
    """With the scores on these revisions alone, and no structure's surface Dice at two tolerances."""
    blunt = frozenset(structure for revision, structure in one.elsewhere if revision in revisions)
    scores = {
        metric: {
            key: value
            for key, value in values.items()
            if key[0] in revisions and not (metric == "surface_dice" and key[1] in blunt)
        }
        for metric, values in one.scores.items()
    }
    return replace(one, scores=scores, blunt=blunt)


def _without(one: Measured, reason: str) -> Measured:
    return replace(one, left_out=reason)


def _measured(project: Project) -> list[Measured]:
    models = list(Model.objects.filter(project=project).select_related("run").order_by("version"))
    sizes = _sizes(models)
    scores = _scores(models, tolerances_of(project))
    return [
        Measured(
            model,
            0 if model.run is None else sizes.get(model.run.snapshot_id, 0),
            *scores.get(model.pk, ({metric: {} for metric in METRICS}, frozenset())),
        )
        for model in models
    ]


def _sizes(models: list[Model]) -> dict[int, int]:
    """How many cases each snapshot trains on."""
    items = SnapshotItem.objects.filter(
        snapshot__in=[model.run.snapshot_id for model in models if model.run is not None],
        use=SnapshotUse.TRAIN,
    )
    return dict(items.order_by().values_list("snapshot").annotate(n=Count("pk")))


def _scores(
    models: list[Model], tolerances: Tolerances
) -> dict[int, tuple[dict[str, Values], frozenset[Key]]]:
    """Scores by model and metric, and which surface Dice is at another tolerance."""
    query = (
        "SELECT model_id, array_agg(revision_id::text), array_agg(structure), array_agg(tolerance_mm), "
        "array_agg(dice), array_agg(surface_dice) "
        "FROM annotation_modelscore WHERE model_id = ANY(%s) GROUP BY model_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [[model.pk for model in models]])
        found = cursor.fetchall()
    scores: dict[int, tuple[dict[str, Values], frozenset[Key]]] = {}
    for model, revisions, structures, measured_mm, *figures in found:
        keys = list(zip(revisions, structures, strict=True))
        of_metric: dict[str, Values] = {
            metric: dict(zip(keys, each, strict=True)) for metric, each in zip(METRICS, figures, strict=True)
        }
        elsewhere = frozenset(
            key for key, mm in zip(keys, measured_mm, strict=True) if tolerances.is_other(key[1], mm)
        )
        scores[model] = of_metric, elsewhere
    return scores
