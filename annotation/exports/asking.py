"""Exports as jobs: asked for, built by a worker, published once, downloaded."""

import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from annotation import jobs, quota, store
from annotation.errors import Conflict, NotFound
from annotation.exports.building import build
from annotation.exports.packing import ZipSink, sha256_of
from annotation.exports.selecting import Item, Order, chosen
from annotation.models import Export, Job, JobKind, JobState, Project, Queue
from annotation.store.faults import NOT_KEPT, told
from training.progress import OnProgress

MOST_WAITING = 5
_PIECE = 1024**2


def request_export(*, project: Project, by: AbstractBaseUser, order: Order) -> Export:
    """Freeze what is selected now and put its export in the queue. Raises Refused, Conflict, TooLarge."""
    items = chosen(project, order)
    quota.check(project)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        waiting = exports_of(project).filter(job__state__in=jobs.UNFINISHED).count()
        if waiting >= MOST_WAITING:
            raise Conflict(f"{waiting} exports wait already. Wait for one to end, or cancel it.")
        ids = {"order": asdict(order), "items": [list(asdict(item).values()) for item in items]}
        job = jobs.enqueue(kind=JobKind.EXPORT, queue=Queue.IO, ids=ids, project=project)
        return Export.objects.create(
            project=project,
            job=job,
            requested_by_id=by.pk,
            form=order.form,
            what=order.what,
            selection=order.selection(),
            items=len(items),
        )


def exports_of(project: Project) -> QuerySet[Export]:
    """The project's exports, the newest first."""
    return Export.objects.filter(project=project).select_related("job", "requested_by")


def export_named(project: Project, export_id: int) -> Export:
    """One export. Raises NotFound."""
    found = exports_of(project).filter(pk=export_id).first()
    if found is None:
        raise NotFound("There is no such export.")
    return found


def download(export: Export) -> Iterator[bytes]:
    """The file of a finished export, piece by piece. Raises Conflict where it is not ready, NotFound."""
    if not export.store_key:
        raise Conflict("This export has no file: it is not finished, or was stopped.")
    key = _file_key(export.store_key)
    if not store.exists(key):
        raise NotFound("The file of this export is not in the store any more.")
    return _pieces(key)


def remove(export: Export) -> None:
    """Delete an export and its file. Raises Conflict while it is being made."""
    if export.job.state in jobs.UNFINISHED:
        raise Conflict("This export is still being made; cancel it first.")
    store.delete_tree(_prefix(export))
    export.delete()


def run(job: Job, lease: jobs.Lease, on_progress: OnProgress) -> None:
    """Build the export's zip and publish it; a worker that dies leaves nothing that the next one minds.

    Raises StoreFull, StoreFailed, also where this machine's own disk is at fault.
    """
    export = Export.objects.select_related("project", "requested_by", "job").get(job=job)
    work = _work_folder(job, lease)
    try:
        with told(NOT_KEPT):
            path = work / "export.zip"
            manifest = _built(export, path, work, on_progress)
            _publish(export, lease, path, manifest)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _built(export: Export, path: Path, work: Path, on_progress: OnProgress) -> dict[str, Any]:
    with zipfile.ZipFile(path, "w") as packed:
        return build(
            project=export.project,
            order=order_of(export.job),
            items=[Item(*item) for item in export.job.ids["items"]],
            by=export.requested_by.get_username(),
            sink=ZipSink(packed),
            work=work,
            on_progress=on_progress,
        )


def order_of(job: Job) -> Order:
    """What a job was asked to export."""
    given = dict(job.ids["order"])
    for key in ("splits", "readers", "structures"):
        given[key] = tuple(given[key])
    return Order(**given)


def _publish(export: Export, lease: jobs.Lease, path: Path, manifest: dict[str, Any]) -> None:
    """The file appears with the job's end, or not at all."""
    size, digest = path.stat().st_size, sha256_of(path)
    key = f"{_prefix(export)}/{lease.fence}-{digest[:16]}"
    with store.new_tree(key) as folder:
        folder.mkdir(parents=True)
        shutil.move(path, folder / "export.zip")
    try:
        with transaction.atomic():
            jobs.hold(lease)
            Export.objects.filter(pk=export.pk).update(store_key=key, bytes=size, sha256=digest)
            jobs.finish(
                lease,
                {
                    "bytes": size,
                    "sha256": digest,
                    "delineations": len(manifest["delineations"]),
                    "files": len(manifest["files"]),
                    "notes": manifest["notes"],
                },
            )
    except BaseException:
        store.delete_tree(key)
        raise


def _work_folder(job: Job, lease: jobs.Lease) -> Path:
    """A folder for this attempt; those of attempts that ended without tidying up go now."""
    root = Path(settings.WORK_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    running = Job.objects.filter(kind=JobKind.EXPORT, state=JobState.RUNNING)
    kept = {f"export-{pk}-{fence}" for pk, fence in running.values_list("pk", "fence")}
    for folder in root.glob("export-*"):
        if folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)
    work = root / f"export-{job.pk}-{lease.fence}"
    work.mkdir()
    return work


def _prefix(export: Export) -> str:
    return f"exports/{export.pk}"


def _file_key(store_key: str) -> str:
    return f"{store_key}/export.zip"


def _pieces(key: str) -> Iterator[bytes]:
    with store.open(key) as file:
        while piece := file.read(_PIECE):
            yield piece
