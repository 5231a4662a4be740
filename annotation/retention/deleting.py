"""A patient's deletion from a project: all rows at once, then the bytes; a tombstone says that it was done.

A process that dies between rows and bytes leaves the keys in the tombstone: the clock removes what is left.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from annotation import audit, jobs, store, uploads
from annotation.agreement import charts, staleness
from annotation.errors import Conflict, Refused
from annotation.models import (
    AgreementScore,
    Assignment,
    Case,
    DeletedItem,
    DeletionReason,
    Export,
    ImportFinding,
    Job,
    JobKind,
    PatientDeletion,
    Prediction,
    Project,
    SnapshotItem,
    Upload,
    Volume,
)
from annotation.retention import reach
from annotation.retention.looking import Found, holds, look


def delete_patient(
    *, project: Project, number: int, reason: str, by: AbstractBaseUser | None
) -> PatientDeletion:
    """Delete all that a project has of the patient of case `number`; `by` None = the operator.

    Raises NotFound, Refused for an unknown reason, Conflict while a job or a reader has one of the cases.
    """
    if reason not in DeletionReason.values:
        raise Refused(f"The reason has to be one of {', '.join(DeletionReason.values)}.")
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        found = look(project, number)
        list(Case.objects.select_for_update().filter(pk__in=found.case_ids).order_by("pk"))
        found = look(project, number)  # as it is now that nobody can add to it
        if found.in_the_way:
            raise Conflict(found.in_the_way[0])
        deletion = _delete_rows(project, found, reason, by)
    finish_removals(deletion)
    deletion.refresh_from_db()
    return deletion


def finish_removals(*deletions: PatientDeletion) -> int:
    """Remove the bytes that deletions (none given: all) have still to remove. Returns how many keys."""
    removed = 0
    for deletion in deletions or PatientDeletion.objects.exclude(left=[]):
        for key in list(deletion.left):
            store.delete_tree(key)
            deletion.left = [one for one in deletion.left if one != key]
            deletion.save(update_fields=["left"])
            removed += 1
    return removed


def _delete_rows(project: Project, found: Found, reason: str, by: AbstractBaseUser | None) -> PatientDeletion:
    ids = found.case_ids
    readers = set(Assignment.objects.filter(case__in=ids).values_list("reader", flat=True))
    rows = reach.rows_of(ids)
    sent = _imported_uploads(project)
    deletion = PatientDeletion.objects.create(
        project=project,
        by_id=None if by is None else by.pk,
        reason=reason,
        cases=[case.number for case in found.cases],
        counts=dict(found.counts),
        left=[*_keys(rows, found), *(f"{uploads.ROOT}/{upload}" for upload in sent)],
    )
    _keep_tombstones(deletion, ids)
    staleness.mark_stale(AgreementScore.objects.filter(case__in=ids))
    _forget_jobs(project, found)
    Upload.objects.filter(pk__in=sent).delete()
    reach.delete(rows)
    charts.keep(project, readers)
    audit.note(
        audit.Action.ERASE,
        noun="patient",
        object_id=deletion.pk,
        project=project.pk,
        user=None if by is None else by.pk,
        detail={
            "reason": reason,
            "cases": len(ids),
            "exports": len(found.exports),
            "keys": len(deletion.left),
        },
    )
    return deletion


def _keys(rows: reach.Rows, found: Found) -> list[str]:
    """What of the store goes: scans that nobody else uses, maps, disagreements that were kept, exports."""
    volumes = Volume.objects.filter(pk__in=rows.get(Volume, ())).values_list("store_key", flat=True)
    maps = Prediction.objects.filter(pk__in=rows.get(Prediction, ())).exclude(map_key="")
    return [
        *volumes,
        *maps.values_list("map_key", flat=True),
        *(f"adjudications/{pk}" for pk in found.case_ids),
        *(f"exports/{export.pk}" for export in found.exports),
    ]


def _imported_uploads(project: Project) -> list[uuid.UUID]:
    """Files that were sent for imports that have ended: of no more use, and removed by the hour anyway.

    One of them may be the patient's. Imports that go on are in the way of a deletion (`look`).
    """
    ended = Upload.objects.filter(project=project, job__isnull=False)
    return list(ended.exclude(job__state__in=jobs.UNFINISHED).values_list("pk", flat=True))


def _keep_tombstones(deletion: PatientDeletion, ids: Sequence[int]) -> None:
    items = SnapshotItem.objects.filter(case__in=ids).select_related("revision", "case")
    DeletedItem.objects.bulk_create(
        DeletedItem(
            snapshot_id=item.snapshot_id,
            deletion=deletion,
            case_id_then=item.case_id,
            revision_sha256=item.revision.sha256,
            use=item.use,
            region=item.case.region,
        )
        for item in items
    )


def _forget_jobs(project: Project, found: Found) -> None:
    """Jobs keep names of files and cases: exports with the patient go, reports of imports lose the cases.

    What was looked at before an import goes altogether: it names files, but not what became of them.
    """
    numbers = {case.number for case in found.cases}
    exporting = Job.objects.filter(project=project, kind=JobKind.EXPORT)
    gone = [job.pk for job in exporting.iterator(chunk_size=100) if holds(job, found.case_ids)]
    Export.objects.filter(job__in=gone).delete()
    Job.objects.filter(pk__in=gone).delete()
    Job.objects.filter(project=project, kind=JobKind.LOOK).delete()
    for job in Job.objects.filter(project=project, kind=JobKind.IMPORT).iterator(chunk_size=50):
        kept = _without(job.result.get("findings", []), numbers)
        if len(kept) != len(job.result.get("findings", [])):
            job.result = {**job.result, "findings": kept}
            job.save(update_fields=["result"])
    ImportFinding.objects.filter(job__project=project, finding__case__in=list(numbers)).delete()


def _without(findings: Iterable[dict[str, Any]], numbers: set[int]) -> list[dict[str, Any]]:
    return [one for one in findings if one.get("case") not in numbers]
