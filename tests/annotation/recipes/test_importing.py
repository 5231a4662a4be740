"""Public data sets, in small, through the real import into the database."""

import json
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from annotation import chunks, ingest, recipes
from annotation.errors import NotFound, Refused
from annotation.models import Case, DataSource, Project, SchemaStructure, Split
from tests.annotation.recipes.miniatures import MINIATURES, SHAPE, Mini, write_one, write_with_scans
from tests.annotation.recipes.test_shipped import truth
from training.phantom import make_phantom
from training.volume import write_nifti

pytestmark = pytest.mark.django_db

OF_CT = [mini for mini in MINIATURES if "CT" in recipes.shipped()[mini.recipe].modality]
OF_MR = [mini for mini in MINIATURES if mini not in OF_CT]
SPLEEN = next(mini for mini in MINIATURES if mini.recipe == "msd-spleen")
LIVER = next(mini for mini in MINIATURES if mini.recipe == "lits")


@pytest.fixture
def new() -> Project:
    return Project.objects.create(name="New")


def entries(project: Project) -> dict[str, SchemaStructure]:
    found = SchemaStructure.objects.filter(schema__project=project).select_related("structure")
    return {entry.structure.key: entry for entry in found.order_by("value")}


def voxels_of(case: Case) -> dict[str, int]:
    """How many voxels each structure that was looked at has."""
    assert case.accepted_revision is not None
    mask = case.accepted_revision.mask
    labels = chunks.read_layers(mask, case.accepted_revision.number)
    known = entries(case.project)
    return {
        key: int(np.count_nonzero(labels[known[key].layer] == known[key].value)) for key in mask.annotated
    }


@pytest.mark.parametrize("mini", OF_CT, ids=[f"{mini.recipe} {mini.case}" for mini in OF_CT])
def test_a_data_set_comes_in_by_its_recipe(new: Project, mini: Mini, tmp_path: Path) -> None:
    folder = write_with_scans(mini, tmp_path / "data")
    report = ingest.import_folder(project=new, folder=folder)
    recipe = recipes.shipped()[mini.recipe]
    assert report.refused == []
    assert report.recipe() == {
        "key": recipe.key,
        "title": recipe.title,
        "licence": recipe.source.licence,
        "citation": recipe.source.citation,
        "non_commercial": recipe.source.non_commercial,
    }
    assert any(recipe.source.licence in note and recipe.source.citation in note for note in report.notes)
    case = new.cases.get(accepted_revision__isnull=False)
    assert case.name == "_".join(filter(None, [mini.recipe, mini.case, mini.series, mini.reader]))
    assert case.split == (mini.split or "pool")
    expected = set(mini.labels.values()) - mini.unknown
    assert voxels_of(case) == {key: truth(mini, key) for key in expected}
    known = entries(new)
    assert set(known) == set(recipe.looked_at())
    values = [entry.value for entry in known.values()]
    assert values == list(range(1, len(values) + 1))
    for key in mini.second_layer & expected:
        (whole,) = [k for k in mini.both] or [""]
        assert known[key].layer != (known[whole].layer if whole else 0), key
    source = case.came_from.source
    assert (source.key, source.title, source.licence) == (recipe.key, recipe.title, recipe.source.licence)


@pytest.mark.parametrize("mini", OF_MR, ids=[mini.recipe for mini in OF_MR])
def test_data_sets_of_other_modalities_are_refused_whole(new: Project, mini: Mini, tmp_path: Path) -> None:
    folder = write_with_scans(mini, tmp_path / "data")
    with pytest.raises(Refused, match="holds MR scans; only CT is imported"):
        ingest.import_folder(project=new, folder=folder)
    assert not new.cases.exists()


def test_scans_without_labels_wait_and_the_layout_fixes_the_split(new: Project, tmp_path: Path) -> None:
    ingest.import_folder(project=new, folder=write_with_scans(SPLEEN, tmp_path))
    assert {(case.name, case.split, case.state) for case in new.cases.all()} == {
        ("msd-spleen_10", "pool", "accepted"),
        ("msd-spleen_20", "test", "waiting"),
    }
    assert DataSource.objects.count() == 1


def test_a_dataset_json_that_disagrees_stops_the_import_with_both_shown(new: Project, tmp_path: Path) -> None:
    write_with_scans(SPLEEN, tmp_path)
    table = tmp_path / "Task09_Spleen" / "dataset.json"
    table.write_text(json.dumps({"labels": {"0": "background", "1": "liver"}}))
    with pytest.raises(Refused, match="1 is “liver” there and spleen here"):
        ingest.import_folder(project=new, folder=tmp_path)
    assert not new.cases.exists()
    by_names = ingest.import_folder(project=new, folder=tmp_path, recipe="none")
    assert (by_names.recipe(), list(entries(new))) == (None, ["liver"])
    table.write_text(json.dumps({"labels": {"0": "background", "1": "spleen"}}))
    other = Project.objects.create(name="Other")
    assert ingest.import_folder(project=other, folder=tmp_path).recipe() is not None


def test_a_recipe_is_named_by_key_number_or_name(new: Project, author: User, tmp_path: Path) -> None:
    write_one(tmp_path / "a_ct.nii.gz", np.random.default_rng(1).integers(-1000, 1500, SHAPE).astype("i2"))
    write_one(tmp_path / "a_seg.nii.gz", np.pad(np.full((4, 4, 4), 7, np.uint8), ((2, 10), (2, 6), (2, 2))))
    content = {"format": 1, "key": "ours", "title": "Our spleens", "labels": {"7": "spleen", "8": "liver"}}
    row = recipes.save_recipe(project=new, author=author, name="Our own", content=content)
    for given in ("Our own", str(row.pk)):
        project = Project.objects.create(name=f"by {given}")
        recipes.save_recipe(project=project, author=author, name="Our own", content=content)
        if given != "Our own":
            with pytest.raises(NotFound):
                ingest.import_folder(project=project, folder=tmp_path, recipe=given)
            project = new
        ingest.import_folder(project=project, folder=tmp_path, recipe=given)
        assert voxels_of(project.cases.get()) == {"spleen": 64, "liver": 0}
    with pytest.raises(Refused, match="There is no recipe “nothing”"):
        ingest.import_folder(project=new, folder=tmp_path, recipe="nothing")


@pytest.fixture
def author() -> User:
    return User.objects.create_user("rosa")


def test_rules_of_a_saved_recipe_are_carried_out_and_told(new: Project, author: User, tmp_path: Path) -> None:
    made = make_phantom(3, shape=(48, 48, 32), spacing_mm=(6.0, 6.0, 6.0))
    write_nifti(tmp_path / "p_ct.nii.gz", made.image)
    (tmp_path / "masks").mkdir()
    for at, name in enumerate(("Lobe A", "Lobe-B", "left out", "both kidneys")):
        mask = np.zeros(made.image.voxels.shape, np.uint8)
        mask[4 + 2 * at : 6 + 2 * at, 20:24, 10:14] = 1
        if name == "both kidneys":
            mask[38:40, 20:24, 10:14] = 1
        write_nifti(tmp_path / "masks" / f"{name}.nii.gz", type(made.image)(mask, made.image.geometry))
    content = {
        "format": 1,
        "key": "lobes",
        "title": "Lobes",
        "form": "masks",
        "files": {
            "Lobe A": "lung_upper_lobe_left",
            "lobe b": "lung_lower_lobe_left",
            "left out": None,
            "both kidneys": "kidney",
            "never there": "spleen",
        },
        "rules": [
            {"rule": "merge", "from": ["lung_upper_lobe_left", "lung_lower_lobe_left"], "into": "lung_left"},
            {
                "rule": "split",
                "from": "kidney",
                "left": "kidney_left",
                "right": "kidney_right",
                "by": "components",
            },
        ],
    }
    recipes.save_recipe(project=new, author=author, name="Lobes", content=content)
    report = ingest.import_folder(project=new, folder=tmp_path, recipe="Lobes")
    case = new.cases.get()
    assert voxels_of(case) == {"lung_left": 64, "kidney_left": 32, "kidney_right": 32}
    assert set(entries(new)) == {"lung_left", "kidney_left", "kidney_right", "spleen"}
    (finding,) = [one for one in report.findings if one.case]
    assert "kidney split by components: kidney_left 32, kidney_right 32 voxels." in finding.notes
    assert case.came_from.source.key == "lobes"


def test_lost_headers_and_cases_that_stay_out(new: Project, tmp_path: Path) -> None:
    lost = {path.replace("-27", "-28"): values for path, values in LIVER.value_files.items()}
    mini = Mini("lits", "28", ("Training Batch 1/volume-28.nii",), lost, affine=np.eye(4))
    report = ingest.import_folder(project=new, folder=write_with_scans(mini, tmp_path))
    case = new.cases.select_related("volume").get()
    assert (case.volume.spacing_known, report.findings[0].cause) == (False, "spacing_unknown")
    assert any("nothing of it can be measured in millimetres" in note for note in report.findings[0].notes)
    out = Mini(
        "totalsegmentator-v1",
        "s0864",
        ("s0864/ct.nii.gz",),
        mask_files={"s0864/segmentations/{}.nii.gz": ("spleen", "face")},
    )
    report = ingest.import_folder(project=new, folder=write_with_scans(out, tmp_path / "total"))
    assert any("s0864 of TotalSegmentator v1 (104) stays out" in one.sentence for one in report.refused)


def test_label_maps_with_a_lost_header_lie_as_their_scan_does(new: Project, tmp_path: Path) -> None:
    mini = Mini(
        "lits", "3", ("Training Batch 1/volume-3.nii",), {"Training Batch 1/segmentation-3.nii": (1,)}
    )
    write_with_scans(mini, tmp_path)
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, 2, 3] = 1
    turned = np.array([[0.0, 0.8, 0, 5], [0.9, 0, 0, 6], [0, 0, 2.0, 7], [0, 0, 0, 1]])
    hu = np.random.default_rng(1).integers(-1000, 1500, SHAPE).astype(np.int16)
    write_one(tmp_path / "Training Batch 1" / "volume-3.nii", hu, turned)
    write_one(tmp_path / "Training Batch 1" / "segmentation-3.nii", labels, np.eye(4))
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert report.refused == []
    case = new.cases.select_related("volume").get()
    revision = case.accepted_revision
    assert revision is not None
    found = chunks.read_layers(revision.mask, revision.number)
    liver = entries(new)["liver"]
    ((i, j, k),) = np.argwhere(found[liver.layer] == liver.value)
    there = case.volume.geometry.index_to_lps((float(i), float(j), float(k)))
    assert np.allclose(there, [-1, -1, 1] * (turned @ [1, 2, 3, 1])[:3])


def test_only_structures_of_the_project_are_taken(project: Project, tmp_path: Path) -> None:
    word = next(mini for mini in MINIATURES if mini.recipe == "word")
    report = ingest.import_folder(project=project, folder=write_with_scans(word, tmp_path / "word"))
    case = project.cases.get()
    assert voxels_of(case) == {key: truth(word, key) for key in ("liver", "spleen", "kidney_left")}
    assert any("does not have were left out: adrenal_gland" in note for note in report.notes)
    cervix = next(mini for mini in MINIATURES if mini.recipe == "btcv-cervix")
    report = ingest.import_folder(project=project, folder=write_with_scans(cervix, tmp_path / "cervix"))
    assert (
        "BTCV Cervix (Synapse syn3378972) has none of the project's structures" in report.refused[0].sentence
    )


def test_the_command_lists_recipes_and_takes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("import_cases", "--list-recipes")
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()] == list(recipes.shipped())
    assert "LiTS 2017 (CC BY-NC-ND 4.0, not for commercial use)" in listed
    write_with_scans(SPLEEN, tmp_path)
    call_command("import_cases", "New", str(tmp_path), "--create", "--recipe", "msd_spleen", "--json")
    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert {line["outcome"] for line in lines} == {"accepted"}
    assert all(isinstance(line["notes"], list) for line in lines)
    assert "Read by the recipe of MSD Task09_Spleen (licence: CC BY-SA 4.0)." in said.err


def test_a_copy_joins_the_split_of_the_first(new: Project, tmp_path: Path) -> None:
    first = make_phantom(1, shape=(64, 64, 32), spacing_mm=(4.5, 4.5, 6.0)).image
    ingest.add_case(project=new, volume=first, name="first", patient_key="a", split=Split.TEST)
    cut = type(first)(first.voxels[:, :, 4:28].copy(), first.geometry)
    write_nifti(tmp_path / "again_ct.nii.gz", cut)
    report = ingest.import_folder(project=new, folder=tmp_path)
    case = new.cases.get(number=2)
    assert (case.split, case.volume.signature.version) == ("test", 1)
    assert report.findings[-1].notes == ("The same scan as case 1 (first); it joined the split “test”.",)
    assert [pair.case.number for pair in recipes.suspected_copies(new)] == [1]


def test_a_copy_of_a_patient_in_another_split_is_refused(new: Project, tmp_path: Path) -> None:
    first = make_phantom(1, shape=(64, 64, 32), spacing_mm=(4.5, 4.5, 6.0)).image
    ingest.add_case(project=new, volume=first, name="first", patient_key="a", split=Split.TEST)
    second = make_phantom(2, shape=(64, 64, 32), spacing_mm=(4.5, 4.5, 6.0)).image
    ingest.add_case(
        project=new,
        volume=second,
        name="p",
        patient_key=ingest.cases.hashed_patient("p"),
        split=Split.POOL,
    )
    write_nifti(tmp_path / "p_ct.nii.gz", type(first)(first.voxels[:, :, 4:28].copy(), first.geometry))
    report = ingest.import_folder(project=new, folder=tmp_path)
    assert (report.findings[-1].outcome, report.findings[-1].cause) == ("refused", "other_split")
    assert report.findings[-1].message.startswith("This scan shows the same as one in the split “test”")
    assert new.cases.count() == 2
