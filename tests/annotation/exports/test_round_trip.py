"""What leaves comes back: labels and grid equal, in every format."""

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from annotation import catalogue, chunks, ingest
from annotation.imaging.sandbox import Decoder
from annotation.imaging.segmentations import datasets
from annotation.imaging.segmentations.layers import Segmentation
from annotation.models import ExportFormat, Project, SchemaStructure
from tests.annotation.exports.scene import KEYS, ORGANS, PARTLY, export, geometry, labels_of, scan_of, truth
from training.labels import IGNORE
from training.volume import read_label_map, read_nifti

pytestmark = pytest.mark.django_db


def assert_same(found: Segmentation, seed: int, looked_at: tuple[str, ...] = tuple(KEYS)) -> None:
    """Every structure by its name, voxel for voxel, and what was not looked at."""
    by_key = {catalogue.key_of(one.name): one for one in found.segments}
    assert set(by_key) == {*looked_at, "ignore"}
    for key in looked_at:
        assert np.array_equal(found.mask(by_key[key]), truth(seed, key)), key
    assert np.array_equal(found.mask(by_key["ignore"]), labels_of(seed)[0] == IGNORE)
    assert found.geometry.is_close(geometry(), 1e-3)


def dice(
    a: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], b: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_seg_nrrd(scene: Project, out: Path, seed: int) -> None:
    export(scene, out, ExportFormat.SEG_NRRD)
    with Decoder() as decoder:
        found = decoder.segmentation([out / "segmentations" / f"case_{seed:04d}.seg.nrrd"], geometry())
    named = {one.name: one for one in found.segments if one.name != "ignore"}
    assert {catalogue.key_of(name) for name in named} == set(KEYS)
    for name, segment in named.items():
        assert np.array_equal(found.mask(segment), truth(seed, catalogue.key_of(name)))
    assert sum(one.name == "ignore" for one in found.segments) == 2  # one per layer
    entry = catalogue.entries()["liver"]
    liver = named[entry.name]
    assert (liver.colour, liver.code and liver.code.value) == (entry.colour, entry.snomed_code)


@pytest.mark.parametrize(("form", "file"), [("dicom_seg", "seg.dcm"), ("rtstruct", "rtstruct.dcm")])
def test_dicom_with_its_series(scene: Project, out: Path, form: str, file: str) -> None:
    export(scene, out, ExportFormat(form))
    for seed in (1, 4):
        case = out / f"case_{seed:04d}"
        series = sorted((case / "ct").glob("*.dcm"))
        looked_at = PARTLY if seed == 4 else tuple(KEYS)
        with Decoder() as decoder:
            found = decoder.segmentation([case / file], geometry(), series)
        assert found.notes == ()  # series and frame of reference are the same
        assert_same(found, seed, looked_at)
        for one in found.segments:
            key = catalogue.key_of(one.name)
            if key in KEYS and truth(seed, key).any():
                assert dice(found.mask(one), truth(seed, key)) >= 0.98


def test_the_series_beside_dicom_objects_is_the_scan(scene: Project, out: Path, empty: Project) -> None:
    export(scene, out, ExportFormat.RTSTRUCT, splits=("pool",))
    report = ingest.import_folder(project=empty, folder=out / "case_0001" / "ct")
    assert report.refused == []
    case = empty.cases.get()
    assert np.array_equal(ingest.read_voxels(case.volume), scan_of(1).voxels)
    assert np.allclose(case.volume.geometry.affine_lps(), geometry().affine_lps(), atol=1e-5)


def test_one_file_per_structure(scene: Project, out: Path) -> None:
    export(scene, out, ExportFormat.STRUCTURES)
    for seed, looked_at in ((2, tuple(KEYS)), (4, PARTLY)):
        files = sorted((out / f"case_{seed:04d}" / "segmentations").iterdir())
        assert {file.name for file in files} == {f"{key}.nii.gz" for key in (*looked_at, "ignore")}
        with Decoder() as decoder:
            assert_same(decoder.segmentation(files, geometry()), seed, looked_at)
    image = read_nifti(out / "case_0002" / "ct.nii.gz")
    assert np.array_equal(image.voxels, scan_of(2).voxels)
    assert image.geometry.is_close(geometry(), 1e-3)


def test_regions_of_nnunet_come_back_as_the_structures_that_they_were(
    scene: Project, out: Path, empty: Project
) -> None:
    """A tumour within its liver: both are lists of values there, and layers of their own here."""
    export(scene, out, ExportFormat.NNUNET, splits=("pool", "validation"))
    (root,) = [path for path in out.iterdir() if path.is_dir()]
    table = json.loads((root / "dataset.json").read_text(encoding="utf-8"))["labels"]
    assert any(isinstance(values, list) for values in table.values())
    report = ingest.import_folder(project=empty, folder=root)
    assert report.refused == []
    for seed in (1, 2):
        case = empty.cases.get(name=f"case_{seed:04d}")
        assert case.accepted_revision is not None
        assert set(case.accepted_revision.mask.annotated) == set(KEYS)
        labels = chunks.read_layers(case.accepted_revision.mask, case.accepted_revision.number)
        for entry in SchemaStructure.objects.filter(schema__project=empty).select_related("structure"):
            found = labels[entry.layer] == entry.value
            assert np.array_equal(found, truth(seed, entry.structure.key)), entry.structure.key
        assert np.array_equal((labels == IGNORE).all(axis=0), labels_of(seed)[0] == IGNORE)


def test_label_maps_of_each_layer(scene: Project, out: Path) -> None:
    export(scene, out, ExportFormat.NIFTI)
    names = json.loads((out / "labels_layer_0" / "labels.json").read_text(encoding="utf-8"))
    assert names["labels"] == {
        "1": "liver",
        "3": "spleen",
        "4": "gallbladder",
        "9": "kidney_left",
        "10": "ignore",
    }
    assert names["cases"] == [
        {"case": "case_0004", "not_drawn": ["gallbladder", "kidney_left", "liver_tumor"]}
    ]
    for layer in (0, 1):
        found = read_label_map(out / f"labels_layer_{layer}" / "case_0003.nii.gz")
        ignored = 10 if layer == 0 else 2
        expected = np.where(labels_of(3)[layer] == IGNORE, ignored, labels_of(3)[layer])
        assert np.array_equal(found.voxels, expected)
        assert found.geometry.is_close(geometry(), 1e-3)


def test_label_maps_of_one_layer_come_back_through_an_import(
    scene: Project, out: Path, empty: Project
) -> None:
    export(scene, out, ExportFormat.NIFTI, structures=ORGANS)
    report = ingest.import_folder(project=empty, folder=out)
    assert report.refused == []
    _assert_imported(empty, {"case_0001": 1, "case_0004": 4})


def test_the_decathlon_comes_back_through_an_import(scene: Project, out: Path, empty: Project) -> None:
    export(scene, out, ExportFormat.DECATHLON, structures=ORGANS)
    root = out / "Task01_Abdomen"
    table = json.loads((root / "dataset.json").read_text(encoding="utf-8"))
    assert (table["numTraining"], table["numTest"]) == (3, 1)
    assert table["training"][0] == {
        "image": "./imagesTr/case_0001.nii.gz",
        "label": "./labelsTr/case_0001.nii.gz",
    }
    assert table["test"] == ["./imagesTs/case_0003.nii.gz"]
    report = ingest.import_folder(project=empty, folder=root)
    assert report.refused == []
    _assert_imported(empty, {"case_0001": 1})
    assert empty.cases.get(name="case_0003").split == "test"


def _assert_imported(project: Project, seeds: dict[str, int]) -> None:
    """The import may number structures anew; each is compared by its key."""
    for name, seed in seeds.items():
        case = project.cases.get(name=name)
        looked_at = tuple(key for key in (PARTLY if seed == 4 else KEYS) if key != "liver_tumor")
        mask = case.masks.get()
        assert set(mask.annotated) == set(looked_at)
        labels = chunks.read_layers(mask)[0]
        for entry in SchemaStructure.objects.filter(schema__project=project):
            key = entry.structure.key
            assert np.array_equal(labels == entry.value, truth(seed, key, looked_at)), (name, key)
        assert np.array_equal(labels == IGNORE, labels_of(seed)[0] == IGNORE)
        assert np.array_equal(ingest.read_voxels(case.volume), scan_of(seed).voxels)
        assert case.volume.geometry.is_close(geometry(), 1e-3)


def test_nnunet_with_regions(scene: Project, out: Path) -> None:
    export(scene, out, ExportFormat.NNUNET)
    root = out / "Dataset001_Abdomen"
    table = json.loads((root / "dataset.json").read_text(encoding="utf-8"))
    assert table["channel_names"] == {"0": "CT"}
    assert table["numTraining"] == len(list((root / "labelsTr").iterdir())) == 3
    labels = table["labels"]
    # The tumour lies in the liver alone, so that it needs no value of its own outside.
    assert labels == {
        "background": 0,
        "liver": [1, 5],
        "spleen": [2],
        "gallbladder": [3],
        "kidney_left": [4],
        "liver_tumor": [5],
        "ignore": 6,
    }
    assert table["regions_class_order"] == [1, 2, 3, 4, 5]
    assert json.loads((root / "splits_final.json").read_text(encoding="utf-8")) == [
        {"train": ["case_0001", "case_0004"], "val": ["case_0002"]}
    ]
    found = read_label_map(root / "labelsTs" / "case_0003.nii.gz")
    masks = datasets.region_masks(found.voxels, labels)
    for key in KEYS:
        assert np.array_equal(masks[key], truth(3, key)), key
    assert np.array_equal(masks["ignore"], labels_of(3)[0] == IGNORE)
    image: Any = nib.load(root / "imagesTs" / "case_0003_0000.nii.gz")
    assert image.get_data_dtype() == np.int16


def test_what_nobody_looked_at_is_ignored_by_nnunet(scene: Project, out: Path) -> None:
    """Case 4: on layer 1 nobody looked at all, so that no voxel of it is known to be no tumour."""
    export(scene, out, ExportFormat.NNUNET)
    found = read_label_map(out / "Dataset001_Abdomen" / "labelsTr" / "case_0004.nii.gz")
    assert set(np.unique(found.voxels)) == {6}


def test_a_background_of_partial_labels_is_ignored_where_structures_exclude_each_other(
    scene: Project, out: Path
) -> None:
    export(scene, out, ExportFormat.NNUNET, structures=ORGANS)
    found = read_label_map(out / "Dataset001_Abdomen" / "labelsTr" / "case_0004.nii.gz")
    drawn = truth(4, "liver") | truth(4, "spleen")
    assert np.array_equal(found.voxels == 5, ~drawn)
    assert np.array_equal(found.voxels == 1, truth(4, "liver"))


def test_overlap_cannot_leave_as_one_map_of_the_decathlon(scene: Project, out: Path) -> None:
    with pytest.raises(Exception, match="liver and liver_tumor share voxels"):
        export(scene, out, ExportFormat.DECATHLON)
