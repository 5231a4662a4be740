"""A project to export: an oblique, anisotropic scan, structures that overlap, one absent, voxels unseen."""

from pathlib import Path

import pytest

from annotation import catalogue, ingest
from annotation.models import Case, LabelSchema, Membership, Project, Role, SchemaStructure, Split, Structure
from tests.annotation.exports.scene import KEYS, PARTLY, labels_of, scan_of


@pytest.fixture
def scene(project: Project) -> Project:
    """Cases 1 (pool, all looked at), 2 (validation), 3 (test), 4 (pool, two structures looked at)."""
    SchemaStructure.objects.filter(schema__project=project).delete()
    Structure.objects.all().delete()  # the cast's have no codes
    schema = LabelSchema.objects.get(project=project)
    for key, (layer, value) in KEYS.items():
        structure = catalogue.structure_named(key)
        SchemaStructure.objects.create(schema=schema, structure=structure, layer=layer, value=value)
    for seed, split in enumerate((Split.POOL, Split.VALIDATION, Split.TEST), start=1):
        add(project, seed, split, tuple(KEYS))
    add(project, 4, Split.POOL, PARTLY)
    return project


def add(project: Project, seed: int, split: Split, annotated: tuple[str, ...]) -> Case:
    labels = labels_of(seed)
    for key, (layer, value) in KEYS.items():
        if key not in annotated:
            labels[layer][labels[layer] == value] = 0
    return ingest.add_case(
        project=project,
        volume=scan_of(seed),
        name=f"scan {seed}",
        patient_key=f"patient-{seed}",
        split=split,
        labels=labels,
        annotated=annotated,
    )


@pytest.fixture
def empty(lea: object, project: Project) -> Project:
    """Another project of lea's, without structures."""
    other = Project.objects.create(name="Again")
    Membership.objects.create(
        project=other, user=project.memberships.get(role=Role.LEAD).user, role=Role.LEAD
    )
    return other


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder
