"""What a training run is given and what it gives back, as JSON; safe to import without torch."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training.labels import StructureSpec


@dataclass(frozen=True)
class Case:
    """One scan on disk.

    `image` is a .npy file of int16 HU (i, j, k), `labels` one of uint8 (layer, i, j, k) with the values of
    the schema and 255 where nobody looked. `annotated` names the structures that were looked at in this scan:
    for these a missing value means *absent*; for all others it means nothing.
    """

    id: str
    image: Path
    spacing_mm: tuple[float, float, float]
    labels: Path
    annotated: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """The order for one training run: what to learn, from which scans, scored on which, in how much time.

    `parent` is the model folder to start from, or None. `budget_s` is wall time for the training itself.
    `validation` cases are looked at after each epoch; neither they nor the test cases are learned from.
    `modality` is "CT", or what else the scans are: it decides how intensities are normalised. `network` is a
    name of `training.networks`, "" the parent's or else a plain U-Net; a parent with another network is not
    started from. With `frozen_encoder` a start from a parent trains the decoder alone. `members` networks of
    different seeds share the time and become one ensemble. `memory_gb` is what a graphics card has that the
    run is planned for; None = whatever trains it. With `steps` each network trains so many, however long they
    take, so that the same order on the same kind of processor gives the same weights; None = as the time
    allows.
    """

    structures: tuple[StructureSpec, ...]
    train: tuple[Case, ...]
    test: tuple[Case, ...]
    parent: Path | None
    budget_s: float
    seed: int
    validation: tuple[Case, ...] = ()
    modality: str = "CT"
    network: str = ""
    frozen_encoder: bool = False
    members: int = 1
    memory_gb: float | None = None
    steps: int | None = None

    def to_json(self) -> str:
        """Write the manifest as JSON text."""
        return json.dumps(asdict(self), indent=1, default=str)

    @staticmethod
    def from_json(text: str) -> "Manifest":
        """Read what `to_json` wrote. Raises ValueError with one sentence."""
        try:
            content = json.loads(text)
            return Manifest(
                structures=tuple(StructureSpec(**s) for s in content["structures"]),
                train=tuple(_case(c) for c in content["train"]),
                test=tuple(_case(c) for c in content["test"]),
                parent=None if content["parent"] is None else Path(content["parent"]),
                budget_s=float(content["budget_s"]),
                seed=int(content["seed"]),
                validation=tuple(_case(c) for c in content.get("validation", ())),
                modality=str(content.get("modality", "CT")),
                network=str(content.get("network", "")),
                frozen_encoder=bool(content.get("frozen_encoder", False)),
                members=int(content.get("members", 1)),
                memory_gb=content.get("memory_gb"),
                steps=content.get("steps"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"This is not a training manifest: {error!r}.") from error


@dataclass(frozen=True)
class CaseScore:
    """Scores of one structure in one test case; None = not applicable (absent in truth and prediction).

    `tolerance_mm` is that of the surface Dice; None = not said.
    """

    case_id: str
    structure: str
    dice: float | None
    surface_dice: float | None
    tolerance_mm: float | None = None


@dataclass(frozen=True)
class Report:
    """What a finished run hands back; `weights` lies inside `model_dir`, which `Predictor.load` opens.

    `validation` is the last validation's Dice per structure, `epochs` the member, step, loss and mean
    validation Dice at the end of each epoch, `notes` sentences that a reader should see. Of an ensemble
    `weights` and `validation` are the last member's, steps, seconds and parameters those of all together.
    """

    weights: Path
    weights_sha256: str
    model_dir: Path
    plan: dict[str, Any]
    scores: tuple[CaseScore, ...]
    steps: int
    train_seconds: float
    metric_version: str
    validation: dict[str, float | None] = field(default_factory=dict)
    epochs: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    parameters: int | None = None

    def to_json(self) -> str:
        """Write the report as JSON text."""
        return json.dumps(asdict(self), indent=1, default=str)

    @staticmethod
    def from_json(text: str) -> "Report":
        """Read what `to_json` wrote. Raises ValueError with one sentence."""
        try:
            content = json.loads(text)
            return Report(
                **{
                    **content,
                    "weights": Path(content["weights"]),
                    "model_dir": Path(content["model_dir"]),
                    "scores": tuple(CaseScore(**score) for score in content["scores"]),
                    "epochs": tuple(content["epochs"]),
                    "notes": tuple(content["notes"]),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"This is not a report of a training: {error!r}.") from error


def _case(content: dict[str, Any]) -> Case:
    x, y, z = content["spacing_mm"]
    return Case(
        id=str(content["id"]),
        image=Path(content["image"]),
        spacing_mm=(float(x), float(y), float(z)),
        labels=Path(content["labels"]),
        annotated=tuple(content["annotated"]),
    )
