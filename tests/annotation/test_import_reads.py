"""Delineations that readers made elsewhere: which file is whose, what they become, what they agree on."""

import csv
import io
import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from numpy.typing import NDArray

from annotation import catalogue, chunks, dashboards, ingest
from annotation.errors import Refused
from annotation.imaging.drawings import find_drawings
from annotation.imaging.packed import pack, shared_voxels
from annotation.models import (
    NO_IMAGE,
    AgreementScore,
    Assignment,
    AssignmentState,
    CaseState,
    Membership,
    Offer,
    Project,
    Role,
    SchemaStructure,
    StartFrom,
)
from tests.annotation.agreement.world import work

SHAPE = (24, 20, 16)
SPACING = (1.5, 1.5, 2.0)
Mask = NDArray[np.uint8]


def cube(first: int, last: int) -> Mask:
    mask = np.zeros(SHAPE, np.uint8)
    mask[first:last, first:last, 4:10] = 1
    return mask


def write(path: Path, mask: NDArray[np.integer], *, spacing: tuple[float, float, float] = SPACING) -> None:
    """A mask in LPS: NRRD by SimpleITK, or NIfTI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".nrrd":
        image: Any = SimpleITK.GetImageFromArray(mask.T)
        image.SetSpacing(spacing)
        SimpleITK.WriteImage(image, str(path), useCompression=True)
    else:
        nib.save(nib.Nifti1Image(mask, np.diag([-spacing[0], -spacing[1], spacing[2], 1])), path)


@pytest.fixture
def two_readers(tmp_path: Path) -> Path:
    """Two cases by anna and bert: the canal, the cord in it, and a mandible that bert found nothing of."""
    root = tmp_path / "study"
    for case in ("p1", "p2"):
        for reader, last in (("anna", 12), ("bert", 11)):
            folder = root / case / reader / "segmentations"
            write(folder / "Spinal-Canal.nrrd", cube(4, last))
            write(folder / "Spinal-Cord.nii.gz", cube(6, last - 2))
            write(folder / "Mandible.nrrd", cube(14, 18) if reader == "anna" else cube(0, 0))
    return root


@pytest.fixture
def study(db: None) -> Project:
    return Project.objects.create(name="Study")


# ── Whose is which file? ─────────────────────────────────────────────────────


def test_case_and_reader_in_either_order(two_readers: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned"
    for file in two_readers.rglob("*.*"):
        case, reader, _, name = file.relative_to(two_readers).parts
        (turned / reader / case).mkdir(parents=True, exist_ok=True)
        (turned / reader / case / name).write_bytes(file.read_bytes())
    for folder in (two_readers, turned):
        # As many cases as readers: nobody can tell them apart by their number.
        with pytest.raises(Refused, match="the readers, or "):
            find_drawings(folder)
        found = find_drawings(folder, ["anna", "bert"])
        assert [(one.case, one.reader, len(one.masks)) for one in found.drawings] == [
            *(("p1", "anna", 3), ("p1", "bert", 3), ("p2", "anna", 3), ("p2", "bert", 3)),
        ]
    for reader in ("anna", "bert"):
        write(two_readers / "p3" / reader / "Spinal-Cord.nrrd", cube(4, 8))
    assert {one.reader for one in find_drawings(two_readers).drawings} == {"anna", "bert"}


def test_bits_and_label_maps_take_their_names_from_json(tmp_path: Path) -> None:
    (tmp_path / "organs.json").write_text(json.dumps(["Brain", "Mandible"]))
    (tmp_path / "p2").mkdir()
    (tmp_path / "p2" / "labels.json").write_text(json.dumps({"7": "Brain"}))
    for reader in ("anna", "bert"):
        write(tmp_path / "p1" / f"{reader}.bits.nii.gz", cube(2, 6).astype(np.uint16) * 3)
        write(tmp_path / "p2" / f"{reader}.nii.gz", cube(2, 6) * 7)
        write(tmp_path / "p3" / f"{reader}.bits.nii.gz", cube(2, 6).astype(np.uint16))
    found = find_drawings(tmp_path).drawings
    assert [one.names for one in found if one.reader == "anna"] == [
        *(((0, "Brain"), (1, "Mandible")), ((7, "Brain"),), ((0, "Brain"), (1, "Mandible")))
    ]
    (tmp_path / "organs.json").unlink()
    with pytest.raises(Refused, match="one structure per bit, but nothing names them"):
        find_drawings(tmp_path)


def test_of_two_delineations_by_one_reader_the_higher_one_counts(two_readers: Path) -> None:
    write(two_readers / "old" / "2019" / "p1" / "anna" / "Mandible.nrrd", cube(2, 4))
    found = find_drawings(two_readers, ["anna", "bert"])
    assert len(found.drawings) == 4
    assert len(found.drawings[0].masks) == 3
    assert found.notes == ("p1 by anna is there more than once: what lies in old/2019/p1/anna was left out.",)


@pytest.mark.parametrize("readers", [[], ["nobody"]])
def test_a_folder_without_readers(tmp_path: Path, readers: list[str]) -> None:
    (tmp_path / "note.txt").write_text("nothing")
    with pytest.raises(Refused, match="holds no delineations"):
        find_drawings(tmp_path, readers)


# ── Masks in little memory ───────────────────────────────────────────────────


def test_packing_keeps_every_voxel() -> None:
    rng = np.random.default_rng(0)
    mask = np.zeros(SHAPE, bool)
    mask[3:11, 5:9, 2:15] = rng.random((8, 4, 13)) < 0.5
    packed = pack(mask)
    assert packed.box is not None
    back = np.zeros(SHAPE, bool)
    back[packed.box] = packed.voxels()
    assert np.array_equal(back, mask)
    assert pack(np.zeros(SHAPE, bool)).box is None


def test_shared_voxels_are_found_and_touching_boxes_are_not_shared() -> None:
    corner, other = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    corner[2:8, 2:8, 2:8] = True
    other[7:10, 7:10, 7:10] = True
    masks = {"a": pack(corner), "b": pack(other), "c": pack(corner & ~other)}
    assert set(shared_voxels(masks)) == {frozenset("ab"), frozenset("ac")}
    assert not set(shared_voxels({"b": masks["b"], "c": masks["c"], "d": pack(np.zeros(SHAPE, bool))}))


# ── What they become ─────────────────────────────────────────────────────────


def test_reads_of_cases_without_an_image(study: Project, two_readers: Path) -> None:
    report = ingest.import_reads(project=study, folder=two_readers, readers=["anna", "bert"])
    assert report.lines() == ["4 reads of 2 cases imported."]
    case = study.cases.get(name="p1")
    assert case.volume.modality == NO_IMAGE
    assert case.volume.spacing_mm == list(SPACING)
    assert (case.offer, case.state) == (Offer.NOTHING, CaseState.WAITING)
    assert case.calibration.start_from == StartFrom.SCRATCH
    reads = Assignment.objects.filter(case=case).order_by("reader__username")
    assert [(read.reader.username, read.state) for read in reads] == [
        *(("anna", AssignmentState.DONE), ("bert", AssignmentState.DONE))
    ]
    entries = {one.structure.key: one for one in SchemaStructure.objects.filter(schema__project=study)}
    assert entries["spinal_cord"].layer != entries["spinal_canal"].layer
    for read, last in zip(reads, (12, 11), strict=True):
        layers = chunks.read_layers(read.mask)
        for key, mask in (("spinal_canal", cube(4, last)), ("spinal_cord", cube(6, last - 2))):
            assert np.array_equal(layers[entries[key].layer] == entries[key].value, mask == 1)
        assert read.mask.annotated == ["mandible", "spinal_canal", "spinal_cord"]
    outside = Membership.objects.filter(project=study).select_related("user")
    assert [(one.active, one.user.is_active, one.user.has_usable_password()) for one in outside] == [
        *((False, False, False), (False, False, False))
    ]


def test_they_are_compared_and_a_second_import_changes_nothing(study: Project, two_readers: Path) -> None:
    ingest.import_reads(project=study, folder=two_readers, readers=["anna", "bert"])
    work(study)
    scores = AgreementScore.objects.filter(case__name="p1").select_related("group")
    found = {one.group.structure: one for one in scores}
    assert found["spinal_canal"].dice == pytest.approx(2 * 7**2 / (8**2 + 7**2))
    assert (found["mandible"].dice, found["mandible"].hd95_mm, found["mandible"].undefined) == (
        *(0.0, None, "b_empty"),
    )
    again = ingest.import_reads(project=study, folder=two_readers, readers=["anna", "bert"])
    assert again.lines() == ["0 reads of 0 cases imported. 4 were there already."]
    work(study)
    assert AgreementScore.objects.count() == 6


def test_a_third_reader_joins_the_cases(study: Project, two_readers: Path, tmp_path: Path) -> None:
    ingest.import_reads(project=study, folder=two_readers, readers=["anna", "bert"])
    write(tmp_path / "more" / "p1" / "cleo" / "Spinal-Canal.nrrd", cube(4, 10))
    write(tmp_path / "more" / "p1" / "cleo" / "Larynx.nrrd", cube(4, 10))
    report = ingest.import_reads(project=study, folder=tmp_path / "more", readers=["cleo"])
    assert report.lines() == [
        "1 reads of 1 cases imported.",
        "Structures that the project does not have were left out: Larynx.",
    ]
    assert study.cases.count() == 2
    assert study.cases.get(name="p1").assignments.count() == 3


def test_masks_on_different_grids_are_refused_with_their_case(study: Project, two_readers: Path) -> None:
    write(two_readers / "p1" / "bert" / "segmentations" / "Mandible.nrrd", cube(2, 6), spacing=(1, 1, 1))
    for name in ("Spinal-Canal.nrrd", "Spinal-Cord.nii.gz", "Mandible.nrrd"):
        write(two_readers / "p2" / "bert" / "segmentations" / name, cube(4, 9), spacing=(1, 1, 1))
    report = ingest.import_reads(project=study, folder=two_readers, readers=["anna", "bert"])
    assert report.lines() == [
        "1 reads of 1 cases imported.",
        "Only one reader's delineation was read of p1: nothing can be compared there.",
        "Not imported: p1 by bert: Spinal-Canal.nrrd has another shape or position than Mandible.nrrd.",
        "Not imported: p2: what bert drew has another shape or position than the case.",
    ]
    assert not study.cases.filter(name="p2").exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("Mandible.nrrd", b"NRRD0004\nnonsense", "Mandible.nrrd is damaged or not an NRRD file."),
        ("Mandible.nii.gz", b"\x1f\x8bnonsense", "Mandible.nii.gz is damaged or not a NIfTI file."),
    ],
)
def test_a_damaged_mask(study: Project, two_readers: Path, name: str, content: bytes, sentence: str) -> None:
    folder = two_readers / "p1" / "anna" / "segmentations"
    (folder / "Mandible.nrrd").unlink()
    (folder / name).write_bytes(content)
    report = ingest.import_reads(project=study, folder=two_readers, readers=["anna", "bert"])
    assert report.refused == [f"p1 by anna: {sentence}"]
    assert report.reads == 3


def test_a_label_map_in_place_of_a_mask(study: Project, two_readers: Path) -> None:
    write(two_readers / "p1" / "anna" / "segmentations" / "Mandible.nrrd", cube(2, 6) + cube(4, 8))
    report = ingest.import_reads(project=study, folder=two_readers, readers=["anna", "bert"])
    assert "Mandible.nrrd is not a mask of one structure" in report.refused[0]


def test_a_project_whose_layers_cannot_hold_the_masks(project: Project, tmp_path: Path) -> None:
    for reader in ("anna", "bert"):
        write(tmp_path / "p1" / reader / "Liver.nrrd", cube(2, 8))
        write(tmp_path / "p1" / reader / "Spleen.nrrd", cube(6, 12))
    report = ingest.import_reads(project=project, folder=tmp_path, readers=["anna", "bert"])
    assert "shares voxels with another structure of its layer" in report.refused[0]
    assert not project.cases.exists()
    assert not User.objects.filter(username="anna").exists()


def test_the_command(lea: User, two_readers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readers = ("--readers", "anna", "bert")
    call_command("import_reads", "Raters", str(two_readers), *readers, "--create", "--lead", "lea")
    assert "4 reads of 2 cases imported." in capsys.readouterr().out
    assert Project.objects.get(name="Raters").memberships.get(user=lea).role == "lead"
    with pytest.raises(CommandError, match="There is no project Ratters"):
        call_command("import_reads", "Ratters", str(two_readers), *readers)
    with pytest.raises(CommandError, match="There is no user nobody"):
        call_command("import_reads", "Raters", str(two_readers), *readers, "--lead", "nobody")
    with pytest.raises(CommandError, match="cannot be a reader's name"):
        call_command("import_reads", "Raters", str(two_readers), "--readers", "a b")


# ── Two human raters ─────────────────────────────────────────────────────────


COLUMNS = {  # in the published table: ours
    "surface_dice_at_tau": "surface_dice",
    "hd100_mm": "hd_mm",
    "asd_onc_to_rad_mm": "asd_a_to_b_mm",
    "asd_rad_to_onc_mm": "asd_b_to_a_mm",
}


ORIGINAL = "TCGA-CV-5977"  # read from the files as they were published
THREE = {"0522c0014", ORIGINAL, "TCGA-CV-5978"}
ALL = THREE | {"0522c0519", "0522c0576", "0522c0727a", "0522c0727b"}


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "cases", [pytest.param(THREE, id="three"), pytest.param(ALL, id="all", marks=pytest.mark.torture)]
)
def test_published_figures_through_the_product(
    cases: set[str], study: Project, lea: User, shared_data: Path, tmp_path: Path
) -> None:
    """One case from its original files; half a unit of the last digit."""
    source, folder = shared_data / "two_raters_hn", tmp_path / "raters"
    for name in cases - {ORIGINAL}:
        shutil.copytree(source / name, folder / name)
    shutil.copytree(source / "original_nrrd", folder / "original_nrrd")
    shutil.copy(source / "organs.json", folder)
    report = ingest.import_reads(project=study, folder=folder, readers=["oncologist", "radiographer"])
    assert report.lines() == [f"{2 * len(cases)} reads of {len(cases)} cases imported."]
    work(study)
    table, text = tmp_path / "published.json", (source / "reference_metrics.json").read_text()
    digits = [row for row in json.loads(text, parse_float=str)["rows"] if row["case"] in cases]
    table.write_text(json.dumps(digits))
    outcome = dashboards.hold_against(study, table, columns=COLUMNS)
    assert outcome.lines()[0] == f"{21 * len(cases)} rows compared."
    assert {one.figure for one in outcome.figures} == {"dice", "hd95_mm", *COLUMNS.values()}
    assert outcome.equal, outcome.lines()
    Membership.objects.create(project=study, user=lea, role=Role.LEAD)
    the_page_shows(study, lea, [row for row in json.loads(text)["rows"] if row["case"] in cases])


def the_page_shows(study: Project, lead: User, published: list[dict[str, Any]]) -> None:
    """The addresses that the page asks: the mean of every structure, and the file behind it."""
    client = Client()
    client.force_login(lead)
    root = f"/api/projects/{study.pk}/dashboards"
    for metric, column in (("dice", "dice"), ("surface_dice", "surface_dice_at_tau"), ("hd95_mm", "hd95_mm")):
        rows = client.get(f"{root}/agreement/", {"metric": metric, "kind": "inter"}).json()["rows"]
        means = {row["structure"]: row["estimate"] for row in rows if row["who"] == "all"}
        by_key: dict[str, list[float]] = defaultdict(list)
        for row in published:
            if row[column] is not None:
                by_key[catalogue.key_of(row["organ"])].append(row[column])
        expected = {key: float(np.mean(values)) for key, values in by_key.items()}
        # Half a unit of the last digit that is published: 5 of an overlap, 3 of a distance.
        assert {key: mean for key, mean in means.items() if mean is not None} == pytest.approx(
            expected, abs=6e-4 if metric == "hd95_mm" else 6e-6
        )
    file = client.get(f"{root}/scores/", {"kind": "inter", "form": "csv"}).content.decode()
    dice = {(row["name"], row["structure"]): row["dice"] for row in csv.DictReader(io.StringIO(file))}
    given = {
        (row["case"], catalogue.key_of(row["organ"])): row["dice"]
        for row in published
        if row["dice"] is not None
    }
    assert {name: float(dice[name]) for name in given} == pytest.approx(given, abs=6e-6)
