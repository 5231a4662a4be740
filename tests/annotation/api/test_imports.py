import csv
import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import intake, jobs, pulse, recipes, tasks, uploads
from annotation.models import Case, ImportFinding, Job, JobKind, JobState, Project, Queue, Upload
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_case, make_job
from tests.annotation.imaging.files import scan_voxels, write_nifti
from training.progress import Progress


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/imports/"


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "incoming"
    (folder / "batch 1").mkdir(parents=True)
    settings.IMPORT_ROOTS = [folder]
    return folder


def test_a_folder_below_a_root_is_queued(project: Project, url: str, root: Path, as_lea: Browser) -> None:
    answer = as_lea.post(url, {"folder": str(root / "batch 1")})
    assert answer.status_code == 202
    job = Job.objects.get(pk=answer.json()["id"])
    assert (job.kind, job.state, job.queue, job.project) == ("import", "queued", "io", project)
    assert job.ids == {
        "folder": str(root / "batch 1"),
        "recipe": "",
        "resample": False,
        "site": "",
        "by_number": False,
    }
    assert (job.asked_by, answer.json()["progress"]) == (User.objects.get(username="lea"), {})


def test_every_other_folder_is_refused_alike(url: str, root: Path, as_lea: Browser, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to(root / "loop")
    (root / "file").write_bytes(b"")
    answers = {
        as_lea.post(url, {"folder": str(folder)}).content
        for folder in (
            tmp_path / "secret",
            tmp_path / "missing",
            root / ".." / "secret",
            root / "link",
            root / "loop",
            root / "file",
            root / "missing",
            root / ("long" * 100),
            "batch 1",
            "/",
        )
    }
    assert answers == {b'{"detail":"There is no such folder below %s."}' % str(root).encode()}
    assert not Job.objects.exists()


def test_without_a_root_nothing_can_be_imported(url: str, as_lea: Browser, tmp_path: Path) -> None:
    assert_refused(as_lea.post(url, {"folder": str(tmp_path)}), 400, "DELINEATE_IMPORT_ROOTS")


@pytest.mark.parametrize("body", [{}, {"folder": ""}, {"folder": 3 * ["a"]}, {"folder": "a\0b"}, [], "x"])
def test_a_wrong_body(url: str, root: Path, as_lea: Browser, body: object) -> None:
    assert_refused(as_lea.post(url, body), 400)


def test_who_is_kept_out(url: str, as_nobody: Browser, as_otto: Browser, as_rui: Browser) -> None:
    assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_rui)


# ── What is asked for ─────────────────────────────────────────────────────────
OURS = {"format": 1, "key": "ours", "title": "Our livers", "labels": {"1": "liver", "2": None}}
FINDING = {
    "source": "=a.dcm (series 1 of 2)",
    "outcome": "warned",
    "cause": "several_stacks",
    "message": "Two stacks, “a” and b.",
    "notes": ["One.", "Two."],
    "case": 3,
    "shape": [64, 64, 9],
    "spacing_mm": [0.7, 0.7, 2.5],
}
PLAIN = {
    "source": "b.nii",
    "outcome": "refused",
    "cause": "damaged",
    "message": "b.nii is cut short.",
    "case": None,
    "shape": None,
    "spacing_mm": None,
}
RESULT = {
    "imported": 1,
    "counts": intake.counts_of([FINDING, PLAIN]),
    "notes": ["One quarter is set apart for testing."],
    "findings": [FINDING, PLAIN],
    "recipe": {
        "key": "lits",
        "title": "LiTS",
        "licence": "CC BY-NC-ND 4.0",
        "citation": "Bilic",
        "non_commercial": True,
    },
}


def finished(project: Project, lea: User, result: dict[str, Any]) -> Job:
    job = make_job(project, kind=JobKind.IMPORT)
    Job.objects.filter(pk=job.pk).update(result=result, asked_by=lea, ids={"folder": "/in", "recipe": "lits"})
    return job


def complete_upload(project: Project, by: User, path: Path) -> Upload:
    upload = uploads.begin(project=project, by=by)
    file = uploads.announce(upload=upload, path=path.name, size=path.stat().st_size)
    uploads.receive(file=file, offset=0, data=path.read_bytes())
    return upload


def test_a_recipe_goes_with_the_job(
    project: Project, url: str, root: Path, lea: User, as_lea: Browser
) -> None:
    saved = recipes.save_recipe(project=project, author=lea, name="Ours", content=OURS)
    for recipe in ("lits", "Ours", str(saved.pk), "none"):
        given = {"folder": str(root), "recipe": recipe, "resample": True}
        job = Job.objects.get(pk=as_lea.post(url, given).json()["id"])
        assert (job.ids["recipe"], job.ids["resample"]) == (recipe, True)


def test_a_recipe_that_cannot_be_used_is_refused_at_once(
    project: Project, url: str, root: Path, as_lea: Browser
) -> None:
    given = {"folder": str(root), "recipe": "nothing of the kind"}
    assert_refused(as_lea.post(url, given), 400, "no recipe “nothing of the kind”")
    assert_refused(as_lea.post(url, given | {"recipe": "medseg-ivc"}), 400, "cannot be used")
    assert_refused(as_lea.post(url, given | {"recipe": "999999"}), 404)
    assert not Job.objects.exists()


def test_an_upload_is_imported_once(
    project: Project, url: str, lea: User, as_lea: Browser, tmp_path: Path
) -> None:
    upload = complete_upload(project, lea, write_nifti(tmp_path / "one.nii.gz", scan_voxels()))
    first = as_lea.post(url, {"upload": str(upload.pk), "recipe": "lits"})
    again = as_lea.post(f"/api/uploads/{upload.pk}/import/", {"recipe": "lits"})
    assert first.status_code == again.status_code == 202
    job = Job.objects.get()
    assert again.json()["id"] == job.pk
    assert job.ids == {
        "upload": str(upload.pk),
        "recipe": "lits",
        "resample": False,
        "site": "",
        "by_number": False,
    }
    assert job.asked_by == lea


def test_one_place_and_no_more(
    project: Project, other_project: Project, url: str, root: Path, lea: User, as_lea: Browser
) -> None:
    upload = uploads.begin(project=project, by=lea)
    both = {"folder": str(root), "upload": str(upload.pk)}
    assert_refused(as_lea.post(url, both), 400, "one of the two")
    assert_refused(as_lea.post(url, {"upload": str(upload.pk)}), 400, "holds no files")
    assert_refused(as_lea.post(url, {"upload": str(uuid.UUID(int=7))}), 404)
    elsewhere = uploads.begin(project=other_project, by=lea)
    assert_refused(as_lea.post(url, {"upload": str(elsewhere.pk)}), 404)
    assert not Job.objects.exists()


# ── What became of it ─────────────────────────────────────────────────────────
def test_imports_are_listed_without_their_findings(
    project: Project, other_project: Project, url: str, lea: User, as_lea: Browser
) -> None:
    make_job(other_project, kind=JobKind.IMPORT)
    make_job(project, kind=JobKind.PREDICT)
    old = make_job(project, kind=JobKind.IMPORT, state=JobState.QUEUED)
    new = finished(project, lea, RESULT)
    first, second = as_lea.get(url).json()
    assert (first["id"], second["id"]) == (new.pk, old.pk)
    assert (first["by"], first["way"], first["recipe"]) == ("lea", "folder", "lits")
    assert (first["imported"], first["data_set"]) == (1, RESULT["recipe"])
    expected = {"accepted": 0, "warned": 0, "split": 1, "resampled": 0, "skipped": 0, "refused": 1}
    assert first["counts"] == expected
    assert (second["by"], second["counts"], second["imported"]) == (None, None, None)
    assert "findings" not in first


def test_a_list_of_imports_reads_no_findings(
    project: Project, lea: User, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        finished(project, lea, RESULT)
    with django_assert_num_queries(1):
        rows = list(intake.imports_of(project))
        assert [row.asked_by for row in rows] == [lea] * 3
        assert all("result" in row.get_deferred_fields() for row in rows)


def test_a_report_has_every_finding(project: Project, url: str, lea: User, as_lea: Browser) -> None:
    gone = FINDING | {"case": 99}
    job = finished(project, lea, RESULT | {"findings": [FINDING, gone, PLAIN]})
    case = make_case(project)
    Case.objects.filter(pk=case.pk).update(number=FINDING["case"])
    report = as_lea.get(f"{url}{job.pk}/").json()
    assert report["findings"] == [
        FINDING | {"case_id": case.pk},
        gone | {"case_id": None},
        PLAIN | {"notes": [], "case_id": None},
    ]
    assert (report["notes"], report["state"]) == (RESULT["notes"], "succeeded")
    assert (report["data_set"]["non_commercial"], report["imported"]) == (True, 1)


def test_what_was_found_until_now_is_shown_while_an_import_goes_on(
    project: Project, url: str, root: Path, as_lea: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each series is there as soon as it is through, the newest of many alone; the downloads have all."""
    for number in range(4):
        write_nifti(root / f"pt_{number}.nii.gz", scan_voxels(number))
    job = Job.objects.get(pk=as_lea.post(url, {"folder": str(root), "site": " North "}).json()["id"])
    lease = jobs.claim(job.pk)
    assert lease is not None
    seen: list[tuple[int, int, int]] = []
    monkeypatch.setattr(intake, "MOST_LIVE", 2)

    def look(progress: Progress) -> None:
        if progress.stage == "importing":
            report = as_lea.get(f"{url}{job.pk}/").json()
            file = as_lea.get(f"{url}{job.pk}/file/").content.splitlines()
            seen.append((report["counts"]["accepted"], len(report["findings"]), len(file)))

    intake.run_import(job, lease, look)
    assert seen == [(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 2, 3), (4, 2, 4)]
    done = as_lea.get(f"{url}{job.pk}/").json()
    assert (len(done["findings"]), done["counts"]["accepted"], done["site"]) == (4, 4, "North")
    assert not ImportFinding.objects.exists()
    assert set(project.cases.values_list("site", flat=True)) == {"North"}


def test_findings_of_an_attempt_that_died_are_not_shown(
    project: Project, url: str, lea: User, as_lea: Browser
) -> None:
    job = make_job(project, kind=JobKind.IMPORT)
    Job.objects.filter(pk=job.pk).update(fence=2)
    for fence in (1, 2):
        ImportFinding.objects.create(
            job=job, fence=fence, place=0, finding=FINDING | {"source": f"{fence}.dcm"}
        )
    report = as_lea.get(f"{url}{job.pk}/").json()
    assert [finding["source"] for finding in report["findings"]] == ["2.dcm"]
    assert report["counts"]["split"] == 1


def test_a_project_says_whether_gaps_are_bridged_unless_an_import_does(
    project: Project, url: str, root: Path, as_lea: Browser
) -> None:
    settings = f"/api/projects/{project.pk}/import-settings/"
    assert_refused(as_lea.patch(settings, {}), 400, "Say what to change")
    assert as_lea.patch(settings, {"resamples_gaps": True}).json()["resamples_gaps"] is True
    for given, meant in ({}, True), ({"resample": None}, True), ({"resample": False}, False):
        answer = as_lea.post(url, {"folder": str(root), **given})
        assert Job.objects.get(pk=answer.json()["id"]).ids["resample"] is meant


@pytest.mark.parametrize("site", ["?", "x" * 81, "a\tb\nc\x07"])
def test_what_is_no_name_of_a_site(url: str, root: Path, as_lea: Browser, site: str) -> None:
    assert_refused(as_lea.post(url, {"folder": str(root), "site": site}), 400)
    assert not Job.objects.exists()


def test_a_report_as_a_file(project: Project, url: str, lea: User, as_lea: Browser) -> None:
    job = finished(project, lea, RESULT)
    lines = as_lea.get(f"{url}{job.pk}/file/")
    assert [json.loads(line) for line in lines.content.decode().splitlines()] == [
        FINDING,
        PLAIN | {"notes": []},
    ]
    table = as_lea.get(f"{url}{job.pk}/file/", {"form": "csv"})
    assert table["Content-Disposition"] == f'attachment; filename="import-{job.pk}.csv"'
    first, second = csv.DictReader(io.StringIO(table.content.decode()))
    assert first["source"] == "'=a.dcm (series 1 of 2)", "no spreadsheet takes it for a formula"
    assert (first["shape"], first["spacing_mm"], first["notes"]) == (
        "64 × 64 × 9",
        "0.7 × 0.7 × 2.5",
        "One. Two.",
    )
    assert (second["case"], second["shape"], second["message"]) == ("", "", "b.nii is cut short.")
    assert_refused(as_lea.get(f"{url}{job.pk}/file/", {"form": "xml"}), 400)


def test_only_imports_of_the_project_are_reported(
    project: Project, other_project: Project, url: str, lea: User, as_lea: Browser
) -> None:
    for job in (make_job(other_project, kind=JobKind.IMPORT), make_job(project, kind=JobKind.PREDICT)):
        assert_refused(as_lea.get(f"{url}{job.pk}/"), 404, "no such import")
        assert_refused(as_lea.get(f"{url}{job.pk}/file/"), 404, "no such import")
        assert_refused(as_lea.get(f"{url}look/{job.pk}/"), 404, "no such import")
    assert_refused(as_lea.get(f"{url}look/{finished(project, lea, {}).pk}/"), 404, "no such import")


# ── Looking first ─────────────────────────────────────────────────────────────
def labelled(root: Path) -> Path:
    """Two scans with label maps of three names, and a file that is no scan."""
    for number in range(2):
        scan = scan_voxels(number)
        labels = (scan > scan.mean()).astype("uint8")
        labels[0, 0, 0], labels[1, 0, 0] = 2, 3
        write_nifti(root / f"c{number}_ct.nii.gz", scan)
        write_nifti(root / f"c{number}_seg.nii.gz", labels)
    (root / "labels.json").write_text(json.dumps({"1": "Leber", "2": "kidny left", "3": "qqq"}))
    (root / "bad.nii.gz").write_bytes(b"no scan")
    return root


def looked(as_lea: Browser, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask, let a worker look, and read what was seen."""
    asked = as_lea.post(f"{url}look/", body)
    assert asked.status_code == 202, asked.content
    assert asked.json()["looked"] is None
    tasks.look(job_id=asked.json()["id"])
    seen: dict[str, Any] = as_lea.get(f"{url}look/{asked.json()['id']}/").json()
    return seen


def test_a_folder_is_looked_at_and_nothing_is_stored(
    project: Project, url: str, root: Path, as_lea: Browser
) -> None:
    seen = looked(as_lea, url, {"folder": str(labelled(root))})
    assert (seen["state"], seen["folder"], seen["upload"], seen["by"]) == (
        "succeeded",
        str(root),
        None,
        "lea",
    )
    found = seen["looked"]
    assert (found["recognised"], found["alike"], found["scans"], found["delineated"]) == (None, [], 2, 2)
    names = [(one["name"], one["value"], one["files"]) for one in found["names"]]
    assert names == [("Leber", 1, 2), ("kidny left", 2, 2), ("qqq", 3, 2)]
    fuzzy = found["names"][1]["candidates"][0]
    assert (fuzzy["key"], fuzzy["how"]) == ("kidney_left", "fuzzy")
    assert found["names"][2]["candidates"] == []
    assert found["names"][2]["hint"]
    assert [one["file"] for one in found["refused"]] == ["bad.nii.gz"]
    assert not project.cases.exists()
    assert as_lea.get(url).json() == [], "a look is no import"


def test_an_upload_is_looked_at_and_then_imported(
    project: Project, url: str, lea: User, as_lea: Browser, tmp_path: Path
) -> None:
    upload = complete_upload(project, lea, write_nifti(tmp_path / "one.nii.gz", scan_voxels()))
    seen = looked(as_lea, url, {"upload": str(upload.pk)})
    assert (seen["way"], seen["upload"], seen["looked"]["scans"]) == ("upload", str(upload.pk), 1)
    job = as_lea.post(url, {"upload": seen["upload"]}).json()
    tasks.import_folder(job_id=job["id"])
    report = as_lea.get(f"{url}{job['id']}/").json()
    assert (report["state"], report["imported"], report["counts"]["accepted"]) == ("succeeded", 1, 1)
    assert [case.name for case in project.cases.all()] == ["one"]


def test_an_upload_that_is_not_all_there_is_not_looked_at(
    project: Project, url: str, lea: User, as_lea: Browser
) -> None:
    upload = uploads.begin(project=project, by=lea)
    uploads.announce(upload=upload, path="a.nii", size=4)
    assert_refused(as_lea.post(f"{url}look/", {"upload": str(upload.pk)}), 409, "1 of 1 files")
    assert not Job.objects.exists()


def test_a_look_at_nothing_fails_with_a_sentence(url: str, root: Path, as_lea: Browser) -> None:
    seen = looked(as_lea, url, {"folder": str(root / "batch 1")})
    assert (seen["state"], seen["looked"]) == ("failed", None)
    assert "No scan was found" in seen["error"]


def test_a_worker_that_was_told_to_stop_leaves_no_look(
    project: Project, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {"folder": str(labelled(root)), "by_names": False}
    job = jobs.enqueue(kind=JobKind.LOOK, queue=Queue.IO, ids=ids, project=project)
    monkeypatch.setattr(pulse, "_shutdown", type("Told", (), {"value": 1}))
    tasks.look(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.QUEUED, {})


# ── From label to structure ───────────────────────────────────────────────────
def test_a_confirmed_recipe_decides_what_the_cases_have(
    project: Project, url: str, root: Path, as_lea: Browser
) -> None:
    content = OURS | {"labels": {"1": "liver", "2": "spleen", "3": None}, "annotated": ["liver"]}
    saved = as_lea.post(f"/api/projects/{project.pk}/recipes/", {"name": "Odd", "content": content}).json()
    given = {"folder": str(labelled(root)), "recipe": str(saved["id"])}
    job = as_lea.post(url, given).json()
    tasks.import_folder(job_id=job["id"])
    report = as_lea.get(f"{url}{job['id']}/").json()
    assert (report["state"], report["imported"]) == ("succeeded", 2), report
    assert report["data_set"]["title"] == "Our livers"
    assert report["counts"]["refused"] == 1
    for case in project.cases.all():
        assert case.accepted_revision is not None
        assert case.accepted_revision.mask.annotated == ["liver"]
