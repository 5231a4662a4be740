"""Instance normalisation that keeps the channels-last layout, in which processors convolve fastest."""

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-5


class InstanceNorm(nn.Module):
    """Normalise every channel of every sample over its voxels, then scale and shift it (both learned).

    The function of `torch.nn.InstanceNorm3d(channels, affine=True)`, reckoned as batch normalisation of one
    sample at a time: torch's own copies a channels-last tensor into the other layout first, and its gradient
    is wrong (torch 2.13) where a batch of one sample gets a channels-last gradient. A single voxel per
    channel, where nothing varies, gives the shift.
    """

    def __init__(self, channels: int, eps: float = EPSILON) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Return x (b, channel, i, j, k) normalised; shape, type and layout stay."""
        if x.device.type != "cpu" and len(x) > 1 and x[0, 0].numel() > 1:
            return functional.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)
        parts = [self._one(sample) for sample in x.split(1)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _one(self, sample: Tensor) -> Tensor:
        return torch.batch_norm(sample, self.weight, self.bias, None, None, True, 0.0, self.eps, True)


def with_instance_norm(network: nn.Module) -> nn.Module:
    """Replace every batch or instance normalisation by `InstanceNorm`; return the network.

    Batches here hold one or two crops: too few for the statistics of batch normalisation.
    """
    for name, child in network.named_children():
        if isinstance(child, nn.BatchNorm3d | nn.InstanceNorm3d):
            setattr(network, name, InstanceNorm(child.num_features, child.eps))
        else:
            with_instance_norm(child)
    return network
