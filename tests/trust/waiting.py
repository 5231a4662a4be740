"""A project in which a job of every kind waits for a worker, on phantoms small enough for two processors."""

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from annotation import agreement, chunks, exports, jobs, learning, store, tasks
from annotation.models import (
    AgreementScore,
    Case,
    Export,
    ExportFormat,
    ExportWhat,
    Job,
    JobKind,
    JobState,
    LabelSchema,
    Mask,
    Membership,
    Model,
    ModelState,
    Prediction,
    Project,
    Queue,
    Role,
    SchemaStructure,
    Split,
    Structure,
)
from tests.annotation.agreement.world import open_read, organs, read_by
from tests.annotation.factories import make_model
from tests.phantom_cases import KEYS, SHAPE, SPACING_MM, add_phantom, phantom
from training.labels import StructureSpec
from training.manifest import Case as ManifestCase
from training.manifest import Manifest
from training.progress import ignore_progress, never_stop
from training.run import train
from training.volume import write_nifti

TASKS = {
    JobKind.IMPORT: tasks.import_folder,
    JobKind.LOOK: tasks.look,
    JobKind.EXPORT: tasks.export,
    JobKind.SCORE: tasks.score,
    JobKind.PREDICT: tasks.predict,
    JobKind.PROPOSE: tasks.propose,
    JobKind.ATLAS: tasks.atlas,
    JobKind.MEASURE: tasks.measure,
    JobKind.SIMULATE: tasks.simulate,
    JobKind.TRAIN: tasks.train,
}
WAITING = (2, 3)  # phantoms that nobody delineated
BROUGHT = (7, 8)  # phantoms that an import brings


def model_folder(place: Path) -> Path:
    """A network trained for a moment on one phantom."""
    scan, labels = phantom(0)
    np.save(place / "image.npy", scan.voxels)
    np.save(place / "labels.npy", labels)
    structures = tuple(StructureSpec(key, key, 0, value, 3.0) for value, key in enumerate(KEYS, start=1))
    case = ManifestCase("1", place / "image.npy", SPACING_MM, place / "labels.npy", KEYS)
    manifest = Manifest(structures, (case,), (), None, 0.5, 0)
    return train(manifest, place / "out", on_progress=ignore_progress, should_stop=never_stop).model_dir


def new_project(name: str) -> Project:
    """Three structures on one layer, two readers, a lead."""
    project = Project.objects.create(name=name, training_budget_s=1)
    schema = LabelSchema.objects.create(project=project)
    for value, key in enumerate(KEYS, start=1):
        structure, _ = Structure.objects.get_or_create(key=key, defaults={"name": key, "colour": "#408040"})
        SchemaStructure.objects.create(schema=schema, structure=structure, value=value)
    for member, role in (("ana", Role.ANNOTATOR), ("ben", Role.ANNOTATOR), ("lea", Role.LEAD)):
        user, _ = User.objects.get_or_create(username=member)
        Membership.objects.create(project=project, user=user, role=role)
    return project


def fill(project: Project, folder: Path, model_dir: Path, kinds: Sequence[JobKind]) -> list[Job]:
    """Cases, reads and a model that serves, and then one job of each of `kinds`, in their order."""
    ana, ben = (User.objects.get(username=name) for name in ("ana", "ben"))
    add_phantom(project, 0, delineated=True)
    add_phantom(project, 4, delineated=True)
    add_phantom(project, 5, delineated=True)
    add_phantom(project, 9, delineated=True)
    add_phantom(project, 1, delineated=True, split=Split.TEST)
    opened = add_phantom(project, 6, delineated=False)
    read = open_read(opened, ana)
    twice = add_phantom(project, 10, delineated=False)
    for reader, shift in ((ana, 0.0), (ben, 0.6)):
        read_by(twice, reader, organs(shift, shape=SHAPE))
    for seed in WAITING:
        add_phantom(project, seed, delineated=False)
    model = make_model(project, state=ModelState.SERVING)
    store.put_tree(model.store_key, model_dir)
    Job.objects.filter(project=project, state=JobState.QUEUED).delete()  # asked for by what was done above
    places = _scans(folder)
    asked: dict[JobKind, Callable[[], Job | None]] = {
        JobKind.IMPORT: lambda: _enqueue(JobKind.IMPORT, project, {"folder": str(places)}),
        JobKind.LOOK: lambda: _enqueue(JobKind.LOOK, project, {"folder": str(places), "by_names": False}),
        JobKind.EXPORT: lambda: _export(project),
        JobKind.SCORE: lambda: agreement.request(twice),
        JobKind.PREDICT: lambda: learning.enqueue_predictions(model),
        JobKind.PROPOSE: lambda: learning.request_proposal(read=read, to_reader=False),
        JobKind.ATLAS: lambda: _atlas(project),
        JobKind.MEASURE: lambda: _measure(project, model_dir),
        JobKind.SIMULATE: lambda: learning.request_what_if(
            project=project, strategies=["random"], seeds=1, seconds=1
        ),
        JobKind.TRAIN: lambda: learning.request_run(project=project, requested_by=None).job,
    }
    made = [asked[kind]() for kind in kinds]
    return [job for job in made if job is not None]


def _scans(folder: Path) -> Path:
    place = folder / "scans"
    place.mkdir(parents=True, exist_ok=True)
    for seed in BROUGHT:
        write_nifti(place / f"scan-{seed}.nii.gz", phantom(seed)[0])
    return place


def _enqueue(kind: JobKind, project: Project, ids: dict[str, Any]) -> Job:
    return jobs.enqueue(kind=kind, queue=Queue.IO, ids=ids, project=project)


def _export(project: Project) -> Job:
    order = exports.Order(ExportFormat.NIFTI, ExportWhat.ACCEPTED)
    lead = User.objects.get(username="lea")
    return exports.request_export(project=project, by=lead, order=order).job


def _atlas(project: Project) -> Job:
    """Of a case that no pool's prediction is asked for: it is named."""
    numbers = Case.objects.filter(project=project, name=f"phantom {WAITING[0]}").values_list(
        "number", flat=True
    )
    return learning.request_atlases(project=project, cases=list(numbers))


def _measure(project: Project, model_dir: Path) -> Job:
    """The folder as another project's download."""
    away = make_model(project, state=ModelState.RETIRED)
    store.put_tree(away.store_key, model_dir)
    packed = io.BytesIO(b"".join(learning.download(away)))
    store.delete_tree(away.store_key)
    Model.objects.filter(pk=away.pk).delete()
    return learning.request_import(project=project, by=User.objects.get(username="lea"), file=packed)


# ── What is there afterwards ──────────────────────────────────────────────────
def table_hashes() -> dict[str, str]:
    """A digest of all rows of every table of the product, whatever their order."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("annotation_"):
                cursor.execute(
                    f"SELECT md5(coalesce(string_agg(r::text, '\n' ORDER BY r::text), '')) FROM {table} r"  # noqa: S608
                )
                found[table] = cursor.fetchone()[0]
    return found


def store_hashes() -> dict[str, str]:
    """A digest of every file in the store, by its place."""
    root = Path(settings.STORE_ROOT)
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def outcome(project: Project) -> dict[str, Any]:
    """What workers made of a project, without ids, times and names that chance gave."""
    predictions = Prediction.objects.filter(case__project=project).select_related("case", "mask", "model")
    scores = AgreementScore.objects.filter(case__project=project)
    return {
        "jobs": sorted(
            set(project.jobs.values_list("kind", "state"))
        ),  # imports ask for predictions where due
        "cases": sorted(
            project.cases.values_list("name", "state", "split", "volume__modality", "volume__shape")
        ),
        "predictions": sorted(
            (
                one.case.name,
                one.source,
                one.model.version if one.model else 0,
                _voxels(one.mask) if one.model else "",  # registrations are cut short by time
            )
            for one in predictions
        ),
        "scores": sorted(
            scores.values_list("case__number", "group__kind", "group__structure", "dice", "assd_mm")
        ),
        "models": sorted(project.models.values_list("version", "state", "source", "weights_sha256")),
        "model scores": sorted(
            project.models.values_list("version", "scores__case__name", "scores__structure", "scores__dice")
        ),
        "exports": list(Export.objects.filter(project=project).values_list("form", "items")),
    }


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What two outcomes do not have in common, for the message of a failure."""
    return [
        f"{name}: {sign}{row}"
        for name in wanted
        for sign, here, there in (("-", wanted, found), ("+", found, wanted))
        for row in here[name]
        if here[name].count(row) > there[name].count(row)
    ]


def _voxels(mask: Mask) -> str:
    return hashlib.sha256(chunks.read_layers(mask).tobytes()).hexdigest()[:16]
