"""Pixels of CT slices to Hounsfield units: int16 (column, row).

HU = slope × stored + intercept (PS3.3 C.11.1), slice by slice. Pixels that the header calls padding
(0028,0120 and 0028,0121) become `AIR_HU`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.pixels.utils import iter_pixels, pixel_array
from pydicom.uid import (
    JPEG2000,
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from annotation.imaging.dicom.headers import functional_parts, value_in
from annotation.imaging.findings import Cause, Rejected

AIR_HU = -1024
# Padding in this range would pass for tissue; who declares it there is taken at his word, with a warning.
TISSUE_HU = (-900, 3000)

# Which library decodes what: the first choice is the one that never crashed on damaged files.
_DECODERS = {
    JPEG2000Lossless: "pylibjpeg",
    JPEG2000: "pylibjpeg",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    RLELossless: "pydicom",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGBaseline8Bit: "gdcm",
}
_INT16 = np.iinfo(np.int16)
_FRAME_OF_HU = -500  # the rim of a CT slice is air or padding


@dataclass(frozen=True)
class Scale:
    """How stored values of one slice become HU. `padding` is (lowest, highest) stored, None = no padding."""

    slope: float
    intercept: float
    padding: tuple[int, int] | None
    is_signed: bool
    bits: int
    greys_inverted: bool

    def padding_hu(self) -> float | None:
        """Return the HU that the padding value would have."""
        return None if self.padding is None else self.padding[0] * self.slope + self.intercept


def check_compression(header: Dataset, name: str) -> None:
    """Raise Rejected for a transfer syntax that is not read."""
    syntax = UID(str(getattr(header, "file_meta", Dataset()).get("TransferSyntaxUID") or ""))
    if syntax and (syntax.is_private or (_is_compressed(syntax) and syntax not in _DECODERS)):
        what = "private" if syntax.is_private else syntax.name
        raise Rejected(
            Cause.COMPRESSION,
            f"{name} is compressed in a way that is not read here ({what}). "
            "Send it uncompressed, or as JPEG lossless, JPEG-LS, JPEG 2000 or RLE.",
        )


def _is_compressed(syntax: UID) -> bool:
    try:
        return syntax.is_encapsulated
    except ValueError:  # no transfer syntax at all
        return True


def scale_of(header: Dataset, number: int, name: str) -> Scale:
    """Take from a header how the values of a frame become HU. Raises Rejected where it does not say."""
    parts = functional_parts(header, number)
    try:
        slope = float(value_in(parts, "RescaleSlope"))
        intercept = float(value_in(parts, "RescaleIntercept"))
    except (TypeError, ValueError) as error:
        raise Rejected(Cause.NO_RESCALE, f"{name} has no rescale slope and intercept: HU unknown.") from error
    if not (isfinite(slope) and isfinite(intercept)) or slope == 0:
        raise Rejected(Cause.NO_RESCALE, f"{name} has an impossible rescale slope or intercept: HU unknown.")
    bits = int(header.get("BitsStored") or header.get("BitsAllocated") or 16)
    is_signed = int(header.get("PixelRepresentation") or 0) == 1
    return Scale(
        slope,
        intercept,
        padding=_padding(header, is_signed=is_signed),
        is_signed=is_signed,
        bits=bits,
        greys_inverted=header.get("PhotometricInterpretation") == "MONOCHROME1",
    )


def _padding(header: Dataset, *, is_signed: bool) -> tuple[int, int] | None:
    values = [header.get(key) for key in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    known = [_stored(value, is_signed=is_signed) for value in values if value is not None]
    return (min(known), max(known)) if known and values[0] is not None else None


def _stored(value: Any, *, is_signed: bool) -> int:
    """Return a value as stored; writers mix up the signed and the unsigned form of it."""
    if isinstance(value, bytes):
        return int.from_bytes(value[:2], "little", signed=is_signed)
    number = int(value)
    if is_signed and number > _INT16.max:
        return number - 2**16
    return number + 2**16 if not is_signed and number < 0 else number


def stored_frames(path: Path, numbers: Sequence[int], name: str, *, is_multi: bool) -> Iterator[NDArray[Any]]:
    """Yield the stored values (row, column) of a file's frames. Raises Rejected: no pixels, damaged.

    `name` is what to call the file in a sentence: its own may name a patient.
    """
    try:
        data = dcmread(path, force=True)
        if "PixelData" not in data or not data.PixelData:
            raise Rejected(Cause.NO_PIXELS, f"{name} has no pixel data.")
        syntax = getattr(data, "file_meta", Dataset()).get("TransferSyntaxUID")
        plugin = _DECODERS.get(UID(syntax), "") if syntax else ""
        if is_multi:
            yield from iter_pixels(data, indices=list(numbers), decoding_plugin=plugin)
        else:
            yield pixel_array(data, decoding_plugin=plugin)
    except (MemoryError, Rejected):
        raise
    except Exception as error:
        raise Rejected(Cause.DAMAGED, f"{name} is damaged: its pixels could not be decoded.") from error


def hounsfield(
    stored: NDArray[Any], scale: Scale, shape: tuple[int, int], name: str, *, invert: bool = False
) -> NDArray[np.int16]:
    """Return int16 HU (column, row) of stored values (row, column); with `invert`, of greys turned round."""
    if stored.T.shape != shape:
        raise Rejected(
            Cause.MIXED_SIZES,
            f"{name} holds {stored.T.shape} pixels instead of {shape}, which its header says.",
        )
    whole = _stays_whole(stored, scale)
    values: NDArray[Any] = stored.T.astype(np.int32 if whole else np.float64)
    is_padding = None
    if scale.padding is not None:
        low, high = scale.padding
        is_padding = (values >= low) & (values <= high)
    if invert:
        values = (-1 if scale.is_signed else 2**scale.bits - 1) - values
    if whole:
        values *= int(scale.slope)
        values += int(scale.intercept)
    else:
        values = np.rint(values * scale.slope + scale.intercept)
    if is_padding is not None:
        values[is_padding] = AIR_HU
    is_finite = whole or np.isfinite(values).all()
    if not is_finite or values.min() < _INT16.min or values.max() > _INT16.max:
        raise Rejected(Cause.NOT_HU, f"{name} holds values that are not Hounsfield units.")
    return values.astype(np.int16)


def _stays_whole(stored: NDArray[Any], scale: Scale) -> bool:
    """Whether 32 bits hold all that comes of the values, without fractions: that is several times faster."""
    small = stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2 and scale.bits <= 16
    whole = float(scale.slope).is_integer() and float(scale.intercept).is_integer()
    return small and whole and abs(scale.slope) <= 2**10 and abs(scale.intercept) <= 2**20


def rim_is_air(hu: NDArray[np.int16]) -> bool:
    """Whether the rim of a slice (column, row) is air, as a CT's is."""
    rim = np.concatenate([hu[0], hu[-1], hu[:, 0], hu[:, -1]])
    return bool(np.median(rim) <= _FRAME_OF_HU)
