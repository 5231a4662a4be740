"""Writers of small NIfTI files and DICOM series whose voxels and geometry are known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
RAS_2MM = np.diag([2.0, 2.0, 3.0, 1.0])


def scan_voxels(seed: int = 0, shape: tuple[int, int, int] = (12, 10, 6)) -> NDArray[np.int16]:
    """Air around something, as in a CT; no two voxels alike enough to be mixed up."""
    return np.random.default_rng(seed).integers(-1000, 1500, shape).astype(np.int16)


def write_nifti(path: Path, voxels: NDArray[Any], affine_ras: NDArray[np.float64] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(voxels, RAS_2MM if affine_ras is None else affine_ras)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    return path


def write_series(
    folder: Path,
    voxels: NDArray[np.int16],
    *,
    positions: Sequence[Sequence[float]] | None = None,
    orientation: Sequence[float] = AXIAL,
    spacing_mm: tuple[float, float] = (0.8, 0.7),
    step_mm: float = 2.5,
    patient_id: str = "patient-1",
    **changed: Any,
) -> list[Path]:
    """Write (column, row, slice) HU as one CT slice per file; by default along the normal in even steps."""
    folder.mkdir(parents=True, exist_ok=True)
    normal = np.cross(orientation[:3], orientation[3:])
    if positions is None:
        positions = [
            list(np.array([-20.0, -30.0, 40.0]) + normal * step_mm * k) for k in range(voxels.shape[2])
        ]
    series_uid, study_uid = generate_uid(), generate_uid()
    paths = []
    for k, position in enumerate(positions):
        slice_ = ct_slice(voxels[:, :, k], position, orientation, spacing_mm)
        slice_.SeriesInstanceUID, slice_.StudyInstanceUID = series_uid, study_uid
        slice_.PatientID, slice_.InstanceNumber = patient_id, k + 1
        for name, value in changed.items():
            setattr(slice_, name, value)
        paths.append(folder / f"{k:03d}.dcm")
        slice_.save_as(paths[-1], enforce_file_format=True)
    return paths


def ct_slice(
    hu: NDArray[np.int16],
    position: Sequence[float],
    orientation: Sequence[float],
    spacing_mm: tuple[float, float],
) -> Dataset:
    """Return one CT slice of (column, row) HU, stored as unsigned with intercept −1024."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    data.Modality, data.PatientName = "CT", "Secret^Name"
    data.Columns, data.Rows = hu.shape
    data.ImagePositionPatient = [f"{x:.10g}" for x in position]
    data.ImageOrientationPatient = [f"{x:.10g}" for x in orientation]
    data.PixelSpacing = list(spacing_mm)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    data.RescaleSlope, data.RescaleIntercept = 1, -1024
    data.PixelData = (hu.T.astype(np.int32) + 1024).astype("<u2").tobytes()
    return data
