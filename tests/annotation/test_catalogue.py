import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from pydicom.sr.codedict import codes

from annotation import catalogue
from annotation.models import Side, Structure
from training.phantom import STRUCTURES


def test_parents_exist_and_lead_to_a_root() -> None:
    entries = catalogue.entries()
    for entry in entries.values():
        seen = set()
        while entry.parent:
            assert entry.key not in seen
            seen.add(entry.key)
            entry = entries[entry.parent]


def test_sides_stand_in_keys() -> None:
    for entry in catalogue.entries().values():
        ends = [side for side in ("left", "right") if entry.key.endswith(f"_{side}")]
        assert entry.side in (Side.NONE, *ends), entry.key
        if ends and entry.key != "atrial_appendage_left":
            assert entry.side == ends[0]


def test_colours_can_be_told_apart_and_seen_on_black() -> None:
    colours = [entry.colour for entry in catalogue.entries().values()]
    assert len(set(colours)) == len(colours)
    assert min(catalogue.lightness(colour) for colour in colours) >= catalogue.DARKEST
    lab = np.array([catalogue._lab(colour) for colour in colours])
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1)[np.triu_indices(len(lab), 1)]
    assert apart.min() > 6  # CIE 1976; 2.3 is a just noticeable difference


def test_lightness_is_cielab() -> None:
    assert catalogue.lightness("#ffffff") == pytest.approx(100, abs=0.01)
    assert catalogue.lightness("#000000") == pytest.approx(0, abs=0.01)
    assert catalogue.lightness("#777777") == pytest.approx(50.03, abs=0.1)


def test_spellings_do_not_collide() -> None:
    spelt: dict[str, str] = {}
    for entry, spelling in itertools.chain.from_iterable(
        [(entry, s) for s in (entry.key, entry.name, *entry.synonyms)]
        for entry in catalogue.entries().values()
    ):
        assert spelt.setdefault(catalogue.plain(spelling), entry.key) == entry.key, spelling


def test_known_codes_mean_what_they_stand_for() -> None:
    entries = catalogue.entries()
    expected = {
        "liver": codes.SCT.Liver,
        "spleen": codes.SCT.Spleen,
        "kidney_left": codes.SCT.Kidney,
        "aorta": codes.SCT.Aorta,
        "urinary_bladder": codes.SCT.Bladder,
        "spinal_cord": codes.SCT.SpinalCord,
        "pancreas": codes.SCT.Pancreas,
    }
    assert {key: entries[key].snomed_code for key in expected} == {k: c.value for k, c in expected.items()}


def test_codes_beside_the_structures_own() -> None:
    """A side is said once: by the code itself, by its modifier, or by that of the organ that it lies in."""
    sides = {"7771000": Side.LEFT, "24028007": Side.RIGHT}
    for entry in catalogue.entries().values():
        said = [code for code in (entry.modifier_code, entry.region_modifier_code) if code]
        assert len(said) < 2, entry.key
        assert all(sides[code] == entry.side for code in said), entry.key
        assert bool(entry.region_code) == bool(entry.region_meaning) >= bool(entry.region_modifier_code)
        assert bool(entry.snomed_meaning) == bool(entry.snomed_code) == bool(entry.category_code), entry.key
        if entry.key.startswith(("liver_tumor", "kidney_tumor", "kidney_cyst", "lung_tumor")):
            assert entry.category_code == codes.SCT.MorphologicallyAbnormalStructure.value
            assert entry.region_code
    entries = catalogue.entries()
    assert entries["kidney_left"].snomed_meaning == codes.SCT.Kidney.meaning
    assert entries["kidney_left"].modifier_code == codes.SCT.Left.value
    assert entries["liver_tumor"].region_code == codes.SCT.Liver.value
    assert entries["liver"].category_code == codes.SCT.AnatomicalStructure.value


@pytest.mark.django_db
def test_loading_twice_changes_nothing_and_keeps_what_was_edited() -> None:
    catalogue.load()
    Structure.objects.filter(key="liver").update(name="Leber", colour="#123456")
    catalogue.load()
    assert Structure.objects.count() == len(catalogue.entries())
    assert Structure.objects.get(key="liver").name == "Leber"
    kidney = Structure.objects.get(key="kidney_left")
    assert (kidney.side, kidney.parent and kidney.parent.key, kidney.tolerance_mm) == ("left", "kidney", 3.0)
    for structure in Structure.objects.all():
        structure.full_clean()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("kidney_left", "kidney_left"),
        ("Kidney (left)", "kidney_left"),
        ("left kidney", "kidney_left"),
        ("Kidney-L", "kidney_left"),
        ("LeftParotid", "parotid_gland_left"),
        ("Parotid_Rt", "parotid_gland_right"),
        ("SpinalCord", "spinal_cord"),
        ("Oesophagus", "esophagus"),
        ("rib_left_7", "rib_7_left"),
        ("vertebrae_L1", "vertebrae_l1"),
        ("Bladder", "urinary_bladder"),
        ("PTV 56", "ptv_56"),
        ("Left breast implant", "breast_implant_left"),
        ("Région d'intérêt", "region_d_interet"),
    ],
)
def test_names_find_their_structure(name: str, key: str) -> None:
    assert catalogue.key_of(name) == key


@pytest.mark.django_db
def test_a_new_name_makes_one_structure_with_a_colour_of_its_own() -> None:
    catalogue.load()
    taken = set(Structure.objects.values_list("colour", flat=True))
    made = catalogue.structure_named("Left breast implant")
    made.full_clean()
    assert (made.name, made.side) == ("Left breast implant", "left")
    assert made.colour not in taken
    assert catalogue.structure_named("breast implant (left)") == made
    assert catalogue.structure_named("Breast expander").colour not in taken | {made.colour}


@pytest.mark.django_db
def test_names_in_other_scripts_stay_apart() -> None:
    names = ["肝臓 1", "脾臓 1", "печень", "x" * 300]
    made = [catalogue.structure_named(name) for name in names]
    assert len({structure.key for structure in made}) == len(names)
    for structure in made:
        structure.full_clean()
    assert catalogue.structure_named("печень") == made[2]


def test_the_phantom_speaks_of_the_catalogues_structures() -> None:
    assert {spec.key for spec in STRUCTURES} <= catalogue.entries().keys()


def test_published_agreement_has_its_source_and_knows_its_structures() -> None:
    keys = catalogue.entries().keys()
    studies = [study for key in keys for study in catalogue.published_agreement(key)]
    with catalogue.PUBLISHED.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(studies) == len(lines)
    for study in studies:
        assert study.source
        assert study.address.startswith("https://")
        assert 0 <= study.low <= study.high <= 1
        assert study.mean is None or study.low <= study.mean <= study.high
        assert study.kind in ("inter", "intra", "gold")
        assert study.metric in ("dice", "surface_dice")
    assert catalogue.published_agreement("kidney_tumor")[0].mean == 0.923
    assert catalogue.published_agreement("gallbladder") == ()


@pytest.mark.shared_data
def test_agreement_of_two_readers_follows_from_their_masks(shared_data: Path) -> None:
    """The figures of the reference package for every case, averaged."""
    rows = json.loads((shared_data / "two_raters_hn" / "reference_metrics.json").read_text())["rows"]
    for organ in {row["organ"] for row in rows}:
        mine = [row for row in rows if row["organ"] == organ and row["dice"] is not None]
        studies = catalogue.published_agreement(catalogue.key_of(organ))
        for metric, column in (("dice", "dice"), ("surface_dice", "surface_dice_at_tau")):
            (study,) = [s for s in studies if s.metric == metric and s.source.startswith("Nikolov")]
            assert study.cases == len(mine)
            assert study.mean == pytest.approx(np.mean([row[column] for row in mine]), abs=6e-4)


@pytest.mark.shared_data
def test_keys_and_codes_equal_the_terminology(shared_data: Path) -> None:
    with (shared_data / "terminology" / "structures.csv").open(encoding="utf-8", newline="") as file:
        lines = {line["key"]: line for line in csv.DictReader(file)}
    entries = catalogue.entries()
    assert entries.keys() == lines.keys()
    for key, line in lines.items():
        entry = entries[key]
        assert (entry.snomed_code, entry.parent) == (line["snomed_type_code"], line["parent"])
        assert (entry.region, entry.side) == (line["group"], line["side"])
        assert entry.snomed_meaning == line["snomed_type_meaning"]
        assert entry.category_code == line["snomed_category_code"]
        assert entry.modifier_code == line["modifier_code"]
        assert (entry.region_code, entry.region_meaning) == (line["region_code"], line["region_meaning"])
        assert entry.region_modifier_code == line["region_modifier_code"]
        assert entry.tolerance_mm == float(line["tolerance_mm"] or catalogue.DEFAULT_TOLERANCE_MM)
