"""Layers keep structures apart that share voxels; values are never given twice."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation import catalogue
from annotation.errors import Refused
from annotation.projects.layout import Asked, Place, overlap, place
from annotation.projects.presets import presets

KEYS = sorted(catalogue.entries())


def asked(*keys: str) -> list[Asked]:
    entries = catalogue.entries()
    return [Asked(key, entries[key].name if key in entries else key) for key in keys]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("lens_left", "orbit_left"),
        ("spinal_cord", "spinal_canal"),
        ("brainstem", "brain"),
        ("lung_upper_lobe_left", "lung"),
        ("liver_tumor", "liver"),
        ("liver_tumor", "liver_segment_4"),
        ("hepatic_vessel", "liver_segment_8"),
        ("kidney_tumor", "kidney_left"),
        ("abdominal_tumor", "kidney_left"),
        ("prostate_or_uterus", "uterus"),
        ("intestine", "small_bowel"),
        ("vertebrae_s1", "sacrum"),
    ],
)
def test_what_shares_voxels(first: str, second: str) -> None:
    assert overlap(first, second)
    assert overlap(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("liver", "spleen"),
        ("lens_left", "orbit_right"),
        ("kidney_tumor", "kidney_cyst"),
        ("liver_segment_1", "liver_segment_2"),
        ("liver_tumor", "spleen"),
        ("duodenum", "small_bowel"),
        ("something of our own", "liver"),
    ],
)
def test_what_excludes_each_other(first: str, second: str) -> None:
    assert not overlap(first, second)
    assert not overlap(second, first)


def test_one_layer_while_nothing_overlaps() -> None:
    placed = place(asked("spleen", "liver", "aorta"))
    assert [(one.key, one.layer, one.value, one.because) for one in placed] == [
        ("spleen", 0, 1, ""),
        ("liver", 0, 2, ""),
        ("aorta", 0, 3, ""),
    ]


def test_the_part_goes_above_its_whole_and_says_why() -> None:
    lens, orbit = place(asked("lens_left", "orbit_left"))
    assert (lens.layer, lens.value, orbit.layer, orbit.value) == (1, 1, 0, 2)
    assert lens.because == "shares voxels with Orbit (left), which is on layer 1"
    assert orbit.because == ""


def test_what_stands_keeps_its_place() -> None:
    standing = [Place("spinal_cord", "Spinal cord", 0, 1), Place("liver", "Liver", 0, 7)]
    canal, spleen = place(asked("spinal_canal", "spleen"), standing=standing)
    assert (canal.layer, canal.value) == (1, 2)
    assert (spleen.layer, spleen.value) == (0, 3)


def test_values_of_a_preset_where_they_are_free() -> None:
    placed = place(
        asked("liver", "pancreas", "femur"),
        numbers={"liver": 6, "pancreas": 10},
        standing=[Place("spleen", "Spleen", 0, 6)],
    )
    assert {one.key: one.value for one in placed} == {"liver": 1, "pancreas": 10, "femur": 2}


def test_more_than_there_are_values() -> None:
    with pytest.raises(Refused, match="254"):
        place([Asked(f"own_{n}", f"Own {n}") for n in range(255)])


@given(st.lists(st.sampled_from(KEYS), unique=True, max_size=60), st.integers(0, 60))
def test_whatever_is_asked_for(keys: list[str], first: int) -> None:
    """In one go or in two: nothing that overlaps on one layer, no value twice, nothing moved."""
    begun = place(asked(*keys[:first]))
    placed = [*begun, *place(asked(*keys[first:]), standing=begun)]
    assert [one.key for one in placed] == keys
    assert len({one.value for one in placed}) == len(placed)
    for one, other in itertools.combinations(placed, 2):
        assert one.layer != other.layer or not overlap(one.key, other.key)
    assert all(bool(one.because) == (one.layer > 0) for one in placed)


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.key)
def test_presets_stand_as_they_are_numbered(preset: object) -> None:
    known = next(one for one in presets() if one == preset)
    placed = place(asked(*known.structures), numbers=known.values)
    assert {one.key: one.value for one in placed} == known.values
    layers = 1 + max(one.layer for one in placed)
    expected = {"kits23": 2, "totalsegmentator_v2": 2, "head_neck_21": 2}
    assert layers == expected.get(known.key, 1)
