"""One file decoded in a child process of its own."""

from collections.abc import Sequence
from pathlib import Path

from annotation.imaging.sandbox import Decoder
from training.volume import Volume


def decode_nifti(path: Path) -> Volume:
    """Decode one NIfTI CT: int16 HU (i, j, k), canonical LPS."""
    with Decoder() as decoder:
        return decoder.image(path)


def decode_label_map(path: Path) -> Volume:
    """Decode one NIfTI label map: uint8 (i, j, k), canonical LPS."""
    with Decoder() as decoder:
        return decoder.labels(path)


def decode_dicom_series(paths: Sequence[Path]) -> Volume:
    """Decode one DICOM CT series: int16 HU (i, j, k), canonical LPS."""
    with Decoder() as decoder:
        return decoder.series(paths).volume
