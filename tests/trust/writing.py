"""Every way in which the product writes bytes into its store, each as a thing that a test can do."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import exports, guidelines, ingest, jobs, learning, uploads
from annotation.learning import guidance
from annotation.models import CaseState, Export, ExportFormat, Job, Prediction, Project, Split
from annotation.reviews import differing
from tests.annotation.agreement.world import organs, read_by
from tests.annotation.factories import make_case, make_model, make_uploaded_file, png
from tests.annotation.learning_loop import KEYS, accepted, claimed_prediction, claimed_run, report
from tests.phantom_cases import add_phantom, phantom
from training.progress import ignore_progress

ROOT = Path(__file__).resolve().parents[2] / "annotation"
DOORS = {"put", "put_tree", "new_tree", "bring_back"}
Act = Callable[[], object]


@dataclass
class Scene:
    """What a way of writing starts from."""

    project: Project
    lea: User
    ana: User
    ben: User
    folder: Path


@pytest.fixture
def scene(project: Project, lea: User, ana: User, ben: User, tmp_path: Path) -> Scene:
    return Scene(project, lea, ana, ben, tmp_path)


def ways_in_code() -> set[str]:
    """`module.function` of every use of the store's doors that write, as the code has them now."""
    return {name for path in sorted(ROOT.rglob("*.py")) for name in _uses(path)}


def _uses(path: Path) -> Iterator[str]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    if module.startswith("store."):
        return
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and any(_is_door(node) for node in ast.walk(function)):
            yield f"{module}.{function.name}"


def _is_door(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr in DOORS) == ("store", True)
    )


def picture(scene: Scene) -> Act:
    return lambda: guidelines.add_image(project=scene.project, author=scene.lea, data=png())


def piece(scene: Scene) -> Act:
    file = make_uploaded_file(scene.project)
    return lambda: uploads.receive(file=file, offset=0, data=b"ab")


def scan(scene: Scene) -> Act:
    return lambda: add_phantom(scene.project, 3, delineated=True)


def spacing(scene: Scene) -> Act:
    image, _ = phantom(4)
    case = ingest.add_case(
        project=scene.project,
        volume=image,
        name="bare",
        patient_key="bare",
        split="pool",
        spacing_known=False,
    )
    return lambda: ingest.give_spacing(case=case, spacing_mm=(1.0, 2.0, 3.0), by=scene.lea)


def export(scene: Scene) -> Act:
    add_phantom(scene.project, 5, delineated=True)
    order = exports.Order(ExportFormat.NIFTI)
    made = exports.request_export(project=scene.project, by=scene.lea, order=order)

    lease = jobs.claim(made.job_id)
    assert lease is not None
    job = lease.job_id
    return lambda: exports.run(Job.objects.get(pk=job), lease, ignore_progress)


def work_on(export: Export) -> None:
    """What a worker does with an export."""
    lease = jobs.claim(export.job_id)
    assert lease is not None
    exports.run(Job.objects.get(pk=export.job_id), lease, ignore_progress)
    export.refresh_from_db()


def uncertainty(scene: Scene) -> Act:
    model = make_model(scene.project)
    case = make_case(scene.project, state=CaseState.WAITING)
    lease = claimed_prediction(model)
    found = guidance.Guidance(np.ones((4, 4, 4), np.uint8), (8, 8, 8), [])

    def act() -> None:
        with guidance.stored(found, case, f"model-{model.pk}", lease) as fields:
            Prediction.objects.create(
                case=case,
                model=model,
                mask=case.masks.create(kind="model", model=model),
                uncertainty=0.5,
                **fields,
            )

    return act


def model(scene: Scene) -> Act:
    accepted(scene.project)
    case = accepted(scene.project, Split.TEST)
    run, lease = claimed_run(scene.project)
    done = report(scene.folder, {case: dict.fromkeys(KEYS, 0.5)})
    return lambda: learning.record(run=run, report=done, lease=lease)


def difference(scene: Scene) -> Act:
    """Kept to be quicker only: the answer comes all the same."""
    case = make_case(scene.project)
    a = read_by(case, scene.ana, organs())
    b = read_by(case, scene.ben, organs())
    return lambda: differing.packed(a, b, KEYS, 26)


QUICK: dict[str, Callable[[Scene], Act]] = {
    "guidelines.pictures.add_image": picture,
    "uploads.receive": piece,
    "ingest.cases.stored_image": scan,
    "ingest.cases.renewed_image": spacing,
    "exports.asking._publish": export,
    "learning.guidance.stored": uncertainty,
    "learning.results.record": model,
}
DERIVED = {"reviews.differing.packed": difference}
WITH_NETWORK = {"exporting.store_network_file", "learning.imports.request_import"}
"""Tested in test_r7_models.py, which needs torch."""
ELSEWHERE = {"upkeep.restoring._bring_files"}
"""Tested with the backups: tests/annotation/upkeep."""
