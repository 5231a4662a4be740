import json
from pathlib import Path

import numpy as np
import pytest
import zarr
import zstandard

from annotation.imaging import omezarr
from training.volume import Geometry, Volume

SHAPE = (11, 9, 21)


def _volume(shape: tuple[int, int, int] = SHAPE) -> Volume:
    voxels = np.random.default_rng(5).integers(-1000, 2000, shape).astype(np.int16)
    direction = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return Volume(voxels, Geometry(shape, (0.7, 0.8, 2.5), (-10.0, -20.0, 30.0), direction))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    volume = _volume()
    omezarr.write_image(tmp_path / "a", volume)
    read = omezarr.read_image(tmp_path / "a")
    assert read.dtype == np.int16
    assert np.array_equal(read, volume.voxels)


def test_a_chunk_file_is_one_zstd_frame_of_eight_slices(tmp_path: Path) -> None:
    volume = _volume()
    omezarr.write_image(tmp_path / "a", volume)
    files = sorted(
        p.relative_to(tmp_path / "a" / "0").as_posix()
        for p in (tmp_path / "a" / "0" / "c").rglob("*")
        if p.is_file()
    )
    assert files == ["c/0/0/0", "c/1/0/0", "c/2/0/0"]
    for number in range(3):
        frame = (tmp_path / "a" / "0" / "c" / str(number) / "0" / "0").read_bytes()
        parameters = zstandard.get_frame_parameters(frame)
        assert (parameters.content_size, parameters.has_checksum) == (8 * 9 * 11 * 2, False)
        reader = zstandard.ZstdDecompressor().decompressobj()
        slices = np.frombuffer(reader.decompress(frame), "<i2").reshape(8, 9, 11)
        assert reader.unused_data == b""
        expected = np.full((8, 9, 11), -1024, np.int16)
        part = volume.voxels[:, :, 8 * number : 8 * number + 8]
        expected[: part.shape[2]] = part.transpose(2, 1, 0)  # i fastest, then j, then k
        assert np.array_equal(slices, expected)


def test_slabs_of_air_have_files_too(tmp_path: Path) -> None:
    volume = _volume()
    volume.voxels[:, :, 8:16] = omezarr.FILL_HU
    omezarr.write_image(tmp_path / "a", volume)
    assert (tmp_path / "a" / "0" / "c" / "1" / "0" / "0").is_file()


def test_coarser_levels_are_means(tmp_path: Path) -> None:
    volume = _volume((8, 6, 4))
    omezarr.write_image(tmp_path / "a", volume)
    coarse = np.asarray(zarr.open_array(str(tmp_path / "a" / "1"), mode="r")[:]).T
    blocks = volume.voxels.astype(float).reshape(4, 2, 3, 2, 2, 2).mean(axis=(1, 3, 5))
    assert np.array_equal(coarse, np.rint(blocks).astype(np.int16))


@pytest.mark.parametrize("shape", [SHAPE, (1, 4, 3), (5, 1, 1)])
def test_levels_are_as_announced(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    omezarr.write_image(tmp_path / "a", _volume(shape))
    for level in omezarr.levels(shape, (0.7, 0.8, 2.5)):
        array = zarr.open_array(str(tmp_path / "a" / level.path), mode="r")
        assert array.shape == level.shape[::-1]
    last = omezarr.levels(SHAPE, (0.7, 0.8, 2.5))[-1]
    assert (last.shape, last.spacing_mm) == ((3, 3, 6), (2.8, 3.2, 10.0))


def test_metadata_is_ome_zarr_0_5_in_millimetres(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a", _volume())
    group = json.loads((tmp_path / "a" / "zarr.json").read_text())
    assert (group["zarr_format"], group["node_type"]) == (3, "group")
    ome = group["attributes"]["ome"]
    (image,) = ome["multiscales"]
    assert ome["version"] == "0.5"
    assert [(a["name"], a["type"], a["unit"]) for a in image["axes"]] == [
        (n, "space", "millimeter") for n in "zyx"
    ]
    scale, translation = image["datasets"][1]["coordinateTransformations"]
    assert (scale["type"], scale["scale"]) == ("scale", [5.0, 1.6, 1.4])
    assert translation["translation"] == pytest.approx([1.25, 0.4, 0.35])
    array = json.loads((tmp_path / "a" / "0" / "zarr.json").read_text())
    assert array["codecs"] == [
        {"name": "bytes", "configuration": {"endian": "little"}},
        {"name": "zstd", "configuration": {"level": 3, "checksum": False}},
    ]
    assert group["attributes"]["delineate"]["origin_lps"] == [-10.0, -20.0, 30.0]


def test_only_int16_of_the_right_shape_is_written(tmp_path: Path) -> None:
    volume = _volume()
    for voxels in (volume.voxels.astype(np.float32), volume.voxels[1:]):
        with pytest.raises(ValueError, match="int16"):
            omezarr.write_image(tmp_path / "a", Volume(voxels, volume.geometry))
    assert not (tmp_path / "a").exists()
