import gzip
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from annotation.errors import Refused, TooLarge
from annotation.imaging import sandbox
from annotation.imaging.sandbox import Decoder, Limits
from tests.annotation.imaging.decoding import decode_label_map, decode_nifti
from tests.annotation.imaging.files import RAS_2MM, scan_voxels, write_nifti, write_series
from training.progress import Cancelled
from training.volume import Volume

MUTANTS = 60


def test_a_scan_comes_through_the_child_unchanged(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "ct.nii.gz", scan_voxels())
    volume = decode_nifti(path)
    assert np.array_equal(volume.voxels, scan_voxels()[::-1, ::-1])  # RAS to LPS
    assert volume.geometry.spacing_mm == (2.0, 2.0, 3.0)
    assert volume.geometry.origin_lps == (-22.0, -18.0, 0.0)


def test_a_label_map_comes_through_the_child_unchanged(tmp_path: Path) -> None:
    labels = np.random.default_rng(1).integers(0, 9, (7, 5, 3)).astype(np.uint8)
    volume = decode_label_map(write_nifti(tmp_path / "seg.nii.gz", labels))
    assert volume.voxels.dtype == np.uint8
    assert np.array_equal(volume.voxels, labels[::-1, ::-1])


def test_a_refusal_keeps_its_words_and_its_status(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="one 3-D image is needed"):
        decode_nifti(write_nifti(tmp_path / "flat.nii.gz", np.zeros((4, 5), np.int16)))
    header = nib.Nifti1Header()
    header.set_data_shape((3000, 3000, 3000))
    header.set_data_dtype(np.int16)
    header["magic"] = b"n+1"
    bomb = tmp_path / "bomb.nii.gz"
    bomb.write_bytes(gzip.compress(header.binaryblock + bytes(2**20)))
    with pytest.raises(TooLarge, match="claims 3000 × 3000 × 3000 voxels"):
        decode_nifti(bomb)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 MiB of voxels in a small file."""
    folder = tmp_path_factory.mktemp("large")
    return write_nifti(folder / "large.nii.gz", np.zeros((512, 512, 800), np.int16))


def test_too_much_memory_is_a_sentence_and_the_next_file_is_read(tmp_path: Path, large: Path) -> None:
    small = write_nifti(tmp_path / "small.nii.gz", scan_voxels())
    with Decoder(Limits(memory_bytes=512 * 1024**2)) as decoder:
        with pytest.raises(TooLarge, match=r"large\.nii\.gz needs more than 0\.5 GiB of memory"):
            decoder.image(large)
        assert decoder.image(small).voxels.shape == (12, 10, 6)


def test_too_much_work_is_a_sentence(large: Path) -> None:
    with Decoder(Limits(cpu_s=-1)) as decoder, pytest.raises(Refused, match="of work to decode"):
        decoder.image(large)


def test_a_file_that_never_ends_is_given_up(tmp_path: Path) -> None:
    small = write_nifti(tmp_path / "small.nii.gz", scan_voxels())
    endless = tmp_path / "endless.dcm"
    os.mkfifo(endless)  # whoever opens it waits for ever
    with Decoder(Limits(wall_s=5.0)) as decoder:
        decoder.image(small)
        with pytest.raises(Refused, match="The series took longer than 5 s"):
            decoder.series([endless, endless])
        assert decoder.image(small).voxels.shape == (12, 10, 6)


def test_whoever_waits_hears_so_and_can_end_it(tmp_path: Path) -> None:
    small = write_nifti(tmp_path / "small.nii.gz", scan_voxels())
    endless = tmp_path / "endless.dcm"
    os.mkfifo(endless)
    seconds = []

    def hear() -> None:
        seconds.append(1)
        if len(seconds) == 2:
            raise Cancelled

    with Decoder(on_wait=hear) as decoder:
        child = decoder._running_child()
        with pytest.raises(Cancelled):
            decoder.series([endless, endless])
        assert child.poll() is not None, "nothing goes on for nobody"
        assert decoder.image(small).voxels.shape == (12, 10, 6)


def _crash(pid: int) -> None:
    os.kill(pid, signal.SIGSEGV)
    os.kill(pid, signal.SIGCONT)


def test_a_crash_is_a_sentence_and_a_fresh_child_takes_over(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "ct.nii.gz", scan_voxels())
    with Decoder() as decoder:
        first = decoder._running_child()
        os.kill(first.pid, signal.SIGSTOP)  # it is hit while the request waits for its answer
        hit = threading.Timer(0.3, _crash, [first.pid])
        hit.start()
        with pytest.raises(Refused, match=r"ct\.nii\.gz is damaged: its decoder crashed"):
            decoder.image(path)
        hit.join()
        assert decoder.image(path).voxels.shape == (12, 10, 6)
        assert decoder._running_child().pid != first.pid


def test_the_child_loads_neither_django_nor_torch_and_knows_no_secrets(tmp_path: Path) -> None:
    code = (
        "import sys, annotation.imaging.worker, annotation.imaging.folder; "
        "print([m for m in ('django', 'torch', 'monai', 'zarr') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=sandbox.ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
    with Decoder() as decoder:
        child = decoder._running_child()
        decoder.inspect(write_nifti(tmp_path / "a.nii.gz", scan_voxels()), with_values=False)
        environment = Path(f"/proc/{child.pid}/environ").read_bytes().decode()
    assert "DATABASE_URL" not in environment
    assert "SECRET" not in environment


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with Decoder() as decoder:
        decoder.image(write_nifti(tmp_path / "a.nii.gz", scan_voxels()))
        child, folder = decoder._running_child(), decoder._folder
        assert list(folder.iterdir()) == []
    assert child.poll() is not None
    assert not folder.exists()


def _mutant(data: bytes, rng: np.random.Generator) -> bytes:
    """Cut off the end, flip some bytes, or write an extreme number somewhere."""
    kind = rng.integers(3)
    if kind == 0:
        return data[: rng.integers(len(data))]
    damaged = bytearray(data)
    if kind == 1:
        for at in rng.integers(0, min(len(data), 2000), 8):
            damaged[at] = rng.integers(256)
    else:
        at = int(rng.integers(0, min(len(data), 1000) - 4))
        extreme = [b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\x80\x7f"]
        damaged[at : at + 4] = extreme[int(rng.integers(4))]
    return bytes(damaged)


def _outcome(decode: Callable[[], Volume]) -> Volume | str:
    """Return the volume, or the sentence with which the file was refused; anything else is an error."""
    try:
        return decode()
    except Refused as refusal:
        return refusal.sentence


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_nifti_files_are_read_or_refused(tmp_path: Path, packed: bool) -> None:
    whole = write_nifti(tmp_path / "whole.nii", scan_voxels(), RAS_2MM).read_bytes()
    path = tmp_path / ("m.nii.gz" if packed else "m.nii")
    outcomes: list[Volume | str] = []
    with Decoder(Limits(wall_s=20)) as decoder:
        for seed in range(MUTANTS // 2):
            mutant = _mutant(whole, np.random.default_rng(seed))
            path.write_bytes(gzip.compress(mutant) if packed else mutant)
            outcomes.append(_outcome(lambda: decoder.image(path)))
    sentences = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert all(s.endswith(".") and str(tmp_path) not in s for s in sentences)
    for volume in (outcome for outcome in outcomes if isinstance(outcome, Volume)):
        assert volume.voxels.shape == volume.geometry.shape
        assert np.isfinite(volume.geometry.affine_lps()).all()
    assert 0 < len(sentences) < MUTANTS // 2


def test_damaged_dicom_slices_are_read_or_refused(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "s", scan_voxels(shape=(12, 10, 3)))
    whole = paths[1].read_bytes()
    outcomes: list[Volume | str] = []
    with Decoder(Limits(wall_s=20)) as decoder:
        for seed in range(MUTANTS):
            paths[1].write_bytes(_mutant(whole, np.random.default_rng(seed)))
            decoder.find_series(tmp_path)
            outcomes.append(_outcome(lambda: decoder.series(paths).volume))
    sentences = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert all(s.endswith(".") and "Secret" not in s for s in sentences)
    assert all(outcome.voxels.shape[2] == 3 for outcome in outcomes if isinstance(outcome, Volume))
    assert 0 < len(sentences) < MUTANTS
