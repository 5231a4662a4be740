import json
from pathlib import Path

import pytest

from annotation import catalogue
from annotation.errors import Refused
from annotation.projects import preset_named, presets


def test_every_set_is_of_the_catalogue_and_says_where_it_is_from() -> None:
    sizes = {preset.key: len(preset.structures) for preset in presets()}
    assert sizes == {
        "amos": 15,
        "word": 16,
        "btcv": 13,
        "flare22": 13,
        "kits23": 3,
        "totalsegmentator_v2": 117,
        "totalsegmentator_v1": 104,
        "openkbp": 7,
        "head_neck_21": 21,
    }
    for preset in presets():
        assert set(preset.structures) <= catalogue.entries().keys(), preset.key
        assert len(set(preset.structures)) == len(preset.structures), preset.key
        assert preset.source, preset.key
        assert preset.url.startswith("https://"), preset.key


def test_numbers_that_are_easily_mixed_up() -> None:
    """BTCV and AMOS agree for 1 to 9 and then shift by one; WORD has the left kidney first."""
    amos, btcv, word = (preset_named(key).values for key in ("amos", "btcv", "word"))
    assert (amos["pancreas"], btcv["pancreas"], word["pancreas"]) == (10, 11, 8)
    assert (amos["kidney_right"], btcv["kidney_right"], word["kidney_right"]) == (2, 2, 4)
    assert preset_named("totalsegmentator_v1").values["aorta"] == 7
    assert preset_named("totalsegmentator_v2").values["aorta"] == 52
    assert preset_named("totalsegmentator_v2").values["rib_7_left"] == 98


def test_an_unknown_one() -> None:
    with pytest.raises(Refused, match="Choose one of amos, word"):
        preset_named("lits")


@pytest.mark.shared_data
def test_values_equal_those_of_the_data_sets(shared_data: Path) -> None:
    folder = shared_data / "terminology"
    sets = json.loads((folder / "dataset_labels.json").read_text())["datasets"]
    classes = json.loads((folder / "totalsegmentator_classes.json").read_text())
    names = {
        "amos": "amos22",
        "word": "word",
        "btcv": "btcv-abdomen",
        "flare22": "flare22",
        "kits23": "kits23",
    }
    for key, name in names.items():
        wanted = {structure: int(value) for value, structure in sets[name]["values"].items()}
        assert preset_named(key).values == wanted
    for version in ("v1", "v2"):
        files = sets[f"totalsegmentator-{version}"]["files"]
        wanted = {files[name]: int(value) for value, name in classes[f"total_{version}"].items()}
        assert preset_named(f"totalsegmentator_{version}").values == wanted
    assert set(preset_named("openkbp").structures) == set(sets["openkbp"]["files"].values())
    assert set(preset_named("head_neck_21").structures) == set(sets["tcia-tv-deepmind"]["files"].values())
