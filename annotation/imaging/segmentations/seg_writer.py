"""DICOM SEG of a segmentation, by highdicom: BINARY, coded by SNOMED CT, on the series it refers to."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from annotation.errors import TooLarge
from annotation.imaging.segmentations import layers
from annotation.imaging.segmentations.layers import IGNORED, Segment, Segmentation, looked_at
from training.version import VERSION

OWN_SCHEME = "99DELINEATE"
# It writes the UIDs of what it is given into the log, and these may be a hospital's own.
logging.getLogger("highdicom").setLevel(logging.WARNING)
_LONGEST_LABEL = 64
_LONGEST_CODE = 16
_MOST_BYTES = 2 * 1024**3
_ABNORMAL = ("tumor", "tumour", "lesion", "cyst", "metastas", "gtv")


def write(path: Path, found: Segmentation, series: Sequence[Dataset], *, made_by: str = "") -> bool:
    """Write all structures into one file; frames without a voxel are left out. False: there was nothing.

    `series` are the headers of the image, k by k. A structure without a SNOMED CT code gets one of our own
    scheme. `made_by` names a model; without it a person drew. Raises TooLarge.
    """
    hd: Any = import_module("highdicom")  # slow to load, and only this writer needs it
    if not found.labels.any():
        return False  # the format has no file without a frame
    segments = [*found.segments, *(Segment(name, 0, 0, colour="#808080") for name, _ in found.ignored())]
    made = hd.seg.Segmentation(
        source_images=list(series),
        pixel_array=_pixels(found, len(segments)),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(hd, number, segment, made_by) for number, segment in enumerate(segments, start=1)
        ],
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Delineate",
        manufacturer_model_name="Delineate",
        software_versions=VERSION,
        device_serial_number="1",
        content_label="DELINEATION",
        omit_empty_frames=True,
    )
    made.PatientIdentityRemoved = "YES"
    made.DeidentificationMethod = series[0].DeidentificationMethod
    made.save_as(path, enforce_file_format=True)
    return True


def _pixels(found: Segmentation, count: int) -> NDArray[Any]:
    """Return frames for highdicom: (k, j, i) of segment numbers, or (k, j, i, segment) of several layers."""
    turned = found.geometry.shape[::-1]
    several = len(found.labels) > 1
    if several and count * int(np.prod(turned)) > _MOST_BYTES:
        raise TooLarge(
            f"{count} structures on a scan of this size need more than {_MOST_BYTES // 1024**3} GiB as "
            "DICOM SEG; export fewer structures, or as .seg.nrrd."
        )
    pixels = np.zeros((*turned, count) if several else turned, np.uint8 if several else np.uint16)
    for number, mask in enumerate(_masks(found)):
        if several:
            pixels[..., number] = mask.T
        else:
            pixels[mask.T] = number + 1
    return pixels


def _masks(found: Segmentation) -> Iterator[NDArray[np.bool_]]:
    for segment in found.segments:
        yield found.mask(segment)
    for _, mask in found.ignored():
        yield mask


def _description(hd: Any, number: int, segment: Segment, made_by: str) -> Any:
    is_ignored = segment.name.startswith(IGNORED) and not segment.key
    algorithm: dict[str, Any] = {"algorithm_type": hd.seg.SegmentAlgorithmTypeValues.MANUAL}
    if made_by and not is_ignored:
        family = codes.DCM.ArtificialIntelligence
        algorithm = {
            "algorithm_type": hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            "algorithm_identification": hd.AlgorithmIdentificationSequence(made_by, family, VERSION),
        }
    description = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.name[:_LONGEST_LABEL],
        segmented_property_category=_category(segment, is_ignored),
        segmented_property_type=_type(segment, is_ignored),
        anatomic_regions=[_coded(segment.terms.region)] if segment.terms.region else None,
        display_color=hd.color.CIELabColor.from_string(segment.colour or "#808080"),
        **algorithm,
    )
    if segment.key:
        description.SegmentDescription = looked_at(segment.layer)
    _add_sides(hd, description, segment)
    return description


def _add_sides(hd: Any, description: Any, segment: Segment) -> None:
    """Add the modifiers, of the type and of the region that it lies in (PS3.3 10.7, C.8.20.4)."""
    terms = segment.terms
    if terms.modifier is not None:
        side = hd.sr.CodedConcept.from_code(_coded(terms.modifier))
        description.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [side]
    if terms.region is not None and terms.region_modifier is not None:
        side = hd.sr.CodedConcept.from_code(_coded(terms.region_modifier))
        description.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [side]


def _coded(code: layers.Code) -> Code:
    return Code(code.value, code.scheme, code.meaning[:_LONGEST_LABEL])


def _category(segment: Segment, is_ignored: bool) -> Code:
    if is_ignored:
        return Code("C0", OWN_SCHEME, "Not annotated")
    if segment.terms.category is not None:
        return _coded(segment.terms.category)
    if any(word in segment.key for word in _ABNORMAL):
        return Code("49755003", "SCT", "Morphologically Abnormal Structure")
    return Code("91723000", "SCT", "Anatomical Structure")


def _type(segment: Segment, is_ignored: bool) -> Code:
    if is_ignored:
        return Code(IGNORED.upper(), OWN_SCHEME, "Nobody looked at these voxels")
    if segment.code is not None:
        return _coded(segment.code)
    key = segment.key or segment.name
    short = key if len(key) <= _LONGEST_CODE else hashlib.sha256(key.encode()).hexdigest()[:_LONGEST_CODE]
    return Code(short, OWN_SCHEME, segment.name[:_LONGEST_LABEL])
