"""Sliding-window prediction of one large scan: the same network, weights, tiles and overlap, both programs.

nnUNetPredictor runs as it ships: in fp32 on a processor, one tile at a time, its own network. It also runs
with our network, which tells what the network's code is worth and what the windows'. Ours normalises the
scan, draws the labels and measures uncertainty besides; nnU-Net is given a normalised scan, and its time ends
with the label map. Mirroring is off for both.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from numpy.typing import NDArray
from torch import nn

from bench.nnunet.predicting import predictor_of
from bench.nnunet.same import into_ours, plan_like
from bench.nnunet.settings import PLANS, Settings
from bench.openkbp import read_openkbp
from bench.stepping import in_turn
from training.networks import bf16_is_faster, build
from training.plan import Plan
from training.predict import Manner, Member, delineate
from training.progress import TrainingError, ignore_progress, never_stop
from training.resampling import resample, resampled_shape
from training.volume import read_nifti

PASSES = 2
Labels = NDArray[np.uint8]
Ways = dict[str, Callable[[NDArray[np.int16]], Labels]]


def compare_windows(settings: Settings) -> None:
    """Print times, ratios and agreement, and keep them as JSON."""
    torch.set_num_threads(settings.threads)
    plan = plan_like(settings, canonical=False)
    ways = _ways(settings, plan)
    own_grid = _scan(settings, plan.spacing_mm)
    agreement = _agreement(ways, own_grid)
    large = _scan(settings, (settings.spacing_mm,) * 3)
    work = {name: partial(draw, large) for name, draw in ways.items()}
    taken = in_turn(work, rounds=PASSES, warm=0, done=lambda: None)
    stock = taken["nnU-Net"]
    rows = [
        {
            "way": name,
            "seconds": round(own.seconds, 2),
            "times_faster": round(stock.seconds / own.seconds, 2),
            "mvoxels_per_s": round(large.size / own.seconds / 1e6, 3),
            "cpu_s": round(own.cpu_s, 2),
            "times_less_cpu": round(stock.cpu_s / own.cpu_s, 2),
            "labels": agreement[name],
        }
        for name, own in taken.items()
    ]
    content = {"shape": large.shape, "tile": plan.patch_size, "threads": settings.threads, "rows": rows}
    (settings.run / "window.json").write_text(json.dumps(content, indent=1))
    print(f"{large.shape} voxels, tiles {plan.patch_size}, step 0.5, Gaussian, {settings.threads} threads")
    print(f"labels are compared on the plan's own grid, {own_grid.shape} voxels, where most is background")
    for row in rows:
        print(json.dumps(row))


def _ways(settings: Settings, plan: Plan) -> Ways:
    """Return the ways to delineate a scan of HU in nnU-Net's axes on the grid of the plan."""
    predictor = predictor_of(settings, _weights(settings))
    predictor.allowed_mirroring_axes = None
    theirs = predictor.network
    ours = _our_network(plan, predictor)
    ways = {
        "nnU-Net": _theirs(predictor, theirs, plan),
        "nnU-Net's windows, our network": _theirs(predictor, ours, plan),
        "Delineate, fp32": _ours(ours, plan, bf16=False),
    }
    if bf16_is_faster():
        ways["Delineate, bf16"] = _ours(ours, plan, bf16=True)
    return ways


def _theirs(
    predictor: nnUNetPredictor, network: nn.Module, plan: Plan
) -> Callable[[NDArray[np.int16]], Labels]:
    def draw(hu: NDArray[np.int16]) -> Labels:
        predictor.network = network
        image = torch.from_numpy(plan.normalisation(hu))[None]
        logits = predictor.predict_sliding_window_return_logits(image)
        labels: Any = predictor.label_manager.convert_logits_to_segmentation(logits)
        return np.asarray(labels, np.uint8)

    return draw


def _ours(network: nn.Module, plan: Plan, *, bf16: bool) -> Callable[[NDArray[np.int16]], Labels]:
    def draw(hu: NDArray[np.int16]) -> Labels:
        found = delineate(
            [Member(network, plan)],
            hu,
            plan.spacing_mm,
            Manner(bf16=bf16),
            on_progress=ignore_progress,
            should_stop=never_stop,
        )
        return np.asarray(found.labels[0])

    return draw


def _agreement(ways: Ways, scan: NDArray[np.int16]) -> dict[str, str]:
    """Return, against nnU-Net's labels, the share of equal voxels and the Dice of all that is drawn."""
    stock = ways["nnU-Net"](scan)
    found = {}
    for name, draw in ways.items():
        labels = draw(scan)
        same = (labels == stock) & (stock > 0)
        drawn = int((labels > 0).sum() + (stock > 0).sum())
        dice = 2 * int(same.sum()) / drawn if drawn else 1.0
        found[name] = f"{100 * float((labels == stock).mean()):.4f} % of voxels, Dice {dice:.4f}"
    return found


def _weights(settings: Settings) -> dict[str, torch.Tensor]:
    """Return the weights of the training in this folder, or random ones."""
    record = settings.run / "train.json"
    if not record.is_file():
        print("Nothing is trained here: random weights. Times hold; agreement is that of noise.")
        return {}
    final = Path(json.loads(record.read_text())["folder"]) / "checkpoint_final.pth"
    stored = torch.load(final, map_location="cpu", weights_only=False)
    weights: dict[str, torch.Tensor] = stored["network_weights"]
    return weights


def _our_network(plan: Plan, predictor: nnUNetPredictor) -> nn.Module:
    """Return our network with the weights of nnU-Net's."""
    network = build(plan, seed=0)
    named = into_ours(
        predictor.network.state_dict(), len(plan.network_args["strides"]), plan.network_args["blocks"]
    )
    wanted = network.state_dict().keys()
    network.load_state_dict({name: tensor for name, tensor in named.items() if name in wanted})
    network.eval()
    _check_same(network, predictor.network.eval(), plan)
    return network


@torch.inference_mode()
def _check_same(ours: nn.Module, theirs: nn.Module, plan: Plan) -> None:
    """Raise TrainingError when the two networks do not compute the same."""
    tile = torch.randn(1, 1, *plan.patch_size, generator=torch.Generator().manual_seed(0))
    expected = theirs(tile)
    apart = float((ours(tile) - expected).abs().max() / expected.abs().max())
    print(f"largest difference of the logits of a tile, fp32: {apart:.1e} of the largest logit")
    if apart > 1e-3:
        raise TrainingError("The two networks do not compute the same; their times cannot be compared.")


def _scan(settings: Settings, spacing_mm: tuple[float, ...]) -> NDArray[np.int16]:
    """Return the scan, resampled, with nnU-Net's axes: `spacing_mm` is in that order."""
    path = settings.volume or read_openkbp(settings.data).test[0].image
    scan = read_nifti(path)
    plans = json.loads((settings.preprocessed / f"{PLANS}.json").read_text())
    order = [2 - axis for axis in plans["transpose_forward"]]  # nnU-Net starts from (k, j, i)
    hu = scan.voxels.transpose(order)
    from_mm = tuple(scan.geometry.spacing_mm[axis] for axis in order)
    shape = resampled_shape((hu.shape[0], hu.shape[1], hu.shape[2]), from_mm, spacing_mm)
    return np.ascontiguousarray(resample(hu, shape))
