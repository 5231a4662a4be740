from pathlib import Path
from typing import Any

import pytest

from annotation.models import Job, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused


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
    assert job.ids == {"folder": str(root / "batch 1")}
    assert answer.json()["progress"] == {}


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
