"""A project's limit of bytes: told, set, and kept before anything is stored."""

import pytest
from django.contrib.auth.models import User

from annotation import exports, intake, quota, store, uploads
from annotation.errors import Refused, TooLarge
from annotation.models import ExportFormat, Project, Quota, Upload
from tests.annotation.api.conftest import Browser
from tests.annotation.factories import make_uploaded_file
from tests.phantom_cases import add_phantom

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_lea(lea: User) -> Browser:
    return Browser(lea)


FULL = r"This project may hold [\d.]+ MB and holds [\d.]+ MB"


def limit(project: Project, bytes_: int) -> None:
    Quota.objects.update_or_create(
        project=project,
        defaults={"bytes": bytes_, "set_by": User.objects.get(username="lea")},
    )


def test_a_scan_that_does_not_fit_is_not_kept(project: Project, lea: User) -> None:
    add_phantom(project, 1, delineated=False)
    held = quota.used(project)["scans"]
    assert held == sum(entry.bytes for entry in store.entries("volumes"))
    limit(project, int(held * 1.5))
    with pytest.raises(TooLarge, match=FULL):
        add_phantom(project, 2, delineated=False)
    assert project.cases.count() == 1
    assert quota.used(project)["scans"] == held == sum(entry.bytes for entry in store.entries())
    limit(project, held * 3)
    add_phantom(project, 2, delineated=False)


def test_uploads_count_until_their_import_begins(project: Project, lea: User) -> None:
    limit(project, 100)
    upload = uploads.begin(project=project, by=lea)
    uploads.announce(upload=upload, path="a.dcm", size=60)
    with pytest.raises(TooLarge, match=r"0\.0 MB more do not fit"):
        uploads.announce(upload=upload, path="b.dcm", size=60)
    assert quota.used(project)["uploads"] == 60
    file = make_uploaded_file(project)
    uploads.receive(file=file, offset=0, data=b"ab")
    intake.request_import(project=project, by=lea, upload=file.upload)
    Upload.objects.filter(pk=upload.pk).delete()
    assert quota.used(project)["uploads"] == 0


def test_a_full_project_takes_no_folder_and_makes_no_export(
    project: Project, lea: User, settings: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("scans")
    settings.IMPORT_ROOTS = [folder]  # type: ignore[attr-defined]  # pytest-django's
    add_phantom(project, 1, delineated=True)
    limit(project, 1)
    with pytest.raises(TooLarge, match="nothing more fits"):
        intake.request_import(project=project, by=lea, folder=str(folder))
    with pytest.raises(TooLarge, match="nothing more fits"):
        exports.request_export(project=project, by=lea, order=exports.Order(ExportFormat.NIFTI))
    assert not project.jobs.filter(kind__in=["import", "export"]).exists()


def test_a_lead_sets_it_and_takes_it_away(project: Project, as_lea: Browser, lea: User) -> None:
    root = f"/api/projects/{project.pk}/storage/"
    assert as_lea.get(root).json() == {"limit": None, "scans": 0, "models": 0, "exports": 0, "uploads": 0}
    assert as_lea.put(root, {"limit": 5_000_000}).json()["limit"] == 5_000_000
    assert as_lea.put(root, {"limit": 5}).status_code == 400
    assert as_lea.put(root, {"limit": None}).json()["limit"] is None
    with pytest.raises(Refused, match="at least 1 MB"):
        quota.set_limit(project=project, bytes_=5, by=lea)
