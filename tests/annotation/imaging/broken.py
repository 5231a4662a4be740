"""Series as scanners, archives and careless programs leave them, each with what has to become of it.

The HU of every pixel follow from where its own header says that it lies (`hu_at`), so whatever grid a reader
builds can be held against the truth voxel by voxel. Three axes have three slopes: no flip or swap is alike.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
    XRayRadiationDoseSRStorage,
    generate_uid,
)

from annotation.imaging.dicom import Allowed
from annotation.imaging.findings import Cause, Outcome

Verdict = tuple[Outcome, Cause]
Floats = NDArray[np.float64]

COLUMNS, ROWS, SLICES = 14, 12, 8
SPACING = (0.8, 0.7)  # between rows, between columns
STEP = 2.5
ORIGIN = np.array([-20.0, -30.0, 40.0])
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
OBLIQUE = (0.9659258263, 0.2588190451, 0.0, -0.2500, 0.9330127019, 0.2588190451)
ACCEPTED: Verdict = (Outcome.ACCEPTED, Cause.REGULAR)


def hu_at(points_lps: NDArray[Any]) -> Floats:
    """HU at points (…, 3): steep enough that a twentieth of a millimetre shows."""
    return np.asarray((points_lps - ORIGIN) @ np.array([20.0, 30.0, 50.0]) - 900.0)


def pixels(data: Dataset) -> Floats:
    """HU (row, column) of a slice where its header says that it lies."""
    along_row, along_column = np.reshape([float(x) for x in data.ImageOrientationPatient], (2, 3))
    rows, columns = np.meshgrid(np.arange(data.Rows), np.arange(data.Columns), indexing="ij")
    down, across = (float(mm) for mm in data.PixelSpacing)
    position = np.array([float(x) for x in data.ImagePositionPatient])
    places = position + columns[..., None] * across * along_row + rows[..., None] * down * along_column
    return hu_at(places)


def store(data: Dataset, hu: Floats) -> None:
    """Write HU as the header says that they are stored."""
    values = np.rint((hu - float(data.RescaleIntercept)) / float(data.RescaleSlope))
    kind = ("<i" if data.PixelRepresentation else "<u") + str(data.BitsAllocated // 8)
    data.PixelData = values.astype(kind).tobytes()


def one_slice(position: Iterable[float], orientation: tuple[float, ...] = AXIAL, **changed: Any) -> Dataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    data.Modality, data.PatientName, data.PatientID = "CT", "Secret^Name", "patient-1"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.Columns, data.Rows = COLUMNS, ROWS
    data.ImagePositionPatient = [f"{x:.10g}" for x in position]
    data.ImageOrientationPatient = [f"{x:.10g}" for x in orientation]
    data.PixelSpacing, data.SliceThickness = list(SPACING), STEP
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    data.RescaleSlope, data.RescaleIntercept = 1, -8192
    for name, value in changed.items():
        setattr(data, name, value)
    store(data, pixels(data))
    return data


def stack(
    heights: Iterable[float] | None = None,
    orientation: tuple[float, ...] = AXIAL,
    shift: Callable[[float], tuple[float, float, float]] = lambda _: (0.0, 0.0, 0.0),
    **changed: Any,
) -> list[Dataset]:
    """Slices of one series at heights along their normal, each moved by `shift(height)`."""
    normal = np.cross(orientation[:3], orientation[3:])
    heights = [STEP * k for k in range(SLICES)] if heights is None else heights
    uids = {"SeriesInstanceUID": generate_uid(), "StudyInstanceUID": generate_uid()}
    return [
        one_slice(ORIGIN + normal * h + shift(h), orientation, **{**uids, "InstanceNumber": n, **changed})
        for n, h in enumerate(heights, start=1)
    ]


def save(folder: Path, slices: Iterable[Dataset], prefix: str = "") -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, data in enumerate(slices):
        paths.append(folder / f"{prefix}{number:03d}.dcm")
        data.save_as(paths[-1], enforce_file_format=True)
    return paths


@dataclass(frozen=True)
class Kind:
    """A way to write a series, and what has to become of each part of it."""

    name: str
    write: Callable[[Path], Any]
    expected: tuple[Verdict, ...]
    allowed: Allowed = field(default_factory=Allowed)
    has_rim: bool = False
    slices: int | None = None


KINDS: list[Kind] = []


def kind(*expected: Verdict, **options: Any) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    def keep(write: Callable[[Path], Any]) -> Callable[[Path], Any]:
        KINDS.append(Kind(write.__name__, write, expected, **options))
        return write

    return keep


def refused(cause: Cause) -> Verdict:
    return Outcome.REFUSED, cause


def skipped(cause: Cause) -> Verdict:
    return Outcome.SKIPPED, cause


def warned(cause: Cause) -> Verdict:
    return Outcome.WARNED, cause


def resampled(cause: Cause) -> Verdict:
    return Outcome.RESAMPLED, cause


# ── Right as they are ────────────────────────────────────────────────────────


@kind(ACCEPTED, slices=SLICES)
def plain(folder: Path) -> None:
    save(folder, stack())


@kind(ACCEPTED)
def shuffled_names(folder: Path) -> None:
    slices = stack()
    save(folder, [slices[k] for k in (3, 0, 7, 5, 1, 6, 2, 4)])


@kind(ACCEPTED)
def instance_numbers_that_lie(folder: Path) -> None:
    slices = stack()
    for data, number in zip(slices, (3, 3, 1, 8, 7, 2, 2, 9), strict=True):
        data.InstanceNumber = number
        data.SeriesInstanceUID = slices[0].SeriesInstanceUID
    save(folder, slices)


@kind(ACCEPTED)
def falling_heights(folder: Path) -> None:
    save(folder, stack([-STEP * k for k in range(SLICES)]))


@kind(ACCEPTED)
def lying_slice_thickness(folder: Path) -> None:
    save(folder, stack(SliceThickness=10.0, SpacingBetweenSlices=7.0))


@kind(ACCEPTED)
def feet_first(folder: Path) -> None:
    save(folder, stack(orientation=(-1.0, 0.0, 0.0, 0.0, 1.0, 0.0), PatientPosition="FFS"))


@kind(ACCEPTED)
def prone(folder: Path) -> None:
    save(folder, stack(orientation=(-1.0, 0.0, 0.0, 0.0, -1.0, 0.0), PatientPosition="HFP"))


@kind(ACCEPTED)
def coronal(folder: Path) -> None:
    save(folder, stack(orientation=CORONAL))


@kind(ACCEPTED)
def sagittal(folder: Path) -> None:
    save(folder, stack(orientation=SAGITTAL))


@kind(ACCEPTED)
def oblique(folder: Path) -> None:
    save(folder, stack(orientation=OBLIQUE))


@kind(ACCEPTED)
def blank_instance_uids(folder: Path) -> None:
    save(folder, stack(SOPInstanceUID=""))


@kind(ACCEPTED)
def one_instance_uid_for_all(folder: Path) -> None:
    save(folder, stack(SOPInstanceUID="1.2.3.4"))


@kind(ACCEPTED)
def blank_series_uid(folder: Path) -> None:
    save(folder, stack(SeriesInstanceUID=""))


@kind(ACCEPTED)
def no_modality(folder: Path) -> None:
    slices = stack()
    for data in slices:
        del data.Modality
    save(folder, slices)


@kind(ACCEPTED)
def no_class_but_ct(folder: Path) -> None:
    for path in save(folder, stack()):
        data = dcmread(path)
        del data.SOPClassUID
        data.save_as(path)


@kind(ACCEPTED)
def no_preamble_no_extension(folder: Path) -> None:
    for path in save(folder, stack()):
        path.with_suffix("").write_bytes(path.read_bytes()[132:])
        path.unlink()


@kind(ACCEPTED)
def odd_extensions(folder: Path) -> None:
    for path in save(folder, stack()):
        path.rename(path.with_suffix(".0001"))


@kind(ACCEPTED)
def a_directory_of_media_beside(folder: Path) -> None:
    save(folder, stack())
    (folder / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + b"\x02\x00\x00\x00UL\x04\x00\x00\x00\x00\x00")


@kind(ACCEPTED)
def differing_rescale_per_slice(folder: Path) -> None:
    slices = stack()
    for number, data in enumerate(slices):
        data.RescaleIntercept, data.RescaleSlope = -2000 - 100 * number, 0.5 if number % 2 else 0.25
        store(data, pixels(data))
    save(folder, slices)


@kind(ACCEPTED)
def signed_values(folder: Path) -> None:
    save(folder, stack(PixelRepresentation=1, RescaleIntercept=0))


@kind(ACCEPTED)
def unsigned_16_bit(folder: Path) -> None:
    save(folder, stack(RescaleIntercept=-40000))


@kind(ACCEPTED)
def twelve_bits_with_rubbish_above(folder: Path) -> None:
    slices = stack(BitsStored=12, HighBit=11, RescaleIntercept=-1100)
    for number, data in enumerate(slices):
        values = np.frombuffer(data.PixelData, "<u2")
        data.PixelData = (values | ((number % 16) << 12)).astype("<u2").tobytes()
    save(folder, slices)


@kind(ACCEPTED)
def packed_by_rle(folder: Path) -> None:
    slices = stack()
    for data in slices:
        data.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    save(folder, slices)


@kind(ACCEPTED, has_rim=True)
def padding_at_the_rim(folder: Path) -> None:
    slices = stack(PixelPaddingValue=0)
    for data in slices:
        hu = pixels(data)
        hu[[0, -1]] = hu[:, [0, -1]] = -8192
        store(data, hu)
    save(folder, slices)


@kind(ACCEPTED, has_rim=True)
def padding_range_written_with_the_wrong_sign(folder: Path) -> None:
    slices = stack(PixelRepresentation=1, RescaleIntercept=0)
    for data in slices:
        data.add_new(0x00280120, "US", 64000)
        data.add_new(0x00280121, "US", 64010)
        hu = pixels(data)
        hu[[0, -1]] = hu[:, [0, -1]] = 64005 - 65536
        store(data, hu)
    save(folder, slices)


def _with_rim(data: Dataset) -> Floats:
    hu = pixels(data)
    hu[[0, -1]] = hu[:, [0, -1]] = -1024
    return hu


@kind(ACCEPTED, has_rim=True)
def monochrome1_as_the_standard_has_it(folder: Path) -> None:
    slices = stack(PhotometricInterpretation="MONOCHROME1")
    for data in slices:
        store(data, _with_rim(data))
    save(folder, slices)


@kind(ACCEPTED, ACCEPTED)
def two_series_in_one_folder(folder: Path) -> None:
    save(folder, stack(), "a")
    save(folder, stack([2.0 * k for k in range(5)]), "b")


# ── Noticed, and read ────────────────────────────────────────────────────────


@kind(warned(Cause.ROUNDED_POSITIONS))
def positions_with_one_decimal(folder: Path) -> None:
    slices = stack([0.625 * k for k in range(20)])
    for number, data in enumerate(slices):
        data.ImagePositionPatient = [-20, -30, round(40 + 0.625 * number, 1)]
    save(folder, slices)


@kind(warned(Cause.DUPLICATES_DROPPED), slices=SLICES)
def the_same_slice_twice(folder: Path) -> None:
    save(
        folder,
        [
            *stack(),
        ],
    )
    (folder / "again.dcm").write_bytes((folder / "003.dcm").read_bytes())


@kind(warned(Cause.DUPLICATES_DROPPED), slices=SLICES)
def every_slice_twice_under_new_uids(folder: Path) -> None:
    slices = stack()
    save(folder / "a", slices)
    for data in slices:
        data.SOPInstanceUID = generate_uid()
    save(folder / "b", slices)


@kind(warned(Cause.INVERTED_GREYS), has_rim=True)
def monochrome1_with_stored_values_turned_round(folder: Path) -> None:
    slices = stack(PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11, RescaleIntercept=-1100)
    for data in slices:
        store(data, _with_rim(data))
        data.PixelData = (4095 - np.frombuffer(data.PixelData, "<u2")).astype("<u2").tobytes()
    save(folder, slices)


@kind(warned(Cause.PADDING_IN_TISSUE), has_rim=True)
def padding_that_tissue_may_have(folder: Path) -> None:
    slices = stack(PixelPaddingValue=8192 + 2500)
    for data in slices:
        hu = pixels(data)
        hu[[0, -1]] = hu[:, [0, -1]] = 2500
        store(data, hu)
    save(folder, slices)


@kind(warned(Cause.BURNED_IN), allowed=Allowed(burned_in=True))
def burned_in_text_that_was_allowed(folder: Path) -> None:
    save(folder, stack(BurnedInAnnotation="YES"))


@kind(warned(Cause.SEVERAL_STACKS), warned(Cause.SEVERAL_STACKS))
def two_orientations_in_one_series(folder: Path) -> None:
    slices = [*stack(), *stack(orientation=CORONAL)]
    for data in slices:
        data.SeriesInstanceUID, data.StudyInstanceUID = "1.2.3", "1.2"
    save(folder, slices)


@kind(warned(Cause.SEVERAL_STACKS), warned(Cause.SEVERAL_STACKS), slices=SLICES)
def two_kernels_at_the_same_positions(folder: Path) -> None:
    slices = stack() + stack()
    for number, data in enumerate(slices):
        data.SeriesInstanceUID, data.StudyInstanceUID = "1.2.3", "1.2"
        data.ConvolutionKernel = "B30f" if number < SLICES else "B70f"
        store(data, pixels(data))
    save(folder, slices)


@kind(warned(Cause.SEVERAL_STACKS), warned(Cause.SEVERAL_STACKS), slices=SLICES)
def two_acquisitions_between_each_other(folder: Path) -> None:
    slices = stack() + stack([STEP * k + STEP / 2 for k in range(SLICES)])
    for number, data in enumerate(slices):
        data.SeriesInstanceUID, data.StudyInstanceUID = "1.2.3", "1.2"
        data.AcquisitionNumber = 1 + number // SLICES
    save(folder, slices)


@kind(warned(Cause.SEVERAL_STACKS), warned(Cause.SEVERAL_STACKS), slices=SLICES)
def two_stations_far_from_each_other(folder: Path) -> None:
    slices = stack() + stack([STEP * k - 60 for k in range(SLICES)])
    for number, data in enumerate(slices):
        data.SeriesInstanceUID, data.StudyInstanceUID = "1.2.3", "1.2"
        data.AcquisitionNumber = 1 + number // SLICES
    save(folder, slices)


# ── Resampled ────────────────────────────────────────────────────────────────


def _tilted(angle: float) -> Callable[[float], tuple[float, float, float]]:
    return lambda height: (0.0, -float(np.tan(np.deg2rad(angle))) * height, 0.0)


@kind(resampled(Cause.GANTRY_TILT))
def gantry_tilt(folder: Path) -> None:
    save(folder, stack(shift=_tilted(15.0)))


@kind(resampled(Cause.GANTRY_TILT))
def gantry_tilt_the_other_way(folder: Path) -> None:
    save(folder, stack(shift=_tilted(-7.5)))


@kind(resampled(Cause.GANTRY_TILT))
def shear_towards_both_axes(folder: Path) -> None:
    save(folder, stack(shift=lambda h: (0.11 * h, 0.07 * h, 0.0)))


@kind(resampled(Cause.MISSING_SLICES), allowed=Allowed(resample=True), slices=SLICES)
def a_gap_that_may_be_bridged(folder: Path) -> None:
    save(folder, [data for k, data in enumerate(stack()) if k not in (3, 4)])


@kind(resampled(Cause.UNEVEN_GAPS), allowed=Allowed(resample=True))
def uneven_gaps_that_may_be_bridged(folder: Path) -> None:
    save(folder, stack([0.0, 2.5, 5.1, 7.4, 10.0, 12.7, 15.0]))


@kind(resampled(Cause.MISSING_SLICES), allowed=Allowed(resample=True), slices=SLICES)
def a_gap_in_a_tilted_scan(folder: Path) -> None:
    save(folder, [data for k, data in enumerate(stack(shift=_tilted(10.0))) if k != 5])


# ── Skipped beside what is read ──────────────────────────────────────────────


@kind(skipped(Cause.LOCALISER), ACCEPTED)
def a_localiser_inside(folder: Path) -> None:
    slices = stack()
    scout = one_slice(ORIGIN, CORONAL, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    scout.SeriesInstanceUID, scout.StudyInstanceUID = slices[0].SeriesInstanceUID, slices[0].StudyInstanceUID
    save(folder, [scout, *slices])


@kind(skipped(Cause.LONE_SLICE), ACCEPTED)
def a_localiser_that_does_not_say_so(folder: Path) -> None:
    slices = stack()
    scout = one_slice(ORIGIN, CORONAL, Rows=30)
    scout.SeriesInstanceUID, scout.StudyInstanceUID = slices[0].SeriesInstanceUID, slices[0].StudyInstanceUID
    save(folder, [scout, *slices])


@kind(skipped(Cause.SECONDARY_CAPTURE), ACCEPTED)
def a_secondary_capture_inside(folder: Path) -> None:
    slices = stack()
    capture = one_slice(ORIGIN, SOPClassUID=SecondaryCaptureImageStorage, Modality="OT")
    capture.SeriesInstanceUID = slices[0].SeriesInstanceUID
    save(folder, [*slices, capture])


@kind(skipped(Cause.REPORT), ACCEPTED)
def a_dose_screenshot_inside(folder: Path) -> None:
    slices = stack()
    shot = one_slice(ORIGIN, ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"])
    del shot.ImagePositionPatient
    save(folder, [*slices, shot])


@kind(skipped(Cause.REPORT))
def a_dose_report_alone(folder: Path) -> None:
    save(folder, [one_slice(ORIGIN, SOPClassUID=XRayRadiationDoseSRStorage, Modality="SR")])


@kind(skipped(Cause.NOT_CT))
def an_mr(folder: Path) -> None:
    save(folder, stack(SOPClassUID=MRImageStorage, Modality="MR"))


# ── Refused ──────────────────────────────────────────────────────────────────


@kind(refused(Cause.MISSING_SLICES))
def a_missing_slice(folder: Path) -> None:
    save(folder, [data for k, data in enumerate(stack()) if k != 3])


@kind(refused(Cause.MISSING_SLICES), allowed=Allowed(resample=True))
def a_gap_too_wide_to_bridge(folder: Path) -> None:
    save(folder, stack([*(STEP * k for k in range(6)), *(STEP * k for k in range(16, 20))]))


@kind(refused(Cause.UNEVEN_GAPS))
def uneven_gaps(folder: Path) -> None:
    save(folder, stack([0.0, 2.5, 5.1, 7.4, 10.0, 12.7, 15.0]))


@kind(refused(Cause.UNEVEN_GAPS))
def a_gap_wider_by_two_per_cent(folder: Path) -> None:
    save(folder, stack([STEP * k + (0.05 if k > 3 else 0.0) + 0.00123 for k in range(SLICES)]))


@kind(refused(Cause.DUPLICATES_DIFFER))
def a_duplicate_that_differs(folder: Path) -> None:
    slices = stack()
    other = one_slice(ORIGIN + np.array([0, 0, 3 * STEP]))
    other.SeriesInstanceUID, other.StudyInstanceUID = slices[0].SeriesInstanceUID, slices[0].StudyInstanceUID
    hu = pixels(other)
    hu[3, 4] += 1
    store(other, hu)
    save(folder, [*slices, other])


@kind(refused(Cause.SHIFTED_SLICES))
def a_table_that_moved(folder: Path) -> None:
    save(folder, stack(shift=lambda h: (5.0 if h > 9 else 0.0, 0.0, 0.0)))


@kind(refused(Cause.MIXED_SIZES))
def mixed_sizes(folder: Path) -> None:
    slices = stack()
    slices[4].Rows = ROWS + 4
    store(slices[4], pixels(slices[4]))
    save(folder, slices)


@kind(refused(Cause.MIXED_SPACING))
def mixed_pixel_spacing(folder: Path) -> None:
    slices = stack()
    slices[4].PixelSpacing = [0.9, 0.7]
    save(folder, slices)


@kind(refused(Cause.MIXED_ORIENTATION))
def every_slice_turned_another_way(folder: Path) -> None:
    slices = []
    for data, turn in zip(stack(), np.deg2rad(np.arange(SLICES) * 20.0), strict=True):
        data.ImageOrientationPatient = [
            *(f"{x:.8f}" for x in (np.cos(turn), np.sin(turn), 0)),
            *(f"{x:.8f}" for x in (-np.sin(turn), np.cos(turn), 0)),
        ]
        slices.append(data)
    save(folder, slices)


@kind(refused(Cause.NO_POSITION))
def a_slice_without_a_position(folder: Path) -> None:
    slices = stack()
    del slices[4].ImagePositionPatient
    save(folder, slices)


@kind(refused(Cause.NO_POSITION))
def no_positions_at_all(folder: Path) -> None:
    slices = stack()
    for data in slices:
        del data.ImagePositionPatient, data.ImageOrientationPatient
    save(folder, slices)


@kind(refused(Cause.NO_POSITION))
def a_position_that_is_no_number(folder: Path) -> None:
    paths = save(folder, stack([5.0 * k for k in range(8)]))
    whole = paths[3].read_bytes()
    assert whole.count(b"-20\\-30\\55") == 1
    paths[3].write_bytes(whole.replace(b"-20\\-30\\55", b"-20\\-30\\ab"))


@kind(refused(Cause.NO_POSITION))
def axes_that_are_not_at_right_angles(folder: Path) -> None:
    slices = stack()
    for data in slices:
        data.ImageOrientationPatient = [1, 0, 0, 0.6, 0.8, 0]
    save(folder, slices)


@kind(refused(Cause.NO_PIXEL_SPACING))
def no_pixel_spacing(folder: Path) -> None:
    slices = stack()
    for data in slices:
        del data.PixelSpacing
    save(folder, slices)


@kind(refused(Cause.NO_PIXEL_SPACING))
def zero_pixel_spacing(folder: Path) -> None:
    slices = stack()
    slices[2].PixelSpacing = [0, 0]
    save(folder, slices)


@kind(refused(Cause.TOO_FEW_SLICES))
def a_single_slice(folder: Path) -> None:
    save(folder, stack()[:1])


@kind(refused(Cause.NO_PIXELS))
def no_pixel_data(folder: Path) -> None:
    slices = stack()
    del slices[4].PixelData
    save(folder, slices)


@kind(refused(Cause.NO_RESCALE))
def no_rescale(folder: Path) -> None:
    slices = stack()
    for data in slices:
        del data.RescaleSlope, data.RescaleIntercept
    save(folder, slices)


@kind(refused(Cause.NO_RESCALE))
def a_slope_of_zero(folder: Path) -> None:
    slices = stack()
    slices[1].RescaleSlope = 0
    save(folder, slices)


@kind(refused(Cause.NOT_GREY))
def colours(folder: Path) -> None:
    slices = stack(SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    for data in slices:
        data.PixelData = bytes(3 * 2 * ROWS * COLUMNS)
    save(folder, slices)


@kind(refused(Cause.NOT_HU))
def no_hounsfield_units(folder: Path) -> None:
    save(folder, stack(RescaleIntercept=-1200, RescaleType="US"))
    for path in sorted(folder.iterdir()):
        data = dcmread(path)
        data.RescaleIntercept = 0
        data.save_as(path)


@kind(refused(Cause.INVERTED_GREYS))
def monochrome1_without_air(folder: Path) -> None:
    save(folder, stack([100 + STEP * k for k in range(SLICES)], PhotometricInterpretation="MONOCHROME1"))


@kind(warned(Cause.BURNED_IN))
def burned_in_text(folder: Path) -> None:
    slices = stack()
    slices[6].BurnedInAnnotation = "YES"
    save(folder, slices)


@kind(refused(Cause.DAMAGED))
def a_slice_cut_short(folder: Path) -> None:
    path = save(folder, stack())[3]
    path.write_bytes(path.read_bytes()[:-40])


@kind(refused(Cause.DAMAGED), refused(Cause.MISSING_SLICES))
def a_slice_of_zeros(folder: Path) -> None:
    path = save(folder, stack())[3]
    path.write_bytes(bytes(path.stat().st_size))


@kind(refused(Cause.COMPRESSION))
def an_unknown_compression(folder: Path) -> None:
    paths = save(folder, stack())
    for path in paths:
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0"))
