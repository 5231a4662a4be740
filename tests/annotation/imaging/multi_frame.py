"""Enhanced CT, all slices in one file: the kinds of `broken` that need it, and with them all kinds."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage, generate_uid

from annotation.imaging.findings import Cause
from tests.annotation.imaging.broken import (
    ACCEPTED,
    AXIAL,
    KINDS,
    OBLIQUE,
    ORIGIN,
    SLICES,
    STEP,
    kind,
    one_slice,
    pixels,
    refused,
    save,
    stack,
    store,
)


def enhanced(heights: Iterable[float], orientation: tuple[float, ...] = AXIAL, **changed: Any) -> Dataset:
    """All slices in one file: orientation and pixel spacing shared, position and rescale frame by frame."""
    slices = stack(heights, orientation)
    data = one_slice(ORIGIN, orientation, SOPClassUID=EnhancedCTImageStorage)
    data.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    data.SeriesInstanceUID, data.StudyInstanceUID = generate_uid(), generate_uid()
    shared, measures, turned = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, turned.ImageOrientationPatient = data.PixelSpacing, data.ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([turned])
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    frames, packed = [], []
    for number, one in enumerate(slices):
        frame, place, scale, content = Dataset(), Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = one.ImagePositionPatient
        scale.RescaleSlope, scale.RescaleIntercept, scale.RescaleType = 1, -3000 - 10 * number, "HU"
        content.StackID, content.InStackPositionNumber = "1", number + 1
        frame.PlanePositionSequence, frame.PixelValueTransformationSequence = (
            Sequence([place]),
            Sequence([scale]),
        )
        frame.FrameContentSequence = Sequence([content])
        frames.append(frame)
        one.RescaleIntercept = scale.RescaleIntercept
        store(one, pixels(one))
        packed.append(one.PixelData)
    data.PerFrameFunctionalGroupsSequence = Sequence(frames)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"):
        delattr(data, name)
    del data.RescaleIntercept
    data.NumberOfFrames, data.PixelData = len(frames), b"".join(packed)
    for name, value in changed.items():
        setattr(data, name, value)
    return data


@kind(ACCEPTED, slices=SLICES)
def enhanced_multi_frame(folder: Path) -> None:
    save(folder, [enhanced([STEP * k for k in (2, 0, 1, 7, 6, 5, 3, 4)])])


@kind(ACCEPTED)
def enhanced_oblique(folder: Path) -> None:
    save(folder, [enhanced([STEP * k for k in range(SLICES)], OBLIQUE)])


@kind(refused(Cause.MISSING_SLICES))
def enhanced_with_a_gap(folder: Path) -> None:
    save(folder, [enhanced([STEP * k for k in range(SLICES) if k != 4])])


@kind(refused(Cause.NOT_GREY))
def enhanced_with_frames_without_a_place(folder: Path) -> None:
    save(folder, [enhanced([STEP * k for k in range(SLICES)], NumberOfFrames=SLICES + 1)])


ALL = tuple(KINDS)
