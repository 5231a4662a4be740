"""What rules do to arrays: nothing is lost, nothing is invented, nothing unknown passes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from annotation.errors import Refused
from annotation.recipes import apply_to_labels, apply_to_masks, body_midline, json_of, recipe_of
from annotation.recipes.applying import Harmonised
from annotation.recipes.rules import Recipe
from training.labels import IGNORE
from training.volume import Geometry, Volume

SHAPE = (12, 10, 8)
UPRIGHT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
GRID = Geometry(SHAPE, (2.0, 2.0, 3.0), (-11.0, -9.0, 0.0), UPRIGHT)  # the mid-plane x = 0 is between 5 and 6
_COSINE, _SINE = np.cos(0.3), np.sin(0.3)
OBLIQUE = Geometry(
    SHAPE,
    (2.0, 2.0, 3.0),
    (-11.0, -9.0, 0.0),
    ((_COSINE, -_SINE, 0.0), (_SINE, _COSINE, 0.0), (0.0, 0.0, 1.0)),
)

label_maps = arrays.arrays(np.uint8, SHAPE, elements=st.integers(0, 4))


def recipe(**fields: Any) -> Recipe:
    labels = {"1": "liver", "2": "liver_tumor", "3": "kidney", "4": "spleen"}
    return recipe_of({"format": 1, "key": "test", "title": "Test", "labels": labels} | fields)


def applied(labels: np.ndarray[Any, Any], one: Recipe, **more: Any) -> Harmonised:
    return apply_to_labels(one, labels, GRID, **({"midline_x_mm": 0.0} | more))


def full(result: Harmonised, key: str) -> np.ndarray[Any, Any]:
    return result.masks[key].full()


@given(label_maps)
def test_values_become_masks_and_no_voxel_is_lost(labels: np.ndarray[Any, Any]) -> None:
    result = applied(labels, recipe())
    for value, key in enumerate(("liver", "liver_tumor", "kidney", "spleen"), start=1):
        assert np.array_equal(full(result, key), labels == value)
    assert result.annotated == {"liver", "liver_tumor", "kidney", "spleen"}
    assert dict(result.steps[0].voxels) == {key: int(full(result, key).sum()) for key in result.masks}


@given(label_maps, st.sampled_from(["midplane"]), st.sampled_from([GRID, OBLIQUE]), st.floats(-30, 30))
def test_split_then_merge_is_what_there_was(
    labels: np.ndarray[Any, Any], by: str, grid: Geometry, midline: float
) -> None:
    split = {"rule": "split", "from": "kidney", "left": "kidney_left", "right": "kidney_right", "by": by}
    merge = {"rule": "merge", "from": ["kidney_left", "kidney_right"], "into": "kidney"}
    apart = apply_to_labels(recipe(rules=[split]), labels, grid, midline_x_mm=midline)
    left, right = full(apart, "kidney_left"), full(apart, "kidney_right")
    assert not (left & right).any()
    assert np.array_equal(left | right, labels == 3)
    x = grid.index_to_lps(np.argwhere(left))[:, 0]
    assert (x >= midline - 1e-9).all()
    again = apply_to_labels(recipe(rules=[split, merge]), labels, grid, midline_x_mm=midline)
    assert np.array_equal(full(again, "kidney"), labels == 3)


@given(label_maps)
def test_merging_never_loses_a_voxel(labels: np.ndarray[Any, Any]) -> None:
    merge = {"rule": "merge", "from": ["liver", "spleen", "kidney"], "into": "abdomen"}
    result = applied(labels, recipe(rules=[merge]))
    assert np.array_equal(full(result, "abdomen"), np.isin(labels, (1, 3, 4)))
    assert set(result.masks) == {"abdomen", "liver_tumor"}


@given(label_maps)
def test_an_organ_holds_its_tumour_on_another_layer(labels: np.ndarray[Any, Any]) -> None:
    contain = {"rule": "contain", "whole": "liver", "parts": ["liver_tumor"]}
    result = applied(labels, recipe(rules=[contain], layers={"liver_tumor": 1}))
    assert np.array_equal(full(result, "liver"), np.isin(labels, (1, 2)))
    assert np.array_equal(full(result, "liver_tumor"), labels == 2)
    places = {"liver": (0, 7), "liver_tumor": (1, 9), "spleen": (0, 3)}
    drawn, says = result.layered(places, 2)
    assert np.array_equal(drawn[0], np.select([np.isin(labels, (1, 2)), labels == 4], [7, 3], 0))
    assert np.array_equal(drawn[1], np.where(labels == 2, 9, 0))
    assert says == ()


@given(label_maps)
def test_subtract_takes_only_what_is_shared(labels: np.ndarray[Any, Any]) -> None:
    rules = [
        {"rule": "contain", "whole": "liver", "parts": ["liver_tumor"]},
        {"rule": "subtract", "from": "liver", "minus": ["liver_tumor"]},
    ]
    result = applied(labels, recipe(rules=rules, layers={"liver_tumor": 1}))
    assert np.array_equal(full(result, "liver"), labels == 1)
    assert np.array_equal(full(result, "liver_tumor"), labels == 2)


def test_rename_and_drop() -> None:
    labels = np.full(SHAPE, 3, np.uint8)
    rules = [
        {"rule": "rename", "from": "kidney", "into": "kidney_left"},
        {"rule": "drop", "from": ["spleen"]},
    ]
    result = applied(labels, recipe(rules=rules))
    assert set(result.masks) == {"liver", "liver_tumor", "kidney_left"}
    assert result.masks["kidney_left"].voxels == labels.size
    assert [step.says for step in result.steps[1:]] == ["kidney renamed", "spleen left out"]


def test_an_unknown_value_stops_with_a_sentence() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[2, 2, 2] = 9
    with pytest.raises(Refused, match=r"holds the value 9, which the recipe of Test does not name \(1 liver"):
        applied(labels, recipe())


def test_a_value_without_a_structure_is_left_out_and_counted() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[0, 0, :5] = 4
    result = applied(labels, recipe(labels={"1": "liver", "4": None}))
    assert set(result.masks) == {"liver"}
    assert "5 voxels of labels that the recipe leaves out were dropped" in [s.says for s in result.steps]


def test_ignored_voxels_belong_to_nobody_on_any_layer() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[0], labels[1] = 1, 200
    result = applied(labels, recipe(ignored=[200]))
    drawn, _ = result.layered({"liver": (0, 1)}, 2)
    assert (drawn[0][0] == 1).all()
    assert (drawn[:, 1] == IGNORE).all()
    assert not drawn[:, 2:].any()


def two_kidneys(gap: int) -> np.ndarray[Any, Any]:
    """A kidney on each side of the mid-plane; without a gap they touch."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[1 : 6 - gap, 2:5, 1:5] = 3
    labels[6 + gap : 11, 2:5, 1:5] = 3
    return labels


SPLIT = {
    "rule": "split",
    "from": "kidney",
    "left": "kidney_left",
    "right": "kidney_right",
    "by": "components",
}


def test_components_go_whole_to_their_side() -> None:
    labels = two_kidneys(1)
    result = applied(labels, recipe(rules=[SPLIT]), midline_x_mm=1.5)
    assert np.array_equal(full(result, "kidney_left"), (labels == 3) & (np.arange(12)[:, None, None] >= 6))
    assert np.array_equal(full(result, "kidney_right"), (labels == 3) & (np.arange(12)[:, None, None] < 6))


def test_a_single_kidney_leaves_the_other_side_absent_not_unknown() -> None:
    labels = two_kidneys(1)
    labels[6:] = 0
    result = applied(labels, recipe(rules=[SPLIT]))
    assert result.masks["kidney_left"].voxels == 0
    assert "kidney_left" in result.annotated


def test_a_horseshoe_kidney_is_not_given_to_one_side() -> None:
    with pytest.raises(Refused, match="lies on both sides of the patient"):
        applied(two_kidneys(0), recipe(rules=[SPLIT]))


def test_sides_need_the_scan() -> None:
    with pytest.raises(Refused, match="the patient's mid-plane is needed"):
        applied(two_kidneys(1), recipe(rules=[SPLIT]), midline_x_mm=None)


def test_the_midline_is_that_of_the_body_not_of_the_field() -> None:
    voxels = np.full((40, 30, 6), -1000, np.int16)
    voxels[20:31, 5:25] = 40  # columns 20 to 30
    grid = Geometry((40, 30, 6), (2.0, 2.0, 2.0), (-10.0, 0.0, 0.0), UPRIGHT)
    assert body_midline(Volume(voxels, grid)) == pytest.approx(-10 + 2 * 25)
    with pytest.raises(Refused, match="shows no body"):
        body_midline(Volume(np.full((40, 30, 6), -1000, np.int16), grid))


MASKS = {
    "form": "masks",
    "labels": {},
    "files": {"Lung-Lt": "lung_left", "Lung-Rt": "lung_right", "dose": None},
}
LUNGS = {"rule": "merge", "from": ["lung_left", "lung_right"], "into": "lung"}


def box(at: int) -> np.ndarray[Any, Any]:
    mask = np.zeros(SHAPE, np.uint8)
    mask[at : at + 3, 2:4, 2:4] = 1
    return mask


def test_a_missing_file_is_unknown_and_an_empty_one_is_absent() -> None:
    one = recipe(**MASKS)
    empty = apply_to_masks(one, [("lung_lt", box(7)), ("Lung_Rt", np.zeros(SHAPE, np.uint8))], GRID)
    assert empty.annotated == {"lung_left", "lung_right"}
    assert empty.masks["lung_right"].voxels == 0
    missing = apply_to_masks(one, [("Lung-Lt", box(7))], GRID)
    assert missing.annotated == {"lung_left"}


def test_what_is_merged_of_an_unknown_part_is_unknown_and_said() -> None:
    result = apply_to_masks(recipe(**MASKS, rules=[LUNGS]), [("Lung-Lt", box(7))], GRID)
    assert result.annotated == frozenset()
    assert result.masks == {}
    assert result.notes == ("lung has 12 voxels here but does not count as annotated.",)


def test_masks_that_overlap_on_one_layer_are_counted() -> None:
    result = apply_to_masks(recipe(**MASKS), [("Lung-Lt", box(5)), ("Lung-Rt", box(4))], GRID)
    drawn, says = result.layered({"lung_left": (0, 1), "lung_right": (0, 2)}, 1)
    assert says == ("lung_right has 8 voxels that lung_left had too; they share a layer.",)
    assert np.array_equal(drawn[0] == 2, box(4) == 1)


@pytest.mark.parametrize(
    ("masks", "sentence"),
    [
        ([("Heart", box(1))], "a mask called “Heart”, which the recipe of Test does not name"),
        ([("Lung-Lt", box(1)), ("Lung_Lt", box(1))], "two masks of lung_left"),
        ([("Lung-Lt", np.zeros((3, 3, 3), np.uint8))], "another shape than its scan"),
    ],
)
def test_masks_that_cannot_be_taken(masks: list[Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        apply_to_masks(recipe(**MASKS), masks, GRID)


def test_what_is_known_of_single_cases() -> None:
    one = recipe(
        cautions=[
            {"cases": ["5"], "effect": "skip", "says": "the file is corrupt."},
            {
                "cases": ["6-8"],
                "effect": "not_annotated",
                "structures": ["kid*"],
                "says": "Kidneys are wrong.",
            },
            {"cases": ["7"], "says": "A second phase."},
        ],
        unknown_unless_present=[{"structures": ["spleen"], "cases": ["100-200"]}],
        spacing_unknown=["9"],
    )
    labels = np.zeros(SHAPE, np.uint8)
    labels[3, 3, 3] = 3
    with pytest.raises(Refused, match="Case 5 of Test stays out: the file is corrupt"):
        applied(labels, one, case="5")
    seven = applied(labels, one, case="7")
    assert seven.annotated == {"liver", "liver_tumor", "spleen"}
    assert seven.notes[:2] == ("Kidneys are wrong.", "A second phase.")
    assert "kidney has 1 voxels here but does not count as annotated." in seven.notes
    assert applied(labels, one, case="150").annotated == {"liver", "liver_tumor", "kidney"}
    labels[1, 1, 1] = 4
    assert "spleen" in applied(labels, one, case="150").annotated
    assert applied(labels, one, case="9").notes == (
        "The spacing of this case is lost; nothing of it can be measured in millimetres.",
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"format": 2}, 'write "format": 1'),
        ({"colour": "red"}, "a field “colour”"),
        ({"key": "Läber"}, "“key” holds 'Läber', which is no key"),
        ({"labels": {"0": "liver"}}, "0 is the background"),
        ({"labels": {"-1": "liver"}}, "the value '-1'"),
        ({"labels": {"1.5": "liver"}}, "the value '1.5'"),
        ({"labels": {"1": "Liver!"}}, "which is no key"),
        ({"labels": {"1": "liver", "01": "spleen"}}, "one value twice"),
        ({"labels": []}, "“labels” is not a table"),
        ({"labels": {}}, "names no structure"),
        ({"labels": {"1": None}}, "names no structure"),
        ({"rules": [{"rule": "paint"}]}, "no rule “paint”"),
        ({"rules": [{"rule": "drop", "from": ["heart"]}]}, "takes heart, which is not there"),
        ({"rules": [{"rule": "rename", "from": "liver", "into": "spleen"}]}, "makes spleen, which is there"),
        ({"rules": [{"rule": "merge", "from": [], "into": "x"}]}, "has no structure in “from”"),
        ({"rules": [{"rule": "merge", "from": ["liver", "liver"], "into": "x"}]}, "names liver twice"),
        ({"rules": [SPLIT | {"by": "guess"}]}, "choose one of midplane, components"),
        (
            {"rules": [{"rule": "contain", "whole": "liver", "parts": ["liver_tumor"]}]},
            "they need two layers",
        ),
        ({"annotated": ["heart"]}, "“annotated” names heart"),
        ({"layers": {"liver": 32}}, "layers are the numbers 0 to 31"),
        ({"ignored": [1]}, "both a label and ignored"),
        ({"form": "film"}, "choose one of label_map"),
        ({"title": ""}, "“title” needs a text"),
        ({"cautions": [{"cases": ["1"], "says": "x", "effect": "burn"}]}, "choose one of note"),
        ({"layout": {"splits": {"Tr": "training"}}}, "no split “training”"),
        ({"ranges": [[5, 2, "liver"]]}, "the range 5–2"),
    ],
)
def test_recipes_that_cannot_be_used(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence.replace("(", r"\(")):
        recipe(**fields)


def test_values_are_numbers_and_come_in_their_order() -> None:
    names = {"10": "aorta", "2": "spleen", "1": "liver"}
    assert list(recipe(labels=names).labels) == [1, 2, 10]


def test_a_disabled_recipe_says_why() -> None:
    with pytest.raises(Refused, match="cannot be used: nobody knows"):
        applied(np.zeros(SHAPE, np.uint8), recipe(disabled="nobody knows"))


def test_json_and_back() -> None:
    one = recipe(
        rules=[SPLIT, {"rule": "drop", "from": ["spleen"]}],
        layers={"liver_tumor": 1},
        spacing_unknown=["28-47", "x"],
        cautions=[{"cases": ["*"], "effect": "note", "says": "Look."}],
        unknown_unless_present=[{"structures": ["liver"]}],
        layout={"images": ["a/{n}.nii"], "labels": ["b/{n}.nii"], "splits": {"Tr": "pool"}},
        source={"licence": "CC BY 4.0", "non_commercial": True, "citation": "Somebody 2020"},
        overlaps=[{"other": "lits", "says": "same scans"}],
        also_called={"2": ["cancer"]},
    )
    assert recipe_of(json_of(one)) == one
