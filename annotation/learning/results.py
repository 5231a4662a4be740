"""What a finished run becomes: a model with scores, and the gate's decision on it. All or nothing, once."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from annotation import jobs, store
from annotation.learning import gate
from annotation.learning.manifests import structures_of
from annotation.learning.predictions import enqueue_predictions
from annotation.learning.runs import lock, serving_model
from annotation.models import Model, ModelScore, ModelState, SnapshotItem, SnapshotUse, TrainingRun
from training.compare import Scores, compare
from training.manifest import CaseScore, Report


def record(*, run: TrainingRun, report: Report, lease: jobs.Lease) -> Model:
    """Store the weights, then model, scores, decision, promotion and the end of the job in one transaction.

    A worker that dies anywhere before the commit has changed nothing but left files that the next attempt
    removes; after the commit the model is there and a repeated call returns it. Raises LeaseLost when the run
    is somebody else's by now.
    """
    recorded = Model.objects.filter(run=run).first()
    if recorded is not None:
        return recorded
    # Each attempt has a folder of its own: a worker thought dead cannot write into another's weights.
    for attempt in range(1, lease.fence + 1):
        store.delete_tree(_store_key(run, attempt))
    key = _store_key(run, lease.fence)
    store.put_tree(key, report.model_dir)
    with transaction.atomic():
        jobs.hold(lease)
        lock(run.project)
        model = _insert_model(run, report, key)
        add_scores(run=run, model=model, scores=report.scores)
        _pass_gate(model, run)
        jobs.finish(lease, _result(model))
        if model.state == ModelState.SERVING:
            enqueue_predictions(model)
    return model


def unscored(run: TrainingRun) -> tuple[Model, list[str]] | None:
    """The serving model and the run's test cases (ids as in the manifest) that it has no score for yet.

    Cases are compared at the same reference: a test case accepted or changed after the serving model was
    trained must be scored with it before the gate can compare. None: nothing is missing.
    """
    serving = serving_model(run.project)
    if serving is None:
        return None
    scored = ModelScore.objects.filter(model=serving).values("revision")
    items = _test_items(run).exclude(revision__in=scored)
    case_ids = [str(case_id) for case_id in items.values_list("case_id", flat=True)]
    return (serving, case_ids) if case_ids else None


def add_scores(*, run: TrainingRun, model: Model, scores: Iterable[CaseScore]) -> None:
    """Keep scores under the reference revision they were measured against; repeats change nothing."""
    revision_of = {str(item.case_id): item.revision_id for item in _test_items(run)}
    ModelScore.objects.bulk_create(
        [
            ModelScore(
                model=model,
                case_id=int(score.case_id),
                revision_id=revision_of[score.case_id],
                structure=score.structure,
                dice=score.dice,
                surface_dice=score.surface_dice,
            )
            for score in scores
        ],
        ignore_conflicts=True,
    )


def _store_key(run: TrainingRun, attempt: int) -> str:
    return f"models/run-{run.pk}-{attempt}"


def _test_items(run: TrainingRun) -> QuerySet[SnapshotItem]:
    return SnapshotItem.objects.filter(snapshot=run.snapshot_id, use=SnapshotUse.TEST)


def _insert_model(run: TrainingRun, report: Report, key: str) -> Model:
    newest = Model.objects.filter(project=run.project_id).aggregate(newest=Max("version"))["newest"]
    return Model.objects.create(
        project_id=run.project_id,
        version=(newest or 0) + 1,
        run=run,
        parent=run.parent,
        store_key=key,
        weights_sha256=report.weights_sha256,
        plan=report.plan,
        metric_version=report.metric_version,
    )


def _pass_gate(model: Model, run: TrainingRun) -> None:
    """Compare with the model that serves now; the winner serves, and only one ever does."""
    serving = serving_model(run.project)
    items = _test_items(run)
    if serving is None:
        model.gate = gate.first(model.version, items.count())
    else:
        comparison = compare(_dice(model, items), _dice(serving, items), seed=run.seed)
        names = {spec.key: spec.name for spec in structures_of(run.project_id)}
        model.gate = gate.decide(model.version, serving.version, comparison, names)
    if model.gate["decision"] == gate.REJECTED:
        model.state = ModelState.REJECTED
    else:
        Model.objects.filter(project=run.project_id, state=ModelState.SERVING).update(
            state=ModelState.RETIRED
        )
        model.state = ModelState.SERVING
    model.save(update_fields=["state", "gate"])


def _dice(model: Model, items: Iterable[SnapshotItem]) -> Scores:
    revisions = [item.revision_id for item in items]
    scores = ModelScore.objects.filter(model=model, revision__in=revisions)
    return {(str(score.case_id), score.structure): score.dice for score in scores}


def _result(model: Model) -> dict[str, Any]:
    return {
        "model": model.pk,
        "version": model.version,
        "state": model.state,
        "sentence": model.gate["sentence"],
    }
