"""The tus protocol as a client speaks it."""

import base64
from typing import Any

import pytest

from annotation.models import Project, UploadedFile
from tests.annotation.api.conftest import Browser

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"


def announced(path: str, size: int) -> dict[str, str]:
    metadata = f"path {base64.b64encode(path.encode()).decode()},filename {base64.b64encode(b'x').decode()}"
    return TUS | {"Upload-Length": str(size), "Upload-Metadata": metadata}


@pytest.fixture
def upload(project: Project, as_lea: Browser) -> str:
    answer = as_lea.post(f"/api/projects/{project.pk}/uploads/")
    assert answer.status_code == 201, answer.content
    return f"/api/uploads/{answer.json()['id']}/"


def post(client: Browser, upload: str, headers: dict[str, str], data: bytes = b"") -> Any:
    kind = PIECE if data else ""
    return client.client.generic("POST", f"{upload}files/", data, content_type=kind, headers=headers)


def patch(client: Browser, file: str, offset: object, data: bytes, kind: str = PIECE) -> Any:
    headers = TUS | {"Upload-Offset": str(offset)}
    return client.client.generic("PATCH", file, data, content_type=kind, headers=headers)


def test_a_file_in_three_pieces(project: Project, upload: str, as_lea: Browser) -> None:
    made = post(as_lea, upload, announced("ct/a.nii", 6), b"ab")
    assert (made.status_code, made["Upload-Offset"], made["Tus-Resumable"]) == (201, "2", "1.0.0")
    file = made["Location"]
    assert patch(as_lea, file, 2, b"cd")["Upload-Offset"] == "4"
    again = patch(as_lea, file, 2, b"cd")
    assert again.status_code == 409
    assert "go on from there" in again.json()["detail"]
    head = as_lea.client.generic("HEAD", file, headers=TUS)
    assert (head["Upload-Offset"], head["Upload-Length"], head["Cache-Control"]) == ("4", "6", "no-store")
    assert patch(as_lea, file, 4, b"ef").status_code == 204
    listed = as_lea.get(upload).json()
    assert [(one["path"], one["size"], one["received"]) for one in listed] == [("ct/a.nii", 6, 6)]
    (begun,) = as_lea.get(f"/api/projects/{project.pk}/uploads/").json()
    assert (begun["files"], begun["size"], begun["received"], begun["by"]) == (1, 6, 6, "lea")
    job = as_lea.post(f"{upload}import/")
    assert (job.status_code, job.json()["kind"]) == (202, "import")
    assert as_lea.get(f"/api/projects/{project.pk}/uploads/").json() == []


def test_options_say_what_is_known(upload: str, as_lea: Browser) -> None:
    answer = as_lea.client.generic("OPTIONS", f"{upload}files/")
    assert answer.status_code == 204
    assert (answer["Tus-Version"], answer["Tus-Extension"]) == ("1.0.0", "creation,creation-with-upload")


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({}, "Tus-Resumable has to be 1.0.0"),
        (TUS, "Upload-Metadata has to hold"),
        (TUS | {"Upload-Metadata": "path !"}, "not UTF-8 in base64"),
        (announced("a", 1) | {"Upload-Length": "-1"}, "Upload-Length has to be a whole number"),
        (announced("a", 1) | {"Upload-Length": "9" * 30}, "Upload-Length has to be a whole number"),
        (announced("../a", 1), "below its folder"),
    ],
)
def test_what_is_not_understood(upload: str, as_lea: Browser, headers: dict[str, str], sentence: str) -> None:
    answer = post(as_lea, upload, headers)
    assert answer.status_code == 400
    assert sentence in answer.json()["detail"]
    assert not UploadedFile.objects.exists()


def test_another_kind_of_body_and_too_long_a_piece(upload: str, as_lea: Browser) -> None:
    file = post(as_lea, upload, announced("a", 2))["Location"]
    assert patch(as_lea, file, 0, b"ab", "text/plain").status_code == 415
    assert patch(as_lea, file, "x", b"ab").status_code == 400
    assert patch(as_lea, file, 0, b"abc").status_code == 413
    assert as_lea.client.generic("HEAD", file, headers=TUS)["Upload-Offset"] == "0"


def test_giving_up(upload: str, as_lea: Browser) -> None:
    file = post(as_lea, upload, announced("a", 2), b"ab")["Location"]
    assert as_lea.client.delete(upload).status_code == 204
    assert as_lea.get(upload).status_code == 404
    assert patch(as_lea, file, 2, b"").status_code == 404


def test_leads_of_this_project_alone(
    upload: str, as_nobody: Browser, as_otto: Browser, as_rui: Browser, as_lea: Browser
) -> None:
    file = post(as_lea, upload, announced("a", 2))["Location"]
    for client, status in ((as_nobody, 401), (as_otto, 404), (as_rui, 404)):
        assert client.get(upload).status_code == status
        assert client.client.delete(upload).status_code == status
        assert client.post(f"{upload}import/").status_code == status
        assert post(client, upload, announced("b", 2)).status_code == status
        assert patch(client, file, 0, b"ab").status_code == status
