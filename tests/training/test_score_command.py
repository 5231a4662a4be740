"""python -m training score: what it prints, and the sentence and exit code for what it cannot read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from training.__main__ import main
from training.metrics import METRIC_NAME, METRIC_NUMBER, score
from training.volume import read_label_map

FIGURES = [
    "dice",
    "jaccard",
    "surface_dice",
    "hd95_mm",
    "hd_mm",
    "asd_ref_to_pred_mm",
    "asd_pred_to_ref_mm",
    "assd_mm",
    "volume_ref_ml",
    "volume_pred_ml",
]
SPACING = (1.0, 1.5, 2.5)


def affine(*, oblique: bool = False) -> NDArray[np.float64]:
    straight = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])
    if not oblique:
        return straight
    angle = np.radians(20)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return np.asarray(turn @ straight)


def write(path: Path, voxels: NDArray[Any], matrix: NDArray[np.float64] | None = None) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(voxels, affine() if matrix is None else matrix), path)
    return str(path)


def organs(shift: int = 0) -> NDArray[np.uint8]:
    labels = np.zeros((24, 20, 16), np.uint8)
    labels[3 + shift : 10 + shift, 4:12, 3:9] = 1
    labels[14:20, 6 + shift : 14 + shift, 5:12] = 2
    return labels


def table(path: Path, content: object) -> str:
    path.write_text(json.dumps(content))
    return str(path)


def scores(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, Any]]:
    assert main(["score", *words, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == ["metric", "cases"]
    assert printed["metric"] == {"name": METRIC_NAME, "version": METRIC_NUMBER}
    assert all(list(case) == ["case", "structures"] for case in printed["cases"])
    return {case["case"]: case["structures"] for case in printed["cases"]}


@pytest.mark.parametrize("oblique", [False, True])
def test_json_of_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], oblique: bool) -> None:
    a = write(tmp_path / "truth.nii.gz", organs(), affine(oblique=oblique))
    b = write(tmp_path / "guess.nii.gz", organs(2), affine(oblique=oblique))
    names = table(tmp_path / "labels.json", {"labels": {"background": 0, "liver": 1, "spleen": 2}})
    tolerances = table(tmp_path / "t.json", {"liver": 1.5})
    found = scores(capsys, a, b, "--labels", names, "--tolerances", tolerances)
    expected = score(organs(), organs(2), SPACING, {1: 1.5, 2: 3.0})
    assert list(found) == ["truth"]
    assert list(found["truth"]) == ["liver", "spleen"]
    for value, name in ((1, "liver"), (2, "spleen")):
        assert list(found["truth"][name]) == FIGURES
        for figure in FIGURES:
            assert found["truth"][name][figure] == pytest.approx(getattr(expected[value], figure)), figure
    assert found["truth"]["liver"]["surface_dice"] < 1.0
    wider = scores(capsys, a, b, "--labels", names, "--tolerance-mm", "20")
    assert wider["truth"]["liver"]["surface_dice"] == 1.0


def test_a_file_stored_in_another_orientation_is_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = write(tmp_path / "a.nii.gz", organs())
    image = nib.as_closest_canonical(nib.load(a))  # RAS: the first two axes run the other way
    nib.save(image, tmp_path / "b.nii.gz")
    (only,) = scores(capsys, a, str(tmp_path / "b.nii.gz")).values()
    assert [row["dice"] for row in only.values()] == [1.0, 1.0]


def test_absent_structures_are_null(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = table(tmp_path / "labels.json", {"1": "liver", "2": "spleen", "3": "bladder"})
    b = organs()
    b[b == 2] = 0
    files = write(tmp_path / "a.nii.gz", organs()), write(tmp_path / "b.nii.gz", b)
    found = scores(capsys, *files, "--labels", names)["a"]
    volumes = {"volume_ref_ml": 0.0, "volume_pred_ml": 0.0}
    assert found["bladder"] == dict.fromkeys(FIGURES) | volumes
    assert [found["spleen"][f] for f in ("dice", "jaccard", "surface_dice")] == [0.0, 0.0, 0.0]
    assert found["spleen"]["hd95_mm"] is found["spleen"]["assd_mm"] is None
    assert found["liver"]["dice"] == 1.0


def test_folders_of_label_maps_and_what_was_annotated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("anna", "bert"):
        write(tmp_path / "a" / f"{name}.nii.gz", organs())
        write(tmp_path / "b" / f"{name}.nii.gz", organs(1))
    content = {
        "labels": {"background": 0, "liver": 1, "spleen": 2, "ignore": 255},
        "annotated": {"bert": ["spleen"]},
        "tolerances_mm": {"liver": 0.5},
    }
    labels = table(tmp_path / "dataset.json", content)
    found = scores(capsys, str(tmp_path / "a"), str(tmp_path / "b"), "--labels", labels)
    assert {case: list(rows) for case, rows in found.items()} == {
        "anna": ["liver", "spleen"],
        "bert": ["spleen"],
    }
    assert found["anna"]["liver"]["surface_dice"] < 1.0


def test_folders_of_masks_that_overlap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for side, shift in (("a", 0), ("b", 1)):
        canal, cord = organs() > 0, organs(shift) == 1
        write(tmp_path / side / "canal.nii.gz", canal.astype(np.uint8))
        write(tmp_path / side / "cord.nii.gz", cord.astype(np.float32))
    found = scores(capsys, str(tmp_path / "a"), str(tmp_path / "b"))["a"]
    assert found["canal"]["dice"] == 1.0
    assert found["cord"]["dice"] == pytest.approx(6 / 7)


def test_folders_of_cases_of_masks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for case in ("p1", "p2"):
        for side in ("a", "b"):
            write(tmp_path / side / case / "liver.nii.gz", (organs() == 1).astype(np.uint8))
    found = scores(capsys, str(tmp_path / "a"), str(tmp_path / "b"))
    assert {case: row["liver"]["hd_mm"] for case, row in found.items()} == {"p1": 0.0, "p2": 0.0}


def test_the_table_is_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("anna", "bert"):
        write(tmp_path / "a" / f"{name}.nii.gz", organs())
        write(tmp_path / "b" / f"{name}.nii.gz", organs() if name == "anna" else 0 * organs())
    labels = table(tmp_path / "labels.json", {"1": "liver", "2": "spleen", "3": "bladder"})
    folders = str(tmp_path / "a"), str(tmp_path / "b")
    assert main(["score", *folders, "--labels", labels]) == 0
    shown = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines() if "│" in line]
    assert ["anna", "liver", "1.000", "1.000", "0.00", "0.00", "1.3", "1.3"] in rows
    assert ["bert", "spleen", "0.000", "0.000", "n/a", "n/a", "1.3", "0.0"] in rows
    # Undefined distances are left out of the mean, and said to be; absent from both counts nowhere as 1.
    assert ["liver", "2", "0", "0.500", "0.500", "0.00 (1)", "0.00 (1)", "1.3", "0.6"] in rows
    assert ["bladder", "2", "2", "n/a", "n/a", "n/a", "n/a", "0.0", "0.0"] in rows
    assert f"{METRIC_NAME}, version {METRIC_NUMBER}" in shown
    assert main(["score", *folders, "--labels", labels, "--all"]) == 0
    assert "specificity" in capsys.readouterr().out


def test_all_figures_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.nii.gz", organs())
    found = scores(capsys, path, path, "--all")["a"]["1"]
    assert list(found)[: len(FIGURES)] == FIGURES
    assert (found["precision"], found["recall"], found["centre_distance_mm"]) == (1.0, 1.0, 0.0)


def bad_images(folder: Path) -> dict[str, tuple[list[str], str]]:
    """Words for the command, and a part of the sentence that answers them."""
    good = write(folder / "good.nii.gz", organs())
    nan = organs().astype(np.float32)
    nan[0, 0, 0] = np.nan
    (folder / "broken.nii.gz").write_bytes(b"not an image")
    return {
        "absent": ([good, str(folder / "nothing.nii.gz")], "is not there"),
        "shape": ([good, write(folder / "s.nii.gz", organs()[:-1])], "their shapes are"),
        "affine": ([good, write(folder / "f.nii.gz", organs(), affine(oblique=True))], "affines do not"),
        "nan": ([good, write(folder / "n.nii.gz", nan)], "n.nii.gz is not a label map"),
        "halves": ([good, write(folder / "h.nii.gz", nan * 0 + 0.5)], "not a label map"),
        "2-D": ([good, write(folder / "2.nii.gz", organs()[:, :, 5])], "one 3-D image is needed"),
        "4-D": ([good, write(folder / "4.nii.gz", np.stack([organs()] * 2, -1))], "one 3-D image is needed"),
        "value 300": (
            [good, write(folder / "v.nii.gz", organs().astype(np.int16) * 150)],
            "outside 0 to 255",
        ),
        "no image": ([good, str(folder / "broken.nii.gz")], "damaged or not a NIfTI file"),
    }


def bad_folders(folder: Path) -> dict[str, tuple[list[str], str]]:
    """Words for the command, and a part of the sentence that answers them."""
    mask = (organs() == 1).astype(np.uint8)
    one, two, other = (folder / name for name in ("one", "two", "other"))
    for path in (one / "liver.nii.gz", two / "liver.nii.gz", two / "spleen.nii.gz"):
        write(path, mask)
    write(other / "liver.nii.gz", organs())
    (folder / "empty").mkdir()
    named = ["--labels", table(folder / "liver.json", {"1": "liver"})]
    return {
        "file and folder": ([str(one), str(one / "liver.nii.gz")], "both be files or both be folders"),
        "no mask": ([str(one), str(other), *named], "not a mask: it holds the value 2"),
        "no mask, no names": ([str(one), str(other)], "not a mask: it holds the value 2"),
        "no counterpart": ([str(two), str(one)], "one holds no file for spleen"),
        "empty folder": ([str(folder / "empty"), str(one)], "holds no .nii"),
    }


def bad_tables(folder: Path) -> dict[str, tuple[list[str], str]]:
    """Words for the command, and a part of the sentence that answers them."""
    good = [write(folder / "good.nii.gz", organs())] * 2
    (folder / "broken.json").write_text("{")
    wide = table(folder / "t.json", {"liver": "wide"})
    one = table(folder / "an.json", {"labels": {"1": "liver"}, "annotated": {"x": 1}})
    unnamed = table(folder / "labels.json", {"1": "liver"})
    return {
        "unnamed value": ([*good, "--labels", unnamed], "holds value 2, which the table of labels"),
        "broken labels": ([*good, "--labels", str(folder / "broken.json")], "is not JSON"),
        "no labels": ([*good, "--labels", str(folder / "none.json")], "could not be read"),
        "a list": ([*good, "--labels", table(folder / "l.json", ["liver"])], "must hold a table"),
        "tolerance": ([*good, "--tolerances", wide], "tolerance of liver must be a number"),
        "annotated": ([*good, "--labels", one], '"annotated" must list'),
    }


@pytest.mark.parametrize("make", [bad_images, bad_folders, bad_tables])
def test_bad_input_gives_one_sentence_and_2(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], dict[str, tuple[list[str], str]]],
) -> None:
    for what, (words, sentence) in make(tmp_path).items():
        assert main(["score", *words]) == 2, what
        captured = capsys.readouterr()
        assert captured.out == "", what
        assert sentence in captured.err, what
        assert captured.err.strip().count("\n") == 0, what
        assert "Traceback" not in captured.err, what


def test_a_tolerance_below_0_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.nii.gz", organs())
    with pytest.raises(SystemExit, match="2"):
        main(["score", path, path, "--tolerance-mm", "-1"])
    assert "at least 0" in capsys.readouterr().err


@pytest.mark.shared_data
def test_two_models_on_a_real_scan(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shared_data / "ts_abdomen"
    files = folder / "seg_model_full.nii.gz", folder / "seg_model_fast.nii.gz"
    found = scores(capsys, *map(str, files))["seg_model_full"]
    maps = [read_label_map(path) for path in files]
    expected = score(
        maps[0].voxels, maps[1].voxels, maps[0].geometry.spacing_mm, dict.fromkeys(map(int, found), 3.0)
    )
    assert len(found) == 41
    assert found["13"]["dice"] == 0.0  # one voxel, in one of them only
    for value, ours in expected.items():
        assert found[str(value)]["hd95_mm"] == ours.hd95_mm
