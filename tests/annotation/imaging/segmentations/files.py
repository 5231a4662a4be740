"""Delineations written by other hands than the product's: highdicom, pydicom, pynrrd, nibabel."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from annotation.imaging.segmentations.ct_series import write as write_ct
from annotation.imaging.segmentations.layers import Reference
from annotation.imaging.segmentations.reading import reference_of
from training.volume import Geometry, Volume

SHAPE = (20, 18, 9)
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

Mask = NDArray[np.bool_]


def grid(shape: tuple[int, int, int] = SHAPE, direction: Any = AXIAL) -> Geometry:
    return Geometry(shape, (0.8, 0.7, 2.5), (-12.5, 30.25, -101.5), direction)


def oblique() -> Any:
    a = 0.4
    return (
        (float(np.cos(a)), -float(np.sin(a)), 0.0),
        (float(np.sin(a)), float(np.cos(a)), 0.0),
        (0.0, 0.0, 1.0),
    )


def series(folder: Path, geometry: Geometry) -> tuple[list[Path], list[Dataset], Reference]:
    """Write a CT series on a grid; return its files, whole data sets and the reference to it."""
    voxels = np.random.default_rng(3).integers(-900, 900, geometry.shape).astype(np.int16)
    write_ct(folder, Volume(voxels, geometry), patient="P0001", name="phantom")
    files = sorted(folder.glob("*.dcm"))
    return files, [dcmread(file) for file in files], reference_of(geometry, files)


def masks(seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> dict[str, Mask]:
    """Two that overlap, one by itself, one on no slice."""
    rng = np.random.default_rng(seed)
    found = {name: np.zeros(shape, np.bool_) for name in ("liver", "tumour", "spleen", "nothing")}
    found["liver"][3:12, 4:13, 1:7] = True
    found["tumour"][8:15, 6:11, 3:6] = True
    found["spleen"][2:18, 2:16, 2:8] = rng.random((16, 14, 6)) < 0.4
    return found


def write_seg(
    path: Path, images: Sequence[Dataset], pixels: NDArray[Any], names: Sequence[str], **given: Any
) -> Path:
    """By highdicom: (i, j, k, segment), or (i, j, k) with segment numbers."""
    turned = np.moveaxis(pixels, (0, 1, 2), (2, 1, 0))
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=name,
            segmented_property_category=codes.SCT.Organ,
            segmented_property_type=codes.SCT.Liver,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, name in enumerate(names, start=1)
    ]
    made = hd.seg.Segmentation(
        source_images=list(images),
        pixel_array=turned,
        segmentation_type=given.pop("kind", "BINARY"),
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="X",
        manufacturer_model_name="X",
        software_versions="1",
        device_serial_number="1",
        **given,
    )
    made.save_as(path)
    return path


def write_rtstruct(
    path: Path, rois: Mapping[str, Sequence[NDArray[np.float64]]], image: Dataset | None, **changed: Any
) -> Path:
    """Contours as (n, 3) LPS millimetres by name of the ROI."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ImplicitVRLittleEndian
    data = Dataset()
    data.file_meta, data.SOPClassUID, data.Modality = meta, RTStructureSetStorage, "RTSTRUCT"
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    frame = changed.pop("frame", image.FrameOfReferenceUID if image else "")
    uid = changed.pop("series", image.SeriesInstanceUID if image else "")
    kind = changed.pop("kind", "CLOSED_PLANAR")
    data.ReferencedFrameOfReferenceSequence = Items([_referenced(frame, uid)] if frame else [])
    data.StructureSetROISequence, data.ROIContourSequence = Items(), Items()
    for number, (name, contours) in enumerate(rois.items(), start=1):
        roi, drawn = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName = number, name
        drawn.ReferencedROINumber, drawn.ROIDisplayColor = number, [255, 0, 51]
        if contours:
            drawn.ContourSequence = Items([_contour(points, kind) for points in contours])
        data.StructureSetROISequence.append(roi)
        data.ROIContourSequence.append(drawn)
    data.save_as(path, enforce_file_format=True)
    return path


def _referenced(frame: str, uid: str) -> Dataset:
    item, study, images = Dataset(), Dataset(), Dataset()
    images.SeriesInstanceUID = uid
    study.RTReferencedSeriesSequence = Items([images])
    item.FrameOfReferenceUID, item.RTReferencedStudySequence = frame, Items([study] if uid else [])
    return item


def _contour(points: NDArray[np.float64], kind: str) -> Dataset:
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
    item.ContourData = [f"{x:.6f}" for x in points.ravel()]
    return item
