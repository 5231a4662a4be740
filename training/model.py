"""A model on disk: its weights (safetensors) and its description (JSON), in a folder of their own."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from training.labels import StructureSpec
from training.networks import save_tensors, sha256_of
from training.plan import Plan
from training.progress import TrainingError

WEIGHTS, DESCRIPTION = "model.safetensors", "model.json"
FORMAT = 1


def write_model(
    model_dir: Path, network: nn.Module, plan: Plan, structures: Sequence[StructureSpec], **about: Any
) -> str:
    """Write weights and description, the latter with `about` (JSON); return the SHA-256 of the weights."""
    save_tensors(model_dir / WEIGHTS, network.state_dict(), {"format": "delineate model 1"})
    digest = sha256_of(model_dir / WEIGHTS)
    content = {
        "format": FORMAT,
        "plan": plan.to_dict(),
        "structures": [asdict(s) for s in structures],
        "weights_sha256": digest,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        **about,
    }
    unfinished = model_dir / f".{DESCRIPTION}"
    unfinished.write_text(json.dumps(content, indent=1))
    unfinished.replace(model_dir / DESCRIPTION)
    return digest


def read_description(model_dir: Path) -> dict[str, Any]:
    """Return the description of a model folder. Raises TrainingError when it is none of ours."""
    try:
        content: dict[str, Any] = json.loads((model_dir / DESCRIPTION).read_text())
        if content["format"] != FORMAT:
            raise TrainingError(f"{model_dir.name} was written by a newer version of this program.")
        return content | {"weights_sha256": str(content["weights_sha256"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{model_dir.name} is not a model folder of this program.") from error


def open_model(model_dir: Path) -> tuple[Plan, tuple[StructureSpec, ...]]:
    """Read a model folder's plan and structures, and check that the weights are the ones described.

    Raises TrainingError when the folder is damaged or none of ours.
    """
    content = read_description(model_dir)
    try:
        structures = tuple(StructureSpec(**s) for s in content["structures"])
        plan = Plan.from_dict(content["plan"])
    except (KeyError, TypeError) as error:
        raise TrainingError(f"{model_dir.name} is not a model folder of this program.") from error
    weights = model_dir / WEIGHTS
    if not weights.is_file() or sha256_of(weights) != content["weights_sha256"]:
        raise TrainingError(f"The weights in {model_dir.name} are missing or were changed since training.")
    return plan, structures
