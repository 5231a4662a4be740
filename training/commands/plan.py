"""python -m training plan DIR: choose everything a training needs from a data set's fingerprint."""

import argparse
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from training.commands.arguments import number_from
from training.commands.bars import say
from training.commands.fingerprint import fingerprint_of
from training.commands.rate import voxels_per_s
from training.dataset import read_dataset
from training.labels import StructureSpec
from training.model import open_model
from training.networks import NETWORKS
from training.plan import Fingerprint, Normalisation, Plan, configurations, plan_for, write_plans
from training.progress import TrainingError
from training.resampling import resampled_shape

_PRESETS = ("m", "l", "xl")


def add(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "plan",
        description="Make a plan for training on DIR and write it as JSON that may be edited by hand. With "
        "--memory-gb or --preset it follows nnU-Net's rules for a graphics card, and where a patch covers "
        "too little of a scan the file holds a second plan, low, of low resolution. Otherwise it is a plan "
        "that a processor can train.",
    )
    parser.add_argument("dir", type=Path, metavar="DIR", help="the data set")
    parser.add_argument("--out", type=Path, default=Path("plan.json"), metavar="FILE", help="(%(default)s)")
    parser.add_argument(
        "--network",
        choices=sorted(NETWORKS),
        default="plain_unet",
        metavar="NAME",
        help=f"(%(default)s) {', '.join(sorted(NETWORKS))}",
    )
    parser.add_argument("--preset", choices=_PRESETS, default="", help="size of resenc_unet")
    parser.add_argument(
        "--2d",
        dest="flat",
        action="store_true",
        help="with nnU-Net's rules: also a plan of single slices, which FILE:2d names",
    )
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--memory-gb", type=number_from(0), metavar="GB", help="memory of the graphics card")
    target.add_argument(
        "--step-s", type=number_from(0), metavar="SECONDS", help="how long a training step may take here"
    )
    parser.add_argument(
        "--voxels-per-s",
        type=number_from(0),
        metavar="N",
        help="voxels trained in a second; measured on this machine if --step-s is given without it",
    )
    parser.add_argument(
        "--budget-s", type=number_from(0), default=300.0, metavar="SECONDS", help="of training (%(default)s)"
    )
    parser.add_argument("--init", type=Path, metavar="MODEL", help="model folder to start from")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Make the plans, show them and write them."""
    dataset = read_dataset(arguments.dir, fewest=1)
    fingerprint = fingerprint_of(dataset)
    plans = _plans(fingerprint, dataset.structures, arguments)
    show(plans, fingerprint)
    write_plans(arguments.out, plans)
    say(f"Written to {arguments.out}.")


def show(plans: Mapping[str, Plan], fingerprint: Fingerprint) -> None:
    """Print plans side by side for people."""
    table = Table("", *plans)
    rows = [_row(plan, fingerprint) for plan in plans.values()]
    for name in rows[0]:
        table.add_row(name, *(row[name] for row in rows))
    Console().print(table)


def _plans(
    fingerprint: Fingerprint, structures: tuple[StructureSpec, ...], arguments: argparse.Namespace
) -> dict[str, Plan]:
    chosen = {"network": arguments.network, "preset": arguments.preset, "budget_s": arguments.budget_s}
    chosen |= {"memory_gb": arguments.memory_gb, "step_s": arguments.step_s}
    chosen["voxels_per_s"] = arguments.voxels_per_s
    if arguments.step_s is not None and arguments.voxels_per_s is None:
        if arguments.preset:
            raise TrainingError("A preset brings its own memory; leave out --preset or --step-s.")
        chosen["voxels_per_s"] = voxels_per_s(plan_for(fingerprint, structures, **chosen))
        say(f"This machine trains {chosen['voxels_per_s'] / 1000:.0f} thousand voxels a second.")
    if arguments.init is None:
        return configurations(fingerprint, structures, flat=arguments.flat, **chosen)
    parent, _ = open_model(arguments.init)
    return {"full": plan_for(fingerprint, structures, parent=parent, **chosen)}


def _row(plan: Plan, fingerprint: Fingerprint) -> dict[str, str]:
    scan = resampled_shape((1, 1, 1), fingerprint.median_mm, plan.spacing_mm)
    row = {
        "network": plan.network,
        "voxel, mm": _by(plan.spacing_mm),
        "median scan": _by(scan),
        "patch": _by(plan.patch_size),
        "patch, mm": _by(np.multiply(plan.patch_size, plan.spacing_mm)),
        "patch covers": f"{min(1.0, prod(plan.patch_size) / prod(scan)):.0%} of the median scan",
        "batch": str(plan.batch_size),
        "intensities": _intensities(plan.normalisation),
    }
    if "strides" in plan.network_args:
        row["strides"] = ", ".join(_by(stride) for stride in plan.network_args["strides"])
        row["features"] = ", ".join(str(n) for n in plan.network_args["features"])
    heads = ", ".join(f"{w:.2g}" for w in plan.deep_supervision)
    return row | {
        "heads": heads or "one",
        "slices apart": "yes" if plan.resampling.separate_z else "no",
        "mirrored": ", ".join("ijk"[axis] for axis in plan.mirror_axes) or "no (structures have sides)",
        "augmentation": ", ".join(dict.fromkeys(step.name for step in plan.augmentation)),
        "steps": f"{plan.budget_s:g} s of {plan.optimiser}, {plan.min_steps} to {plan.max_steps}",
    }


def _by(numbers: Any) -> str:
    return " × ".join(f"{round(float(n), 3):g}" for n in numbers)


def _intensities(how: Normalisation) -> str:
    if not how.reads_hu:
        return how.scheme
    return f"{how.scheme}: HU {how.lower:g} to {how.upper:g}, less {how.mean:.1f}, over {how.std:.1f}"
