"""nnU-Net's own plan, and a small one beside it that two cores can train in minutes."""

import json
from typing import Any

from nnunetv2.experiment_planning.experiment_planners.network_topology import get_pool_and_conv_props
from nnunetv2.experiment_planning.plan_and_preprocess_api import (
    extract_fingerprint_dataset,
    plan_experiment_dataset,
    preprocess_dataset,
)

from bench.nnunet.convert import convert
from bench.nnunet.settings import (
    BASE_FEATURES,
    BATCH_SIZE,
    CONFIGURATION,
    DATASET_ID,
    PATCH_IJK,
    PLANS,
    Settings,
)

STOCK = "3d_fullres"
_MOST_FEATURES = 320  # nnU-Net's cap


def prepare(settings: Settings) -> None:
    """Convert, look at the data, plan, add the small configuration, preprocess. Finished parts are kept."""
    convert(settings)
    plans_file = settings.preprocessed / f"{PLANS}.json"
    if not plans_file.is_file() or CONFIGURATION not in json.loads(plans_file.read_text())["configurations"]:
        extract_fingerprint_dataset(DATASET_ID, num_processes=settings.threads, verbose=False)
        plan_experiment_dataset(DATASET_ID)
        plans = json.loads(plans_file.read_text())
        plans["configurations"][CONFIGURATION] = small(plans)
        plans_file.write_text(json.dumps(plans, indent=1))
    plans = json.loads(plans_file.read_text())
    done = settings.preprocessed / "prepared"
    if not done.is_file():
        preprocess_dataset(DATASET_ID, PLANS, (CONFIGURATION,), (settings.threads,))
        done.touch()
    for line in changes(plans):
        print(line)


def small(plans: dict[str, Any]) -> dict[str, Any]:
    """Return the small configuration: another patch, batch and width; the rest by nnU-Net's own rules."""
    stock = plans["configurations"][STOCK]
    zyx = PATCH_IJK[::-1]
    patch = [zyx[axis] for axis in plans["transpose_forward"]]
    _, strides, kernels, patch, _ = get_pool_and_conv_props(stock["spacing"], patch, 4, 999_999)
    stages = len(strides)
    architecture = json.loads(json.dumps(stock["architecture"]))
    architecture["arch_kwargs"] |= {
        "n_stages": stages,
        "features_per_stage": [min(BASE_FEATURES * 2**stage, _MOST_FEATURES) for stage in range(stages)],
        "kernel_sizes": [list(kernel) for kernel in kernels],
        "strides": [list(stride) for stride in strides],
        "n_conv_per_stage": [2] * stages,
        "n_conv_per_stage_decoder": [2] * (stages - 1),
    }
    return {
        "inherits_from": STOCK,
        "data_identifier": f"{PLANS}_{CONFIGURATION}",
        "patch_size": [int(n) for n in patch],
        "batch_size": BATCH_SIZE,
        "architecture": architecture,
    }


def changes(plans: dict[str, Any]) -> list[str]:
    """Return one line per field in which the small configuration differs from nnU-Net's own."""
    stock, own = plans["configurations"][STOCK], plans["configurations"][CONFIGURATION]
    lines = [
        f"plan: {name} {stock[name]} -> {own[name]}"
        for name in ("patch_size", "batch_size")
        if stock[name] != own[name]
    ]
    before, after = stock["architecture"]["arch_kwargs"], own["architecture"]["arch_kwargs"]
    changed = [name for name in after if before[name] != after[name]]
    return [*lines, *(f"plan: {name} {before[name]} -> {after[name]}" for name in changed)]
