"""How deep a U-Net is for a patch, and how large its feature maps are together (nnU-Net v2's rules).

Sizes and spacings are lists over the three axes, or the two of a slice, in any one order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod

SMALLEST_EDGE = 4  # voxels that an axis keeps at the bottom of the network
SIMILAR = 2  # axes whose spacing is within this factor are pooled and convolved alike


@dataclass(frozen=True)
class Topology:
    """Strides and kernels of every stage, and the patch padded so that it can be halved that often."""

    strides: list[list[int]]
    kernels: list[list[int]]
    patch: list[int]

    @property
    def multiple(self) -> list[int]:
        """What each edge of the patch is a multiple of."""
        return [prod(axis) for axis in zip(*self.strides, strict=True)]


def topology(spacing_mm: Sequence[float], patch: Sequence[float]) -> Topology:
    """Halve an axis while twice the smallest edge is left and it is about as fine as the finest such axis.

    A lone axis is halved only while three times the smallest edge is left. A kernel is 1 across an axis until
    its spacing has come near the finest, then 3 for good; at the bottom it is 3.
    """
    spacing, size = list(spacing_mm), list(patch)
    axes = range(len(size))
    strides, kernels, kernel = [[1 for _ in axes]], [], [1 for _ in axes]
    while pooled := _poolable(spacing, size):
        finest = min(spacing)
        kernel = [3 if k == 3 or s / finest < SIMILAR else 1 for k, s in zip(kernel, spacing, strict=True)]
        stride = [2 if axis in pooled else 1 for axis in axes]
        strides.append(stride)
        kernels.append(kernel)
        spacing = [s * step for s, step in zip(spacing, stride, strict=True)]
        size = [ceil(n / step) for n, step in zip(size, stride, strict=True)]
    kernels.append([3 for _ in axes])
    multiple = [prod(axis) for axis in zip(*strides, strict=True)]
    padded = [ceil(n / m) * m for n, m in zip(patch, multiple, strict=True)]
    return Topology(strides, kernels, padded)


def _poolable(spacing: Sequence[float], size: Sequence[float]) -> list[int]:
    large = [axis for axis in range(len(size)) if size[axis] >= 2 * SMALLEST_EDGE]
    if not large:
        return []
    finest = min(spacing[axis] for axis in large)
    similar = [axis for axis in large if spacing[axis] / finest < SIMILAR]
    lone_and_short = len(similar) == 1 and size[similar[0]] < 3 * SMALLEST_EDGE
    return [] if lone_and_short else similar


@dataclass(frozen=True)
class Architecture:
    """What the estimate needs to know of a network: features, blocks and kind of every stage."""

    residual: bool
    features: list[int]
    blocks: list[int]
    decoder_blocks: list[int]


def feature_map_voxels(
    architecture: Architecture, patch: Sequence[int], strides: Sequence[Sequence[int]], channels: int
) -> int:
    """Return how many values the convolutions of a U-Net put out for one patch: the measure of its memory.

    Counted are every convolution of the encoder (of residual blocks: two, the projection where shape or
    features change, and the stem), those of the decoder, transposed ones too, and the finest head.
    """
    voxels, size = [], list(patch)
    for stride in strides:
        size = [n // step for n, step in zip(size, stride, strict=True)]
        voxels.append(prod(size))
    features = architecture.features
    total = features[0] * voxels[0] if architecture.residual else 0  # the stem
    before = features[0]
    for stage, (width, blocks) in enumerate(zip(features, architecture.blocks, strict=True)):
        projected = width != before or any(step != 1 for step in strides[stage])
        convolutions = 2 * blocks + projected if architecture.residual else blocks
        total += convolutions * width * voxels[stage]
        before = width
    up = zip(features[:-1], voxels[:-1], architecture.decoder_blocks, strict=True)
    total += sum((blocks + 1) * width * n for width, n, blocks in up)
    return total + channels * voxels[0]
