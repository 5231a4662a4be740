"""A frozen training set as files: what the trainer reads, without a database."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from annotation import chunks, ingest, jobs, store
from annotation.models import DatasetSnapshot, SchemaStructure, SnapshotItem, SnapshotUse, TrainingRun, Volume
from annotation.regions import ignored_outside, region_of
from training.labels import StructureSpec
from training.manifest import Case, Manifest
from training.progress import OnProgress, Progress, ignore_progress

HALF_MODELS_FOR = timedelta(hours=1)  # far longer than storing one takes


def work_folder(run: TrainingRun) -> Path:
    """Where a machine keeps a run's arrays and checkpoint until the run is over."""
    return Path(settings.WORK_ROOT) / f"run-{run.pk}"


def tidy_work_folders() -> None:
    """Remove what this machine keeps of runs that are over."""
    folders = {int(path.name.removeprefix("run-")): path for path in Path(settings.WORK_ROOT).glob("run-*")}
    over = TrainingRun.objects.filter(pk__in=folders).exclude(job__state__in=jobs.UNFINISHED)
    for pk in over.values_list("pk", flat=True):
        shutil.rmtree(folders[pk], ignore_errors=True)
    _sweep_half_models()


def _sweep_half_models() -> None:
    """Remove what a worker that was killed while it stored a model left under a name of its own."""
    long_ago = timezone.now() - HALF_MODELS_FOR
    for key in store.unfinished_before("models", long_ago):
        store.delete_tree(key)


def manifest_for(run: TrainingRun, folder: Path, on_progress: OnProgress = ignore_progress) -> Manifest:
    """Write the run's images and labels below `folder` and describe them. What is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    items = list(
        run.snapshot.items.select_related("case__volume", "revision__mask__case__volume").order_by(
            "case__number"
        )
    )
    written: dict[str, list[Case]] = {use: [] for use in SnapshotUse.values}
    for done, item in enumerate(items):
        on_progress(Progress("preparing", done, len(items), f"reading case {done + 1} of {len(items)}"))
        written[item.use].append(_write_case(item, folder))
    return Manifest(
        structures=structures_of(run.project_id),
        train=tuple(written[SnapshotUse.TRAIN]),
        test=tuple(written[SnapshotUse.TEST]),
        parent=_parent_folder(run, folder),
        budget_s=float(run.budget_s),
        seed=run.seed,
        validation=tuple(written[SnapshotUse.VALIDATION]),
        network=run.network,
        frozen_encoder=run.frozen_encoder,
        members=run.members,
        steps=run.fixed_steps,
    )


def written_tests(snapshot: DatasetSnapshot, folder: Path) -> tuple[Case, ...]:
    """Write the test cases of a frozen set below `folder` and describe them. What is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    items = snapshot.items.filter(use=SnapshotUse.TEST).select_related(
        "case__volume", "revision__mask__case__volume"
    )
    return tuple(_write_case(item, folder) for item in items.order_by("case__number"))


def spacing_of(volume: Volume) -> tuple[float, float, float]:
    """Millimetres between voxels along i, j, k."""
    i, j, k = volume.spacing_mm
    return i, j, k


def structures_of(project_id: int) -> tuple[StructureSpec, ...]:
    """The project's schema in the words of `training`."""
    entries = SchemaStructure.objects.filter(schema__project=project_id).select_related("structure")
    return tuple(
        StructureSpec(
            key=entry.structure.key,
            name=entry.structure.name,
            layer=entry.layer,
            value=entry.value,
            tolerance_mm=entry.tolerance_mm,
            side=entry.structure.side,
        )
        for entry in entries.order_by("layer", "value")
    )


def _write_case(item: SnapshotItem, folder: Path) -> Case:
    """Of a case that was read in part, the rest is 255: nothing is learned there."""
    volume, revision = item.case.volume, item.revision
    return Case(
        id=str(item.case_id),
        image=_write_once(folder / f"volume-{volume.pk}.npy", lambda: ingest.read_voxels(volume)),
        spacing_mm=spacing_of(volume),
        labels=_write_once(
            folder / f"revision-{revision.pk}.npy",
            lambda: ignored_outside(chunks.read_layers(revision.mask, revision.number), region_of(item.case)),
        ),
        annotated=tuple(revision.mask.annotated),
    )


def _write_once(path: Path, make: Callable[[], NDArray[np.generic]]) -> Path:
    """A resumed run finds its arrays; a half-written file never has the final name."""
    if not path.exists():
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.save(file, make(), allow_pickle=False)
        unfinished.replace(path)
    return path


def _parent_folder(run: TrainingRun, folder: Path) -> Path | None:
    """A copy of the parent's plan and weights, to start warm from."""
    if run.parent is None:
        return None
    copy = folder / "parent"
    if not copy.exists():
        unfinished = folder / "parent.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        with store.local_path(run.parent.store_key) as weights:
            shutil.copytree(weights, unfinished)
        unfinished.replace(copy)
    return copy
