"""Tools that take away, aimed at an organ of a real scan, in the form in which it was published."""

import math
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page
from scipy import ndimage

from annotation import ingest, worklist
from annotation.models import CaseState, Role
from tests.annotation.factories import make_model, make_prediction, set_state
from tests.e2e import own_project
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import Point, counts, drag, eventually, wait_until_open, wait_until_saved
from training.volume import read_label_map, read_nifti

pytestmark = [pytest.mark.e2e, pytest.mark.shared_data]

READER = "ragna"
LIVER = 1
PUBLISHED = {5: LIVER, 1: 2, 3: 3, 2: 4, 52: 5}
"""What TotalSegmentator calls the liver, the spleen, the kidneys and the aorta."""


Place = list[int]


@pytest.fixture(scope="module")
def abdomen(stack: Stack, fresh_cases: None, shared_data: Path) -> tuple[int, Place]:
    """A read of the abdomen, and the voxel deepest in a slice of its liver."""
    read, place = stack.in_database(lambda: _begun(shared_data / "ts_abdomen"))
    return int(read), list(place)


@pytest.mark.parametrize("key", ["e", "s"], ids=["eraser", "scissors"])
def test_a_tool_takes_from_the_active_organ_alone(
    key: str, abdomen: tuple[int, Place], sign_in: SignIn
) -> None:
    read, place = abdomen
    page = sign_in(READER)
    page.goto(f"/annotate/{read}?debug")
    wait_until_open(page)
    page.keyboard.press(key)
    page.keyboard.press(str(LIVER))
    page.evaluate("voxel => window.__delineate.viewer.goTo(voxel)", place)
    before = counts(page)

    drag(page, around(point_of(page, place)))

    eventually(page, lambda: counts(page)[0] < before[0], "a smaller liver")
    assert counts(page)[1:] == before[1:]
    wait_until_saved(page)
    page.keyboard.press("z")
    assert counts(page) == before
    wait_until_saved(page)


def _begun(folder: Path) -> tuple[int, Place]:
    """The read begins with the published labels."""
    published = read_label_map(folder / "seg_model_full.nii.gz").voxels
    labels = np.zeros_like(published)
    for theirs, ours in PUBLISHED.items():
        labels[published == theirs] = ours
    project = own_project.begin("Abdomen", {READER: Role.ANNOTATOR})
    case = ingest.add_case(
        project=project,
        volume=read_nifti(folder / "ct.nii.gz"),
        name="abdomen",
        patient_key="abdomen",
        split="pool",
        labels=None,
        annotated=[],
    )
    make_prediction(case, make_model(project), labels[None])
    set_state([case], CaseState.READY)
    read = worklist.next_case(reader=User.objects.get(username=READER), project=project)
    assert read is not None
    inside = np.pad(labels == LIVER, 1)
    depth = np.stack([ndimage.distance_transform_edt(inside[:, :, k]) for k in range(inside.shape[2])], -1)
    place = np.unravel_index(int(depth.argmax()), depth.shape)
    return read.pk, [int(n) - 1 for n in place]


def point_of(page: Page, voxel: Place) -> Point:
    """Where a voxel of the shown axial slice is on the screen, found by pointing."""
    box = page.get_by_test_id("plane-axial").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for _ in range(60):
        page.mouse.move(x, y)
        i, j, _k = page.evaluate("window.__delineate.viewer.tools.place()")
        if [i, j] == voxel[:2]:
            return x, y
        x, y = x + 3 * (voxel[0] - i), y + 3 * (voxel[1] - j)
    raise AssertionError(f"{voxel} is not on the screen")


def around(middle: Point, radius: float = 25) -> list[Point]:
    """A ring of pixels."""
    turns = [2 * math.pi * n / 16 for n in range(17)]
    return [(middle[0] + radius * math.cos(turn), middle[1] + radius * math.sin(turn)) for turn in turns]
