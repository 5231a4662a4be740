"""A lead types the guideline, with a picture; the reader has the newest version beside the image."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Model, ModelState, Project, Role
from tests.annotation.factories import png
from tests.e2e import own_project
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import eventually, next_case, wait_until_open

pytestmark = pytest.mark.e2e

LEAD, READER = "gwen", "gus"
PICTURE = (48, 32)


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    def make() -> Project:
        made = own_project.begin("Guidelines", {LEAD: Role.LEAD, READER: Role.ANNOTATOR})
        model = Model.objects.get(project=stack.project, state=ModelState.SERVING)
        own_project.add_case(made, model, 61, "to be read")
        return made

    made: Project = stack.in_database(make)
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    (tmp_path / "example.png").write_bytes(png(*PICTURE))
    return tmp_path / "example.png"


def write(lead: Page, picture: Path) -> None:
    """The first version: a text for all structures, one for the liver with a picture."""
    lead.get_by_role("button", name="Write the guideline").click()
    editor = lead.get_by_role("region", name="Guideline editor")
    save = editor.get_by_role("button", name="Save as version 1")
    expect(save).to_be_disabled()
    editor.get_by_role("textbox", name="All structures").press_sequentially(
        "# Windows\n- soft tissue for **all** organs"
    )
    shown = editor.get_by_role("region", name="As readers see it")
    expect(shown.get_by_role("heading", name="Windows")).to_be_visible()
    expect(shown.get_by_role("listitem").locator("strong")).to_have_text("all")
    editor.get_by_role("button", name="Liver").click()
    editor.get_by_role("textbox", name="Liver").fill("Leave out the *gall bladder*. <b>No markup</b>")
    with lead.expect_file_chooser() as chosen:
        editor.get_by_role("button", name="Add pictures").click()
    chosen.value.set_files(picture)
    expect(editor.get_by_role("img", name="Example 1 of Liver")).to_be_visible()
    save.click()
    expect(lead.get_by_text("Version 1 ·")).to_be_visible()


def expect_the_liver(place: Page, words: str) -> None:
    """What stands beside the image while the liver is the structure at hand."""
    place.keyboard.press("1")
    panel = place.get_by_role("region", name="Guideline")
    expect(panel).to_contain_text(words)
    expect(panel.locator("em")).to_have_text("gall bladder")
    expect(panel.locator("b")).to_have_count(0)  # markup of the author's is words
    expect(panel).to_contain_text("<b>No markup</b>")
    expect(panel.get_by_role("heading", name="Windows")).to_be_visible()
    image = panel.get_by_role("img", name="Example 1 of Liver")
    image.scroll_into_view_if_needed()  # what is not in sight is not fetched
    size = partial(image.evaluate, "one => [one.naturalWidth, one.naturalHeight]")
    eventually(place, lambda: size() == list(PICTURE), "the picture as it was sent")


def test_what_a_lead_types_is_what_its_reader_sees(
    stack: Stack, project: int, sign_in: SignIn, picture: Path
) -> None:
    lead, reader = sign_in(LEAD), sign_in(READER)
    lead.goto(f"/projects/{project}?tab=guideline")
    write(lead, picture)
    next_case(reader)
    reader.keyboard.press("Alt+l")
    expect_the_liver(reader, "Leave out the gall bladder.")
    panel = reader.get_by_role("region", name="Guideline")
    expect(panel.get_by_role("link", name="Version 1, in force")).to_be_visible()

    lead.get_by_role("button", name="Change it").click()
    editor = lead.get_by_role("region", name="Guideline editor")
    editor.get_by_role("button", name="Liver").click()
    text = editor.get_by_role("textbox", name="Liver")
    text.press("ControlOrMeta+End")
    text.press_sequentially(" Mind the dome.")
    editor.get_by_role("button", name="Save as version 2").click()
    expect(lead.get_by_text("Version 2 ·")).to_be_visible()

    reader.reload()
    wait_until_open(reader)
    reader.keyboard.press("Alt+l")
    expect_the_liver(reader, "Mind the dome.")
    expect(panel.get_by_role("link", name="Version 2, in force")).to_be_visible()
    kept = stack.get(reader, f"/api/projects/{project}/guideline/")
    assert (kept["version"], len(kept["structures"]["liver"]["images"])) == (2, 1)
