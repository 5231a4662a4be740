"""A patient's deletion: nothing of it is left in rows, bytes or exports; what was said of sums stays true."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from annotation import agreement, exports, ingest, learning, retention, store, upkeep, uploads
from annotation.errors import Conflict, NotFound, Refused
from annotation.learning.runs import digest
from annotation.models import (
    AgreementGroup,
    Assignment,
    Case,
    DeletedItem,
    Export,
    ExportFormat,
    Job,
    JobKind,
    JobState,
    PatientDeletion,
    Project,
    SnapshotItem,
    Split,
    Upload,
    Volume,
)
from annotation.upkeep.digests import tables
from tests.annotation.agreement.world import organs, read_by, work
from tests.annotation.api.conftest import Browser
from tests.annotation.factories import make_case, make_job, make_read
from tests.annotation.learning_loop import KEYS, accepted, trained
from tests.phantom_cases import KEYS as DRAWN
from tests.phantom_cases import phantom
from tests.trust.writing import work_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_lea(lea: User) -> Browser:
    return Browser(lea)


NAME, KEY = "Kowalczyk 4711", "f00dfacef00dface"  # nobody's


def add(project: Project, seed: int, *, key: str = KEY, name: str = NAME) -> Case:
    scan, labels = phantom(seed)
    return ingest.add_case(
        project=project,
        volume=scan,
        name=f"{name} {seed}",
        patient_key=key,
        split=Split.POOL,
        labels=labels,
        annotated=DRAWN,
    )


@pytest.fixture
def patient(project: Project) -> Case:
    """Two scans of one patient, and one of somebody else."""
    case = add(project, 1)
    add(project, 2)
    add(project, 3, key="other", name="somebody")
    return case


def rows_with(*texts: str) -> list[str]:
    """Every table of the database in which one of the texts stands."""
    found = []
    for table in tables():
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM {connection.ops.quote_name(table)} t WHERE t::text ~ %s",  # noqa: S608
                ["|".join(texts)],
            )
            (count,) = cursor.fetchone()
            found += [table] if count else []
    return found


def delete(project: Project, number: int = 1, by: User | None = None) -> PatientDeletion:
    return retention.delete_patient(project=project, number=number, reason="consent", by=by)


def export_of(project: Project, lea: User, *, done: bool = True) -> Export:
    export = exports.request_export(project=project, by=lea, order=exports.Order(ExportFormat.NIFTI))
    if done:
        work_on(export)
        export.refresh_from_db()
    return export


def test_nothing_of_the_patient_is_left(project: Project, patient: Case, lea: User) -> None:
    export = export_of(project, lea)
    job = make_job(project, kind=JobKind.IMPORT)
    findings = [{"source": f"{NAME}.nii.gz", "case": 1}, {"source": "somebody.nii.gz", "case": 3}]
    Job.objects.filter(pk=job.pk).update(result={"findings": findings})
    Job.objects.create(
        project=project, kind=JobKind.LOOK, queue="io", state="succeeded", result={"names": [NAME]}
    )
    keys = [case.volume.store_key for case in project.cases.filter(patient_key=KEY)]
    assert rows_with(NAME, KEY)
    done = delete(project, by=lea)
    assert rows_with(NAME, KEY) == []
    assert [case.number for case in project.cases.all()] == [3]
    assert not any(store.exists(key) for key in [*keys, export.store_key])
    assert not Export.objects.exists()
    job.refresh_from_db()
    assert job.result["findings"] == findings[1:]
    assert (done.cases, done.by, done.reason, done.left) == ([1, 2], lea, "consent", [])
    assert done.counts["cases"] == 2
    assert upkeep.check_store(read=True).faults == []


def upload_of(project: Project, lea: User, path: str) -> tuple[Upload, str]:
    """One file that was sent whole; where its bytes are."""
    upload = uploads.begin(project=project, by=lea)
    file = uploads.announce(upload=upload, path=path, size=2)
    uploads.receive(file=file, offset=0, data=b"ab")
    return upload, f"{uploads.ROOT}/{upload.pk}"


def test_files_that_were_sent_go_once_their_import_has_ended(
    project: Project, patient: Case, other_project: Project, lea: User, otto: User
) -> None:
    ended, its_bytes = upload_of(project, lea, f"{NAME}/1.dcm")
    waiting, not_searched = upload_of(project, lea, "unknown.dcm")
    elsewhere, of_others = upload_of(other_project, otto, "other.dcm")
    for upload in (ended, elsewhere):
        job = uploads.begin_import(upload=upload, options={})
        Job.objects.filter(pk=job.pk).update(state=JobState.FAILED)
    assert retention.look(project, 1).counts["uploads"] == 1
    delete(project, by=lea)
    assert rows_with(NAME) == []
    assert [store.exists(key) for key in (its_bytes, not_searched, of_others)] == [False, True, True]
    assert set(Upload.objects.all()) == {waiting, elsewhere}


def test_its_numbers_are_not_given_again(project: Project, patient: Case) -> None:
    delete(project, number=3)
    assert add(project, 4, key="new", name="new").number == 4


def test_a_frozen_set_keeps_its_sum_and_its_model_what_it_learned_from(
    project: Project, tmp_path: Path, lea: User
) -> None:
    cases = [accepted(project), accepted(project)]
    accepted(project, Split.TEST)
    model = trained(project, tmp_path, {project.cases.get(split="test"): dict.fromkeys(KEYS, 0.5)})
    assert model.run is not None
    snapshot = model.run.snapshot
    lines = {(item.case_id, item.revision.sha256, item.use) for item in snapshot.items.all()}
    before = learning.card_of(model)
    found = retention.look(project, cases[0].number)
    assert [(one.version, one.through) for one in found.models] == [(model.version, None)]
    assert found.counts["frozen_sets"] == 1
    Job.objects.filter(project=project).update(state=JobState.SUCCEEDED)
    delete(project, cases[0].number, lea)
    left = {(item.case_id, item.revision.sha256, item.use) for item in snapshot.items.all()}
    gone = {(item.case_id_then, item.revision_sha256, item.use) for item in DeletedItem.objects.all()}
    assert left | gone == lines
    assert (len(left), len(gone)) == (2, 1)
    assert digest(SnapshotItem.objects.filter(snapshot=snapshot)) != snapshot.sha256
    assert learning.card_of(model).cases == before.cases


def test_figures_of_agreement_are_those_of_the_cases_that_are_left(
    project: Project, ana: User, ben: User
) -> None:
    cases = [make_case(project), make_case(project)]
    for shift, case in enumerate(cases):
        for reader in (ana, ben):
            read_by(case, reader, organs(float(shift * reader.pk % 3)))
            agreement.request(case)
    work(project)
    assert agreement.matrix(project)
    Job.objects.filter(project=project).update(state=JobState.SUCCEEDED)
    delete(project, cases[0].number)
    assert AgreementGroup.objects.filter(project=project).exists()
    assert not agreement.recount(project), "the sums were not those of the scores that are left"


def test_an_image_that_another_project_uses_stays_there(
    project: Project, patient: Case, other_project: Project
) -> None:
    other = Case.objects.create(
        project=other_project, volume=patient.volume, number=1, name="x", patient_key=KEY, split="pool"
    )
    delete(project)
    assert store.exists(Volume.objects.get(cases=other).store_key)
    assert upkeep.check_store().faults == []
    assert list(retention.projects_of(other)) == [other_project]


class TestInTheWay:
    def test_a_reader(self, project: Project, ana: User) -> None:
        read = make_read(ana, project)
        with pytest.raises(Conflict, match=r"ana has case 1 open\. Wait, or withdraw the read\."):
            delete(project)
        Assignment.objects.filter(pk=read.pk).update(lease_until="2020-01-01T00:00Z")
        delete(project)
        assert not Assignment.objects.exists()

    def test_a_job_that_may_use_it(self, project: Project, patient: Case, lea: User) -> None:
        export = export_of(project, lea, done=False)
        with pytest.raises(Conflict, match=r"Job \d+ \(export delineations\) may use the patient's cases"):
            delete(project)
        assert project.cases.count() == 3
        Job.objects.filter(pk=export.job_id).update(state=JobState.CANCELLED)
        delete(project)

    def test_not_a_job_of_another_case(self, project: Project, patient: Case) -> None:
        agreement.request(project.cases.get(number=3))
        delete(project)

    def test_no_such_case_or_reason(self, project: Project, patient: Case) -> None:
        with pytest.raises(NotFound, match="no case 9"):
            delete(project, 9)
        with pytest.raises(Refused, match="The reason has to be one of"):
            retention.delete_patient(project=project, number=1, reason="whim", by=None)


def test_bytes_that_a_dying_process_left_are_removed_by_the_clock(
    project: Project, patient: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("annotation.retention.deleting.finish_removals", lambda _: 0)
        done = delete(project)
    assert done.left
    assert any(store.exists(key) for key in done.left)
    assert retention.finish_removals() == len(done.left)
    done.refresh_from_db()
    assert done.left == []
    assert retention.finish_removals() == 0


def test_a_lead_looks_first_and_then_deletes(project: Project, patient: Case, as_lea: Browser) -> None:
    root = f"/api/projects/{project.pk}/deletions/"
    found = as_lea.get(f"{root}preview/2/").json()
    assert [case["number"] for case in found["cases"]] == [1, 2]
    assert found["counts"]["scan_bytes"] > 0
    assert found["in_the_way"] == []
    answer = as_lea.post(root, {"case": 2, "reason": "mistake"})
    assert answer.status_code == 201, answer.content
    (listed,) = as_lea.get(root).json()
    assert (listed["cases"], listed["by"], listed["reason"], listed["left"]) == ([1, 2], "lea", "mistake", 0)
    assert as_lea.get(f"{root}preview/2/").status_code == 404


class TestCommand:
    def test_all_projects(self, project: Project, patient: Case, other_project: Project, capsys: Any) -> None:
        add(other_project, 1)
        call_command("delete_patient", project.name, "1", "--reason", "request")
        assert Case.objects.filter(patient_key=KEY).count() == 3
        call_command("delete_patient", project.name, "1", "--reason", "request", "--yes")
        assert not Case.objects.filter(patient_key=KEY).exists()
        assert capsys.readouterr().out.count("Deleted.") == 2

    def test_what_was_not_searched_is_told(
        self, project: Project, patient: Case, lea: User, capsys: Any
    ) -> None:
        upload_of(project, lea, "unknown.dcm")
        call_command("delete_patient", project.name, "1", "--reason", "request")
        told = capsys.readouterr().out
        assert "Not searched: 1 uploads that are not imported yet, 0 pictures of the guideline. " in told
        assert "Backups and downloads are not reached." in told

    def test_where_something_is_in_the_way(self, project: Project, ana: User, capsys: Any) -> None:
        make_read(ana, project)
        with pytest.raises(CommandError, match="In 1 of 1 projects nothing was deleted"):
            call_command("delete_patient", project.name, "1", "--reason", "request", "--yes")
