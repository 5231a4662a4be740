"""Every shipped recipe on a miniature of its data set's real layout."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from annotation import catalogue, recipes
from annotation.errors import Refused
from annotation.imaging.masks import read_mask
from annotation.imaging.voxel_lists import mask_of_list
from annotation.projects.layout import overlap
from annotation.recipes.layouts import FoundCase, natural, regex_of
from annotation.recipes.rules import Form, Recipe
from annotation.recipes.shipped import FOLDER
from tests.annotation.recipes.miniatures import MINIATURES, SHAPE, Mini, label_array, mask_array, write
from tests.processes import ROOT
from training.volume import Geometry, Volume, read_label_map

NAMED = [f"{mini.recipe} {mini.case}" for mini in MINIATURES]
PLAIN = Geometry(SHAPE, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))


def masks_of(case: FoundCase) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, path in case.labels.items():
        if path.suffix == ".csv":
            yield name, mask_of_list(path.read_text(), SHAPE, path.name)
        else:
            yield name, read_mask(path).voxels


def labels_of(recipe: Recipe, case: FoundCase) -> Volume:
    if recipe.form is Form.PNG_STACK:
        pictures = [np.asarray(Image.open(case.labels[name])).T for name in sorted(case.labels, key=natural)]
        return Volume(np.stack(pictures, axis=-1), PLAIN)
    (path,) = case.labels.values()
    return read_label_map(path)


def harmonised(recipe: Recipe, case: FoundCase) -> recipes.Harmonised:
    if recipe.form in (Form.MASKS, Form.VOXEL_LISTS):
        return recipes.apply_to_masks(recipe, masks_of(case), PLAIN, case=case.case)
    labels = labels_of(recipe, case)
    return recipes.apply_to_labels(recipe, labels.voxels, labels.geometry, case=case.case)


def truth(mini: Mini, key: str) -> int:
    """How many voxels a structure must have."""
    labels = list(mini.labels)
    if mini.mask_files:
        ((_, names),) = mini.mask_files.items()
        return sum(
            int(mask_array(names.index(n)).sum()) for n in labels if mini.labels[n] == key and n in names
        )
    values = [value for value in labels if mini.labels[value] == key]
    present = next(iter(mini.value_files.values()))
    return int(np.isin(label_array(present), mini.both.get(key, tuple(values))).sum())


@pytest.mark.parametrize("mini", MINIATURES, ids=NAMED)
def test_a_data_set_is_recognised_and_read_by_its_numbers(mini: Mini, tmp_path: Path) -> None:
    folder = write(mini, tmp_path / "data")
    best = recipes.recognise(folder)[0]
    assert best.recipe.key == mini.recipe
    assert best.explained == 1.0
    assert best.labelled == 1
    (case,) = [case for case in recipes.cases_of(best.recipe, folder) if case.labels]
    assert (case.case, case.split, case.series, case.reader) == (
        mini.case,
        mini.split,
        mini.series,
        mini.reader,
    )
    result = harmonised(best.recipe, case)
    expected = set(mini.labels.values()) - mini.unknown
    assert result.annotated == expected
    assert {key: piece.voxels for key, piece in result.masks.items()} == {
        key: truth(mini, key) for key in expected
    }
    assert {key for key, layer in result.layers.items() if layer} == mini.second_layer & expected
    assert any("dropped" in step.says for step in result.steps) == bool(mini.left_out)


def test_every_recipe_has_a_miniature_or_says_why_it_cannot_be_used() -> None:
    shown = {mini.recipe for mini in MINIATURES}
    assert {key for key, recipe in recipes.shipped().items() if not recipe.disabled} == shown
    assert [key for key, recipe in recipes.shipped().items() if recipe.disabled] == ["medseg-ivc"]


@pytest.mark.parametrize("key", sorted(recipes.shipped()))
def test_keys_are_the_catalogues_and_the_source_is_named(key: str) -> None:
    recipe = recipes.shipped()[key]
    assert {*recipe.read(), *recipe.structures()} <= catalogue.entries().keys()
    assert recipe.source.licence
    assert recipe.source.citation
    assert recipe.title
    restricted = any(word in recipe.source.licence for word in ("NC", "non-commercial", "academic research"))
    assert recipe.source.non_commercial or not restricted
    assert recipe.source.no_derivatives == ("ND" in recipe.source.licence)
    content = json.loads((FOLDER / f"{key}.json").read_text())
    assert recipes.recipe_of(content) == recipe
    assert recipes.recipe_of(recipes.json_of(recipe)) == recipe


@pytest.mark.parametrize("key", sorted(recipes.shipped()))
def test_what_shares_voxels_lies_on_different_layers_of_a_label_map(key: str) -> None:
    recipe = recipes.shipped()[key]
    if recipe.form is Form.MASKS and len(recipe.files) > 40:
        return  # TotalSegmentator: its masks exclude each other but for a few voxels, which are counted
    kept = recipe.looked_at()
    for place, first in enumerate(kept):
        for second in kept[:place]:
            if overlap(first, second) and key not in ("msd-hepaticvessel",):
                assert recipe.layers.get(first, 0) != recipe.layers.get(second, 0), (first, second)


def test_the_page_of_data_sets_names_each_with_licence_and_citation() -> None:
    page = (ROOT / "docs" / "reference" / "datasets.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in rows] == list(recipes.shipped())
    for line, recipe in zip(rows, recipes.shipped().values(), strict=True):
        assert recipe.source.licence in line
        assert recipe.source.citation in line
        assert ("*nc" in line) == recipe.source.non_commercial
        assert f"### `{recipe.key}`" in page


def test_numbers_of_data_sets_that_are_easily_taken_for_each_other() -> None:
    found = {key: recipes.shipped()[key].labels for key in ("btcv-abdomen", "amos22", "word", "flare22")}
    assert [found[key][10] for key in found] == [
        *("portal_vein_and_splenic_vein", "pancreas", "colon", "esophagus"),
    ]
    assert [found[key][3] for key in found] == ["kidney_left", "kidney_left", "kidney_left", "spleen"]
    assert (found["word"][4], found["flare22"][13]) == ("kidney_right", "kidney_left")


def test_two_releases_of_one_layout_are_told_apart_by_their_masks(tmp_path: Path) -> None:
    minis = {mini.recipe: mini for mini in MINIATURES}
    first, second = recipes.recognise(write(minis["totalsegmentator-v1"], tmp_path))
    assert (first.recipe.key, first.explained) == ("totalsegmentator-v1", 1.0)
    assert second.recipe.key == "totalsegmentator-v2"
    assert second.explained < 1


def test_superseded_labels_are_refused_with_a_pointer(tmp_path: Path) -> None:
    mini = Mini(
        "btcv-cervix",
        "0507688",
        ("RawData/Training/img/0507688-Image.nii.gz",),
        {"RawData/Training/label/0507688-Mask.nii.gz": (1, 2, 3, 4)},
    )
    (found,) = recipes.recognise(write(mini, tmp_path))
    assert (
        found.refused == "The labels of RawData were corrected by their authors; take those of FixedDataV2."
    )


def test_an_unknown_layout_is_no_data_set(tmp_path: Path) -> None:
    write(Mini("", "", ("scans/a.nii.gz",), {"scans/a_seg.nii.gz": (1,)}), tmp_path)
    assert recipes.recognise(tmp_path) == []


@pytest.mark.parametrize("chosen", ["..", ".", "imagesTr"])
def test_a_data_set_is_recognised_from_above_and_from_within(chosen: str, tmp_path: Path) -> None:
    mini = next(mini for mini in MINIATURES if mini.recipe == "msd-spleen")
    write(mini, tmp_path)
    folder = (tmp_path / "Task09_Spleen" / chosen).resolve()
    found = recipes.recognise(folder)
    assert [one.recipe.key for one in found] == ([] if chosen == "imagesTr" else ["msd-spleen"])


OFFICIAL = [
    ("msd-liver", {1: "liver", 2: "cancer"}),
    ("msd-lung", {1: "cancer"}),
    ("msd-pancreas", {1: "pancreas", 2: "cancer"}),
    ("msd-hepaticvessel", {1: "Vessel", 2: "Tumour"}),
    ("msd-colon", {1: "colon cancer primaries"}),
    (
        "amos22",
        dict(
            enumerate(
                (
                    *(
                        "spleen",
                        "right kidney",
                        "left kidney",
                        "gall bladder",
                        "esophagus",
                        "liver",
                        "stomach",
                    ),
                    *("arota", "postcava", "pancreas", "right adrenal gland", "left adrenal gland"),
                    *("duodenum", "bladder", "prostate/uterus"),
                ),
                start=1,
            )
        ),
    ),
    ("ct-org", {1: "Liver", 2: "Bladder", 3: "Lungs", 4: "Kidneys", 5: "Bone", 6: "Brain"}),
    ("kits23", {1: "kidney", 2: "tumor", 3: "cyst"}),
]


@pytest.mark.parametrize(("key", "names"), OFFICIAL, ids=[key for key, _ in OFFICIAL])
def test_the_authors_own_tables_agree(key: str, names: dict[int, str]) -> None:
    recipes.check_names(recipes.shipped()[key], names, "dataset.json")


def test_a_redistributed_table_that_disagrees_stops_with_both_shown() -> None:
    flare = ("liver", "right kidney", "spleen", "pancreas", "aorta", "IVC", "RAG", "LAG", "gallbladder")
    names = dict(enumerate((*flare, "esophagus", "stomach", "duodenum", "left kidney"), start=1))
    with pytest.raises(Refused) as refused:
        recipes.check_names(recipes.shipped()["amos22"], names, "dataset.json")
    assert refused.value.sentence.startswith(
        "dataset.json disagrees with the recipe of AMOS 2022: 1 is “liver” there and spleen here; "
        "3 is “spleen” there and kidney_left here; "
    )
    assert "Nothing was imported" in refused.value.sentence


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({1: "liver"}, "2 (liver_tumor) is not in it"),
        ({1: "liver", 2: "cancer", 3: "spleen"}, "3 is “spleen” there and nothing here"),
        ({1: "liver", 2: "spleen"}, "2 is “spleen” there and liver_tumor here"),
        ({1: "liver", 2: "region 7"}, "2 is “region 7” there and liver_tumor here"),
    ],
)
def test_tables_that_do_not_agree(names: dict[int, str], shown: str) -> None:
    with pytest.raises(Refused) as refused:
        recipes.check_names(recipes.shipped()["lits"], names, "dataset.json")
    assert shown in refused.value.sentence


def test_an_exchange_of_sides_is_a_disagreement() -> None:
    names = dict(recipes.shipped()["word"].labels) | {3: "right kidney", 4: "left kidney"}
    with pytest.raises(Refused, match="3 is “right kidney” there and kidney_left here"):
        recipes.check_names(recipes.shipped()["word"], {v: str(n) for v, n in names.items()}, "dataset.json")


def test_known_bad_cases() -> None:
    known = recipes.shipped()
    assert known["lits"].has_unknown_spacing("28")
    assert not known["lits"].has_unknown_spacing("27")
    assert not known["lits"].has_unknown_spacing("48")
    assert known["lits"].label_affine_may_be_identity
    twenty = [n for n in range(1, 1063) if known["abdomenct-1k"].has_unknown_spacing(str(n))]
    assert len(twenty) == 20
    empty = np.zeros(SHAPE, np.uint8)
    with pytest.raises(Refused, match="s0864 of TotalSegmentator v1"):
        recipes.apply_to_masks(known["totalsegmentator-v1"], [], PLAIN, case="s0864")
    wrong = recipes.apply_to_masks(
        known["totalsegmentator-v2"], [("vertebrae_L1", empty), ("liver", empty)], PLAIN, case="s0513"
    )
    assert wrong.annotated == {"liver"}
    nothing = recipes.apply_to_labels(known["ct-org"], empty, PLAIN, case="3")
    assert nothing.annotated == {"liver", "urinary_bladder", "lung", "kidney", "bone"}


def test_the_overlaps_that_leak_are_known() -> None:
    shipped = recipes.shipped()
    others = {key: {overlap.other for overlap in recipe.overlaps} for key, recipe in shipped.items()}
    for key in ("lits", "msd-liver", "ct-org", "abdomenct-1k"):
        assert others[key] & {"lits", "msd-liver"}, key
    assert others["flare22"] >= {"abdomenct-1k", "flare23"}
    assert others["flare23"] >= {"abdomenct-1k", "flare22", "lits", "totalsegmentator-v1"}


@pytest.mark.parametrize(
    ("pattern", "path", "named"),
    [
        ("a/{n:4}.nii", "x/a/0012.nii", {"n": "0012"}),
        ("a/{n:4}.nii", "x/a/012.nii", None),
        ("a/{n:4}.nii", "x/ba/0012.nii", None),
        ("{part:Tr|T?}/x*.nii", "Ts/xyz.nii", {"part": "Ts"}),
        ("{case}/{case}.nii", "b/a/a.nii", {"case": "a"}),
        ("{case}/{case}.nii", "b/a.nii", None),
        ("a.b/{case}.nii", "aXb/c.nii", None),
    ],
)
def test_patterns(pattern: str, path: str, named: dict[str, str] | None) -> None:
    found = regex_of(pattern).search(path)
    assert (found.groupdict() if found else None) == named


@pytest.mark.parametrize(
    "text", [",data\n7,\n7.5,\n", ",data\nx,\n", f",data\n{16 * 12 * 8},\n", ",data\n-1,\n"]
)
def test_what_is_no_list_of_voxels(text: str) -> None:
    with pytest.raises(Refused):
        mask_of_list(text, SHAPE, "Larynx.csv")


def test_an_empty_list_of_voxels_is_an_empty_mask() -> None:
    assert not mask_of_list(",data\n", SHAPE, "Larynx.csv").any()
    assert mask_of_list(",data\n7,\n", SHAPE, "Larynx.csv")[0, 0, 7] == 1
