"""A project whose charts are full, and what a person does with a chart."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from django.utils import timezone
from playwright.sync_api import Locator, Page, TimeoutError, expect

from annotation import store
from annotation.chunks import write_labels
from annotation.imaging import omezarr
from annotation.models import (
    Case,
    Job,
    JobKind,
    JobState,
    Mask,
    MaskKind,
    Project,
    Queue,
    RevisionKind,
    Role,
    Volume,
)
from tests.annotation.dashboards import study
from tests.e2e import own_project
from tests.e2e.cases import SHAPE, SPACING_MM
from training.phantom import STRUCTURES, make_phantom
from training.volume import Volume as CtVolume

LEAD = "dora"
SEED = 55
PATIENCE_S = 30

# Middles of everything that a chart draws, left to right; what lies under another thing is found by trying.
MIDDLES = """(frame) => [...frame.querySelectorAll('[role=img] svg :is(path, rect, circle, polygon)')]
  .map((shape) => shape.getBoundingClientRect())
  .filter(({ width, height }) => width > 2 && height > 2)
  .map(({ x, y, width, height }) => [x + width / 2, y + height / 2])"""
CURSOR = """([x, y]) => {
  const there = document.elementFromPoint(x, y);
  return there === null ? '' : getComputedStyle(there).cursor;
}"""


def fill(name: str = "Charts") -> int:
    """The reader study without voxels, on one phantom: every read can be opened and has organs."""
    project = own_project.begin(name, {LEAD: Role.LEAD})
    study.fill(project, timezone.now())
    phantom = make_phantom(SEED, shape=SHAPE, spacing_mm=SPACING_MM)
    _give_images(project, phantom.image)
    case = Case.objects.select_related("volume").filter(project=project)[0]
    mask = Mask.objects.create(case=case, kind=MaskKind.IMPORTED)
    write_labels(mask=mask, labels=phantom.labels[None], kind=RevisionKind.IMPORT)
    bare = Mask.objects.filter(case__project=project, base=None).exclude(pk=mask.pk)
    bare.update(base=mask, base_revision=1)
    return project.pk


def _give_images(project: Project, image: CtVolume) -> None:
    """The same scan to every case."""
    volumes = Volume.objects.filter(cases__project=project)
    geometry = image.geometry
    volumes.update(
        shape=geometry.shape,
        spacing_mm=geometry.spacing_mm,
        origin_lps=geometry.origin_lps,
        direction=list(np.ravel(geometry.direction)),
    )
    with TemporaryDirectory() as folder:
        omezarr.write_image(Path(folder, "image"), image)
        for volume in volumes:
            store.put_tree(volume.store_key, Path(folder, "image"))


def empty() -> int:
    return own_project.begin("No charts yet", {LEAD: Role.LEAD, "ada": Role.ANNOTATOR}).pk


def fail_a_comparison(project: int) -> None:
    """As when a worker met a full disk; what the case holds is compared already, so trying again is quick."""
    case = Case.objects.filter(project=project).order_by("number")[0]
    job = Job.objects.create(
        project_id=project,
        kind=JobKind.SCORE,
        queue=Queue.SCORE,
        ids={"case": case.pk},
        state=JobState.FAILED,
    )
    Job.objects.filter(pk=job.pk).update(error="The disk is full.", finished_at=timezone.now())


def frame(page: Page, question: str) -> Locator:
    return page.get_by_role("region", name=question, exact=True)


def drawing(chart: Locator) -> Locator:
    """All pieces of it."""
    return chart.locator("[role=img] svg")


def marks(page: Page, chart: Locator) -> Iterator[tuple[float, float]]:
    """Places of a chart where a click does something, as the cursor says."""
    chart.scroll_into_view_if_needed()
    expect(drawing(chart).first).to_be_visible()
    for x, y in chart.evaluate(MIDDLES):
        page.mouse.move(x, y)
        if page.evaluate(CURSOR, [x, y]) == "pointer":
            yield x, y


def open_first_mark(page: Page, chart: Locator) -> Locator:
    """Click the first mark that the cursor offers; the list of its cases."""
    drawer = page.get_by_role("dialog", name="Cases behind this mark")
    deadline = time.monotonic() + PATIENCE_S
    # A chart whose rows came late is drawn anew, with its marks elsewhere.
    while time.monotonic() < deadline:
        for x, y in marks(page, chart):
            page.mouse.click(x, y)
            with contextlib.suppress(TimeoutError):
                drawer.get_by_role("link").first.wait_for(timeout=3000)
                return drawer
            page.keyboard.press("Escape")
            expect(drawer).to_be_hidden()
        page.wait_for_timeout(500)
    raise AssertionError("no mark of this chart opens cases")


def middle_of(key: str) -> list[int]:
    """The middle of the box around a structure of the scan, as the page goes there."""
    value = next(spec.value for spec in STRUCTURES if spec.key == key)
    places = np.argwhere(make_phantom(SEED, shape=SHAPE, spacing_mm=SPACING_MM).labels == value)
    low, high = places.min(axis=0), places.max(axis=0)
    return [int(one) for one in low + (high - low) // 2]
