from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation.models import GuidelineImage, GuidelineVersion, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_picture, png


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/guideline/"


def draft(**changes: Any) -> dict[str, Any]:
    return {"base_version": 0, "text": "Draw the border.", "structures": {}} | changes


def upload(browser: Browser, url: str, data: bytes, name: str = "liver.png") -> Any:
    return browser.upload(f"{url}images/", {"image": SimpleUploadedFile(name, data)})


def test_before_the_first_version(project: Project, url: str, as_ana: Browser) -> None:
    Project.objects.filter(pk=project.pk).update(guideline="As in the atlas.")
    assert as_ana.get(url).json() == {
        "version": 0,
        "text": "As in the atlas.",
        "structures": {},
        "written_at": None,
    }


def test_versions_follow_each_other(project: Project, url: str, as_lea: Browser, as_ana: Browser) -> None:
    image = upload(as_lea, url, png(3, 2)).json()
    assert (image["width"], image["height"]) == (3, 2)
    entry = {"text": "With the gall bladder.", "images": [image["id"]]}
    first = as_lea.put(url, draft(structures={"liver": entry, "spleen": {"text": " "}}))
    assert first.status_code == 200, first.content
    assert first.json() == as_ana.get(url).json()
    assert first.json()["version"] == 1
    assert first.json()["structures"] == {"liver": {"text": "With the gall bladder.", "images": [image]}}
    assert as_ana.get(f"/api/projects/{project.pk}/").json()["guideline"] == "Draw the border."
    second = as_lea.put(url, draft(base_version=1, text="Draw inside."))
    assert (second.json()["version"], second.json()["structures"]) == (2, {})
    kept = GuidelineVersion.objects.get(project=project, version=1)
    assert (kept.text, kept.structures["liver"]["images"]) == ("Draw the border.", [image["id"]])


def test_a_stale_version_is_409(url: str, as_lea: Browser) -> None:
    as_lea.put(url, draft())
    answer = as_lea.put(url, draft())
    assert_refused(answer, 409)
    assert answer.json()["version"] == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"structures": {"heart": {"text": "Beats."}}}, 400),
        ({"structures": {"liver": {"text": "x", "images": [10**6]}}}, 400),
        ({"structures": {"liver": {"text": "x", "images": ["a"]}}}, 400),
        ({"structures": {"liver": "x"}}, 400),
        ({"structures": {"liver": {"text": "x" * 5000}}}, 413),
        ({"structures": []}, 400),
        ({"text": None}, 400),
        ({"text": "x" * 30_000}, 413),
        ({"text": "a\0b"}, 400),
        ({"base_version": -1}, 400),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_draft(url: str, as_lea: Browser, changes: dict[str, Any], status: int) -> None:
    assert_refused(as_lea.put(url, draft(**changes)), status)
    assert not GuidelineVersion.objects.exists()


def test_pictures_of_another_project_are_none_of_ours(
    url: str, as_lea: Browser, as_otto: Browser, other_project: Project
) -> None:
    theirs = make_picture(other_project)
    entry = {"text": "", "images": [theirs.pk]}
    assert_refused(as_lea.put(url, draft(structures={"liver": entry})), 400, "no picture")
    assert_refused(as_lea.get(f"{url}images/{theirs.pk}/"), 404)
    assert as_otto.get(f"/api/projects/{other_project.pk}/guideline/images/{theirs.pk}/").status_code == 200


def test_a_picture_is_served_as_nothing_but_a_picture(url: str, as_lea: Browser, as_ana: Browser) -> None:
    image = upload(as_lea, url, png(2, 2, (b"tEXt", b"Author\0Jane Doe")), "x.html").json()
    answer = as_ana.get(image["url"])
    assert (answer.status_code, answer.content) == (200, png(2, 2))
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"


def test_what_is_no_picture(url: str, as_lea: Browser) -> None:
    assert_refused(upload(as_lea, url, b"<svg/>"), 400, "neither a PNG nor a JPEG")
    assert_refused(upload(as_lea, url, b"x" * (5 * 2**20)), 413)
    assert_refused(as_lea.upload(f"{url}images/", {}), 400, "image")
    assert not GuidelineImage.objects.exists()


def test_who_is_kept_out(
    url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser, as_rui: Browser
) -> None:
    assert_kept_out(url, nobody=as_nobody, stranger=as_otto, wrong_role=None)
    for reader in (as_ana, as_rui):
        assert_kept_out(url, method="put", nobody=as_nobody, stranger=as_otto, wrong_role=reader)
        assert_kept_out(
            f"{url}images/", method="upload", nobody=as_nobody, stranger=as_otto, wrong_role=reader
        )
