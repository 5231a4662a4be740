import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread
from pydicom.uid import MRImageStorage, generate_uid

from annotation.errors import Refused
from annotation.imaging import dicom, nifti
from annotation.imaging.findings import Cause, Outcome
from annotation.imaging.sandbox import Decoder
from tests.annotation.imaging.decoding import decode_dicom_series
from tests.annotation.imaging.files import scan_voxels, write_series

ITK: Any = SimpleITK  # has no types

TURNED = (0.9659258263, 0.2588190451, 0.0, -0.2588190451, 0.9659258263, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


@pytest.mark.parametrize(
    "orientation", [(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), TURNED, CORONAL, (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)]
)
def test_every_voxel_is_where_itk_puts_it(tmp_path: Path, orientation: tuple[float, ...]) -> None:
    paths = write_series(tmp_path, scan_voxels(3), orientation=orientation)
    ours = dicom.read_series(paths[::-1]).volume
    names = ITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path))
    theirs = ITK.ReadImage(names)
    assert ours.voxels.size == np.prod(theirs.GetSize())
    for ijk in np.ndindex(*ours.voxels.shape):
        point = ours.geometry.index_to_lps(np.array(ijk))
        assert theirs[theirs.TransformPhysicalPointToIndex(point)] == ours.voxels[ijk]


def test_feet_first_and_head_first_give_one_volume(tmp_path: Path) -> None:
    voxels = scan_voxels(4)
    head_first = dicom.read_series(write_series(tmp_path / "a", voxels, PatientPosition="HFS")).volume
    heights = [[-20.0, -30.0, 40.0 + 2.5 * k] for k in range(6)]
    feet_first = dicom.read_series(
        write_series(tmp_path / "b", voxels[:, :, ::-1], positions=heights[::-1], PatientPosition="FFS")
    ).volume
    assert np.array_equal(head_first.voxels, feet_first.voxels)
    assert head_first.geometry.is_close(feet_first.geometry, 1e-6)


def test_series_are_found_by_uid_and_other_objects_are_counted(tmp_path: Path) -> None:
    write_series(tmp_path / "a", scan_voxels(1), patient_id="one")
    write_series(tmp_path / "b" / "deep", scan_voxels(2), patient_id="two")
    write_series(tmp_path / "mr", scan_voxels(3), SOPClassUID=MRImageStorage)
    shutil.copy(tmp_path / "a" / "000.dcm", tmp_path / "again.dcm")
    (tmp_path / "readme.txt").write_text("nothing")
    (tmp_path / "bad.dcm").write_bytes(b"no header at all")
    found = dicom.find_series(tmp_path)
    assert [(s.patient_id, len(s.files)) for s in found.series] == [("one", 7), ("two", 6)]
    assert found.series[1].files[0] == "b/deep/000.dcm"
    assert found.others == {"MR Image": 6}
    assert [(one.source, one.outcome, one.cause) for one in found.findings] == [
        ("DICOM file 2 of 20", Outcome.REFUSED, Cause.DAMAGED),
        ("DICOM file 15 of 20 and 5 more", Outcome.SKIPPED, Cause.NOT_CT),
    ]


def test_a_patient_is_known_by_a_keyed_hash() -> None:
    key = dicom.patient_key("secret", "Doe^Jane 19700101")
    assert key == dicom.patient_key("secret", " Doe^Jane 19700101 ")
    assert key != dicom.patient_key("another secret", "Doe^Jane 19700101")
    assert len(key) == 64


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ImagePositionPatient": None}, "cannot be placed in the patient"),
        ({"PixelSpacing": None}, "lacks a usable pixel spacing"),
        ({"RescaleSlope": None}, "HU unknown"),
        ({"SamplesPerPixel": 3}, "colours, or several frames"),
        ({"NumberOfFrames": 4}, "colours, or several frames"),
        ({"PixelData": b"\0\0"}, "pixels could not be decoded"),
        ({"RescaleIntercept": 0}, "air is −1000"),
        ({"SOPClassUID": MRImageStorage}, "is not a CT slice"),
    ],
)
def test_slices_that_lack_something_are_refused(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    paths = write_series(tmp_path, scan_voxels(5), **changed)
    with pytest.raises(Refused, match=words) as refusal:
        dicom.read_series(paths)
    assert str(tmp_path) not in refusal.value.sentence
    assert "Secret" not in refusal.value.sentence


@pytest.mark.shared_data
@pytest.mark.parametrize("case", ["STS_002", "STS_042"])
def test_real_series_equal_their_nifti_twins(shared_data: Path, case: str) -> None:
    folder = shared_data / "ct_rtstruct" / case
    twin = nifti.read_image(folder / "nifti" / "CT_image.nii.gz")
    with Decoder() as decoder:
        found = decoder.find_series(folder)
        volume = decoder.series([folder / name for name in found.series[0].files]).volume
    assert (len(found.drawings), found.others) == (1, {})
    assert np.array_equal(volume.voxels, twin.voxels)
    assert volume.geometry.is_close(twin.geometry, 1e-3)
    stored: Any = nib.load(folder / "nifti" / "CT_image.nii.gz")
    assert sorted(volume.geometry.spacing_mm) == pytest.approx(sorted(stored.header.get_zooms()), 1e-5)


LOSSLESS = ("1.2.4.57", "1.2.4.70", "1.2.4.80", "1.2.4.90", "1.2.5", "1.2.1.99", "1.2.1", "1.2.2", "1.2")
LARGEST_ERROR_HU = {"1.2.4.91": 5, "1.2.4.81": 1, "1.2.4.50": 65}
UNREAD = ("1.2.4.51", "1.2.4.53", "1.2.4.55")


def _pair_of_slices(folder: Path, source: Path) -> list[Path]:
    """Two slices of a compressed original: the same pixels at two heights."""
    paths = []
    for k in range(2):
        data = dcmread(source)
        x, y, z = data.ImagePositionPatient
        data.ImagePositionPatient = [x, y, z + 5 * k]
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        paths.append(folder / f"{k}.dcm")
        data.save_as(paths[-1])
    return paths


def _source(shared_data: Path, syntax: str) -> Path:
    (source,) = (shared_data / "transfer_syntaxes").glob(f"*_1.2.840.10008.{syntax}.dcm")
    return source


@pytest.mark.shared_data
@pytest.mark.parametrize("syntax", [*LOSSLESS, *LARGEST_ERROR_HU])
def test_transfer_syntaxes_give_the_same_hu(shared_data: Path, tmp_path: Path, syntax: str) -> None:
    original = dcmread(shared_data / "transfer_syntaxes" / "CTImage.dcm")
    expected = original.pixel_array.T.astype(int) - 1024
    volume = decode_dicom_series(_pair_of_slices(tmp_path, _source(shared_data, syntax)))
    for k in range(2):
        assert np.abs(volume.voxels[:, :, k] - expected).max() <= LARGEST_ERROR_HU.get(syntax, 0)


@pytest.mark.shared_data
@pytest.mark.parametrize("syntax", UNREAD)
def test_compressions_that_cannot_be_read_are_refused(shared_data: Path, tmp_path: Path, syntax: str) -> None:
    with pytest.raises(Refused, match="compressed in a way that is not read here"):
        decode_dicom_series(_pair_of_slices(tmp_path, _source(shared_data, syntax)))


@pytest.mark.shared_data
def test_a_single_slice_is_refused(shared_data: Path) -> None:
    with pytest.raises(Refused, match="only one slice"):
        decode_dicom_series([shared_data / "transfer_syntaxes" / "CTImage.dcm"])


def test_a_slice_without_an_instance_uid_still_belongs_to_its_series(tmp_path: Path) -> None:
    paths = write_series(tmp_path, scan_voxels(shape=(12, 10, 3)))
    for path in paths:
        slice_ = dcmread(path)
        del slice_.SOPInstanceUID
        slice_.save_as(path)
    (series,) = dicom.find_series(tmp_path).series
    assert sorted(series.files) == sorted(path.name for path in paths)
