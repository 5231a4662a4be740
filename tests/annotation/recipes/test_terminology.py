"""Shipped recipes against the terminology that they were made from."""

import json
from pathlib import Path

import pytest

from annotation import recipes
from annotation.recipes.rules import Form, Recipe

pytestmark = pytest.mark.shared_data

_OTHER_MODALITIES = {"camus", "bugnist", "human-organ-atlas"}  # no CT or MR of people's organs


def test_every_value_and_file_stands_for_what_its_data_set_says(shared_data: Path) -> None:
    path = shared_data / "terminology" / "dataset_labels.json"
    known = json.loads(path.read_text(encoding="utf-8"))["datasets"]
    assert set(known) - _OTHER_MODALITIES == set(recipes.shipped())
    compared = 0
    for key, recipe in recipes.shipped().items():
        files, values = known[key].get("files", {}), known[key].get("values", {})
        assert {name: drawn for name, drawn in recipe.files.items() if drawn} == files, key
        compared += len(files)
        if recipe.form in (Form.LABEL_MAP, Form.PNG_STACK):
            assert {value: _meant(recipe, int(value)) for value in values} == values, key
            assert {str(value) for value in recipe.labels} <= set(values), key
            compared += len(values)
    assert compared > 400


def _meant(recipe: Recipe, value: int) -> str | None:
    spans = [key for low, high, key in recipe.ranges if low <= value <= high]
    return spans[0] if spans else recipe.labels[value]
