"""What a finished run becomes: a model with scores, and the gate's decision on it. All or nothing, once."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max

from annotation import jobs, store
from annotation.learning import gate
from annotation.learning.comparisons import compare_models, names_of, test_items
from annotation.learning.decisions import serve
from annotation.learning.runs import lock, serving_model
from annotation.learning.scores import keep_scores, unscored_cases
from annotation.learning.turns import go_on
from annotation.models import (
    GateVerdict,
    Model,
    ModelDecision,
    ModelState,
    TrainingRun,
    Trigger,
)
from training.manifest import CaseScore, Report


def record(*, run: TrainingRun, report: Report, lease: jobs.Lease) -> Model:
    """Store the weights, then model, scores, decision, promotion and the end of the job in one transaction.

    Where networks are compared the next training is queued in the same one.

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
        go_on(run.project)
    return model


def unscored(run: TrainingRun) -> tuple[Model, list[str]] | None:
    """The serving model and the run's test cases (ids as in the manifest) that it has no score for yet.

    Cases are compared at the same reference and tolerance: a test case accepted or changed after the serving
    model was trained, or scored at another tolerance than the project's of now, must be scored with it before
    the gate can compare. None: nothing is missing.
    """
    serving = serving_model(run.project)
    if serving is None:
        return None
    case_ids = unscored_cases(serving, run.snapshot_id)
    return (serving, case_ids) if case_ids else None


def compared_with(run: TrainingRun) -> list[Model]:
    """The models that a run's own is compared with: the one that serves, and the one it started from."""
    found = [model for model in (serving_model(run.project), run.parent) if model is not None]
    return list({model.pk: model for model in found}.values())


def add_scores(*, run: TrainingRun, model: Model, scores: Iterable[CaseScore]) -> None:
    """Keep what a model reached on the run's test cases; repeats change nothing."""
    keep_scores(model=model, snapshot=run.snapshot_id, scores=scores)


def _store_key(run: TrainingRun, attempt: int) -> str:
    return f"models/run-{run.pk}-{attempt}"


def _insert_model(run: TrainingRun, report: Report, key: str) -> Model:
    TrainingRun.objects.filter(pk=run.pk).update(
        steps=report.steps, train_seconds=report.train_seconds, parameters=report.parameters
    )
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
    """Compare with the model that serves now; the winner serves, and only one ever does.

    A run that compares networks leaves the decision to a lead.
    """
    serving, automatic = serving_model(run.project), run.trigger != Trigger.COMPARISON
    if serving is None:
        cases = test_items(run.snapshot_id).count()
        model.gate = gate.first(model.version, cases) if automatic else gate.unmeasured(model.version)
    else:
        compared = compare_models(model, serving, snapshot=run.snapshot)
        model.gate = gate.decide(compared, names_of(run.project), automatic=automatic)
    model.save(update_fields=["gate"])
    if not automatic:
        return
    sentence = model.gate["sentence"]
    if model.gate["decision"] == gate.PROMOTED:
        serve(model, verdict=GateVerdict.PROMOTED, reason=sentence)
    else:
        model.state = ModelState.REJECTED
        model.save(update_fields=["state"])
        ModelDecision.objects.create(
            model=model, verdict=GateVerdict.REFUSED, instead_of=serving, reason=sentence
        )


def _result(model: Model) -> dict[str, Any]:
    return {
        "model": model.pk,
        "version": model.version,
        "state": model.state,
        "sentence": model.gate["sentence"],
    }
