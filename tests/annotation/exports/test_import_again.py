"""What leaves comes back through the import: structures, what was looked at, voxels and grid."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from annotation import chunks, ingest
from annotation.models import Case, ExportFormat, Project, SchemaStructure, Split
from tests.annotation.exports.scene import (
    KEYS,
    ORGANS,
    PARTLY,
    Labels,
    export,
    geometry,
    labels_of,
    scan_of,
)
from training.labels import IGNORE

pytestmark = pytest.mark.django_db

ONE_MAP = ("nnunet", "decathlon")  # formats in which an unknown structure makes voxels unknown
PER_STRUCTURE = ("nifti", "structures", "seg_nrrd", "dicom_seg", "rtstruct")


@pytest.mark.parametrize("form", ONE_MAP)
def test_an_import_takes_one_label_map_back(scene: Project, out: Path, empty: Project, form: str) -> None:
    """The gallbladder is absent: it was looked at, and has no voxel."""
    keys = ORGANS if form == "decathlon" else tuple(KEYS)
    export(scene, out, ExportFormat(form), structures=keys)
    report = ingest.import_folder(project=empty, folder=out)
    assert report.refused == []
    for seed in (1, 2, 3):
        assert_back(empty, seed, labels_of(seed), keys)


@pytest.mark.parametrize("form", PER_STRUCTURE)
def test_an_import_takes_structures_and_layers_back(
    scene: Project, out: Path, empty: Project, form: str
) -> None:
    """Of case 4 two structures were looked at, of 5 other voxels on each layer; a layer of 6 has no voxel."""
    apart, bare = labels_of(5), labels_of(6)
    apart[1][apart[1] == IGNORE] = 0
    apart[1, :, :2] = IGNORE
    bare[1] = 0
    for seed, labels in ((5, apart), (6, bare)):
        another(scene, seed, labels)
    export(scene, out, ExportFormat(form), splits=("pool",))
    report = ingest.import_folder(project=empty, folder=out)
    assert report.refused == []
    assert_back(empty, 1, labels_of(1), tuple(KEYS))
    assert_back(empty, 4, labels_of(4), PARTLY)
    assert_back(empty, 5, apart, tuple(KEYS))
    assert_back(empty, 6, bare, tuple(KEYS))


def test_a_value_without_a_name_in_one_layer_refuses_the_scan(
    scene: Project, out: Path, empty: Project
) -> None:
    export(scene, out, ExportFormat.NIFTI, splits=("validation",))
    table = out / "labels_layer_1" / "labels.json"
    table.write_text(json.dumps({"2": "ignore"}), encoding="utf-8")
    report = ingest.import_folder(project=empty, folder=out)
    (refused,) = report.refused
    assert "holds the value 1, which has no name" in refused.sentence
    assert not empty.cases.exists()


def another(project: Project, seed: int, labels: Labels) -> Case:
    """A case that was looked at for everything."""
    return ingest.add_case(
        project=project,
        volume=scan_of(seed),
        name=f"scan {seed}",
        patient_key=f"patient-{seed}",
        split=Split.POOL,
        labels=labels,
        annotated=tuple(KEYS),
    )


def assert_back(project: Project, seed: int, drawn: Labels, looked_at: tuple[str, ...]) -> None:
    """The case with the voxels of a scan has the drawing, whatever layers and values the import gave it."""
    voxels = scan_of(seed).voxels
    (case,) = (one for one in project.cases.all() if np.array_equal(ingest.read_voxels(one.volume), voxels))
    assert case.volume.geometry.is_close(geometry(), 1e-3)
    mask = case.masks.get()
    assert set(mask.annotated) == set(looked_at)
    labels = chunks.read_layers(mask)
    for key, (layer, value) in places(project, looked_at).items():
        own_layer, own_value = KEYS[key]
        assert np.array_equal(labels[layer] == value, drawn[own_layer] == own_value), key
        assert np.array_equal(labels[layer] == IGNORE, drawn[own_layer] == IGNORE), key


def places(project: Project, keys: tuple[str, ...]) -> Mapping[str, tuple[int, int]]:
    entries = SchemaStructure.objects.filter(schema__project=project, structure__key__in=keys)
    found = {one.structure.key: (one.layer, one.value) for one in entries.select_related("structure")}
    assert set(found) == set(keys)
    return found
