"""A volume as a DICOM CT series under pseudonyms: what SEG and RTSTRUCT that leave refer to."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import DSfloat

from annotation.imaging.dicom.pseudonyms import Pseudonyms
from training.volume import Geometry, Volume

_EMPTY = (
    *("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID"),
    *("ReferringPhysicianName", "PositionReferenceIndicator", "PatientPosition", "KVP", "AcquisitionNumber"),
)


def write(
    folder: Path, image: Volume, *, patient: str, name: str, known: Pseudonyms | None = None
) -> list[Dataset]:
    """Write int16 HU (i, j, k), canonical LPS, as one file per k; return the headers without voxels.

    `patient` is a pseudonym, `known` those of study, series and date: with them the same series leaves every
    time, without them it gets fresh UIDs. Rows run along i, columns along j; each slice has its own position,
    so that the series is read back onto the same grid, oblique ones too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = known or Pseudonyms()
    series = series_header(image.geometry, patient=patient, name=name, known=known)
    headers = []
    for k in range(image.geometry.shape[2]):
        header = slice_header(series, image.geometry, k, _derived(known.series_uid, f"slice {k}"))
        header.PixelData = np.ascontiguousarray(image.voxels[:, :, k].T, "<i2").tobytes()
        header.save_as(folder / f"{k + 1:04d}.dcm", enforce_file_format=True)
        del header.PixelData
        headers.append(header)
    return headers


def decimals(values: object) -> list[DSfloat]:
    """Return numbers as DICOM's decimal strings, as exact as 16 characters allow."""
    return [DSfloat(float(x), auto_format=True) for x in np.ravel(np.asarray(values))]


def _derived(series_uid: str, what: str) -> UID:
    """Return the UID of something in a series: always the same where its own is known, else fresh."""
    return generate_uid(entropy_srcs=[series_uid, what]) if series_uid else generate_uid()


def series_header(geometry: Geometry, *, patient: str, name: str, known: Pseudonyms) -> Dataset:
    """Return what all slices share."""
    data = Dataset()
    for keyword in _EMPTY:
        setattr(data, keyword, None)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.Modality = CTImageStorage, "CT"
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    data.PatientName, data.PatientID = f"{patient}^", patient
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = "Written anew from voxels and geometry alone"
    data.BurnedInAnnotation = "NO"
    data.Manufacturer, data.ManufacturerModelName = "Delineate", "Delineate"
    data.StudyInstanceUID = known.study_uid or generate_uid()
    data.SeriesInstanceUID = known.series_uid or generate_uid()
    data.FrameOfReferenceUID = _derived(known.series_uid, "frame of reference")
    if known.acquired_on is not None:
        data.StudyDate = f"{known.acquired_on:%Y%m%d}"
        data.LongitudinalTemporalInformationModified = "MODIFIED"
    data.SeriesNumber, data.SeriesDescription = 1, name
    direction = np.asarray(geometry.direction)
    data.Columns, data.Rows = geometry.shape[0], geometry.shape[1]
    data.ImageOrientationPatient = decimals([*direction[:, 0], *direction[:, 1]])
    data.PixelSpacing = decimals([geometry.spacing_mm[1], geometry.spacing_mm[0]])
    data.SliceThickness = decimals([geometry.spacing_mm[2]])[0]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.RescaleSlope, data.RescaleIntercept, data.RescaleType = 1, 0, "HU"
    return data


def slice_header(series: Dataset, geometry: Geometry, k: int, uid: UID) -> Dataset:
    """Return the header of slice k, without voxels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = series.SOPClassUID
    meta.MediaStorageSOPInstanceUID = uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = Dataset()
    data.update(series)
    data.file_meta = meta
    data.SOPInstanceUID, data.InstanceNumber = meta.MediaStorageSOPInstanceUID, k + 1
    data.ImagePositionPatient = decimals(geometry.index_to_lps((0.0, 0.0, float(k))))
    return data
