"""The command: `python -m bench.nnunet --data FOLDER [PART …]`, with the extra's interpreter."""

import argparse
import importlib
import importlib.util
import os
import sys
from pathlib import Path

from bench.nnunet.settings import Settings
from training.progress import TrainingError
from training.volume import VolumeError

PARTS = {
    "prepare": ("bench.nnunet.planning", "prepare"),
    "train": ("bench.nnunet.trainer", "train"),
    "predict": ("bench.nnunet.predicting", "predict"),
    "ours": ("bench.nnunet.ours", "train_ours"),
    "score": ("bench.nnunet.scoring", "show_scores"),
    "window": ("bench.nnunet.window", "compare_windows"),
    "steps": ("bench.nnunet.steps", "compare_steps"),
}
DEFAULT_PARTS = ("prepare", "train", "predict", "score")


def main() -> int:
    """Run the parts in their order; exit 2 with one sentence where something is missing."""
    arguments = _parser().parse_args()
    settings = settings_of(arguments)
    missing = refusal(settings)
    if missing:
        print(missing, file=sys.stderr)
        return 2
    os.environ.update(settings.environment)
    settings.run.mkdir(parents=True, exist_ok=True)
    for part in arguments.parts or DEFAULT_PARTS:
        module, function = PARTS[part]
        first = needed_first(part, settings)
        if first:
            print(f"{part} needs what {first} writes; call {first} before it.", file=sys.stderr)
            return 2
        print(f"== {part}", flush=True)
        try:
            getattr(importlib.import_module(module), function)(settings)
        except (TrainingError, VolumeError) as error:
            print(error, file=sys.stderr)
            return 2
    return 0


def refusal(settings: Settings) -> str:
    """Return why nothing can be measured here, or an empty string."""
    if not (settings.data / "train" / "cases.json").is_file():
        return f"{settings.data} does not hold OpenKBP (no train/cases.json); give its folder as --data."
    if importlib.util.find_spec("nnunetv2") is None:
        return "nnunetv2 is not installed here; install requirements-extra.txt as docs/guides/extras.md says."
    return ""


def needed_first(part: str, settings: Settings) -> str:
    """Return which part has to be called before this one, or an empty string."""
    written = {
        "prepare": settings.preprocessed / "prepared",
        "train": settings.run / "train.json",
        "predict": settings.run / "predicted",
    }
    before = {
        "train": "prepare",
        "predict": "train",
        "score": "predict",
        "window": "prepare",
        "steps": "prepare",
    }
    first = before.get(part, "")
    return first if first and not written[first].exists() else ""


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Return the settings that the command line asks for, with absolute paths."""
    values = {k: v for k, v in vars(arguments).items() if k != "parts"}
    for name in ("data", "work", "volume", "beside"):
        values[name] = values[name] and values[name].expanduser().resolve()
    return Settings(**values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.nnunet", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        choices=[*PARTS, []],
        metavar="PART",
        help=f"one or more of {', '.join(PARTS)}; without any: {' '.join(DEFAULT_PARTS)}. What an earlier "
        "call finished is kept, and an interrupted training goes on.",
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of OpenKBP (train/, val/)")
    parser.add_argument("--work", type=Path, default=Path("var/nnunet"), help="what is written (%(default)s)")
    parser.add_argument("--budget", type=float, default=900, dest="budget_s", help="seconds of training")
    parser.add_argument(
        "--clock",
        choices=("wall", "processor"),
        default="wall",
        help="what the seconds of nnU-Net's training are: processor counts all threads, for a busy machine",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--unknown",
        choices=("ignore", "background"),
        default="ignore",
        help="what organs that were not drawn are for nnU-Net (bench/nnunet/unknown.py says why)",
    )
    parser.add_argument("--bf16", action="store_true", help="let nnU-Net train in bf16, which it does not")
    parser.add_argument("--optimiser", choices=("sgd", "adam"), default="sgd", help="both are nnU-Net's own")
    parser.add_argument("--mirror", action="store_true", help="mirror on all axes as nnU-Net's default does")
    parser.add_argument("--volume", type=Path, help="window: the CT (else the first validation scan)")
    parser.add_argument("--spacing", type=float, default=1.5, dest="spacing_mm", help="window: its new grid")
    parser.add_argument("--steps", type=int, default=12, help="steps: how many are timed of each")
    parser.add_argument("--beside", type=Path, metavar="OUT.jsonl", help="score: runs of bench.learning")
    return parser


if __name__ == "__main__":
    sys.exit(main())
