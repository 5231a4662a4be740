"""NRRD and MetaImage: the same voxels at the same places as ITK has them, or a sentence."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from annotation.errors import Refused
from annotation.imaging import formats, rasters
from annotation.imaging.findings import Cause, Rejected
from annotation.imaging.sandbox import Decoder
from tests.annotation.imaging.files import scan_voxels

ITK: Any = SimpleITK  # has no types

TURNED = (0.0, 0.0, 1.0, -0.9659258263, 0.2588190451, 0.0, -0.2588190451, -0.9659258263, 0.0)
STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as one:
        yield one


def _image(direction: tuple[float, ...] = TURNED, voxels: Any = None) -> Any:
    values = scan_voxels(7, (9, 8, 5)) if voxels is None else voxels
    image = ITK.GetImageFromArray(np.transpose(values))
    image.SetSpacing((0.7, 1.1, 2.5))
    image.SetOrigin((-30.5, 12.25, 100.0))
    image.SetDirection(direction)
    return image


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha", "a.mhd"])
@pytest.mark.parametrize("direction", [STRAIGHT, TURNED])
@pytest.mark.parametrize("packed", [False, True])
def test_every_voxel_is_where_itk_puts_it(
    tmp_path: Path, decoder: Decoder, name: str, direction: tuple[float, ...], packed: bool
) -> None:
    path, theirs = tmp_path / name, _image(direction)
    ITK.WriteImage(theirs, str(path), packed)
    ours = decoder.image(path)
    assert ours.voxels.size == np.prod(theirs.GetSize())
    for ijk in np.ndindex(*ours.voxels.shape):
        point = ours.geometry.index_to_lps(np.array(ijk))
        assert theirs[theirs.TransformPhysicalPointToIndex(point)] == ours.voxels[ijk]


NRRD_HEADER = """NRRD0005
type: {type}
dimension: 3
space: {space}
sizes: 9 8 5
space directions: ({d}0.7,0,0) (0,{d}1.1,0) (0,0,2.5)
kinds: domain domain domain
endian: little
encoding: raw
space origin: ({d}3,{d}4,5)

"""


@pytest.mark.parametrize(
    ("space", "sign"), [("left-posterior-superior", ""), ("right-anterior-superior", "-"), ("RAS", "-")]
)
def test_nrrd_is_turned_from_the_space_that_it_names(tmp_path: Path, space: str, sign: str) -> None:
    voxels = scan_voxels(3, (9, 8, 5))
    path = tmp_path / "a.nrrd"
    header = NRRD_HEADER.format(type="short", space=space, d=sign)
    path.write_bytes(header.encode() + np.asfortranarray(voxels).astype("<i2").tobytes(order="F"))
    found = rasters.read_image(path)
    assert np.array_equal(found.voxels, voxels)
    assert found.geometry.spacing_mm == (0.7, 1.1, 2.5)
    assert found.geometry.origin_lps == (3.0, 4.0, 5.0)


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha"])
def test_label_maps_and_their_grid(tmp_path: Path, name: str) -> None:
    labels = np.random.default_rng(1).integers(0, 4, (9, 8, 5)).astype(np.uint8)
    ITK.WriteImage(_image(STRAIGHT, labels), str(tmp_path / name))
    assert np.array_equal(formats.read_labels(tmp_path / name).voxels, labels)
    found = formats.inspect(tmp_path / name, with_values=True)
    assert (found.shape, found.values) == ((9, 8, 5), (1, 2, 3))
    ITK.WriteImage(_image(STRAIGHT, labels), str(tmp_path / "same.nii.gz"))
    assert found.same_grid(formats.inspect(tmp_path / "same.nii.gz", with_values=False))
    image = formats.inspect(_written(tmp_path / f"ct-{name}"), with_values=True)
    assert image.values is None


def _written(path: Path) -> Path:
    ITK.WriteImage(_image(STRAIGHT), str(path))
    return path


def _nrrd(**changed: str) -> bytes:
    lines = NRRD_HEADER.format(type="short", space="left-posterior-superior", d="").split("\n")
    for key, value in changed.items():
        name = key.replace("_", " ")
        lines = [f"{name}: {value}" if line.startswith(f"{name}:") else line for line in lines]
        lines = [line for line in lines if line != f"{name}: "]
    return "\n".join(lines).encode() + scan_voxels(3, (9, 8, 5)).tobytes()


NRRD_REFUSED: list[tuple[bytes, Cause]] = [
    (b"", Cause.DAMAGED),
    (b"no header", Cause.DAMAGED),
    (_nrrd()[:-100], Cause.DAMAGED),
    (_nrrd(space=""), Cause.NO_POSITION),
    (_nrrd(space="scanner-xyz"), Cause.NO_POSITION),
    (_nrrd(space_directions="(0,0,0) (0,1,0) (0,0,1)"), Cause.NO_POSITION),
    (_nrrd(space_origin="(nan,0,0)"), Cause.NO_POSITION),
    (_nrrd(space_directions=""), Cause.NO_POSITION),
    (_nrrd(sizes="9 8 5 1", dimension="4"), Cause.NOT_GREY),
    (_nrrd(sizes="30000 30000 30000"), Cause.TOO_LARGE),
    (_nrrd(type="block"), Cause.NOT_GREY),
    (_nrrd().replace(b"encoding: raw", b"encoding: raw\ndata file: other.raw"), Cause.DETACHED),
    (_nrrd().replace(b"encoding: raw", b"encoding: raw\ndata file: /etc/passwd"), Cause.DETACHED),
    (_nrrd().replace(b"encoding: raw", b"encoding: raw\ndatafile: LIST"), Cause.DETACHED),
]


@pytest.mark.parametrize(("content", "cause"), NRRD_REFUSED)
def test_nrrd_that_cannot_be_placed_or_read_is_refused(
    tmp_path: Path, decoder: Decoder, content: bytes, cause: Cause
) -> None:
    (tmp_path / "other.raw").write_bytes(bytes(9 * 8 * 5 * 2))
    (tmp_path / "a.nrrd").write_bytes(content)
    _check_refused(decoder, tmp_path / "a.nrrd", cause)


def _check_refused(decoder: Decoder, path: Path, cause: Cause) -> None:
    with pytest.raises(Refused) as refusal:
        decoder.image(path)
    expected = refusal.value.cause if isinstance(refusal.value, Rejected) else Cause.TOO_LARGE
    assert (expected, refusal.value.sentence.endswith(".")) == (cause, True)
    assert str(path.parent) not in refusal.value.sentence


def _meta(**changed: str | None) -> bytes:
    fields: dict[str, str | None] = {
        "ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
        "TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "1 2 3", "ElementSpacing": "0.7 1.1 2.5",
        "DimSize": "9 8 5", "ElementType": "MET_SHORT", "ElementDataFile": "LOCAL",
    }  # fmt: skip
    fields |= changed
    fields["ElementDataFile"] = fields.pop("ElementDataFile")  # nothing behind it is read
    lines = [f"{key} = {value}\n" for key, value in fields.items() if value is not None]
    return "".join(lines).encode() + np.transpose(scan_voxels(3, (9, 8, 5))).tobytes()


META_REFUSED: list[tuple[bytes, Cause]] = [
    (b"", Cause.DAMAGED),
    (_meta()[:-100], Cause.DAMAGED),
    (_meta(TransformMatrix=None), Cause.NO_POSITION),
    (_meta(Offset=None), Cause.NO_POSITION),
    (_meta(ElementSpacing=None), Cause.NO_POSITION),
    (_meta(ElementSpacing="0 1 1"), Cause.NO_POSITION),
    (_meta(TransformMatrix="1 0 0 1 0 0 0 0 1"), Cause.NO_POSITION),
    (_meta(DimSize="9 8"), Cause.NOT_GREY),
    (_meta(ElementNumberOfChannels="3"), Cause.NOT_GREY),
    (_meta(ElementType="MET_OTHER"), Cause.NOT_GREY),
    (_meta(DimSize="30000 30000 30000"), Cause.TOO_LARGE),
    (_meta(DimSize="-9 8 5"), Cause.UNUSABLE),
    (_meta(ElementDataFile="/etc/passwd"), Cause.DETACHED),
    (_meta(ElementDataFile="../other.raw"), Cause.DETACHED),
    (_meta(ElementDataFile="LIST"), Cause.DETACHED),
    (_meta(ElementDataFile="slice%03d.raw 1 5 1"), Cause.DETACHED),
    (_meta(ElementDataFile="short.raw"), Cause.DAMAGED),
    (_meta(ElementDataFile="link.raw"), Cause.DETACHED),
]


@pytest.mark.parametrize(("content", "cause"), META_REFUSED)
def test_metaimages_that_cannot_be_placed_or_read_are_refused(
    tmp_path: Path, decoder: Decoder, content: bytes, cause: Cause
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "other.raw").write_bytes(bytes(9 * 8 * 5 * 2))
    (folder / "short.raw").write_bytes(bytes(9))
    (folder / "link.raw").symlink_to(tmp_path / "other.raw")
    (folder / "a.mha").write_bytes(content)
    _check_refused(decoder, folder / "a.mha", cause)


def test_written_by_hand_both_formats_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.mha").write_bytes(_meta())
    (tmp_path / "a.nrrd").write_bytes(_nrrd())
    found = rasters.read_image(tmp_path / "a.mha")
    assert found.geometry.origin_lps == (1.0, 2.0, 3.0)
    assert np.array_equal(found.voxels, scan_voxels(3, (9, 8, 5)))
    assert rasters.read_image(tmp_path / "a.nrrd").voxels.shape == (9, 8, 5)
