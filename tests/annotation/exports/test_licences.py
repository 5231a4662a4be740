"""The licences of the data sets that cases came from leave with every export."""

import json
from pathlib import Path

import pytest

from annotation.models import CaseSource, DataSource, ExportFormat, Project
from tests.annotation.exports.scene import ORGANS, export

pytestmark = pytest.mark.django_db


@pytest.fixture
def borrowed(scene: Project) -> Project:
    """Case 1 came from a data set that may not be passed on altered; the others are the project's own."""
    source = DataSource.objects.create(
        key="nd", title="Livers", licence="CC BY-NC-ND 4.0", citation="Somebody 2020", non_commercial=True
    )
    CaseSource.objects.create(case=scene.cases.get(number=1), source=source)
    return scene


@pytest.mark.parametrize(
    ("form", "root"), [("nnunet", "Dataset001_Abdomen"), ("decathlon", "Task01_Abdomen")]
)
def test_dataset_json_names_licence_and_citation(borrowed: Project, out: Path, form: str, root: str) -> None:
    manifest = export(borrowed, out, ExportFormat(form), structures=ORGANS)
    table = json.loads((out / root / "dataset.json").read_text(encoding="utf-8"))
    assert table["licence"] == "Livers: CC BY-NC-ND 4.0; other cases: not stated"
    assert table["reference"] == "Somebody 2020"
    (source,) = manifest["sources"]
    assert (source["no_derivatives"], source["non_commercial"], source["cases"]) == (True, True, [1])
    assert any(note.startswith("Livers has a licence without derivatives") for note in manifest["notes"])


def test_a_projects_own_cases_claim_no_licence(scene: Project, out: Path) -> None:
    manifest = export(scene, out, ExportFormat.NNUNET, structures=ORGANS)
    table = json.loads((out / "Dataset001_Abdomen" / "dataset.json").read_text(encoding="utf-8"))
    assert (table["licence"], table["reference"], manifest["sources"]) == ("", "", [])
    assert not any("derivatives" in note for note in manifest["notes"])
