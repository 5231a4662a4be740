"""A lead brings in a folder from their own computer; what breaks off goes on where it was."""

import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from annotation.models import Case, Project, Role
from tests.e2e import own_project
from tests.e2e.conftest import SignIn, Stack

pytestmark = pytest.mark.e2e

LEAD = "ulla"
SHAPE = (96, 96, 600)
"""More bytes than one piece holds."""
TINY = int(os.environ.get("DELINEATE_UPLOAD_FILES", "300"))
"""Files beside the scans in what is dropped; 3000 took four minutes on a busy machine."""
SENT_MS, IMPORTED_S = max(60_000, 100 * TINY), 120


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made: Project = stack.in_database(lambda: own_project.begin("Uploads", {LEAD: Role.LEAD}))
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


@pytest.fixture(scope="module")
def empty_project(stack: Stack) -> Iterator[int]:
    made: Project = stack.in_database(lambda: own_project.begin("Numbers", {LEAD: Role.LEAD}))
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two scans of noise, which does not shrink, and what systems leave in folders."""
    folder = tmp_path / "scans"
    folder.mkdir()
    noise = np.random.default_rng(7)
    for name, shape in (("pt_1", SHAPE), ("pt_2", (24, 20, 12))):
        voxels = noise.integers(-1000, 1500, shape).astype(np.int16)
        nib.save(nib.Nifti1Image(voxels, np.diag([2.0, 2.0, 2.0, 1.0])), folder / f"{name}.nii")
    (folder / ".DS_Store").write_bytes(b"left by a system")
    return folder


def drop(page: Page, area: Locator, *paths: Path) -> None:
    """Let go of files and folders over the page, as a file manager does; the browser looks into them."""
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 10}
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    browser = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})


def never(_: Route) -> None:
    """The request stays on its way."""


def adding(page: Page, project: int) -> Page:
    page.goto(f"/projects/{project}?tab=data")
    return page


def break_off(page: Page, computer: Locator, folder: Path) -> None:
    """Send a folder until the second piece of its large scan, which never arrives."""
    page.route("**/api/uploads/files/**", never)
    computer.get_by_label("Folder").set_input_files(folder)
    expect(computer.get_by_role("status")).to_contain_text("1 of 2 files, 8.4 MB of 11 MB")
    computer.get_by_role("button", name="Stop").click()
    expect(computer.get_by_role("alert")).to_contain_text("Stopped. What was sent is kept")
    page.unroute_all()


def wait_for_names(stack: Stack, project: int, expected: list[str]) -> None:
    cases = Case.objects.filter(project=project).order_by("name").values_list("name", flat=True)
    found: list[str] = []
    deadline = time.monotonic() + IMPORTED_S
    while not set(expected) <= set(found):
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
        found = stack.in_database(lambda: list(cases.all()))


def test_a_folder_breaks_off_goes_on_and_becomes_cases(
    stack: Stack, project: int, folder: Path, sign_in: SignIn
) -> None:
    page = adding(sign_in(LEAD), project)
    computer = page.get_by_role("region", name="From this computer")
    break_off(page, computer, folder)
    unfinished = computer.get_by_role("list", name="Unfinished uploads").get_by_role("listitem")
    expect(unfinished).to_contain_text("8.4 MB of 11 MB in 2 files")
    unfinished.get_by_role("button", name="Go on").click()
    with page.expect_request("**/imports/"):
        computer.get_by_label("Folder").set_input_files(folder)
    expect(computer.get_by_role("status")).to_contain_text("All 2 files are there.")
    expect(computer.get_by_role("list", name="Unfinished uploads")).to_have_count(0)
    wait_for_names(stack, project, ["pt_1", "pt_2"])


def test_what_was_sent_can_be_removed(project: int, folder: Path, sign_in: SignIn) -> None:
    page = adding(sign_in(LEAD), project)
    computer = page.get_by_role("region", name="From this computer")
    break_off(page, computer, folder)
    unfinished = computer.get_by_role("list", name="Unfinished uploads").get_by_role("listitem")
    unfinished.get_by_role("button", name="Remove").click()
    expect(unfinished).to_have_count(0)


def test_a_folder_of_many_files_and_a_zip_are_dropped(
    stack: Stack, project: int, tmp_path: Path, sign_in: SignIn
) -> None:
    folder, packed = tmp_path / "hospital", tmp_path / "more.zip"
    scans = [
        np.random.default_rng(seed).integers(-1000, 1500, (12, 10, 6)).astype(np.int16) for seed in (3, 4)
    ]
    for name, voxels in zip(("pt_3", "pt_4"), scans, strict=True):
        nested = folder / "year" / name / f"{name}.nii.gz"
        nested.parent.mkdir(parents=True)
        nib.save(nib.Nifti1Image(voxels, np.diag([2.0, 2.0, 2.0, 1.0])), nested)
    with zipfile.ZipFile(packed, "w") as made:
        made.write(folder / "year" / "pt_4" / "pt_4.nii.gz", "pt_4.nii.gz")
    (folder / "year" / "pt_4" / "pt_4.nii.gz").unlink()
    for number in range(TINY):
        (folder / "year" / f"{number:04d}.txt").write_text(f"page {number}")
    page = adding(sign_in(LEAD), project)
    computer = page.get_by_role("region", name="From this computer")
    drop(page, computer.get_by_test_id("drop-area"), folder, packed)
    there = f"All {TINY + 2} files are there."
    expect(computer.get_by_role("status")).to_contain_text(there, timeout=SENT_MS)
    wait_for_names(stack, project, ["pt_3", "pt_4"])


def test_files_called_like_patients_become_numbered_cases(
    stack: Stack, empty_project: int, tmp_path: Path, sign_in: SignIn
) -> None:
    """Neither the list of imports nor the report tells a name."""
    voxels = np.random.default_rng(5).integers(-1000, 1500, (14, 12, 8)).astype(np.int16)
    folder = tmp_path / "Zaunkoenig_Erna"
    folder.mkdir()
    nib.save(nib.Nifti1Image(voxels, np.diag([2.0, 2.0, 2.0, 1.0])), folder / "Zaunkoenig_Erna.nii")
    page = adding(sign_in(LEAD), empty_project)
    page.get_by_role("checkbox", name="Call cases by number").first.check()
    computer = page.get_by_role("region", name="From this computer")
    computer.get_by_label("Folder").set_input_files(folder)
    expect(computer.get_by_role("status")).to_contain_text("The file is there.")
    wait_for_names(stack, empty_project, ["scan 1"])
    page.goto(f"/projects/{empty_project}?tab=cases")
    expect(page.get_by_role("cell", name="scan 1", exact=True)).to_be_visible()
    newest = max(one["id"] for one in stack.get(page, f"/api/projects/{empty_project}/imports/"))
    page.goto(f"/projects/{empty_project}/imports/{newest}")
    expect(page.get_by_text("file 1 of 1 (.nii)")).to_be_visible()
    expect(page.get_by_text("Zaunkoenig")).to_have_count(0)
