"""What workers run. A task claims its job, calls one use case and settles the job; nothing else happens here.

Here and in `predicting` alone the product loads torch. Messages carry the id of a job row and nothing more.
"""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pghistory
from celery import Task, shared_task
from redis.exceptions import RedisError

from annotation import (
    agreement,
    audit,
    chunks,
    exporting,
    exports,
    guidelines,
    intake,
    jobs,
    learning,
    measuring,
    predicting,
    retention,
    reviews,
    signs,
    simulating,
    store,
    uploads,
    worklist,
)
from annotation.errors import Refused, StoreFailed
from annotation.models import Job, Model, Project, Queue, TrainingRun
from annotation.pulse import Pulse
from annotation.store.faults import NOT_KEPT, told
from training.manifest import Manifest, Report
from training.progress import Cancelled, Listener, Progress, TrainingError
from training.run import (
    Predictor,
    processes,
    train_together,
    usual_volumes,
)
from training.run import train as train_network

BACKGROUND_NICENESS = 10

logger = logging.getLogger(__name__)


UseCase = Callable[[Job, jobs.Lease, Pulse], None]


def _work_on(job_id: int, use_case: UseCase, beside: Pulse | None = None) -> None:
    lease = jobs.claim(job_id)
    if lease is None:
        return
    try:
        job = Job.objects.select_related("project").get(pk=job_id)
        # Told as well where the work folder's disk is full.
        with pghistory.context(job=job_id, user=job.asked_by_id), told(NOT_KEPT):
            use_case(job, lease, Pulse(lease, beside))
    except jobs.LeaseLost:
        logger.warning("Job %d went to another worker or ended; what was done here is dropped", job_id)
    except Cancelled:
        jobs.stand_down(lease)
    except (Refused, TrainingError) as refused:
        jobs.fail(lease, str(refused))
    except StoreFailed as failed:  # what was worked out so far is kept where it can be, and room may be made
        logger.error("Job %d could not store: %s", job_id, failed.__cause__)
        jobs.retry(lease, failed.sentence)
    except Exception:
        logger.exception("Job %d stopped unexpectedly", job_id)
        jobs.retry(lease)


# ── Jobs ──────────────────────────────────────────────────────────────────────
@shared_task(name="annotation.tasks.train")
def train(job_id: int) -> None:
    """Train, score, pass the gate. The run's folder outlives this process: who goes on has its checkpoint."""
    _work_on(job_id, _train)
    learning.go_on_after(job_id)
    learning.tidy_work_folders()


@shared_task(name="annotation.tasks.predict")
def predict(job_id: int) -> None:
    """Pre-annotate every case that nobody has opened."""
    _work_on(job_id, _predict)


@shared_task(name="annotation.tasks.propose")
def propose(job_id: int) -> None:
    """Predict one case that somebody reads."""
    _work_on(job_id, _propose)


@shared_task(name="annotation.tasks.atlas")
def atlas(job_id: int) -> None:
    """Pre-annotate cases from labelled ones."""
    _work_on(job_id, _propagate)


@shared_task(name="annotation.tasks.measure")
def measure(job_id: int) -> None:
    """Open a model from elsewhere and score it."""
    _work_on(job_id, _measure)


@shared_task(name="annotation.tasks.import")
def import_folder(job_id: int) -> None:
    """Import a folder of scans."""
    _work_on(job_id, _import_folder)


@shared_task(name="annotation.tasks.look")
def look(job_id: int) -> None:
    """Look at what an import would bring."""
    _work_on(job_id, _look)


@shared_task(name="annotation.tasks.export")
def export(job_id: int) -> None:
    """Write a selection of delineations as one file."""
    _work_on(job_id, _export)


@shared_task(name="annotation.tasks.simulate")
def simulate(job_id: int) -> None:
    """Replay active learning on accepted cases, to compare strategies."""
    _work_on(job_id, _simulate)


@shared_task(name="annotation.tasks.score")
def score(job_id: int) -> None:
    """Measure how far delineations of a case agree."""
    _work_on(job_id, _score)


def _export(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    _step_back()
    exports.run(job, lease, pulse.stop_if_asked)


def _simulate(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    _step_back()
    simulating.what_if(
        job,
        lease,
        on_progress=pulse.on_progress,
        should_stop=pulse.should_stop,
        stop_if_asked=pulse.stop_if_asked,
    )


def _measure(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    _step_back()
    measuring.measure(job, lease, should_stop=pulse.should_stop, stop_if_asked=pulse.stop_if_asked)


def _score(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    _step_back()
    agreement.run(job, lease, pulse.stop_if_asked)
    reviews.settle_due(job.project)


def _train(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    _step_back()
    folder, log = learning.work_folder(job.run), learning.RunLog(job.run, lease)
    manifest = learning.manifest_for(job.run, folder / "data", pulse.stop_if_asked)
    volumes = {key: asdict(usual) for key, usual in usual_volumes(manifest).items()}
    learning.note_beginning(run=job.run, volumes=volumes)
    log.on_note(_beginning(manifest, lease))
    report = _trained(
        manifest, folder / "out", Listener(pulse.on_progress, pulse.should_stop, log.on_epoch, log.on_note)
    )
    pulse.stop_if_asked(Progress("export", 0, 1, "Writing the network as one file"))
    refused = exporting.add_network_file(report.model_dir)
    if refused:
        log.on_note(refused)
    _score_others(job.run, manifest, pulse)
    pulse.stop_if_asked(Progress("done", 1, 1))
    log.close()
    learning.record(run=job.run, report=report, lease=lease)


def _beginning(manifest: Manifest, lease: jobs.Lease) -> str:
    if lease.fence > 1:
        return f"Attempt {lease.fence} goes on where the one before it was interrupted."
    counts = (len(manifest.train), len(manifest.validation), len(manifest.test))
    return "Began with {} training, {} validation and {} test cases.".format(*counts)


def _trained(manifest: Manifest, out_dir: Path, listener: Listener) -> Report:
    """Train here, or in one process for each graphics card."""
    count = processes()
    if count > 1:
        return train_together(manifest, out_dir, count, listener)
    return train_network(
        manifest,
        out_dir,
        on_progress=listener.on_progress,
        should_stop=listener.should_stop,
        on_epoch=listener.on_epoch,
        on_note=listener.on_note,
    )


def _score_others(run: TrainingRun, manifest: Manifest, pulse: Pulse) -> None:
    """Models are compared on the same references: score what serving model and parent have not met yet."""
    for model in learning.compared_with(run):
        measuring.score_missing(
            model,
            run.snapshot_id,
            manifest.test,
            should_stop=pulse.should_stop,
            stop_if_asked=pulse.stop_if_asked,
        )


def _predict(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    _step_back()
    predicting.predict_pool(job, lease, pulse, _predictor_of, lambda: _answer_readers(pulse))


def _propose(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    _step_back()
    predicting.predict_asked(job, lease, pulse, _predictor_of)


def _propagate(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    _step_back()
    predicting.propagate_labels(job, lease, pulse, lambda: _answer_readers(pulse))


def _answer_readers(pulse: Pulse) -> None:
    """Somebody who looks at a case waits for its prediction: it comes before the rest of a pool."""
    for job_id in learning.proposals_waiting():
        _work_on(job_id, _propose, beside=pulse)


def _import_folder(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    intake.run_import(job, lease, pulse.stop_if_asked)


def _look(job: Job, lease: jobs.Lease, pulse: Pulse) -> None:
    intake.run_look(job, lease, pulse.stop_if_asked)


def _predictor_of(model: Model) -> Predictor:
    with store.local_path(model.store_key) as folder:
        return Predictor.serving(folder)


def _step_back() -> None:
    """Heavy work gives way to the web process on the same machine. Niceness only ever rises."""
    os.nice(max(0, BACKGROUND_NICENESS - os.nice(0)))


# ── The clock ─────────────────────────────────────────────────────────────────
@shared_task(name="annotation.tasks.sweep_jobs")
def sweep_jobs() -> None:
    """Hand out again what nobody holds."""
    jobs.sweep()


@shared_task(name="annotation.tasks.release_leases")
def release_leases() -> None:
    """Give back the cases of readers who left without drawing anything."""
    worklist.finish_due()
    worklist.release_expired()
    reviews.settle_due()


@shared_task(name="annotation.tasks.retrain_if_due")
def retrain_if_due() -> None:
    """Train where enough was accepted; predict what came in since."""
    for project in Project.objects.all():
        learning.take_turn(project)
        learning.enqueue_predictions_if_due(project)
        learning.enqueue_atlases_if_due(project)
        learning.choose_if_due(project)
        learning.measure_imports_if_due(project)


@shared_task(name="annotation.tasks.refresh_agreement")
def refresh_agreement() -> None:
    """Work out the figures of agreement that a score job left for later."""
    for project in Project.objects.all():
        agreement.refresh(project)


@shared_task(name="annotation.tasks.count_shown")
def count_shown() -> None:
    """Look which structures the newest accepted delineations show."""
    chunks.count_shown()


@shared_task(name="annotation.tasks.sweep_pictures")
def sweep_pictures() -> None:
    """Remove pictures that no version of a guideline names."""
    guidelines.sweep_pictures()


@shared_task(name="annotation.tasks.sweep_uploads")
def sweep_uploads() -> None:
    """Remove what came from a browser once it is imported or given up, and what deletions left."""
    uploads.sweep()
    retention.finish_removals()


@shared_task(name="annotation.tasks.seal_audit")
def seal_audit() -> None:
    """Append to the chain what the audit has got since."""
    audit.seal(most=100_000)


@shared_task(name="annotation.tasks.worker_heartbeat", bind=True)
def worker_heartbeat(self: "Task[Any, None]", queue: str = Queue.IO) -> None:
    """A worker that is up but does not consume is as bad as none: health looks at when this last ran."""
    with suppress(RedisError):
        signs.note_heartbeat(queue, self.request.hostname or "here")
