"""Which of a project's models were measured alike: on the same frozen revisions, by one metric version.

The set of revisions is the newest that allows a curve: that of the newest model, or, as long as fewer than
four sizes were scored on all of it, what it shares with the model before, and the one before that. A test
case that was accepted yesterday thus starts no new curve, and no curve has two test sets.
"""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from annotation.models import Model, ModelState, Project, SnapshotItem, SnapshotUse, Trigger
from training.curve import FEWEST_SIZES, CurveRun

METRICS = ("dice", "surface_dice")
Values = dict[tuple[str, str], float | None]  # (revision, structure) → figure


@dataclass(frozen=True)
class Measured:
    """A model with its scores by metric; `left_out` says why it is on no curve."""

    model: Model
    cases: int
    scores: dict[str, Values]
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

    @property
    def sizes(self) -> int:
        return len({one.cases for one in self.on_curve})

    @property
    def metric_version(self) -> str:
        return self.on_curve[-1].model.metric_version if self.on_curve else ""


def alike(project: Project) -> Alike:
    """A handful of queries, however many models and scores there are."""
    measured = _measured(project)
    newest = next((one for one in reversed(measured) if not _own_reason(one)), None)
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
    scores = {
        metric: {key: value for key, value in values.items() if key[0] in revisions}
        for metric, values in one.scores.items()
    }
    return Measured(one.model, one.cases, scores)


def _without(one: Measured, reason: str) -> Measured:
    return Measured(one.model, one.cases, one.scores, reason)


def _measured(project: Project) -> list[Measured]:
    models = list(Model.objects.filter(project=project).select_related("run").order_by("version"))
    sizes = _sizes(models)
    scores = _scores(models)
    return [
        Measured(
            model,
            0 if model.run is None else sizes.get(model.run.snapshot_id, 0),
            scores.get(model.pk, {metric: {} for metric in METRICS}),
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


def _scores(models: list[Model]) -> dict[int, dict[str, Values]]:
    query = (
        "SELECT model_id, array_agg(revision_id::text), array_agg(structure), array_agg(dice), "
        "array_agg(surface_dice) FROM annotation_modelscore WHERE model_id = ANY(%s) GROUP BY model_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [[model.pk for model in models]])
        return {
            model: {
                metric: dict(zip(zip(revisions, structures, strict=True), figures, strict=True))
                for metric, figures in zip(METRICS, of_metric, strict=True)
            }
            for model, revisions, structures, *of_metric in cursor.fetchall()
        }
