from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation import chunks, ingest
from annotation.models import Case, CaseState, Project, Split
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_case


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/cases/"


@pytest.fixture
def nifti(tmp_path: Path) -> Callable[..., SimpleUploadedFile]:
    """A NIfTI upload of an array (i, j, k) on a RAS+ grid of 2 mm."""

    def make(array: Any, name: str = "scan.nii.gz") -> SimpleUploadedFile:
        path = tmp_path / name
        nibabel.save(nibabel.Nifti1Image(array, np.diag([2.0, 2.0, 2.0, 1.0])), path)
        return SimpleUploadedFile(name, path.read_bytes())

    return make


def hu(seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(-1000, 1000, (20, 18, 16)).astype(np.int16)


class TestList:
    def test_pages_of_fifty_by_number(self, project: Project, url: str, as_lea: Browser) -> None:
        for _ in range(52):
            make_case(project)
        first = as_lea.get(url).json()
        second = as_lea.get(url, {"page": 2}).json()
        assert first["count"] == second["count"] == 52
        assert [row["number"] for row in first["results"]] == list(range(1, 51))
        assert [row["number"] for row in second["results"]] == [51, 52]
        assert as_lea.get(url, {"page": 3}).json()["results"] == []
        assert set(first["results"][0]) == {
            "id",
            "number",
            "name",
            "split",
            "state",
            "reader",
            "due_at",
            "spacing_known",
            "slices",
            "priority",
            "updated_at",
            "pre_annotation",
            "prediction_version",
            "parts",
        }

    def test_by_state(self, project: Project, url: str, as_lea: Browser) -> None:
        make_case(project)
        make_case(project, state=CaseState.IN_REVIEW)
        make_case(project, split=Split.TEST)
        for state, number in (("ready", 1), ("in_review", 2), ("test", 3)):
            rows = as_lea.get(url, {"state": state}).json()["results"]
            assert [row["number"] for row in rows] == [number]

    @pytest.mark.parametrize("query", [{"state": "lost"}, {"page": 0}, {"page": "x"}, {"page": 10**30}])
    def test_a_wrong_query(self, url: str, as_lea: Browser, query: dict[str, Any]) -> None:
        assert_refused(as_lea.get(url, query), 400)

    def test_who_is_kept_out(self, url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser) -> None:
        assert_kept_out(url, nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)


class TestUpload:
    def test_an_image_becomes_a_case(
        self, project: Project, url: str, as_lea: Browser, nifti: Callable[..., SimpleUploadedFile]
    ) -> None:
        answer = as_lea.upload(url, {"image": nifti(hu()), "name": "Second opinion"})
        assert answer.status_code == 201, answer.content
        case = Case.objects.get(pk=answer.json()["id"])
        assert answer.json() == {"id": case.pk, "number": 1}
        assert (case.name, case.state) == ("Second opinion", CaseState.WAITING)
        # NIfTI counts towards right and anterior, the store towards left and posterior.
        assert np.array_equal(ingest.read_voxels(case.volume), hu()[::-1, ::-1, :])

    def test_with_a_label_map_it_is_accepted(
        self, project: Project, url: str, as_lea: Browser, nifti: Callable[..., SimpleUploadedFile]
    ) -> None:
        labels = np.zeros((20, 18, 16), np.uint8)
        labels[2:5, 3:6, 4:7] = 1
        parts = {"image": nifti(hu()), "label": nifti(labels, "label.nii.gz")}
        answer = as_lea.upload(url, parts)
        assert answer.status_code == 201, answer.content
        case = Case.objects.get(pk=answer.json()["id"])
        assert case.state == CaseState.ACCEPTED
        assert case.accepted_revision is not None
        stored = chunks.read_layers(case.accepted_revision.mask)
        assert np.array_equal(stored[0] == 1, labels[::-1, ::-1, :] == 1)

    def test_the_same_scan_again_is_refused(
        self, url: str, as_lea: Browser, nifti: Callable[..., SimpleUploadedFile]
    ) -> None:
        assert as_lea.upload(url, {"image": nifti(hu())}).status_code == 201
        assert_refused(as_lea.upload(url, {"image": nifti(hu(), "again.nii.gz")}), 409)
        assert Case.objects.count() == 1

    def test_what_is_no_scan_is_refused(
        self, url: str, as_lea: Browser, nifti: Callable[..., SimpleUploadedFile]
    ) -> None:
        assert_refused(as_lea.upload(url, {}), 400, "image")
        assert_refused(as_lea.upload(url, {"image": "text"}), 400, "image")
        assert_refused(as_lea.upload(url, {"image": SimpleUploadedFile("a.nii.gz", b"junk")}), 400)
        cut = nifti(hu())
        cut = SimpleUploadedFile("cut.nii.gz", (cut.read() or b"")[:900])
        assert_refused(as_lea.upload(url, {"image": cut}), 400)
        assert not Case.objects.exists()

    def test_more_bytes_than_allowed(self, url: str, as_lea: Browser, settings: Any) -> None:
        settings.MAX_UPLOAD_BYTES = 1000
        image = SimpleUploadedFile("scan.nii.gz", b"x" * 2000)
        assert_refused(as_lea.upload(url, {"image": image}), 413)

    def test_who_is_kept_out(self, url: str, as_nobody: Browser, as_otto: Browser, as_rui: Browser) -> None:
        assert_kept_out(url, method="upload", nobody=as_nobody, stranger=as_otto, wrong_role=as_rui)
