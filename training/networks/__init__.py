"""Networks by name, how this machine computes fastest, and weights on disk."""

from training.networks.machine import (
    accelerators,
    autocast,
    bf16_is_faster,
    channels_last,
    device,
    graphics_memory_gb,
    half,
    release_memory,
    usage,
)
from training.networks.registry import (
    NETWORKS,
    adapted,
    build,
    freeze_encoder,
    heads_of,
    is_patch_bound,
    multiple_of,
)
from training.networks.unet import UNet
from training.networks.weights import fill, load_tensors, save_tensors, sha256_of, warm_start

__all__ = [
    "NETWORKS",
    "UNet",
    "accelerators",
    "adapted",
    "autocast",
    "bf16_is_faster",
    "build",
    "channels_last",
    "device",
    "fill",
    "freeze_encoder",
    "graphics_memory_gb",
    "half",
    "heads_of",
    "is_patch_bound",
    "load_tensors",
    "multiple_of",
    "release_memory",
    "save_tensors",
    "sha256_of",
    "usage",
    "warm_start",
]
