"""What leaves, as others see it: ITK's reader for 3D Slicer's files, nnU-Net's own rules for its folder."""

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
import slicerio

from annotation import catalogue
from annotation.models import ExportFormat, Project, Structure
from tests.annotation.exports.scene import KEYS, export, geometry, labels_of, truth

pytestmark = pytest.mark.django_db
TERMS = {
    "liver": [["10200004", "Liver"]],
    "spleen": [["78961009", "Spleen"]],
    "gallbladder": [["28231008", "Gallbladder"]],
    "kidney_left": [["64033007", "Kidney"], ["7771000", "Left"]],
    "liver_tumor": [["108369006", "Neoplasm"], ["10200004", "Liver"]],
}
"""In SNOMED CT: what it is, then its side, or where it is."""


def test_itk_reads_a_seg_nrrd_as_slicer_does(scene: Project, out: Path) -> None:
    """Layers are components, each segment says its layer and value, and the grid is the scan's."""
    export(scene, out, ExportFormat.SEG_NRRD, splits=("validation",))
    image = SimpleITK.ReadImage(str(out / "segmentations" / "case_0002.seg.nrrd"))
    about = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    layers = SimpleITK.GetArrayFromImage(image)  # (k, j, i) or (k, j, i, layer)
    layers = layers if layers.ndim == 4 else layers[..., None]
    extent = [int(n) for n in about.get("Segmentation_ReferenceImageExtentOffset", "0 0 0").split()]
    found: dict[str, np.ndarray[Any, Any]] = {}
    for number in range(sum(key.endswith("_LabelValue") for key in about)):
        said = {name: about[f"Segment{number}_{name}"] for name in ("Name", "LabelValue", "Layer")}
        layer, value = (int(said[name]) for name in ("Layer", "LabelValue"))
        mask = np.equal(layers[..., layer].T, value)
        whole = np.zeros(geometry().shape, bool)
        i, j, k = extent
        whole[i : i + mask.shape[0], j : j + mask.shape[1], k : k + mask.shape[2]] = mask
        found[said["Name"]] = whole
    for key in KEYS:
        assert np.array_equal(found[catalogue.entries()[key].name], truth(2, key)), key
    origin = image.TransformContinuousIndexToPhysicalPoint([-float(n) for n in extent])
    assert np.allclose(origin, geometry().origin_lps, atol=1e-4)  # ITK's points are LPS
    assert np.allclose(image.GetSpacing(), geometry().spacing_mm, atol=1e-6)
    assert np.allclose(np.reshape(image.GetDirection(), (3, 3)), geometry().direction, atol=1e-6)


def test_slicers_own_reader_finds_names_colours_codes_and_layers(scene: Project, out: Path) -> None:
    """`slicerio` is by the authors of 3D Slicer; it reads what Slicer's segmentations hold."""
    export(scene, out, ExportFormat.SEG_NRRD, splits=("validation",))
    found = slicerio.read_segmentation(str(out / "segmentations" / "case_0002.seg.nrrd"))
    assert np.allclose(found["ijkToLPS"], geometry().affine_lps(), atol=1e-4)
    voxels = found["voxels"] if found["voxels"].ndim == 4 else found["voxels"][None]
    segments = {one["name"]: one for one in found["segments"]}
    for key in KEYS:
        structure = Structure.objects.get(key=key)
        segment = segments.pop(structure.name)
        assert np.array_equal(voxels[segment["layer"]] == segment["labelValue"], truth(2, key)), key
        assert np.allclose(
            segment["color"], [*bytes.fromhex(structure.colour[1:])] / np.array(255), atol=1e-5
        )
        told = segment["terminology"]
        assert [
            told[part][1:] for part in ("type", "typeModifier", "anatomicRegion") if part in told
        ] == TERMS[key]
    assert [*segments] == ["ignore"]


def test_a_folder_for_nnunet_keeps_to_its_rules(scene: Project, out: Path) -> None:
    """Those of `verify_dataset_integrity` and of the page on the data set's format (nnU-Net v2)."""
    export(scene, out, ExportFormat.NNUNET, splits=("pool", "validation"))
    (root,) = [path for path in out.iterdir() if path.is_dir()]
    about = json.loads((root / "dataset.json").read_text(encoding="utf-8"))
    assert {"channel_names", "labels", "numTraining", "file_ending"} <= about.keys()
    labels = sorted((root / "labelsTr").iterdir())
    images = sorted((root / "imagesTr").iterdir())
    ending = about["file_ending"]
    assert len(labels) == about["numTraining"]
    assert {path.name for path in images} == {
        f"{label.name.removesuffix(ending)}_{int(channel):04d}{ending}"
        for label in labels
        for channel in about["channel_names"]
    }
    assert about["labels"]["background"] == 0
    named = {value for of in about["labels"].values() for value in (of if isinstance(of, list) else [of])}
    assert named == set(range(max(named) + 1))  # consecutive, from 0
    assert about["labels"]["ignore"] == max(named)
    regions = [name for name, of in about["labels"].items() if name not in ("background", "ignore")]
    assert len(about["regions_class_order"]) == len(regions)
    for label, image in zip(labels, images, strict=True):
        drawn: Any = nib.load(label)
        scan: Any = nib.load(image)
        assert drawn.shape == scan.shape
        assert np.allclose(drawn.affine, scan.affine)
        values = set(np.unique(np.asarray(drawn.dataobj)).astype(int).tolist())
        assert values <= named
        assert not np.isnan(np.asarray(scan.dataobj)).any()
    first: Any = nib.load(labels[0])
    seen = np.asarray(first.dataobj)
    assert (seen == about["labels"]["ignore"]).sum() >= (labels_of(1)[0] == 255).sum()
