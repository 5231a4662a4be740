"""What workers do to pre-annotate: the pool in turn, a case that somebody asks for, cases from labelled ones.

Every case is stored by itself, under the job's lease: a worker that dies loses the case at hand and nothing
else, and a message that comes twice finds nothing left to do.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from annotation import ingest, jobs, learning
from annotation.errors import Refused
from annotation.models import Case, Job, Model
from training.atlas import Options, propagate
from training.labels import StructureSpec
from training.progress import Progress, TrainingError
from training.run import PredictionResult, PredictOptions, Predictor, Usual, guide

ATLAS_BUDGET_S = 300.0  # for laying one labelled case onto another


class Pulse(Protocol):
    """Carries progress to the job's row, and says when to stop."""

    def on_progress(self, progress: Progress) -> None:
        """Remember where the work is."""

    def should_stop(self) -> bool:
        """Asked by the work between its steps."""

    def stop_if_asked(self, progress: Progress) -> None:
        """Raises Cancelled."""


Loader = Callable[[Model], Predictor]


def predict_pool(
    job: Job, lease: jobs.Lease, pulse: Pulse, load: Loader, between: Callable[[], None]
) -> None:
    """Pre-annotate every case that nobody has opened, as readers get them; `between` runs before each."""
    due = learning.predictions_due(job)
    predictor = load(due.model)
    stored, refused = 0, dict[int, str]()
    while case := learning.next_to_predict(due.model, leaving_out=refused):
        number = stored + len(refused) + 1
        total = max(due.cases, number)
        kept = due.predicted + stored
        pulse.stop_if_asked(Progress("predict", number - 1, total, f"case {number} of {total}", kept=kept))
        between()
        try:
            _predict(case, due.model, predictor, lease, pulse)
            stored += 1
        except (Refused, TrainingError) as error:
            learning.offer_without_prediction(case=case, lease=lease)
            refused[case.pk] = f"Case {case.number}: {error}"
    jobs.finish(lease, {"model": due.model.pk, "predicted": stored, "refused": list(refused.values())})
    learning.choose_if_due(job.project)


def predict_asked(job: Job, lease: jobs.Lease, pulse: Pulse, load: Loader) -> None:
    """Predict one case that somebody reads; nothing changes but that the prediction is there."""
    due = learning.proposal_due(job)
    if due is not None:
        case, model = due
        pulse.stop_if_asked(Progress("loading", 0, 1))
        _predict(case, model, load(model), lease, pulse, asked_for=True)
    jobs.finish(lease, {})


def _predict(
    case: Case,
    model: Model,
    predictor: Predictor,
    lease: jobs.Lease,
    pulse: Pulse,
    *,
    asked_for: bool = False,
) -> None:
    result = predictor.predict(
        ingest.read_voxels(case.volume),
        learning.spacing_of(case.volume),
        on_progress=pulse.on_progress if asked_for else None,
        should_stop=pulse.should_stop,
        options=PredictOptions(entropy=True, scores=True, views=learning.asks_for_views(case.project)),
    )
    scores = learning.scores_of(result.scores, result.labels, learning.spacing_of(case.volume))
    learning.store_prediction(
        case=case,
        model=model,
        labels=result.labels,
        annotated=[spec.key for spec in predictor.structures],
        sureness=learning.Sureness(
            result.uncertainty, result.structure_uncertainty, scores, learning.cells_of(result.scores)
        ),
        lease=lease,
        guidance=_guidance(case, model, predictor, result),
        asked_for=asked_for,
    )


def _guidance(
    case: Case, model: Model, predictor: Predictor, result: PredictionResult
) -> learning.Guidance | None:
    """Where a reader should look first."""
    if result.entropy is None:
        return None
    usual = {key: Usual(**values) for key, values in (model.run.volumes if model.run else {}).items()}
    return _found(case, result.labels, result.entropy, predictor.structures, usual, result.disagreement)


def _found(
    case: Case,
    labels: NDArray[np.uint8],
    entropy: NDArray[np.uint8],
    structures: Sequence[StructureSpec],
    usual: dict[str, Usual],
    disagreement: dict[str, float],
) -> learning.Guidance:
    spacing = learning.spacing_of(case.volume)
    found, regions = guide(labels, entropy, spacing, structures, usual, disagreement)
    return learning.Guidance(found.values, found.factor, [region.to_dict() for region in regions])


# ── From labelled cases ───────────────────────────────────────────────────────


def propagate_labels(job: Job, lease: jobs.Lease, pulse: Pulse, between: Callable[[], None]) -> None:
    """Pre-annotate the job's cases from the labelled ones most like each."""
    known, refused = learning.Features(), dict[int, str]()
    stored, total = 0, learning.left_for_atlases(job).count()
    while case := learning.left_for_atlases(job).exclude(pk__in=refused).first():
        number = stored + len(refused) + 1
        pulse.stop_if_asked(Progress("atlas", number - 1, max(total, number), f"case {number} of {total}"))
        between()
        try:
            _propagate(case, job, lease, pulse, known)
            stored += 1
        except (Refused, TrainingError) as error:
            refused[case.pk] = f"Case {case.number}: {error}"
    jobs.finish(lease, {"pre_annotated": stored, "refused": list(refused.values())})


def _propagate(case: Case, job: Job, lease: jobs.Lease, pulse: Pulse, known: learning.Features) -> None:
    chosen = learning.atlases_for(case, job, known)
    structures = learning.structures_of(job.project_id)
    atlases = [learning.atlas_of(one, at) for one, at in zip(chosen.cases, chosen.revisions, strict=True)]
    made = propagate(
        ingest.read_voxels(case.volume),
        learning.spacing_of(case.volume),
        atlases,
        structures,
        Options(seed=case.pk, budget_s=ATLAS_BUDGET_S),
        should_stop=pulse.should_stop,
    )
    learning.store_atlas(
        case=case,
        chosen=chosen,
        labels=made.labels,
        annotated=made.annotated,
        sureness=learning.Sureness(made.uncertainty, made.structure_uncertainty, {}),
        lease=lease,
        guidance=_found(case, made.labels, made.entropy, structures, {}, {}),
    )
