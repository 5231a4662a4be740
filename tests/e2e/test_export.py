"""A lead takes delineations out: asks for a selection, follows it, fetches the file, removes it."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from annotation.models import Project, Role
from tests.e2e import own_project
from tests.e2e.cases import SHAPE, SPACING_MM, phantom_case
from tests.e2e.conftest import SignIn, Stack
from training.phantom import STRUCTURES, make_phantom

pytestmark = pytest.mark.e2e

LEAD = "gerda"
FIRST = 70
WRITTEN_MS = 120_000


def filled() -> Project:
    """Two accepted phantoms, one of them held back for testing."""
    project = own_project.begin("Exports", {LEAD: Role.LEAD})
    for number, split in enumerate(("pool", "test"), start=FIRST):
        phantom_case(project, number, split=split, annotated=tuple(spec.key for spec in STRUCTURES))
    return project


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    made: Project = stack.in_database(filled)
    yield made.pk
    stack.in_database(lambda: own_project.leave(made.pk))


def choose(page: Page, field: str, option: str) -> None:
    page.locator("input").and_(page.get_by_label(field, exact=True)).click()
    page.get_by_role("listbox", name=field).get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")


def test_a_selection_is_asked_for_fetched_and_removed(project: int, sign_in: SignIn, tmp_path: Path) -> None:
    page = sign_in(LEAD)
    page.goto(f"/projects/{project}?tab=export")
    form = page.get_by_role("form", name="Export")
    form.get_by_label("Format").select_option(label="NIfTI label maps")
    choose(page, "Splits", "test")
    form.get_by_role("button", name="Export", exact=True).click()
    row = page.get_by_role("list", name="Exports").get_by_role("listitem")
    expect(row).to_contain_text("Accepted delineations · 1 as NIfTI label maps · test")
    link = row.get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=WRITTEN_MS)
    with page.expect_download() as fetched:
        link.click()
    fetched.value.save_as(tmp_path / "export.zip")
    check(tmp_path / "export.zip", tmp_path)
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def check(packed: Path, work: Path) -> None:
    """The scan and the delineation of the one case, voxel for voxel, and files as the manifest lists them."""
    with zipfile.ZipFile(packed) as held:
        names = [name for name in held.namelist() if name.endswith(".nii.gz")]
        manifest = json.loads(held.read("manifest.json"))
        held.extractall(work)
    assert [Path(name).parent.name for name in sorted(names)] == ["images", "labels"]
    for one in manifest["files"]:
        assert hashlib.sha256((work / one["path"]).read_bytes()).hexdigest() == one["sha256"]
    truth = make_phantom(FIRST + 1, shape=SHAPE, spacing_mm=SPACING_MM)
    files: list[Any] = [nib.load(work / name) for name in sorted(names)]
    image, labels = files
    assert np.array_equal(np.asarray(image.dataobj), truth.image.voxels)
    assert np.array_equal(np.asarray(labels.dataobj), truth.labels)
    assert np.allclose(labels.affine, image.affine)
