"""nnU-Net's two U-Nets: plain, and with a residual encoder (Isensee et al., 2021 and 2024).

The same functions as PlainConvUNet and ResidualEncoderUNet of nnU-Net v2's dynamic-network-architectures,
parameter by parameter, written for speed on a processor: normalisation keeps the channels-last layout,
activations work in place, and the bias of a transposed convolution gets its gradient apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from training.networks.norm import InstanceNorm

SLOPE = 0.01  # of LeakyReLU below zero

Axes = Sequence[int]  # one number per axis (i, j, k)


@dataclass(frozen=True)
class Shape:
    """What a U-Net is built from: strides, kernels, features and blocks of every stage, the finest first.

    `decoder_blocks` has one entry fewer, and they too begin at the finest stage. `heads` is how many stages
    of the decoder, from the finest, have an output.
    """

    channels: int
    strides: Sequence[Axes]
    kernels: Sequence[Axes]
    features: Sequence[int]
    blocks: Sequence[int]
    decoder_blocks: Sequence[int]
    heads: int = 1


class ConvNorm(nn.Module):
    """Convolution that keeps the size (but for its stride), then instance normalisation, then LeakyReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: Axes,
        stride: Axes = (1, 1, 1),
        *,
        bias: bool = True,
        active: bool = True,
    ) -> None:
        super().__init__()
        self.conv = _conv(inputs, outputs, kernel, stride, bias=bias)
        self.norm = InstanceNorm(outputs)
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        """Return (b, outputs, i / stride, j / stride, k / stride)."""
        x = self.norm(self.conv(x))
        return functional.leaky_relu_(x, SLOPE) if self.active else x


class _Transposed(torch.autograd.Function):
    """Transposed convolution without padding that sums the gradient of its bias apart.

    Inside the convolution that sum takes a processor several times longer than all the rest.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, stride: tuple[int, int, int]) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return functional.conv_transpose3d(x, weight, bias, stride)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        of_x, of_weight, _ = torch.ops.aten.convolution_backward(
            slope, x, weight, None, ctx.stride, [0] * 3, [1] * 3, True, [0] * 3, 1, [True, True, False]
        )
        return of_x, of_weight, slope.sum((0, 2, 3, 4)), None


_transposed: Callable[..., Tensor] = _Transposed.apply


class Up(nn.ConvTranspose3d):
    """Transposed convolution whose kernel is its stride."""

    def __init__(self, inputs: int, outputs: int, stride: Axes) -> None:
        super().__init__(inputs, outputs, _triple(stride), _triple(stride))

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Return (b, outputs, i * stride, j * stride, k * stride)."""
        if x.device.type != "cpu" or self.bias is None or torch.compiler.is_compiling():
            return super().forward(x, output_size)
        number = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
        return _transposed(x.to(number), self.weight.to(number), self.bias.to(number), self.stride)


class Residual(nn.Module):
    """Two convolutions beside a shortcut (ResNet-D): average pooling and a 1x1x1 convolution where needed."""

    def __init__(self, inputs: int, outputs: int, kernel: Axes, stride: Axes) -> None:
        super().__init__()
        self.first = ConvNorm(inputs, outputs, kernel, stride)
        self.second = ConvNorm(outputs, outputs, kernel, active=False)
        strided, projected = any(step != 1 for step in stride), inputs != outputs
        shortcut: list[nn.Module] = [nn.AvgPool3d(_triple(stride))] if strided else []
        if projected:
            shortcut.append(ConvNorm(inputs, outputs, (1, 1, 1), bias=False, active=False))
        self.shortcut = nn.Sequential(*shortcut)
        nn.init.zeros_(self.second.norm.weight)  # each block starts as its shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Return (b, outputs, i / stride, j / stride, k / stride)."""
        made = self.second(self.first(x))
        return functional.leaky_relu_(made.add_(self.shortcut(x)), SLOPE)


class UNet(nn.Module):
    """A U-Net over (b, 1, i, j, k); every size must be a multiple of the product of its axis' strides.

    In eval mode it returns the logits (b, channels, i, j, k); in train mode with more than one head a tuple
    of them, the finest first, each at the size of its stage.
    """

    def __init__(self, shape: Shape, *, residual: bool) -> None:
        super().__init__()
        features, kernels, strides = shape.features, shape.kernels, shape.strides
        make = _residual_stage if residual else _plain_stage
        self.stem = ConvNorm(1, features[0], kernels[0]) if residual else nn.Identity()
        inputs = [features[0] if residual else 1, *features]
        self.encoder = nn.ModuleList(
            make(inputs[s], features[s], kernels[s], strides[s], shape.blocks[s])
            for s in range(len(features))
        )
        stages = range(len(features) - 1)
        self.up = nn.ModuleList(Up(features[s + 1], features[s], strides[s + 1]) for s in stages)
        self.decoder = nn.ModuleList(
            _plain_stage(2 * features[s], features[s], kernels[s], (1, 1, 1), shape.decoder_blocks[s])
            for s in stages
        )
        self.heads = nn.ModuleList(nn.Conv3d(features[s], shape.channels, 1) for s in range(shape.heads))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return logits, or a tuple of them (see the class)."""
        x = self.stem(x)
        skips: list[Tensor] = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        deep = self.training and len(self.heads) > 1
        logits: list[Tensor] = []
        for s in reversed(range(len(self.up))):
            x = self.decoder[s](torch.cat([self.up[s](x), skips[s]], 1))
            if s == 0 or (deep and s < len(self.heads)):
                logits.insert(0, self.heads[s](x))
        return tuple(logits) if deep else logits[0]


def initialise(network: nn.Module) -> None:
    """Draw the weights of all convolutions as nnU-Net does (He et al., 2015); their biases start at zero."""
    for module in network.modules():
        if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
            nn.init.kaiming_normal_(module.weight, a=SLOPE)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _plain_stage(inputs: int, outputs: int, kernel: Axes, stride: Axes, blocks: int) -> nn.Sequential:
    return nn.Sequential(
        *(
            ConvNorm(outputs if b else inputs, outputs, kernel, (1, 1, 1) if b else stride)
            for b in range(blocks)
        )
    )


def _residual_stage(inputs: int, outputs: int, kernel: Axes, stride: Axes, blocks: int) -> nn.Sequential:
    return nn.Sequential(
        *(
            Residual(outputs if b else inputs, outputs, kernel, (1, 1, 1) if b else stride)
            for b in range(blocks)
        )
    )


def _conv(inputs: int, outputs: int, kernel: Axes, stride: Axes, *, bias: bool) -> nn.Conv3d:
    padding = _triple([(size - 1) // 2 for size in kernel])
    return nn.Conv3d(inputs, outputs, _triple(kernel), _triple(stride), padding, bias=bias)


def _triple(numbers: Axes) -> tuple[int, int, int]:
    i, j, k = numbers
    return i, j, k
