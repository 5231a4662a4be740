"""A volume as a DICOM CT series with fresh UIDs: what SEG and RTSTRUCT that leave refer to."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import DSfloat

from training.volume import Volume

_EMPTY = (
    *("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID"),
    *("ReferringPhysicianName", "PositionReferenceIndicator", "PatientPosition", "KVP", "AcquisitionNumber"),
)


def write(folder: Path, image: Volume, *, patient: str, name: str) -> list[Dataset]:
    """Write int16 HU (i, j, k), canonical LPS, as one file per k; return the headers without voxels.

    `patient` is a pseudonym. Rows run along i, columns along j; each slice has its own position, so that the
    series is read back onto the same grid, oblique ones too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    series = _series(image, patient, name)
    headers = []
    for k in range(image.geometry.shape[2]):
        header = _slice(series, image, k)
        header.PixelData = np.ascontiguousarray(image.voxels[:, :, k].T, "<i2").tobytes()
        header.save_as(folder / f"{k + 1:04d}.dcm", enforce_file_format=True)
        del header.PixelData
        headers.append(header)
    return headers


def decimals(values: object) -> list[DSfloat]:
    """Return numbers as DICOM's decimal strings, as exact as 16 characters allow."""
    return [DSfloat(float(x), auto_format=True) for x in np.ravel(np.asarray(values))]


def _series(image: Volume, patient: str, name: str) -> Dataset:
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
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.FrameOfReferenceUID = generate_uid()
    data.SeriesNumber, data.SeriesDescription = 1, name
    geometry = image.geometry
    direction = np.asarray(geometry.direction)
    data.Columns, data.Rows = geometry.shape[0], geometry.shape[1]
    data.ImageOrientationPatient = decimals([*direction[:, 0], *direction[:, 1]])
    data.PixelSpacing = decimals([geometry.spacing_mm[1], geometry.spacing_mm[0]])
    data.SliceThickness = decimals([geometry.spacing_mm[2]])[0]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.RescaleSlope, data.RescaleIntercept, data.RescaleType = 1, 0, "HU"
    return data


def _slice(series: Dataset, image: Volume, k: int) -> Dataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = Dataset()
    data.update(series)
    data.file_meta = meta
    data.SOPInstanceUID, data.InstanceNumber = meta.MediaStorageSOPInstanceUID, k + 1
    data.ImagePositionPatient = decimals(image.geometry.index_to_lps((0.0, 0.0, float(k))))
    return data
