"""Imports as jobs: looked at first where a lead wants that, asked for, carried out, reported by series."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any, Unpack

import pghistory
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, QuerySet

from annotation import ingest, jobs, learning, quota, uploads
from annotation.errors import NotFound, Refused
from annotation.imaging.findings import Cause, Finding, Outcome
from annotation.ingest.choosing import recipe_named
from annotation.ingest.importing import OnFindings
from annotation.ingest.looking import look
from annotation.models import Case, ImportFinding, Job, JobKind, Project, Queue, Upload
from annotation.pulse import Pulse
from annotation.sites import site_name
from training.progress import Cancelled, OnProgress, Progress

SPLIT = "split"  # of what was warned about, a series of which each stack became a case
KINDS = (*(outcome.value for outcome in Outcome), SPLIT)
MOST_LISTED = 200
MOST_LIVE = 200
"""So many of the newest findings are shown while an import goes on; all of them once it has ended."""
KNOWN = {"imported": "brought", "counts": "counts", "recipe": "data_set"}
"""What a list tells of an import's result: the result's field, and what it is called there."""
ENDED = (
    "The command that imported this ended before its time. What it had imported until then is there; give it "
    "again and it imports the rest."
)
STOPPED = (
    "The import was stopped in the browser, or taken for dead. What was imported until then is there; give "
    "the command again and it imports the rest."
)
COLUMNS = ("source", "outcome", "cause", "message", "notes", "case", "shape", "spacing_mm")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def request_import(
    *,
    project: Project,
    by: AbstractBaseUser,
    folder: str = "",
    upload: Upload | None = None,
    recipe: str = "",
    resample: bool | None = None,
    site: str = "",
    by_number: bool = False,
) -> Job:
    """Import a folder on the server or an upload that is all there; asking twice for an upload is one job.

    `recipe`: the key of a public data set, the number or name of a saved one, or `none`; empty = recognised
    by itself. `resample` None: as the project says. `site`: where all of it was scanned. `by_number`: no
    file's name is kept. Raises Refused, Conflict.
    """
    _check_one(folder, upload)
    _check_recipe(project, recipe)
    resample = project.resamples_gaps if resample is None else resample
    options: dict[str, str | bool] = {
        "recipe": recipe, "resample": resample, "site": site_name(site), "by_number": by_number
    }  # fmt: skip
    with transaction.atomic():
        if upload is not None:
            job = uploads.begin_import(upload=upload, options=options)
            Job.objects.filter(pk=job.pk, asked_by=None).update(asked_by=by.pk)
            return job
        quota.check(project)
        ids = {"folder": str(opened_folder(folder)), **options}
        return jobs.enqueue(kind=JobKind.IMPORT, queue=Queue.IO, ids=ids, project=project, asked_by=by.pk)


def request_look(
    *,
    project: Project,
    by: AbstractBaseUser,
    folder: str = "",
    upload: Upload | None = None,
    by_names: bool = False,
) -> Job:
    """Look at what an import would bring, without storing anything; `by_names`: no data set is recognised.

    Raises Refused, and Conflict for an upload that is not all there.
    """
    _check_one(folder, upload)
    ids: dict[str, Any] = {"by_names": by_names}
    if upload is None:
        ids["folder"] = str(opened_folder(folder))
    else:
        uploads.check_complete(upload)
        ids["upload"] = str(upload.pk)
    return jobs.enqueue(kind=JobKind.LOOK, queue=Queue.IO, ids=ids, project=project, asked_by=by.pk)


def imports_of(project: Project) -> QuerySet[Job]:
    """The project's imports, the newest first, with KNOWN of their results and no more of them."""
    found = Job.objects.filter(project=project, kind=JobKind.IMPORT).select_related("asked_by")
    known = {name: F(f"result__{field}") for field, name in KNOWN.items()}
    return found.defer("result").annotate(**known).order_by("-pk")


def import_named(project: Project, job_id: int) -> Job:
    """One import with all of its report. Raises NotFound."""
    return _named(project, JobKind.IMPORT, job_id)


def look_named(project: Project, job_id: int) -> Job:
    """One look at what an import would bring. Raises NotFound."""
    return _named(project, JobKind.LOOK, job_id)


def case_ids(job: Job) -> dict[int, int]:
    """Return the ids of an import's cases by their numbers; those that are gone again are not among them."""
    numbers = {finding["case"] for finding in findings_of(job, MOST_LIVE) if finding["case"]}
    found = Case.objects.filter(project=job.project_id, number__in=numbers)
    return dict(found.values_list("number", "pk"))


def findings_of(job: Job, most: int | None = None) -> list[dict[str, Any]]:
    """Return what became of every series: of an import that has not ended, of those it came to until now.

    Of these `most` are returned, the newest ones (None: all). Those of older imports have no notes.
    """
    if "findings" in job.result:
        return [{"notes": [], **finding} for finding in job.result["findings"]]
    newest = _until_now(job).order_by("-place").values_list("finding", flat=True)
    return [*newest[:most]][::-1]


def counts_until_now(job: Job) -> dict[str, int]:
    """Count the findings of an import by kind, whether it has ended or not."""
    if "counts" in job.result:
        return dict(job.result["counts"])
    kinds = _until_now(job).values_list("finding__outcome", "finding__cause")
    return counts_of({"outcome": outcome, "cause": cause} for outcome, cause in kinds)


def _until_now(job: Job) -> QuerySet[ImportFinding]:
    return ImportFinding.objects.filter(job=job, fence=job.fence)


def _keeper(lease: jobs.Lease) -> OnFindings:
    """Return what commits findings as they come, for whoever follows the import."""
    places = count()

    def keep(findings: Sequence[Finding]) -> None:
        ImportFinding.objects.bulk_create(
            ImportFinding(
                job_id=lease.job_id, fence=lease.fence, place=next(places), finding=finding.as_json()
            )
            for finding in findings
        )

    return keep


def import_now(
    *, project: Project, paths: Sequence[Path], on_progress: OnProgress, **options: Unpack[ingest.Options]
) -> ingest.ImportReport:
    """Import in this very process; beside that it is a job as any other, with its page, cancelled there.

    Raises Refused.
    """
    allowed = options.get("allowed") or ingest.allowed_in(project)
    options = {**options, "allowed": allowed, "site": site_name(options.get("site", ""))}
    said = {name: options.get(name, "") for name in ("recipe", "site", "by_number")}
    ids = {"command": True, "resample": allowed.resample, **said}
    job, lease = jobs.begin(kind=JobKind.IMPORT, queue=Queue.IO, ids=ids, project=project)
    pulse = Pulse(lease)

    def follow(progress: Progress) -> None:
        on_progress(progress)
        pulse.stop_if_asked(progress)

    try:
        with pghistory.context(job=job.pk):
            report = ingest.import_paths(
                project=project, paths=paths, on_progress=follow, on_findings=_keeper(lease), **options
            )
            _settle(job, lease, report)
    except (Cancelled, jobs.LeaseLost) as stopped:
        jobs.stand_down(lease)
        raise Refused(STOPPED) from stopped
    except BaseException as error:
        jobs.fail(lease, error.sentence if isinstance(error, Refused) else ENDED)
        raise
    return report


def run_import(job: Job, lease: jobs.Lease, on_progress: OnProgress) -> None:
    """Import what a job names; its result says what became of every series."""
    if job.ids.get("command"):  # its process was killed; what that one had found stays on the page
        ImportFinding.objects.filter(job=job).update(fence=lease.fence)
        raise Refused(ENDED)
    with _folder_of(job) as folder:
        report = ingest.import_folder(
            project=job.project,
            folder=folder,
            on_progress=on_progress,
            delineated=job.ids.get("delineated"),
            recipe=str(job.ids.get("recipe", "")),
            allowed=ingest.Allowed(resample=bool(job.ids.get("resample"))),
            site=str(job.ids.get("site", "")),
            by_number=job.ids.get("by_number") is True,
            on_findings=_keeper(lease),
        )
    _settle(job, lease, report)


def _settle(job: Job, lease: jobs.Lease, report: ingest.ImportReport) -> None:
    """Close an import with all that it found, and ask for what its cases are due."""
    learning.enqueue_predictions_if_due(job.project)
    learning.enqueue_atlases_if_due(job.project)
    findings = [finding.as_json() for finding in report.findings]
    result = {
        "imported": len(report.imported),
        "counts": counts_of(findings),
        "refused": [asdict(refusal) for refusal in report.refused],
        "notes": report.notes,
        "findings": findings,
        "recipe": report.recipe(),
    }
    with transaction.atomic():
        jobs.finish(lease, result)
        ImportFinding.objects.filter(job=job).delete()


def run_look(job: Job, lease: jobs.Lease, on_progress: OnProgress) -> None:
    """Look at what a job names; its result is what was seen (see `ingest.Looked`)."""
    with _folder_of(job) as folder:
        by_names = bool(job.ids.get("by_names"))
        seen = look([folder], job.project, on_progress, by_names=by_names)
    jobs.finish(lease, seen.as_json())


def kind_of(finding: Mapping[str, Any]) -> str:
    """Tell a finding's kind: its outcome, or that the series was split."""
    return SPLIT if finding["cause"] == Cause.SEVERAL_STACKS else str(finding["outcome"])


def counts_of(findings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count findings by kind; every kind is there."""
    found = Counter(kind_of(finding) for finding in findings)
    return {kind: found[kind] for kind in KINDS}


def to_jsonl(findings: Iterable[Mapping[str, Any]]) -> str:
    """One JSON object per finding and line, as `import_cases --json` prints them."""
    return "".join(json.dumps(finding, ensure_ascii=False) + "\n" for finding in findings)


def to_csv(findings: Iterable[Mapping[str, Any]]) -> str:
    """Return the findings as a table with a header; shape and spacing as 512 × 512 × 90."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for finding in findings:
        writer.writerow([_cell(finding.get(column)) for column in COLUMNS])
    return out.getvalue()


def opened_folder(given: str) -> Path:
    """The folder, if it lies in one that the operator opened for imports. Says nothing about any other."""
    roots = [root.resolve() for root in settings.IMPORT_ROOTS]
    if not roots:
        raise Refused("No folder is open for imports. Ask the operator to set DELINEATE_IMPORT_ROOTS.")
    folder = Path(given)
    try:
        folder = folder.resolve()
        allowed = any(folder.is_relative_to(root) for root in roots) and folder.is_dir()
    except (OSError, RuntimeError):  # a name that is too long, links in a circle
        allowed = False
    if not allowed:
        raise Refused(f"There is no such folder below {' or '.join(map(str, roots))}.")
    return folder


def _check_one(folder: str, upload: Upload | None) -> None:
    if bool(folder) == (upload is not None):
        raise Refused("Say what to import: a folder on the server or an upload, one of the two.")


def _check_recipe(project: Project, name: str) -> None:
    recipe = recipe_named(project, name)
    if recipe is not None and recipe.disabled:
        raise Refused(f"The recipe of {recipe.title} cannot be used: {recipe.disabled}")


def _named(project: Project, kind: JobKind, job_id: int) -> Job:
    found = Job.objects.filter(project=project, kind=kind, pk=job_id).select_related("asked_by").first()
    if found is None:
        raise NotFound("There is no such import.")
    return found


def _folder_of(job: Job) -> AbstractContextManager[Path]:
    upload = job.ids.get("upload")
    return nullcontext(Path(job.ids["folder"])) if upload is None else uploads.as_folder(upload)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        texts = all(isinstance(one, str) for one in value)
        return _cell((" " if texts else " × ").join(map(str, value)))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else str(value)
