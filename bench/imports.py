"""A CT of 300 slices from a zip to a case that can be read, against `dcm2niix` on the same files, in one run.

`python -m bench imports`. Processor seconds and peak memory of the worker and of the child that decodes for
it: a whole import job, rows, sums and the search for copies included. The database's own work is another
process's. `dcm2niix` is looked for on the PATH (DCM2NIIX: elsewhere); without it, its columns stay empty.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench import ready  # noqa: F401

# isort: split
import nibabel as nib
import numpy as np
import psutil
from django.conf import settings
from django.contrib.auth.models import User
from numpy.typing import NDArray

from annotation import intake, tasks
from annotation.models import JobState, Project
from bench.table import Row, hand_over
from tests.annotation.imaging.files import write_series

SHAPE = (512, 512, 300)
MIB = 1024**2
VOLUME = int(np.prod(SHAPE)) * 2
LIBRARIES = 128 * MIB  # of a process, beside what it holds of a scan
TIMES_SLOWER = 3.0
EVERY_S = 0.02


@dataclass
class Cost:
    """What some work took: seconds of processors, here and in children, wall; most memory in bytes."""

    own_s: float = 0.0
    children_s: float = 0.0
    wall_s: float = 0.0
    before: int = 0
    own: int = 0
    child: int = 0

    @property
    def processor_s(self) -> float:
        """Of both."""
        return self.own_s + self.children_s


def main() -> None:
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    project = Project.objects.create(name="imports")
    with tempfile.TemporaryDirectory(prefix="delineate-imports-") as place:
        root = Path(place)
        settings.IMPORT_ROOTS = [root]
        voxels = phantom()
        files = write_series(root / "series", voxels)
        packed = zipped(files, root / "zipped" / "scan.zip")
        scaled(voxels, root / "nifti" / "scan.nii")
        write_series(root / "first" / "small", voxels[::8, ::8, :12])
        del voxels
        measured(lambda: imported(project, root / "first"))  # a worker has its libraries already
        series = measured(lambda: imported(project, packed.parent))
        yield from _against(series, [converted(files[0].parent, root / f"out_{z}", z) for z in "yn"])
        yield _memory("a zip of DICOM slices", series, 1)
        yield _memory("a NIfTI with a scale", measured(lambda: imported(project, root / "nifti")), 1)


def phantom() -> NDArray[np.int16]:
    """Soft tissue in air, with the noise of a CT: int16 HU (i, j, k)."""
    rng = np.random.default_rng(0)
    across, along = np.ogrid[-1 : 1 : SHAPE[0] * 1j, -1 : 1 : SHAPE[1] * 1j]
    inside = (across / 0.8) ** 2 + (along / 0.6) ** 2 < 1
    voxels = np.empty(SHAPE, np.int16, order="F")
    for k in range(SHAPE[2]):
        tissue = 40 + 60 * np.sin(k / 20 + 6 * across) * np.cos(5 * along)
        voxels[:, :, k] = np.where(inside, tissue, -1000) + rng.normal(0, 14, SHAPE[:2])
    return voxels.clip(-1024, 3071)


def zipped(files: list[Path], target: Path) -> Path:
    target.parent.mkdir()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for file in files:
            made.write(file, f"series/{file.name}")
    return target


def scaled(voxels: NDArray[np.int16], target: Path) -> None:
    """Write a NIfTI whose stored values become HU by a slope and an intercept; another scan by one voxel."""
    target.parent.mkdir()
    voxels[0, 0, 0] += 1
    image = nib.Nifti1Image(voxels, np.diag([-0.8, -0.7, 2.5, 1.0]))
    image.header.set_slope_inter(1, -1024)
    image.header.set_xyzt_units("mm")
    nib.save(image, target)


def imported(project: Project, folder: Path) -> None:
    """Ask for an import and do it, as a worker does."""
    lead, _ = User.objects.get_or_create(username="lead")
    job = intake.request_import(project=project, by=lead, folder=str(folder))
    tasks.import_folder(job.pk)
    job.refresh_from_db()
    findings = intake.findings_of(job)
    if job.state != JobState.SUCCEEDED or not {one["outcome"] for one in findings} <= {"accepted", "warned"}:
        raise RuntimeError(f"The import failed: {job.error} {findings}")


def converted(folder: Path, target: Path, packed: str) -> Cost | None:
    """What `dcm2niix` takes for the same files, unpacked; `packed`: y writes .nii.gz, n .nii."""
    program = os.environ.get("DCM2NIIX") or shutil.which("dcm2niix")
    if not program:
        return None
    target.mkdir()
    command = [program, "-z", packed, "-f", "scan", "-o", str(target), str(folder)]
    return measured(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def measured(work: Callable[[], object]) -> Cost:
    """Do something, and say what it cost."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    cost, over = Cost(before=resident()), threading.Event()
    watch = threading.Thread(target=watch_children, args=(cost, over))
    watch.start()
    began, times = perf_counter(), os.times()
    try:
        work()
        cost.wall_s, now = perf_counter() - began, os.times()
    finally:
        over.set()
        watch.join()
    cost.own_s = now.user + now.system - times.user - times.system
    cost.children_s = now.children_user + now.children_system - times.children_user - times.children_system
    cost.own = peak_of("self")
    return cost


def watch_children(cost: Cost, over: threading.Event) -> None:
    """Keep the highest peak of a child, which goes with it; until it is a program its memory is ours."""
    ours = program_of("self")
    while not over.wait(EVERY_S):
        pids = [pid for task in Path("/proc/self/task").iterdir() for pid in children_of(task)]
        peaks = [peak_of(pid) for pid in pids if program_of(pid) not in (ours, b"")]
        cost.child = max([cost.child, *peaks])


def children_of(task: Path) -> list[str]:
    with suppress(OSError):
        return (task / "children").read_text().split()
    return []


def program_of(pid: str) -> bytes:
    """The command line of a process; empty where it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


def peak_of(pid: str) -> int:
    """The most memory that a process has had resident, in bytes; 0 where it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    return 0


def _against(series: Cost, others: list[Cost | None]) -> Iterator[Row]:
    parts = f"{series.own_s:.1f} worker, {series.children_s:.1f} decoder"
    packed, plain = others
    met = None if packed is None else series.processor_s <= TIMES_SLOWER * packed.processor_s
    yield Row(
        f"import a zip of {SHAPE[2]} slices of 512×512, whole job",
        f"{series.processor_s:.1f} s of processors ({parts}), {series.wall_s:.1f} s wall",
        f"≤ {TIMES_SLOWER:g} × dcm2niix -z y in this run",
        met,
    )
    for what, cost in (("-z y, .nii.gz", packed), ("-z n, .nii", plain)):
        told = "not installed"
        if cost is not None:
            told = f"{cost.processor_s:.1f} s of processors, {cost.wall_s:.1f} s wall, {mib(cost.child)}"
        yield Row(f"dcm2niix {what}, the same files unpacked", told, "—", None)


def _memory(what: str, cost: Cost, volumes: int) -> Row:
    """In each process no more than so many volumes, and its libraries."""
    most = volumes * VOLUME + LIBRARIES
    grown = cost.own - cost.before
    return Row(
        f"peak memory, {what}; a volume is {mib(VOLUME)}",
        f"worker {mib(cost.own)} ({mib(grown)} more than before), decoder {mib(cost.child)}",
        f"≤ {volumes} volume{'s' * (volumes > 1)} + {mib(LIBRARIES)} each",
        max(grown, cost.child) <= most,
    )


def mib(size: int) -> str:
    return f"{size / MIB:.0f} MiB"


if __name__ == "__main__":
    main()
