"""Imports by the command are jobs like any other: listed, followed, reported and stopped on the page."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from annotation import ingest, intake, jobs, pulse, tasks
from annotation.errors import Refused
from annotation.models import Case, ImportFinding, Job, JobKind, JobState, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.imaging.files import scan_voxels, write_nifti
from training.progress import Progress

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/imports/"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (1, 2, 3):
        write_nifti(tmp_path / "scans" / f"pt_{number}.nii.gz", scan_voxels(number))
    return tmp_path / "scans"


def stop_at(progress: Progress) -> None:
    """Somebody cancels it on its page when the second scan is next."""
    if progress.stage == "importing" and progress.done == 1:
        jobs.cancel(Job.objects.get())


def end_at(progress: Progress) -> None:
    if progress.stage == "importing" and progress.done == 2:
        raise KeyboardInterrupt


def test_a_command_has_a_page_with_the_same_report(
    project: Project, url: str, folder: Path, as_lea: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.nii.gz").write_bytes(b"no scan")
    with pytest.raises(SystemExit):
        call_command("import_cases", str(project.pk), str(folder), "--site", "North", "--json")
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (row,) = as_lea.get(url).json()
    assert (row["way"], row["state"], row["imported"], row["by"]) == ("command", "succeeded", 3, None)
    assert (row["site"], row["resample"], row["counts"]["accepted"]) == ("North", False, 3)
    report = as_lea.get(f"{url}{row['id']}/").json()
    assert len(printed) == 4
    for one in report["findings"]:
        one.pop("case_id")
    assert report["findings"] == printed
    assert str(folder) not in json.dumps(report)


def test_a_command_can_start_from_some_delineations(tmp_path: Path, project: Project) -> None:
    labels = scan_voxels(9) > 0
    for number in (1, 2):
        write_nifti(tmp_path / "scans" / f"pt_{number}_ct.nii.gz", scan_voxels(number))
        write_nifti(tmp_path / "scans" / f"pt_{number}_seg.nii.gz", labels.astype("uint8"))
    call_command("import_cases", str(project.pk), str(tmp_path / "scans"), "--delineated", "1")
    assert Case.objects.filter(accepted_revision__isnull=False).count() == 1


def test_what_cannot_be_imported_fails_on_the_page_as_well(
    project: Project, url: str, tmp_path: Path, as_lea: Browser
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="No scan was found"):
        call_command("import_cases", str(project.pk), str(tmp_path / "empty"))
    (row,) = as_lea.get(url).json()
    assert (row["state"], row["imported"]) == ("failed", None)
    assert "No scan was found" in row["error"]


def test_it_is_followed_and_stopped_on_its_page(
    project: Project, url: str, folder: Path, as_lea: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "BEAT_SECONDS", 0.0)
    seen: list[dict[str, Any]] = []

    def look(progress: Progress) -> None:
        seen.append(as_lea.get(url).json()[0])
        stop_at(progress)

    with pytest.raises(Refused, match="stopped in the browser"):
        intake.import_now(project=project, paths=[folder], on_progress=look)
    assert {row["state"] for row in seen} == {"running"}
    assert seen[-1]["progress"]["stage"] == "importing"
    assert (Job.objects.get().state, project.cases.count()) == (JobState.CANCELLED, 1)
    report = intake.import_now(project=project, paths=[folder], on_progress=lambda _: None)
    assert (len(report.imported), project.cases.count()) == (2, 3)


def test_a_command_that_is_broken_off_says_so(project: Project, folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        intake.import_now(project=project, paths=[folder], on_progress=end_at)
    job = Job.objects.get()
    assert (job.state, job.error) == (JobState.FAILED, intake.ENDED)
    assert (len(intake.findings_of(job)), project.cases.count()) == (2, 2)


def test_a_worker_closes_what_a_killed_command_left(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "fail", lambda *_: None)  # a killed process says nothing
    with pytest.raises(KeyboardInterrupt):
        intake.import_now(project=project, paths=[folder], on_progress=end_at)
    monkeypatch.undo()
    job = Job.objects.get()
    assert job.state == JobState.RUNNING
    tasks.import_folder(job_id=job.pk)
    assert Job.objects.get().state == JobState.RUNNING, "it may live"
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    tasks.import_folder(job_id=job.pk)
    job.refresh_from_db()
    assert (job.kind, job.state, job.error) == (JobKind.IMPORT, JobState.FAILED, intake.ENDED)
    assert [one["case"] for one in intake.findings_of(job)] == [1, 2]


def test_who_was_taken_for_dead_stores_no_report(project: Project, folder: Path) -> None:
    def pause(progress: Progress) -> None:
        if progress.stage == "importing" and progress.done == 3:
            Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
            tasks.import_folder(job_id=Job.objects.get().pk)

    with pytest.raises(Refused, match="taken for dead"):
        intake.import_now(project=project, paths=[folder], on_progress=pause)
    job = Job.objects.get()
    assert (job.state, job.error, job.result) == (JobState.FAILED, intake.ENDED, {})
    assert ImportFinding.objects.filter(job=job).count() == project.cases.count() == 3


def test_names_are_kept_nowhere_where_cases_are_called_by_number(project: Project, tmp_path: Path) -> None:
    write_nifti(tmp_path / "Zaunkoenig" / "Zaunkoenig_Erna.nii.gz", scan_voxels(4))
    allowed = ingest.allowed_in(project)
    paths = [tmp_path / "Zaunkoenig"]
    intake.import_now(
        project=project, paths=paths, on_progress=lambda _: None, allowed=allowed, by_number=True
    )
    kept = str(Job.objects.values().get()) + str(Case.objects.values().get())
    assert "Zaunkoenig" not in kept
