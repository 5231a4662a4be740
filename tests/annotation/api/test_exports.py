"""Exports over HTTP: asked for, followed, fetched, removed; for leads alone."""

import io
import zipfile

import pytest

from annotation import tasks
from annotation.models import Export, Project, Split
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.phantom_cases import add_phantom

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/exports/"


@pytest.fixture
def accepted(project: Project) -> None:
    add_phantom(project, 1, delineated=True)
    add_phantom(project, 2, delineated=True, split=Split.TEST)


def test_only_leads(url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser, as_rui: Browser) -> None:
    for method in ("get", "post"):
        assert_kept_out(url, method=method, nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)
        assert_kept_out(url, method=method, nobody=as_nobody, stranger=as_otto, wrong_role=as_rui)


def test_from_the_order_to_the_file(url: str, as_lea: Browser, as_ana: Browser, accepted: None) -> None:
    answer = as_lea.post(url, {"form": "nnunet", "splits": ["pool"], "structures": ["liver", "spleen"]})
    assert answer.status_code == 202
    made = answer.json()
    assert (made["items"], made["requested_by"], made["what"]) == (1, "lea", "accepted")
    assert (made["job"]["kind"], made["job"]["state"], made["bytes"]) == ("export", "queued", None)
    own, file = f"{url}{made['id']}/", f"{url}{made['id']}/file/"
    assert_refused(as_lea.get(file), 409, "has no file")
    tasks.export(made["job"]["id"])
    (listed,) = as_lea.get(url).json()
    assert listed == as_lea.get(own).json()
    assert listed["job"]["state"] == "succeeded"
    answer = as_lea.get(file)
    assert answer.streaming
    data = b"".join(answer.streaming_content)
    assert len(data) == listed["bytes"] == int(answer["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert "Dataset001_Abdomen/imagesTr/case_0001_0000.nii.gz" in packed.namelist()
    assert as_ana.get(file).status_code == 403
    assert as_lea.client.delete(own).status_code == 204
    assert not Export.objects.exists()


def test_cancelled_as_any_job(url: str, as_lea: Browser, accepted: None) -> None:
    made = as_lea.post(url, {"form": "tables"}).json()
    assert as_lea.post(f"/api/jobs/{made['job']['id']}/cancel/").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"form": "doc"},
        {"form": "nifti", "what": "all"},
        {"form": "nifti", "splits": ["train"]},
        {"form": "nifti", "structures": ["femur"]},
        {"form": "nifti", "model": 0},
        {"form": "nifti", "what": "predictions"},
        {"form": "nifti", "readers": "ana"},
    ],
)
def test_what_cannot_be_asked_is_400(
    url: str, as_lea: Browser, accepted: None, body: dict[str, object]
) -> None:
    assert as_lea.post(url, body).status_code == 400


def test_an_empty_selection_is_a_sentence(url: str, as_lea: Browser) -> None:
    assert_refused(as_lea.post(url, {"form": "nifti"}), 400, "Nothing matches")
