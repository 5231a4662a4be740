"""Labels in every form that the field uses, through the import: equal to what was drawn, voxel for voxel."""

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import nrrd
import numpy as np
import pytest
from django.contrib.auth.models import User
from numpy.typing import NDArray

from annotation import chunks, ingest, recipes
from annotation.errors import Refused
from annotation.imaging.findings import Outcome
from annotation.models import Case, ExportFormat, Project, SchemaStructure
from tests.annotation.exports.scene import export
from tests.annotation.imaging.segmentations.files import SHAPE, grid, series, write_rtstruct
from training.volume import Geometry, Volume, write_nifti

pytestmark = pytest.mark.django_db

Mask = NDArray[np.bool_]
NAMES = ("liver", "tumour", "spleen")


@pytest.fixture
def new() -> Project:
    return Project.objects.create(name="New")


def masks() -> dict[str, Mask]:
    """A liver with a tumour at its rim, on two layers, and a spleen by itself."""
    found = {name: np.zeros(SHAPE, bool) for name in NAMES}
    found["liver"][3:12, 4:13, 1:7] = True
    found["tumour"][8:15, 6:11, 3:6] = True
    found["spleen"][15:19, 1:16, 2:8] = np.random.default_rng(0).random((4, 15, 6)) < 0.4
    return found


def scan(folder: Path, seed: int = 0, name: str = "ct.nii.gz") -> Volume:
    image = Volume(np.random.default_rng(seed).integers(-1000, 1500, SHAPE).astype(np.int16), grid())
    folder.mkdir(parents=True, exist_ok=True)
    write_nifti(folder / name, image)
    return image


def write_mask(path: Path, mask: Mask, geometry: Geometry | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_nifti(path, Volume(mask.astype(np.uint8), geometry or grid()))


def drawn(case: Case) -> dict[str, Mask]:
    """What was looked at, by structure."""
    revision = case.accepted_revision
    assert revision is not None
    labels = chunks.read_layers(revision.mask, revision.number)
    entries = SchemaStructure.objects.filter(schema__project=case.project).select_related("structure")
    looked_at = set(revision.mask.annotated)
    return {
        one.structure.key: labels[one.layer] == one.value for one in entries if one.structure.key in looked_at
    }


def assert_drawn(case: Case, wanted: dict[str, Mask]) -> None:
    found = drawn(case)
    assert set(found) == set(wanted)
    for name, mask in wanted.items():
        assert np.array_equal(found[name], mask), name


def test_one_file_per_structure_in_a_folder_beside_the_scan(new: Project, tmp_path: Path) -> None:
    for at, case in enumerate(("s1", "s2")):
        scan(tmp_path / case, at)
        for name, mask in masks().items():
            if (case, name) != ("s2", "spleen"):
                write_mask(tmp_path / case / "segmentations" / f"{name}.nii.gz", mask & (name != "tumour"))
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert report.refused == []
    nothing = np.zeros(SHAPE, bool)
    first = {"liver": masks()["liver"], "tumour": nothing, "spleen": masks()["spleen"]}
    assert_drawn(new.cases.get(name="s1"), first)
    # A missing file was not drawn; an empty one was looked at.
    assert_drawn(new.cases.get(name="s2"), {"liver": masks()["liver"], "tumour": nothing})
    sources = [one.source for one in report.findings]
    assert sources.count("liver.nii.gz and 2 more") == 1


def test_folders_of_masks_called_like_their_scan(new: Project, tmp_path: Path) -> None:
    for at, case in enumerate(("p1", "p2")):
        scan(tmp_path / "images", at, f"{case}.nii.gz")
        write_mask(tmp_path / "masks" / case / "spleen.nii.gz", np.roll(masks()["spleen"], at, axis=2))
        write_mask(tmp_path / "masks" / case / "liver.nii.gz", masks()["liver"])
    ingest.import_folder(project=new, folder=tmp_path)
    for at, case in enumerate(("p1", "p2")):
        wanted = {"liver": masks()["liver"], "spleen": np.roll(masks()["spleen"], at, axis=2)}
        assert_drawn(new.cases.get(name=case), wanted)


@pytest.mark.parametrize("background", [False, True])
def test_four_axes_with_one_volume_per_structure(new: Project, tmp_path: Path, background: bool) -> None:
    scan(tmp_path, name="p_ct.nii.gz")
    found = [masks()[name] for name in NAMES]
    volumes = [~np.any(found, axis=0), *found] if background else found
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ grid().affine_lps()
    image = nib.Nifti1Image(np.stack(volumes, axis=-1).astype(np.uint8), affine)
    nib.save(image, tmp_path / "p_seg.nii.gz")
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert "nothing names them" in report.refused[0].sentence
    (tmp_path / "labels.json").write_text(json.dumps({str(n): name for n, name in enumerate(NAMES, 1)}))
    again = Project.objects.create(name="Again")
    report = ingest.import_folder(project=again, folder=tmp_path)
    assert report.refused == []
    assert_drawn(again.cases.get(), masks())
    (tmp_path / "labels.json").write_text('{"1": "liver", "9": "spleen"}')
    report = ingest.import_folder(project=Project.objects.create(name="Odd"), folder=tmp_path)
    assert "the last of its names is for 9" in report.refused[0].sentence


def write_seg_nrrd(path: Path, corner: tuple[int, int, int] = (0, 0, 0)) -> None:
    """Three segments in two layers, as Slicer saves them, cut to a part of the scan."""
    wanted = masks()
    layers = np.stack([wanted["liver"] * 1 + wanted["spleen"] * 2, wanted["tumour"] * 1]).astype(np.uint8)
    i, j, k = corner
    affine = grid().affine_lps()
    header: dict[str, Any] = {
        "space": "left-posterior-superior",
        "space directions": np.vstack([[np.nan] * 3, affine[:3, :3].T]),
        "space origin": grid().index_to_lps((float(i), float(j), float(k))),
        "kinds": ["list", "domain", "domain", "domain"],
    }
    for at, (name, layer, value) in enumerate((("liver", 0, 1), ("spleen", 0, 2), ("tumour", 1, 1))):
        header |= {
            f"Segment{at}_ID": f"s{at}",
            f"Segment{at}_Name": name,
            f"Segment{at}_Layer": str(layer),
            f"Segment{at}_LabelValue": str(value),
        }
    nrrd.write(str(path), layers[:, i:, j:, k:], header)


def test_slicers_segments_with_layers_cut_to_what_was_drawn(new: Project, tmp_path: Path) -> None:
    scan(tmp_path, name="p.nii.gz")
    corner = tuple(int(n) for n in np.argwhere(np.any(list(masks().values()), axis=0)).min(axis=0))
    write_seg_nrrd(tmp_path / "p.seg.nrrd", (corner[0], corner[1], corner[2]))
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert report.refused == []
    assert_drawn(new.cases.get(), masks())


def test_a_label_map_in_nrrd(new: Project, tmp_path: Path) -> None:
    scan(tmp_path, name="p.nii.gz")
    labels = (masks()["liver"] * 1 + masks()["spleen"] * 2).astype(np.uint8)
    header = {
        "space": "left-posterior-superior",
        "space directions": grid().affine_lps()[:3, :3].T,
        "space origin": grid().origin_lps,
    }
    nrrd.write(str(tmp_path / "p_label.nrrd"), labels, header)
    (tmp_path / "labels.json").write_text('{"1": "liver", "2": "spleen", "3": "kidney_left"}')
    ingest.import_folder(project=new, folder=tmp_path)
    wanted = {"liver": masks()["liver"], "spleen": masks()["spleen"], "kidney_left": np.zeros(SHAPE, bool)}
    assert_drawn(new.cases.get(), wanted)


def turned(mask: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The same in space with other axes, as another program stores it; RAS affine."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ grid().affine_lps()
    flip = np.eye(4)
    flip[0, 0], flip[0, 3] = -1, mask.shape[0] - 1
    swap = np.eye(4)[:, [2, 1, 0, 3]]
    return np.swapaxes(mask[::-1], 0, 2), affine @ flip @ swap


def test_a_label_map_beside_a_dicom_series_however_it_is_turned(new: Project, tmp_path: Path) -> None:
    series(tmp_path / "a" / "dicom", grid())
    labels, affine = turned((masks()["liver"] * 1 + masks()["spleen"] * 2).astype(np.uint8))
    (tmp_path / "a" / "nifti").mkdir()
    nib.save(nib.Nifti1Image(labels, affine), tmp_path / "a" / "nifti" / "labels.nii.gz")
    names = {"1": "liver", "2": "spleen", "3": "kidney_left"}
    (tmp_path / "a" / "nifti" / "labels.json").write_text(json.dumps(names))
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert report.refused == []
    wanted = {"liver": masks()["liver"], "spleen": masks()["spleen"], "kidney_left": np.zeros(SHAPE, bool)}
    assert_drawn(new.cases.get(), wanted)


def test_masks_beside_the_one_of_two_series_that_they_lie_with(new: Project, tmp_path: Path) -> None:
    series(tmp_path / "a" / "ct", grid())
    series(tmp_path / "b" / "ct", grid(shape=(20, 18, 7)))
    for name in ("liver", "spleen"):
        write_mask(tmp_path / "a" / "masks" / f"{name}.nii.gz", masks()[name])
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert report.refused == []
    assert_drawn(
        new.cases.get(accepted_revision__isnull=False), {name: masks()[name] for name in ("liver", "spleen")}
    )


def test_a_saved_recipe_names_contours_segments_and_label_maps(
    new: Project, lea: User, tmp_path: Path
) -> None:
    _, images, _ = series(tmp_path / "contours" / "ct", grid())
    corners = np.array([[2.5, 1.5, 3], [6.5, 1.5, 3], [6.5, 8.5, 3], [2.5, 8.5, 3]])
    inner = np.array([[3.5, 2.5, 3], [5.5, 2.5, 3], [5.5, 5.5, 3], [3.5, 5.5, 3]])
    points = {name: [grid().index_to_lps(at)] for name, at in (("Leber", corners), ("GTV-1", inner))}
    points["Milz"] = []
    write_rtstruct(tmp_path / "contours" / "rs.dcm", points, images[0])
    series(tmp_path / "map" / "ct", grid(shape=(20, 18, 7)))
    write_mask(tmp_path / "map" / "x_seg.nii.gz", masks()["liver"][:, :, :7], grid(shape=(20, 18, 7)))
    content = {
        "format": 1,
        "key": "ours",
        "title": "Ours",
        "labels": {"1": "liver"},
        "files": {"Leber": "liver", "GTV 1": "liver_tumor", "Milz": "spleen"},
        "layers": {"liver_tumor": 1},
    }
    recipes.save_recipe(project=new, author=lea, name="Ours", content=content)
    report = ingest.import_folder(project=new, folder=tmp_path, recipe="Ours")
    assert report.refused == []
    by_shape = {case.volume.shape[2]: case for case in new.cases.select_related("volume")}
    assert all(case.name.startswith("patient ") for case in by_shape.values())
    found = drawn(by_shape[SHAPE[2]])
    assert {key: int(mask.sum()) for key, mask in found.items()} == {"liver": 28, "liver_tumor": 6}
    # The label map says nothing about tumours: unknown, not absent.
    assert_drawn(by_shape[7], {"liver": masks()["liver"][:, :, :7]})


def test_label_maps_called_like_the_folders_of_their_series(new: Project, tmp_path: Path) -> None:
    series(tmp_path / "dicom" / "p1", grid())
    series(tmp_path / "dicom" / "p2", grid(shape=(20, 18, 7)))
    write_mask(tmp_path / "labels" / "p1.nii.gz", masks()["liver"])
    other = grid(shape=(20, 18, 7))
    write_mask(tmp_path / "labels" / "p2.nii.gz", masks()["liver"][:, :, :7], other)
    (tmp_path / "labels" / "labels.json").write_text('{"1": "liver"}')
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert report.refused == []
    wanted = {9: masks()["liver"], 7: masks()["liver"][:, :, :7]}
    for case in new.cases.select_related("volume"):
        assert_drawn(case, {"liver": wanted[case.volume.shape[2]]})


def test_several_masks_are_no_label_maps_whatever_a_table_says(new: Project, tmp_path: Path) -> None:
    scan(tmp_path / "s1")
    (tmp_path / "labels.json").write_text('{"1": "aorta"}')
    for name in ("liver", "spleen"):
        write_mask(tmp_path / "s1" / "segmentations" / f"{name}.nii.gz", masks()[name])
    ingest.import_folder(project=new, folder=tmp_path)
    assert_drawn(new.cases.get(), {name: masks()[name] for name in ("liver", "spleen")})


def test_labels_that_do_not_fit_the_series_are_refused_and_the_scan_is_not(
    new: Project, tmp_path: Path
) -> None:
    series(tmp_path / "ct", grid())
    moved = Geometry(SHAPE, (0.8, 0.7, 2.5), (-12.1, 30.25, -101.5), grid().direction)
    write_mask(tmp_path / "x_seg.nii.gz", masks()["liver"], moved)
    (tmp_path / "labels.json").write_text('{"1": "liver"}')
    report = ingest.import_folder(project=new, folder=tmp_path)
    ((file, sentence),) = [(one.file, one.sentence) for one in report.refused]
    assert (file, "does not lie on the voxels of its scan" in sentence) == ("x_seg.nii.gz", True)
    assert new.cases.get().accepted_revision is None


def test_a_label_map_that_two_series_may_be_of_is_refused(new: Project, tmp_path: Path) -> None:
    series(tmp_path / "a", grid())
    series(tmp_path / "b", grid(shape=(20, 18, 7)))
    write_mask(tmp_path / "labels" / "x_seg.nii.gz", masks()["liver"])
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert [one.sentence for one in report.refused] == [
        "2 DICOM series may be the scan of x_seg.nii.gz; put it into the folder of its own."
    ]
    assert new.cases.count() == 2


def test_swapped_sides_are_told_and_never_turned(new: Project, tmp_path: Path) -> None:
    shape = (64, 48, 40)
    straight = Geometry(shape, (3.0, 3.0, 3.0), (-96.0, -72.0, -60.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    image = Volume(np.random.default_rng(5).integers(-1000, 1500, shape).astype(np.int16), straight)
    write_nifti(tmp_path / "p_ct.nii.gz", image)
    labels = np.zeros(shape, np.uint8)
    labels[44:52, 30:36, 18:24] = 1  # on the patient's left, called right
    labels[12:20, 30:36, 18:24] = 2
    labels[10:30, 10:30, 26:36] = 3  # liver, where it belongs
    labels[46:56, 20:30, 28:36] = 4
    write_nifti(tmp_path / "p_seg.nii.gz", Volume(labels, straight))
    names = {"1": "kidney_right", "2": "kidney_left", "3": "liver", "4": "spleen"}
    (tmp_path / "labels.json").write_text(json.dumps(names))
    report = ingest.import_folder(project=new, folder=tmp_path)
    finding = report.findings[-1]
    assert (finding.outcome, finding.cause) == (Outcome.WARNED, "anatomy")
    assert finding.message.startswith("Left and right seem swapped in the label map")
    case = new.cases.select_related("volume").get()
    assert case.volume.marks[0]["cause"] == "anatomy"
    assert np.array_equal(drawn(case)["kidney_right"], labels == 1)


def test_looking_stores_nothing_and_names_what_would_come(project: Project, tmp_path: Path) -> None:
    for at, case in enumerate(("s1", "s2")):
        scan(tmp_path / case, at)
        for name in NAMES[: 3 - at]:
            write_mask(tmp_path / case / "segmentations" / f"{name} x.nii.gz", masks()[name])
    seen = ingest.look([tmp_path], project)
    assert (seen.recognised, seen.scans, seen.delineated) == (None, 2, 2)
    assert [(one.name, one.value, one.files) for one in seen.names] == [
        ("liver x", None, 2),
        ("spleen x", None, 1),
        ("tumour x", None, 2),
    ]
    assert seen.names[0].proposal.candidates[0].key == "liver"
    assert json.loads(json.dumps(seen.as_json()))["names"][0]["proposal"]["label"] == "liver x"
    assert not project.cases.exists()
    (tmp_path / "nothing").mkdir()
    with pytest.raises(Refused, match="No scan was found"):
        ingest.look([tmp_path / "nothing"], project)


def test_looking_at_label_maps_segments_and_contours(project: Project, tmp_path: Path) -> None:
    scan(tmp_path, name="p_ct.nii.gz")
    write_mask(tmp_path / "p_seg.nii.gz", masks()["liver"])
    seen = ingest.look([tmp_path], project)
    assert [(one.name, one.value) for one in seen.names] == [("", 1)]
    (tmp_path / "labels.json").write_text('{"1": "Leber", "2": "spleen"}')
    seen = ingest.look([tmp_path], project)
    assert [(one.name, one.value) for one in seen.names] == [("Leber", 1)]
    (tmp_path / "p_seg.nii.gz").unlink()
    write_seg_nrrd(tmp_path / "p.seg.nrrd")
    seen = ingest.look([tmp_path], project)
    assert [(one.name, one.value) for one in seen.names] == [(name, None) for name in sorted(NAMES)]


def test_looking_at_a_public_data_set_tells_its_licence(project: Project, tmp_path: Path) -> None:
    root = tmp_path / "Task09_Spleen"
    scan(root / "imagesTr", name="spleen_2.nii.gz")
    write_mask(root / "labelsTr" / "spleen_2.nii.gz", masks()["spleen"])
    seen = ingest.look([tmp_path], project)
    assert seen.recognised is not None
    assert (seen.recognised.key, seen.recognised.licence) == ("msd-spleen", "CC BY-SA 4.0")
    assert (seen.recognised.cases, seen.recognised.labelled, seen.names) == (1, 1, ())
    by_names = ingest.look([tmp_path], project, by_names=True)
    assert (by_names.recognised, [(one.value, one.files) for one in by_names.names]) == (None, [(1, 1)])
    out = tmp_path / "out"
    new = Project.objects.create(name="New")
    ingest.import_folder(project=new, folder=root)
    assert export_sources(new, out) == [
        {
            "title": "MSD Task09_Spleen",
            "licence": "CC BY-SA 4.0",
            "citation": "Antonelli et al., Nat Commun 2022;13:4128",
            "non_commercial": False,
            "no_derivatives": False,
            "cases": [1],
        }
    ]


def export_sources(project: Project, out: Path) -> Any:
    out.mkdir()
    return export(project, out, ExportFormat.NIFTI)["sources"]
