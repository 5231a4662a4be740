"""The head-and-neck scans of OpenKBP as a data set: 48 to train on, 12 to validate, organs partly drawn.

`cases.json` says which organs the clinic drew; an organ that was not drawn is unknown there, not absent.
"""

import json
import os
from pathlib import Path
from typing import Any

from training.dataset import Dataset, DatasetCase, structures_of
from training.progress import TrainingError

TOLERANCE_MM = 3.0


def default_folder() -> Path:
    """Where the scans are looked for: $DELINEATE_SHARED_DATA/openkbp, else beside the repository."""
    shared = (
        os.environ.get("DELINEATE_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
    )
    return Path(shared) / "openkbp"


def read_openkbp(folder: Path | None = None) -> Dataset:
    """Return the training cases, and the validation cases as test cases. Raises TrainingError."""
    place = folder or default_folder()
    tables = {split: _table(place / split / "cases.json") for split in ("train", "val")}
    names = {int(value): name for value, name in tables["train"]["oar_labels"].items()}
    structures = structures_of(names, dict.fromkeys(names.values(), TOLERANCE_MM))
    keys = tuple(s.key for s in structures)
    train, validation = (
        tuple(_case(place / split, row, keys) for row in table["cases"]) for split, table in tables.items()
    )
    return Dataset("openkbp", structures, train, validation)


def _case(folder: Path, row: dict[str, Any], keys: tuple[str, ...]) -> DatasetCase:
    name = str(row["case"])
    drawn = tuple(key for key in keys if key not in row["oar_not_drawn"])
    return DatasetCase(name, folder / f"{name}_ct.nii.gz", folder / f"{name}_oar.nii.gz", drawn, patient=name)


def _table(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise TrainingError(f"{path} does not exist; set DELINEATE_SHARED_DATA to the folder of real scans.")
    content: dict[str, Any] = json.loads(path.read_text())
    return content
