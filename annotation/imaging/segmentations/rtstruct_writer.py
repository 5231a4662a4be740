"""RTSTRUCT of a segmentation: closed planar contours on the slices of a series; holes by even-odd."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from annotation.imaging.segmentations.filling import outlines
from annotation.imaging.segmentations.layers import IGNORED, Segment, Segmentation, looked_at, rgb
from training.volume import Geometry

_DECIMALS_MM = 4  # a contour runs halfway between centres, so that this cannot move a voxel
_LONGEST_NAME = 64
_CONTOUR_DATA = Tag(0x3006, 0x0050)
_LONGEST_LABEL = 16
_STUDY_MANAGEMENT = "1.2.840.10008.3.1.2.3.1"  # retired, and still what every writer puts there
_EMPTY = (
    *("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID"),
    *("ReferringPhysicianName", "StructureSetDate", "StructureSetTime", "OperatorsName"),
)


def write(path: Path, found: Segmentation, series: Sequence[Dataset]) -> None:
    """Write an ROI per structure; one without a voxel stays as an ROI without contours.

    `series` are the headers of the image, k by k. Contours run along voxel centres' halves, so that an
    even-odd fill at pixel centres gives the same voxels back. Lengths of contours need implicit VR.
    """
    data = _header(series)
    data.StructureSetROISequence, data.ROIContourSequence = Items(), Items()
    data.RTROIObservationsSequence = Items()
    masks = [(segment, found.mask(segment)) for segment in found.segments]
    masks += [(Segment(name, 0, 0, colour="#808080"), mask) for name, mask in found.ignored()]
    for number, (segment, mask) in enumerate(masks, start=1):
        data.StructureSetROISequence.append(_roi(number, segment, series[0].FrameOfReferenceUID))
        data.ROIContourSequence.append(_contours(number, segment, mask, found.geometry, series))
        data.RTROIObservationsSequence.append(_observation(number, segment))
    data.save_as(path, enforce_file_format=True)


def _header(series: Sequence[Dataset]) -> Dataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ImplicitVRLittleEndian
    image, data = series[0], Dataset()
    data.file_meta = meta
    for keyword in _EMPTY:
        setattr(data, keyword, None)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = RTStructureSetStorage, meta.MediaStorageSOPInstanceUID
    data.Modality, data.Manufacturer, data.ManufacturerModelName = "RTSTRUCT", "Delineate", "Delineate"
    data.PatientName, data.PatientID = image.PatientName, image.PatientID
    data.PatientIdentityRemoved, data.DeidentificationMethod = "YES", image.DeidentificationMethod
    data.StudyInstanceUID, data.SeriesInstanceUID = image.StudyInstanceUID, generate_uid()
    data.StudyDate = image.StudyDate
    data.SeriesNumber, data.FrameOfReferenceUID = 3, image.FrameOfReferenceUID
    data.StructureSetLabel, data.ApprovalStatus = "DELINEATION", "UNAPPROVED"
    data.ReferencedFrameOfReferenceSequence = Items([_frame(series)])
    return data


def _frame(series: Sequence[Dataset]) -> Dataset:
    frame, study, images = Dataset(), Dataset(), Dataset()
    images.SeriesInstanceUID = series[0].SeriesInstanceUID
    images.ContourImageSequence = Items([_image(header) for header in series])
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = (
        _STUDY_MANAGEMENT,
        series[0].StudyInstanceUID,
    )
    study.RTReferencedSeriesSequence = Items([images])
    frame.FrameOfReferenceUID = series[0].FrameOfReferenceUID
    frame.RTReferencedStudySequence = Items([study])
    return frame


def _image(header: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    return item


def _roi(number: int, segment: Segment, frame_uid: str) -> Dataset:
    item = Dataset()
    item.ROINumber, item.ROIName = number, segment.name[:_LONGEST_NAME]
    item.ReferencedFrameOfReferenceUID, item.ROIGenerationAlgorithm = frame_uid, ""
    if segment.key:
        item.ROIDescription = looked_at(segment.layer)
    return item


def _observation(number: int, segment: Segment) -> Dataset:
    item = Dataset()
    item.ObservationNumber, item.ReferencedROINumber = number, number
    item.ROIObservationLabel = segment.name[:_LONGEST_LABEL]
    item.RTROIInterpretedType = "CONTROL" if segment.name.startswith(IGNORED) else "ORGAN"
    item.ROIInterpreter = ""
    if segment.code is not None:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = segment.code.value, segment.code.scheme
        code.CodeMeaning = segment.code.meaning[:_LONGEST_NAME]
        item.RTROIIdentificationCodeSequence = Items([code])
    return item


def _contours(
    number: int, segment: Segment, mask: NDArray[np.bool_], geometry: Geometry, series: Sequence[Dataset]
) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber, item.ROIDisplayColor = number, list(rgb(segment.colour))
    found = list(_closed(mask, geometry, series))
    if found:
        item.ContourSequence = Items(found)
    return item


def _closed(mask: NDArray[np.bool_], geometry: Geometry, series: Sequence[Dataset]) -> Iterator[Dataset]:
    for k in np.flatnonzero(mask.any(axis=(0, 1))):
        image = series[int(k)]
        for line in outlines(mask[:, :, k]):
            points = geometry.index_to_lps(np.column_stack([line, np.full(len(line), k)]))
            contour = Dataset()
            contour.ContourImageSequence = Items([_image(image)])
            contour.ContourGeometricType = "CLOSED_PLANAR"
            contour.NumberOfContourPoints = len(points)
            contour[_CONTOUR_DATA] = _decimals(points)
            yield contour


def _decimals(points: NDArray[np.float64]) -> RawDataElement:
    """Return points as bytes of decimal strings: millions of DSfloat objects would take minutes."""
    text = "\\".join(f"{x:.{_DECIMALS_MM}f}" for x in points.ravel()).encode("ascii")
    text += b" " * (len(text) % 2)
    return RawDataElement(_CONTOUR_DATA, "DS", len(text), text, 0, True, True)
