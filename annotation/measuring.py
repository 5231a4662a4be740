"""Models scored on frozen test cases by a worker: one from elsewhere, and what the gate compares with."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotation import exporting, jobs, learning, store
from annotation.models import Job, Model, ModelSource
from training.labels import StructureSpec
from training.manifest import Case, CaseScore
from training.metrics import METRIC_VERSION
from training.model import read_description
from training.progress import Progress, ShouldStop, TrainingError
from training.run import Predictor, score_case

StopIfAsked = Callable[[Progress], None]


def measure(job: Job, lease: jobs.Lease, *, should_stop: ShouldStop, stop_if_asked: StopIfAsked) -> None:
    """Open a new model, or take one that is there already, and score it on the job's frozen test cases.

    The model that serves is scored where it was not yet, so that the two can be compared. A new model that
    cannot be opened, or does not fit its own description, fails the job; nothing of it is kept.
    """
    if "model" in job.ids:
        _measure_again(job, lease, should_stop, stop_if_asked)
        return
    schema = learning.structures_of(job.project_id)
    drawn = set(job.ids["structures"])
    try:
        with store.local_path(job.ids["store_key"]) as folder:
            predictor = Predictor.serving(folder)
            description = read_description(folder)
        with _tests(job) as cases:
            scores = [
                one
                for one in _scores(predictor, cases, schema, should_stop, stop_if_asked)
                if one.structure in drawn
            ]
            _measure_serving(job, cases, should_stop, stop_if_asked)
    except TrainingError:
        learning.give_up_import(job)
        raise
    stop_if_asked(Progress("export", 0, 1, "Writing the network as one file"))
    exporting.store_network_file(job.ids["store_key"])
    learning.record_import(
        job=job,
        lease=lease,
        plan=predictor.plan.to_dict(),
        sha256=description["weights_sha256"],
        metric_version=METRIC_VERSION,
        scores=scores,
    )


def score_missing(
    model: Model,
    snapshot: int,
    cases: Sequence[Case],
    *,
    should_stop: ShouldStop,
    stop_if_asked: StopIfAsked,
) -> None:
    """Score a model on those test cases of a frozen set that it has no score for as things are now."""
    missing = set(learning.unscored_cases(model, snapshot))
    left = [case for case in cases if case.id in missing]
    if not left:
        return
    schema = learning.structures_of(model.project_id)
    with store.local_path(model.store_key) as folder:
        predictor = Predictor.serving(folder)
    for case in left:
        stop_if_asked(Progress("compare", 0, 1, f"Scoring model {model.version} on new test cases"))
        found = _scores(predictor, [case], schema, should_stop, lambda _: None)
        if model.source == ModelSource.IMPORTED:
            found = [one for one in found if one.structure in model.structures]
        learning.keep_scores(model=model, snapshot=snapshot, scores=found)


def _measure_again(job: Job, lease: jobs.Lease, should_stop: ShouldStop, stop_if_asked: StopIfAsked) -> None:
    model = Model.objects.select_related("project").get(pk=job.ids["model"])
    with _tests(job) as cases:
        score_missing(model, job.ids["snapshot"], cases, should_stop=should_stop, stop_if_asked=stop_if_asked)
        _measure_serving(job, cases, should_stop, stop_if_asked)
    learning.record_measurement(job=job, lease=lease, model=model)


def _measure_serving(
    job: Job, cases: Sequence[Case], should_stop: ShouldStop, stop_if_asked: StopIfAsked
) -> None:
    serving = learning.serving_model(job.project)
    if serving is not None:
        score_missing(
            serving, job.ids["snapshot"], cases, should_stop=should_stop, stop_if_asked=stop_if_asked
        )


@contextmanager
def _tests(job: Job) -> Iterator[tuple[Case, ...]]:
    """Give the job's frozen test cases as files, for as long as the context lasts."""
    Path(settings.WORK_ROOT).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="measure-", dir=settings.WORK_ROOT) as folder:
        yield learning.tests_of(job, Path(folder))


def _scores(
    predictor: Predictor,
    cases: Sequence[Case],
    schema: Sequence[StructureSpec],
    should_stop: ShouldStop,
    stop_if_asked: StopIfAsked,
) -> list[CaseScore]:
    scores: list[CaseScore] = []
    for done, case in enumerate(cases):
        stop_if_asked(Progress("score", done, len(cases), f"test case {done + 1} of {len(cases)}"))
        found = predictor.predict(np.load(case.image), case.spacing_mm, should_stop=should_stop)
        scores += score_case(case, _on_layers(found.labels, 1 + max(spec.layer for spec in schema)), schema)
    return scores


def _on_layers(labels: NDArray[np.uint8], layers: int) -> NDArray[np.uint8]:
    """A model knows nothing of layers that came into the schema after it: empty there."""
    missing = max(0, layers - len(labels))
    return np.pad(labels, ((0, missing), (0, 0), (0, 0), (0, 0)))
