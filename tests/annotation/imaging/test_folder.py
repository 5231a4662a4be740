import json
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from annotation.errors import Refused
from annotation.imaging import naming
from annotation.imaging.folder import Labels, Scan, Survey, survey
from annotation.imaging.naming import Kind
from annotation.imaging.sandbox import Decoder
from annotation.imaging.splits import place
from tests.annotation.imaging.files import RAS_2MM, scan_voxels, write_nifti, write_series

NONE = frozenset[str]()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("pt_1_ct.nii.gz", Kind.IMAGE),
        ("imagesTr/a.nii.gz", Kind.IMAGE),
        ("imagesTs/amos_1_0000.nii.gz", Kind.IMAGE),
        ("CT_image.nii.gz", Kind.IMAGE),
        ("ct_full.nii.gz", Kind.IMAGE),
        ("labelsTr/a.nii.gz", Kind.LABELS),
        ("case/labels/a.nii", Kind.LABELS),
        ("CT_mask.nii.gz", Kind.LABELS),
        ("seg_model_full.nii.gz", Kind.LABELS),
        ("tissue_torso_fat.nii.gz", Kind.LABELS),
        ("images/a_seg.nii.gz", Kind.LABELS),
        ("pt_1_organs.nii.gz", None),
        ("train/a.nii.gz", None),
    ],
)
def test_names_tell_images_from_label_maps(path: str, kind: Kind | None) -> None:
    assert naming.kind_by_name(PurePosixPath(path), NONE) is kind


def test_a_table_in_the_json_makes_a_new_suffix() -> None:
    assert naming.kind_by_name(PurePosixPath("pt_1_organs.nii.gz"), frozenset({"organs"})) is Kind.LABELS


def _look(folder: Path) -> Survey:
    with Decoder() as decoder:
        return survey(folder, decoder, lambda done, total: None)


def _labels(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    labels = np.zeros((12, 10, 6), np.uint8)
    for at, value in enumerate(values):
        labels[2 + at, 3:6, 2:4] = value
    return labels


def _by_name(found: Survey) -> dict[str, str | None]:
    return {scan.name: scan.labels.path.name if scan.labels else None for scan in found.scans}


def test_nnunet_folders(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_nifti(tmp_path / "imagesTr" / f"{name}_0000.nii.gz", scan_voxels())
    write_nifti(tmp_path / "labelsTr" / "a.nii.gz", _labels(1, 2))
    write_nifti(tmp_path / "imagesTs" / "c_0000.nii.gz", scan_voxels())
    labels = {"background": 0, "liver": 1, "spleen": 2}
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
    found = _look(tmp_path)
    assert _by_name(found) == {"a": "a.nii.gz", "b": None, "c": None}
    assert [scan.in_test_folder for scan in found.scans] == [False, False, True]
    assert found.scans[0].labels is not None
    assert found.scans[0].labels.names is not None
    assert found.scans[0].labels.names.by_value == {1: "liver", 2: "spleen"}
    assert found.refused == []


def test_numbered_images_are_not_channels(tmp_path: Path) -> None:
    for number in range(3):
        write_nifti(tmp_path / "images" / f"case_{number:04d}.nii.gz", scan_voxels(number))
        write_nifti(tmp_path / "labels" / f"case_{number:04d}.nii.gz", _labels(1))
    found = _look(tmp_path)
    assert _by_name(found) == {f"case_{n:04d}": f"case_{n:04d}.nii.gz" for n in range(3)}


def test_content_decides_where_names_say_nothing(tmp_path: Path) -> None:
    write_nifti(tmp_path / "one.nii.gz", scan_voxels())
    write_nifti(tmp_path / "other.nii.gz", _labels(4))
    assert _by_name(_look(tmp_path)) == {"one": "other.nii.gz"}


def test_the_map_whose_values_all_have_names_is_read(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(json.dumps({"1": "liver", "2": "spleen", "3": "aorta"}))
    write_nifti(tmp_path / "p_ct.nii.gz", scan_voxels())
    write_nifti(tmp_path / "p_a_seg.nii.gz", _labels(1, 2, 3, 9))
    write_nifti(tmp_path / "p_b_seg.nii.gz", _labels(1, 2, 3))
    write_nifti(tmp_path / "p_c_seg.nii.gz", _labels(1))
    found = _look(tmp_path)
    assert _by_name(found) == {"p": "p_b_seg.nii.gz"}
    assert found.notes == [
        "One label map is read per scan: p_a_seg.nii.gz (and 1 more) was left out in favour of "
        "p_b_seg.nii.gz."
    ]


def test_tables_by_suffix_and_structures_not_drawn(tmp_path: Path) -> None:
    table = {
        "organ_labels": {"1": "liver", "2": "spleen"},
        "tumour_labels": {"1": "liver tumour"},
        "cases": [{"case": "p1", "organ_not_drawn": ["spleen"]}, {"case": "p2", "organ_not_drawn": []}],
    }
    (tmp_path / "cases.json").write_text(json.dumps(table))
    for case in ("p1", "p2"):
        write_nifti(tmp_path / f"{case}_ct.nii.gz", scan_voxels())
        write_nifti(tmp_path / f"{case}_organ.nii.gz", _labels(1))
        write_nifti(tmp_path / f"{case}_tumour.nii.gz", _labels(1))
    found = _look(tmp_path)
    assert _by_name(found) == {"p1": "p1_organ.nii.gz", "p2": "p2_organ.nii.gz"}
    not_drawn = [scan.labels.names.not_drawn for scan in found.scans if scan.labels and scan.labels.names]
    assert not_drawn == [frozenset({"spleen"}), frozenset()]


def _one_refusal(folder: Path) -> str:
    found = _look(folder)
    assert found.scans == []
    ((file, sentence),) = found.refused
    assert str(folder) not in file + sentence
    return sentence


def test_a_value_without_a_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text('{"1": "liver"}')
    write_nifti(tmp_path / "p_ct.nii.gz", scan_voxels())
    write_nifti(tmp_path / "p_seg.nii.gz", _labels(1, 7))
    assert _one_refusal(tmp_path) == (
        'p_seg.nii.gz holds the value 7, which has no name: write "7": "name of the structure" into '
        "labels.json."
    )


def test_broken_names_are_said_to_be_broken(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text('{"1": "liver"')
    write_nifti(tmp_path / "p_ct.nii.gz", scan_voxels())
    write_nifti(tmp_path / "p_seg.nii.gz", _labels(1))
    assert _one_refusal(tmp_path) == "labels.json is not valid JSON."


def test_a_label_map_elsewhere_in_space_is_refused(tmp_path: Path) -> None:
    write_nifti(tmp_path / "p_ct.nii.gz", scan_voxels())
    moved = RAS_2MM.copy()
    moved[2, 3] = 3.0
    write_nifti(tmp_path / "p_seg.nii.gz", _labels(1), moved)
    assert "another shape or position than its scan p_ct.nii.gz" in _one_refusal(tmp_path)


def test_a_label_map_without_a_scan_is_refused(tmp_path: Path) -> None:
    write_nifti(tmp_path / "lonely_seg.nii.gz", _labels(1))
    assert _one_refusal(tmp_path).startswith("No scan was found for the label map lonely_seg.nii.gz")


def test_a_scan_named_like_a_label_map_is_refused(tmp_path: Path) -> None:
    write_nifti(tmp_path / "p_seg.nii.gz", scan_voxels())
    assert "named like a label map but holds no whole numbers from 0 to 254" in _one_refusal(tmp_path)


def test_cases_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder in ("s1", "s2"):
        write_nifti(tmp_path / folder / "nifti" / "ct.nii.gz", scan_voxels())
    for folder in ("north", "south"):
        write_nifti(tmp_path / folder / "p_ct.nii.gz", scan_voxels())
    assert sorted(_by_name(_look(tmp_path))) == ["north_p", "s1", "s2", "south_p"]


def test_dicom_and_other_formats_are_found(tmp_path: Path) -> None:
    write_series(tmp_path / "a", scan_voxels(), patient_id="one")
    (tmp_path / "x.mgz").write_bytes(b"some other format")
    found = _look(tmp_path)
    assert [(s.is_dicom, s.patient, len(s.files)) for s in found.scans] == [(True, "one", 6)]
    assert found.scans[0].shown == "Series 1 of 1 (6 files)"
    assert found.notes == ["1 .mgz file left out: convert to NIfTI to import."]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    write_nifti(tmp_path / "outside" / "secret_ct.nii.gz", scan_voxels())
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a_ct.nii.gz").symlink_to(tmp_path / "outside" / "secret_ct.nii.gz")
    (tmp_path / "inside" / "b").symlink_to(tmp_path / "outside")
    found = _look(tmp_path / "inside")
    assert (found.scans, found.refused) == ([], [])


def test_missing_folders_and_files_for_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="There is no folder nowhere"):
        _look(tmp_path / "nowhere")
    with pytest.raises(Refused, match=r"a\.nii\.gz is a file; give the folder"):
        _look(write_nifti(tmp_path / "a.nii.gz", scan_voxels()))


_SOME_LABELS = Labels(Path("x_seg.nii.gz"), (1,), None)


def _scan(name: str, *, drawn: bool = True, test: bool = False, patient: str = "") -> Scan:
    labels = _SOME_LABELS if drawn else None
    return Scan(name, name, (Path(name),), False, patient or name, test, labels)


def test_the_last_quarter_is_set_apart_for_testing_by_whole_patients() -> None:
    scans = [_scan(f"c{number:02d}") for number in range(10)]
    scans[7] = _scan("c07", patient="same")
    scans[8] = _scan("c08", patient="same")
    placed, _ = place(scans, None)
    assert [p.scan.name for p in placed if p.is_test] == ["c07", "c08", "c09"]
    few, _ = place(scans[:7], None)
    assert not any(p.is_test for p in few)
    many, _ = place([_scan(f"c{number:02d}") for number in range(60)], None)
    assert sum(p.is_test for p in many) == 6


def test_test_folders_go_before_the_rule_and_keep_their_delineations() -> None:
    scans = [_scan(f"c{number}") for number in range(9)] + [_scan("t1", test=True), _scan("u", drawn=False)]
    placed, notes = place(scans, 2)
    assert [p.scan.name for p in placed if p.is_test] == ["t1"]
    assert [p.scan.name for p in placed if p.delineated] == ["c0", "c1", "t1"]
    assert notes == []


def test_every_delineation_is_kept_unless_some_are_to_be_left() -> None:
    seven = [_scan(f"c{number}") for number in range(7)]
    assert [sum(p.delineated for p in place(scans)[0]) for scans in (seven, seven[:2])] == [7, 2]
    assert [sum(p.delineated for p in place(seven[:n], leave_some=True)[0]) for n in (1, 2, 5)] == [1, 1, 4]
    placed, notes = place(seven, leave_some=True)
    assert sum(p.delineated for p in placed) == 5
    assert notes == [
        "All 7 scans came delineated: 5 of them as the start, 2 without their delineation for the readers. "
        "LABELLED=n chooses another start."
    ]
    mixed, notes = place([*seven, _scan("u", drawn=False)], leave_some=True)
    assert (sum(p.delineated for p in mixed), notes) == (7, [])
