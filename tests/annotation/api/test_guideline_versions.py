"""Every version of the guideline stays readable, with what it changed."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import corrections, guidelines
from annotation.guidelines import Entry
from annotation.models import Assignment, GuidelineImage, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_picture, make_read, make_review, stroke


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/projects/{project.pk}/guideline/versions/"


@pytest.fixture
def picture(project: Project, lea: User) -> GuidelineImage:
    return make_picture(project)


def write(project: Project, author: User, text: str, **entries: Entry) -> None:
    guidelines.write_guideline(
        project=project,
        author=author,
        base_version=guidelines.version_at(project, None),
        text=text,
        structures=entries,
    )


@pytest.fixture
def three(project: Project, lea: User, picture: GuidelineImage) -> None:
    write(project, lea, "Draw the border.", liver=Entry("With the gall bladder.", []))
    write(
        project,
        lea,
        "Draw the border.",
        liver=Entry("Without the gall bladder.", [picture.pk]),
        spleen=Entry("Whole.", []),
    )
    write(project, lea, "Draw the inner border.", spleen=Entry("Whole.", []))


def test_the_list(three: None, url: str, as_ana: Browser) -> None:
    listed = as_ana.get(url).json()
    said = [(one["version"], one["author"], one["text_changed"], one["structures"]) for one in listed]
    assert said == [
        (3, "lea", True, ["liver"]),
        (2, "lea", False, ["liver", "spleen"]),
        (1, "lea", True, ["liver"]),
    ]
    assert listed[0]["written_at"] >= listed[1]["written_at"] >= listed[2]["written_at"]
    older = as_ana.get(url, {"before": 3}).json()
    assert older == listed[1:]


def test_pages(
    project: Project, lea: User, url: str, as_ana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.guidelines.reading.PAGE", 2)
    for text in ("a", "b", "b", "c"):
        write(project, lea, text)
    pages = [as_ana.get(url).json(), as_ana.get(url, {"before": 3}).json()]
    said = [[(one["version"], one["text_changed"]) for one in page] for page in pages]
    assert said == [[(4, True), (3, False)], [(2, True), (1, True)]]


def words(change: dict[str, Any]) -> list[tuple[str, str]]:
    return [(span["kind"], span["text"]) for span in change["spans"]]


def test_what_a_version_changed(
    three: None, project: Project, url: str, as_ana: Browser, picture: GuidelineImage
) -> None:
    second = as_ana.get(f"{url}2/").json()
    assert (second["version"], second["author"], second["text"]) == (2, "lea", "Draw the border.")
    assert [one["id"] for one in second["structures"]["liver"]["images"]] == [picture.pk]
    liver, spleen = second["changes"]
    assert (liver["structure"], words(liver)) == (
        "liver",
        [("removed", "With"), ("added", "Without"), ("same", " the gall bladder.")],
    )
    assert ([one["id"] for one in liver["added"]], liver["removed"]) == ([picture.pk], [])
    assert (spleen["structure"], words(spleen)) == ("spleen", [("added", "Whole.")])
    general, gone = as_ana.get(f"{url}3/").json()["changes"]
    assert (general["structure"], words(general)) == (
        None,
        [("same", "Draw the "), ("added", "inner "), ("same", "border.")],
    )
    assert (words(gone), len(gone["removed"])) == ([("removed", "Without the gall bladder.")], 1)


def test_the_first_is_compared_with_what_stood_before(
    project: Project, lea: User, url: str, as_ana: Browser
) -> None:
    Project.objects.filter(pk=project.pk).update(guideline="As in the atlas.")
    project.refresh_from_db()
    write(project, lea, "As in our atlas.")
    (change,) = as_ana.get(f"{url}1/").json()["changes"]
    assert words(change) == [("same", "As in "), ("removed", "the"), ("added", "our"), ("same", " atlas.")]
    before = as_ana.get(f"{url}0/").json()
    assert (before["text"], before["author"], before["changes"]) == ("As in the atlas.", None, [])


def test_a_version_that_is_not_there(three: None, url: str, as_ana: Browser) -> None:
    for number in (4, 2**31, 10**40):
        assert_refused(as_ana.get(f"{url}{number}/"), 404, "no version")
    assert_refused(as_ana.get(url, {"before": "x"}), 400, "before")


def test_nothing_written(url: str, as_ana: Browser) -> None:
    assert as_ana.get(url).json() == []


def test_long_texts_without_anything_in_common_are_compared_in_no_time(project: Project) -> None:
    old, new = (guidelines.Guideline(number, word * 10_000) for number, word in ((1, "a "), (2, "a b ")))
    began = time.process_time()
    (change,) = guidelines.changes_between(old, new)
    assert time.process_time() - began < 20
    kept = {
        kind: "".join(span.text for span in change.spans if span.kind != kind)
        for kind in ("removed", "added")
    }
    assert kept == {"removed": new.text, "added": old.text}


def test_a_read_is_pinned_to_the_version_of_its_time(
    project: Project, ana: User, rui: User, lea: User, as_ana: Browser, as_rui: Browser
) -> None:
    write(project, lea, "First.")
    read = make_read(ana, project)
    stroke(read)
    url = f"/api/assignments/{read.pk}/"
    assert as_ana.get(url).json()["guideline_version"] == 1
    write(project, lea, "Second.")
    assert as_ana.get(url).json()["guideline_version"] == 2, "an open read follows the version in force"
    corrections.submit(assignment=read, revision=1)
    review = make_review(rui, Assignment.objects.get(pk=read.pk))
    write(project, lea, "Third.")
    assert as_ana.get(url).json()["guideline_version"] == 2
    assert as_rui.get(f"/api/assignments/{review.pk}/").json()["guideline_version"] == 2


def test_who_is_kept_out(three: None, url: str, as_nobody: Browser, as_otto: Browser) -> None:
    for one in (url, f"{url}1/"):
        assert_kept_out(one, nobody=as_nobody, stranger=as_otto, wrong_role=None)
