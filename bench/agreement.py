"""Scoring a submitted read against four others, and what dashboards ask of a project of 10 000 cases."""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import cast

import django

django.setup()

import numpy as np  # noqa: E402 - the models need a configured Django
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy import ndimage  # noqa: E402

from annotation import agreement, chunks, jobs  # noqa: E402
from annotation.models import (  # noqa: E402
    AgreementScore,
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    Mask,
    MaskKind,
    Project,
    Purpose,
    RevisionKind,
    SchemaStructure,
    StartFrom,
)
from bench import agreement_rows, learning_rows, questions  # noqa: E402
from bench.table import Row, hand_over  # noqa: E402
from bench.world import client_of, make_project  # noqa: E402

SHAPE, SPACING_MM = (512, 512, 300), (0.8, 0.8, 1.5)
OTHERS = 4
BUDGET_S, QUERY_BUDGET_MS = 20.0, 300.0
Labels = NDArray[np.uint8]


def main() -> None:
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    yield from _scoring()
    yield from _questions()


# ── One read against four others ─────────────────────────────────────────────


def _scoring() -> Iterator[Row]:
    project = make_project("agreement", 1)
    case = project.cases.select_related("volume", "project").get()
    case.volume.shape, case.volume.spacing_mm = list(SHAPE), list(SPACING_MM)
    case.volume.save()
    anatomy = _anatomy()
    for number in range(OTHERS):
        _read(case, f"reader{number}", _drawn(anatomy, number))
    _work(project)
    _read(case, f"reader{OTHERS}", _drawn(anatomy, OTHERS))
    before = AgreementScore.objects.count()
    wall, processor = _timed(lambda: _work(project))
    scores = AgreementScore.objects.count() - before
    foreground = 100 * np.count_nonzero(anatomy) / anatomy.size
    yield Row(
        f"score a read of 15 structures, 512×512×300, {foreground:.0f} % foreground, against {OTHERS} others",
        f"{processor:.1f} s of one core, {wall:.1f} s wall ({scores} scores)",
        f"≤ {BUDGET_S:.0f} s",
        bool(scores == 15 * OTHERS and processor <= BUDGET_S),
    )


def _anatomy() -> Labels:
    """Fifteen organs of very different sizes and shapes: bent ellipsoids, tubes among them, that touch."""
    rng = np.random.default_rng(0)
    labels = np.zeros(SHAPE, np.uint8, order="F")
    for value in range(1, 16):
        centre = rng.uniform(0.3, 0.7, 3) * SHAPE
        size_mm = float(np.exp(rng.uniform(np.log(14), np.log(85))))
        radii = size_mm * rng.uniform(0.5, 1.4, 3) / SPACING_MM
        _blob(labels, centre, radii, rng.uniform(0, 2 * np.pi, 3), value)
    return labels


def _blob(
    labels: Labels,
    centre: NDArray[np.float64],
    radii: NDArray[np.float64],
    phases: NDArray[np.float64],
    value: int,
) -> None:
    low = np.clip(np.floor(centre - 1.25 * radii), 0, SHAPE).astype(int)
    high = np.clip(np.ceil(centre + 1.25 * radii) + 1, 0, SHAPE).astype(int)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    axes = [(axis - c) / r for axis, c, r in zip(np.ogrid[box], centre, radii, strict=True)]
    wobble = sum(np.sin(5 * axis + phase) for axis, phase in zip(axes, phases, strict=True))
    labels[box][sum(axis**2 for axis in axes) < 1 + 0.15 * wobble] = value


def _drawn(anatomy: Labels, reader: int) -> Labels:
    """What one reader makes of it: borders a little elsewhere in every slice, a slip here and there."""
    rng = np.random.default_rng(100 + reader)
    drawn = anatomy.copy(order="F")
    for k in range(SHAPE[2]):
        i, j = (int(step) for step in rng.integers(-2, 3, 2))
        drawn[:, :, k] = np.roll(anatomy[:, :, k], (i, j), (0, 1))
    for value, place in enumerate(ndimage.find_objects(anatomy), start=1):
        if place is not None and rng.random() < 0.3:
            middle = drawn[place].shape[0] // 2
            slab = drawn[place][middle : middle + 6]
            slab[slab == value] = 0
    return drawn


def _read(case: Case, reader: str, labels: Labels) -> None:
    user = User.objects.get(username=reader)
    entries = SchemaStructure.objects.filter(schema__project=case.project_id)
    keys = list(entries.values_list("structure__key", flat=True))
    mask = Mask.objects.create(case=case, kind=MaskKind.READER, author=user, annotated=keys)
    chunks.write_labels(mask=mask, labels=labels[None], kind=RevisionKind.SUBMIT)
    now = timezone.now()
    read = Assignment.objects.create(
        case=case,
        part=case.parts.get(),
        reader=user,
        role=AssignmentRole.ANNOTATE,
        purpose=Purpose.OVERLAP,
        start_from=StartFrom.SCRATCH,
        mask=mask,
        state=AssignmentState.DONE,
        submitted_at=now,
        final_at=now,
        lease_until=now,
    )
    with transaction.atomic():
        agreement.settled(read)


def _work(project: Project) -> None:
    for job in project.jobs.filter(kind="score", state="queued"):
        lease = jobs.claim(job.pk)
        if lease is not None:
            agreement.run(job, lease)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    begun, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - processor


# ── What dashboards ask ──────────────────────────────────────────────────────


def _questions() -> Iterator[Row]:
    begun = time.perf_counter()
    project = agreement_rows.make_marks()
    made = time.perf_counter() - begun
    wall, processor = _timed(lambda: agreement_rows.work_out(project))
    groups = project.agreement_groups.count()
    yield Row(
        f"intervals of all {groups} groups of {agreement_rows.scores_of(project):,} scores (worker)",
        f"{processor:.0f} s of one core, {wall:.0f} s wall; rows made in {made:.0f} s",
        "—",
        None,
    )
    learning_rows.add_models(project, agreement_rows.CASES)
    charted, _ = _timed(lambda: agreement_rows.chart(project))
    yield Row(
        f"drift charts of {agreement_rows.READERS} readers (worker)", f"{charted:.1f} s wall", "—", None
    )
    yield from _pages(project)


def _pages(project: Project) -> Iterator[Row]:
    """Every request of every page, each on its own."""
    told = agreement_rows.told(project)
    lead = client_of(agreement_rows.LEAD)
    for one in questions.questions(told):
        yield _asked_once(lead, f"/api/projects/{project.pk}/{one.path}", one.what, one.is_file)
    for name, why in questions.NOT_ASKED.items():
        yield Row(f"dashboard: {name}", f"not asked: {why}", "—", None)
    reader = client_of(User.objects.get(pk=told.readers[0]).username)
    yield _asked_once(reader, f"/api/me/reading/{project.pk}/", "a reader's own page")


def _asked_once(client: Client, url: str, what: str, is_file: bool = False) -> Row:
    """The median of seven answers; by the processor time of both sides, as the machine is shared."""
    client.get(url)
    times, processor, size = [], [], 0
    for _ in range(7):
        backend = _backend_seconds()
        answers: list[HttpResponse] = []
        wall, own = _timed(partial(_ask, client, url, answers))
        times.append(wall)
        processor.append(own + _backend_seconds() - backend)
        size = len(answers[0].content)
        if answers[0].status_code != 200:
            raise RuntimeError(f"{url}: {answers[0].status_code}")
    typical = 1000 * min(median(times), sum(processor) / len(processor))
    measured = f"{typical:.0f} ms ({1000 * median(times):.0f} wall), {size / 1024:.0f} KiB"
    if is_file:
        return Row(f"file: {what}", measured, "—", None)
    return Row(
        f"dashboard: {what}", measured, f"≤ {QUERY_BUDGET_MS:.0f} ms", bool(typical <= QUERY_BUDGET_MS)
    )


def _ask(client: Client, url: str, answers: list[HttpResponse]) -> None:
    answers.append(cast("HttpResponse", client.get(url)))


def _backend_seconds() -> float:
    """Processor time that the database has spent on this connection."""
    pid = connection.connection.info.backend_pid
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
