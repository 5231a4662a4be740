"""What DICOM and 3D Slicer are told of a structure: category, side, and the organ that it lies in."""

from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from annotation import catalogue, ingest
from annotation.imaging.segmentations import seg_nrrd
from annotation.models import ExportFormat, LabelSchema, Project, SchemaStructure, Split
from tests.annotation.exports.scene import KEYS, export, labels_of, scan_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sided(scene: Project) -> Project:
    """With a cyst in the left kidney, drawn on case 5."""
    schema = LabelSchema.objects.get(project=scene)
    cyst = catalogue.structure_named("kidney_cyst_left")
    SchemaStructure.objects.create(schema=schema, structure=cyst, layer=1, value=2)
    labels = labels_of(5)
    labels[1, 25:27, 21:25, 8:12] = 2
    ingest.add_case(
        project=scene,
        volume=scan_of(5),
        name="scan 5",
        patient_key="patient-5",
        split=Split.TEST,
        labels=labels,
        annotated=(*KEYS, cyst.key),
    )
    return scene


def test_a_seg_says_category_side_and_region(sided: Project, out: Path) -> None:
    export(sided, out, ExportFormat.DICOM_SEG, splits=("test",))
    segments = dcmread(out / "case_0005" / "seg.dcm").SegmentSequence
    by_key = {catalogue.key_of(str(one.SegmentLabel)): one for one in segments}

    def codes(keyword: str, key: str) -> list[tuple[str, str, str]]:
        items: Any = by_key[key].get(keyword) or []
        return [(one.CodeValue, one.CodingSchemeDesignator, one.CodeMeaning) for one in items]

    kind, category, region = (
        "SegmentedPropertyTypeCodeSequence",
        "SegmentedPropertyCategoryCodeSequence",
        "AnatomicRegionSequence",
    )
    assert codes(kind, "kidney_left") == [("64033007", "SCT", "Kidney")]
    (side,) = (
        by_key["kidney_left"].SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence
    )
    assert (side.CodeValue, side.CodeMeaning) == ("7771000", "Left")
    assert codes(category, "kidney_left") == [("91723000", "SCT", "Anatomical Structure")]
    assert codes(region, "kidney_left") == []
    abnormal = [("49755003", "SCT", "Morphologically Abnormal Structure")]
    assert codes(category, "liver_tumor") == codes(category, "kidney_cyst_left") == abnormal
    assert codes(region, "liver_tumor") == [("10200004", "SCT", "Liver")]
    assert codes(region, "kidney_cyst_left") == [("64033007", "SCT", "Kidney")]
    (side,) = by_key["kidney_cyst_left"].AnatomicRegionSequence[0].AnatomicRegionModifierSequence
    assert (side.CodeValue, side.CodeMeaning) == ("7771000", "Left")
    assert (
        "SegmentedPropertyTypeModifierCodeSequence"
        not in (by_key["liver"].SegmentedPropertyTypeCodeSequence[0])
    )


def test_slicer_is_told_in_its_own_terms(sided: Project, out: Path) -> None:
    export(sided, out, ExportFormat.SEG_NRRD, splits=("test",))
    header, _ = seg_nrrd._load(out / "segmentations" / "case_0005.seg.nrrd")
    numbers = range(sum(key.endswith("_Tags") for key in header))
    tags = {header[f"Segment{n}_ID"]: header[f"Segment{n}_Tags"] for n in numbers}
    general, regions = (
        "Segmentation category and type - 3D Slicer General Anatomy list",
        "Anatomic codes - DICOM master list",
    )
    anatomical = "SCT^123037004^Anatomical Structure"
    abnormal = "SCT^49755003^Morphologically Abnormal Structure"
    in_kidney = "SCT^64033007^Kidney~SCT^7771000^Left"
    for key, entry in {
        "kidney_left": f"{anatomical}~SCT^64033007^Kidney~SCT^7771000^Left~{regions}~^^~^^",
        "liver_tumor": f"{abnormal}~SCT^108369006^Neoplasm~^^~{regions}~SCT^10200004^Liver~^^",
        "kidney_cyst_left": f"{abnormal}~SCT^367643001^Cyst~^^~{regions}~{in_kidney}",
    }.items():
        assert f"TerminologyEntry:{general}~{entry}|" in tags[key]
