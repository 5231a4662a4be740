"""What an incoming name may stand for, and what is never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation import catalogue
from annotation.recipes.matching import How, propose
from annotation.recipes.shipped import shipped

KEYS = sorted(catalogue.entries())


def only(name: str) -> tuple[str, How, float]:
    (proposal,) = propose([name])
    first = proposal.candidates[0]
    return first.key, first.how, first.confidence


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_its_structure_beyond_doubt(key: str) -> None:
    assert only(key) == (key, How.EXACT, 1.0)


@pytest.mark.parametrize("key", KEYS)
def test_every_known_spelling_finds_its_structure(key: str) -> None:
    for spelling in catalogue.entries()[key].synonyms:
        assert only(spelling)[0] == key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("kidny left", "kidney_left"),
        ("kidneey R", "kidney_right"),
        ("splen", "spleen"),
        ("Oesphagus", "esophagus"),
        ("gall blader", "gallbladder"),
        ("Portal vein & splenic vein", "portal_vein_and_splenic_vein"),
        ("uterus/prostate", "prostate_or_uterus"),
        ("Pancreas_mask.nii.gz", "pancreas"),
        ("liver tumours", "liver_tumor"),
        ("liver cancer", "liver_tumor"),
        ("vertebra L3", "vertebrae_l3"),
    ],
)
def test_misspelt_names_find_theirs_but_are_never_sure(name: str, key: str) -> None:
    found, how, confidence = only(name)
    assert found == key
    if how is How.FUZZY:
        assert 0.72 <= confidence <= 0.95


@pytest.mark.parametrize(
    "name",
    ["vertebrae_L7", "rib 14 left", "liver cyst", "left liver", "xyz", "42", "both lungs left right", "肝臓"],
)
def test_what_is_not_in_the_catalogue_gets_no_candidate_but_a_hint(name: str) -> None:
    (proposal,) = propose([name])
    assert proposal.candidates == ()
    assert proposal.hint


def test_a_missing_side_is_asked_for_not_guessed() -> None:
    (proposal,) = propose(["parotid"])
    assert proposal.candidates == ()
    assert proposal.hint.startswith("Which side is it (Parotid gland (left) or Parotid gland (right))?")


@given(st.sampled_from([key for key in KEYS if catalogue.entries()[key].side]), st.data())
def test_no_misspelling_changes_the_side(key: str, data: st.DataObject) -> None:
    """One letter anywhere outside the word of the side is changed or lost."""
    side = catalogue.entries()[key].side
    words = [word for word in key.split("_") if word != side]
    at = data.draw(st.integers(0, len("_".join(words)) - 1))
    text = "_".join(words)
    changed = text[:at] + data.draw(st.sampled_from(["", "x", "e"])) + text[at + 1 :]
    for candidate in propose([f"{side} {changed}"])[0].candidates:
        assert catalogue.entries()[candidate.key].side == side


@given(st.sampled_from([key for key in KEYS if key.startswith(("vertebrae_", "rib_"))]))
def test_numbers_are_never_taken_for_each_other(key: str) -> None:
    misspelt = key.replace("vertebrae", "vertebre").replace("rib", "ribb")
    assert [one.key for one in propose([misspelt])[0].candidates] in ([key], [])


def test_names_of_all_public_masks_are_found() -> None:
    for recipe in shipped().values():
        for name, key in recipe.files.items():
            if key:
                assert only(name)[0] == key
