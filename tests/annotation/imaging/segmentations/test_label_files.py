"""NRRD and NIfTI in: layers, crops, other spaces, one-hot, a file for each, and headers that lie."""

from pathlib import Path
from typing import Any

import nibabel as nib
import nrrd
import numpy as np
import pytest
from numpy.typing import NDArray

from annotation.errors import Refused, TooLarge
from annotation.imaging.segmentations.layers import Reference
from annotation.imaging.segmentations.reading import read
from annotation.imaging.segmentations.seg_nrrd_writer import write as write_ours
from tests.annotation.imaging.segmentations.files import grid, masks, oblique

TERM = (
    "Segmentation.Status:inprogress|TerminologyEntry:Segmentation category and type - 3D Slicer General "
    "Anatomy list~SCT^123037004^Anatomical Structure~SCT^10200004^Liver~^^~Anatomic codes - DICOM master "
    "list~^^~^^|"
)


def header(space: str = "left-posterior-superior", signs: tuple[int, int, int] = (1, 1, 1)) -> dict[str, Any]:
    affine = grid(direction=oblique()).affine_lps()
    flip = np.array(signs)
    return {
        "space": space,
        "space directions": affine[:3, :3].T * flip,
        "space origin": affine[:3, 3] * flip,
        "kinds": ["domain"] * 3,
        "encoding": "gzip",
    }


def write(path: Path, voxels: NDArray[Any], fields: dict[str, Any]) -> Path:
    nrrd.write(str(path), voxels, fields, index_order="F")
    return path


REFERENCE = Reference(grid(direction=oblique()))


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1, 1)),
        ("right-anterior-superior", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
    ],
)
def test_a_plain_label_map_in_any_space(tmp_path: Path, space: str, signs: tuple[int, int, int]) -> None:
    labels = np.where(masks()["spleen"], 7, 0).astype(np.int16)
    found = read([write(tmp_path / "a.nrrd", labels, header(space, signs))], REFERENCE)
    assert [(one.name, one.number) for one in found.segments] == [("", 7)]
    assert np.array_equal(found.mask(found.segments[0]), masks()["spleen"])


def test_slicer_with_layers_colours_terms_and_a_cropped_extent(tmp_path: Path) -> None:
    """As Slicer crops to the common extent: the origin is that of the part."""
    truth = masks()
    layers = np.zeros((2, *grid().shape), np.uint8)
    layers[0][truth["liver"]] = 1
    layers[0][truth["spleen"] & ~truth["liver"]] = 5
    layers[1][truth["tumour"]] = 1
    part = layers[:, 2:18, 2:16, 1:8]
    geometry = grid(direction=oblique())
    fields = header() | {
        "space directions": np.vstack([np.full((1, 3), np.nan), header()["space directions"]]),
        "space origin": geometry.index_to_lps((2.0, 2.0, 1.0)),
        "kinds": ["list", "domain", "domain", "domain"],
        "Segmentation_ReferenceImageExtentOffset": "2 2 1",
    }
    for number, (name, value, layer) in enumerate([("Liver", 1, 0), ("Spleen", 5, 0), ("Tumour", 1, 1)]):
        fields |= {
            f"Segment{number}_ID": f"Segment_{number}",
            f"Segment{number}_Name": name,
            f"Segment{number}_LabelValue": str(value),
            f"Segment{number}_Layer": str(layer),
            f"Segment{number}_Color": "0.866667 0.509804 0.396078",
            f"Segment{number}_Tags": TERM,
        }
    found = read([write(tmp_path / "a.seg.nrrd", part, fields)], REFERENCE)
    assert [one.name for one in found.segments] == ["Liver", "Spleen", "Tumour"]
    liver, spleen, tumour = (found.mask(one) for one in found.segments)
    assert np.array_equal(liver, truth["liver"])
    assert np.array_equal(spleen, truth["spleen"] & ~truth["liver"])
    assert np.array_equal(tumour, truth["tumour"])
    first = found.segments[0]
    assert first.colour == "#dd8265"
    assert first.code is not None
    assert (first.code.scheme, first.code.value, first.code.meaning) == ("SCT", "10200004", "Liver")


def test_files_of_before_2020_have_a_layer_per_segment(tmp_path: Path) -> None:
    truth = masks()
    layers = np.stack([truth["liver"], truth["tumour"]]).astype(np.uint8)
    fields = header() | {
        "space directions": np.vstack([np.full((1, 3), np.nan), header()["space directions"]]),
        "kinds": ["list", "domain", "domain", "domain"],
        "Segment0_Name": "Liver",
        "Segment1_Name": "Tumour",
    }
    found = read([write(tmp_path / "a.seg.nrrd", layers, fields)], REFERENCE)
    assert [one.name for one in found.segments] == ["Liver", "Tumour"]
    assert np.array_equal(found.mask(found.segments[1]), truth["tumour"])


def test_bytes_in_another_file_are_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.nrrd"
    path.write_text(
        "NRRD0004\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 2 2\n"
        "space directions: (1,0,0) (0,1,0) (0,0,1)\nkinds: domain domain domain\nencoding: raw\n"
        "space origin: (0,0,0)\ndata file: /etc/passwd\n\n"
    )
    with pytest.raises(Refused, match="keeps its voxels in another file"):
        read([path], REFERENCE)


def test_headers_that_lie_are_refused(tmp_path: Path) -> None:
    labels = np.ones(grid().shape, np.uint8)
    no_space = {key: value for key, value in header().items() if not key.startswith("space")}
    with pytest.raises(Refused, match="does not say where it lies"):
        read([write(tmp_path / "a.nrrd", labels, no_space)], REFERENCE)
    with pytest.raises(Refused, match="values that are not whole numbers"):
        read([write(tmp_path / "b.nrrd", labels * 0.5, header())], REFERENCE)
    turned = header() | {"space directions": header()["space directions"] * 1.02}
    with pytest.raises(Refused, match="does not lie on the voxels of its scan"):
        read([write(tmp_path / "c.nrrd", labels, turned)], REFERENCE)
    bomb = tmp_path / "d.nrrd"
    whole = write(tmp_path / "e.nrrd", labels, header()).read_bytes()
    bomb.write_bytes(whole.replace(b"sizes: 20 18 9", b"sizes: 9000 9000 9000"))
    with pytest.raises(TooLarge, match="claims 9000 × 9000 × 9000"):
        read([bomb], REFERENCE)
    bomb.write_bytes(whole[:-20])
    with pytest.raises(Refused, match="is damaged or not an NRRD file"):
        read([bomb], REFERENCE)


def write_nifti(path: Path, voxels: NDArray[Any]) -> Path:
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ grid(direction=oblique()).affine_lps()
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    return path


def test_nifti_one_hot(tmp_path: Path) -> None:
    names = ("liver", "tumour", "nothing")
    hot = np.stack([masks()[name] for name in names], axis=-1).astype(np.uint8)
    found = read([write_nifti(tmp_path / "a.nii.gz", hot)], REFERENCE)
    assert [(one.name, one.number) for one in found.segments] == [("", 0), ("", 1), ("", 2)]
    for name, one in zip(names, found.segments, strict=True):
        assert np.array_equal(found.mask(one), masks()[name])


def test_nifti_with_shares_instead_of_masks_is_refused(tmp_path: Path) -> None:
    shares = np.random.default_rng(0).random((*grid().shape, 2)).astype(np.float32)
    with pytest.raises(Refused, match="is not a mask of one structure"):
        read([write_nifti(tmp_path / "a.nii.gz", shares)], REFERENCE)


def test_a_file_for_each_structure_whatever_way_its_axes_run(tmp_path: Path) -> None:
    liver = write_nifti(tmp_path / "liver.nii.gz", masks()["liver"].astype(np.uint8))
    turned = nib.as_closest_canonical(
        nib.load(write_nifti(tmp_path / "x.nii.gz", masks()["tumour"].astype(np.uint8)))
    )
    nib.save(turned, tmp_path / "tumour.nii.gz")
    empty = write_nifti(tmp_path / "nothing.nii.gz", np.zeros(grid().shape, np.uint8))
    found = read([liver, tmp_path / "tumour.nii.gz", empty], REFERENCE)
    assert [one.name for one in found.segments] == ["liver", "tumour", "nothing"]
    for one in found.segments:
        assert np.array_equal(found.mask(one), masks()[one.name]), one.name


def test_what_we_write_simpleitk_reads(tmp_path: Path) -> None:
    """An independent reader of the geometry, and Slicer's own (its files are NRRD by ITK)."""
    sitk: Any = pytest.importorskip("SimpleITK")
    labels = np.where(masks()["spleen"], 7, 0).astype(np.uint8)
    plain = read([write(tmp_path / "a.nrrd", labels, header())], REFERENCE)
    write_ours(tmp_path / "ours.seg.nrrd", plain)
    image = sitk.ReadImage(str(tmp_path / "ours.seg.nrrd"))
    assert np.array_equal(np.transpose(sitk.GetArrayFromImage(image)), plain.labels[0])
    affine = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    assert np.allclose(affine, REFERENCE.geometry.affine_lps()[:3, :3])
    assert np.allclose(image.GetOrigin(), REFERENCE.geometry.origin_lps)
    assert image.GetMetaData("Segment0_LabelValue") == "1"
