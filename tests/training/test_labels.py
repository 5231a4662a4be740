"""Tables of names as other tools write them, and the schema's values."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.labels import IGNORE, LabelError, StructureSpec, layer_values, read_names, renumber


def written(folder: Path, content: Any) -> Path:
    path = folder / "labels.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    "content",
    [
        {"1": "liver", "7": "spleen"},
        {"liver": 1, "spleen": 7},
        {"labels": {"0": "background", "1": "liver", "7": "spleen"}, "name": "Decathlon"},
        {"labels": {"background": 0, "liver": 1, "spleen": 7}, "channel_names": {"0": "CT"}},
    ],
)
def test_every_known_way_of_writing_names_is_read(tmp_path: Path, content: Any) -> None:
    assert read_names(written(tmp_path, content)) == {1: "liver", 7: "spleen"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([1, 2], "no table of labels"),
        ({"liver": 300}, "values run from 0 to 254"),
        ({"liver": "spleen"}, "no whole number"),
        ({"liver": 1, "spleen": 1}, "twice"),
        ({"1": "liver", "2": "liver"}, "twice"),
        ({"labels": {"whole tumour": [1, 2]}}, "joins several values"),
        ({"1": ""}, "without a usable name"),
        ({"0": "background"}, "no structure besides"),
        ({"liver": True}, "without a usable name"),
    ],
)
def test_an_unusable_table_is_refused_with_its_reason(tmp_path: Path, content: Any, sentence: str) -> None:
    with pytest.raises(LabelError, match=sentence):
        read_names(written(tmp_path, content))


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text("{")
    with pytest.raises(LabelError, match="could not be read"):
        read_names(tmp_path / "labels.json")


def test_renumber_keeps_background_and_ignored_voxels() -> None:
    labels = np.array([[[0, 5, 9, IGNORE]]], np.uint8)
    assert renumber(labels, {5: 1, 9: 2}).ravel().tolist() == [0, 1, 2, IGNORE]
    with pytest.raises(LabelError, match="value 9, which"):
        renumber(labels, {5: 1})


def spec(layer: int, value: int) -> StructureSpec:
    return StructureSpec(f"s{layer}{value}", f"S{layer}{value}", layer, value, 2.0)


def test_values_are_listed_layer_by_layer() -> None:
    assert layer_values([spec(1, 4), spec(0, 2), spec(0, 1)]) == ((1, 2), (4,))


@pytest.mark.parametrize(
    ("structures", "sentence"),
    [
        ([], "no structure"),
        ([spec(0, 0)], "value from 1"),
        ([spec(0, 255)], "value from 1"),
        ([spec(0, 1), spec(0, 1)], "two structures"),
        ([spec(1, 1)], "without a gap"),
    ],
)
def test_an_impossible_schema_is_refused(structures: list[StructureSpec], sentence: str) -> None:
    with pytest.raises(LabelError, match=sentence):
        layer_values(structures)
