"""Networks by name, how this machine computes fastest, and weights on disk."""

from training.networks.machine import autocast, bf16_is_faster, channels_last, device, half
from training.networks.registry import NETWORKS, adapted, build, heads_of
from training.networks.unet import UNet
from training.networks.weights import fill, load_tensors, save_tensors, sha256_of, warm_start

__all__ = [
    "NETWORKS",
    "UNet",
    "adapted",
    "autocast",
    "bf16_is_faster",
    "build",
    "channels_last",
    "device",
    "fill",
    "half",
    "heads_of",
    "load_tensors",
    "save_tensors",
    "sha256_of",
    "warm_start",
]
