"""Never a wrong grid in silence: every kind of broken series is read right, or said to be what it is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from annotation.errors import Refused
from annotation.imaging.dicom import Allowed, Reading
from annotation.imaging.dicom.decode import AIR_HU
from annotation.imaging.findings import Outcome, cause_of, worst
from annotation.imaging.folder import survey
from annotation.imaging.sandbox import Decoder, Limits
from tests.annotation.imaging.broken import Kind, Verdict, hu_at
from tests.annotation.imaging.multi_frame import ALL


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(Limits(wall_s=60)) as one:
        yield one


def read_all(folder: Path, decoder: Decoder, allowed: Allowed) -> tuple[list[Verdict], list[Reading]]:
    """Return what became of everything in a folder, as an import would have it."""
    found = survey(folder, decoder, lambda done, total: None)
    verdicts = [(one.outcome, one.cause) for one in found.findings]
    sentences = [one.message for one in found.findings]
    readings = []
    for scan in found.scans:
        try:
            read = decoder.series(scan.files, scan.slices, allowed)
        except Refused as refused:
            verdicts.append((Outcome.REFUSED, cause_of(refused)))
            sentences.append(refused.sentence)
            continue
        mark = worst((*scan.marks, *read.marks))
        verdicts.append((mark.outcome, mark.cause))
        sentences += [one.message for one in (*scan.marks, *read.marks)]
        readings.append(read)
    for sentence in sentences:
        assert sentence.endswith(".")
        assert "Secret" not in sentence
        assert "patient-1" not in sentence
        assert str(folder) not in sentence
    return verdicts, readings


def assert_true(read: Reading, kind: Kind, *, is_resampled: bool) -> None:
    """Every voxel holds what lies where the volume says that it lies; what nothing covered is air."""
    voxels, geometry = read.volume.voxels, read.volume.geometry
    truth = hu_at(geometry.index_to_lps(np.moveaxis(np.indices(voxels.shape), 0, -1)))
    off = np.abs(voxels - truth)
    if kind.has_rim:
        off, rim = off[1:-1, 1:-1], np.ones(voxels.shape[:2], bool)
        rim[1:-1, 1:-1] = False
        assert (voxels[rim] == AIR_HU).all()
    if is_resampled:
        covered = voxels != AIR_HU
        assert covered.mean() > 0.6
        off = np.where(covered, off, 0)
        assert off.max() <= 1.0 + 1e-6
    else:
        largest = 3.0 if kind.name == "positions_with_one_decimal" else 0.5
        assert off.max() <= largest + 1e-3
    if kind.slices is not None:
        assert voxels.shape[2] == kind.slices


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_a_series_is_read_right_or_said_to_be_wrong(kind: Kind, tmp_path: Path, decoder: Decoder) -> None:
    kind.write(tmp_path)
    verdicts, readings = read_all(tmp_path, decoder, kind.allowed)
    assert sorted(verdicts) == sorted(kind.expected)
    taken = [verdict for verdict in verdicts if verdict[0] not in (Outcome.SKIPPED, Outcome.REFUSED)]
    assert len(readings) == len(taken)
    for read, (outcome, _) in zip(readings, taken, strict=True):
        assert_true(read, kind, is_resampled=outcome is Outcome.RESAMPLED)


def test_there_are_kinds_enough() -> None:
    assert len({kind.name for kind in ALL}) == len(ALL) >= 60
