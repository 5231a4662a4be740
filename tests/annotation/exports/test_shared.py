"""Real scans leave in every format and come back."""

from pathlib import Path

import numpy as np
import pytest

from annotation import catalogue, chunks, ingest
from annotation.imaging.sandbox import Decoder
from annotation.imaging.segmentations import datasets
from annotation.models import Case, ExportFormat, Project, SchemaStructure
from tests.annotation.exports.scene import export
from training.volume import read_label_map

pytestmark = [pytest.mark.django_db, pytest.mark.shared_data]


@pytest.fixture(params=["ts_abdomen", "ts_chest_vessels"])
def real(request: pytest.FixtureRequest, shared_data: Path) -> Case:
    """One delineated case of a real scan, with as many structures as were published."""
    project = Project.objects.create(name="Real")
    ingest.import_folder(project=project, folder=shared_data / request.param)
    case: Case = project.cases.get(accepted_revision__isnull=False)
    return case


def masks_of(case: Case) -> dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"]:
    labels = chunks.read_layers(case.masks.get())[0]
    entries = SchemaStructure.objects.filter(schema__project=case.project).select_related("structure")
    return {entry.structure.key: labels == entry.value for entry in entries}


@pytest.mark.parametrize("form", ["seg_nrrd", "dicom_seg", "rtstruct", "structures"])
def test_out_and_in_again(real: Case, out: Path, form: str) -> None:
    truth, geometry = masks_of(real), real.volume.geometry
    stem = f"case_{real.number:04d}"
    export(real.project, out, ExportFormat(form))
    series = sorted((out / stem / "ct").glob("*.dcm"))
    files = {
        "seg_nrrd": [out / "segmentations" / f"{stem}.seg.nrrd"],
        "dicom_seg": [out / stem / "seg.dcm"],
        "rtstruct": [out / stem / "rtstruct.dcm"],
        "structures": sorted((out / stem).glob("segmentations/*.nii.gz")),
    }[form]
    with Decoder() as decoder:
        found = decoder.segmentation(files, geometry, series)
    keys = [catalogue.key_of(one.name) for one in found.segments]
    assert sorted(keys) == sorted(real.masks.get().annotated)
    for key, one in zip(keys, found.segments, strict=True):
        assert np.array_equal(found.mask(one), truth[key]), key


def test_nnunet(real: Case, out: Path) -> None:
    truth = masks_of(real)
    export(real.project, out, ExportFormat.NNUNET)
    (path,) = out.glob("Dataset001_Real/labelsT*/case_*.nii.gz")
    found = read_label_map(path)
    keys = sorted(truth, key=list(truth).index)
    masks = datasets.region_masks(found.voxels, {key: n for n, key in enumerate(keys, start=1)})
    for key in keys:
        assert np.array_equal(masks[key], truth[key]), key
    assert found.geometry.is_close(real.volume.geometry, 1e-3)
