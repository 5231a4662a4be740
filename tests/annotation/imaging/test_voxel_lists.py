"""Scans and masks as lists of voxels, and labels as pictures: through the child process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotation.errors import Refused
from annotation.imaging.sandbox import Decoder
from annotation.imaging.segmentations.layers import Segmentation
from annotation.imaging.voxel_lists import SHAPE
from tests.annotation.imaging.files import scan_voxels, write_series


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as one:
        yield one


def write_list(path: Path, values: dict[tuple[int, int, int], str]) -> Path:
    lines = [f"{np.ravel_multi_index(at, SHAPE)},{value}" for at, value in values.items()]
    path.write_text("\n".join([",data", *lines]) + "\n")
    return path


def test_rows_run_to_the_back_columns_to_the_left_and_slices_to_the_head(
    decoder: Decoder, tmp_path: Path
) -> None:
    (tmp_path / "voxel_dimensions.csv").write_text("3.9\n3.8\n2.5\n")
    path = write_list(tmp_path / "ct.csv", {(2, 5, 9): "1040", (0, 0, 1): "1"})
    image = decoder.image(path)
    assert image.geometry.spacing_mm == (3.9, 3.8, 2.5)
    assert np.array_equal(image.geometry.direction, np.eye(3))
    assert (image.voxels[5, 2, 9], image.voxels[0, 0, 1], image.voxels[0, 0, 0]) == (40, -999, -1000)
    mask = write_list(tmp_path / "Larynx.csv", {(2, 5, 9): ""})
    found = decoder.segmentation([mask], image.geometry, each=True)
    assert [segment.name for segment in found.segments] == ["Larynx"]
    assert np.argwhere(found.mask(found.segments[0])).tolist() == [[5, 2, 9]]


@pytest.mark.parametrize(
    ("spacing", "text", "said"),
    [
        (None, ",data\n1,1000\n", "needs voxel_dimensions.csv beside it"),
        ("3.9\n3.9\n", ",data\n1,1000\n", "does not hold three numbers"),
        ("a\nb\nc\n", ",data\n1,1000\n", "does not hold three numbers"),
        ("1\n1\n1\n", ",data\n1\n", "its second column needs values"),
        ("1\n1\n1\n", ",data\n1,-7\n", "no stored CT values"),
        ("1\n1\n1\n", ",data\n9999999,7\n", "names voxel 9999999; its grid has 2097152"),
        ("0\n1\n1\n", ",data\n1,1000\n", "voxels of 0 × 1 × 1 mm"),
    ],
)
def test_what_is_no_scan(decoder: Decoder, tmp_path: Path, spacing: str | None, text: str, said: str) -> None:
    if spacing is not None:
        (tmp_path / "voxel_dimensions.csv").write_text(spacing)
    (tmp_path / "ct.csv").write_text(text)
    with pytest.raises(Refused, match=said):
        decoder.image(tmp_path / "ct.csv")


def pictured(decoder: Decoder, folder: Path, series: list[Path], count: int, side: int = 0) -> Segmentation:
    image = decoder.series(series).volume
    pictures = []
    for k in range(count):
        values = np.zeros((10 + side, 12), np.uint8)
        values[2, 3 : 3 + k] = 255
        pictures.append(folder / f"{k}.png")
        Image.fromarray(values).save(pictures[-1])
    return decoder.pictures(pictures, series, image.geometry)


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0), (0, 1, 0, 1, 0, 0)])
def test_each_picture_lies_where_its_slice_says(
    decoder: Decoder, tmp_path: Path, orientation: tuple[float, ...]
) -> None:
    series = write_series(tmp_path / "ct", scan_voxels(), orientation=orientation)
    found = pictured(decoder, tmp_path, series, 6)
    (segment,) = found.segments
    inside = found.mask(segment)
    assert (segment.number, int(inside.sum())) == (255, 0 + 1 + 2 + 3 + 4 + 5)
    row, column = np.reshape(orientation, (2, 3))
    start = np.array([-20.0, -30.0, 40.0])
    wanted = [
        start + row * 0.7 * (3 + n) + column * 0.8 * 2 + np.cross(row, column) * 2.5 * k
        for k in range(6)
        for n in range(k)
    ]
    there = found.geometry.index_to_lps(np.argwhere(inside).astype(float))
    assert np.allclose(sorted(map(tuple, there)), sorted(map(tuple, wanted)), atol=1e-4)


def test_pictures_that_are_not_of_the_series(decoder: Decoder, tmp_path: Path) -> None:
    series = write_series(tmp_path / "ct", scan_voxels())
    with pytest.raises(Refused, match="5 pictures of labels lie beside 6 DICOM files"):
        pictured(decoder, tmp_path, series, 5)
    with pytest.raises(Refused, match="no grey picture of the size of its slice"):
        pictured(decoder, tmp_path, series, 6, side=1)
    (tmp_path / "0.png").write_bytes(b"no picture")
    image = decoder.series(series).volume
    with pytest.raises(Refused, match=r"0\.png is damaged or not a PNG file"):
        decoder.pictures([tmp_path / "0.png"] * 6, series, image.geometry)
