"""S2: seeded damage through the door that browsers use: sent by tus, imported by a job, nothing falls over.

Seventy mutants by default (DELINEATE_MUTANTS makes another number). Twenty go into one upload, as files of
one folder would, each under a name of its own, and each has to stand in the report. `make torture` sends
2000 through the product as it is served (tests.trust.test_s2_damaged).
"""

import base64
import gzip
import io
import os
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db.models import Model as Row
from django.utils import timezone

from annotation import ingest, store, tasks, uploads
from annotation.imaging.findings import Cause, Outcome
from annotation.models import Case, Job, JobState, Project, Upload, UploadedFile, Volume
from tests.annotation.api.conftest import Browser
from tests.annotation.imaging import broken
from tests.annotation.imaging.files import scan_voxels, write_nifti
from tests.annotation.imaging.multi_frame import enhanced
from tests.annotation.imaging.test_mutants import _itk, mutant
from tests.trust.figures import record

MUTANTS = int(os.environ.get("DELINEATE_MUTANTS", "70"))
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(max(600, 5 * MUTANTS))]
IN_ONE_UPLOAD = 20
PIECE = "application/offset+octet-stream"
CRASHED = "its decoder crashed"

Whole = dict[str, bytes]  # what is damaged, by the name of the format


def _packed(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return held.getvalue()


def _series(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in broken.save(folder, broken.stack())}


def _damaged_slice(files: dict[str, bytes], rng: np.random.Generator) -> bytes:
    name = sorted(files)[int(rng.integers(len(files)))]
    return _packed({**files, name: mutant(files[name], rng)})


Make = Callable[[np.random.Generator], tuple[str, bytes]]


def formats(folder: Path) -> list[Make]:
    """What makes a mutant of each format: its file name and its bytes."""
    nifti = write_nifti(folder / "w.nii", scan_voxels()).read_bytes()
    nrrd, mha = _itk(folder / "w.nrrd"), _itk(folder / "w.mha")
    series = _series(folder / "ct")
    data = enhanced([broken.STEP * k for k in range(broken.SLICES)])
    multi = broken.save(folder / "multi", [data])[0].read_bytes()
    whole = _packed(series)
    return [
        lambda rng: ("ct.nii", mutant(nifti, rng)),
        lambda rng: ("ct.nii.gz", gzip.compress(mutant(nifti, rng))),
        lambda rng: ("ct.nii.gz", mutant(gzip.compress(nifti, mtime=0), rng)),
        lambda rng: ("ct.nrrd", mutant(nrrd, rng)),
        lambda rng: ("ct.mha", mutant(mha, rng)),
        lambda rng: ("slice.zip", _damaged_slice(series, rng)),
        lambda rng: ("multi.zip", _packed({"multi.dcm": mutant(multi, rng)})),
        lambda rng: ("scans.zip", mutant(whole, rng)),
    ]


@dataclass
class Tally:
    """What happened: answers of the API by status, findings by cause, jobs by state."""

    answers: Counter[int] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)
    crashes: int = 0
    silent: list[str] = field(default_factory=list)
    """Mutants of which no report says what became of them."""


def _asked(tally: Tally, answer: Any) -> Any:
    tally.answers[answer.status_code] += 1
    assert answer.status_code < 500, answer.content
    return answer


def _brought(lead: Browser, project: Project, mutants: list[tuple[str, bytes]], tally: Tally) -> Job:
    """Send files in their folders, two pieces each, and import them."""
    begun = _asked(tally, lead.post(f"/api/projects/{project.pk}/uploads/")).json()
    upload = f"/api/uploads/{begun['id']}/"
    for number, (name, data) in enumerate(mutants):
        path = base64.b64encode(f"scans/{number:03d}/{name}".encode()).decode()
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(data)),
            "Upload-Metadata": f"path {path}",
        }
        half = data[: len(data) // 2]
        made = _asked(
            tally,
            lead.client.generic("POST", f"{upload}files/", half, content_type=PIECE, headers=headers),
        )
        more = {"Tus-Resumable": "1.0.0", "Upload-Offset": made["Upload-Offset"]}
        rest = data[int(made["Upload-Offset"]) :]
        _asked(tally, lead.client.generic("PATCH", made["Location"], rest, content_type=PIECE, headers=more))
    job = _asked(tally, lead.post(f"{upload}import/")).json()
    tasks.import_folder(job["id"])
    _asked(tally, lead.get(f"/api/jobs/{job['id']}/"))
    return Job.objects.get(pk=job["id"])


def mutants_of(seeds: Iterable[int], makes: Sequence[Make]) -> list[tuple[str, bytes]]:
    """Name and bytes of some mutants; every name stands for one of them, and sorts as they are numbered."""
    made = ((seed, *makes[seed % len(makes)](np.random.default_rng(seed))) for seed in seeds)
    return [(f"m{seed:04d}_{name}", data) for seed, name, data in made]


def silent_in(findings: Iterable[dict[str, Any]], names: Sequence[str]) -> list[str]:
    """Return the files that no finding is about: by their names, or a series by the zip that it lay in."""
    said = [f"{one['source']} {one['message']}" for one in findings]
    zips = [name for name in names if name.endswith(".zip")]
    where = {name: f"in zip {number} of {len(zips)}" for number, name in enumerate(zips, start=1)}
    if len(zips) == 1:
        where = {zips[0]: "in the zip"}
    return [
        name
        for name in names
        if not any(name in text or re.search(where.get(name, "^$") + r"\b", text) for text in said)
    ]


def _count(job: Job, names: Sequence[str], tally: Tally) -> None:
    tally.jobs[job.state] += 1
    # What was not foreseen would have put the job back into the queue.
    assert job.state in (JobState.SUCCEEDED, JobState.FAILED), job.error
    assert job.state == JobState.SUCCEEDED or job.error.startswith("No scan was found"), job.error
    for one in job.result.get("findings", ()):
        assert one["outcome"] in set(Outcome)
        assert one["cause"] in set(Cause)
        assert one["outcome"] == Outcome.ACCEPTED or one["message"].rstrip().endswith("."), one
        assert "/" not in one["message"].replace(" / ", "")
        tally.findings[f"{one['outcome']} {one['cause']}"] += 1
        tally.crashes += CRASHED in one["message"]
    if job.state == JobState.SUCCEEDED:
        tally.silent += silent_in(job.result["findings"], names)


def _check_volumes(seen: set[int]) -> None:
    """Every volume that was made is sound: its voxels are there, and it says where they lie."""
    for volume in Volume.objects.exclude(pk__in=seen):
        geometry = volume.geometry
        assert np.isfinite(geometry.affine_lps()).all()
        assert min(geometry.spacing_mm) > 0
        voxels = ingest.read_voxels(volume)
        assert voxels.shape == geometry.shape
        assert voxels.dtype == np.int16
        seen.add(volume.pk)


def _nothing_half_stored() -> None:
    keys = set(Volume.objects.values_list("store_key", flat=True))
    assert {f"volumes/{key.split('/')[1]}" for key in store.keys_before("volumes", timezone.now())} == keys
    assert Volume.objects.count() == Case.objects.count()


@pytest.mark.trust
def test_nothing_falls_over(project: Project, lea: User, tmp_path: Path) -> None:
    number = MUTANTS
    lead, tally, seen = Browser(lea), Tally(), set[int]()
    lead.client.raise_request_exception = False
    makes = formats(tmp_path / "whole")
    for first in range(0, number, IN_ONE_UPLOAD):
        seeds = range(first, min(first + IN_ONE_UPLOAD, number))
        mutants = mutants_of(seeds, makes)
        _count(_brought(lead, project, mutants, tally), [name for name, _ in mutants], tally)
        _check_volumes(seen)
        uploads.sweep()
        print(f"{seeds.stop} of {number}: {dict(tally.findings.most_common())}", flush=True)  # noqa: T201
    _nothing_half_stored()
    print(f"{number} mutants: answers {dict(tally.answers)}, jobs {dict(tally.jobs)},")  # noqa: T201
    print(f"{len(seen)} volumes, decoders that crashed: {tally.crashes}")  # noqa: T201
    print(dict(tally.findings.most_common()))  # noqa: T201
    refused = sum(n for what, n in tally.findings.items() if what.startswith("refused"))
    assert refused > number // 4
    gone: tuple[type[Row], ...] = (Upload, UploadedFile)
    assert [one._default_manager.count() for one in gone] == [0, 0]
    assert list((tmp_path / "work").glob("*")) == []
    judged = sum(tally.findings.values())
    faults = sum(n for status, n in tally.answers.items() if status >= 500)
    found = (
        f"{faults} answers 5xx, {judged} judged, {refused} of them refused, {tally.crashes} decoders ended"
    )
    found += f", of {len(tally.silent)} nothing is said {tally.silent[:3] or ''}"
    met = judged >= number and not faults and not tally.silent
    record("S2", f"{number} damaged files by upload", found, met=met)
