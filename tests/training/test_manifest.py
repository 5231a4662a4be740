"""Orders and reports travel as JSON."""

import json
from pathlib import Path

import pytest

from training.manifest import Case, CaseScore, Manifest, Report
from training.phantom import STRUCTURES

CASE = Case("7", Path("a/image.npy"), (1.0, 1.5, 3.0), Path("a/labels.npy"), ("liver", "spleen"))


@pytest.mark.parametrize("parent", [None, Path("models/1")])
def test_a_manifest_is_json_and_back(parent: Path | None) -> None:
    manifest = Manifest(STRUCTURES, (CASE,), (), parent, 150.0, 4, validation=(CASE,))
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_manifest_without_validation_cases_is_one_that_has_none() -> None:
    content = json.loads(Manifest(STRUCTURES, (CASE,), (), None, 150.0, 4).to_json())
    del content["validation"]
    assert Manifest.from_json(json.dumps(content)).validation == ()


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"structures": [{"key": "liver"}]})])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a training manifest"):
        Manifest.from_json(text)


def test_a_report_is_json() -> None:
    scores = (CaseScore("7", "liver", 0.9, None),)
    report = Report(Path("m/w"), "ab", Path("m"), {"version": 1}, scores, 10, 1.5, "v1")
    content = json.loads(report.to_json())
    assert content["weights"] == "m/w"
    assert (content["validation"], content["epochs"], content["notes"]) == ({}, [], [])
    score = {"case_id": "7", "structure": "liver", "dice": 0.9, "surface_dice": None, "tolerance_mm": None}
    assert content["scores"] == [score]
