"""A lead brings labels with odd names: looks first, says what they stand for, imports, reads the report."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from annotation import chunks
from annotation.models import Case, LabelRecipe, Project, Role
from tests.e2e import own_project
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.test_accessible import findings

pytestmark = pytest.mark.e2e

LEAD = "wilma"
SHAPE = (24, 20, 12)
AFFINE_RAS = np.diag([2.0, 2.0, 2.0, 1.0])
NAMES = {1: "Liver", 2: "kidny left", 3: "qqq", 4: "lung_upper_lobe_left", 5: "lung_lower_lobe_left"}
BOXES = {  # in RAS the patient's left is at low i
    1: np.s_[16:22, 8:14, 4:7],
    2: np.s_[3:7, 8:14, 2:5],
    3: np.s_[:, 0:2, :],
    4: np.s_[3:8, 8:14, 9:12],
    5: np.s_[3:8, 8:14, 7:9],
}
LOOKED_MS = 120_000


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made: Project = stack.in_database(lambda: own_project.begin("Odd labels", {LEAD: Role.LEAD}))
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scan of noise with its label map, and a file that is none."""
    folder = tmp_path / "scans"
    folder.mkdir()
    voxels = np.random.default_rng(11).integers(-1000, 1500, SHAPE).astype(np.int16)
    labels = np.zeros(SHAPE, np.uint8)
    for value, box in BOXES.items():
        labels[box] = value
    nib.save(nib.Nifti1Image(voxels, AFFINE_RAS), folder / "pt_1_ct.nii.gz")
    nib.save(nib.Nifti1Image(labels, AFFINE_RAS), folder / "pt_1_seg.nii.gz")
    (folder / "labels.json").write_text(json.dumps({str(value): name for value, name in NAMES.items()}))
    (folder / "broken.nii.gz").write_bytes(b"no scan")
    return folder


def look_at(page: Page, project: int, folder: Path) -> None:
    """Send a folder to be looked at; its labels are shown when that is done."""
    page.goto(f"/projects/{project}?tab=data")
    computer = page.get_by_role("region", name="From this computer")
    computer.get_by_label("Look first").check()
    computer.get_by_label("Folder").set_input_files(folder)
    page.wait_for_url(re.compile(r"/mapping/\d+$"), timeout=LOOKED_MS)
    expect(page.get_by_role("table", name="Incoming labels")).to_be_visible(timeout=LOOKED_MS)


def field(place: Page | Locator, label: str) -> Locator:
    """The field itself, not the list that opens below it."""
    return place.locator("input").and_(place.get_by_label(label, exact=True))


def choose(page: Page, at: Locator, typed: str, option: str) -> None:
    at.fill(typed)
    page.get_by_role("option", name=option, exact=True).click()


def merge_the_lobes(page: Page) -> None:
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_role("menuitem", name="Merge several into one").click()
    rules = page.get_by_role("region", name="Rules of the recipe")
    field(rules, "From").click()
    page.get_by_role("option", name="Upper lobe of lung (left)", exact=True).click()
    page.get_by_role("option", name="Lower lobe of lung (left)", exact=True).click()
    page.keyboard.press("Escape")
    choose(page, field(rules, "Into"), "lung left", "Lung (left)")


def structures_of(project: int) -> dict[str, int]:
    """Voxels of each annotated structure of the project's only case."""
    case = Case.objects.get(project=project)
    assert case.accepted_revision is not None
    mask = case.accepted_revision.mask
    labels = chunks.read_layers(mask)
    entries = case.project.schema.entries.select_related("structure")
    return {
        entry.structure.key: int(np.count_nonzero(labels[entry.layer] == entry.value))
        for entry in entries
        if entry.structure.key in mask.annotated
    }


def voxels_in(*values: int) -> int:
    return sum(int(np.zeros(SHAPE)[BOXES[value]].size) for value in values)


def confirm(page: Page) -> None:
    """One that is alike is taken with the keyboard, one is left out, two become one."""
    take = page.get_by_role("button", name="Take Kidney (left) for “kidny left”")
    take.focus()
    page.keyboard.press("Enter")
    expect(field(page, "What “kidny left” becomes")).to_have_value("Kidney (left)")
    choose(page, field(page, "What “qqq” becomes"), "leave", "Leave out")
    merge_the_lobes(page)
    expect(page.get_by_role("checkbox", name="Lung (left) is annotated in this data set")).to_be_checked()


def read_report(page: Page) -> None:
    """One series became a case, one file did not; the rows can be narrowed and fetched."""
    outcomes = page.get_by_role("group", name="Filter by outcome")
    expect(outcomes.get_by_text("refused 1")).to_be_visible(timeout=LOOKED_MS)
    table = page.get_by_role("table", name="Series and files")
    expect(table.get_by_role("row", name=re.compile("pt_1_ct"))).to_contain_text("CASE 0001")
    table.get_by_role("button", name="What is kept of CASE 0001").click()
    expect(page.get_by_role("dialog")).to_contain_text("24 × 20 × 12")
    page.keyboard.press("Escape")
    outcomes.get_by_text("refused 1").click()
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table).to_contain_text("broken.nii.gz")
    assert findings(page) == []
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download CSV").click()
    assert "pt_1_ct.nii.gz" in Path(fetched.value.path()).read_text()


def test_odd_labels_become_structures(stack: Stack, project: int, folder: Path, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    look_at(page, project, folder)
    expect(page.get_by_text("1 file cannot be read")).to_be_visible()
    expect(field(page, "What “Liver” becomes")).to_have_value("Liver")

    # Nothing is saved while something is undecided, and each place says so.
    page.get_by_role("button", name="Save and import with it").click()
    expect(page.get_by_text("Choose a structure, or leave it out.")).to_have_count(2)
    expect(page.get_by_text("Give the recipe a name.")).to_be_visible()
    confirm(page)
    assert findings(page) == []

    # A reload loses nothing of it.
    page.reload()
    expect(field(page, "What “qqq” becomes")).to_have_value("Leave out")
    page.get_by_role("button", name="Add it to the project").click()
    expect(page.get_by_role("button", name="Add it to the project")).to_have_count(0)
    page.get_by_label("Name of the recipe").fill("Odd names")
    page.get_by_role("button", name="Save and import with it").click()

    page.wait_for_url(re.compile(r"/imports/\d+$"))
    read_report(page)
    found = stack.in_database(lambda: structures_of(project))
    assert found == {"liver": voxels_in(1), "kidney_left": voxels_in(2), "lung_left": voxels_in(4, 5)}
    saved: LabelRecipe = stack.in_database(lambda: LabelRecipe.objects.get(project=project))
    assert saved.content["labels"]["3"] is None

    page.get_by_role("link", name="All imports").click()
    row = page.get_by_role("table", name="Imports").get_by_role("row").nth(1)
    expect(row).to_contain_text(LEAD)
    expect(row).to_contain_text("1 refused")
    expect(page.get_by_role("table", name="Recipes")).to_contain_text("Odd names")
    assert findings(page) == []
