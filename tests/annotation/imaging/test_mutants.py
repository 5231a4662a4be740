"""Seeded damage to every format through the real decoder: each mutant is refused, or is a sound volume.

A hundred and fifty by default; DELINEATE_MUTANTS=2000 makes as many.
"""

import gzip
import io
import os
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from annotation.errors import Refused
from annotation.imaging.dicom import Allowed
from annotation.imaging.findings import Cause, Finding, Outcome, Rejected, cause_of
from annotation.imaging.folder import survey
from annotation.imaging.sandbox import Decoder, Limits
from tests.annotation.imaging import broken
from tests.annotation.imaging.files import scan_voxels, write_nifti
from tests.annotation.imaging.multi_frame import enhanced
from training.volume import Geometry, Volume

ITK: Any = SimpleITK  # has no types

MUTANTS = int(os.environ.get("DELINEATE_MUTANTS", "150"))
EXTREMES = (b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\x80\x7f", b"\0\0\0\x80")


def mutant(whole: bytes, rng: np.random.Generator) -> bytes:
    """Cut the end off, flip bytes of the header, write an extreme number, or repeat or drop a stretch."""
    kind, reach = rng.integers(5), min(len(whole), 2000)
    damaged = bytearray(whole)
    at = int(rng.integers(0, reach - 8))
    if kind == 0:
        return whole[: rng.integers(len(whole))]
    if kind == 1:
        for one in rng.integers(0, reach, 8):
            damaged[one] = rng.integers(256)
    elif kind == 2:
        damaged[at : at + 4] = EXTREMES[int(rng.integers(len(EXTREMES)))]
    elif kind == 3:
        damaged[at:at] = damaged[at : at + int(rng.integers(1, 64))]
    else:
        del damaged[at : at + int(rng.integers(1, 64))]
    return bytes(damaged)


Reader = Callable[[Decoder, Path], list[Volume]]


@dataclass(frozen=True)
class Format:
    """What is damaged: the file's bytes, what it is called, and how it is read."""

    name: str
    whole: Callable[[Path], bytes]
    read: Reader
    prepare: Callable[[Path], object] = lambda folder: None
    packed: bool = False
    truth: Geometry | None = None


def _image(decoder: Decoder, path: Path) -> list[Volume]:
    return [decoder.image(path)]


def _series(decoder: Decoder, path: Path) -> list[Volume]:
    """Read all that lies beside a file, as an import does; refused when nothing of it could be read."""
    found = survey(path.parent, decoder, lambda done, total: None)
    refused = [one for one in found.findings if one.outcome is Outcome.REFUSED]
    volumes: list[Volume] = []
    for scan in found.scans:
        try:
            volumes.append(decoder.series(scan.files, scan.slices, Allowed()).volume)
        except Refused as refusal:
            refused.append(Finding(scan.shown, Outcome.REFUSED, cause_of(refusal), refusal.sentence))
    if not volumes:
        first = (refused or found.findings)[0]
        raise Rejected(first.cause, first.message)
    return volumes


def _archive(decoder: Decoder, path: Path) -> list[Volume]:
    with tempfile.TemporaryDirectory(dir=path.parent) as outer:
        folder = Path(outer, "scans")
        folder.mkdir()
        try:
            decoder.unpack(path, folder)
        finally:
            written = [one for one in path.parent.rglob("*") if one.is_file()]
            assert all(one == path or one.is_relative_to(folder) for one in written)
        if not any(folder.iterdir()):
            raise Rejected(Cause.ARCHIVE, "The archive is empty.")
        return _series(decoder, folder / "000.dcm")


def _itk(path: Path) -> bytes:
    image = ITK.GetImageFromArray(np.transpose(scan_voxels()))
    image.SetSpacing((0.8, 0.7, 2.5))
    ITK.WriteImage(image, str(path))
    return path.read_bytes()


def _slice(folder: Path, **changed: Any) -> bytes:
    return broken.save(folder / "w", [broken.stack(**changed)[3]])[0].read_bytes()


def _rest(folder: Path) -> None:
    slices = broken.stack(SeriesInstanceUID="1.2.3", StudyInstanceUID="1.2")
    broken.save(folder, [one for k, one in enumerate(slices) if k != 3])


def _enhanced(folder: Path) -> bytes:
    data = enhanced([broken.STEP * k for k in range(broken.SLICES)])
    return broken.save(folder / "w", [data])[0].read_bytes()


def _zipped(folder: Path) -> bytes:
    paths = broken.save(folder / "w", broken.stack())
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in paths:
            packed.write(path, path.name)
    return held.getvalue()


def _one_of_series(folder: Path) -> bytes:
    return _slice(folder, SeriesInstanceUID="1.2.3", StudyInstanceUID="1.2")


PLAIN = Geometry(
    (broken.COLUMNS, broken.ROWS, broken.SLICES),
    (broken.SPACING[1], broken.SPACING[0], broken.STEP),
    (-20.0, -30.0, 40.0),
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
)
FORMATS = [
    Format("ct.nii", lambda folder: write_nifti(folder / "w.nii", scan_voxels()).read_bytes(), _image),
    Format(
        "ct.nii.gz",
        lambda folder: write_nifti(folder / "w.nii", scan_voxels()).read_bytes(),
        _image,
        packed=True,
    ),
    Format("ct.nrrd", lambda folder: _itk(folder / "w.nrrd"), _image),
    Format("ct.mha", lambda folder: _itk(folder / "w.mha"), _image),
    # One damaged slice among seven sound ones never moves the grid.
    Format("m.dcm", _one_of_series, _series, _rest, truth=PLAIN),
    Format("multi.dcm", _enhanced, _series),
    Format("scans.zip", _zipped, _archive),
]


def outcome(decoder: Decoder, one: Format, folder: Path, content: bytes) -> str:
    """Return “read”, or the cause of the refusal; anything but a sound volume or a sentence is an error."""
    path = folder / one.name
    path.write_bytes(gzip.compress(content) if one.packed else content)
    refusal, volumes = None, []
    try:
        volumes = one.read(decoder, path)
    except Refused as refused:
        refusal = refused
    if refusal is not None:
        assert refusal.sentence.endswith(".")
        assert "Secret" not in refusal.sentence
        assert str(folder) not in refusal.sentence
        return cause_of(refusal).value
    for volume in volumes:
        assert volume.voxels.dtype == np.int16
        assert volume.voxels.shape == volume.geometry.shape
        assert np.isfinite(volume.geometry.affine_lps()).all()
        assert min(volume.geometry.spacing_mm) > 0
        if one.truth is not None:
            assert volume.geometry.is_close(one.truth, 1e-6)
    return "read"


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.name)
def test_mutants_are_read_or_refused(one: Format, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = one.whole(tmp_path / "whole")
    counts: Counter[str] = Counter()
    folder = tmp_path / "in"
    folder.mkdir()
    one.prepare(folder)
    count = max(1, MUTANTS // len(FORMATS))
    with Decoder(Limits(wall_s=60, memory_bytes=2 * 1024**3)) as decoder:
        first = decoder._running_child()
        for seed in range(count):
            counts[outcome(decoder, one, folder, mutant(whole, np.random.default_rng(seed)))] += 1
        crashed = first.poll() is not None
    print(f"{one.name}: {count} mutants, {dict(counts.most_common())}, child replaced: {crashed}")  # noqa: T201
    assert sum(counts.values()) > counts["read"]
