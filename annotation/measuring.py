"""A model from elsewhere in a worker: open it, score it on the frozen test cases, keep it as a candidate."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotation import jobs, learning, store
from annotation.models import Job
from training.manifest import CaseScore
from training.metrics import METRIC_VERSION
from training.model import read_description
from training.progress import Progress, ShouldStop, TrainingError
from training.run import Predictor, score_case


def measure(
    job: Job, lease: jobs.Lease, *, should_stop: ShouldStop, stop_if_asked: Callable[[Progress], None]
) -> None:
    """What cannot be opened, or does not fit its own description, fails the job; nothing of it is kept."""
    try:
        with store.local_path(job.ids["store_key"]) as folder:
            predictor = Predictor.serving(folder)
            description = read_description(folder)
        scores = _scores(job, predictor, should_stop, stop_if_asked)
    except TrainingError:
        learning.give_up_import(job)
        raise
    learning.record_import(
        job=job,
        lease=lease,
        plan=predictor.plan.to_dict(),
        sha256=description["weights_sha256"],
        metric_version=METRIC_VERSION,
        scores=scores,
    )


def _scores(
    job: Job, predictor: Predictor, should_stop: ShouldStop, stop_if_asked: Callable[[Progress], None]
) -> list[CaseScore]:
    schema = learning.structures_of(job.project_id)
    drawn = [spec for spec in schema if spec.key in set(job.ids["structures"])]
    scores: list[CaseScore] = []
    Path(settings.WORK_ROOT).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="measure-", dir=settings.WORK_ROOT) as folder:
        cases = learning.tests_of(job, Path(folder))
        for done, case in enumerate(cases):
            stop_if_asked(Progress("score", done, len(cases), f"test case {done + 1} of {len(cases)}"))
            found = predictor.predict(np.load(case.image), case.spacing_mm, should_stop=should_stop)
            labels = _on_layers(found.labels, 1 + max(spec.layer for spec in schema))
            scores += [
                one for one in score_case(case, labels, schema) if one.structure in {s.key for s in drawn}
            ]
    return scores


def _on_layers(labels: NDArray[np.uint8], layers: int) -> NDArray[np.uint8]:
    missing = max(0, layers - len(labels))
    return np.pad(labels, ((0, missing), (0, 0), (0, 0), (0, 0)))
