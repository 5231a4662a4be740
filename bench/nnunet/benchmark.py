"""nnU-Net's benchmark trainers on a data set of noise: seconds of a training step, with and without data.

`nnUNetTrainerBenchmark_5epochs` runs as it ships (compiled, fp16 with a gradient scaler, augmentation in
background processes), and the batch of noise is that of `…_noDataLoading`, but `train_step` is timed instead
of five whole epochs. They ask for CUDA; on a processor nnU-Net's usual trainer takes their place, so that
this code can be tried. nnUNetPredictor runs as it ships, without mirroring.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.training.dataloading.nnunet_dataset import nnUNetDatasetBlosc2
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.training.nnUNetTrainer.variants.benchmarking.nnUNetTrainerBenchmark_5epochs import (
    nnUNetTrainerBenchmark_5epochs,
)
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from numpy.typing import NDArray

from bench.stepping import in_turn
from training.networks import device
from training.plan import Plan

CASES = 20
NAME, CONFIGURATION = "Dataset502_Noise", "3d_fullres"
_MODULE = "dynamic_network_architectures.architectures.unet."
_LAYERS = {
    "conv_op": "torch.nn.modules.conv.Conv3d",
    "conv_bias": True,
    "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
    "norm_op_kwargs": {"eps": 1e-5, "affine": True},
    "dropout_op": None,
    "dropout_op_kwargs": None,
    "nonlin": "torch.nn.LeakyReLU",
    "nonlin_kwargs": {"inplace": True},
}


def steps(plan: Plan, folder: Path, *, rounds: int, done: Callable[[], object]) -> dict[str, float]:
    """Return seconds of nnU-Net's step without and with its data, for the plan's network, patch and batch."""
    os.environ.update(
        {
            "nnUNet_raw": str(folder / "raw"),
            "nnUNet_preprocessed": str(folder / "preprocessed"),
            "nnUNet_results": str(folder / "results"),
        }
    )
    content = _plans(plan)
    dataset = _dataset(plan)
    _write_cases(plan, folder / "preprocessed" / NAME, content, dataset)
    on_gpu = device().type == "cuda"
    kind = nnUNetTrainerBenchmark_5epochs if on_gpu else nnUNetTrainer
    trainer = kind(content | {"continue_training": False}, CONFIGURATION, 0, dataset, device())
    trainer.on_train_start()
    trainer.network.train()
    noise = _noise(trainer)
    work: dict[str, Callable[[], object]] = {
        "nnU-Net: train step": lambda: trainer.train_step(noise),
        "nnU-Net: train step with its batch": lambda: trainer.train_step(next(trainer.dataloader_train)),
    }
    found: dict[str, float] = {}
    for name, call in work.items():  # one after the other: the workers would fill their queue meanwhile
        found[name] = in_turn({name: call}, rounds=rounds, warm=3, done=done)[name].seconds
    for loader in (trainer.dataloader_train, trainer.dataloader_val):
        if hasattr(loader, "_finish"):
            loader._finish()
    return found


def prediction(plan: Plan, image: NDArray[np.float32]) -> Callable[[], object]:
    """Return what predicts a normalised scan, from the scan to labels, with random weights."""
    manager, dataset = PlansManager(_plans(plan)), _dataset(plan)
    configuration = manager.get_configuration(CONFIGURATION)
    network = nnUNetTrainer.build_network_architecture(
        manager, configuration, 1, len(plan.channels), enable_deep_supervision=False
    )
    on_gpu = device().type == "cuda"
    predictor = nnUNetPredictor(
        use_mirroring=False, perform_everything_on_device=on_gpu, device=device(), allow_tqdm=False
    )
    weights = [network.state_dict()]
    predictor.manual_initialization(network, manager, configuration, weights, dataset, "nnUNetTrainer", None)

    def draw() -> object:
        logits = predictor.predict_sliding_window_return_logits(torch.from_numpy(image)[None])
        return predictor.label_manager.convert_logits_to_segmentation(logits)

    return draw


def _noise(trainer: Any) -> dict[str, Any]:
    """Return a batch on the device, as nnUNetTrainerBenchmark_5epochs_noDataLoading makes it."""
    patch, batch = trainer.configuration_manager.patch_size, trainer.batch_size
    sizes = [[round(n * s) for n, s in zip(patch, scale, strict=True)] for scale in _scales(trainer)]
    highest = max(trainer.label_manager.all_labels)
    return {
        "data": torch.rand((batch, 1, *patch), device=device()),
        "target": [torch.round(torch.rand((batch, 1, *size), device=device()) * highest) for size in sizes],
    }


def _scales(trainer: Any) -> list[list[float]]:
    scales: list[list[float]] = trainer._get_deep_supervision_scales()
    return scales


def _plans(plan: Plan) -> dict[str, Any]:
    """Return plans in nnU-Net's format with the plan's network, patch and batch."""
    own, residual = plan.network_args, plan.network == "resenc_unet"
    blocks = "n_blocks_per_stage" if residual else "n_conv_per_stage"
    architecture = {
        "network_class_name": _MODULE + ("ResidualEncoderUNet" if residual else "PlainConvUNet"),
        "arch_kwargs": _LAYERS
        | {
            "n_stages": len(own["strides"]),
            "features_per_stage": own["features"],
            "kernel_sizes": own["kernels"],
            "strides": own["strides"],
            blocks: own["blocks"],
            "n_conv_per_stage_decoder": own["decoder_blocks"],
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }
    configuration = {
        "data_identifier": f"{plan.network}_{plan.patch_size[0]}",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": plan.batch_size,
        "patch_size": list(plan.patch_size),
        "spacing": list(plan.spacing_mm),
        "normalization_schemes": ["CTNormalization"],
        "use_mask_for_norm": [False],
        "architecture": architecture,
        "batch_dice": False,
    }
    return {
        "dataset_name": NAME,
        "plans_name": f"nnUNetPlans_{plan.network}_{plan.batch_size}",
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {},
        "configurations": {CONFIGURATION: configuration},
    }


def _dataset(plan: Plan) -> dict[str, Any]:
    labels = {"background": 0} | {key: n for n, key in enumerate(plan.channels[1:], start=1)}
    return {
        "channel_names": {"0": "CT"},
        "labels": labels,
        "numTraining": CASES,
        "file_ending": ".nii.gz",
    }


def _write_cases(plan: Plan, folder: Path, content: dict[str, Any], dataset: dict[str, Any]) -> None:
    """Write preprocessed scans of noise a quarter longer than the patch, once per kind of network."""
    cases = folder / content["configurations"][CONFIGURATION]["data_identifier"]
    (folder / "dataset.json").parent.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").write_text(json.dumps(dataset))
    (folder / "dataset_fingerprint.json").write_text("{}")
    if cases.is_dir():
        return
    cases.mkdir()
    rng = np.random.default_rng(0)
    shape = tuple(n + n // 4 for n in plan.patch_size)
    values = range(1, len(plan.channels))
    for number in range(CASES):
        image = rng.standard_normal((1, *shape), np.float32)
        labels = np.zeros((1, *shape), np.int16)
        places = {}
        for value in values:
            at = [int(rng.integers(0, n - 4)) for n in shape]
            i, j, k = (slice(start, start + 4) for start in at)
            labels[0, i, j, k] = value
            places[value] = np.argwhere(labels == value)
        about = {"class_locations": places, "spacing": list(plan.spacing_mm)}
        nnUNetDatasetBlosc2.save_case(image, labels, about, str(cases / f"noise_{number:02d}"))
